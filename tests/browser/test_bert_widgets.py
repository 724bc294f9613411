"""BertLive and CheckpointScrubber on a bare page: what they show against transformers, and each way
to move them.

The oracle has the float16 weights that the page has. A probability is shown to a tenth of a
percent, so it is right within 1e-3; its bar within 1e-4.
"""

import base64
import re

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM

from large_models.widgets import BertLive, CheckpointScrubber
from large_models.widgets.assets import ASSETS, WEIGHTS
from large_models.widgets.bert_panel import EXAMPLE, tokens
from tests.browser.harness import kept_height, serious, show
from tests.browser.harness import settle as drawn

BOTH = [BertLive, CheckpointScrubber]
OWN = "Plot a line with the given colour."
PLEASE = len(tokens().encode("Please", add_special_tokens=False).ids)


def oracle(step):
    directory = WEIGHTS / "bert-docs" / "checkpoints" / f"{step:06}"
    return BertForMaskedLM.from_pretrained(directory, dtype=torch.float32).eval()


def settle(page):
    """Wait until nothing is being loaded, and the frame after the last change is drawn."""
    page.wait_for_function("() => !document.querySelector('.bp-message').textContent")
    drawn(page)


def wake(page):
    page.locator(".lw").dispatch_event("pointerdown")
    settle(page)


def chip(page, at):
    return page.locator(".bp-token").nth(at)


def shown(page, part=".bp-answers"):
    """[(name, length of the bar)] as they are shown."""
    settle(page)
    rows = page.locator(f"{part} .bp-bar:not(.bp-none)")
    names = rows.locator(".bp-name").all_text_contents()
    script = "(nodes) => nodes.map((n) => parseFloat(n.style.getPropertyValue('--share')) / 100)"
    lengths = rows.locator(".bp-part").evaluate_all(script)
    texts = rows.locator(".bp-value").all_text_contents()
    for text, length in zip(texts, lengths, strict=True):
        limit = {"<0.1%": length < 5e-4, ">99.9%": length >= 0.9995}
        assert limit.get(text) or float(text[:-1]) / 100 == pytest.approx(length, abs=6e-4)
    return list(zip(names, lengths, strict=True))


@torch.no_grad()
def check(page, text, masked, step=24_000):
    """The five answers, the verdict, and the chosen head's map are those of transformers."""
    ids = tokens().encode(text).ids
    was = ids[masked]
    ids[masked] = tokens().token_to_id("[MASK]")
    p = oracle(step)(torch.tensor([ids])).logits[0, masked].softmax(0)
    best = p.topk(5)
    found = shown(page)
    assert [length for _, length in found] == pytest.approx(best.values.tolist(), abs=1e-4)
    expected = [tokens().id_to_token(i) for i in best.indices.tolist()]
    if best.values.diff().abs().min() > 1e-4:
        assert [name for name, _ in found] == expected
    verdict = page.locator(".bp-answers .bp-verdict").inner_text()
    assert tokens().id_to_token(was) in verdict
    if best.values[0] > 0.05:
        assert f"rank {int((p > p[was]).sum()) + 1}," in verdict
    hidden = page.locator(".bp-token[aria-pressed=true]")
    assert hidden.count() == 1 and hidden.inner_text().startswith("[MASK]")


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


def test_nothing_is_hidden_where_the_reader_hid_nothing(page):
    show(page, BertLive(masked=None))
    page.get_by_label("Your sentence").fill("Draw a line.")
    settle(page)
    assert page.evaluate("() => model.get('masked')") is None and shown(page) == []


def later(page):
    """Hold back the files of the model until the returned function is called."""
    held = []
    page.route("**/assets/**", lambda route: held.append(route))

    def come():
        page.unroute("**/assets/**")
        for route in held:
            route.fallback()

    return come


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Please: {EXAMPLE}", 9 + PLEASE + 1),  # the hidden word has moved
        (EXAMPLE + " Now.", 9),
        ("The axes of the figure", 5),  # it is gone
    ],
)
def test_a_sentence_typed_before_the_model_is_there_keeps_its_hidden_word(page, kind, text, masked):
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


def test_several_masks_are_all_answered(page):
    show(page, BertLive())
    text = "The [MASK] of a [MASK] matrix and the [MASK] of elements."
    page.get_by_label("Your sentence").fill(text)
    settle(page)
    tokens_ = [tokens().id_to_token(i) for i in tokens().encode(text).ids]
    places = [at for at, token in enumerate(tokens_) if token == "[MASK]"]
    with torch.no_grad():
        logits = oracle(24_000)(torch.tensor([tokens().encode(text).ids])).logits[0]
    best = [tokens().id_to_token(int(logits[at].argmax())) for at in places]
    read = BertLive(text=text, masked=None)
    for nth, at in enumerate(places):
        if nth:
            chip(page, at).click()
        found = shown(page)
        p = logits[at].softmax(0).topk(5)
        assert [length for _, length in found] == pytest.approx(p.values.tolist(), abs=1e-4)
        assert found[0][0] == best[nth]
        assert f"[MASK] {nth + 1} of 3" in page.locator(".bp-title").first.inner_text()
        assert chip(page, at).get_attribute("aria-pressed") == "true"
        assert page.locator(".bp-token[aria-pressed=true]").count() == 1
        others = page.locator(".bp-guess").all_text_contents()
        assert others == [f"→ {word}" for i, word in enumerate(best) if i != nth]
        if nth:
            read.masked = at
        assert [word for word, _ in read.answers] == [word for word, _ in found]
        assert read.guesses == dict(zip(places, best, strict=True))


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


@pytest.mark.parametrize("kind", BOTH)
def test_the_first_task_is_seen_on_a_phone_without_scrolling(page, kind):
    """Cause and effect fit into one screen of 390 x 844, and the effect is there."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, kind(), width=390)
    wake(page)
    before = shown(page)
    cause = page.locator(".cs-slider input" if kind is CheckpointScrubber else ".bp-words")
    top = cause.bounding_box()["y"]
    bars = page.locator(".bp-answers .bp-bars").bounding_box()
    assert bars["y"] + bars["height"] - top < 844 - 60
    if kind is CheckpointScrubber:
        cause.press("End")
    else:
        chip(page, 5).click()
    assert shown(page) != before


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
        assert page.locator(".cs-step").inner_text() == f"after {step:,} steps"
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


def test_a_kernel_answers_where_there_is_one(page):
    hold_long_timers(page)
    show(page, BertLive(), with_assets=False)
    chip(page, 3).click()
    assert "Loading the model" in page.locator(".bp-message").inner_text()
    answer_as_kernel(page)
    check(page, EXAMPLE, 3)


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


# --- the page around it ---------------------------------------------------------------------------


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
    names = "#: ".join(page.locator(".bp-token, .bp-name, .bp-tries button").all_text_contents())
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
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => document.activeElement.closest(".lw") &&
                  (document.activeElement.getAttribute("aria-label")
                   ?? document.activeElement.labels?.[0]?.textContent
                   ?? document.activeElement.textContent)"""
            )
        )
        if not seen[-1]:
            break
    names = " | ".join(name for name in seen if name)
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
