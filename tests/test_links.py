"""`make links`: what it calls dead is dead, and what lives is left alone."""

import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from book import links
from tests.serving import Server


class _Answer(BaseHTTPRequestHandler):
    """Answers /200 with 200, /404 with 404, and so on."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/") or 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture(scope="module")
def host():
    server = Server(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def book(tmp_path):
    """A function that makes a book of {name: body}."""

    def make(**pages: str) -> Path:
        for name, body in pages.items():
            (tmp_path / f"{name}.html").write_text(f"<!doctype html><body>{body}", "utf-8")
        return tmp_path

    return make


NOBODY = ("http://127.0.0.1:9",)  # the discard port: refused at once


def test_inside_the_book(book, capsys):
    folder = book(
        index='<h1 id="top">A</h1><a href="#top">1</a><a href="b.html#there">2</a>'
        '<a href="b.html?x=1">3</a><a href="#gone">4</a><a href="b.html#gone">5</a>'
        '<a href="c.html">6</a><img src="none.png"><a href="mailto:a@b.example">7</a>',
        b='<p id="there">B</p>',
    )
    dead, outside = links.links(folder)
    gone = ["#gone", "b.html#gone", "c.html", "none.png"]
    assert dead == [f"index.html: {link}" for link in gone]
    assert outside == {}
    assert links.main(folder, NOBODY) == 1
    assert "4 dead links" in capsys.readouterr().out


def test_out_of_the_book(book, host, capsys):
    found = "".join(f'<a href="{host}/{code}">x</a>' for code in (200, 403, 404, 500))
    folder = book(index=found, b=f'<a href="{host}/404#part">x</a>')
    assert links.main(folder, (*NOBODY, host)) == 1
    said = capsys.readouterr().out
    assert "2 of 4 links are dead" in said
    assert f"{host}/404: 404 Not Found (in b.html, index.html)" in said
    assert f"{host}/500" in said and f"{host}/403" not in said


def test_without_a_network_only_the_inside_counts(book, capsys):
    folder = book(index='<a href="http://127.0.0.1:9/a">x</a>')
    assert links.main(folder, NOBODY) == 0
    assert "No network: 1 links that leave the book were not tried." in capsys.readouterr().out


def test_without_a_book_it_says_what_to_do(tmp_path, capsys):
    assert links.main(tmp_path, NOBODY) == 1
    assert "run `make book` first" in capsys.readouterr().out
