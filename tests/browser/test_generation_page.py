"""GenerationView and what is around it: a model that comes late, its room, its language."""

import base64
import re

import pytest

from large_models.widgets.assets import ASSETS
from large_models.widgets.generation_view import GenerationView
from tests.browser.generation import bars, button, chips, step, title, wake
from tests.browser.harness import (
    kept_height,
    model,
    new_page,
    serious,
    set_from_python,
    settle,
    show,
    state_of,
    tabbed,
)

ASSET_NAMES = ["gpt-docs", "gpt-docs-tokenizer"]


def answer_as_kernel(page):
    for name in ASSET_NAMES:
        content = {"type": "asset", "name": name}
        data = base64.b64encode(ASSETS[name]()).decode()
        page.evaluate("([content, data]) => model.answer(content, data)", [content, data])


def test_a_kernel_answers_where_there_is_one(page):
    show(page, GenerationView(), with_assets=False)
    button(page, "Step").click()
    assert [m["name"] for m in page.evaluate("() => sent")] == ASSET_NAMES
    assert "Loading the model" in page.locator(".gv-message").inner_text()
    answer_as_kernel(page)
    page.wait_for_function("() => saved._ids")
    assert len(model(page, "_ids")) == 1, "the step that was asked for is made"


def test_what_is_typed_before_the_model_is_there_counts(page):
    show(page, GenerationView(), with_assets=False)
    field = page.get_by_label("Your beginning")
    field.fill("The first")
    field.press("Enter")
    answer_as_kernel(page)
    page.wait_for_function("() => model.get('_ids').length === 1")
    assert model(page, "prompt") == "The first"


def test_a_play_that_is_stopped_before_the_model_is_there_does_not_start(page):
    show(page, GenerationView(), with_assets=False)
    button(page, "Play").click()
    settle(page)
    button(page, "Stop").click()
    button(page, "Step").click()
    answer_as_kernel(page)
    page.wait_for_function("() => model.get('_ids').length === 1")
    settle(page)
    assert button(page, "Play").is_visible() and len(model(page, "_ids")) == 1
    button(page, "Play").click()
    page.wait_for_function("() => model.get('_ids').length >= 3")


def test_a_bar_of_another_text_is_not_put_into_this_one(page):
    """Pressed while the model loads, after another beginning was typed: its place is gone."""
    show(page, GenerationView(), with_assets=False)
    page.get_by_label("Your beginning").fill("The")
    page.locator(".gv-bar").first.click()
    answer_as_kernel(page)
    page.wait_for_function("() => model.get('prompt') === 'The'")
    settle(page)
    assert model(page, "_ids") == [] and chips(page) == ["The"]
    show(page, GenerationView(), with_assets=False)
    wanted = bars(page)[1][0]
    page.locator(".gv-bar").nth(1).click()
    answer_as_kernel(page)
    page.wait_for_function("() => model.get('_ids').length === 1")
    assert chips(page)[-1] == wanted, "of the same text it is"


def test_a_text_that_is_not_read_yet_is_not_counted(page):
    """The text has changed since Python's picture was made, and the model is not there."""
    view = GenerationView()
    view.prompt = "Raises"
    show(page, view, with_assets=False)
    settle(page)
    assert page.locator(".gv-count").inner_text() == ""
    assert page.locator(".gv-looked").inner_text() == "Loading …"
    answer_as_kernel(page)
    page.locator(".gv-count").get_by_text("of 128 tokens").wait_for()
    assert "".join(chips(page)) == "Raises"


@new_page
def test_a_model_that_does_not_come_is_said_and_can_be_asked_for_again(page):
    page.clock.install()
    show(page, GenerationView(), with_assets=False)
    before = bars(page)
    button(page, "Step").click()
    page.clock.run_for(5100)
    message = page.locator(".gv-message")
    message.get_by_text("could not be loaded").wait_for()
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    assert bars(page) == before
    button(page, "Try again").click()
    assert len(page.evaluate("() => sent")) == 4
    assert "Loading" in message.inner_text()
    answer_as_kernel(page)
    page.clock.run_for(100)
    page.wait_for_function("() => model.get('_ids').length === 1")


def end_of(page):
    """Where the page goes on after the widget."""
    return page.evaluate(
        "() => document.getElementById('after').getBoundingClientRect().top + scrollY"
    )


