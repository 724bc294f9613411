"""BertLive and CheckpointScrubber while their model is on its way: what is fetched, what waits, and
what is said if nothing comes."""

import base64

import pytest

from large_models.widgets import BertLive
from large_models.widgets.assets import ASSETS
from large_models.widgets.bert_panel import EXAMPLE
from tests.browser.bert import BOTH, PLEASE, check, chip, later, settle, wake
from tests.browser.harness import new_page, show


@pytest.mark.parametrize("kind", BOTH)
def test_nothing_is_fetched_before_it_is_used(page, kind):
    show(page, kind(masked=2))
    assert [name for name in page.asked if name.startswith("bert-docs")] == []
    check(page, EXAMPLE, 2, 24_000 if kind is BertLive else 0)
    wake(page)
    names = {name for name in page.asked if name.startswith("bert-docs")}
    wanted = {"bert-docs-tokenizer.js"}
    wanted |= (
        {"bert-docs-024000.js", "bert-docs-packages.js"}
        if kind is BertLive
        else {"bert-docs-000000.js"}
    )
    assert names == wanted
    check(page, EXAMPLE, 2, 24_000 if kind is BertLive else 0)


@pytest.mark.parametrize("kind", BOTH)
def test_a_sentence_typed_before_the_model_is_there_keeps_its_hidden_word(page, kind):
    text, masked = f"Please: {EXAMPLE}", 9 + PLEASE + 1  # the hidden word has moved
    show(page, kind())
    come = later(page)
    field = page.get_by_label("Your sentence")
    field.fill(text[: len(text) // 2])
    field.fill(text)
    page.locator(".bp-message").get_by_text("Loading").wait_for()
    assert page.locator(".bp-token[aria-pressed=true]").count() == 1  # of the sentence before
    come()
    page.wait_for_function("(text) => model.get('text') === text", arg=text)
    settle(page)
    assert page.evaluate("() => model.get('masked')") == masked
    check(page, text, masked, 24_000 if kind is BertLive else 0)


@pytest.mark.parametrize("kind", BOTH)
def test_a_press_while_the_next_sentence_loads_hides_the_same_word_there(page, kind):
    """Python has set a text whose reading is not there yet: the old one's tokens can be pressed."""
    show(page, kind())
    come = later(page)
    text = f"Please: {EXAMPLE}"
    page.evaluate("(text) => { model.set('masked', null); model.set('text', text); }", text)
    page.locator(".bp-message").get_by_text("Loading").wait_for()
    chip(page, 5).click()
    assert page.evaluate("() => model.get('masked')") is None
    come()
    page.wait_for_function("() => model.get('masked') !== null")
    settle(page)
    assert page.evaluate("() => [saved.masked, saved.query]") == [5 + PLEASE + 1] * 2
    check(page, text, 5 + PLEASE + 1, 24_000 if kind is BertLive else 0)


def test_a_press_while_the_model_loads_is_not_lost(page):
    show(page, BertLive())
    come = later(page)
    for at in (3, 5):
        chip(page, at).click()
    page.locator(".bp-message").get_by_text("Loading").wait_for()
    come()
    settle(page)
    check(page, EXAMPLE, 5)


def hold_long_timers(page):
    """What waits for seconds waits until `late()` is called in the page: no clock decides."""
    page.add_init_script("""
      const held = [], soon = window.setTimeout;
      window.setTimeout = (f, ms, ...rest) => (ms >= 5000 ? held.push(f) : soon(f, ms, ...rest));
      window.late = () => held.splice(0).forEach((f) => f());
    """)


def answer_as_kernel(page):
    page.wait_for_function("() => sent.length")
    for message in page.evaluate("() => sent"):
        name = message["name"]
        page.evaluate(
            "([name, text]) => model.answer({type: 'asset', name}, text)",
            [name, base64.b64encode(ASSETS[name]()).decode()],
        )


@new_page
def test_a_kernel_answers_where_there_is_one(page):
    hold_long_timers(page)
    show(page, BertLive(), with_assets=False)
    chip(page, 3).click()
    assert "Loading the model" in page.locator(".bp-message").inner_text()
    answer_as_kernel(page)
    check(page, EXAMPLE, 3)


@new_page
def test_a_model_that_does_not_come_is_said_and_can_be_asked_for_again(page):
    hold_long_timers(page)
    show(page, BertLive(), with_assets=False)
    before = page.locator(".bp-answers").inner_text()
    chip(page, 3).click()
    page.evaluate("() => late()")
    page.locator(".bp-message").get_by_text("could not be loaded").wait_for()
    assert page.locator(".bp-answers").inner_text() == before
    page.evaluate("() => { sent.length = 0; }")
    page.get_by_role("button", name="Try again").click()
    assert len(page.evaluate("() => sent")) == 3
    answer_as_kernel(page)
    check(page, EXAMPLE, 3)
