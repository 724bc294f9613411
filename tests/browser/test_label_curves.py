"""LabelCurves on a bare page: what it draws is its model's, and nothing moves."""

import re

import pytest

from large_models.widgets import LabelCurves
from large_models.widgets.label_curves import COUNTS, WITH
from tests.browser.harness import serious, settle, show

DRAWN = """async () => {
  const {curvesModel, countText} = await import("/label_curves/model.js");
  const shown = curvesModel((key) => model.get(key));
  const all = (where) => [...document.querySelectorAll(where)];
  const of = (node, ...names) => names.map((name) => +node.getAttribute(name));
  const numbers = (text) => text.match(/-?[\\d.]+(?:e-?\\d+)?/g).map(Number);
  const paths = (where) => all(`.lc-plot ${where}`).map((path) => numbers(path.getAttribute("d")));
  const colour = (cell) => [cell.textContent, cell.style.background.replaceAll(",", "")];
  const kindOf = (node) => +node.getAttribute("class").match(/lc-way-(\\d)/)[1];
  const width = Math.round(all(".lc-plot")[0].getBoundingClientRect().width);
  const [view, plot] = [shown.view(), shown.plot(width)];
  const there = view.rows.filter((row) => row.there);
  const flat = (lines) => lines.map((points) => points.flat());
  return [{
    ways: all(".lc-row").filter((row) => row.checkVisibility()).map((row) => [
      row.querySelector("input").value, row.querySelector("input").checked,
      row.querySelector("input").disabled, row.querySelector(".lw-bar-value").textContent,
      kindOf(row.querySelector(".lw-bar-fill"))]),
    slider: all(".lw-slider-value, [type=range]")
      .map((node) => node.ariaValueText ?? node.textContent),
    caption: all(".lc-table caption")[0].textContent,
    heads: all(".lc-table thead th").map((head) => head.textContent),
    cells: all(".lc-table tbody td").map(colour),
    texts: all(".lc-plot text").map((text) => [text.textContent, ...of(text, "x", "y")]),
    grid: paths(".lw-grid"), chance: paths(".lc-chance"), now: paths(".lc-now"),
    lines: all(".lc-plot .lc-line").map((node) => [kindOf(node), node.matches(".lc-bold"),
      ...numbers(node.getAttribute("d"))]),
    spreads: paths(".lc-spread"),
    dots: all(".lc-dot").map((dot) => [kindOf(dot), ...of(dot, "cx", "cy")]),
  }, {
    ways: there.map((row) => [row.way, row.chosen, row.fixed, row.text, row.kind]),
    slider: [countText(view.count), countText(view.count)],
    caption: view.table.caption, heads: view.table.labels,
    cells: view.table.rows.flatMap((row) => row.cells.map((cell) => [cell.text,
      cell.background.replace(/rgb\\((\\d+) (\\d+) (\\d+)\\)/, "rgb($1 $2 $3)")])),
    texts: plot.texts.map(({text, at}) => [text, ...at]),
    grid: flat(plot.grid), chance: [plot.chance.flat()], now: [plot.now.flat()],
    lines: plot.curves.filter((curve) => curve.points.length > 1)
      .map((curve) => [curve.kind, curve.bold, ...curve.points.flat()]),
    spreads: plot.curves.flatMap((curve) => flat(curve.spreads)),
    dots: plot.curves.flatMap((curve) => curve.points.map((point) => [curve.kind, ...point])),
  }, all(".lc-row").map((row) => [...row.querySelectorAll(".lw-bar-fill, .lw-bar-track")]
      .map((node) => node.getBoundingClientRect().width)), view.rows.map((row) => row.share)];
}"""


def check(page, **settings):
    """What is drawn is what the model gives (tests/js/test_label_curves_model.py)."""
    settle(page)
    drawn, given, bars, shares = page.evaluate(DRAWN)
    assert drawn == given
    for (track, fill), share in zip(bars, shares, strict=True):
        assert fill == pytest.approx(track * share, abs=1)  # on a phone there is no bar
    for key, value in settings.items():
        assert page.evaluate("(key) => model.get(key)", key) == value
    return drawn


def test_dragging_the_number_of_labels(page):
    show(page, LabelCurves(count=0))
    slider = page.get_by_label("Labels", exact=True)
    for count in COUNTS:
        if count:
            slider.press("ArrowRight")
        check(page, count=count)
    assert slider.get_attribute("aria-valuetext") == "all labels"


def test_another_way_and_another_task(page):
    show(page, LabelCurves(count=50))
    for way in WITH:
        page.get_by_role("radio", name=re.compile(f"^{way}")).check()
        drawn = check(page, way=way)
        assert [row[0] for row in drawn["ways"] if row[1]] == [way]
    page.get_by_text("which section").click()
    check(page, task="sections")
    assert page.evaluate("() => saved.task") == "sections"


def test_python_can_set_everything(page):
    show(page, LabelCurves())
    page.evaluate("() => { model.set('task', 'sections'); model.set('count', 'all'); }")
    check(page, task="sections", count="all")


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
    before = {row[0] for row in check(page)["ways"]}
    rows = page.locator(".lc-rows").bounding_box()
    assert rows["y"] + rows["height"] - top < 844 - 60
    slider.press("End")
    after = {row[0] for row in check(page)["ways"]}
    assert after == set(WITH) and before.isdisjoint(WITH)
