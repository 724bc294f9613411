"""AttentionExplorer and the page around it: its room, its language, its theme, its end."""

import re

import pytest

from large_models.widgets.attention_explorer import EXAMPLES, AttentionExplorer
from tests.browser.attention import SENTENCES, cell, top, watching, widget
from tests.browser.harness import serious, settle, show, state_of, tabbed


def test_state_is_small():
    assert len(str(state_of(AttentionExplorer()))) < 10_000


@pytest.mark.parametrize("width", [1280, 390, 360])
def test_nothing_moves_and_nothing_sticks_out_by_hand(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, AttentionExplorer(), width=min(width, 760))
    first = top(page)

    def check(what):
        assert top(page) == first, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what
        over = page.locator(".ax-how").evaluate("(n) => n.scrollHeight - n.clientHeight")
        assert over <= 0, what

    check("at first")
    for label in ["causal mask", "softmax twice", "divide by √D"]:
        page.get_by_label(label).click()
        check(label)
    page.get_by_label("temperature").fill("5")
    check("a temperature")
    for name in ["q", "v", "masked", "weights", "output"]:
        cell(page, name, 1, 1).hover()
        check(name)
    page.get_by_label("W_K: thing, column 2", exact=True).hover()
    check("a weight of W")
    page.get_by_label("ball, thing", exact=True).fill("-33.333")
    check("a long number")
    cell(page, "scaled", 1, 1).hover()
    check("a long score")
    page.get_by_label("ball, thing", exact=True).fill("a-rather-long-word-that-is-no-number")
    check("a message")
    page.get_by_label("name of word 1").fill("Maximiliane-Antonia")
    page.keyboard.press("Tab")
    check("a long name")
    for name in EXAMPLES:
        page.get_by_label("Example").select_option(name)
        check(name)


@pytest.mark.parametrize("width", [1280, 390, 360])
def test_nothing_moves_and_nothing_sticks_out_in_maps(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, watching(), width=min(width, 760))
    first = top(page)

    def check(what):
        assert top(page) == first, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    check("at first")
    for i in (5, 6, 7):
        page.locator(".ax-word").nth(i).hover()
        check(f"word {i}")
    page.get_by_role("radio", name="layer 3, head 4").click()
    page.locator(".ax-word").nth(4).click()
    check("nowhere")
    page.get_by_text("lines").click()
    check("lines")
    page.get_by_label("compare two heads").check()
    check("two heads as lines")
    page.get_by_text("matrix").click()
    check("two heads")
    page.get_by_label("Sentence").select_option("1")
    check("a shorter sentence")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("small", {"causal": True, "double_softmax": True}),
        ("model", {"compare": (1, 1), "query": 6}),
    ],
)
def test_axe_finds_nothing_serious(page, theme, width, mode, settings):
    page.set_viewport_size({"width": width + 32, "height": 900})
    lang = "zh-CN" if width == 390 else "en"
    if mode == "model" and theme == "dark":
        settings = settings | {"view": "lines"}
    show(page, widget(mode, **settings), lang=lang, theme=theme, width=width)
    settle(page)
    assert serious(page) == []


def test_chinese(page):
    show(page, AttentionExplorer(), lang="zh-CN")
    settle(page)
    assert page.get_by_label("第 4 个词").input_value() == "它"
    everything = page.locator(".lw").inner_text()
    for name in EXAMPLES:
        page.get_by_label("例子").select_option(name)
        for place in [("q", 0, 0), ("masked", 1, 1), ("output", 1, 1)]:
            cell(page, *place).hover()
            everything += page.locator(".lw").inner_text()
    page.get_by_label("二, cos", exact=True).fill("x")
    assert "不是" in page.locator(".ax-wrong").inner_text()
    # No English word is left but names and what formulas are written with.
    assert set(re.findall(r"[A-Za-z]{2,}", everything)) <= {
        *("Lena", "softmax", "cos", "sin", "WQ", "WK", "WV")
    }
    assert "先试试" in everything


def test_chinese_maps(page):
    show(page, watching(sentence=1, compare=(0, 1)), lang="zh-CN")
    settle(page)
    page.locator(".ax-bar select").evaluate("(box) => box.remove()")
    text = page.locator(".lw").inner_text()
    assert "第 1 层，第 2 头" in text and "先试试" in text
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= set(SENTENCES[1][0])


@pytest.mark.parametrize("mode", ["small", "model"])
def test_a_theme_that_changes_is_followed(page, mode):
    show(page, widget(mode))
    label = page.locator(".lw .ax-query").first
    light = label.evaluate("(node) => getComputedStyle(node).color")
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    assert label.evaluate("(node) => getComputedStyle(node).color") != light
    if mode == "model":
        page.wait_for_function(
            """() => {
              const canvas = document.querySelector(".ax-thumb canvas");
              const {data} = canvas.getContext("2d").getImageData(0, 0, 1, 1);
              return data[0] > 100;
            }"""
        )


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        (
            "small",
            ["Example", "name of word 2", "it, round", "W_V: round, column 2", "change the sign"]
            + ["Q query", "Scores", "Weights", "Output", "causal mask", "temperature"],
        ),
        ("model", ["Sentence", "matrix", "compare two heads", "on", "layer 1, head 1. Up and"]),
    ],
)
def test_everything_can_be_reached_by_tab(page, mode, wanted):
    show(page, widget(mode))
    settle(page)
    page.evaluate("() => document.activeElement.blur()")
    seen = tabbed(page, 80)
    for name in wanted:
        assert any(name in label for label in seen), f"{name!r} is not among {seen}"


@pytest.mark.parametrize("mode", ["small", "model"])
def test_ends_cleanly(page, mode):
    show(page, widget(mode))
    assert page.evaluate("() => model.listening()") > 0
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
