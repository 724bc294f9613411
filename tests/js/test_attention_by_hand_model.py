"""Attention by hand as the page shows it (by_hand_model.js), against NumPy: cells and texts."""

import re

import numpy as np
import pytest

from large_models.widgets.attention_explorer import EXAMPLES, AttentionExplorer

RANDOM = np.random.default_rng(1)
OWN = {
    "tokens": ["a", "b", "c", "d", "e"],
    "vectors": RANDOM.normal(size=(5, 3)).round(2),
    "w_q": RANDOM.normal(size=(3, 4)).round(2),
    "w_k": RANDOM.normal(size=(3, 4)).round(2),
    "w_v": RANDOM.normal(size=(3, 1)).round(2),
}
LOOKING = {"held": None, "hover": None, "active": {"name": "x", "row": 0, "col": 0}, "tried": "own"}
IN_LANGUAGE = """async ({lang, call, args}) => {
  const m = await import("/attention_explorer/by_hand_model.js");
  globalThis.document = {documentElement: {lang}};
  try { return m[call](...args); } finally { delete globalThis.document; }
}"""


@pytest.fixture
def ask(engine):
    def call(name, *args, lang="en"):
        return engine.run(IN_LANGUAGE, {"lang": lang, "call": name, "args": args})

    return call


def given(explorer):
    names = ["tokens", "features", "vectors", "w_q", "w_k", "w_v", "scale", "causal"]
    return {
        name: getattr(explorer, name) for name in [*names, "double_softmax", "temperature", "query"]
    }


def place(name, row, col):
    return {"name": name, "row": row, "col": col}


@pytest.fixture
def view(ask):
    def of(explorer, lang="en", **looking):
        return ask("handView", given(explorer), EXAMPLES, LOOKING | looking, lang=lang)

    return of


def plain(parts):
    return "".join(p if isinstance(p, str) else plain(p["content"]) for p in parts)


def told(how):
    return plain(how["title"]), [plain(line["content"]) for line in how["lines"]]


def values(matrix, key="value"):
    return np.array([cell[key] for cell in matrix["cells"]]).reshape(matrix["rows"], matrix["cols"])


def parse(text):
    """A number as a cell shows it; a weight below 0.005 or above 0.995 says only that."""
    rough = {"<.01": 0.0, ">.99": 1.0}
    return rough[text] if text in rough else float(text.replace("−", "-").replace("∞", "inf"))


def in_numpy(explorer):
    x = np.array(explorer.vectors, float)
    q, k, v = (x @ np.array(w, float) for w in (explorer.w_q, explorer.w_k, explorer.w_v))
    scaled = q @ k.T / (q.shape[1] ** 0.5 if explorer.scale else 1) / explorer.temperature
    masked = np.where(np.tri(len(x), dtype=bool), scaled, -np.inf) if explorer.causal else scaled
    made = {"x": x, "q": q, "k": k, "v": v, "scores": q @ k.T, "scaled": scaled, "masked": masked}
    made |= {"wq": explorer.w_q, "wk": explorer.w_k, "wv": explorer.w_v}
    made |= {"weights": explorer.weights, "output": explorer.output}
    return {name: np.array(rows, float) for name, rows in made.items()}


ALL = [
    {},
    {"scale": False, "temperature": 0.1},
    {"causal": True, "double_softmax": True, "temperature": 3.3},
    EXAMPLES["meaning"],
    EXAMPLES["previous"],
    OWN | {"causal": True},
    {"vectors": [[0] * 4] * 4},
]


