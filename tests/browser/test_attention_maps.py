"""The maps of a model's heads on a bare page: drawn as the weights are, and every way to move.

What the model says of them is compared with NumPy in tests/js/test_attention_maps_model.py.
"""

import numpy as np
import pytest

from large_models.widgets.attention_explorer import AttentionExplorer
from tests.browser.attention import (
    SAID,
    SENTENCES,
    SHOWN,
    TOKENS,
    alpha,
    answers,
    cells,
    strip,
    watching,
)
from tests.browser.harness import model, saved, set_from_python, settle, show


def test_shows_the_models_weights(page):
    explorer = watching(query=6, layer=1, head=2)
    show(page, explorer)
    weights = explorer.weights
    assert page.locator(".ax-thumb").count() == 12
    # A weight is one of 256 steps, shown with two digits.
    np.testing.assert_allclose(
        alpha(page, ".ax-map canvas >> nth=0"), weights.ravel() * 255, atol=0.51
    )
    thumb = alpha(page, ".ax-thumb canvas >> nth=11")
    np.testing.assert_allclose(thumb, SENTENCES[0][1][2, 3].ravel() * 255, atol=0.51)
    np.testing.assert_allclose(strip(page), weights[6], atol=0.0131)
    shares = page.locator(".ax-word").evaluate_all(
        "(nodes) => nodes.map((n) => parseFloat(n.style.getPropertyValue('--share')))"
    )
    np.testing.assert_allclose(shares, 60 * weights[6], atol=0.7)
    best = int(weights[6].argmax())
    assert answers(page)[0].startswith(f"because looks at {TOKENS[best].replace(' ', '␣')}: ")
    assert float(answers(page)[0].split(": ")[1].split("\n")[0]) == pytest.approx(
        weights[6, best], abs=0.008
    )


def test_words_by_mouse_and_by_key(page):
    show(page, watching(query=3))
    before = answers(page)
    words = page.locator(".ax-word")
    words.nth(7).hover()
    assert answers(page)[0].startswith("it looks at ")
    np.testing.assert_allclose(strip(page), SENTENCES[0][1][0, 0, 7], atol=0.0131)
    page.mouse.move(5, 5)
    assert answers(page) == before and page.evaluate("() => Object.keys(saved)") == []
    words.nth(5).click()
    assert saved(page, "query") == 5
    page.mouse.move(5, 5)
    assert answers(page)[0].startswith("<b>mat</b> looks at ")
    page.keyboard.press("ArrowLeft")
    assert saved(page, "query") == 4 and answers(page)[0].startswith("⏎ looks at ")
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert model(page, "query") == 7
    checked = page.locator(".ax-word[aria-checked=true]")
    assert checked.count() == 1 and checked.evaluate("(n) => n === document.activeElement")
    page.wait_for_function(SAID, arg="layer 1, head 1: it looks at ")


def test_heads_by_mouse_and_by_key(page):
    show(page, watching(query=7))
    page.get_by_role("radio", name="layer 2, head 3").click()
    assert (saved(page, "layer"), saved(page, "head")) == (1, 2), "a reader counts from 1"
    for key, place in [
        ("ArrowDown", (2, 2)),
        ("ArrowRight", (2, 3)),
        ("ArrowDown", (2, 3)),
        ("ArrowUp", (1, 3)),
        ("Home", (0, 0)),
    ]:
        page.keyboard.press(key)
        settle(page)
        assert (model(page, "layer"), model(page, "head")) == place, key
        np.testing.assert_allclose(strip(page), SENTENCES[0][1][*place, 7], atol=0.0131)
        title = page.locator(".ax-panel-title").first.inner_text()
        assert title == f"layer {place[0] + 1}, head {place[1] + 1}"


def test_the_matrix_by_mouse_and_by_key(page):
    show(page, watching())
    weights = SENTENCES[0][1][0, 0]
    box = page.locator(".ax-map").first.bounding_box()

    def at(q, k):
        return box["x"] + (k + 0.5) / 8 * box["width"], box["y"] + (q + 0.5) / 8 * box["height"]

    page.mouse.move(*at(5, 3))
    assert answers(page)[0].startswith("<b>mat</b> looks at on: ")
    page.mouse.click(*at(6, 1))
    page.mouse.move(5, 5)
    assert answers(page)[0].startswith("because looks at cat: ")
    assert saved(page, "query") == 6
    page.locator(".ax-stage").first.focus()
    page.keyboard.press("ArrowRight")
    assert answers(page)[0].startswith("because looks at ␣sat: ")
    shown = float(answers(page)[0].split(": ")[1].split("\n")[0])
    assert shown == pytest.approx(weights[6, 2], abs=0.008)
    page.keyboard.press("ArrowDown")
    assert answers(page)[0].startswith("it looks at ␣sat: ")


