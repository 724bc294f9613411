"""The maps of a model's heads as the page shows them (maps_model.js), against NumPy."""

import re

import numpy as np
import pytest

TOKENS = ["The", "cat", " sat", "on", "\n", "<b>mat</b>", "because", "it"]
SHOWN = [token.replace(" ", "␣").replace("\n", "⏎") for token in TOKENS]
LOOKING = {"hover": None, "key": None, "picking": 0}
CALL = """async ({lang, call, args}) => {
  const m = await import("/attention_explorer/maps_model.js");
  globalThis.document = {documentElement: {lang}};
  try { return m[call](...args); } finally { delete globalThis.document; }
}"""


def maps(T, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(3, 4, T, T)) * 2
    made = np.exp(scores) * np.tri(T)
    made /= made.sum(-1, keepdims=True)
    made[2, 3, 4] = 0  # may look nowhere
    return np.rint(255 * made).astype(np.uint8)


MAPS = maps(8)


@pytest.fixture
def ask(engine):
    def call(name, *args, lang="en"):
        return engine.run(CALL, {"lang": lang, "call": name, "args": args})

    return call


def given(**settings):
    first = {"tokens": TOKENS, "heads": [3, 4], "maps": MAPS.ravel(), "layer": 0, "head": 0}
    return first | {"compare": None, "view": "matrix", "query": 0} | settings


@pytest.fixture
def view(ask):
    def of(settings=None, lang="en", **looking):
        return ask("mapsView", given(**settings or {}), LOOKING | looking, lang=lang)

    return of


def number(text):
    return float(text or 0)


@pytest.mark.parametrize(("layer", "head", "query"), [(0, 0, 0), (1, 2, 6), (2, 3, 7), (2, 3, 4)])
def test_words_maps_and_answer_are_the_weights(view, layer, head, query):
    found = view({"layer": layer, "head": head, "query": query})
    row = MAPS[layer, head, query] / 255
    assert [word["text"] for word in found["words"]] == SHOWN
    assert [word["chosen"] for word in found["words"]] == [i == query for i in range(8)]
    np.testing.assert_allclose([w["share"] for w in found["words"]], 60 * row, atol=0.5001)
    # Two digits after the point; below 3 of 255 none.
    wanted = np.where(row >= 3 / 255, row, 0)
    np.testing.assert_allclose([number(w["weight"]) for w in found["words"]], wanted, atol=0.0051)
    [panel] = found["panels"]
    assert (panel["map"] == MAPS[layer, head].ravel()).all()
    np.testing.assert_allclose([number(w) for w in panel["weights"]], wanted, atol=0.0051)
    assert panel["name"] == f"layer {layer + 1}, head {head + 1}" and panel["q"] == query
    if not row.any():
        assert panel["answer"]["nothing"] == "nothing" and panel["list"] == ""
        assert panel["said"] == "⏎ looks at nothing"
        return
    best = int(row.argmax())
    assert panel["k"] == best and panel["answer"]["nothing"] is None
    assert panel["answer"]["answers"] == SHOWN[best]
    assert number(panel["answer"]["weight"]) == pytest.approx(row[best], abs=0.0051)
    assert panel["said"] == f"{SHOWN[query]} looks at {SHOWN[best]}: {panel['answer']['weight']}"
    assert found["said"] == f"{panel['name']}: {panel['said']}"
    order = [i for i in np.argsort(-row, kind="stable") if row[i] >= 3 / 255][:4]
    said = [f"{SHOWN[i]} {row[i]:.2f}" for i in order]
    assert panel["list"] == "most: " + ", ".join(said)


