"""An address that the book does not have leads back to it, however deep, wherever the book lies."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler

import pytest

from tests.browser.pages import CHAPTERS, TOC
from tests.conftest import watch
from tests.serving import Server


class _Host(SimpleHTTPRequestHandler):
    """Shows the book under /some/where/, and its 404.html for whatever is not there."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix("/some/where"))

    def send_error(self, code, message=None, explain=None):
        page = super().translate_path("/404.html")
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        with open(page, "rb") as file:
            self.wfile.write(file.read())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def host(book):
    server = Server(("127.0.0.1", 0), functools.partial(_Host, directory=str(book)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("lost", ["x.html", "chapters/x.html", "a/b/c/d/e.html", "chapters/old/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_leads_back_from_any_depth(browser, host, lost, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 800})
    page, seen = watch(context, host)
    page.goto(f"{host}/some/where/{lost}?from=mail#part")
    page.wait_for_selector("html[data-root]")
    assert page.evaluate("document.baseURI") == f"{host}/some/where/"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 30)"
    )
    links = page.locator("nav a").evaluate_all("(all) => all.map((a) => a.href)")
    assert len(links) == 1 + len(CHAPTERS) and seen.outside == []
    page.get_by_role("searchbox", name="Search this book").fill("softmax")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/some/where/search.html?q=softmax")
    page.wait_for_selector("#search-results li")
    page.goto(links[0])
    page.wait_for_url(f"**/some/where/{TOC['root']}.html")
    context.close()
