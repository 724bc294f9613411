"""AttentionExplorer by hand on a bare page: it draws what its model says, and every way to move it.

What the model says is compared with NumPy in tests/js/test_attention_by_hand_model.py.
"""

import numpy as np
import pytest

from large_models.widgets.attention_explorer import EXAMPLES, AttentionExplorer
from tests.browser.attention import OWN, SAID, SHOWN, cell, cells, how, twin
from tests.browser.harness import model, saved, set_from_python, settle, show

MODEL = """async (hover) => {
  const {FIRST, TRAITS, handView} = await import("/attention_explorer/by_hand_model.js");
  const given = Object.fromEntries(TRAITS.map((key) => [key, model.get(key)]));
  return handView(given, model.get("_examples"), {hover, held: null, active: FIRST, tried: "own"});
}"""
DRAWN = """() => {
  const all = (node, selector, f) => [...node.querySelectorAll(selector)].map(f);
  const text = (node) => node.value ?? node.textContent;
  const style = (node, name) => node.style.getPropertyValue(name);
  return {
    matrices: Object.fromEntries(all(document, ".ax-cells", (grid) => {
      const matrix = grid.parentNode;
      return [matrix.className.match(/ax-matrix ax-(\\w+)/)[1], {
        rows: Number(style(matrix, "--rows")), cols: Number(style(matrix, "--cols")),
        heads: all(matrix, ".ax-heads span", text), labels: all(matrix, ".ax-labels > *", text),
        note: matrix.querySelector(".ax-title .lw-quiet").textContent,
        same: matrix.classList.contains("ax-same"), label: grid.getAttribute("aria-label"),
        cells: all(grid, ".ax-cell", (cell) => [text(cell),
          ...["share", "sign", "mark"].map((name) => style(cell, `--${name}`)),
          ...["barred", "target", "source"].map((name) => cell.matches(`.ax-${name}`))]),
      }];
    })),
    entropy: all(document, ".ax-bits", (bar) => [text(bar), parseFloat(style(bar, "--part"))]),
    found: all(document, ".ax-share", (word) => [word.textContent, style(word, "--share")]),
    how: all(document, ".ax-how p", (line) => line.textContent),
    broad: document.querySelector(".lw").classList.contains("ax-broad"),
    long: document.querySelector(".lw").classList.contains("ax-long"),
  };
}"""
TINTS = {"weight": "var(--ax-weight)", "below": "var(--lw-below)", "above": "var(--lw-above)"}
MARKS = {None: "transparent", "in": "var(--lw-in)", "learned": "var(--lw-learned)"}
MARKS |= {"text": "var(--lw-quiet)"}


def plain(parts):
    return "".join(p if isinstance(p, str) else plain(p["content"]) for p in parts)


def as_drawn(view):
    """What the page has to show of the model's view."""
    matrices = {}
    for name, matrix in view["matrices"].items():
        kept = {k: matrix[k] for k in ("rows", "cols", "heads", "labels", "note", "same", "label")}
        matrices[name] = kept | {
            "cells": [
                [c["text"], f"{c['share']}%", TINTS[c["tint"]],
                 MARKS.get(c["source"], f"var(--ax-{c['source']})"),
                 c["barred"], c["target"], c["source"] is not None]
                for c in matrix["cells"]
            ]
        }  # fmt: skip
    lines = [line["label"] + plain(line["content"]) for line in view["how"]["lines"]]
    return {
        "matrices": matrices,
        "entropy": [
            [r["text"], pytest.approx(r["share"], abs=1e-3)] for r in view["entropy"]["rows"]
        ],
        "found": [[f"{w['text']} {w['weight']}", f"{w['share']}%"] for w in view["found"]["words"]],
        "how": [plain(view["how"]["title"]), *lines],
        "broad": view["broad"],
        "long": view["long"],
    }


