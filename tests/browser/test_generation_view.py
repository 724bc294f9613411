"""GenerationView on a bare page: what it shows against transformers, and every way to move it.

The oracle is GPT2LMHeadModel with the weights that the page has. A probability is shown to a tenth
of a percent, so it is right within 1e-3.
"""

import base64
import re

import numpy as np
import pytest
import torch
from transformers import GPT2LMHeadModel

from large_models.models.gpt import filter_logits
from large_models.widgets.assets import ASSETS, WEIGHTS
from large_models.widgets.generation_view import GenerationView, tokens, weights
from tests.browser.harness import delays, kept_height, serious, settle, show, state_of
from tests.js.test_sampling import mulberry32

ASSET_NAMES = ["gpt-docs", "gpt-docs-tokenizer"]


@pytest.fixture(scope="module")
def oracle():
    model = GPT2LMHeadModel.from_pretrained(WEIGHTS / "gpt-docs", attn_implementation="eager")
    state = {name: torch.from_numpy(array) for name, array in weights().items()}
    model.load_state_dict(state, strict=False)
    return model.eval()


@torch.no_grad()
def scores_of(model, ids):
    return model(torch.tensor([ids])).logits[0].double()


def wake(page):
    """Wait until the model is there: it is fetched when the reader first touches the widget."""
    page.locator(".lw").dispatch_event("pointerdown")
    page.wait_for_function(
        "() => !document.querySelector('.gv-message').textContent", polling="raf"
    )
    settle(page)


def model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def set_from_python(page, **traits):
    page.evaluate("(t) => Object.entries(t).forEach(([k, v]) => model.set(k, v))", traits)
    settle(page)


def visible(text):
    return text.replace(" ", "␣").replace("\n", "⏎")


def chips(page):
    settle(page)
    return page.locator(".gv-token").all_text_contents()[:-1]


def shares(text):
    return [0.0005 if t.startswith("<") else float(t[:-1]) / 100 for t in text]


def lengths(page, part):
    """Of the bars ("drawn") or their lines ("said"), as shares."""
    what = {"drawn": ("lw-bar-fill", "inline-size"), "said": ("gv-said", "--share")}[part]
    script = "(nodes, name) => nodes.map((n) => parseFloat(n.style.getPropertyValue(name)))"
    return np.array(page.locator(f".gv-bar .{what[0]}").evaluate_all(script, what[1])) / 100


def bars(page):
    """[(token, probability)] as they are shown."""
    settle(page)
    names = page.locator(".gv-bars .lw-bar-name").all_text_contents()
    return list(
        zip(names, shares(page.locator(".gv-bars .lw-bar-value").all_text_contents()), strict=True)
    )


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def step(page, times=1):
    wake(page)
    button(page, "Step").evaluate(
        "(node, times) => { for (let i = 0; i < times; i++) node.click(); }", times
    )
    settle(page)


def end_of(page):
    """Where the page goes on after the widget."""
    return page.evaluate(
        "() => document.getElementById('after').getBoundingClientRect().top + scrollY"
    )


def title(page):
    settle(page)
    return page.locator(".gv-next .gv-title").inner_text()


def check_bars(page, scores, **settings):
    """The ten bars are the ten most probable tokens with the probabilities that are drawn."""
    temperature = settings.pop("temperature", 1)
    drawn = filter_logits(scores / temperature, **settings).softmax(-1)
    order = scores.argsort(descending=True)[:10].tolist()
    shown = bars(page)
    # The lengths are exact: 1e-4, since torch sums in float32.
    np.testing.assert_allclose(lengths(page, "drawn"), drawn[order], atol=1e-4)
    np.testing.assert_allclose([p for _, p in shown], drawn[order], atol=6e-4)
    names = [visible(tokens().decode([i], skip_special_tokens=False)) for i in order]
    for (name, _), expected in zip(shown, names, strict=True):
        assert name == expected or "\ufffd" in expected or len(name) > 3
    return shown


# --- what it shows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Returns the number of", ""),
        ("If ``axis`` is None,\n the", " array"),
        ("机器 😀 é", ""),
        ("", ""),
        ("x " * 60, ""),
    ],
)
def test_probabilities_and_attention_are_those_of_transformers(page, oracle, prompt, text):
    view = GenerationView(prompt=prompt, text=text, layer=2, head=1)
    show(page, view)
    with torch.no_grad():
        out = oracle(torch.tensor([view.token_ids]), output_attentions=True)
    row = out.attentions[2][0, 1, -1]
    # Before the model is there and after: the first picture is Python's, the second the page's.
    for there in (False, True):
        assert ("gpt-docs.js" in page.asked) is there
        check_bars(page, out.logits[0, -1].double())
        shown = page.locator(".gv-looked").inner_text()
        assert float(re.search(r"[\d.]+$", shown)[0]) == pytest.approx(row.max().item(), abs=5.1e-3)
        colours = page.locator(".gv-token").evaluate_all(
            "(nodes) => nodes.map((n) => parseFloat(n.style.getPropertyValue('--share')))"
        )
        np.testing.assert_allclose(colours[:-1], 50 * row / row.max(), atol=0.6)
        assert "".join(chips(page)).count("␣") == (prompt + text).count(" ")
        wake(page)
    assert page.evaluate("() => Object.keys(saved)") == [], "looking is not changing"


