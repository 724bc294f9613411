"""The built book, page by page, as a reader opens it: over http and from a folder.

A page is opened once a width for all that is asked of it; the tests that change it come last.
"""

import contextlib
import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from bs4 import BeautifulSoup
from playwright.sync_api import Page, TimeoutError

from book.links import links
from tests.browser.pages import PAGES, ROOT, TOC, settle
from tests.conftest import Watched

# Thousands of small elements: KaTeX's picture of a formula, hidden from screen readers (they get
# MathML); figures, which are one image each; code, whose colours have a test of their own.
SEEN = {"exclude": [[".katex-html"], ["svg.figure"], [".highlight pre"]]}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}  # what another theme may change
# Bytes, gzipped, that a page may load before anyone touches it: HTML, styles, scripts; fonts too.
CODE_LIMIT, WEIGHT_LIMIT = 200_000, 290_000

SHIFTS = """globalThis.shifts = []; new PerformanceObserver((list) => {
  for (const { value, sources } of list.getEntries()) {
    shifts.push([value, sources.map(({ node }) => node?.className || node?.nodeName)]);
  }
}).observe({ type: "layout-shift", buffered: true });"""


def slow_line(page) -> None:
    """10 Mbit/s, 40 ms away; what moves is written down."""
    page.add_init_script(SHIFTS)
    line = {"offline": False, "latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1e6}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)


@dataclass
class Read:
    """A page that a reader has opened over a slow line and not touched yet."""

    page: Page
    seen: Watched
    loaded: set[str]  # addresses, before what is far from the view was asked for
    shifts: list


@contextlib.contextmanager
def read(visiting, width: int):
    how = {"prepare": slow_line, "settled": False, "viewport": {"width": width, "height": 900}}
    with visiting(**how) as (page, seen):
        first = page.locator(".lw-view > .lw").first
        if first.count():
            first.and_(page.locator("[data-state=ready]")).wait_for()
        page.wait_for_load_state("networkidle")
        loaded = {page.url.split("#")[0].split("?")[0], *resources(page)}
        settle(page)
        yield Read(page, seen, loaded, page.evaluate("shifts"))


@pytest.fixture(scope="module", params=[1280, 390])
def reading(visiting, request):
    """Each page as wide as a laptop's screen and as a phone's, opened once for its tests."""
    with contextlib.ExitStack() as stack:
        try:
            opened = stack.enter_context(read(visiting, request.param))
        except TimeoutError:
            # About one visit in fifty over Chromium's emulated line never ends, whatever the page.
            opened = stack.enter_context(read(visiting, request.param))
        yield opened


@pytest.fixture(scope="module")
def from_a_folder(visiting):
    with visiting("file") as opened:
        yield opened


wide = pytest.mark.parametrize("reading", [1280], indirect=True)
narrow = pytest.mark.parametrize("reading", [390], indirect=True)


@pytest.fixture
def visit(open_page, book, book_url):
    """A function that opens a page and waits until it has settled: (page, Watched)."""

    def open_(name: str, scheme: str = "http", **options):
        home = book.as_uri() if scheme == "file" else book_url
        page, seen = open_page(f"{home}/{name}.html", **options)
        settle(page)
        return page, seen

    return open_


def test_builds_without_a_warning(build):
    assert "WARNING" not in build.log  # `-W` has turned any into a failure already


def assert_opened(page, seen) -> None:
    assert (seen.outside, seen.console, seen.failed) == ([], [], [])
    assert page.locator("[data-state=error]").count() == 0


def test_opens_with_no_error_and_asks_nobody_else(reading):
    assert_opened(reading.page, reading.seen)


def test_opens_from_a_folder(from_a_folder):
    assert_opened(*from_a_folder)


def test_nothing_jumps_while_a_page_loads(reading):
    # Chromium's sum of shifts: up to 0.1 counts as good (https://web.dev/articles/cls)
    assert sum(value for value, _ in reading.shifts) <= 0.1, reading.shifts


def test_index_leads_to_the_introduction(open_page, book_url):
    page, seen = open_page(f"{book_url}/index.html")
    page.wait_for_url(f"**/{TOC['root']}.html")
    assert (seen.outside, seen.console, seen.failed) == ([], [], [])


@wide
def test_every_formula_is_drawn(reading):
    page = reading.page
    assert page.locator(".katex-error").all_inner_texts() == []
    undrawn = "(all) => all.filter((e) => !e.querySelector('.katex')).map((e) => e.textContent)"
    assert page.locator(".math").evaluate_all(undrawn) == []


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2, "relative luminance")."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_code_is_readable(book, theme):
    css = (book / "_static" / "style.css").read_text("utf-8")
    own = (ROOT / "book/assets/book.css").read_text("utf-8")
    variables = re.findall(r"--(?:page|soft): (#[0-9a-f]{6})", own)
    backgrounds = variables[:2] if theme == "light" else variables[2:]
    assert len(variables) == 4
    rule = rf'html\[data-theme="{theme}"\] \.highlight \.\w+\{{color: (#[0-9A-Fa-f]{{6}})'
    colours = set(re.findall(rule, css))
    assert len(colours) > 5
    for colour in colours:
        for background in backgrounds:
            dark, light = sorted([luminance(colour), luminance(background)])
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (colour, background)


