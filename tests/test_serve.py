"""`make serve`: what a web host does, on this machine alone."""

import gzip
import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

SERVE = Path(__file__).parent.parent / "book" / "serve.py"
FILES = {
    "index.html": b"<p>" + b"a book " * 500,
    "404.html": b"<p>No such page",
    "chapters/index.html": b"<p>chapters",
    "_static/style.css": b"p {} " * 500,
    "lite/lab/index.html": b"<p>lab",
    "lite/build/jlab_core.4c4d2c1f.js": b"1; " * 1000,
    "lite/service-worker.js": b"1; " * 1000,
    "lite/core.mjs": b"1",
    "lite/core.wasm": b"\0asm" * 1000,
    "lite/all.json": b"{}",
    "lite/book.whl": b"PK",
    "lite/model.safetensors": bytes(range(256)) * 20,
    "run/library-0f1e2d3c4b5a.js": b"1",
    "chapters/training_efficiency.html": b"<p>no digest in this name",
    "../secret.txt": b"outside",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server of FILES, started twice on the same port: the second has to find another."""
    folder = tmp_path_factory.mktemp("served") / "html"
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    first, said = start(folder, 0)
    port = int(said.split("127.0.0.1:")[1].split("/")[0].split(",")[0])
    second, again = start(folder, port)
    yield port, said, again
    for process in (first, second):
        process.terminate()
        process.wait()
        process.stdout.close()


def start(folder: Path, port: int):
    command = [sys.executable, SERVE, folder, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline()


@pytest.fixture
def ask(served):
    """A function that asks the server: status, headers, body."""

    def asking(path: str, method: str = "GET", **headers: str):
        connection = HTTPConnection("127.0.0.1", served[0])
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), body

    return asking


def test_it_says_where_the_book_and_jupyterlite_are(served):
    port, said, again = served
    assert f"http://127.0.0.1:{port}" in said
    assert f"http://127.0.0.1:{port}/lite/lab/" in said
    assert "127.0.0.1:" in again and f":{port}" not in again


def test_a_folder_without_a_book_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, SERVE, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode and "make book" in done.stderr


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/lite/core.mjs", "text/javascript"),
        ("/lite/service-worker.js", "text/javascript"),
        ("/lite/core.wasm", "application/wasm"),
        ("/lite/all.json", "application/json"),
        ("/lite/book.whl", "application/zip"),
        ("/lite/model.safetensors", "application/octet-stream"),
    ],
)
def test_types(ask, path, kind):
    status, headers, _ = ask(path)
    assert (status, headers["Content-Type"].split(";")[0]) == (200, kind)


@pytest.mark.parametrize(
    "path", ["/", "/_static/style.css", "/lite/service-worker.js", "/lite/core.wasm"]
)
def test_text_and_webassembly_are_gzipped_for_those_who_take_it(ask, path):
    _, headers, body = ask(path, **{"Accept-Encoding": "gzip"})
    _, plain_headers, plain = ask(path)
    assert headers["Content-Encoding"] == "gzip" and len(body) < len(plain) / 5
    assert "Content-Encoding" not in plain_headers and gzip.decompress(body) == plain


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", False),
        ("/chapters/training_efficiency.html", False),
        ("/lite/service-worker.js", False),
        ("/_static/style.css", False),
        ("/_static/style.css?v=4c4d2c1f", True),
        ("/lite/build/jlab_core.4c4d2c1f.js", True),
        ("/run/library-0f1e2d3c4b5a.js", True),
    ],
)
def test_what_changes_its_address_with_its_content_is_kept(ask, path, kept):
    _, headers, _ = ask(path)
    said = headers["Cache-Control"]
    assert ("immutable" in said and "max-age=31536000" in said) if kept else said == "no-cache"


def test_a_page_that_has_not_changed_is_not_sent_again(ask):
    _, headers, _ = ask("/")
    assert ask("/", **{"If-None-Match": headers["Etag"]})[::2] == (304, b"")


def test_parts_of_files(ask):
    """Positions count in the file itself, whatever the browser could unpack."""
    for path in ("/lite/model.safetensors", "/_static/style.css"):
        name = path.lstrip("/")
        asked = {"Range": "bytes=256-1279", "Accept-Encoding": "gzip"}
        status, headers, body = ask(path, **asked)
        assert status == 206 and body == FILES[name][256:1280]
        assert headers["Content-Range"] == f"bytes 256-1279/{len(FILES[name])}"
        assert headers["Accept-Ranges"] == "bytes"


def test_a_file_is_asked_for_its_size_alone(ask):
    status, headers, body = ask("/lite/model.safetensors", "HEAD")
    assert (status, body) == (200, b"")
    assert headers["Content-Length"] == str(len(FILES["lite/model.safetensors"]))


def test_a_folder_is_its_index(ask):
    assert ask("/chapters/")[2] == FILES["chapters/index.html"]
    status, headers, _ = ask("/chapters")
    assert (status, headers["Location"]) == (301, "/chapters/")


@pytest.mark.parametrize("path", ["/none.html", "/_static/", "/..%2fsecret.txt", "/../secret.txt"])
def test_what_is_not_there(ask, path):
    status, headers, body = ask(path)
    assert status in (403, 404) and b"outside" not in body
    if status == 404:
        assert body == FILES["404.html"] and headers["Content-Type"].startswith("text/html")


def test_json_is_read_as_json(ask):
    assert json.loads(ask("/lite/all.json")[2]) == {}
