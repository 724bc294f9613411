"""Readers whose system forces its colours, who read from right to left, translated, or on paper.

Each page is opened once for all. What a browser lacks, and where a page stands: test_hosts.py.
"""

from pathlib import Path

import pytest

from tests.browser.pages import settle

PROBE = Path(__file__).with_name("readers.js").read_text("utf-8")
PRESS = Path(__file__).with_name("press.js").read_text("utf-8")


@pytest.fixture(scope="module")
def opened(visiting):
    """A page of the book with every box unfolded, and `readers` (readers.js) in it."""

    def prepare(page) -> None:
        page.add_init_script(PROBE)

    with visiting(prepare=prepare, viewport={"width": 1280, "height": 900}) as (page, seen):
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
