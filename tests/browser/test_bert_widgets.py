"""BertLive and CheckpointScrubber on a bare page: what they show against transformers, and each way
to move them."""

import re

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM

from large_models.widgets import BertLive, CheckpointScrubber
from large_models.widgets.assets import WEIGHTS
from large_models.widgets.bert_panel import EXAMPLE, tokens
from tests.browser.bert import BOTH, OWN, PLEASE, check, chip, settle, shown, wake
from tests.browser.harness import show


def test_a_pressed_token_is_hidden_and_shown_again(page):
    show(page, BertLive(masked=None))
    assert "Press a token" in page.locator(".bp-answers").inner_text()
    assert shown(page) == []
    for at in (1, 5, 13):
        chip(page, at).click()
        check(page, EXAMPLE, at)
        assert page.evaluate("() => [saved.masked, saved.query]") == [at, at]
    chip(page, 13).click()
    settle(page)
    assert shown(page) == [] and page.evaluate("() => saved.masked") is None
    for at in (0, 14):  # [CLS] and [SEP] stay
        chip(page, at).click(force=True)
        assert page.locator(".bp-token[aria-pressed=true]").count() == 0


def test_your_own_sentence(page):
    show(page, BertLive(masked=None))
    page.get_by_label("Your sentence").fill(OWN)
    settle(page)
    names = [tokens().id_to_token(i) for i in tokens().encode(OWN).ids]
    assert page.locator(".bp-token").all_text_contents() == names
    chip(page, 2).click()
    check(page, OWN, 2)
    # What is typed after the hidden token leaves it, what is typed before moves it along.
    for text, place in ((f"{OWN} Now.", 2), (f"Please {OWN} Now.", 2 + PLEASE)):
        page.get_by_label("Your sentence").fill(text)
        settle(page)
        assert page.evaluate("() => saved.masked") == place
        check(page, text, place)
    # A sentence without the hidden word: its last word is hidden, so that there is a question.
    page.get_by_label("Your sentence").fill("The axes of the figure!")
    settle(page)
    assert page.evaluate("() => saved.masked") == 5
    check(page, "The axes of the figure!", 5)
    page.get_by_label("Your sentence").fill("The [MASK] of elements in the list.")
    settle(page)
    assert page.evaluate("() => saved.masked") is None
    assert shown(page)[0][0] == "number"
    assert page.locator(".bp-answers .bp-verdict").inner_text() == ""


def test_several_masks_are_all_answered(page):
    show(page, BertLive())
    text = "The [MASK] of a [MASK] matrix and the [MASK] of elements."
    page.get_by_label("Your sentence").fill(text)
    settle(page)
    given = tokens().encode(text).tokens
    places = [at for at, token in enumerate(given) if token == "[MASK]"]
    for nth, at in enumerate(places[:2]):
        if nth:
            chip(page, at).click()
        found = shown(page)
        read = BertLive(text=text, masked=at)
        assert [word for word, _ in found] == [word for word, _ in read.answers]
        assert f"[MASK] {nth + 1} of 3" in page.locator(".bp-title").first.inner_text()
        assert chip(page, at).get_attribute("aria-pressed") == "true"
        assert page.locator(".bp-token[aria-pressed=true]").count() == 1
        others = [f"→ {read.guesses[place]}" for place in places if place != at]
        assert page.locator(".bp-guess").all_text_contents() == others


def test_the_suggested_sentences_have_a_question(page):
    show(page, BertLive(masked=None))
    buttons = page.locator(".bp-tries button")
    assert buttons.count() == 3
    for i in range(3):
        buttons.nth(i).click()
        settle(page)
        text = buttons.nth(i).inner_text()
        assert page.get_by_label("Your sentence").input_value() == text
        assert page.evaluate("() => model.get('text')") == text
        assert len(shown(page)) == 5


def test_labels_are_those_of_python(page):
    show(page, BertLive(masked=None))
    page.get_by_label("Your sentence").fill(OWN)
    wake(page)
    expected = BertLive(text=OWN, masked=None).label_probabilities
    found = dict(shown(page, ".bp-two > div:last-child"))
    assert found == pytest.approx(expected, abs=1e-4)
    assert list(found) == sorted(expected, key=expected.get, reverse=True)


