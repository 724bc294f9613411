"""Compressor on a bare page: accuracy, size and errors are Python's; it reads in slices."""

import re

import numpy as np
import pytest

from large_models.data import digits
from large_models.formulas import cnn, training
from large_models.widgets.compressor import Compressor
from tests.browser.harness import serious, settle, show

SETTINGS = [
    {},
    {"bits": 3},
    {"bits": 3, "per": "row"},
    {"bits": 2, "per": "row", "layer": "hidden"},
    {"sparsity": 75},
    {"clip": 20},
    {"bits": 4, "per": "row", "sparsity": 65, "clip": 60},
    {"bits": 5, "layer": "conv2", "sparsity": 40},
]


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


def close_calls(widget):
    """How many digits are so near a tie that the order of a sum could decide."""
    w, x = widget.compressed, digits.to_input(digits.load_digits().test_images)
    for name in ("conv1", "conv2"):
        x = cnn.max_pool2d(cnn.relu(cnn.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"])), 2)
    x = cnn.relu(training.linear(x.reshape(len(x), -1), w["hidden.weight"], w["hidden.bias"]))
    best = np.sort(training.linear(x, w["output.weight"], w["output.bias"]), axis=1)[:, -2:]
    return int((np.diff(best, axis=1) < 1e-4).sum())


def check(page, widget):
    got = read(page)
    labels = digits.load_digits().test_labels
    wrong = np.flatnonzero(widget.answers != labels)
    near = close_calls(widget)
    assert near <= 3
    assert abs(got["right"] - (449 - len(wrong))) <= near
    assert got["size"] == pytest.approx(widget.kilobytes, abs=0.051)
    assert got["zeros"] == pytest.approx(100 * widget.zeros, abs=0.051)
    if not near:
        expected = [f"{labels[i]} → {widget.answers[i]}" for i in wrong[:18]]
        assert got["wrong"] == expected


def test_every_setting_gives_pythons_numbers(page):
    show(page, Compressor())
    for setting in SETTINGS:
        widget = Compressor(**setting)
        how = {key: getattr(widget, key) for key in ("bits", "per", "sparsity", "clip", "layer")}
        page.evaluate("(how) => Object.entries(how).forEach(([k, v]) => model.set(k, v))", how)
        check(page, widget)
    assert page.locator("circle").count() == len(SETTINGS)


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


def test_pruned_weights_are_blank_in_their_picture(page):
    show(page, Compressor(sparsity=60, layer="output"))
    read(page)
    clear = page.locator("canvas.cp-picture").evaluate_all(
        """(all) => all.map((c) => {
          const {data} = c.getContext("2d").getImageData(0, 0, c.width, c.height);
          return [c.width, c.height, data.filter((_, i) => i % 4 === 3).reduce((n, a) => n + (a === 0), 0)];
        })"""  # noqa: E501
    )
    sizes = {(64, 10): 384, (256, 64): 0, (47, 5): 7 * 5, (95, 47): 95 * 47 - 3200}
    assert {(w, h): n for w, h, n in clear} == sizes


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
    assert "20.8 kilobytes, 99.6 percent read right" in page.locator("[aria-live]").inner_text()


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
