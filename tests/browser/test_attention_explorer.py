"""AttentionExplorer on a bare page: what it shows against Python, and every way to move it."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from large_models.widgets.attention_explorer import EXAMPLES, AttentionExplorer
from tests.browser.harness import show, state_of

# A cell of a matrix shows two digits, a weight two after the point.
SHOWN = {"rtol": 0.051, "atol": 5.1e-3}
SWITCHES = ["scale", "causal", "double_softmax", "temperature"]


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda m: m.type in ("error", "warning") and page.problems.append(m.text),
    )
    yield page
    context.close()
    assert page.problems == []


def settle(page):
    """Wait until the frame after the last change is drawn."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")


def model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def saved(page, key):
    page.wait_for_function("(key) => key in saved", arg=key)
    return page.evaluate("(key) => saved[key]", key)


def set_from_python(page, **traits):
    page.evaluate("(t) => Object.entries(t).forEach(([k, v]) => model.set(k, v))", traits)
    settle(page)


def parse(text):
    """A number as a cell shows it; a weight below 0.005 or above 0.995 says only that."""
    rough = {"<.01": 0.0, ">.99": 1.0}
    return rough[text] if text in rough else float(text.replace("−", "-").replace("∞", "inf"))


def cells(page, name):
    """What a matrix of the small mode shows."""
    settle(page)
    found = page.locator(f".ax-{name} .ax-cell")
    columns = page.locator(f".ax-{name} .ax-cells").evaluate(
        "(node) => getComputedStyle(node).gridTemplateColumns.split(' ').length"
    )
    texts = found.evaluate_all("(nodes) => nodes.map((n) => n.value ?? n.textContent)")
    return np.array([parse(text) for text in texts]).reshape(-1, columns)


def computed(page):
    """Every step as the page computes it, in full precision, from the state that it has now."""
    return page.evaluate(
        """async () => {
          const {attentionByHand} = await import("/attention_explorer/steps.js");
          const names = ["vectors", "w_q", "w_k", "w_v", "scale", "causal", "double_softmax",
                         "temperature"];
          const steps = attentionByHand(Object.fromEntries(names.map((n) => [n, model.get(n)])));
          return {weights: steps.weights, output: steps.output, entropy: steps.entropy};
        }"""
    )


def twin(page):
    """A Python explorer with the page's settings."""
    names = ["tokens", "features", "vectors", "w_q", "w_k", "w_v", *SWITCHES]
    return AttentionExplorer(**{name: model(page, name) for name in names})


def how(page):
    settle(page)
    return page.locator(".ax-how").inner_text()


def top(page):
    """Where the page goes on, from its beginning."""
    settle(page)
    return page.evaluate(
        "() => document.getElementById('after').getBoundingClientRect().top + scrollY"
    )


def cell(page, name, row, col):
    columns = cells(page, name).shape[1]
    return page.locator(f".ax-{name} .ax-cell").nth(row * columns + col)


def marked(page, kind):
    """Places {(matrix, row, column)} that are marked as "source" or "target"."""
    settle(page)
    return {
        tuple(place)
        for place in page.evaluate(
            """(kind) => [...document.querySelectorAll(".ax-matrix")].flatMap((matrix) => {
              const all = [...matrix.querySelectorAll(".ax-cell")];
              const columns = Number(matrix.style.getPropertyValue("--cols"));
              return all.flatMap((cell, i) => (cell.classList.contains(`ax-${kind}`)
                ? [[matrix.className.split("ax-").pop(), Math.floor(i / columns), i % columns]]
                : []));
            })""",
            kind,
        )
    }


# --- by hand: what it shows -----------------------------------------------------------------------