def test_lines(page):
    show(page, watching(query=7))
    page.get_by_text("lines").click()
    assert saved(page, "view") == "lines"
    settle(page)
    weights = SENTENCES[0][1][0, 0]
    drawn = page.locator(".ax-panel:visible .ax-lines")
    assert drawn.locator(".ax-chosen-lines path").count() == (weights[7] >= 0.03).sum()
    # Within one step of 1/255 a line may be there or not.
    assert drawn.locator("g:not(.ax-chosen-lines) path").count() == pytest.approx(
        (weights >= 0.03).sum(), abs=2
    )
    texts = page.locator(".ax-panel:visible .ax-right b").all_inner_texts()
    np.testing.assert_allclose([float(t or 0) for t in texts], weights[7], atol=0.0131)
    box = page.locator(".ax-panel:visible .ax-left span").nth(3).bounding_box()
    page.mouse.click(box["x"] + 5, box["y"] + box["height"] / 2)
    assert saved(page, "query") == 3


def test_compares_two_heads(page):
    show(page, watching(query=7, head=1))
    page.get_by_label("compare two heads").check()
    assert saved(page, "compare") == [0, 2]
    page.get_by_role("radio", name="layer 3, head 1").click()
    assert saved(page, "compare") == [2, 0], "a click sets the second one"
    page.get_by_text("left").click()
    page.get_by_role("radio", name="layer 2, head 2").click()
    assert (saved(page, "layer"), saved(page, "compare")) == (1, [2, 0])
    settle(page)
    assert page.locator(".ax-panel-title:visible").all_inner_texts() == [
        "layer 2, head 2",
        "layer 3, head 1",
    ]
    for i, place in enumerate([(1, 1), (2, 0)]):
        wanted = SENTENCES[0][1][place].ravel() * 255
        np.testing.assert_allclose(alpha(page, f".ax-map canvas >> nth={i}"), wanted, atol=0.51)
    page.get_by_label("compare two heads").uncheck()
    settle(page)
    assert model(page, "compare") is None and page.locator(".ax-panel:visible").count() == 1


def test_another_sentence(page):
    show(page, watching(query=7))
    page.get_by_label("Sentence").select_option("1")
    assert (saved(page, "sentence"), saved(page, "query")) == (1, 4)
    assert page.locator(".ax-word").count() == 5
    np.testing.assert_allclose(strip(page), SENTENCES[1][1][0, 0, 4], atol=0.0131)
    wanted = SENTENCES[1][1][0, 0].ravel() * 255
    np.testing.assert_allclose(alpha(page, ".ax-map canvas >> nth=0"), wanted, atol=0.51)


def test_a_word_that_may_look_nowhere(page):
    show(page, watching(query=4, layer=2, head=3))
    assert answers(page)[0].startswith("⏎ looks at nothing")
    assert not strip(page).any()


def test_python_can_set_everything_of_the_model_mode(page):
    show(page, watching())
    set_from_python(page, layer=1, head=3, query=2, view="lines", compare=[0, 1], sentence=1)
    assert page.get_by_role("radio", name="lines").is_checked()
    assert page.get_by_label("compare two heads").is_checked()
    assert page.get_by_label("Sentence").input_value() == "1"
    np.testing.assert_allclose(strip(page), SENTENCES[1][1][1, 3, 2], atol=0.0131)
    set_from_python(page, layer=99, head=99, query=99, sentence=99, compare=[99, 99])
    np.testing.assert_allclose(strip(page), SENTENCES[1][1][2, 3, 4], atol=0.0131)


def test_the_mode_can_change(page):
    show(page, watching())
    set_from_python(page, mode="small")
    assert page.locator(".lw").count() == 1
    np.testing.assert_allclose(cells(page, "weights"), AttentionExplorer().weights, **SHOWN)
    set_from_python(page, mode="model", query=6)
    assert answers(page)[0].startswith("because looks at")


def test_a_key_of_a_longer_sentence_does_not_stop_it(page):
    """A chosen place that a shorter sentence does not have counts no longer."""
    show(page, watching(query=7))
    page.locator(".ax-stage").first.focus()
    page.keyboard.press("End")
    assert answers(page)[0].startswith("it looks at it: ")
    set_from_python(page, sentence=1)
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    assert answers(page)[0].startswith("five looks at ")