def test_nothing_is_fetched_before_it_is_used(page):
    show(page, GenerationView())
    settle(page)
    assert not set(page.asked) & {f"{name}.js" for name in ASSET_NAMES}
    assert len(bars(page)) == 10
    page.get_by_label("Your beginning").focus()
    page.wait_for_function("() => !document.querySelector('.gv-message').textContent")
    assert {f"{name}.js" for name in ASSET_NAMES} <= set(page.asked)


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.5},
        {"temperature": 2.0, "top_k": 3},
        {"top_p": 0.4},
        {"temperature": 1.5, "top_k": 7, "top_p": 0.6},
    ],
)
def test_temperature_and_cuts(page, oracle, settings):
    view = GenerationView(**settings)
    show(page, view)
    scores = scores_of(oracle, view.token_ids)[-1]
    shown = check_bars(page, scores, **settings)
    cut = page.locator(".gv-bar").evaluate_all("(nodes) => nodes.map((n) => n.matches('.gv-cut'))")
    assert cut == [p == 0 for _, p in shown]
    kept = int((filter_logits(scores / view.temperature, view.top_k, view.top_p) > -1e9).sum())
    if kept < 1024:
        assert f"{kept} of 1024 tokens can be drawn" in page.locator(".gv-others").inner_text()
    # The line of each bar is what the model says at temperature 1.
    said = scores.softmax(-1).sort(descending=True).values[:10]
    np.testing.assert_allclose(lengths(page, "said"), said, atol=1e-4)


def test_tokens_that_are_parts_of_a_character_are_shown_as_bytes(page):
    view = GenerationView(prompt="器\u0301 \x07")
    show(page, view)
    shown = chips(page)
    assert shown[-2:] == ["␣", "U+07"]
    assert " ".join(shown[:3]) == "E5 99 A8", "one chip for each byte"


# --- writing --------------------------------------------------------------------------------------


def written(oracle, view, count):
    """What the page has to write, token by token."""
    ids = view.token_ids
    for n in range(count):
        scores = scores_of(oracle, ids)[-1]
        drawn = filter_logits(scores / view.temperature, view.top_k, view.top_p).softmax(-1)
        order = scores.argsort(descending=True, stable=True)
        at = int((drawn[order].cumsum(0) <= mulberry32(view.seed, n)).sum())
        ids = [*ids, int(order[min(at, 1023)])]
    return ids[-count:]


@pytest.mark.parametrize(
    "settings",
    [{}, {"seed": 2**32 - 1, "temperature": 0.8, "top_k": 20, "top_p": 0.9, "prompt": "Raises"}],
)
def test_draws_what_its_generator_says(page, oracle, settings):
    view = GenerationView(**settings)
    show(page, view)
    step(page, 12)
    ids = model(page, "_ids")
    assert ids == written(oracle, view, 12)
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


