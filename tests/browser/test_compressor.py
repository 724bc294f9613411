"""Compressor on a bare page: it draws what its model says, reads in slices, follows the reader."""

import re

import numpy as np
import pytest

from large_models.data import digits
from large_models.widgets.compressor import Compressor
from tests.browser.harness import serious, settle, show


def read(page):
    """Wait until all digits are read; what the page says."""
    settle(page)
    page.wait_for_selector('.cp-right[data-done="449"]')
    settle(page)
    return {
        "size": float(page.locator(".cp-size").inner_text().split()[0]),
        "right": int(
            re.match(r"\d+", page.locator(".cp-fact").nth(1).locator(".cp-more").inner_text())[0]
        ),
        "zeros": float(page.locator(".cp-zeros").inner_text().rstrip("%")),
        "wrong": page.locator(".cp-wrong:visible").all_inner_texts(),
    }


def check(page, widget):
    """The page is at a widget's setting: its size, and what it reads wrong (a tie may differ)."""
    got = read(page)
    wrong = int((widget.answers != digits.load_digits().test_labels).sum())
    assert abs(got["right"] - (449 - wrong)) <= 3
    assert got["size"] == pytest.approx(widget.kilobytes, abs=0.051)
    assert got["zeros"] == pytest.approx(100 * widget.zeros, abs=0.051)


# In the page: what the model says of the settings, and what is drawn of it.
MODEL = """async () => {
  const {compressorModel, SETTINGS} = await import("/compressor/model.js");
  const {pixelsOf} = await import("/kit/colors.js");
  const bytes = (key) => new Uint8Array(window.model.get(key).buffer);
  const model = compressorModel({weights: new Float32Array(bytes("_weights").slice().buffer),
    shapes: JSON.parse(window.model.get("_shapes")), digits: bytes("_digits"), labels: bytes("_labels")});
  model.choose(Object.fromEntries(SETTINGS.map((key) => [key, window.model.get(key)])));
  while (!model.finished()) model.readOne();
  const pixels = (canvas) => [...new Uint32Array(
    canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)];
  const same = (canvas, values, size, options) => canvas.height === size[0] && canvas.width === size[1]
    && String(pixels(canvas)) === String([...pixelsOf(values, options)]);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const {pictures, histogram, facts} = model.weights();
  const {points} = model.tried();
  const light = document.documentElement.dataset.theme === "dark";
  const {wrong} = model.progress(light);
  const numbers = (node) => node.getAttribute("d").match(/[\\d.]+/g).map(Number);
  const [rest, left, top] = [34, 40, 10];
  const [width, height] = [...document.querySelectorAll(".cp-plot")].at(1).getAttribute("viewBox")
    .split(" ").slice(2).map(Number);
  return {
    pictures: pictures.map(({values, size, max}, i) => {
      const canvas = all("canvas.cp-picture").find((c) => c.parentNode.textContent === model.captions()[i].caption);
      return same(canvas, values, size, {scale: "diverging", max});
    }),
    wrong: wrong.map(({values, max, text, label}, i) => {
      const node = all(".cp-wrong")[i];
      return !node.hidden && node.textContent === text && same(node.querySelector("canvas"), values, [8, 8], {max})
        && node.firstChild.getAttribute("aria-label") === label;
    }),
    tiles: all(".cp-wrong:not([hidden])").length,
    // Of the histogram: the heights that the drawn paths have, 0 to 1.
    before: numbers(document.querySelector(".cp-before")).filter((_, i) => i % 3 === 1)
      .map((y, i) => Math.abs((height - rest - y) / (height - rest - top) - histogram.before[i])),
    after: numbers(document.querySelector(".cp-after")).filter((_, i) => i % 5 === 2)
      .map((y, i) => Math.abs((height - rest - y) / (height - rest - top) - histogram.after.filter(Boolean)[i])),
    bars: histogram.after.filter(Boolean).length,
    now: all(".cp-now").map((c) => [
      Math.abs((c.getAttribute("cx") - left) / (width - left - 10) - points.at(-1).x),
      Math.abs((height - rest - c.getAttribute("cy")) / (height - rest - top) - points.at(-1).y)]),
    size: facts.size.value === document.querySelector(".cp-size").textContent,
  };
}"""  # noqa: E501


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_drawn_is_what_the_model_says(page, theme):
    show(page, Compressor(bits=2, sparsity=30), theme=theme)
    for change in ({}, {"per": "row", "layer": "conv2"}):
        page.evaluate("(how) => Object.entries(how).forEach(([k, v]) => model.set(k, v))", change)
        read(page)
        drawn = page.evaluate(MODEL)
        assert drawn["pictures"] == [True] * 4
        assert drawn["wrong"] == [True] * drawn["tiles"] and drawn["tiles"] > 0
        assert len(drawn["before"]) == 61 and max(drawn["before"]) < 1e-3
        assert len(drawn["after"]) == drawn["bars"] and max(drawn["after"]) < 1e-3
        assert np.max(drawn["now"]) < 1e-3 and len(drawn["now"]) == 1
        assert drawn["size"]
    assert page.locator(".cp-dot").count() == 1