def test_every_head_is_a_small_map(view):
    found = view({"layer": 1, "head": 2})
    assert len(found["thumbs"]) == 12 and found["current"] == 6
    for i, thumb in enumerate(found["thumbs"]):
        assert (thumb["map"] == MAPS[i // 4, i % 4].ravel()).all()
        assert thumb["name"] == f"layer {i // 4 + 1}, head {i % 4 + 1}"
        assert (thumb["first"], thumb["second"], thumb["chosen"]) == (i == 6, False, i == 6)


def test_two_heads_are_compared(ask, view):
    state = {"layer": 1, "head": 1, "compare": [2, 0]}
    for picking, current in ((0, 5), (1, 8)):
        found = view(state, picking=picking)
        assert found["comparing"] and found["current"] == current
        assert [panel["name"] for panel in found["panels"]] == [
            "layer 2, head 2",
            "layer 3, head 1",
        ]
        for panel, place in zip(found["panels"], [(1, 1), (2, 0)], strict=True):
            assert (panel["map"] == MAPS[place].ravel()).all()
        kinds = [(t["first"], t["second"], t["chosen"]) for t in found["thumbs"]]
        assert kinds[5] == (True, False, picking == 0) and kinds[8] == (False, True, picking == 1)
        assert found["said"].count(" looks at ") == 2
    assert ask("taken", given(**state), LOOKING | {"picking": 1}, 3) == {"compare": [0, 3]}
    assert ask("taken", given(**state), LOOKING, 7) == {"layer": 1, "head": 3}
    assert ask("taken", given(), LOOKING | {"picking": 1}, 7) == {"layer": 1, "head": 3}
    assert ask("compared", given(head=1), True) == {"compare": [0, 2]}
    assert ask("compared", given(layer=2, head=3), True) == {"compare": [0, 0]}
    assert ask("compared", given(**state), False) == {"compare": None}


def test_too_large_counts_as_the_last(view):
    found = view({"layer": 99, "head": 99, "query": 99, "compare": [99, 0]})
    assert found["query"] == 7 and found["current"] == 11
    assert [panel["name"] for panel in found["panels"]] == ["layer 3, head 4", "layer 3, head 1"]


def test_a_place_in_a_longer_sentence_is_no_place_in_a_shorter_one(view):
    short = {"tokens": TOKENS[:5], "maps": maps(5, 1).ravel()}
    found = view(short, key=7)
    assert found["panels"][0]["k"] == 0, "the first word can look at itself alone"
    found = view(short, hover={"q": 7, "k": 6})
    assert found["panels"][0]["q"] == 4


def test_room_is_kept_for_the_longest_sentence(view):
    for longest, line in [(8, 26), (12, 26), (13, 22), (19, 18), (27, 14)]:
        found = view({"room": [TOKENS, ["x"] * longest]})
        assert (found["longest"], found["line"]) == (longest, line)
    assert view()["longest"] == 8
    assert not view()["alone"] and view({"heads": [1, 1], "maps": MAPS[0, 0].ravel()})["alone"]


def test_lines_are_as_wide_and_strong_as_weights(ask):
    row = MAPS[0, 0, 7]
    size = {"line": 26, "width": 200, "opacity": 0.5}
    lines = ask("linesFrom", MAPS[0, 0].ravel(), 8, 7, size)
    to = [i for i in range(8) if row[i] / 255 >= 0.03]
    assert len(lines) == len(to)
    for line, i in zip(lines, to, strict=True):
        end = (i + 0.5) * 26
        assert [float(n) for n in re.findall(r"[\d.]+", line["d"])] == [
            *(0, 7.5 * 26, 100, 7.5 * 26, 100, end, 200, end)
        ]
        # Written with three digits.
        assert float(line["width"]) == pytest.approx(0.5 + 3.5 * row[i] / 255, abs=0.005)
        assert float(line["opacity"]) == pytest.approx(
            0.5 * (0.15 + 0.85 * row[i] / 255), abs=0.005
        )


def test_a_point_of_the_map_is_a_query_and_a_key(ask):
    def at(x, y, **settings):
        found = ask("pointed", given(query=3, **settings), LOOKING, x, y)
        return found["q"], found["k"]

    assert at(0.4, 0.7) == (5, 3) and at(0, 0) == (0, 0) and at(1, 1) == (7, 7)
    assert at(-0.1, 0.7) == (5, None), "a name on the left"
    assert at(0.4, -0.1) == (3, 3), "a name on top"
    assert at(-0.1, -0.1) == (3, None)
    lines = {"view": "lines"}
    assert at(0.1, 0.7, **lines) == (5, None) and at(0.9, 0.7, **lines) == (3, 5)


def test_arrows_in_the_map(ask):
    def step(down, right, key=None, which=0, **settings):
        found = ask(
            "stepped", given(query=6, **settings), LOOKING | {"key": key}, which, down, right
        )
        return found["query"], found["key"]

    best = int(MAPS[0, 0, 6].argmax())
    assert step(0, 1) == (6, min(best + 1, 7)) and step(0, -np.inf) == (6, 0)
    assert step(1, 0) == (7, None) and step(9, 0, key=2) == (7, 2) and step(0, 1, key=2) == (6, 3)
    second = int(MAPS[1, 1, 6].argmax())
    assert step(0, -1, which=1, compare=[1, 1]) == (6, max(second - 1, 0))


def test_sentences_lie_one_after_the_other(ask):
    both = np.concatenate([MAPS.ravel(), maps(5, 1).ravel()])
    tokens = [TOKENS, TOKENS[:5]]
    for asked, at in [(0, 0), (1, 1), (99, 1)]:
        state = {"tokens": tokens, "heads": [3, 4], "maps": both, "sentence": asked}
        found = ask("sentenceOf", state)
        assert found["sentence"] == at and found["tokens"] == tokens[at]
        assert (found["maps"] == (MAPS, maps(5, 1))[at].ravel()).all()
    assert ask("titleOf", ["one", "two"]) == "one two"
    assert ask("titleOf", ["one", " two"]) == "one two"
    assert ask("titleOf", ["Ġa", "b"]) == "ab"
    assert ask("titleOf", ["x" * 60]) == "x" * 47 + "…"


def test_chinese(view):
    found = view({"tokens": list("一二三四五六七八"), "compare": [2, 3], "query": 4}, lang="zh-CN")
    text = found["said"] + "".join(
        panel["list"] + panel["label"] + panel["name"] for panel in found["panels"]
    )
    assert "第 3 层，第 4 头" in text and "五 看 不到任何词" in text and "最多：" in text
    assert re.findall(r"[A-Za-z]{2,}", text) == []
