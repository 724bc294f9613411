"""Serve a folder on this machine as a web host would: text gzipped, connections kept open."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GZIPPED = {".html", ".js", ".css", ".svg", ".json", ".txt"}


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix not in GZIPPED or not path.is_file():
            return super().do_GET()
        body = _gzipped(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        pass


class Server(ThreadingHTTPServer):
    """One thread a connection; a page's many requests at once do not wait in a short queue."""

    request_queue_size = 128
    daemon_threads = True


@cache
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 9)


@contextmanager
def serve_gzipped(folder: Path) -> Iterator[str]:
    """The address at which a folder is served, for as long as the context lasts."""
    server = Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
