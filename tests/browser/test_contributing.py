"""The widget that CONTRIBUTING.md writes out: bundled and shown, its slider moves its chart."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from large_models.widgets import base, bundle
from tests.browser import harness
from tests.browser.harness import kept_height, serious, settle, show

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
FILES = dict(
    re.findall(
        r"In `sigmoid_slope/([\w.]+)`:\n\n```\w+\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE
    )
)


@pytest.fixture
def widget(tmp_path, monkeypatch):
    """The class, in a copy of the widgets' folder."""
    widgets = tmp_path / "widgets"
    without = shutil.ignore_patterns("bundles", "__pycache__")
    shutil.copytree(base.HERE, widgets, ignore=without)
    folder = widgets / "sigmoid_slope"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    for module, name, value in (
        (bundle, "HERE", widgets),
        (bundle, "BUNDLES", widgets / "bundles"),
        (base, "HERE", widgets),
        (harness, "WIDGETS", widgets),
    ):
        monkeypatch.setattr(module, name, value)
    assert folder.name in bundle.names()
    for kind in bundle.KINDS:
        bundle.refresh(folder.name, kind)
    spec = importlib.util.spec_from_file_location(folder.name, folder / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, folder.name, module)
    spec.loader.exec_module(module)
    return module.SigmoidSlope


def drawn(page):
    """The points of the curve as they are drawn, and as the model has them."""
    settle(page)
    points, given, width = page.evaluate(
        """async () => {
          const {slopeModel} = await import("/sigmoid_slope/model.js");
          const chart = document.querySelector(".lw-chart");
          const width = Math.round(chart.getBoundingClientRect().width);
          const path = document.querySelector(".ss-curve").getAttribute("d");
          return [path.match(/-?[\\d.]+(?:e-?\\d+)?/g).map(Number),
            slopeModel((key) => model.get(key)).view(width).curve.flat(), width];
        }"""
    )
    assert points == given
    return np.array(points).reshape(-1, 2), width


def test_it_is_whole_and_short():
    assert list(FILES) == ["__init__.py", "model.js", "view.js", "view.css"]
    assert sum(len(text.splitlines()) for text in FILES.values()) < 100


def test_python_checks_what_is_set(widget):
    assert repr(widget(slope=3)) == "SigmoidSlope(slope=3)"
    with pytest.raises(ValueError, match=r"SigmoidSlope.slope: expected an integer from 1 to 10"):
        widget(slope=0)


@pytest.mark.parametrize(("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358)])
def test_the_slider_moves_and_the_chart_follows(page, widget, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, widget(), lang=lang, theme=theme, width=width)
    slider = page.get_by_role("slider")
    for slope, key in ((1, None), (2, "ArrowRight"), (10, "End")):
        if key:
            slider.press(key)
        points, chart = drawn(page)
        inputs = np.linspace(-6, 6, 121)
        heights = 176 - 166 / (1 + np.exp(-slope * inputs))  # 0 at 176 pixels, 1 at 10
        expected = np.stack([30 + (chart - 42) * (inputs + 6) / 12, heights], 1)
        np.testing.assert_allclose(points, expected, atol=1e-9)
        said = page.locator(".lw [role=status]").inner_text()
        assert f"{1 / (1 + np.exp(-slope)):.3f}" in said
        assert slider.get_attribute("aria-valuetext") == str(slope)
    assert page.evaluate("() => saved.slope") == 10
    page.evaluate("() => model.set('slope', 4)")  # as Python does
    drawn(page)
    assert slider.input_value() == "3"  # the fourth
    assert serious(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width + 32
    height = page.locator(".lw").bounding_box()["height"]
    assert kept_height(page) == pytest.approx(height, abs=8)
    page.evaluate("() => end()")
    assert page.locator(".lw[data-state=ready]").count() == 0
