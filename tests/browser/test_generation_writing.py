"""GenerationView: how the reader writes with it, and takes back what was written."""

import pytest
import torch

from large_models.models.gpt import filter_logits
from large_models.widgets.generation_view import GenerationView, tokens
from tests.browser.generation import (
    bars,
    button,
    check_bars,
    chips,
    oracle,
    scores_of,
    step,
    title,
    visible,
    wake,
)
from tests.browser.harness import delays, model, settle, show
from tests.js.test_sampling import mulberry32


def written(view, count):
    """What the page has to write, token by token."""
    ids = view.token_ids
    for n in range(count):
        scores = scores_of(ids)[-1]
        drawn = filter_logits(scores / view.temperature, view.top_k, view.top_p).softmax(-1)
        order = scores.argsort(descending=True, stable=True)
        at = int((drawn[order].cumsum(0) <= mulberry32(view.seed, n)).sum())
        ids = [*ids, int(order[min(at, 1023)])]
    return ids[-count:]


@pytest.mark.parametrize(
    "settings",
    [{}, {"seed": 2**32 - 1, "temperature": 0.8, "top_k": 20, "top_p": 0.9, "prompt": "Raises"}],
)
def test_draws_what_its_generator_says(page, settings):
    view = GenerationView(**settings)
    show(page, view)
    step(page, 12)
    ids = model(page, "_ids")
    assert ids == written(view, 12)
    assert page.evaluate("() => saved.text") == tokens().decode(ids, skip_special_tokens=False)
    assert chips(page)[len(view.token_ids) :] == [visible(tokens().decode([i])) for i in ids]


def test_the_same_seed_writes_the_same_text(page):
    show(page, GenerationView())
    step(page, 8)
    text = model(page, "text")
    button(page, "Reset").click()
    settle(page)
    assert model(page, "text") == ""
    step(page, 8)
    assert model(page, "text") == text
    for _ in range(3):
        button(page, "Undo").click()
    step(page, 3)
    assert model(page, "text") == text, "back and on again gives the same"
    page.get_by_role("button", name="more Seed").click()
    button(page, "Reset").click()
    step(page, 8)
    assert model(page, "text") != text


def test_greedy_writes_what_transformers_writes(page):
    view = GenerationView(greedy=True)
    show(page, view)
    step(page, 15)
    out = oracle().generate(
        torch.tensor([view.token_ids]),
        do_sample=False,
        max_new_tokens=15,
        pad_token_id=0,
        eos_token_id=-1,
    )
    assert view.token_ids + model(page, "_ids") == out[0].tolist()
    shown = bars(page)
    assert shown[0][1] == 1 and all(p == 0 for _, p in shown[1:])
    assert not page.get_by_label("Temperature").is_visible()


def test_a_bar_is_a_token_to_put_there(page):
    show(page, GenerationView())
    second = bars(page)[1][0]
    page.locator(".gv-bar").nth(1).click()
    page.wait_for_function("() => saved._ids")
    assert chips(page)[-1] == second
    first = bars(page)[0][0]
    page.locator(".gv-bar").first.focus()
    page.keyboard.press("Enter")
    assert chips(page)[-1] == first
    assert page.evaluate("() => document.activeElement.matches('.gv-bar')")
    page.locator(".gv-token").nth(4).click()
    assert "was picked by you" in title(page)


def test_another_choice_at_an_earlier_token(page):
    show(page, GenerationView())
    step(page, 6)
    before = chips(page)
    page.locator(".gv-token").nth(6).click()
    other = next(name for name, _ in bars(page) if name != before[6])
    page.locator(".gv-bar").filter(has=page.get_by_text(other, exact=True)).first.click()
    assert chips(page) == [*before[:6], other]
    assert len(model(page, "_ids")) == 3
    button(page, "Undo").click()
    assert chips(page) == before
    # In the beginning nothing can be put by a bar: it is the reader's.
    page.locator(".gv-token").nth(2).click()
    settle(page)
    page.locator(".gv-bar").first.click(force=True)
    assert chips(page) == before


