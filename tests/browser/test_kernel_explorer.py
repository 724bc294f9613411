"""KernelExplorer on a bare page: it draws what its model says, and fits the page around it."""

import re

import numpy as np
import pytest

from large_models.widgets.assets import picture
from large_models.widgets.kernel_explorer import KernelExplorer
from tests.browser.harness import serious, settle, show, tabbed
from tests.browser.kernel_page import pixels_of, reading

# Pairs of what is on the page and what the model says, by name.
DRAWN = """async () => {
  const [m, k, {pixelsOf}, {readGrayPng}, {tensor}] = await Promise.all(["kernel_explorer/model",
    "kernel_explorer/kernel_model", "kit/colors", "engine/pixels", "engine/nn"].map((name) => (
    import(`/${name}.js`))));
  const {buffer, byteOffset, byteLength} = model.get("_image");
  const {width, gray} = await readGrayPng(new Uint8Array(buffer, byteOffset, byteLength));
  const layer = m.layerOf(Object.fromEntries(m.SETTINGS.map((key) => [key, model.get(key)])),
    tensor(Float32Array.from(gray), [1, width, width]));
  const at = m.placeOf(layer, [model.get("row"), model.get("col")]);
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const style = (node, ...names) => names.map((name) => node.style.getPropertyValue(name));
  const bytes = (canvas, x, y, w, h) => (
    [...canvas.getContext("2d").getImageData(x, y, w, h).data]);
  const css = (name) => getComputedStyle(one(".lw")).getPropertyValue(name).trim();
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const color = (text) => {
    const node = document.createElement("i");
    node.style.background = text;
    return node.style.background;
  };
  const found = {};
  const put = (name, drawn, expected) => { found[name] = [drawn, expected]; };

  const pictures = m.picturesOf(layer);
  const side = one(".ke-in .ke-frame").clientWidth;
  const marks = m.marksOf(layer, at, side, false);
  for (const [which, tone] of [["in", "--lw-in"], ["out", "--lw-out"]]) {
    const {values, shape: [H, W], colors, title, size, label, blocks} = pictures[which];
    const canvas = one(`.ke-${which} .ke-map`);
    put(`${which} size`, [canvas.width, canvas.height], [W, H]);
    const pixels = pixelsOf(values, colors);
    put(`${which} pixels`, bytes(canvas, 0, 0, W, H), [...new Uint8Array(pixels.buffer)]);
    put(`${which} blocks`, canvas.classList.contains("ke-blocks"), blocks);
    const marked = all(`.ke-${which} .lw-legend-marks span`).map((n) => n.textContent);
    put(`${which} legend`, marked, colors.labels);
    put(`${which} title`, one(`.ke-${which} .ke-title`).textContent, `${title} ${size}`);
    put(`${which} label`, one(`.ke-${which} .ke-frame`).getAttribute("aria-label"), label);
    // The frame of the window: its colour in the middle of each of its four sides.
    const [x, y, w, h] = marks[which].box;
    const over = one(`.ke-${which} .ke-marks`);
    const points = [[x, y + h / 2], [x + w, y + h / 2], [x + w / 2, y], [x + w / 2, y + h]];
    const near = points.map((point) => {
      const around = bytes(over, ...point.map((n) => Math.round(n + m.MARGIN) - 1), 3, 3);
      const tones = Array.from({length: 9}, (_, i) => around.slice(4 * i, 4 * i + 3).join());
      return tones.includes(rgb(css(tone)).join());
    });
    put(`${which} window`, near, [true, true, true, true]);
  }

  const lens = m.lensOf(layer, at, one(".ke-zoom").clientWidth);
  const cells = all(".ke-zoom > span");
  put("lens texts", cells.map((n) => n.textContent), lens.cells.map(({text}) => text));
  put("lens colours", cells.map((n) => n.style.background),
    lens.cells.map(({background}) => color(background)));
  put("lens kinds", cells.map((n) => n.className), lens.cells.map(({tap, kind}) => (
    [tap ? "ke-tap" : "", kind === "pixel" ? "" : `ke-${kind}`].filter(Boolean).join(" "))));
  put("lens frame", style(one(".ke-zoom"), "--n", "--from", "--span"),
    [lens.n, lens.from, lens.span].map(String));
  put("lens label", one(".ke-zoom").getAttribute("aria-label"), lens.label);

  const tint = ({share, below}) => [`${share}%`, `var(--lw-${below ? "below" : "above"})`];
  const tints = (selector) => all(selector).map((n) => style(n, "--share", "--sign"));
  const products = m.productsOf(layer, at);
  const terms = all(".ke-products > span");
  put("products", terms.map((n) => n.textContent), products.cells.map(({text}) => text));
  put("tints", tints(".ke-products > span"), products.cells.map((cell) => tint(cell.tint)));
  put("winner", terms.map((n) => n.classList.contains("ke-winner")),
    products.cells.map(({winner}) => winner));
  const {label, value, note} = products.sum;
  put("sum", one(".ke-sum").textContent, `${label} = ${value}${note}`);
  put("where", one(".ke-equation").textContent, products.where);
  put("title", one(".ke-result .ke-title").textContent, products.title);
  put("kernel", tints(".ke-kernel > input"), k.kernelOf(model.get("kernel")).tints.map(tint));
  put("weights", all(".ke-kernel > input").map((n) => n.value),
    model.get("kernel").flat().map(k.shortWeight));
  put("note", one(".ke-note").textContent, k.kernelOf(model.get("kernel")).note);
  const formula = m.formulaOf(layer);
  const text = (parts) => parts.map((part) => (Array.isArray(part) ? part[0] : part)).join("");
  put("formula", one(".ke-formula").textContent, formula.label + text(formula.words)
    + `= ${text(formula.numbers)}\u00a0=\u00a0${formula.result}`);
  return found;
}"""


