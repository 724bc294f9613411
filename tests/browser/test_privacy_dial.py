"""PrivacyDial on a bare page: what it shows is Python's, and nothing moves."""

import re

import numpy as np
import pytest

from lib.formulas import privacy
from lib.widgets import PrivacyDial
from lib.widgets.privacy_dial import WAYS
from tests.browser.harness import serious, settle, show

IMPORT = "import('/privacy.js')"


def values(page):
    settle(page)
    return page.locator(".pd-value").all_text_contents()


def check(page, widget):
    found, wrong, most, area, areas, accuracy, epsilon = values(page)
    summary = widget._summaries[widget.way]
    shares = [float(text.removesuffix(" %")) / 100 for text in (found, wrong)]
    assert shares == pytest.approx(widget.rates, abs=6e-4)
    assert float(area) == pytest.approx(widget.auc, abs=6e-4)
    key = "auc" if widget.whose == "all" else "auc_odd"
    for text, (mean, spread) in ((areas, summary[key]), (accuracy, summary["accuracy"])):
        assert [float(part) for part in text.split(" ± ")] == pytest.approx(
            [mean, spread], abs=6e-4
        )
    if summary["epsilon"] is None:
        assert (most, epsilon) == ("no promise", "∞")
        assert page.locator(".pd-ruled-out").count() == 0
    else:
        assert float(most[:-2]) == pytest.approx(100 * widget.most_found, abs=0.06)
        assert float(epsilon) == pytest.approx(summary["epsilon"], abs=6e-3)
        assert page.locator(".pd-ruled-out").count() == 1


def test_the_page_computes_what_python_does(page):
    show(page, PrivacyDial())
    rng = np.random.default_rng(0)
    for _ in range(5):
        members, others = rng.exponential(0.5, 40).round(1), rng.exponential(1, 70).round(1)
        false, found = privacy.roc(members, others)
        threshold = float(rng.choice(members))
        got = page.evaluate(
            f"""async ([members, others, threshold]) => {{
              const p = await {IMPORT};
              const points = p.roc(members, others);
              return [points, p.areaUnder(points), p.rates(members, others, threshold)];
            }}""",
            [members.tolist(), others.tolist(), threshold],
        )
        np.testing.assert_allclose(got[0], np.stack([false, found], axis=1), atol=1e-12)
        assert got[1] == pytest.approx(privacy.auc(members, others), abs=1e-12)
        assert got[2] == pytest.approx(privacy.rates(members, others, threshold), abs=1e-12)
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


def test_bars_count_the_losses(page):
    show(page, PrivacyDial())
    losses = PrivacyDial().losses()[0]
    got = page.evaluate(
        f"async (losses) => (await {IMPORT}).histogram(losses, -5, 2, 28)", losses.tolist()
    )
    logs = np.clip(np.log10(np.maximum(losses, 1e-12)), -5, 2 - 1e-9)
    np.testing.assert_array_equal(got, np.histogram(logs, bins=28, range=(-5, 2))[0])
    assert sum(got) == 400
    settle(page)
    heights = page.locator("rect.pd-members").evaluate_all(
        "(bars) => bars.map((bar) => +bar.getAttribute('height'))"
    )
    np.testing.assert_allclose(
        np.array(heights) / max(heights), np.array(got) / max(got), atol=1e-9
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


def test_moving_the_threshold_and_looking_at_the_odd(page):
    widget = PrivacyDial(way="stopped early")
    show(page, widget)
    page.get_by_text("those who stand out", exact=True).click()
    widget.whose = "odd"
    check(page, widget)
    slider = page.get_by_label("Threshold", exact=True)
    before = page.locator(".pd-cut").get_attribute("d")
    for key in ("ArrowRight", "PageUp", "ArrowLeft"):
        slider.press(key)
        settle(page)
        widget.threshold = page.evaluate("() => saved.threshold")
        check(page, widget)
    assert widget.threshold > 0.1 and page.locator(".pd-cut").get_attribute("d") != before
    assert page.evaluate("() => saved.whose") == "odd"


def test_python_can_set_everything(page):
    show(page, PrivacyDial())
    page.evaluate(
        """() => { model.set('way', 'noise 2'); model.set('whose', 'odd');
                   model.set('threshold', 0.02); }"""
    )
    check(page, PrivacyDial(way="noise 2", whose="odd", threshold=0.02))


def test_the_dot_lies_on_the_curve(page):
    show(page, PrivacyDial(way="noise 4", threshold=1.0))
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
    page.get_by_label("Threshold", exact=True).press("End")
    assert end() == top
    page.get_by_text("those who stand out", exact=True).click()
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
    assert re.findall(r"[A-Za-z]{2,}", page.locator(".lw").inner_text()) == []


def test_what_is_turned_is_said(page):
    show(page, PrivacyDial())
    page.get_by_label("Training", exact=True).press("End")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    said = page.locator("[aria-live]").inner_text()
    assert "noise σ = 8" in said and "false alarms" in said
