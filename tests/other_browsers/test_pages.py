"""Every page in Firefox and in WebKit: all widgets start and move, and nobody complains."""

import functools
import io
import threading
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages import PAGES
from tests.other_browsers.drivers import Firefox, WebKit, started
from tests.serving import Server

PRESS = (Path(__file__).parents[1] / "browser" / "press.js").read_text("utf-8")

# Stands first in every page: what goes wrong is written down.
WATCH = b"""<head><script>
  globalThis.complaints = [];
  const complain = (...words) => {
    complaints.push(words.map((word) => word?.message ?? String(word)).join(" "));
  };
  const lost = ({ message, target }) => complain(message ?? `${target.src ?? target.href} failed`);
  addEventListener("error", lost, true);
  addEventListener("unhandledrejection", (e) => complain(e.reason));
  addEventListener("securitypolicyviolation", (e) => complain(e.violatedDirective));
  for (const kind of ["error", "warn"]) {
    const say = console[kind];
    console[kind] = (...words) => { complain(...words); say(...words); };
  }
</script>"""

# Every widget, those far from the view too.
READY = """(async () => {
  await document.fonts.ready;
  globalThis.lwPage?.startAll();
  const loading = () => document.querySelector("[data-state=loading]");
  for (let waited = 0; loading() && waited < 3000; waited += 1) {
    await new Promise((next) => setTimeout(next, 20));
  }
  return [...document.querySelectorAll(".lw-view > .lw")].map((e) => e.dataset.state);
})()"""


class Watching(SimpleHTTPRequestHandler):
    """Serves a folder, its pages with WATCH in their heads."""

    def send_head(self) -> Any:
        path = Path(self.translate_path(self.path))
        if path.suffix != ".html":
            return super().send_head()
        page = path.read_bytes().replace(b"<head>", WATCH, 1)
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        return io.BytesIO(page)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def watched_url(book):
    server = Server(("127.0.0.1", 0), functools.partial(Watching, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=[Firefox, WebKit], ids=lambda kind: kind.__name__)
def other(request):
    kind = request.param
    if not kind.find():
        pytest.skip(f"{kind.__name__} is not installed: apt-get install {kind.packages}")
    with started(kind) as browser:
        yield browser


@pytest.mark.parametrize("name", PAGES)
def test_every_widget_starts_and_moves(other, watched_url, book, name):
    other.open(f"{watched_url}/{name}.html")
    places = (book / f"{name}.html").read_text("utf-8").count('data-state="loading"')
    assert other.ask(READY) == ["ready"] * places
    assert other.ask(PRESS) == []
    assert other.ask("complaints") == []


def test_complaints_are_heard(other, watched_url):
    other.open(f"{watched_url}/chapters/intro.html")
    wait = "new Promise((next) => setTimeout(next, 50, true))"
    other.ask(f"(setTimeout(() => missing()), Promise.reject(Error('lost')) && {wait})")
    said = other.ask("complaints")
    assert any("missing" in line for line in said) and "lost" in said
