"""PrivacyDial on a bare page: what it draws is its model's, and nothing moves."""

import re

import pytest

from large_models.widgets import PrivacyDial
from large_models.widgets.privacy_dial import WAYS
from tests.browser.harness import serious, settle, show

DRAWN = """async () => {
  const {dialModel} = await import("/privacy_dial/model.js");
  const shown = dialModel((key) => model.get(key));
  const all = (where) => [...document.querySelectorAll(where)];
  const of = (node, ...names) => names.map((name) => +node.getAttribute(name));
  const numbers = (text) => text.match(/-?[\\d.]+(?:e-?\\d+)?/g).map(Number);
  const paths = (where) => all(where).map((path) => numbers(path.getAttribute("d")));
  const texts = (where) => all(where).map((text) => (
    [text.textContent, text.getAttribute("text-anchor"), ...of(text, "x", "y")]));
  const width = Math.round(document.querySelector(".pd-bars").getBoundingClientRect().width);
  const [view, bars, roc] = [shown.view(), shown.histogram(width), shown.roc()];
  const placed = (given) => given.map(({text, anchor, at}) => [text, anchor, ...at]);
  return [{
    values: all(".pd-value").map((value) => value.textContent),
    bars: all(".pd-bar").map((bar) => [bar.getAttribute("class"),
      ...of(bar, "x", "y", "width", "height")]),
    texts: [...texts(".pd-bars text"), ...texts(".pd-roc text")],
    lines: paths(".lw-axis, .pd-cut, .pd-ruled-out, .pd-chance, .pd-curve"),
    now: of(document.querySelector(".pd-now"), "cx", "cy"),
    sliders: all("[type=range]").map((range) => range.getAttribute("aria-valuetext")),
    chosen: all(":checked").map((radio) => radio.value),
  }, {
    values: Object.values(view.values),
    bars: bars.bars.map((bar) => [`pd-bar pd-${bar.side}`, bar.x, bar.y, bar.width, bar.height]),
    texts: [...placed(bars.texts), ...placed(roc.texts)],
    lines: [bars.axis, bars.cut, ...(roc.ruledOut ? [roc.ruledOut] : []), roc.axis, roc.chance,
      roc.curve].map((points) => points.flat()),
    now: roc.now,
    sliders: all(".lw-slider-value").map((value) => value.textContent),
    chosen: [view.attack, view.whose],
  }];
}"""


def check(page, **settings):
    """What is drawn is what the model gives (tests/js/test_privacy_dial_model.py)."""
    settle(page)
    drawn, given = page.evaluate(DRAWN)
    assert drawn == given
    for key, value in settings.items():
        assert page.evaluate("(key) => model.get(key)", key) == value
    return drawn


def values(page):
    return check(page)["values"]


def share(text):
    return float(text.rstrip("%")) / 100


def test_both_sides_are_drawn_in_their_colours(page):
    show(page, PrivacyDial(way="stopped early"))
    bars = check(page)["bars"]
    assert {kind for kind, *_ in bars} == {"pd-bar pd-members", "pd-bar pd-others"}
    colours = """() => ["members", "others"].map((side) => [".pd-bar.pd-" + side, ".pd-key-" + side]
      .map((where, i) => getComputedStyle(document.querySelector(where), i ? "::before" : null)
        [i ? "backgroundColor" : "fill"]))"""
    (members, key), (others, other_key) = page.evaluate(colours)
    assert members == key and others == other_key and members != others


def test_turning_the_noise(page):
    show(page, PrivacyDial())
    slider = page.get_by_label("Training", exact=True)
    for i, way in enumerate(WAYS):
        if i:
            slider.press("ArrowRight")
        check(page, way=way)
    assert slider.get_attribute("aria-valuetext") == "clipped, noise σ = 8"


def test_the_first_task_on_a_phone(page):
    """Another attack, more members at the same false alarms, on one screen."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, PrivacyDial(), width=358)
    before = values(page)
    page.get_by_text("LiRA", exact=True).click()
    after = values(page)
    assert share(after[0]) > 5 * share(before[0]) and after[1] == before[1] == "1.0%"
    boxes = [
        page.locator(where).first.bounding_box()
        for where in (".lw-try", ".lw-segments", ".pd-first")
    ]
    assert boxes[-1]["y"] + boxes[-1]["height"] - boxes[0]["y"] < 600


def test_moving_the_false_alarms_and_looking_at_the_odd(page):
    show(page, PrivacyDial(way="stopped early"))
    page.get_by_text("those who stand out", exact=True).click()
    check(page, whose="odd")
    slider = page.get_by_label("False alarms", exact=True)
    before = page.locator(".pd-cut").get_attribute("d")
    for key in ("ArrowRight", "PageUp", "ArrowLeft"):
        slider.press(key)
        check(page)
    assert page.evaluate("() => saved.false_alarms") > 0.01
    assert page.locator(".pd-cut").get_attribute("d") != before
    assert page.evaluate("() => saved.whose") == "odd"


def test_the_noise_leaves_the_false_alarms_alone(page):
    show(page, PrivacyDial(attack="lira"))
    slider = page.get_by_label("Training", exact=True)
    for _ in WAYS:
        assert values(page)[1] == "1.0%"
        slider.press("ArrowRight")


def test_python_can_set_everything(page):
    show(page, PrivacyDial())
    page.evaluate(
        """() => { model.set('way', 'noise 2'); model.set('whose', 'odd');
                   model.set('attack', 'lira'); model.set('false_alarms', 0.02); }"""
    )
    check(page, way="noise 2", whose="odd", attack="lira", false_alarms=0.02)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, PrivacyDial(), width=min(width - 32, 760))

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    slider = page.get_by_label("Training", exact=True)
    for key in ("End", "ArrowLeft", "Home", "ArrowRight", "ArrowRight"):
        slider.press(key)
        assert end() == top, key
    page.get_by_label("False alarms", exact=True).press("End")
    assert end() == top
    for text in ("those who stand out", "LiRA"):
        page.get_by_text(text, exact=True).click()
        assert end() == top


@pytest.mark.parametrize(("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358)])
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, PrivacyDial(way="noise 8"), lang=lang, theme=theme, width=width)
    settle(page)
    assert serious(page) == []


def test_chinese(page):
    show(page, PrivacyDial(way="noise 2"), lang="zh-CN")
    settle(page)
    left = set(re.findall(r"[A-Za-z]{2,}", page.locator(".lw").inner_text()))
    assert left == {"LiRA", "AUC"}


def test_what_is_turned_is_said(page):
    show(page, PrivacyDial())
    page.get_by_label("Training", exact=True).press("End")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    said = page.locator("[aria-live]").inner_text()
    assert "noise σ = 8" in said and "false alarms" in said
