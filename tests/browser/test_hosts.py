"""Where the book is read: older browsers, sandboxed frames, strict hosts, paper, 400 % zoom."""

import base64
import hashlib
import re

import pytest

from tests.browser.newer import LIST, remove_newer
from tests.browser.pages import FEW_AT_ONCE, PAGES, TOC, settle

pages = pytest.mark.parametrize("name", FEW_AT_ONCE)
# As learning platforms embed a page: it has no origin, so that every touch of storage fails.
FRAME = """<!doctype html><title>A platform</title><style>body {{ margin: 0 }}</style>
<iframe sandbox="allow-scripts allow-forms" src="{src}" width="{width}" height="780"></iframe>"""


@pytest.fixture(scope="module", params=FEW_AT_ONCE)
def name(request) -> str:
    return request.param


@pytest.fixture
def watched(browser):
    """A function that gives a new page; what goes wrong in it is in `page.problems`."""
    contexts = []

    def open_(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda m: m.type == "error" and page.problems.append(m.text))
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def framed(watched, book_url):
    """A function that opens a page of the book in a sandboxed frame: (page, frame)."""

    def open_(name: str, width: int = 1280):
        page = watched(viewport={"width": width, "height": 800})
        outer = f"{book_url}/platform.html"
        html = FRAME.format(src=f"{book_url}/{name}.html", width=width)
        page.route(outer, lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(outer)
        frame = page.frames[1]
        frame.wait_for_url(f"**/{name}.html")
        settle(frame)
        return page, frame

    return open_


def but_fonts(problems: list[str]) -> list[str]:
    """A page without an origin gets fonts only from a host that allows it: others stand in."""
    fonts = [p for p in problems if "Access to font at" in p]
    rest = [p for p in problems if p not in fonts]
    for _ in fonts:
        rest.remove("Failed to load resource: net::ERR_FAILED")
    return rest


@pages
def test_works_in_a_sandboxed_frame(framed, name):
    page, frame = framed(name)
    assert frame.evaluate("self.origin") == "null"
    assert but_fonts(page.problems) == []
    assert frame.locator("[data-state=error]").count() == 0
    assert frame.locator("[data-state=ready]").count() == frame.locator("[data-state]").count()


def test_search_finds_in_a_sandboxed_frame(framed):
    page, frame = framed(TOC["root"])
    frame.locator("article h1").click()
    page.keyboard.press("Control+k")
    page.keyboard.type("widget")
    page.keyboard.press("Enter")
    frame.wait_for_selector("#search-results li a")
    frame.locator("#search-results li a").first.click()
    frame.wait_for_selector("article h1")
    assert but_fonts(page.problems) == []


def test_buttons_work_in_a_sandboxed_frame(framed):
    page, frame = framed(TOC["root"], width=390)
    theme = "document.documentElement.dataset.theme"
    seen_themes = set()
    for _ in range(3):
        frame.locator(".theme-switch-button").click()
        seen_themes.add(frame.evaluate(theme))
    assert seen_themes == {"light", "dark"}
    assert not frame.locator("nav.bd-docs-nav").is_visible()
    frame.locator(".primary-toggle").first.click()
    frame.locator("nav.bd-docs-nav a", has_text="Notation").click()
    frame.wait_for_url("**/notation.html")
    assert but_fonts(page.problems) == []


def test_the_storage_that_stands_in_behaves_like_storage(framed):
    _, frame = framed(TOC["root"])
    for name in ("localStorage", "sessionStorage"):
        said = frame.evaluate(
            """(name) => {
              const s = window[name];
              s.clear();
              s.setItem("a", 1);
              s.setItem("b", "two");
              const before = [s.length, s.key(0), s.key(2), s.getItem("a"), s.getItem("c")];
              s.removeItem("a");
              return [...before, s.getItem("a"), s.length];
            }""",
            name,
        )
        assert said == [2, "a", None, "1", None, None, 1]


@pytest.fixture
def oldest(watched, book_url):
    """A function that opens a page in a browser without what came after the floor."""

    def open_(name: str):
        page = watched()
        page.add_init_script(remove_newer())
        page.goto(f"{book_url}/{name}.html")
        settle(page)
        return page

    return open_


def test_what_is_newer_is_gone_and_the_rest_is_there(oldest):
    page = oldest(TOC["root"])
    there = "(names) => names.filter((n) => n.split('.').reduce((o, k) => o?.[k], globalThis))"
    gone = ["Promise.try", "Iterator.from", "Set.prototype.union", "requestIdleCallback"]
    kept = ["Promise.all", "Set.prototype.has", "AbortSignal.any", "structuredClone"]
    assert page.evaluate(there, gone + kept) == kept
    assert len(LIST.read_text("utf-8").split()) > 1000


@pages
def test_works_without_what_came_after_the_floor(oldest, name):
    page = oldest(name)
    # every widget of the page is touched: all its buttons that are not hidden, once
    for button in page.locator(".lw[data-state=ready] button:visible").all()[:12]:
        if button.is_visible() and button.is_enabled():
            button.dispatch_event("click")
    settle(page)
    assert page.problems == []
    assert page.locator("[data-state=error]").count() == 0


def test_widgets_start_without_abort_signal_any(watched, book_url):
    page = watched()
    page.add_init_script("delete AbortSignal.any;")
    page.goto(f"{book_url}/chapters/3_1_cnn.html")
    settle(page)
    assert page.locator(".lw[data-state=ready]").count() == 2
    assert page.problems == []


def policy(html: str) -> str:
    """A strict host's rules for a page: its own files, and by their hashes the scripts in it."""
    inline = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inline)
    scripts = " ".join(["'self'", *(f"'sha256-{digest}'" for digest in hashes)])
    styles = "'self' 'unsafe-inline'"
    rest = "img-src 'self' data:; font-src 'self'"
    return f"default-src 'none'; script-src {scripts}; style-src {styles}; {rest}"


@pytest.fixture
def strict(watched, book, book_url):
    """A function that opens a page of the book from a host that allows only what a book needs."""

    def open_(name: str):
        page = watched()
        html = (book / f"{name}.html").read_text("utf-8")
        headers = {"Content-Security-Policy": policy(html)}
        address = f"{book_url}/{name}.html"
        fulfil = {"body": html, "content_type": "text/html; charset=utf-8", "headers": headers}
        page.route(address, lambda route: route.fulfill(**fulfil))
        page.goto(address)
        settle(page)
        return page

    return open_


@pages
def test_works_where_only_the_books_own_scripts_may_run(strict, book, name):
    page = strict(name)
    places = (book / f"{name}.html").read_text("utf-8").count('data-state="loading"')
    assert page.locator(".lw[data-state=ready]").count() == places
    assert page.problems == []


def test_all_pages_are_tried():
    assert len(PAGES) > 15


@pytest.fixture(scope="module")
def without_scripts(visiting):
    with visiting(settled=False, java_script_enabled=False) as opened:
        yield opened


def test_without_scripts_a_picture_stands_for_each_widget(without_scripts):
    page, seen = without_scripts
    places = page.locator(".lw-view")
    pictures = page.locator(".lw-view noscript img")
    assert pictures.count() == places.count()
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box["width"] > 300 and box["height"] > 150
        assert picture.get_attribute("alt")
    assert (seen.outside, seen.failed) == ([], [])


def test_without_scripts_formulas_stand(without_scripts, book, name):
    page, _ = without_scripts
    assert page.locator(".katex-error").count() == 0
    assert (
        page.locator(".math").count() == page.locator(".math > :is(.katex, .katex-display)").count()
    )
    assert "katex.min.js" not in (book / f"{name}.html").read_text("utf-8")
