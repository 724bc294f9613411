"""Readers whose system forces its colours, who read from right to left, translated, or on paper.

Each page is opened once for all, in a browser that blocks storage and lacks what not every browser
in use has. What came after the floor, and where a page stands: test_hosts.py.
"""

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from tests.browser.pages import FEW_AT_ONCE, settle
from tests.conftest import watch

# Less than the floor: the widgets can do without.
BARE = """
  for (const name of ["ResizeObserver", "OffscreenCanvas", "scheduler", "createImageBitmap",
    "requestIdleCallback", "structuredClone"]) {
    delete globalThis[name];
  }
  delete AbortSignal.any;
  delete Promise.withResolvers;
  for (const name of ["findLast", "toReversed", "toSorted", "toSpliced"]) {
    delete Array.prototype[name];
  }
  for (const name of ["localStorage", "sessionStorage"]) {
    const get = () => { throw new DOMException("Access is denied.", "SecurityError"); };
    Object.defineProperty(globalThis, name, { configurable: true, get });
  }
"""
PROBE = Path(__file__).with_name("readers.js").read_text("utf-8")
PRESS = Path(__file__).with_name("press.js").read_text("utf-8")


@pytest.fixture(scope="module", params=FEW_AT_ONCE)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def opened(visiting):
    """A page of the book with every box unfolded, and `readers` (readers.js) in it."""

    def prepare(page) -> None:
        page.add_init_script(BARE)
        page.add_init_script(f"addEventListener('DOMContentLoaded', () => {{ {PROBE} }});")

    with visiting(prepare=prepare, viewport={"width": 1280, "height": 900}) as (page, seen):
        page.served = page.content()
        page.locator("details").evaluate_all("(all) => all.forEach((d) => { d.open = true; })")
        settle(page)
        yield page, seen


def look(page, **media) -> None:
    page.emulate_media(**media)
    settle(page)


def lost(page, scheme: str) -> list[str]:
    """What is told apart by its colour, and no more once the system's colours are forced."""
    look(page, color_scheme=scheme, forced_colors="none")
    page.evaluate("() => { globalThis.before = readers.painted(); }")
    look(page, color_scheme=scheme, forced_colors="active")
    gone = page.evaluate("() => readers.lost(before)")
    look(page, color_scheme="light", forced_colors="none")
    return gone


def test_starts_with_storage_blocked_and_without_newer_names(opened):
    page, seen = opened
    assert (seen.console, seen.outside, seen.failed) == ([], [], [])
    assert page.locator("[data-state=error], [data-state=loading]").count() == 0
    assert page.evaluate("typeof ResizeObserver + typeof structuredClone") == "undefined" * 2


def save(html: str, book: Path, name: str, folder: Path) -> Path:
    """As a browser saves a whole page: the page as it is now, all its files in one folder."""
    (folder / "files").mkdir(parents=True)

    def take(match: re.Match) -> str:
        address = re.sub(r"[?#].*", "", match[2])
        root = re.match(r"http://127\.0\.0\.1:\d+/", address)
        home = book if root else (book / name).parent
        path = (home / address.removeprefix(root[0] if root else "")).resolve()
        if match[2].startswith(("data:", "#")) or not path.is_file() or path.suffix == ".html":
            return match[0]
        shutil.copy(path, folder / "files")
        return f'{match[1]}="files/{path.name}"'

    saved = folder / "saved.html"
    saved.write_text(re.sub(r'\b(src|href)="([^"]+)"', take, html), "utf-8")
    return saved


def test_saved_whole_it_starts_again(opened, browser, book, name, tmp_path):
    page, _ = opened
    saved = save(page.served, book, name, tmp_path / "whole")
    with watched_copy(browser, saved) as (copy, seen):
        settle(copy)
        # fonts, which the sheet asks for, are the browser's to find
        assert [line for line in seen.console if "Failed to load resource" not in line] == []
        assert [url for url in seen.failed if url.endswith(".js")] == []
        for what in [
            ".lw-view > .lw[data-state=ready]",
            "button.copybtn, .lw-cell-bar",
            ".lw-view > *",
        ]:
            assert copy.locator(what).count() == page.locator(what).count()
        assert copy.evaluate(PRESS) == []