def test_state_is_small():
    assert len(str(state_of(GenerationView()))) < 40_000


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, GenerationView(), width=width if width < 760 else 760)
    settle(page)
    top = end_of(page)

    def check(what):
        settle(page)
        assert end_of(page) == top, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    check("at first")
    wake(page)
    check("the model is there")
    step(page, 40)
    check("a longer text")
    area = page.locator(".gv-words").bounding_box()
    last = page.locator(".gv-token").last.bounding_box()
    assert area["y"] <= last["y"] < area["y"] + area["height"], "the newest is in sight"
    page.locator(".gv-token").nth(20).click()
    check("a token")
    set_from_python(page, top_k=5, temperature=2)
    check("cuts")
    page.locator(".gv-token").last.click()
    check("the next token")
    step(page, 2)
    page.locator(".gv-token").nth(-3).click()
    check("a token that was chosen with cuts")
    page.get_by_text("most probable").click()
    check("greedy")
    page.get_by_label("Your beginning").fill("z " * 200)
    check("a message")
    page.get_by_label("Your beginning").fill("机器学习" * 10)
    check("bytes")
    page.get_by_label("Your beginning").fill("")
    check("an empty beginning")
    set_from_python(page, prompt="W" * 100, text="\n\n\n" + " the" * 20)
    check("many lines")
    set_from_python(page, prompt="x", text=" the" * 127, seed=2**32 - 1)
    check("the end of what it can read")


@new_page
def test_a_message_moves_nothing(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.clock.install()
    show(page, GenerationView(), width=390, with_assets=False)
    top = end_of(page)
    button(page, "Step").click()
    assert end_of(page) == top
    page.clock.run_for(5100)
    page.locator(".gv-message").get_by_text("could not be loaded").wait_for()
    assert end_of(page) == top
    again = button(page, "Try again").bounding_box()
    assert 0 <= again["x"] and again["x"] + again["width"] <= 390


@pytest.mark.parametrize("width", [760, 390])
def test_the_place_that_is_kept_is_its_own(page, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, GenerationView(), width=width)
    height = page.locator(".lw").bounding_box()["height"]
    assert kept_height(page) == pytest.approx(height, abs=40)


@pytest.mark.parametrize(
    ("theme", "lang", "width"),
    [("light", "en", 760), ("dark", "zh-CN", 390), ("light", "zh-CN", 390), ("dark", "en", 760)],
)
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    view = GenerationView(text=" samples in each class", temperature=1.5, top_k=4, layer=1, head=0)
    show(page, view, lang=lang, theme=theme, width=width)
    wake(page)
    page.locator(".gv-token").nth(5).click()
    settle(page)
    assert serious(page) == []
    small = page.locator(".lw :is(button, textarea, input[type=range])").evaluate_all(
        "(nodes) => nodes.map((n) => n.getBoundingClientRect())"
        ".filter((b) => b.width && (b.width < 24 || b.height < 24)).length"
    )
    assert small == 0


def test_chinese(page):
    show(page, GenerationView(prompt="1"), lang="zh-CN")
    wake(page)
    page.get_by_role("button", name="一步").click()
    settle(page)
    text = page.locator(".lw").inner_text()
    shown = "".join(page.locator(".gv-token, .lw-bar-name, .gv-looked b").all_text_contents())
    words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"GPT", "Python", "Top", "MB"}
    assert {word for word in words if word not in shown} == set()
    page.get_by_label("您的开头").fill("z " * 200)
    page.locator(".gv-wrong").get_by_text("模型最多读 128 个").wait_for()


def test_everything_can_be_reached_by_tab(page):
    show(page, GenerationView(text=" x"))
    wake(page)
    page.get_by_label("Your beginning").focus()
    seen = tabbed(page, 40)
    names = " | ".join(seen)
    for wanted in ["?", "Step", "Play", "Undo", "Reset", "%", "draw", "Temperature", "Top-k",
                   "Top-p", "more Seed", "mean of all heads"]:  # fmt: skip
        assert wanted in names, f"{wanted!r} is not among {names}"


def test_what_is_written_is_said(page):
    show(page, GenerationView())
    step(page)
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    name, share = page.locator("[aria-live]").inner_text().rsplit(" ", 1)
    assert name == chips(page)[-1]
    page.locator(".gv-token").nth(4).click()
    assert share in title(page)


def test_ends_cleanly(page):
    show(page, GenerationView())
    wake(page)
    assert page.evaluate("() => model.listening()") > 0
    button(page, "Play").click()
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
    page.wait_for_timeout(300)
