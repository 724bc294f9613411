"""Where GateExplorer's reader is, and what is changed: marks, a text, gates that are held."""

import numpy as np
import pytest

from large_models.widgets.gate_explorer import GateExplorer, _text, held, network
from tests.js.gate_runs import load, numbers, run


@pytest.fixture(scope="module", autouse=True)
def networks(engine):
    load(engine)


# --- places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("job", "T", "H"), [("adding", 100, 32), ("chars", 7, 128)])
def test_places(engine, job, T, H):
    explorer = GateExplorer(job=job, text="the sum", order="memory")
    made = run(
        engine,
        """const size = m.sizeOf(traits, runs);
        const rows = runs.order;
        return {
          size, rows, within: [[-3, 500], [500, -1]].map((place) => m.within(size, place)),
          on: m.stepped(size, [4, 2], 3), start: m.stepped(size, [4, 0], -1),
          end: m.stepped(size, [4, size.T - 1], 1), cursor: m.cursorOf(size, runs, [rows[5], 3]),
          map: m.placeUnder(size, runs, [9, 1], {u: 0.999, v: 0.999, rows: true}),
          line: m.placeUnder(size, runs, [9, 1], {u: 0.5, v: 0.999, rows: false}),
          down: m.moved(size, runs, [rows[5], 1], {down: 2, right: -1, rows: true}),
          top: m.moved(size, runs, [rows[0], 1], {down: -1, right: 0, rows: true}),
          beside: m.moved(size, runs, [9, 1], {down: 2, right: 4, rows: false}),
        };""",
        explorer,
    )
    assert made["size"] == {"T": T, "H": H}
    assert made["within"] == [[0, T - 1], [H - 1, 0]]
    assert (made["on"], made["start"], made["end"]) == ([4, 5], None, None)
    assert made["map"] == [made["rows"][-1], T - 1] and made["line"] == [9, T // 2]
    assert (made["down"], made["top"]) == ([made["rows"][7], 0], [made["rows"][0], 1])
    assert made["beside"] == [9, 5]
    assert made["cursor"] == pytest.approx(
        {"--now": 3 / T, "--tick": 1 / T, "--unit": 5 / H, "--units": 1 / H}
    )


def test_steps_are_known_before_the_networks_are_there(engine):
    """The text tells them; a unit is taken as it is until the network says how many it has."""
    made = run(
        engine,
        """const size = m.sizeOf(traits, null);
        return [size, m.within(size, [77, 99]), m.stepped(size, [77, 2], 1),
          m.placeUnder(size, null, [77, 1], {u: 0.5, v: 0.1, rows: true}),
          m.moved(size, null, [77, 1], {down: 1, right: 1, rows: true}),
          m.cursorOf(size, null, [77, 3])["--now"]];""",
        GateExplorer(job="chars", text="the sum"),
    )
    assert made == [{"T": 7, "H": 128}, [77, 6], [77, 3], [77, 3], [77, 2], pytest.approx(3 / 7)]


# --- the input ------------------------------------------------------------------------------------


def test_the_numbers_are_bars(engine):
    explorer = GateExplorer(markers=[0, 99])
    paths = run(engine, "return m.numbersOf(traits);", explorer)
    for name, steps in [("marked", [0, 99]), ("plain", range(1, 99))]:
        bars = paths[name].split("z")[:-1]
        assert len(bars) == len(steps)
        for bar, step in zip(bars, steps, strict=True):
            x, bottom, top, width, foot = numbers(bar.replace("V", " V"))
            assert (x, bottom, width, foot) == (10 * step + 1, 100, 8, 100)
            assert top == pytest.approx(98 - 96 * explorer.values[step], abs=0.051)


def test_a_text_has_a_column_for_each_character(engine):
    shown = run(engine, "return m.lettersOf(traits, 2);", GateExplorer(job="chars", text="a \nb"))
    assert [cell["text"] for cell in shown["cells"]] == ["a", "␣", "⏎", "b"]
    assert [cell["chosen"] for cell in shown["cells"]] == [False, False, True, False]
    assert shown["columns"] == 24
    long = run(engine, "return m.lettersOf(traits, 0);", GateExplorer(job="chars", text="x" * 60))
    assert long["columns"] == len(long["cells"]) == 60


def test_marks_do_not_pass_each_other(engine):
    body = """return [arg.moves.map((move) => i.movedMark([20, 60], ...move)),
      i.marksOf({markers: [20, 60]}), [0, 0.205, 0.999].map(i.stepUnder),
      i.withValue({values: [1, 2, 3], markers: [0, 2]}, 1, 9), i.markNames()];"""
    infinity = float("inf")
    moves = [[0, 30], [0, 99], [0, -infinity], [1, 20], [1, infinity], [1, 70]]
    moved, marks, under, values, names = run(engine, body, moves=moves)
    assert moved == [[30, 60], [59, 60], [0, 60], [20, 21], [20, 99], [20, 70]]
    assert [(mark["least"], mark["most"], mark["step"]) for mark in marks] == [
        (0, 59, 20),
        (21, 99, 60),
    ]
    assert [mark["at"] for mark in marks] == [0.205, 0.605]
    assert (marks[0]["told"], marks[1]["before"]) == ("step 20", "step 60:")
    assert under == [0, 20, 99] and values == [1, 2, 9]
    assert names == ["first mark", "second mark"]


def test_texts_are_refused_as_python_refuses_them(engine):
    texts = ["ok", "", "café", "x" * 64, "x" * 65, "a\tb", "a\nb", "~ ", "𝕏", "\x7f"]
    for lang in ("en", "zh-CN"):
        said = run(engine, "return arg.texts.map(i.troubleWith);", lang=lang, texts=texts)
        for text, trouble in zip(texts, said, strict=True):
            try:
                _text(text)
            except ValueError:
                assert trouble, text
            else:
                assert trouble == "", text
    english = run(engine, "return arg.texts.map(i.troubleWith);", texts=["", "é", "x" * 65])
    assert "at least one character" in english[0]
    assert "“é” is not among the network's 96 characters" in english[1]
    assert "At most 64 characters, not 65" in english[2]


# --- gates that are held --------------------------------------------------------------------------


def test_holding_does_what_it_says(engine):
    """Whatever is held: the unit, or all of them, then stands there, and others as before."""
    rng = np.random.default_rng(0)
    layer, _, _ = network("adding", "lstm")
    cases = []
    for _ in range(60):
        units = {str(u): rng.choice([0, 1, None]) for u in rng.integers(0, 4, 2)}
        units |= {"all": int(rng.integers(0, 2))} if rng.integers(0, 2) else {}
        clamps = {"f": units, "i": {"all": 0}} if rng.integers(0, 4) else {}
        value = ["own", 0, 1][rng.integers(0, 3)]
        cases.append([clamps, "f", value, int(rng.integers(0, 4)), bool(rng.integers(0, 2))])
    made = run(
        engine,
        """return arg.cases.map(([clamps, gate, value, unit, everywhere]) => {
          const next = i.withHold(clamps, gate, value, unit, everywhere);
          return [next, i.holdOf(next, gate, unit, everywhere)];
        });""",
        cases=cases,
    )
    for (clamps, _, value, unit, everywhere), (next_, stands) in zip(cases, made, strict=True):
        assert stands == value
        assert next_.get("i") == clamps.get("i")
        assert next_.get("f") != {}, "what says nothing of its own is not kept"
        before, after = (held(layer, each).b_ih.reshape(4, 32)[1] for each in (clamps, next_))
        at = {"own": layer.b_ih.reshape(4, 32)[1], 0: np.full(32, -1e4), 1: np.full(32, 1e4)}[value]
        if everywhere:
            np.testing.assert_array_equal(after, at)
        else:
            np.testing.assert_array_equal(np.delete(after, unit), np.delete(before, unit))
            assert after[unit] == at[unit]


def test_one_unit_apart_from_the_others(engine):
    steps = [["f", 0, 7, True], ["f", "own", 7, False], ["f", 1, 7, False], ["f", 0, 7, False]]
    made = run(
        engine,
        """let clamps = {};
        return arg.steps.map((step) => {
          clamps = i.withHold(clamps, ...step);
          return [clamps, i.heldText(clamps)];
        });""",
        steps=steps,
    )
    assert made == [
        [{"f": {"all": 0}}, "held: f = 0"],
        [{"f": {"all": 0, "7": None}}, "held: f of unit 7 = own, f = 0"],
        [{"f": {"all": 0, "7": 1}}, "held: f of unit 7 = 1, f = 0"],
        [{"f": {"all": 0}}, "held: f = 0"],
    ]
    assert run(engine, "return i.heldText({});") == "no gate is held"
    assert run(engine, "return i.heldText({o: {3: 0}});", lang="zh-CN") == "固定：o（单元 3） = 0"
