"""BertLive and CheckpointScrubber in their page: room, phone, languages, keys, and their end."""

import re

import pytest

from large_models.widgets import CheckpointScrubber
from tests.browser.bert import BOTH, chip, settle, shown, wake
from tests.browser.harness import kept_height, serious, show, tabbed


@pytest.mark.parametrize("kind", BOTH)
def test_the_first_task_is_seen_on_a_phone_without_scrolling(page, kind):
    """Cause and effect fit into one screen of 390 x 844, and the effect is there."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, kind(), width=390)
    wake(page)
    before = shown(page)
    cause = page.locator(".cs-training input" if kind is CheckpointScrubber else ".bp-words")
    top = cause.bounding_box()["y"]
    bars = page.locator(".bp-answers .bp-bars").bounding_box()
    assert bars["y"] + bars["height"] - top < 844 - 60
    if kind is CheckpointScrubber:
        cause.press("End")
    else:
        chip(page, 5).click()
    assert shown(page) != before


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("width", [1280, 390])
def test_answers_move_nothing_and_nothing_sticks_out(page, kind, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, kind(masked=None), width=min(width, 760))
    wake(page)

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    for at in (1, 9, 13, 13):
        chip(page, at).evaluate("(node) => node.click()")
        assert end() == top
    if kind is CheckpointScrubber:
        for _ in range(4):
            page.get_by_label("Training").press("ArrowRight")
            assert end() == top
    page.get_by_label("Your sentence").fill("W" * 90 + " the" * 30)
    end()
    page.get_by_label("Your sentence").fill("机器学习" * 15)
    end()


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("width", [760, 390])
def test_the_place_that_is_kept_is_its_own(page, kind, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, kind(), width=width)
    height = page.locator(".lw").bounding_box()["height"]
    assert kept_height(page) == pytest.approx(height, abs=40)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 390), ("dark", "en", 760)]
)
def test_axe_finds_nothing_serious(page, kind, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, kind(), lang=lang, theme=theme, width=width)
    wake(page)
    assert serious(page) == []
    small = page.locator(".lw :is(button, textarea, input[type=range])").evaluate_all(
        "(nodes) => nodes.map((n) => n.getBoundingClientRect())"
        ".filter((b) => b.width && (b.width < 24 || b.height < 24)).length"
    )
    assert small == 0


@pytest.mark.parametrize("kind", BOTH)
def test_chinese(page, kind):
    show(page, kind(), lang="zh-CN")
    wake(page)
    text = page.locator(".lw").inner_text()
    names = "#: ".join(
        page.locator(".bp-token, .lw-bar-name, .bp-tries button").all_text_contents()
    )
    words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"BERT", "Python"}
    assert {word for word in words if word not in names} == set()


@pytest.mark.parametrize("kind", BOTH)
def test_keys(page, kind):
    show(page, kind())
    wake(page)
    page.get_by_label("Your sentence").focus()
    page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settle(page)
    place = page.evaluate("() => model.get('masked')")
    assert place is not None and place >= 4
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    seen = tabbed(page, 12)
    names = " | ".join(seen)
    for wanted in ["matrix", "compare two heads", "layer 3, head 1"]:
        assert wanted in names, f"{wanted!r} is not among {names}"


@pytest.mark.parametrize("kind", BOTH)
def test_ends_cleanly(page, kind):
    show(page, kind())
    wake(page)
    assert page.evaluate("() => model.listening()") > 0
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