@wide
def test_headings_step_down_one_at_a_time(reading):
    levels = reading.page.locator("h1, h2, h3, h4, h5, h6").evaluate_all(
        "(all) => all.filter((h) => h.offsetParent).map((h) => +h.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))


@wide
def test_pictures_say_what_they_show(reading):
    page = reading.page
    for picture in page.locator(".bd-article img, .bd-article svg[role=img]").all():
        assert (picture.get_attribute("alt") or picture.get_attribute("aria-label")).strip()
    assert page.locator("img:not([alt])").count() == 0


def resources(page) -> list[str]:
    return page.evaluate(
        "performance.getEntriesByType('resource').map((e) => e.name.split(/[?#]/)[0])"
    )


def weigh(book: Path, book_url: str, names: set[str]) -> dict[str, int]:
    """Bytes of each file of the book, gzipped as a server would send them."""
    paths = [n.removeprefix(book_url + "/") for n in names if n.startswith(book_url)]
    return {path: len(gzip.compress((book / unquote(path)).read_bytes(), 9)) for path in paths}


@wide
def test_weight(reading, book, book_url):
    weights = weigh(book, book_url, reading.loaded)
    assert len(weights) > 3
    heaviest = sorted(weights.items(), key=lambda kv: -kv[1])
    assert sum(weights.values()) <= WEIGHT_LIMIT, heaviest
    code = [size for path, size in heaviest if path.endswith((".html", ".css", ".js"))]
    assert sum(code) <= CODE_LIMIT, heaviest
    # nothing heavy that the page does not use
    heavy = r"bootstrap|fontawesome|fa-\w+-\d+|html-manager|mathjax|require"
    assert [path for path in weights if re.search(heavy, path)] == []


STUCK = """() => [...document.querySelectorAll(".bd-article *")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1
    && ["auto", "scroll"].includes(getComputedStyle(e).overflowX)
    && e.tabIndex < 0 && !e.querySelector("a, button, input, [tabindex='0']"))
  .map((e) => e.outerHTML.slice(0, 200))"""


STICKS_OUT = """(width) => {
  const scrolls = (e) => e && (getComputedStyle(e).overflowX !== "visible"
    || scrolls(e.parentElement));
  return [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility()
      && e.getBoundingClientRect().right > width + 0.5 && !scrolls(e.parentElement))
    .map((e) => [e.getBoundingClientRect().right, e.outerHTML.slice(0, 120)]).slice(0, 5);
}"""


@narrow
def test_no_sideways_scrolling(reading):
    """With every box unfolded; WCAG 1.4.10: 1280 pixels at 400 % are 320."""
    page = reading.page
    page.locator("details").evaluate_all("(all) => all.forEach((d) => { d.open = true; })")
    for width in (320, 360, 390, 768):
        page.set_viewport_size({"width": width, "height": 800})
        settle(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, page.evaluate(STICKS_OUT, width)
        # what is too wide scrolls by itself, and by keyboard
        try:
            page.wait_for_function(f"() => ({STUCK})().length === 0")  # the theme takes its time
        except TimeoutError:
            assert page.evaluate(STUCK) == []
    page.set_viewport_size({"width": 390, "height": 900})


@wide
def test_prints_with_its_title(reading):
    reading.page.emulate_media(media="print")
    title = reading.page.locator("article h1, .bd-search-container h1").first
    assert title.is_visible() and title.bounding_box()["height"] > 20


# One piece of text in the place of a thousand words in colours, which are not looked at: axe counts
# them all.
PLAIN = "(all) => all.forEach((code) => { code.textContent = code.textContent; })"


def test_accessible(reading):
    """On paper's white and in the dark; as narrow as a phone, in the dark alone."""
    page = reading.page
    page.emulate_media(media="screen", reduced_motion="reduce")
    page.locator("details").evaluate_all("(all) => all.forEach((d) => { d.open = true; })")
    page.locator(".highlight pre").evaluate_all(PLAIN)
    looks = (
        [("light", {}), ("dark", COLOURS)] if page.viewport_size["width"] > 1000 else [("dark", {})]
    )
    said = []
    for theme, rules in looks:
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        settle(page)  # widgets draw themselves anew
        for violation in Axe().run(page, SEEN, DEFAULT_OPTIONS | rules).response["violations"]:
            for node in violation["nodes"]:
                reasons = [check["message"] for check in node["any"] + node["all"] + node["none"]]
                said.append((theme, violation["id"], node["html"][:200], reasons))
    assert said == []


def test_each_page_has_a_description_of_its_own(book):
    said = {}
    for name in PAGES:
        page = BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser")
        (tag,) = page.select("head meta[name=description]")
        said.setdefault(tag["content"], []).append(name)
        assert 15 < len(tag["content"]) < 160 and "\\" not in tag["content"]
    assert [names for names in said.values() if len(names) > 1] == []


def test_links_lead_somewhere(book):
    dead, outside = links(book)
    assert dead == []
    assert len(outside) > 20


def test_errata_lead_to_their_boxes_and_back(book):
    folder = book / "chapters"
    rows = BeautifulSoup((folder / "errata.html").read_text("utf-8"), "html.parser")
    found = []
    for path in sorted(folder.glob("*.html")):
        page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for box in page.select(".admonition.erratum"):
            there, row = box.select_one(".erratum-row a")["href"].split("#")
            assert there == "errata.html"
            back = rows.find(id=row)["href"]
            assert back == f"{path.name}#{box['id']}"
            found.append(back)
    assert len(found) == len(set(found)) == len(rows.select("td a[id^=row-]"))


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds(visit, scheme):
    page, seen = visit(TOC["root"], scheme)
    page.keyboard.press("Control+k")
    page.keyboard.type("convolution")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    assert page.locator("#search-results li a", has_text="onvolution").count()
    page.wait_for_load_state("networkidle")
    assert (seen.outside, seen.console, seen.failed) == ([], [], [])
    page.locator("#search-results li a").first.click()
    page.wait_for_selector("article h1")


def test_theme_follows_the_system_and_the_button(visit):
    page, _ = visit(TOC["root"], color_scheme="dark")
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    button = page.locator(".theme-switch-button")
    button.click()  # from the system's to light
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate(colour) != dark
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_contents_open_on_a_phone(visit):
    page, _ = visit(TOC["root"], viewport={"width": 390, "height": 800})
    assert not page.locator("nav.bd-docs-nav").is_visible()
    page.locator(".primary-toggle").first.click()
    page.locator("nav.bd-docs-nav a", has_text="Notation").click()
    page.wait_for_url("**/notation.html")


def test_colours_are_the_widgets_own():
    """Defined twice, since a widget also lives outside the book: the values are the same."""
    found = []
    for path in ("book/assets/book.css", "lib/large_models/widgets/kit/core.css"):
        css = (ROOT / path).read_text("utf-8")
        found.append(re.findall(r"--lw-(?:in|learned|out): (#[0-9a-f]{6})", css))
    assert len(found[0]) == 6
    assert found[0] == found[1]
