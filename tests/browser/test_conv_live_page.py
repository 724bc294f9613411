"""ConvLive on a bare page: what it draws, what Python sets, its place, its languages, its end."""

import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from large_models.data import digits
from large_models.widgets import ConvLive
from tests.browser.harness import show
from tests.browser.live import (
    SEVEN,
    assert_shows,
    different,
    draw,
    of_model,
    press,
    set_model,
    settle,
    story,
    tile,
)

IMAGES, LABELS = digits.load_digits().test_images, digits.load_digits().test_labels

# --- what is drawn is what the model says ---------------------------------------------------------


def rest_on(page, node, u=0.5, v=0.5):
    node.scroll_into_view_if_needed()
    box = node.bounding_box()
    page.mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"])
    settle(page)


def lines(page):
    """How many opaque pixels of the lines are redder than blue, and the other way round."""
    return page.locator(".cl-lines").evaluate(
        """(canvas) => {
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let [above, below] = [0, 0];
          for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] < 64) continue;
            if (data[i] > data[i + 2]) above += 1;
            else below += 1;
          }
          return [above, below];
        }"""
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_every_picture_is_the_models(page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    show(page, ConvLive())
    assert different(page) == []
    for layer, name, side in ((1, "conv1", 24), (1, "pool1", 12), (2, "conv2", 8), (2, "pool2", 4)):
        row, column = side // 3, side // 2
        canvas = tile(page, layer, 6).locator(f".cl-{name} canvas")
        rest_on(page, canvas, (column + 0.5) / side, (row + 0.5) / side)
        item = {"layer": name, "channel": 6, "row": row, "column": column}
        assert different(page, **item) == [], name
        kind = "Pooling" if "pool" in name else "Layer"
        assert re.match(rf"{kind} {layer}, \w+ 7, row {row + 1},", story(page)[0])
    rest_on(page, page.locator(".cl-units"), 0.5 if width > 700 else 8.5 / 32, 40.5 / 64)
    item = {"layer": "hidden", "channel": 40 if width > 700 else 32 + 8}
    assert different(page, **item) == []
    rest_on(page, page.locator(".cl-bar").nth(8))
    assert different(page, layer="output", channel=8) == []
    if width > 700:
        assert min(lines(page)) > 100  # some for, some against
        values = page.evaluate("() => model.get('kernels')")
        rest_on(page, tile(page, 1, 1).locator(".cl-conv1 canvas"))
        above, below = lines(page)  # a single line
        assert max(above, below) > 50 and min(above, below) == 0
        assert values == of_model(page, "kernels")
    else:
        assert lines(page) == [0, 0]
    page.mouse.move(2, 2)
    settle(page)
    assert story(page)[0].startswith("What speaks for a 4")
    assert page.locator(".cl-flow .cl-mark:visible").count() == 0
    draw(page, [(0.2, 0.3), (0.8, 0.25), (0.3, 0.6)])
    page.mouse.move(2, 2)
    set_model(page, off=[3], kernels=np.random.default_rng(2).normal(size=(8, 5, 5)).tolist())
    assert different(page) == []
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    settle(page)
    assert different(page) == []
    before = of_model(page, "counts")
    page.get_by_role("button", name="clear").click()
    page.mouse.move(2, 2)
    settle(page)
    assert different(page, before) == []


def test_the_theme_changes_the_ink(page):
    show(page, ConvLive())
    draw(page)
    ink = """() => {
      const copy = new OffscreenCanvas(320, 320).getContext("2d", {willReadFrequently: true});
      copy.drawImage(document.querySelector(".lw-paper"), 0, 0);
      const {data} = copy.getImageData(0, 0, 320, 320);
      return [...data].filter((_, i) => i % 4 === 0 && data[i + 3] === 255)[0];
    }"""
    dark_ink = page.evaluate(ink)
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    settle(page)
    assert dark_ink < 64 and page.evaluate(ink) > 192
    assert assert_shows(page) == 7


# --- Python, other views --------------------------------------------------------------------------


def test_python_sets_and_the_page_follows(page):
    show(page, ConvLive())
    draw(page)
    set_model(page, digit_index=5, _truth=int(LABELS[5]), counts=IMAGES[5].tolist(), drawing=[])
    assert assert_shows(page) == LABELS[5]
    assert page.locator(".cl-remark").inner_text() == "right"
    np.testing.assert_array_equal(of_model(page, "counts"), IMAGES[5])
    set_model(page, off=[0, 3], channel=4)
    assert_shows(page, off=[0, 3])
    assert page.locator(".cl-editor .cl-title").inner_text() == "Kernel of channel 5"
    kernels = np.zeros((8, 5, 5))
    kernels[:, 2, 2] = 1
    set_model(page, off=[], kernels=kernels.tolist())
    assert_shows(page, kernels=kernels)
    set_model(page, drawing=[[[100 * x, 100 * y] for x, y in SEVEN]])
    assert_shows(page, kernels=kernels)
    assert of_model(page, "digit_index") is None
    set_model(page, kernels=ConvLive().kernels)
    assert assert_shows(page) == 7


def test_python_draws_before_the_page_is_there(page):
    show(page, ConvLive(drawing=[[[50, 10], [50, 90]]]))
    assert assert_shows(page) == 1
    show(page, ConvLive(drawing=[[[50, 10], [50, 90]]], counts=IMAGES[5]))  # not that drawing's
    assert assert_shows(page) == LABELS[5]
    np.testing.assert_array_equal(of_model(page, "counts"), IMAGES[5])
    assert page.locator(".cl-none").is_visible()


# --- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_the_page_and_its_place_is_kept(page, width):
    """The height that the style sheet reserves is the widget's own, but for fonts."""
    page.set_viewport_size({"width": width, "height": 1000})
    root = show(page, ConvLive(), width=736)
    height = root.bounding_box()["height"]

    def same():
        settle(page)
        assert root.bounding_box()["height"] == height

    draw(page)
    same()
    page.get_by_label("channel 6 on").uncheck()
    tile(page, 1, 6).click()
    page.locator(".cl-cell").nth(0).fill("x")
    same()
    for node in (tile(page, 2, 3), page.locator(".cl-hidden"), page.locator(".cl-bar").nth(3)):
        node.hover()
        same()
    page.locator(".cl-example").last.click()
    same()
    page.get_by_role("button", name="clear").click()
    same()
    reserved = page.evaluate(
        """() => {
          const root = document.querySelector(".lw");
          root.replaceChildren();
          root.dataset.state = "loading";
          return root.getBoundingClientRect().height;
        }"""
    )
    assert reserved == pytest.approx(height, rel=0.05)


@pytest.mark.parametrize("width", [390, 360])
def test_fits_a_phone(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, ConvLive(off=[2]))
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
    draw(page)
    assert assert_shows(page, off=[2]) == 7
    # Paper and answer are seen together.
    paper, bar = (page.locator(s).bounding_box() for s in (".lw-paper", ".cl-bar >> nth=9"))
    assert bar["y"] + bar["height"] - paper["y"] < 400
    targets = "button, input, .cl-switch, .cl-hidden"
    for box in page.locator(f".lw :is({targets})").evaluate_all(
        "(all) => all.map((e) => e.closest('label') ?? e).map((e) => e.getBoundingClientRect())"
        ".map((b) => [b.width, b.height])"
    ):
        assert min(box) >= 23.9, box


@pytest.mark.parametrize(
    ("theme", "lang", "width"),
    [("light", "en", 1280), ("light", "en", 390), ("dark", "zh-CN", 390), ("dark", "en", 1280)],
)
def test_axe_finds_nothing(page, theme, lang, width):
    page.set_viewport_size({"width": width, "height": 1000})
    show(page, ConvLive(off=[1]), lang=lang, theme=theme)
    tile(page, 2, 3).hover()
    settle(page)
    found = Axe().run(page, {"include": [[".lw"]]}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_in_chinese(page):
    root = show(page, ConvLive(), lang="zh-CN")
    page.locator(".cl-cell").nth(0).fill("x")
    for act in (
        lambda: tile(page, 2, 2).hover(),
        lambda: page.locator(".cl-example").last.click(),
        lambda: page.locator(".cl-buttons button").nth(1).click(),
    ):
        act()
        settle(page)
        # Names and numbers aside, no English is left; nor is it in what screen readers hear.
        labels = page.locator(".lw [aria-label]").evaluate_all("(a) => a.map((e) => e.ariaLabel)")
        text = root.inner_text() + json.dumps(labels, ensure_ascii=False)
        assert set(re.findall(r"[A-Za-z]{3,}", text)) <= {"ReLU", "softmax", "Shift"}


def test_what_is_spoken_once_things_rest(page):
    show(page, ConvLive())
    draw(page)
    spoken = page.locator("[aria-live=polite]")
    assert spoken.inner_text() == ""
    page.wait_for_function("() => document.querySelector('[aria-live=polite]').textContent")
    assert spoken.inner_text() == "a 7, >99.9%"
    tile(page, 2, 0).focus()
    press(page, "ArrowRight")
    page.wait_for_function(
        "() => document.querySelector('[aria-live=polite]').textContent[0] === 'L'"
    )
    assert spoken.inner_text() == ". ".join(story(page))
    # Another theme is no news.
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    page.wait_for_timeout(700)
    assert spoken.inner_text() == ". ".join(story(page))


def test_the_clean_up_leaves_nothing(page):
    show(page, ConvLive())
    page.evaluate("() => window.end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