def test_greedy_writes_what_transformers_writes(page, oracle):
    view = GenerationView(greedy=True)
    show(page, view)
    step(page, 15)
    out = oracle.generate(
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


# --- the beginning --------------------------------------------------------------------------------


def test_your_own_beginning(page, oracle):
    show(page, GenerationView())
    field = page.get_by_label("Your beginning")
    for text in ["Raises", "Raises a\n\nValue", "a 错误", "<img src=x onerror=alert(1)>", ""]:
        field.fill(text)
        page.wait_for_function("(text) => saved.prompt === text", arg=text)
        ids = tokens().encode(text or "<|endoftext|>").ids
        assert len(chips(page)) == len(ids)
        check_bars(page, scores_of(oracle, ids)[-1])
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


# --- looking back ---------------------------------------------------------------------------------


def test_a_token_tells_how_it_was_chosen(page, oracle):
    view = GenerationView(temperature=0.7, top_k=30)
    show(page, view)
    step(page, 5)
    ids = view.token_ids + model(page, "_ids")
    set_from_python(page, temperature=2, top_k=2)  # as it was then, not as it is now
    scores = scores_of(oracle, ids)
    for at in (4, 6, 8):
        page.locator(".gv-token").nth(at).hover()
        drawn = filter_logits(scores[at - 1] / 0.7, 30).softmax(-1)
        rank = int((scores[at - 1] > scores[at - 1][ids[at]]).sum()) + 1
        heard = title(page)
        assert f"rank {rank}" in heard
        share = re.search(r"was drawn at (<?[\d.]+%)", heard)[1]
        assert shares([share])[0] == pytest.approx(drawn[ids[at]].item(), abs=1e-3)
        marked = page.locator(".gv-was .lw-bar-name").text_content()
        assert marked == visible(tokens().decode([ids[at]]))
    page.locator(".gv-token").nth(2).hover()
    said = scores[1].softmax(-1)[ids[2]].item()
    share = re.search(r"is yours; the model gave it (<?[\d.]+%)", title(page))[1]
    assert shares([share])[0] == pytest.approx(said, abs=1e-3)
    page.locator(".gv-token").first.hover()
    assert "is the first token" in title(page)
    assert not page.locator(".gv-bar").first.is_visible()
    page.mouse.move(5, 5)
    assert title(page) == "Which token comes next"


def test_attention_of_every_head(page, oracle):
    view = GenerationView(text=" samples in each class")
    show(page, view)
    wake(page)
    with torch.no_grad():
        out = oracle(torch.tensor([view.token_ids]), output_attentions=True)
    maps = torch.stack(out.attentions)[:, 0]  # (layers, h, T, T)

    def check(row, at=-1):
        settle(page)
        shown = page.locator(".gv-token").evaluate_all(
            "(nodes) => nodes.map((n) => parseFloat(n.style.getPropertyValue('--share')))"
        )
        seen = row[at][: at % len(row) + 1]
        np.testing.assert_allclose(shown[: len(seen)], 50 * seen / seen.max(), atol=0.6)
        assert set(shown[len(seen) :]) <= {0}

    check(maps.mean((0, 1)))
    page.get_by_role("radio", name="layer 4, head 1").click()
    assert page.evaluate("() => [saved.layer, saved.head]") == [3, 0]
    check(maps[3, 0])
    page.keyboard.press("ArrowRight")
    check(maps[3, 1])
    page.keyboard.press("ArrowUp")
    check(maps[2, 1])
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    check(maps[1].mean(0))
    set_from_python(page, layer=0, head=3)
    check(maps[0, 3])
    page.locator(".gv-token").nth(5).click()
    check(maps[0, 3], 4)
    page.get_by_role("radio", name="mean of all heads").click()
    check(maps.mean((0, 1)), 4)
    assert page.evaluate("() => [saved.layer, saved.head]") == [None, None]


def test_keys_walk_through_the_text(page):
    show(page, GenerationView())
    step(page, 3)
    page.locator(".gv-token").last.focus()
    for key, at in [("ArrowLeft", 6), ("ArrowUp", 5), ("Home", 0), ("ArrowLeft", 0),
                    ("ArrowRight", 1), ("End", 7), ("ArrowDown", 7)]:  # fmt: skip
        page.keyboard.press(key)
        settle(page)
        checked = page.locator(".gv-token[aria-checked=true]")
        assert checked.count() == 1
        assert (
            checked.evaluate("(n) => [...document.querySelectorAll('.gv-token')].indexOf(n)") == at
        )
        assert checked.evaluate("(n) => n === document.activeElement")


# --- Python and the page --------------------------------------------------------------------------


def test_python_can_set_everything(page, oracle):
    show(page, GenerationView())
    set_from_python(page, prompt="Raises", text=" ValueError", temperature=3, top_p=1, greedy=False)
    page.wait_for_function("() => document.querySelector('.gv-field').value === 'Raises'")
    wake(page)
    ids = tokens().encode("Raises").ids + tokens().encode(" ValueError").ids
    assert "".join(chips(page)) == "Raises␣ValueError"
    check_bars(page, scores_of(oracle, ids)[-1], temperature=3)
    settings = page.locator(".gv-draws .lw-slider-value").all_text_contents()
    assert settings == ["3", "off", "off"]
    set_from_python(page, text="", greedy=True, seed=7)
    assert chips(page) == [visible(tokens().decode([i])) for i in tokens().encode("Raises").ids]
    assert page.get_by_role("radio", name="most probable").is_checked()


def test_sliders_reach_python(page):
    show(page, GenerationView())
    for name, key, value in [("Temperature", "temperature", 0.9), ("Top-k", "top_k", 640),
                             ("Top-p", "top_p", 0.99)]:  # fmt: skip
        page.get_by_label(name).focus()
        page.keyboard.press("ArrowLeft")
        settle(page)
        assert page.evaluate("(key) => saved[key]", key) == value
        page.keyboard.press("ArrowRight")
        settle(page)
        assert page.evaluate("(key) => saved[key]", key) == {"temperature": 1, "top_p": 1}.get(key)
    page.get_by_text("most probable").click()
    assert page.evaluate("() => saved.greedy") is True


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


def test_state_is_small():
    assert len(str(state_of(GenerationView()))) < 40_000


# --- the page around it ---------------------------------------------------------------------------


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
    seen = []
    for _ in range(40):
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