def test_maps_are_those_of_the_text_that_is_shown(page):
    show(page, BertLive(masked=None))
    wake(page)
    page.get_by_label("Your sentence").fill(OWN)
    settle(page)
    pixels = """() => {
      const canvas = document.querySelector(".ax-map canvas");
      const {data, width} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return [width, [...data].filter((_, i) => i % 4 === 3)];
    }"""
    for layer, head in ((2, 0), (1, 3)):
        page.evaluate("(t) => Object.entries(t).forEach((e) => model.set(...e))",
                      {"layer": layer, "head": head})  # fmt: skip
        settle(page)
        width, alphas = page.evaluate(pixels)
        ids = tokens().encode(OWN).ids
        assert width == len(ids)
        model = BertForMaskedLM.from_pretrained(WEIGHTS / "bert-docs", attn_implementation="eager")
        with torch.no_grad():
            out = model.eval()(torch.tensor([ids]), output_attentions=True)
        looks = out.attentions[layer][0, head].numpy().ravel()
        np.testing.assert_allclose(np.array(alphas) / 255, looks, atol=0.01)


def test_dragging_through_training(page):
    show(page, CheckpointScrubber(masked=9))
    slider = page.get_by_label("Training")
    for step in (0, 100, 1000, 10_000, 24_000):
        if step:
            slider.press("ArrowRight")
        settle(page)
        assert page.locator(".cs-training .lw-slider-value").inner_text() == f"after {step:,} steps"
        assert slider.get_attribute("aria-valuetext") == f"after {step:,} steps"
        assert page.evaluate("() => model.get('step')") == step
        check(page, EXAMPLE, 9, step)
        assert page.locator(".cs-now").count() == 1
    chip(page, 5).click()
    check(page, EXAMPLE, 5)
    slider.press("Home")
    check(page, EXAMPLE, 5, 0)
    for step in (0, 100, 1000, 10_000, 24_000):
        found = dict(CheckpointScrubber()._curve)[step]
        text = f"{100 * found:.1f}%" if found else "0%"
        assert f"it finds {text};" in page.locator(".cs-note").inner_text()
        slider.press("ArrowRight")
        settle(page)


def test_the_curve_stands_where_the_slider_does(page):
    """The model's places, 8 pixels from each end of the chart: half the slider's thumb."""
    show(page, CheckpointScrubber(step=1000))
    wake(page)
    view = page.evaluate(
        """async () => {
          const {trainingView} = await import("/checkpoint_scrubber/model.js");
          return trainingView({steps: model.get("_steps"), curve: model.get("_curve"),
            most: model.get("_most_frequent"), step: model.get("step")});
        }"""
    )
    width, height = map(float, page.locator(".cs-curve").get_attribute("viewBox").split()[2:])
    box = page.locator(".cs-curve").bounding_box()
    assert width == pytest.approx(box["width"], abs=0.5) and height == 120
    places = [[8 + (width - 16) * p["x"], 8 + 104 * (1 - p["y"])] for p in view["points"]]
    dots = page.locator(".cs-dot")
    for i, place in enumerate(places):
        drawn = [float(dots.nth(i).get_attribute(key)) for key in ("cx", "cy")]
        assert drawn == pytest.approx(place)
        assert ("cs-now" in dots.nth(i).get_attribute("class")) == (i == 2)
    level = 8 + 104 * (1 - view["level"])
    lines = {".cs-line": places, ".cs-baseline": [[8, level], [width - 8, level]]}
    for name, points in lines.items():
        numbers = re.findall(r"[\d.]+", page.locator(name).get_attribute("d"))
        np.testing.assert_allclose([float(n) for n in numbers], np.ravel(points))
    slider = page.get_by_label("Training").bounding_box()
    assert slider["x"] == pytest.approx(box["x"], abs=1)
    assert slider["width"] == pytest.approx(box["width"], abs=1)


@pytest.mark.parametrize("kind", BOTH)
def test_python_can_set_everything(page, kind):
    show(page, kind())
    page.evaluate("() => { model.set('text', 'The shape of the array.'); model.set('masked', 2); }")
    settle(page)
    assert page.get_by_label("Your sentence").input_value() == "The shape of the array."
    check(page, "The shape of the array.", 2, 24_000 if kind is BertLive else 0)


@pytest.mark.parametrize("text", ["word " * 10_000, "x" * 300 + " y" * 70])
def test_a_text_that_is_too_long_is_said_and_changes_nothing(page, text):
    show(page, BertLive(masked=9))
    wake(page)
    before = shown(page)
    page.get_by_label("Your sentence").fill(text)
    page.locator(".bp-wrong").get_by_text("the model reads 64").wait_for()
    assert shown(page) == before
    page.get_by_label("Your sentence").fill("")
    settle(page)
    assert page.locator(".bp-wrong").inner_text() == ""
    assert page.locator(".bp-token").all_text_contents() == ["[CLS]", "[SEP]"]