@pytest.mark.parametrize("settings", ALL)
def test_every_cell_is_numpys(view, settings):
    explorer = AttentionExplorer(**settings)
    found = view(explorer)
    made = in_numpy(explorer)
    assert set(found["matrices"]) == set(made)
    for name, matrix in found["matrices"].items():
        wanted = made[name]
        # Both in double precision; a cell shows two digits, a weight two after the point.
        np.testing.assert_allclose(values(matrix), wanted, rtol=1e-12, atol=1e-12, err_msg=name)
        texts = np.vectorize(parse)(values(matrix, "text"))
        np.testing.assert_allclose(texts, wanted, rtol=0.051, atol=5.1e-3, err_msg=name)
        square = name in ("scores", "scaled", "masked", "weights")
        finite = np.where(np.isfinite(wanted), np.abs(wanted), 0)
        most = 1 if name == "weights" else np.abs(made["scores"] if square else finite).max() or 1
        np.testing.assert_allclose(
            values(matrix, "share"), 40 * np.minimum(1, finite / most), atol=0.5001, err_msg=name
        )
        signs = np.where(wanted < 0, "below", "above") if name != "weights" else "weight"
        assert (values(matrix, "tint") == signs).all(), name
        barred = np.isneginf(made["masked"]) if name in ("masked", "weights") else False
        if not (name == "weights" and explorer.double_softmax):
            assert (values(matrix, "barred") == barred).all(), name


@pytest.mark.parametrize("settings", ALL)
def test_entropy_and_where_the_word_looks(view, settings):
    explorer = AttentionExplorer(**settings)
    found = view(explorer)
    weights = explorer.weights
    entropy = -(weights * np.log2(np.where(weights > 0, weights, 1))).sum(-1)
    rows = found["entropy"]["rows"]
    np.testing.assert_allclose(
        [parse(row["text"]) for row in rows], entropy, rtol=0.051, atol=5.1e-3
    )
    full = np.log2(len(weights))
    np.testing.assert_allclose([row["share"] for row in rows], 100 * entropy / full, atol=1e-9)
    assert found["entropy"]["note"] == f"0–{full:.2g} bits"
    looks = weights[explorer.query]
    assert found["found"]["asks"] == explorer.tokens[explorer.query]
    assert [word["text"] for word in found["found"]["words"]] == explorer.tokens
    shares = [word["share"] for word in found["found"]["words"]]
    np.testing.assert_allclose(shares, 40 * looks, atol=0.5001)
    np.testing.assert_allclose(
        [parse(word["weight"]) for word in found["found"]["words"]], looks, atol=5.1e-3
    )
    assert [word["chosen"] for word in found["words"]] == [
        i == explorer.query for i in range(len(weights))
    ]


def test_unless_a_cell_is_chosen_it_tells_where_the_word_looks_most(view):
    found = view(AttentionExplorer(), hover=place("q", 9, 9))  # gone: no such cell
    assert found["place"] == place("weights", 3, 1)
    title, lines = told(found["how"])
    assert title == "it looks at ball" and "2 × 3 = 6" in lines[0]
    assert found["said"] == f"it looks at ball: {lines[3]}"
    assert view(AttentionExplorer(query=99))["query"] == 3, "beyond the last counts as the last"


def test_how_each_number_is_made(view):
    explorer = AttentionExplorer()
    title, lines = told(view(explorer, hover=place("scores", 2, 0))["how"])
    assert title == "she looks at Lena" and lines[0] == "q · k = 2 × 3 + 0 × 0 = 6"
    assert lines[1] == "6 / √2 = 4.24" and lines[2] == "4.24: no mask"
    assert lines[3] == "e4.24 / (69.6 + 1 + 4.11 + 1) = 69.6 / 75.7 = 0.92"
    title, lines = told(view(explorer, hover=place("output", 3, 1))["how"])
    assert title == "Output of it: round"
    assert lines == ["0.01 × 0 + 0.92 × 1 + 0.01 × 0 + 0.05 × 0 = 0.92"]
    title, lines = told(view(explorer, hover=place("k", 1, 1))["how"])
    assert (title, lines) == ("K of ball: 2", ["0 × 0 + 1 × 1 + 0 × 0 + 1 × 2 = 3"])
    title, lines = told(view(explorer, held=place("x", 2, 0))["how"])
    assert title == "she: person = 1" and lines[1] == "it looks most at ball: 0.92"
    how = view(explorer, held=place("wv", 2, 1))["how"]
    assert told(how)[0] == "WV: young → V2"
    assert "“young” goes into number 2 of every value" in how["lines"][0]["label"]
    later = AttentionExplorer(causal=True, double_softmax=True, scale=False, temperature=2)
    _, lines = told(view(later, hover=place("masked", 0, 2))["how"])
    assert lines[1] == "2 / 2 = 1" and lines[2] == "−∞ as “she” comes later"
    assert lines[3].startswith("e−∞ / (") and len(lines) == 5
    assert told(view(AttentionExplorer(temperature=0.1))["how"])[1][3].endswith("= 1 / 1 = 1")