RANDOM = np.random.default_rng(1)
OWN = {
    "tokens": ["a", "b", "c", "d", "e"],
    "vectors": RANDOM.normal(size=(5, 3)).round(2),
    "w_q": RANDOM.normal(size=(3, 4)).round(2),
    "w_k": RANDOM.normal(size=(3, 4)).round(2),
    "w_v": RANDOM.normal(size=(3, 1)).round(2),
}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"scale": False, "temperature": 0.1},
        {"causal": True, "double_softmax": True, "temperature": 3.3},
        EXAMPLES["meaning"],
        EXAMPLES["previous"],
        OWN | {"causal": True},
    ],
)
def test_shows_what_python_computes(page, settings):
    explorer = AttentionExplorer(**settings)
    show(page, explorer)
    x = np.array(explorer.vectors, float)
    q, k, v = (x @ np.array(w, float) for w in (explorer.w_q, explorer.w_k, explorer.w_v))
    scaled = q @ k.T / (q.shape[1] ** 0.5 if explorer.scale else 1) / explorer.temperature
    masked = np.where(np.tri(len(x), dtype=bool), scaled, -np.inf) if explorer.causal else scaled
    wanted = {"x": x, "q": q, "k": k, "v": v, "scores": q @ k.T, "scaled": scaled}
    wanted |= {"masked": masked, "weights": explorer.weights, "output": explorer.output}
    wanted |= {"wq": explorer.w_q, "wk": explorer.w_k, "wv": explorer.w_v}
    for name, values in wanted.items():
        np.testing.assert_allclose(cells(page, name), values, **SHOWN, err_msg=name)
    made = computed(page)
    # Both in double precision.
    np.testing.assert_allclose(made["weights"], explorer.weights, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(made["output"], explorer.output, rtol=1e-12, atol=1e-12)
    weights = explorer.weights
    entropy = -(weights * np.log2(np.where(weights > 0, weights, 1))).sum(-1)
    np.testing.assert_allclose(made["entropy"], entropy, rtol=1e-9, atol=1e-12)
    bits = [parse(text) for text in page.locator(".ax-bits").all_inner_texts()]
    np.testing.assert_allclose(bits, entropy, **SHOWN)


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
    made = computed(page)
    np.testing.assert_allclose(made["weights"], twin(page).weights, rtol=1e-12, atol=1e-12)
    assert page.locator(".ax-temperature .lw-slider-value").inner_text() == "0.11"


def test_hovering_tells_what_a_number_is_made_of(page):
    show(page, AttentionExplorer())
    first = how(page)
    assert first.startswith("it looks at ball") and "2 × 3 = 6" in first
    cell(page, "scores", 2, 0).hover()
    text = how(page)
    assert text.startswith("she looks at Lena") and "2 × 3 + 0 × 0 = 6" in text
    assert "6 / √2 = 4.24" in text and "= 69.6 / 75.7 = 0.92" in text
    assert marked(page, "target") == {("scores", 2, 0)}
    assert marked(page, "source") == {("q", 2, 0), ("q", 2, 1), ("k", 0, 0), ("k", 0, 1)}
    cell(page, "output", 3, 1).hover()
    assert "0.01 × 0 + 0.92 × 1 + 0.01 × 0 + 0.05 × 0 = 0.92" in how(page).replace("\n", " ")
    assert marked(page, "source") == {("weights", 3, j) for j in range(4)} | {
        ("v", j, 1) for j in range(4)
    }
    cell(page, "k", 1, 1).hover()
    text = how(page)
    assert "0 × 0 + 1 × 1 + 0 × 0 + 1 × 2 = 3" in text.replace("\n", " ")
    assert ("wk", 3, 1) in marked(page, "source") and ("x", 1, 0) in marked(page, "source")
    page.mouse.move(5, 5)
    assert how(page) == first
    assert page.evaluate("() => Object.keys(saved)") == [], "looking is not changing"


def test_large_scores_are_told_without_large_powers(page):
    show(page, AttentionExplorer(temperature=0.1))
    assert "e0 / (" in how(page) and "= 1 / 1 = 1" in how(page)


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
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    said = page.locator("[aria-live]").text_content()
    assert said == "ball looks at it: q · k = 0 × 0 + 2 × 1 = 2"


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


# --- by hand: changing it -------------------------------------------------------------------------


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
        np.testing.assert_allclose(computed(page)["weights"], twin(page).weights, rtol=1e-12)
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
            computed(page)["output"], AttentionExplorer(**example).output, rtol=1e-12, atol=1e-12
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


# --- a model's maps -------------------------------------------------------------------------------

TOKENS = ["The", "cat", " sat", "on", "\n", "<b>mat</b>", "because", "it"]


def maps(T, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(3, 4, T, T)) * 2
    made = np.exp(scores) * np.tri(T)
    made /= made.sum(-1, keepdims=True)
    made[2, 3, 4] = 0  # may look nowhere
    return made


SENTENCES = [(TOKENS, maps(8)), (["one", "two", "three", "four", "five"], maps(5, 1))]


def watching(**settings):
    return AttentionExplorer(mode="model", sentences=SENTENCES, **settings)


def strip(page):
    """The numbers under the words; a weight below 0.01 has none."""
    settle(page)
    texts = page.locator(".ax-word > span").all_inner_texts()
    return np.array([float(text or 0) for text in texts])


def answers(page):
    settle(page)
    return page.locator(".ax-panel:visible .ax-answer").all_inner_texts()


def alpha(page, selector):
    """The weights that a canvas shows: how opaque its pixels are."""
    settle(page)
    return np.array(
        page.locator(selector).evaluate(
            """(canvas) => {
              const pen = canvas.getContext("2d", {willReadFrequently: true});
              const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
              return [...data].filter((_, i) => i % 4 === 3);
            }"""
        )
    )


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
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    assert page.locator("[aria-live]").text_content().startswith("layer 1, head 1: it looks at ")


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


# --- the page around it ---------------------------------------------------------------------------


def test_state_is_small():
    assert len(str(state_of(AttentionExplorer()))) < 10_000


def widget(mode, **settings):
    return watching(**settings) if mode == "model" else AttentionExplorer(**settings)


@pytest.mark.parametrize("width", [1280, 390, 360])
def test_nothing_moves_and_nothing_sticks_out_by_hand(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, AttentionExplorer(), width=min(width, 760))
    first = top(page)

    def check(what):
        assert top(page) == first, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what
        over = page.locator(".ax-how").evaluate("(n) => n.scrollHeight - n.clientHeight")
        assert over <= 0, what

    check("at first")
    for label in ["causal mask", "softmax twice", "divide by √D"]:
        page.get_by_label(label).click()
        check(label)
    page.get_by_label("temperature").fill("5")
    check("a temperature")
    for name in ["q", "v", "masked", "weights", "output"]:
        cell(page, name, 1, 1).hover()
        check(name)
    page.get_by_label("W_K: thing, column 2", exact=True).hover()
    check("a weight of W")
    page.get_by_label("ball, thing", exact=True).fill("-33.333")
    check("a long number")
    cell(page, "scaled", 1, 1).hover()
    check("a long score")
    page.get_by_label("ball, thing", exact=True).fill("a-rather-long-word-that-is-no-number")
    check("a message")
    page.get_by_label("name of word 1").fill("Maximiliane-Antonia")
    page.keyboard.press("Tab")
    check("a long name")
    for name in EXAMPLES:
        page.get_by_label("Example").select_option(name)
        check(name)


@pytest.mark.parametrize("width", [1280, 390, 360])
def test_nothing_moves_and_nothing_sticks_out_in_maps(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, watching(), width=min(width, 760))
    first = top(page)

    def check(what):
        assert top(page) == first, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    check("at first")
    for i in (5, 6, 7):
        page.locator(".ax-word").nth(i).hover()
        check(f"word {i}")
    page.get_by_role("radio", name="layer 3, head 4").click()
    page.locator(".ax-word").nth(4).click()
    check("nowhere")
    page.get_by_text("lines").click()
    check("lines")
    page.get_by_label("compare two heads").check()
    check("two heads as lines")
    page.get_by_text("matrix").click()
    check("two heads")
    page.get_by_label("Sentence").select_option("1")
    check("a shorter sentence")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize(
    ("mode", "settings"),
    [
        ("small", {"causal": True, "double_softmax": True}),
        ("model", {"compare": (1, 1), "query": 6}),
    ],
)
def test_axe_finds_nothing_serious(page, theme, width, mode, settings):
    page.set_viewport_size({"width": width + 32, "height": 900})
    lang = "zh-CN" if width == 390 else "en"
    if mode == "model" and theme == "dark":
        settings = settings | {"view": "lines"}
    show(page, widget(mode, **settings), lang=lang, theme=theme, width=width)
    settle(page)
    found = Axe().run(page).response["violations"]
    serious = [
        (v["id"], [n["html"][:140] for n in v["nodes"]][:3])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_chinese(page):
    show(page, AttentionExplorer(), lang="zh-CN")
    settle(page)
    assert page.get_by_label("第 4 个词").input_value() == "它"
    everything = page.locator(".lw").inner_text()
    for name in EXAMPLES:
        page.get_by_label("例子").select_option(name)
        for place in [("q", 0, 0), ("masked", 1, 1), ("output", 1, 1)]:
            cell(page, *place).hover()
            everything += page.locator(".lw").inner_text()
    page.get_by_label("二, cos", exact=True).fill("x")
    assert "不是" in page.locator(".ax-wrong").inner_text()
    # No English word is left but names and what formulas are written with.
    assert set(re.findall(r"[A-Za-z]{2,}", everything)) <= {
        *("Lena", "softmax", "cos", "sin", "WQ", "WK", "WV")
    }
    assert "先试试" in everything


def test_chinese_maps(page):
    show(page, watching(sentence=1, compare=(0, 1)), lang="zh-CN")
    settle(page)
    page.locator(".ax-bar select").evaluate("(box) => box.remove()")
    text = page.locator(".lw").inner_text()
    assert "第 1 层，第 2 头" in text and "先试试" in text
    assert set(re.findall(r"[A-Za-z]{2,}", text)) <= set(SENTENCES[1][0])


@pytest.mark.parametrize("mode", ["small", "model"])
def test_a_theme_that_changes_is_followed(page, mode):
    show(page, widget(mode))
    label = page.locator(".lw .ax-query").first
    light = label.evaluate("(node) => getComputedStyle(node).color")
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    assert label.evaluate("(node) => getComputedStyle(node).color") != light
    if mode == "model":
        page.wait_for_function(
            """() => {
              const canvas = document.querySelector(".ax-thumb canvas");
              const {data} = canvas.getContext("2d").getImageData(0, 0, 1, 1);
              return data[0] > 100;
            }"""
        )


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        (
            "small",
            ["Example", "name of word 2", "it, round", "W_V: round, column 2", "change the sign"]
            + ["Q query", "Scores", "Weights", "Output", "causal mask", "temperature"],
        ),
        ("model", ["Sentence", "matrix", "compare two heads", "on", "layer 1, head 1. Up and"]),
    ],
)
def test_everything_can_be_reached_by_tab(page, mode, wanted):
    show(page, widget(mode))
    settle(page)
    page.evaluate("() => document.activeElement.blur()")
    seen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => document.activeElement.closest(".lw") &&
              (document.activeElement.getAttribute("aria-label")
               ?? document.activeElement.labels?.[0]?.textContent
               ?? document.activeElement.textContent)"""
        )
        if not name:
            break
        seen.append(name)
    for name in wanted:
        assert any(name in label for label in seen), f"{name!r} is not among {seen}"


@pytest.mark.parametrize("mode", ["small", "model"])
def test_ends_cleanly(page, mode):
    show(page, widget(mode))
    assert page.evaluate("() => model.listening()") > 0
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
