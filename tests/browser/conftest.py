"""What the browser tests share: a bare page for a widget, a visit to a page of the book."""

import contextlib

import pytest

from tests.browser.harness import ORIGIN
from tests.browser.pages import PAGES, settle
from tests.conftest import watch

VIEWPORT = {"width": 1280, "height": 800}
MEDIA = ("media", "color_scheme", "reduced_motion", "forced_colors", "contrast")


@pytest.fixture(scope="module", params=PAGES)
def name(request) -> str:
    """A page of the book: what asks for it is done for each."""
    return request.param


@pytest.fixture(scope="module")
def visiting(browser, book, book_url, name):
    """Opens the page `name` in a context of its own: `with visiting(...) as (page, Watched):`.

    A fixture of a module opens it once for all its tests; `prepare` is called with the page before
    it opens (scripts, routes, a slow line), the options are those of `browser.new_context`.
    """

    @contextlib.contextmanager
    def open_(scheme: str = "http", prepare=None, settled: bool = True, **options):
        home = book.as_uri() if scheme == "file" else book_url
        with contextlib.closing(browser.new_context(**options)) as context:
            page, seen = watch(context, url := f"{home}/{name}.html")
            if prepare:
                prepare(page)
            page.goto(url)
            if settled:
                settle(page)
            yield page, seen

    return open_


def watched_page(browser):
    """A page whose `problems` and `asked` list what it complained of and what it fetched."""
    context = browser.new_context(viewport=VIEWPORT)
    page = context.new_page()
    page.set_default_timeout(120_000)  # machines are shared
    page.problems, page.asked = [], []
    page.on("pageerror", lambda error: page.problems.append(str(error)))

    def heard(message):
        # Reading a canvas back is what the tests do, not the widget.
        if message.type in ("error", "warning") and "willReadFrequently" not in message.text:
            page.problems.append(message.text)

    page.on("console", heard)
    page.on("request", lambda request: page.asked.append(request.url.rsplit("/", 1)[-1]))
    return page


@pytest.fixture(scope="session")
def used_page(browser):
    """One page for all tests: a new one costs a process of its own, which starts for a second."""
    page = watched_page(browser)
    yield page
    page.context.close()


@pytest.fixture
def page(request, browser, used_page):
    """A page that fails its test if the page complained; `asked` lists what it fetched."""
    new = getattr(request, "param", None) == "new"
    page = watched_page(browser) if new else used_page
    page.problems.clear()
    page.asked.clear()
    yield page
    if new:
        page.context.close()
    else:
        clear(page)
    assert page.problems == []


def clear(page) -> None:
    """Nothing of the last test goes on, or is remembered."""
    page.mouse.up()
    page.mouse.move(0, 0)
    page.unroute_all()
    page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto(ORIGIN)
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.unroute_all()
    page.set_viewport_size(VIEWPORT)
    page.emulate_media(**dict.fromkeys(MEDIA, "null"))