def test_marks_show_where_a_number_comes_from(view):
    explorer = AttentionExplorer()

    def marked(key, of):
        found = view(explorer, hover=of)["matrices"]
        return {
            (name, *map(int, at)): cells[at]
            for name, matrix in found.items()
            for cells in [values(matrix, key)]
            for at in np.ndindex(cells.shape)
            if cells[at]
        }

    scores = place("scores", 2, 0)
    assert set(marked("target", scores)) == {("scores", 2, 0)}
    pair = {("q", 2, 0): "query", ("q", 2, 1): "query", ("k", 0, 0): "key", ("k", 0, 1): "key"}
    assert marked("source", scores) == pair
    row = {("masked", 2, j): "text" for j in range(4)}
    steps = {("scores", 2, 0): "text", ("scaled", 2, 0): "text"}
    assert marked("source", place("weights", 2, 0)) == pair | steps | row
    assert marked("source", place("output", 3, 1)) == (
        {("weights", 3, j): "text" for j in range(4)} | {("v", j, 1): "value" for j in range(4)}
    )
    assert marked("source", place("k", 1, 1)) == (
        {("x", 1, f): "in" for f in range(4)} | {("wk", f, 1): "learned" for f in range(4)}
    )
    into = marked("source", place("wq", 1, 0))
    assert into == {("q", r, 0): "query" for r in range(4)} | {("x", r, 1): "in" for r in range(4)}


def test_headings_and_notes(view):
    found = view(AttentionExplorer(temperature=2))["matrices"]
    assert found["x"]["heads"] == ["person", "thing", "young", "round"]
    # A column that one feature alone goes into is called by it; a key's then by its query's.
    assert (found["q"]["heads"], found["k"]["heads"]) == (["person", "thing"], ["person", "thing"])
    assert found["output"]["heads"] == ["young", "round"]
    assert found["weights"]["heads"] == found["weights"]["labels"] == ["Lena", "ball", "she", "it"]
    assert found["wq"]["cells"][3]["name"] == "W_Q: thing, column 2"
    assert found["x"]["cells"][13]["name"] == "it, thing"
    assert found["scaled"]["note"] == "÷ √2 ÷ 2" and not found["scaled"]["same"]
    assert found["masked"]["note"] == "off" and found["masked"]["same"]
    plain_ = view(AttentionExplorer(scale=False, causal=True, double_softmax=True))["matrices"]
    assert plain_["scaled"]["note"] == "off" and plain_["scaled"]["same"]
    assert plain_["masked"]["note"] == "causal" and plain_["weights"]["note"] == "softmax twice"
    unnamed = view(AttentionExplorer(**OWN, features=[]))
    assert (
        unnamed["matrices"]["x"]["heads"] == ["1", "2", "3"]
        and unnamed["broad"]
        and unnamed["long"]
    )
    assert not (view(AttentionExplorer())["broad"] or view(AttentionExplorer())["long"])


def test_settings_that_do_not_fit_are_not_shown(ask, view):
    one_by_one = given(AttentionExplorer()) | {"tokens": ["one", "two", "three"]}
    assert ask("handView", one_by_one, EXAMPLES, LOOKING) is None
    found = view(AttentionExplorer(**EXAMPLES["meaning"]), active=place("wq", 3, 1))
    assert found["active"] == place("x", 0, 0), "the input that was active is gone"
    assert found["nudges"]["labels"] == [
        "the, water: −1",
        "the, water: +1",
        "the, water: change the sign",
    ]


def test_examples_and_their_advice(view):
    for name, example in EXAMPLES.items():
        assert view(AttentionExplorer(**example))["example"] == name
    own = view(AttentionExplorer(vectors=[[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0], [1, 0, 0, 0]]))
    assert own["example"] == "own" and own["advice"].startswith("change a number")
    for name, done, before, after in [
        (
            "pronoun",
            {"vectors": [[0] * 4] * 3 + [[1, 0, 0, 0]]},
            "into a person",
            "back into a thing",
        ),
        ("meaning", {"vectors": [[0, 0], [0, 2], [1, 1], [0, 2]]}, "0 and 2.", "2 and 0 again"),
        ("previous", {"causal": False}, "causal mask off", "causal mask on"),
    ]:
        example = EXAMPLES[name]
        assert before in view(AttentionExplorer(**example), tried=name)["advice"]
        assert after in view(AttentionExplorer(**example | done), tried=name)["advice"]


