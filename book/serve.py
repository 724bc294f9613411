"""Serve the built book, and JupyterLite if it lies beside it, on this machine alone.

    python book/serve.py [FOLDER] [PORT]     # _build/html, 8000; a free port if that one is taken

What a web host does: text and WebAssembly gzipped, parts of files, an answer of its own where there
is no page. A file whose address changes with its content is kept for a year; all others are asked
for again at each visit, and sent only if they have changed.
"""

import asyncio
import re
import sys
from pathlib import Path
from socket import socket

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, GZipContentEncoding, StaticFileHandler

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"
YEAR = 365 * 24 * 3600
# A digest in its name, as in jlab_core.4c4d2c1f.js; `?v=4c4d2c1f` is one behind the name.
HASHED = re.compile(r"[.-](?=[a-f]*\d)[0-9a-f]{8,}\.")
TYPES = {
    ".ipynb": "application/json",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".whl": "application/zip",
    ".woff2": "font/woff2",
}


class Pages(StaticFileHandler):
    """A folder's files, with the headers of a good web host."""

    def prepare(self) -> None:
        if "Range" in self.request.headers:  # positions in the file, not in what gzip makes of it
            self.set_header("Content-Encoding", "identity")

    def get_content_type(self) -> str:
        return TYPES.get(Path(str(self.absolute_path)).suffix) or super().get_content_type()

    def set_extra_headers(self, path: str) -> None:
        hashed = "v" in self.request.arguments or HASHED.search(Path(path).name)
        kept = f"max-age={YEAR}, immutable" if hashed else "no-cache"
        self.set_header("Cache-Control", kept)
        self.clear_header("Expires")

    def write_error(self, status_code: int, **_: object) -> None:
        page = Path(self.root, "404.html")
        if status_code != 404 or not page.is_file():
            return super().write_error(status_code)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page.read_bytes())


class Gzip(GZipContentEncoding):
    CONTENT_TYPES = GZipContentEncoding.CONTENT_TYPES | {"application/wasm"}


def quiet(_: object) -> None:
    """Says nothing of what was asked for."""


def application(folder: Path) -> Application:
    """What answers for a folder."""
    settings = {"path": str(folder), "default_filename": "index.html"}
    app = Application([(r"/(.*)", Pages, settings)], log_function=quiet)
    app.transforms.append(Gzip)
    return app


def free_sockets(port: int) -> list[socket]:
    """Sockets on `port`, or on a free one if another program has it."""
    try:
        return bind_sockets(port, LOOPBACK)
    except OSError:
        return bind_sockets(0, LOOPBACK)


async def serve(folder: Path, port: int) -> None:
    """Serve a folder until the process ends, and say where.

    Raises:
        ValueError: if the folder has no index.html.
    """
    if not (folder / "index.html").is_file():
        raise ValueError(f"{folder}: expected a built book, found no index.html; see `make book`")
    sockets = free_sockets(port)
    HTTPServer(application(folder)).add_sockets(sockets)
    address = f"http://{LOOPBACK}:{sockets[0].getsockname()[1]}"
    lite = f", and JupyterLite at {address}/lite/lab/" if (folder / "lite" / "lab").is_dir() else ""
    sys.stdout.write(f"The book is at {address}{lite} (Ctrl+C ends this)\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main(folder: str = str(ROOT / "_build" / "html"), port: str = "8000") -> None:
    try:
        asyncio.run(serve(Path(folder).resolve(), int(port)))
    except KeyboardInterrupt:
        sys.stdout.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
