"""GenerationView on a bare page: what it shows against transformers, and every way to use it."""

import base64
import json
import re

import numpy as np
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from transformers import GPT2Config, GPT2LMHeadModel

from lib.models.gpt import filter_logits
from lib.widgets.assets import ASSETS
from lib.widgets.generation_view import GenerationView, config, tokens, weights
from tests.browser.harness import show, state_of


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(5000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda message: (
            page.problems.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    yield page
    context.close()
    assert page.problems == []


@pytest.fixture(scope="module")
def gpt():
    """transformers' GPT-2 with the weights as the page has them."""
    model = GPT2LMHeadModel(
        GPT2Config(**config()),
    ).eval()
    tensors = {name: torch.from_numpy(array) for name, array in weights().items()}
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert missing in ([], ["lm_head.weight"]) and not unexpected
    model.tie_weights()
    model.set_attn_implementation("eager")
    return model


def settle(page):
    """Wait until the frame after the last change is drawn."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")


def model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def set_from_python(page, **traits):
    page.evaluate("(t) => Object.entries(t).forEach(([k, v]) => model.set(k, v))", traits)
    settle(page)


def press(page, name, times=1):
    for _ in range(times):
        page.get_by_role("button", name=name, exact=True).click()
    settle(page)


def loaded(page):
    """Step and go back: now the page has the model."""
    press(page, "Step")
    page.wait_for_function("() => model.get('_ids').length === 1")
    press(page, "Undo")


def ids_of(page):
    return tokens().encode(model(page, "prompt") or "<|endoftext|>").ids + model(page, "_ids")


def shares(page, part):
    """The lengths of the bars, in percent, as the page has them before rounding to pixels."""
    script = "(nodes) => nodes.map((n) => parseFloat(n.style.getPropertyValue('--share')))"
    return np.array(page.locator(f".gv-bar .gv-{part}").evaluate_all(script)) / 100


def chips(page):
    return page.locator(".gv-token[data-kind='in'], .gv-token[data-kind='out']")


def oracle(gpt, ids):
    """Scores after each token and attention (layers, h, T, T)."""
    with torch.no_grad():
        out = gpt(torch.tensor([ids]), output_attentions=True)
    return out.logits[0], torch.stack(out.attentions)[:, 0].numpy()


# --- what it shows --------------------------------------------------------------------------------


def test_the_first_picture_needs_no_model(page, gpt):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    show(page, GenerationView())
    settle(page)
    ids = ids_of(page)
    expected = oracle(gpt, ids)[0][-1].softmax(-1).sort(descending=True).values[:10]
    # 1e-3: the brief of the widget; float32 sums in another order differ by far less.
    np.testing.assert_allclose(shares(page, "drawn"), expected, atol=1e-3)
    assert chips(page).all_text_contents() == ["Returns", "␣the", "␣number", "␣of"]
    assert [url for url in asked if "assets" in url] == []


def test_carries_little():
    assert len(json.dumps(state_of(GenerationView(text=" the" * 100)))) < 50_000


@pytest.mark.parametrize(
    "prompt", ["", "Returns the number of", "# 返回 😀 é\n\tx  =", "<|endoftext|>a"]
)
def test_probabilities_are_those_of_transformers(page, gpt, prompt):
    show(page, GenerationView(prompt=prompt))
    loaded(page)
    for _ in range(6):
        ids = ids_of(page)
        probabilities = oracle(gpt, ids)[0][-1].softmax(-1)
        np.testing.assert_allclose(
            shares(page, "drawn"), probabilities.sort(descending=True).values[:10], atol=1e-3
        )
        texts = page.locator(".gv-bar .gv-value").all_inner_texts()
        for text, share in zip(texts, shares(page, "drawn"), strict=True):
            assert text == "<0.1%" if share < 5e-4 else abs(float(text[:-1]) / 100 - share) < 6e-4
        press(page, "Step")


def test_a_tokens_probability_when_it_was_chosen_and_what_else_it_could_have_been(page, gpt):
    show(page, GenerationView(temperature=0.7, top_k=40))
    loaded(page)
    press(page, "Step", 12)
    set_from_python(page, temperature=2.0)
    ids = ids_of(page)
    scores, _ = oracle(gpt, ids)
    for at in (4, 9, 15):
        chips(page).nth(at).hover()
        settle(page)
        then = filter_logits(scores[at - 1] / 0.7, top_k=40).softmax(-1)
        title = page.locator(".gv-title").first.inner_text()
        assert abs(float(re.search(r"drawn at ([\d.]+)%", title)[1]) / 100 - then[ids[at]]) < 1e-3
        rank = 1 + int((scores[at - 1] > scores[at - 1][ids[at]]).sum())
        assert f"rank {rank}" in title
        if rank <= 10:
            np.testing.assert_allclose(
                shares(page, "drawn"), then.sort(descending=True).values[:10], atol=1e-3
            )
        assert page.locator(".gv-was").count() == 1
    # A token of the reader's own: what the model gave it, by itself.
    chips(page).nth(2).hover()
    settle(page)
    title = page.locator(".gv-title").first.inner_text()
    given = scores[1].softmax(-1)[ids[2]]
    assert abs(float(re.search(r"gave it ([\d.]+)%", title)[1]) / 100 - given) < 1e-3


def test_what_top_k_and_top_p_cut_is_grey(page, gpt):
    show(page, GenerationView())
    loaded(page)
    scores = oracle(gpt, ids_of(page))[0][-1]
    for settings in ({"top_k": 3}, {"top_p": 0.3}, {"top_k": 20, "top_p": 0.5}, {"top_k": 1}):
        settings = {"top_k": None, "top_p": None, "temperature": 1.5} | settings
        set_from_python(page, **settings)
        kept = filter_logits(scores / 1.5, settings["top_k"], settings["top_p"])
        expected = kept.softmax(-1)[scores.argsort(descending=True)[:10]]
        np.testing.assert_allclose(shares(page, "drawn"), expected, atol=1e-3)
        cut = page.locator(".gv-bar").evaluate_all(
            "(nodes) => nodes.map((n) => n.classList.contains('gv-cut'))"
        )
        assert cut == (expected == 0).tolist()
        labels = page.locator(".gv-bar").evaluate_all(
            "(nodes) => nodes.map((n) => n.getAttribute('aria-label'))"
        )
        assert [label.endswith(", cut") for label in labels] == cut
        left = int(kept.isfinite().sum())
        if left < 1024:
            assert str(left) in page.locator(".gv-others").inner_text()


def test_attention_is_that_of_transformers(page, gpt):
    show(page, GenerationView(layer=1, head=2))
    loaded(page)
    press(page, "Step", 8)
    _, maps = oracle(gpt, ids_of(page))

    def check(expected):
        shading = chips(page).evaluate_all(
            "(nodes) => nodes.map((n) => parseFloat(n.style.getPropertyValue('--share')))"
        )
        # The darkest is 50, rounded: 0.5 off at most, and a little for the arithmetic.
        np.testing.assert_allclose(shading, 50 * expected / expected.max(), atol=0.51)

    check(maps[1, 2, -1])
    set_from_python(page, head=None)
    check(maps[1].mean(axis=0)[-1])
    set_from_python(page, layer=None)
    check(maps.mean(axis=(0, 1))[-1])
    page.get_by_role("radio", name="layer 3, head 0", exact=True).click()
    settle(page)
    check(maps[3, 0, -1])
    assert (model(page, "layer"), model(page, "head")) == (3, 0)
    chips(page).nth(6).click()  # the scores of token 6 come from token 5
    settle(page)
    check(maps[3, 0, 5])


# --- writing --------------------------------------------------------------------------------------


def test_a_bar_is_taken_by_a_click_and_by_enter(page):
    show(page, GenerationView())
    bar = page.locator(".gv-bar")
    names = bar.locator(".gv-name").all_text_contents()
    bar.nth(3).click()
    page.wait_for_function("() => model.get('_ids').length === 1")
    settle(page)
    assert chips(page).nth(4).text_content() == names[3]
    second = bar.nth(1).locator(".gv-name").text_content()
    bar.nth(1).focus()
    page.keyboard.press("Enter")
    settle(page)
    assert chips(page).nth(5).text_content() == second
    assert model(page, "text") == tokens().decode(model(page, "_ids"))
    # Another choice at an earlier place: what came after goes; undo brings it back.
    before = model(page, "_ids")
    chips(page).nth(4).click()
    settle(page)
    bar.nth(0).click()
    settle(page)
    assert len(model(page, "_ids")) == 1 and model(page, "_ids") != before[:1]
    press(page, "Undo")
    assert model(page, "_ids") == before


def test_the_same_seed_writes_the_same_text(page):
    show(page, GenerationView(seed=3))
    loaded(page)
    press(page, "Step", 15)
    first = model(page, "_ids")
    press(page, "Reset")
    assert model(page, "text") == "" and model(page, "_ids") == []
    press(page, "Step", 7)
    press(page, "Undo", 3)
    press(page, "Step", 11)
    assert model(page, "_ids") == first
    press(page, "Reset")
    set_from_python(page, seed=4)
    press(page, "Step", 15)
    assert model(page, "_ids") != first


def test_greedy_writes_what_transformers_does(page, gpt):
    show(page, GenerationView())
    page.get_by_text("most probable", exact=True).click()
    assert model(page, "greedy") is True
    loaded(page)
    press(page, "Step", 20)
    ids = ids_of(page)
    out = gpt.generate(
        torch.tensor([ids[:4]]), do_sample=False, max_new_tokens=20, pad_token_id=0, eos_token_id=-1
    )
    assert ids == out[0].tolist()


def test_undo_goes_back_over_everything(page):
    show(page, GenerationView())
    loaded(page)
    press(page, "Step", 2)
    two = model(page, "_ids")
    press(page, "Reset")
    page.get_by_label("Your beginning").fill("The")
    settle(page)
    press(page, "Step")
    press(page, "Undo", 2)
    assert (model(page, "prompt"), model(page, "_ids")) == ("Returns the number of", two)
    assert page.get_by_label("Your beginning").input_value() == "Returns the number of"


def test_plays_until_it_is_stopped(page):
    show(page, GenerationView())
    press(page, "Play")
    page.wait_for_function("() => model.get('_ids').length >= 3")
    press(page, "Stop")
    count = len(model(page, "_ids"))
    page.wait_for_timeout(500)
    assert len(model(page, "_ids")) == count


def test_stops_at_the_end_of_the_context_and_says_so(page):
    show(page, GenerationView(prompt="x", text=" the" * 124))
    press(page, "Play")
    page.locator(".gv-full").get_by_text("128 of 128").wait_for()
    assert len(ids_of(page)) == 128
    play, step = (page.get_by_role("button", name=name, exact=True) for name in ("Play", "Step"))
    assert play.get_attribute("aria-disabled") == step.get_attribute("aria-disabled") == "true"
    step.click(force=True)  # not `disabled`, so that it keeps the focus
    page.locator(".gv-bar").first.click(force=True)
    settle(page)
    assert len(ids_of(page)) == 128
    press(page, "Undo")
    assert len(ids_of(page)) == 127


def test_a_beginning_that_is_too_long_is_said_and_the_old_one_stays(page):
    show(page, GenerationView())
    loaded(page)
    field = page.get_by_label("Your beginning")
    field.fill(" the" * 129)
    wrong = page.locator(".gv-wrong")
    wrong.get_by_text("129 tokens").wait_for()
    assert model(page, "prompt") == "Returns the number of" and chips(page).count() == 4
    assert field.get_attribute("aria-invalid") == "true"
    field.fill(" the" * 128)
    settle(page)
    assert wrong.inner_text() == "" and chips(page).count() == 128


def test_what_was_typed_while_it_loads_is_not_lost(page):
    show(page, GenerationView(), with_assets=False)
    field = page.get_by_label("Your beginning")
    field.fill("The first")
    field.press("Enter")
    answer_as_kernel(page)
    page.wait_for_function("() => model.get('_ids').length === 1")
    assert model(page, "prompt") == "The first"


def test_what_a_reader_types_is_never_html(page):
    show(page, GenerationView())
    loaded(page)
    page.get_by_label("Your beginning").fill("<img src=x onerror=document.title=1><b>hi</b>")
    settle(page)
    assert page.locator(".lw img").count() == 0
    assert page.title() == "widget"


def test_python_can_set_everything(page, gpt):
    show(page, GenerationView())
    loaded(page)
    set_from_python(page, prompt="Returns", text=" the number")
    assert chips(page).all_text_contents() == ["Returns", "␣the", "␣number"]
    kinds = chips(page).evaluate_all("(nodes) => nodes.map((n) => n.dataset.kind)")
    assert kinds == ["in", "out", "out"]
    set_from_python(page, top_k=5, top_p=0.9, temperature=0.5, seed=9)
    for name, value in {"Top-k": "5", "Top-p": "0.9", "Temperature": "0.5"}.items():
        assert page.get_by_label(name).get_attribute("aria-valuetext") == value
    page.get_by_label("Temperature").press("ArrowRight")
    assert model(page, "temperature") == pytest.approx(0.6)


def test_keys_move_over_the_text(page):
    show(page, GenerationView())
    loaded(page)
    press(page, "Step", 3)
    page.locator(".gv-token[data-kind='next']").focus()
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert (
        page.evaluate("() => document.activeElement.textContent")
        == chips(page).nth(6).text_content()
    )
    assert "drawn at" in page.locator(".gv-title").first.inner_text()
    page.keyboard.press("Home")
    settle(page)
    assert "the first token" in page.locator(".gv-title").first.inner_text()
    page.keyboard.press("End")
    settle(page)
    assert page.locator(".gv-title").first.inner_text() == "Which token comes next"


# --- the model's files ----------------------------------------------------------------------------


def answer_as_kernel(page):
    for name in ("gpt-docs", "gpt-docs-tokenizer"):
        content = base64.b64encode(ASSETS[name]()).decode()
        page.evaluate(
            "([name, bytes]) => model.answer({type: 'asset', name}, bytes)", [name, content]
        )


def test_a_kernel_answers_where_there_is_one(page):
    show(page, GenerationView(), with_assets=False)
    press(page, "Step")
    wanted = [{"type": "asset", "name": name} for name in ("gpt-docs", "gpt-docs-tokenizer")]
    assert page.evaluate("() => sent") == wanted
    page.locator(".gv-message").get_by_text("Loading the model").wait_for()
    answer_as_kernel(page)
    page.wait_for_function("() => model.get('_ids').length === 1")
    settle(page)
    assert page.locator(".gv-message").inner_text() == ""


def test_no_answer_is_said_and_can_be_tried_again(page):
    page.clock.install()
    show(page, GenerationView(), with_assets=False)
    press_without_frames = page.get_by_role("button", name="Step", exact=True)
    press_without_frames.click()
    page.clock.run_for(5100)
    message = page.locator(".gv-message")
    message.get_by_text("could not be loaded").wait_for()
    assert chips(page).count() == 4 and model(page, "_ids") == []
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    page.get_by_role("button", name="Try again").click()
    page.clock.run_for(100)
    answer_as_kernel(page)
    page.clock.run_for(100)
    page.wait_for_function("() => model.get('_ids').length === 1")


# --- the page around it ---------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    show(page, GenerationView(), width=min(width, 760))
    settle(page)
    after = page.locator("#after")
    top = after.bounding_box()["y"]

    def check(what):
        settle(page)
        assert after.bounding_box()["y"] == top, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    loaded(page)
    check("the model is there")
    press(page, "Step", 30)
    check("a longer text")
    set_from_python(page, prompt="W" * 100, text="\n\n\n" + " the" * 20)
    check("a long beginning")
    set_from_python(page, greedy=True)
    check("greedy")
    set_from_python(page, greedy=False, temperature=1.3, top_k=3, top_p=0.1, seed=2**32 - 1)
    check("settings")
    chips(page).nth(3).click()
    check("a token")
    page.get_by_label("Your beginning").fill(" the" * 200)
    check("a message")
    set_from_python(page, prompt="x", text=" the" * 127)
    check("full")


def test_the_place_that_is_kept_is_as_high_as_the_widget(page):
    for width in (760, 390):
        page.set_viewport_size({"width": max(width, 390), "height": 900})
        root = show(page, GenerationView(), width=width)
        settle(page)
        height = root.bounding_box()["height"]
        kept = page.evaluate(
            """() => {
              const root = document.querySelector(".lw");
              root.replaceChildren();
              root.dataset.state = "loading";
              return root.getBoundingClientRect().height;
            }"""
        )
        assert abs(kept - height) < 60, (width, kept, height)


@pytest.mark.parametrize(
    ("theme", "lang", "width"),
    [("light", "en", 1280), ("dark", "zh-CN", 390), ("light", "zh-CN", 390), ("dark", "en", 1280)],
)
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width, "height": 900})
    show(page, GenerationView(text=" elements in\nthe  array", top_k=4), lang=lang, theme=theme)
    page.get_by_role("button", name="Step" if lang == "en" else "一步", exact=True).click()
    page.wait_for_function("() => model.get('_ids').length > 5")
    settle(page)
    found = Axe().run(page).response["violations"]
    serious = [
        (v["id"], [n["html"][:120] for n in v["nodes"]][:3])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_chinese(page):
    show(page, GenerationView(), lang="zh-CN")
    text = page.locator(".lw").inner_text()
    for token in page.locator(".gv-token, .gv-name, .gv-looked").all_inner_texts():
        text = text.replace(token, "", 1)
    assert "先试试" in text and "概率" in text or "词元" in text
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= {"Top", "GPT", "Python"}


def test_touch_targets_are_large_enough(page):
    page.set_viewport_size({"width": 390, "height": 900})
    show(page, GenerationView())
    loaded(page)
    press(page, "Step", 10)
    for node in page.locator(".lw :is(button, input:not([type=radio]))").all():
        box = node.bounding_box()
        assert min(box["width"], box["height"]) >= 24, node.evaluate("(n) => n.outerHTML")


def test_ends_cleanly(page):
    show(page, GenerationView())
    press(page, "Play")
    page.wait_for_function("() => model.get('_ids').length >= 2")
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
    page.wait_for_timeout(300)