def test_draws_what_its_model_says(page):
    show(page, AttentionExplorer())
    page.mouse.move(5, 5)
    own = {key: np.asarray(value).tolist() for key, value in OWN.items()}
    for settings in [
        {},
        {"scale": False, "temperature": 0.1},
        {"causal": True, "double_softmax": True, "temperature": 3.3},
        EXAMPLES["meaning"],
        EXAMPLES["previous"],
        own | {"features": ["p", "q", "r"]},
    ]:
        set_from_python(page, **settings)
        assert page.evaluate(DRAWN) == as_drawn(page.evaluate(MODEL, None))
    for name, row, col in [("scores", 2, 0), ("output", 3, 0), ("k", 1, 1), ("wq", 0, 1)]:
        cell(page, name, row, col).hover()
        settle(page)
        place = {"name": name, "row": row, "col": col}
        assert page.evaluate(DRAWN) == as_drawn(page.evaluate(MODEL, place))
    # A share is how far the cell's colour is from the page's own towards its tint.
    background = "(n) => getComputedStyle(n).backgroundColor"
    shown = page.locator(".ax-weights .ax-cell").evaluate_all(f"(nodes) => nodes.map({background})")
    assert len(set(shown)) > 5 and "rgb" in shown[0] or "color" in shown[0]


def test_switches(page):
    show(page, AttentionExplorer())
    for label, key, value in [
        ("divide by √D", "scale", False),
        ("causal mask", "causal", True),
        ("softmax twice", "double_softmax", True),
    ]:
        page.get_by_label(label).click()
        assert saved(page, key) is value
        np.testing.assert_allclose(cells(page, "weights"), twin(page).weights, **SHOWN)
    assert page.locator(".ax-masked .ax-barred").count() == 6
    slider = page.get_by_label("temperature")
    slider.focus()
    page.keyboard.press("End")
    assert saved(page, "temperature") == 10
    page.keyboard.press("Home")
    assert saved(page, "temperature") == 0.1
    page.keyboard.press("ArrowRight")
    assert saved(page, "temperature") == 0.11
    np.testing.assert_allclose(cells(page, "weights"), twin(page).weights, **SHOWN)
    assert page.locator(".ax-temperature .lw-slider-value").inner_text() == "0.11"


def test_hovering_tells_what_a_number_is_made_of(page):
    show(page, AttentionExplorer())
    first = how(page)
    assert first.startswith("it looks at ball") and "2 × 3 = 6" in first
    cell(page, "scores", 2, 0).hover()
    text = how(page)
    assert text.startswith("she looks at Lena") and "2 × 3 + 0 × 0 = 6" in text
    assert "6 / √2 = 4.24" in text and "= 69.6 / 75.7 = 0.92" in text
    cell(page, "output", 3, 1).hover()
    assert "0.01 × 0 + 0.92 × 1 + 0.01 × 0 + 0.05 × 0 = 0.92" in how(page).replace("\n", " ")
    cell(page, "k", 1, 1).hover()
    text = how(page)
    assert "0 × 0 + 1 × 1 + 0 × 0 + 1 × 2 = 3" in text.replace("\n", " ")
    page.mouse.move(5, 5)
    assert how(page) == first
    assert page.evaluate("() => Object.keys(saved)") == [], "looking is not changing"


def test_a_press_chooses_the_query(page):
    show(page, AttentionExplorer())
    cell(page, "scaled", 0, 2).click()
    page.mouse.move(5, 5)
    assert how(page).startswith("Lena looks at she")
    assert saved(page, "query") == 0
    set_from_python(page, query=1)
    assert how(page).startswith("ball looks at ball")
    set_from_python(page, query=99)
    assert how(page).startswith("it looks at ball"), "beyond the last counts as the last"


