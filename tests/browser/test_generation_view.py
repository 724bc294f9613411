"""GenerationView on a bare page: what it shows against transformers, and where the reader looks.

What the model says of each token is compared with NumPy in tests/js/test_generation_view_model.py.
"""

import re

import numpy as np
import pytest
import torch

from large_models.models.gpt import filter_logits
from large_models.widgets.generation_view import GenerationView, tokens
from tests.browser.generation import (
    bars,
    check_bars,
    chips,
    lengths,
    oracle,
    scores_of,
    shares,
    step,
    title,
    visible,
    wake,
)
from tests.browser.harness import model, set_from_python, settle, show

ASSET_NAMES = ["gpt-docs", "gpt-docs-tokenizer"]


def check_heads(page, looks):
    """Each small picture is a head's row: the larger a weight, the less of the page is seen."""
    L, H = looks.shape[:2]
    alphas = page.locator(".gv-head canvas").evaluate_all(
        """(all) => all.map((canvas) => {
          const {width, height} = canvas;
          const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
          return [...data].filter((_, i) => i % 4 === 3);
        })"""
    )
    rows = [row for layer in looks for row in (*layer, layer.mean(0))] + [looks.mean((0, 1))]
    assert len(alphas) == len(rows) == L * (H + 1) + 1
    for alpha, row in zip(alphas, rows, strict=True):
        np.testing.assert_allclose(alpha, 255 * row / row.max(), atol=1)


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Returns the number of", ""),
        ("机器 😀 é,\n the", " array"),
        ("", ""),
    ],
)
def test_probabilities_and_attention_are_those_of_transformers(page, prompt, text):
    view = GenerationView(prompt=prompt, text=text, layer=2, head=1)
    show(page, view)
    with torch.no_grad():
        out = oracle()(torch.tensor([view.token_ids]), output_attentions=True)
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
        check_heads(page, torch.stack(out.attentions)[:, 0, :, -1])
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
        {"temperature": 1.5, "top_k": 7, "top_p": 0.6},
    ],
)
def test_temperature_and_cuts(page, settings):
    view = GenerationView(**settings)
    show(page, view)
    scores = scores_of(view.token_ids)[-1]
    shown = check_bars(page, scores, **settings)
    cut = page.locator(".gv-bar").evaluate_all("(nodes) => nodes.map((n) => n.matches('.gv-cut'))")
    assert cut == [p == 0 for _, p in shown]
    kept = int((filter_logits(scores / view.temperature, view.top_k, view.top_p) > -1e9).sum())
    if kept < 1024:
        assert f"{kept} of 1024 tokens can be drawn" in page.locator(".gv-others").inner_text()
    # A bar is as wide on the screen as its share of the track.
    track = page.locator(".gv-bar .lw-bar-track").first.bounding_box()
    for node, share in zip(
        page.locator(".gv-bar .lw-bar-fill").all(), lengths(page, "drawn"), strict=True
    ):
        if share > 0.01:
            assert node.bounding_box()["width"] == pytest.approx(share * track["width"], abs=0.6)
    # The line of each bar is what the model says at temperature 1.
    said = scores.softmax(-1).sort(descending=True).values[:10]
    np.testing.assert_allclose(lengths(page, "said"), said, atol=1e-4)


def test_tokens_that_are_parts_of_a_character_are_shown_as_bytes(page):
    view = GenerationView(prompt="器\u0301 \x07")
    show(page, view)
    shown = chips(page)
    assert shown[-2:] == ["␣", "U+07"]
    assert " ".join(shown[:3]) == "E5 99 A8", "one chip for each byte"


def test_a_token_tells_how_it_was_chosen(page):
    view = GenerationView(temperature=0.7, top_k=30)
    show(page, view)
    step(page, 5)
    ids = view.token_ids + model(page, "_ids")
    set_from_python(page, temperature=2, top_k=2)  # as it was then, not as it is now
    scores = scores_of(ids)
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


def test_attention_of_every_head(page):
    view = GenerationView(text=" samples in each class")
    show(page, view)
    wake(page)
    with torch.no_grad():
        out = oracle()(torch.tensor([view.token_ids]), output_attentions=True)
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


def test_python_can_set_everything(page):
    show(page, GenerationView())
    set_from_python(page, prompt="Raises", text=" ValueError", temperature=3, top_p=1, greedy=False)
    page.wait_for_function("() => document.querySelector('.gv-field').value === 'Raises'")
    wake(page)
    ids = tokens().encode("Raises").ids + tokens().encode(" ValueError").ids
    assert "".join(chips(page)) == "Raises␣ValueError"
    check_bars(page, scores_of(ids)[-1], temperature=3)
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