def test_plays_and_stops(page):
    show(page, GenerationView())
    button(page, "Play").click()
    page.wait_for_function("() => model.get('_ids').length >= 3")
    button(page, "Stop").click()
    count = len(model(page, "_ids"))
    page.wait_for_timeout(400)
    assert len(model(page, "_ids")) == count
    assert button(page, "Play").is_visible()


def test_reduced_motion_slows_to_a_token_a_second(page):
    page.emulate_media(reduced_motion="reduce")
    show(page, GenerationView())
    wake(page)
    asked = delays(page)
    button(page, "Play").click()
    page.wait_for_function("() => model.get('_ids').length === 1")
    assert 1000 in asked() and min(asked()) >= 500, "what is read out rests for half a second"


def test_the_end_of_what_it_can_read(page):
    view = GenerationView(prompt="z " * 60, text=" x" * 6)
    count = len(view.token_ids)
    show(page, view)
    step(page, 128 - count)
    assert len(chips(page)) == 128
    assert "128 of 128 tokens: the model can read no more" in page.locator(".gv-count").inner_text()
    text = model(page, "text")
    step(page)
    page.locator(".gv-bar").first.click(force=True)
    button(page, "Play").click(force=True)
    settle(page)
    assert model(page, "text") == text and button(page, "Play").is_visible()
    button(page, "Undo").click()
    assert len(chips(page)) == 127


def test_your_own_beginning(page):
    show(page, GenerationView())
    field = page.get_by_label("Your beginning")
    for text in ["Raises", "Raises a\n\nValue", "a 错误", "<img src=x onerror=alert(1)>", ""]:
        field.fill(text)
        page.wait_for_function("(text) => saved.prompt === text", arg=text)
        ids = tokens().encode(text or "<|endoftext|>").ids
        assert len(chips(page)) == len(ids)
        check_bars(page, scores_of(ids)[-1])
    assert chips(page) == ["<|endoftext|>"]
    assert page.locator(".lw img").count() == 0
    field.press("Shift+Enter")
    settle(page)
    assert model(page, "prompt") == "\n"
    field.press("Enter")
    settle(page)
    assert len(model(page, "_ids")) == 1, "Enter writes a token"


def test_a_changed_beginning_can_be_undone(page):
    show(page, GenerationView())
    step(page, 4)
    before, text = chips(page), model(page, "text")
    page.get_by_label("Your beginning").press("End")
    page.keyboard.type("!?")
    settle(page)
    assert model(page, "text") == "" and chips(page)[-1].endswith("?")
    button(page, "Undo").click()
    assert chips(page) == before and model(page, "text") == text
    assert page.get_by_label("Your beginning").input_value() == "Returns the number of"


def test_undo_goes_back_over_everything(page):
    show(page, GenerationView())
    step(page, 2)
    two = model(page, "_ids")
    button(page, "Reset").click()
    page.get_by_label("Your beginning").fill("The")
    step(page)
    button(page, "Undo").click()
    assert (model(page, "prompt"), model(page, "_ids")) == ("The", [])
    button(page, "Undo").click()
    assert (model(page, "prompt"), model(page, "_ids")) == ("Returns the number of", two)


def test_a_beginning_that_is_too_long_is_said_and_changes_nothing(page):
    show(page, GenerationView())
    step(page, 2)
    before = chips(page)
    field = page.get_by_label("Your beginning")
    field.fill("z " * 100)
    page.locator(".gv-wrong").get_by_text("the model reads at most 128").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == "z " * 100
    assert chips(page) == before and model(page, "prompt") == "Returns the number of"
    step(page)
    assert len(chips(page)) == len(before) + 1, "the one before still counts"
    field.fill("z")
    settle(page)
    assert page.locator(".gv-wrong").inner_text() == "" and chips(page) == ["z"]