def test_keys_move_in_a_matrix_and_say_so(page):
    show(page, AttentionExplorer())
    page.locator(".ax-scores .ax-cells").focus()
    for key, title in [
        ("Home", "it looks at Lena"),
        ("ArrowUp", "she looks at Lena"),
        ("ArrowRight", "she looks at ball"),
        ("End", "she looks at it"),
        ("PageUp", "Lena looks at it"),
        ("ArrowDown", "ball looks at it"),
    ]:
        page.keyboard.press(key)
        assert how(page).startswith(title), key
    assert saved(page, "query") == 1
    page.wait_for_function(SAID, arg="ball looks at it: q · k = 0 × 0 + 2 × 1 = 2")


def test_touch(browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    show(page, AttentionExplorer(), width=390)
    cell(page, "weights", 2, 0).tap()
    assert how(page).startswith("she looks at Lena")
    page.get_by_label("it, person", exact=True).tap()
    page.get_by_role("button", name="it, person: +1").tap()
    page.get_by_role("button", name="it, person: change the sign").tap()
    settle(page)
    assert model(page, "vectors")[3] == [-1, 1, 0, 0]
    context.close()


def test_the_advice_can_be_followed(page):
    """Make "it" a person: it finds Lena, and is young."""
    show(page, AttentionExplorer())
    page.get_by_label("it, person", exact=True).fill("1")
    page.get_by_label("it, thing", exact=True).fill("0")
    page.mouse.move(5, 5)
    assert "it looks most at Lena" in how(page).replace("\n", " ")
    assert saved(page, "vectors")[3] == [1, 0, 0, 0]
    np.testing.assert_allclose(cells(page, "output"), twin(page).output, **SHOWN)
    assert cells(page, "output")[3].argmax() == 0
    assert page.get_by_label("Example").input_value() == "own"
    assert "turn “it” back into a thing" in page.locator(".lw-try").inner_text()


def test_the_first_task_and_its_effect_are_on_one_screen_of_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, AttentionExplorer(), width=390)
    cause = page.get_by_label("it, person", exact=True)
    cause.fill("1")
    page.get_by_label("it, thing", exact=True).fill("0")
    settle(page)
    effect = page.locator(".ax-found")
    assert "Lena .88" in effect.inner_text().replace("\n", " ")
    boxes = [n.bounding_box() for n in (page.locator(".lw-try"), cause, effect)]
    first, last = min(b["y"] for b in boxes), max(b["y"] + b["height"] for b in boxes)
    assert last - first < 500, "half a screen is the keyboard's"


def test_what_to_try_has_not_been_done_yet(page):
    """The advice changes with the state, and is true in each."""
    show(page, AttentionExplorer())
    said = page.locator(".lw-try")
    assert "turn “it” into a person: first number 1" in said.inner_text()
    set_from_python(page, vectors=[[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0], [1, 0, 0, 0]])
    assert "turn “it” back into a thing" in said.inner_text()
    for name, trait, done, before, after in [
        ("meaning", "vectors", [[0, 0], [0, 2], [1, 1], [0, 2]], "0 and 2.", "2 and 0 again"),
        ("previous", "causal", False, "causal mask off", "causal mask on"),
    ]:
        page.get_by_label("Example").select_option(name)
        settle(page)
        assert before in said.inner_text()
        set_from_python(page, **{trait: done})
        assert after in said.inner_text()


def test_a_cell_takes_numbers_as_people_write_them(page):
    show(page, AttentionExplorer())
    box = page.get_by_label("W_Q: thing, column 2", exact=True)
    for text, value in [("3", 3), ("-0.5", -0.5), ("−2", -2), ("0,25", 0.25), ("1/8", 0.125)]:
        box.fill(text)
        settle(page)
        assert saved(page, "w_q")[1][1] == value, text
        np.testing.assert_allclose(cells(page, "weights"), twin(page).weights, **SHOWN)
    for key, value in [("ArrowUp", 1.125), ("Shift+ArrowDown", 1.025)]:
        box.press(key)
        assert saved(page, "w_q")[1][1] == value
    box.press("Enter")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == (
        "W_Q: young, column 1"
    )