def test_saved_without_its_files_it_is_read_and_says_what_is_missing(browser, book, name, tmp_path):
    saved = tmp_path / "alone.html"
    shutil.copy(book / f"{name}.html", saved)
    with watched_copy(browser, saved) as (copy, _):
        places = copy.locator(".lw-view")
        assert copy.locator(".lw[data-state=error]").count() == places.count()
        for said in places.all_inner_texts():
            assert said.startswith("A widget stands here.")
        assert copy.locator("h1").first.is_visible()


@contextlib.contextmanager
def watched_copy(browser, saved: Path):
    with contextlib.closing(browser.new_context()) as context:
        page, seen = watch(context, saved.parent.as_uri())
        page.goto(saved.as_uri())
        yield page, seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_what_colours_say(opened, scheme):
    page, _ = opened
    assert lost(page, scheme) == []


def turn(page, direction: str) -> list[str]:
    """What has moved within its picture, table, code or widget as the page's direction turns."""
    page.evaluate("() => { globalThis.before = readers.places(); }")
    page.evaluate("(dir) => { document.documentElement.dir = dir; }", direction)
    settle(page)
    return page.evaluate("() => readers.moved(before)")


def test_from_right_to_left_nothing_is_mirrored_and_signs_stay(opened):
    page, _ = opened
    assert turn(page, "rtl") == []
    assert page.evaluate("() => readers.turned()[1]") == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1280
    page.evaluate("document.documentElement.dir = ''")


# Leaves rules out of the page's sheets: what a test finds then is what it would find without them.
WITHOUT = """(needle) => {
  const clean = (rules) => {
    for (const rule of rules) {
      if (rule.cssText.includes(needle) && !rule.cssRules?.length) rule.style.cssText = "";
      if (rule.cssText.includes(needle) && rule.media) rule.media.mediaText = "not all";
      else if (rule.cssRules) clean(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) clean(sheet.cssRules);
}"""


@pytest.mark.parametrize("name", ["chapters/3_1_cnn"], indirect=True)
@pytest.mark.parametrize("needle", ["forced-colors: active", "direction: ltr"])
def test_the_probes_see_what_is_lost_without_the_rules(visiting, needle):
    with visiting(prepare=lambda page: page.add_init_script(PROBE)) as (page, _):
        page.evaluate(WITHOUT, needle)
        if "forced" in needle:
            gone = "\n".join(lost(page, "light"))
            for part in ["lw-segment", "lw-bar-fill", "ke-", "fa-solid"]:
                assert part in gone
        else:
            assert any("conv-live" in line for line in turn(page, "rtl"))
            signs, texts = page.evaluate("() => readers.turned()")
            assert signs > 10 and len(texts) > 5


def test_at_400_per_cent_controls_keep_apart(opened):
    """1280 pixels are 320 then (WCAG 1.4.10); nothing scrolls sideways: test_book.py."""
    page, _ = opened
    page.set_viewport_size({"width": 320, "height": 640})
    settle(page)
    assert page.evaluate("() => readers.crowded()") == []
    if page.locator(".lw .lw-segment").count():
        page.add_style_tag(content=".lw .lw-segment + .lw-segment { margin-left: -1rem; }")
        assert page.evaluate("() => readers.crowded()") != []
        page.locator("head > style").last.evaluate("(style) => style.remove()")
    page.set_viewport_size({"width": 1280, "height": 900})
    settle(page)


def test_prints_what_there_is_to_see(opened):
    """White paper, the page's title, whole widgets without what is there to press."""
    page, _ = opened
    look(page, color_scheme="dark", media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    title = page.locator("article h1, .bd-search-container h1").first
    assert title.is_visible() and title.bounding_box()["height"] > 20
    controls = page.locator(".lw :is(input[type=range], .lw-player, .lw-button)")
    assert controls.evaluate_all("(all) => all.filter((e) => e.checkVisibility()).length") == 0
    for widget in page.locator(".lw").all():
        assert widget.evaluate("(e) => getComputedStyle(e).breakInside") == "avoid"
        assert widget.bounding_box()["height"] > 100
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    look(page, color_scheme="light", media="screen")


def test_a_translated_page_goes_on(opened):
    """The last one: texts are other nodes now, and the widgets still move."""
    page, seen = opened
    kept = page.evaluate("() => readers.translate()")
    widgets = page.locator(".lw-view > .lw")
    assert kept > 0 or not widgets.count()
    code = page.locator(".highlight pre, code, .katex").filter(has_text="كلمة")
    assert code.count() == 0
    assert page.evaluate(PRESS) == []
    settle(page)
    assert page.locator("[data-state=error]").count() == 0
    assert seen.console == []
