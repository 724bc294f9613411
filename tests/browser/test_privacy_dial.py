"""PrivacyDial on a bare page: what it shows is Python's, and nothing moves."""

import re

import numpy as np
import pytest

from large_models.formulas import privacy
from large_models.widgets import PrivacyDial
from large_models.widgets.privacy_dial import WAYS
from tests.browser.harness import serious, settle, show

IMPORT = "import('/engine/privacy.js')"


def values(page):
    settle(page)
    return page.locator(".pd-value").all_text_contents()


def share(text):
    """A share as the page writes it; of '<0.1%' and '>99.9%' the middle of what they stand for."""
    middles = {"<0.1%": 0.00025, ">99.9%": 0.99975}
    return middles[text] if text in middles else float(text.rstrip("%")) / 100


def check(page, widget):
    found, wrong, most, area, accuracy, epsilon = values(page)
    summary = widget._summaries[widget.way]
    assert share(found) == pytest.approx(widget.found, abs=6e-4)
    assert share(wrong) == pytest.approx(widget._false[widget._step], abs=6e-4)
    areas = widget._attacks[widget.way][widget.attack][widget.whose]["auc"]
    for text, pair in ((area, areas), (accuracy, summary["accuracy"])):
        assert [float(part) for part in text.split(" ± ")] == pytest.approx(pair, abs=6e-4)
    if summary["epsilon"] is None:
        assert (most, epsilon) == ("no promise", "∞")
        assert page.locator(".pd-ruled-out").count() == 0
    else:
        assert share(most) == pytest.approx(widget.most_found, abs=6e-4)
        assert float(epsilon) == pytest.approx(summary["epsilon"], rel=6e-3)
        assert page.locator(".pd-ruled-out").count() == 1


def test_the_page_computes_what_python_does(page):
    show(page, PrivacyDial())
    shares = np.linspace(0, 1, 21)
    for epsilon, delta in ((0.0, 0.0), (1.1, 1e-4), (6.0, 1e-4), (70.0, 1e-4)):
        got = page.evaluate(
            f"""async ([shares, epsilon, delta]) => {{
              const p = await {IMPORT};
              return shares.map((share) => p.mostFound(share, epsilon, delta));
            }}""",
            [shares.tolist(), epsilon, delta],
        )
        np.testing.assert_allclose(got, privacy.most_found(shares, epsilon, delta), atol=1e-12)
    widget = PrivacyDial()
    for false in (0.001, 0.0011, 0.0123, 0.3, 0.97, 1.0):
        widget.false_alarms = false
        got = page.evaluate(
            f"async ([shares, share]) => (await {IMPORT}).nearest(shares, share)",
            [widget._false, false],
        )
        assert got == widget._step


@pytest.mark.parametrize(("attack", "whose"), [("loss", "all"), ("lira", "odd")])
def test_bars_are_shares_of_each_side(page, attack, whose):
    widget = PrivacyDial(way="stopped early", attack=attack, whose=whose)
    show(page, widget)
    settle(page)
    counts = widget._attacks["stopped early"][attack][whose]
    sides = [np.array(counts[side]) / sum(counts[side]) for side in ("members", "others")]
    heights = page.locator("rect.pd-bar").evaluate_all(
        "(bars) => bars.map((bar) => +bar.getAttribute('height'))"
    )
    np.testing.assert_allclose(
        np.array(heights) / max(heights), np.concatenate(sides) / np.max(sides), atol=1e-9
    )


def test_turning_the_noise(page):
    widget = PrivacyDial()
    show(page, widget)
    slider = page.get_by_label("Training", exact=True)
    for i, way in enumerate(WAYS):
        if i:
            slider.press("ArrowRight")
        widget.way = way
        check(page, widget)
        assert page.evaluate("() => model.get('way')") == way
    assert slider.get_attribute("aria-valuetext") == "clipped, noise σ = 8"


def test_the_first_task_on_a_phone(page):
    """Another attack, more members at the same false alarms, on one screen."""
    page.set_viewport_size({"width": 390, "height": 844})
    widget = PrivacyDial()
    show(page, widget, width=358)
    before = values(page)
    page.get_by_text("LiRA", exact=True).click()
    widget.attack = "lira"
    check(page, widget)
    after = values(page)
    assert share(after[0]) > 5 * share(before[0]) and after[1] == before[1] == "1.0%"
    boxes = [
        page.locator(where).first.bounding_box()
        for where in (".lw-try", ".lw-segments", ".pd-first")
    ]
    assert boxes[-1]["y"] + boxes[-1]["height"] - boxes[0]["y"] < 600


def test_moving_the_false_alarms_and_looking_at_the_odd(page):
    widget = PrivacyDial(way="stopped early")
    show(page, widget)
    page.get_by_text("those who stand out", exact=True).click()
    widget.whose = "odd"
    check(page, widget)
    slider = page.get_by_label("False alarms", exact=True)
    before = page.locator(".pd-cut").get_attribute("d")
    for key in ("ArrowRight", "PageUp", "ArrowLeft"):
        slider.press(key)
        settle(page)
        widget.false_alarms = page.evaluate("() => saved.false_alarms")
        check(page, widget)
    assert widget.false_alarms > 0.01 and page.locator(".pd-cut").get_attribute("d") != before
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
    widget = PrivacyDial(way="noise 2", whose="odd", attack="lira", false_alarms=0.02)
    check(page, widget)


def test_the_dot_lies_on_the_curve(page):
    show(page, PrivacyDial(way="noise 4", attack="lira", false_alarms=0.3))
    settle(page)
    at = page.evaluate(
        """() => {
          const dot = document.querySelector('.pd-now');
          const [x, y] = ['cx', 'cy'].map((key) => +dot.getAttribute(key));
          const points = document.querySelector('.pd-curve').getAttribute('d').slice(1).split('L')
            .map((pair) => pair.split(' ').map(Number));
          return Math.min(...points.map(([px, py]) => Math.hypot(px - x, py - y)));
        }"""
    )
    assert at < 0.02


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