def test_no_number_is_said_at_the_cell_and_changes_nothing(page):
    show(page, AttentionExplorer())
    box = page.get_by_label("Lena, young", exact=True)
    before = [cells(page, name).tolist() for name in ("q", "weights", "output")]
    for text in ["", "abc", "NaN", "1e5", "101", "<b>1</b>"]:
        box.fill(text)
        assert box.get_attribute("aria-invalid") == "true", text
        message = page.locator(f"#{box.get_attribute('aria-describedby')}")
        assert message.inner_text() == (
            f"Lena, young: “{text}” is not a number from −100 to 100; 1 still counts."
        )
        assert [cells(page, name).tolist() for name in ("q", "weights", "output")] == before
        box.press("Escape")
        assert box.input_value() == "1" and message.inner_text() == ""
    box.fill("x")
    page.get_by_label("ball, young", exact=True).fill("2")
    assert box.input_value() == "x" and message.inner_text() != "", "it stays until mended"
    assert saved(page, "vectors")[1][2] == 2
    box.fill("4")
    settle(page)
    assert model(page, "vectors")[0][2] == 4 and message.inner_text() == ""


def test_a_word_can_be_renamed_and_is_only_text(page):
    show(page, AttentionExplorer())
    page.get_by_label("name of word 3").fill("<i>he</i>")
    page.keyboard.press("Tab")
    settle(page)
    assert saved(page, "tokens") == ["Lena", "ball", "<i>he</i>", "it"]
    assert page.locator(".lw i").count() == 0
    assert page.locator(".ax-weights .ax-heads span").nth(2).inner_text() == "<i>he</i>"


def test_examples(page):
    show(page, AttentionExplorer())
    box = page.get_by_label("Example")
    for name, example in EXAMPLES.items():
        box.select_option(name)
        settle(page)
        for key, value in example.items():
            assert model(page, key) == value
        assert box.input_value() == name
        np.testing.assert_allclose(
            cells(page, "output"), AttentionExplorer(**example).output, **SHOWN
        )
    page.get_by_label("three, sin", exact=True).fill("x")
    box.select_option("meaning")
    settle(page)
    assert page.locator("[aria-invalid=true]").count() == 0
    assert page.locator(".ax-wrong").inner_text() == ""


def test_python_can_set_everything(page):
    show(page, AttentionExplorer())
    own = {key: np.asarray(value).tolist() for key, value in OWN.items()}
    set_from_python(page, **own, features=["p", "q", "r"], query=2, causal=True, temperature=2)
    np.testing.assert_allclose(cells(page, "weights"), twin(page).weights, **SHOWN)
    assert page.get_by_label("c, r", exact=True).input_value() == str(own["vectors"][2][2]).replace(
        "-", "−"
    ).replace("0.", ".")
    assert how(page).startswith("c looks at")
    assert page.get_by_label("causal mask").is_checked()
    assert page.locator(".ax-temperature .lw-slider-value").inner_text() == "2"
    set_from_python(page, features=[])
    assert page.locator(".ax-x .ax-heads").inner_text().split() == ["1", "2", "3"]


def test_settings_that_arrive_one_by_one(page):
    """Between two messages from Python the shapes need not fit; the last cell may be gone."""
    show(page, AttentionExplorer())
    page.get_by_label("W_Q: round, column 2", exact=True).focus()
    before = how(page)
    set_from_python(page, tokens=["one", "two", "three"])
    set_from_python(page, vectors=[[1, 0], [0, 1], [1, 1]])
    assert how(page) == before and page.locator(".lw").get_attribute("data-state") == "ready"
    set_from_python(page, w_q=[[1], [0]])
    set_from_python(page, w_k=[[1], [0]])
    set_from_python(page, w_v=[[1, 0], [0, 1]])
    np.testing.assert_allclose(cells(page, "weights"), twin(page).weights, **SHOWN)
    page.get_by_role("button", name="+1").click()
    assert saved(page, "vectors")[0] == [2, 0]