def test_choosing_and_changing(ask):
    state = given(AttentionExplorer())
    assert ask("queryAt", state, place("scaled", 0, 2)) == 0
    assert ask("queryAt", state, place("scaled", 3, 2)) is None, "it looks already"
    assert ask("queryAt", state, place("v", 0, 1)) is None, "a value does not look"
    assert ask("stillHeld", state, place("scaled", 0, 2)) is None
    assert ask("stillHeld", state, place("v", 0, 1)) == place("v", 0, 1)
    size = {"rows": 4, "cols": 4}
    for move, to in [
        ((0, -np.inf), (2, 0)),
        ((-1, 0), (1, 1)),
        ((0, 10), (2, 3)),
        ((-10, 0), (0, 1)),
    ]:
        assert ask("moved", size, "scores", place("scores", 2, 1), *move) == place("scores", *to)
    assert ask("moved", size, "scores", place("q", 2, 1), 1, 0) == place("scores", 1, 0)
    assert (
        ask("valueAt", state, place("wq", 1, 1)) == 2
        and ask("valueAt", state, place("wq", 9, 1)) == 0
    )
    changed = ask("edited", state, place("wq", 1, 1), -0.5)
    assert changed == {"w_q": [[2, 0], [0, -0.5], [0, 0], [0, 0]]}
    assert [ask("nudged", state, place("x", 3, 1), button) for button in range(3)] == [0, 2, -1]
    large = state | {"w_q": [[100, -100]] * 4}
    assert ask("nudged", large, place("wq", 0, 1), 0) is None
    assert ask("nudged", large, place("wq", 0, 0), 1) is None
    assert ask("nudged", large, place("wq", 0, 0), 2) == -100


def test_numbers_in_narrow_cells(ask):
    shown = {
        0.5: ".5",
        -0.256: "−.26",
        1.26: "1.3",
        12.4: "12",
        -104.0: "−104",
        12345: "1e4",
        0: "0",
    }
    assert {value: ask("short", value) for value in shown} == shown
    assert ask("short", float("-inf")) == "−∞"
    weights = {0: "0", 1: "1", 0.004: "<.01", 0.996: ">.99", 0.5: ".50", 0.015: ".01"}
    assert {value: ask("shortWeight", value) for value in weights} == weights


def test_the_slider_stands_at_each_temperature(engine):
    found = engine.run("""async () => {
      const {TEMPERATURES} = await import("/attention_explorer/by_hand_model.js");
      return TEMPERATURES.map((v) => [v, Math.round(20 * (Math.log10(v) + 1))]);
    }""")
    assert [place for _, place in found] == list(range(41))
    assert (found[0][0], found[1][0], found[20][0], found[40][0]) == (0.1, 0.11, 1, 10)


def test_chinese(view):
    said = []
    for name, example in EXAMPLES.items():
        explorer = AttentionExplorer(**example)
        for at in [("x", 0, 0), ("wk", 1, 1), ("q", 0, 0), ("masked", 0, 2), ("output", 1, 1)]:
            found = view(explorer, "zh-CN", held=place(*at), tried=name)
            said += [found["said"], found["advice"], found["entropy"]["note"]]
            said += [plain(line["content"]) for line in found["how"]["lines"]]
            said += [line["label"] for line in found["how"]["lines"]]
            for matrix in found["matrices"].values():
                said += [matrix["label"], matrix["note"], *matrix["heads"], *matrix["labels"]]
                said += [cell["name"] or "" for cell in matrix["cells"]]
    assert "−∞：“三”在后面" in said
    # No English word is left but names and what formulas are written with.
    assert set(re.findall(r"[A-Za-z]{2,}", " ".join(said))) <= {
        *("Lena", "softmax", "cos", "sin", "WQ", "WK", "WV")
    }
