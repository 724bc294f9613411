"""LabelCurves on a bare page: every number that it shows is Python's."""

import re

import numpy as np
import pytest

from large_models.widgets import LabelCurves
from large_models.widgets.label_curves import COUNTS, WITH
from tests.browser.harness import serious, settle, show


def shown(page):
    settle(page)
    rows = page.locator(".lc-row:visible")
    values = rows.locator(".lc-value").all_text_contents()
    names = rows.locator(".lc-name").all_text_contents()
    return dict(zip(names, [float(v.split(" ")[0]) for v in values], strict=True))


def check(page, widget):
    assert shown(page) == pytest.approx(widget.accuracy, abs=6e-4)
    cells = page.locator(".lc-table tbody td").all_text_contents()
    table = widget.confusion
    expected = 100 * table / table.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.array(cells, float).reshape(8, 8), expected, atol=0.51)


def test_dragging_the_number_of_labels(page):
    widget = LabelCurves(count=0)
    show(page, widget)
    slider = page.get_by_label("Labels", exact=True)
    for count in COUNTS:
        if count:
            slider.press("ArrowRight")
        widget.count = count
        check(page, widget)
        assert page.evaluate("() => model.get('count')") == count
    assert slider.get_attribute("aria-valuetext") == "all labels"


def test_another_way_and_another_task(page):
    widget = LabelCurves(count=50)
    show(page, widget)
    for way in WITH:
        page.get_by_role("radio", name=re.compile(f"^{way}")).check()
        widget.way = way
        check(page, widget)
    page.get_by_text("which section").click()
    widget.task = "sections"
    check(page, widget)
    assert page.evaluate("() => saved.task") == "sections"
    heads = page.locator(".lc-table thead th").all_text_contents()
    assert heads == widget._tasks["sections"]["names"]


def test_python_can_set_everything(page):
    show(page, LabelCurves())
    page.evaluate("() => { model.set('task', 'sections'); model.set('count', 'all'); }")
    check(page, LabelCurves(task="sections", count="all"))


def test_curves_are_drawn_where_the_numbers_are(page):
    widget = LabelCurves()
    show(page, widget)
    settle(page)
    heights = page.locator("circle.lc-way-3").evaluate_all(
        "(n) => n.map((c) => +c.getAttribute('cy'))"
    )
    means = [widget._tasks["packages"]["curves"]["fine-tuned"][str(c)]["mean"] for c in COUNTS[1:]]
    slope = np.polyfit(means, heights, 1)
    np.testing.assert_allclose(np.polyval(slope, means), heights, atol=0.01)
    assert slope[0] < 0


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, LabelCurves(), width=min(width - 32, 760))

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    slider = page.get_by_label("Labels", exact=True)
    for key in ("Home", "ArrowRight", "ArrowRight", "End"):
        slider.press(key)
        assert end() == top, key
    page.get_by_text("which section").click()
    assert end() == top


@pytest.mark.parametrize(
    ("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358), ("dark", "en", 760)]
)
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, LabelCurves(), lang=lang, theme=theme, width=width)
    settle(page)
    assert serious(page) == []


def test_chinese(page):
    widget = LabelCurves()
    show(page, widget, lang="zh-CN")
    settle(page)
    words = set(re.findall(r"[A-Za-z]{2,}", page.locator(".lw").inner_text()))
    names = " ".join(widget._tasks["packages"]["names"])
    assert {word for word in words if word not in names} == set()


def test_what_is_dragged_is_said(page):
    show(page, LabelCurves())
    page.get_by_label("Labels", exact=True).press("ArrowRight")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    assert "50 labels per class" in page.locator("[aria-live]").inner_text()


def test_the_first_task_is_seen_on_a_phone_without_scrolling(page):
    """Slider, curves and numbers fit into one screen of 390 x 844, and the numbers change."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, LabelCurves(), width=390)
    slider = page.get_by_label("Labels", exact=True)
    top = slider.bounding_box()["y"]
    slider.press("Home")
    before = shown(page)
    rows = page.locator(".lc-rows").bounding_box()
    assert rows["y"] + rows["height"] - top < 844 - 60
    slider.press("End")
    assert set(shown(page)) == set(WITH) and set(before).isdisjoint(WITH)