@pytest.mark.parametrize(
    ("settings", "lang", "width"),
    [
        ({}, "en", 760),
        ({"kernel": "gauss-5", "dilation": 3, "stride": 4, "photo": "digit"}, "zh-CN", 390),
        ({"kernel": "sharpen", "clip": True, "row": 0, "col": 0}, "en", 390),
        ({"tab": "pooling", "pool_window": 3, "row": 60, "col": 50}, "zh-CN", 760),
        ({"tab": "pooling", "pool": "average", "photo": "digit", "row": 3}, "en", 760),
    ],
)
def test_draws_what_the_model_says(page, settings, lang, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, KernelExplorer(**settings), lang=lang, width=width)
    reading(page)
    pairs = page.evaluate(DRAWN)
    assert len(pairs) == 29
    for name, (drawn, expected) in pairs.items():
        assert drawn == expected, name


def test_draws_the_pixels_themselves(page):
    """The input is the photograph to the last level; so is what the identity makes of it."""
    show(page, KernelExplorer(kernel="identity", clip=True))
    expected = np.repeat(picture("china")[..., None], 3, 2)
    np.testing.assert_array_equal(pixels_of(page, "in"), expected)
    np.testing.assert_array_equal(pixels_of(page, "out"), expected)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, KernelExplorer(), width=width if width < 760 else 760)
    after = page.locator("#after")
    settle(page)
    top = after.bounding_box()["y"]

    def check(what):
        settle(page)
        boxes = [part.bounding_box() for part in page.locator(".ke-grid > *").all()]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                beside = a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"]
                below = a["y"] >= b["y"] + b["height"] or b["y"] >= a["y"] + a["height"]
                assert beside or below, f"{what}: {a} lies over {b}"
        assert after.bounding_box()["y"] == top, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    check("at first")
    page.get_by_label("weight row 1, column 1").fill("abc")
    check("a message at a cell")
    page.get_by_role("combobox", name="Kernel").select_option("gauss-5")
    check("a larger kernel")
    for _ in range(2):
        page.get_by_role("button", name="more dilation").click()
    check("a wider window")
    page.locator("input[type=file]").set_input_files(
        {
            "name": "a-rather-long-name-of-a-file-that-is-no-image.txt",
            "mimeType": "",
            "buffer": b"x",
        }
    )
    page.locator(".ke-message").get_by_text("is not an image").wait_for()
    check("a message about a file")
    page.get_by_label("cut to 0–255 like a photo").check()
    check("cut")
    page.get_by_label("Layer").get_by_text("Pooling").click()
    check("the other tab")


@pytest.mark.parametrize(
    ("theme", "lang", "width", "tab"),
    [
        ("light", "en", 1280, "convolution"),
        ("dark", "zh-CN", 390, "convolution"),
        ("light", "zh-CN", 390, "pooling"),
        ("dark", "en", 1280, "pooling"),
    ],
)
def test_axe_finds_nothing_serious(page, theme, lang, width, tab):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, KernelExplorer(tab=tab), lang=lang, theme=theme)
    assert serious(page) == []


def test_chinese(page):
    show(page, KernelExplorer(), lang="zh-CN")
    credit = page.locator(".ke-credit").inner_text()
    text = page.locator(".lw").inner_text().replace(credit, "")
    assert "先试试" in text and "卷积核" in text
    # No English word is left but names.
    words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"Sobel", "LeNet"}
    assert words == set()
    page.get_by_label("权重 第 1 行第 1 列").fill("x")
    assert "不是" in page.locator(".ke-wrong").inner_text()
    page.get_by_label("层").get_by_text("池化").click()
    assert "池化没有权重" in page.locator(".lw").inner_text()


def test_a_theme_that_changes_is_followed(page):
    show(page, KernelExplorer())
    label = page.locator(".ke-in .lw-in")
    light = label.evaluate("(node) => getComputedStyle(node).color")
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    assert label.evaluate("(node) => getComputedStyle(node).color") != light


def test_everything_can_be_reached_by_tab(page):
    show(page, KernelExplorer())
    page.locator(".lw select").first.focus()
    seen = tabbed(page, 40)
    names = " | ".join(seen)
    for wanted in ["Your file", "Convolution", "Input", "play", "Kernel", "more stride", "Output",
                   "cut to", "weight row 3, column 3", "change the sign"]:  # fmt: skip
        assert wanted in names, f"{wanted!r} is not among {names}"
    assert "more window" not in names, "what is hidden is not reached"


def test_ends_cleanly(page):
    show(page, KernelExplorer())
    assert page.evaluate("() => model.listening()") > 0
    page.get_by_role("button", name="play").click()
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