def test_a_resize_reads_nothing_anew_and_a_theme_turns_the_ink(page):
    show(page, Compressor(bits=3))
    read(page)
    seen = page.evaluate(
        """() => new Promise((done) => {
          const seen = [];
          const right = document.querySelector(".cp-right");
          new MutationObserver(() => seen.push(right.dataset.done)).observe(right, {attributes: true});
          document.querySelector("main").style.maxWidth = "500px";
          requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(seen))));
        })"""  # noqa: E501
    )
    assert set(seen) <= {"449"}
    box = [int(n) for n in page.locator(".cp-plot").first.get_attribute("viewBox").split()]
    assert box[2] == round(page.locator(".cp-plot").first.bounding_box()["width"])
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    settle(page)
    assert page.evaluate(MODEL)["wrong"][0]


def test_dragging_and_choosing_reach_python(page):
    show(page, Compressor())
    page.get_by_label("Bits per weight").press("End")
    page.get_by_label("Pruned").press("ArrowRight")
    page.get_by_label("Clipped at").press("ArrowRight")
    page.get_by_text("row", exact=True).click()
    page.get_by_text("conv 2", exact=True).click()
    saved = page.evaluate("() => saved")
    assert saved == {"bits": 2, "sparsity": 1, "clip": 99, "per": "row", "layer": "conv2"}
    check(page, Compressor(**saved))
    texts = [page.get_by_role("slider").nth(i).get_attribute("aria-valuetext") for i in range(3)]
    assert texts == ["2 bits", "1%", "99% of the largest"]
    page.get_by_role("button", name="As trained").click()
    check(page, Compressor(per="row"))


def test_the_first_hundred_are_told_at_once_and_a_new_setting_starts_anew(page):
    show(page, Compressor())
    read(page)
    seen = page.evaluate(
        """() => new Promise((done) => {
          const seen = [];
          const right = document.querySelector(".cp-right");
          new MutationObserver(() => {
            const n = Number(right.dataset.done);
            if (seen.at(-1) !== n) seen.push(n);
            if (seen.length === 2) model.set("bits", 5);
            if (seen.length > 2 && n === 449) done(seen);
          }).observe(right, {attributes: true});
          model.set("bits", 4);
        })"""
    )
    assert seen[0] >= 100 and seen[1] > seen[0]
    again = seen.index(min(seen[2:]), 2)
    assert seen[again] <= seen[1] or seen[again] >= 100
    assert seen[-1] == 449 and seen[again:] == sorted(seen[again:])
    check(page, Compressor(bits=5))
    dots = page.locator("circle").count()
    assert dots in (2, 3)  # a setting that was left before all was read leaves no dot


def test_the_smallest_above_98_percent_is_kept(page):
    show(page, Compressor())
    read(page)
    note = page.locator(".cp-note").first
    assert note.inner_text() == "Your smallest above 98%: 82.1 KB"
    page.evaluate("() => { model.set('bits', 3); model.set('per', 'row'); }")
    read(page)
    assert note.inner_text() == "Your smallest above 98%: 6.9 KB"
    page.evaluate("() => model.set('bits', 2)")
    read(page)
    assert note.inner_text() == "Your smallest above 98%: 6.9 KB"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, Compressor(), width=min(width - 32, 760))

    def end():
        read(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    for change in (["bits", 2], ["bits", 3], ["per", "row"], ["clip", 5], ["sparsity", 95]):
        page.evaluate("(change) => model.set(...change)", change)
        assert end() == top, change


@pytest.mark.parametrize(
    ("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358), ("dark", "en", 760)]
)
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, Compressor(bits=3), lang=lang, theme=theme, width=width)
    read(page)
    assert serious(page) == []


def test_chinese(page):
    show(page, Compressor(bits=3), lang="zh-CN")
    page.wait_for_selector('.cp-right[data-done="449"]')
    words = set(re.findall(r"[A-Za-z]{2,}", page.locator(".lw").inner_text()))
    assert words <= {"KB"}


def test_what_is_dragged_is_said(page):
    show(page, Compressor())
    read(page)
    page.get_by_label("Bits per weight").press("ArrowRight")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    assert "20.8 kilobytes, 99.6% read right" in page.locator("[aria-live]").inner_text()


def test_ends_cleanly_in_the_middle_of_reading(page):
    show(page, Compressor())
    assert page.evaluate("() => model.listening()") > 0
    page.evaluate("() => { model.set('bits', 3); end(); }")
    settle(page)
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0


def test_what_to_try_first_is_seen_on_a_phone(page):
    """Bits, scale and the share that is read right, all at once on 390 x 844."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, Compressor(), width=358)
    read(page)
    page.locator(".lw-try").evaluate("(node) => node.scrollIntoView()")
    for part in (
        page.get_by_label("Bits per weight"),
        page.get_by_text("row", exact=True),
        page.locator(".cp-right"),
        page.locator(".cp-size"),
    ):
        box = part.bounding_box()
        assert 0 <= box["y"] and box["y"] + box["height"] <= 844


def test_the_first_task_breaks_it_and_the_row_mends_it():
    broken, mended = Compressor(bits=2), Compressor(bits=3, per="row")
    assert broken.accuracy < 0.5 and mended.accuracy > 0.98
