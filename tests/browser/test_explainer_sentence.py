"""Explainer on a bare page: a sentence, its files; its place on the page, languages and end."""

import json
import re

import numpy as np
import pytest
import torch

from large_models.data import tokenizer
from large_models.experiments import explanation as explaining
from large_models.widgets import Explainer
from large_models.widgets.assets import WEIGHTS
from tests.browser.explained import different, finish, shares
from tests.browser.harness import kept_height, serious, settle, show

# --- sentences ------------------------------------------------------------------------------------


def tokens_shown(page):
    return page.locator(".xp-token").all_inner_texts()


def test_a_sentence_under_every_method(page):
    widget = Explainer()
    show(page, widget)
    assert page.asked == [""]
    page.get_by_text("a sentence", exact=True).click()
    finish(page)
    assert set(page.asked[1:]) == {f"{name}.js" for name in widget._assets}
    assert different(page, "sentence") == []
    assert page.evaluate("() => saved.mode") == "sentence"
    page.get_by_label("hide the strongest").press("ArrowLeft")
    assert page.evaluate("() => saved.gone") == 1
    assert different(page, "sentence") == []
    page.get_by_role("radio", name="scipy").check()
    assert page.evaluate("() => saved.label") == "scipy"
    assert different(page, "sentence") == []


def test_the_reader_hides_tokens(page):
    widget = Explainer(mode="sentence")
    show(page, widget)
    finish(page)
    for word in ("node", "graph"):
        page.locator(".xp-token", has_text=word).click()
    assert different(page, "sentence") == []
    tokens = tokenizer.load(WEIGHTS / "bert-docs")
    ids = torch.tensor(tokens.encode(widget.text).ids)
    places = page.evaluate("() => saved.hidden")
    ids[places] = tokens.token_to_id("[MASK]")
    reader = explaining.classifier(WEIGHTS / "bert-docs")
    with torch.no_grad():
        expected = reader(ids[None]).softmax(-1)[0]
    np.testing.assert_allclose(shares(page, "sentence"), expected, atol=5e-3)  # half as exact
    pressed = page.locator(".xp-token[aria-pressed=true]")
    assert pressed.all_inner_texts() == ["node", "graph"]
    pressed.first.click()
    assert page.evaluate("() => saved.hidden") == places[1:]


def test_a_sentence_of_ones_own_and_one_that_is_too_long(page):
    show(page, Explainer(mode="sentence"))
    finish(page)
    box = page.get_by_label("A sentence about")
    box.fill("Draw a filled circle on the axes.")
    assert different(page, "sentence") == []
    assert tokens_shown(page)[0] == "draw"
    box.fill("one " * 70)
    settle(page)
    assert "has 72 tokens; the model reads 64 at most" in page.locator(".xp-wrong").inner_text()
    assert box.get_attribute("aria-invalid") == "true"
    assert tokens_shown(page)[0] == "draw", "the text before is still shown"
    box.fill("")
    finish(page)
    assert page.locator(".xp-wrong").inner_text() == "" and tokens_shown(page) == []
    # Text is text.
    page.evaluate("() => model.set('text', '<img src=x onerror=alert(1)> & <b>axes</b>')")
    finish(page)
    assert box.input_value().startswith("<img") and "axes" in tokens_shown(page)
    assert page.locator(".lw img, .lw .xp-table b").count() == 0


def test_without_the_files_it_says_so_and_what_is_typed_meanwhile_counts(page):
    show(page, Explainer(), with_assets=False)
    page.evaluate("() => { globalThis.lwAssetBase = 'http://lw.test/nowhere'; }")
    page.get_by_text("a sentence", exact=True).click()
    message = page.locator(".lw-message")
    page.wait_for_function("() => document.querySelector('.lw-message.lw-failed')")
    assert "could not be loaded" in message.inner_text()
    page.problems.clear()  # the browser complains of the missing files
    page.evaluate("() => { model.set('text', 'Plot the data.'); model.set('hidden', [2]); }")
    page.get_by_label("hide the strongest").press("ArrowLeft")
    page.get_by_role("radio", name="scipy").check()
    settle(page)
    page.evaluate("() => { globalThis.lwAssetBase = 'http://lw.test/assets'; }")
    page.get_by_role("button", name="Try again").click()
    assert different(page, "sentence") == []
    assert len(tokens_shown(page)) == 4 and message.inner_text() == ""
    assert page.locator(".xp-token[aria-pressed=true]").count() == 1
    assert page.get_by_role("radio", name="scipy").is_checked()


# --- the page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 360])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    root = show(page, Explainer(), width=min(width - 32, 760))
    # The room that is kept for it is its own, but for fonts.
    height = root.bounding_box()["height"]
    assert kept_height(page) == pytest.approx(height, rel=0.05)
    page.evaluate("() => document.querySelectorAll('#host > .lw')[1].remove()")

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate(
            "() => document.getElementById('after').getBoundingClientRect().top + scrollY"
        )

    top = end()
    finish(page)
    assert end() == top
    page.get_by_label("random weights").check()
    assert end() == top
    page.get_by_role("button", name="clear").click()
    assert end() == top
    page.get_by_text("a sentence", exact=True).click()
    assert end() == top
    finish(page)
    assert end() == top
    box = page.get_by_label("A sentence about")
    for text in ("Draw. " * 25, "one " * 70, ""):
        box.fill(text)
        assert end() == top


@pytest.mark.parametrize(
    ("theme", "lang", "width", "mode"),
    [
        ("light", "en", 760, "digit"),
        ("dark", "zh-CN", 358, "sentence"),
        ("dark", "en", 760, "sentence"),
    ],
)
def test_axe_finds_nothing_serious(page, theme, lang, width, mode):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, Explainer(mode=mode), lang=lang, theme=theme, width=width)
    finish(page)
    assert serious(page) == []


def test_chinese(page):
    widget = Explainer()
    root = show(page, widget, lang="zh-CN")
    finish(page)
    labels = page.locator(".xp-digit [aria-label]").evaluate_all("(a) => a.map((e) => e.ariaLabel)")
    text = root.inner_text() + json.dumps(labels, ensure_ascii=False)
    page.get_by_text("一句话", exact=True).click()
    finish(page)
    page.locator(".xp-input").fill("axes")
    finish(page)
    text += root.inner_text()
    known = set(" ".join(widget._labels).replace("-", " ").split()) | {"Python", "axes", "Shift"}
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= known


def test_ends_cleanly_while_it_works(page):
    show(page, Explainer(mode="sentence"))
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
    page.wait_for_timeout(300)
