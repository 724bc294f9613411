"""GateExplorer's model.js against NumPy: its runs, maps, lines, answers, and a unit's life."""

import numpy as np
import pytest

from large_models.data.sequences import CHARACTERS
from large_models.widgets.gate_explorer import GateExplorer
from tests.js.gate_runs import KEYS, TRAITS, load, maps_of, numbers, plain_of, points, run

# The page and NumPy sum in another order; the state goes round 100 times.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}
TEXT = "Return the sum of\nthe "
CASES = [
    {},
    {"seed": 7, "clamps": {"f": {"all": 0}}},
    {"seed": 3, "markers": [10, 20], "clamps": {"f": {"all": 1, 2: None}, "o": {5: 0}}},
    {"values": [0.5] * 100, "markers": [0, 99], "clamps": {"i": {2: 1}}, "compare": False},
    {"job": "chars", "text": TEXT},
    {"job": "chars", "text": TEXT, "clamps": {"f": {"all": 0, 3: 1}}, "compare": False},
]


@pytest.fixture(scope="module", autouse=True)
def networks(engine):
    load(engine)


def test_the_traits_are_pythons(engine):
    assert tuple(run(engine, "return m.TRAITS;")) == TRAITS


# --- runs -----------------------------------------------------------------------------------------


def test_without_networks_there_are_no_runs(engine):
    explorer = GateExplorer(job="chars")
    assert run(engine, "return m.runsOf(traits, null);", explorer) is None


def test_a_change_is_the_same_as_beginning_anew(engine):
    """What is known is not run again, and nothing of it is stale."""
    changes = [
        {"job": "chars", "text": "Return the sum"},
        {"text": "Return the sum of"},
        {"clamps": {"f": {"all": 1}}},
        {"text": "Return the mean of"},
        {"order": "memory"},
        {"clamps": {"f": {"all": 1, "3": None}}},
        {"clamps": {}},
        {"text": "xeturn"},
        {"compare": False},
        {"text": "x"},
        {"compare": True},
        {"job": "adding", "clamps": {"o": {"all": 0}}},
        {"markers": [3, 90]},
        {"clamps": {"o": {"all": 1}}},
    ]
    found = run(
        engine,
        """const all = {...traits};
        let last = runs;
        const same = (a, b) => a === null ? b === null : a.answers.length === b.answers.length
          && a.answers.every((v, k) => v === b.answers[k]) && Object.keys(a.maps).every((key) => (
            a.maps[key].data.every((v, k) => v === b.maps[key].data[k])));
        return arg.changes.map((change) => {
          Object.assign(all, change);
          const now = m.runsOf(all, networks[all.job], last);
          const anew = m.runsOf(all, networks[all.job]);
          const kept = ["own", "held", "plain"].filter((name) => now[name] === last[name]);
          last = now;
          return [["own", "held", "plain"].every((name) => same(now[name], anew[name]))
            && now.order.join() === anew.order.join(), kept];
        });""",
        GateExplorer(),
        changes=changes,
    )
    assert all(same for same, _ in found)
    kept = [set(names) for _, names in found]
    assert kept[2] == {"own", "plain"}, "holding a gate runs the held LSTM alone"
    assert kept[4] == {"own", "held", "plain"}, "another order runs nothing"
    assert kept[8] == {"own", "held"}
    assert kept[-1] == {"own", "plain"}


# --- maps -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("order", ["number", "memory"])
def test_maps_are_numpys(engine, settings, order):
    explorer = GateExplorer(order=order, **settings)
    rows, shown = run(engine, "return [runs.order, m.mapsOf(runs)];", explorer)
    expected = maps_of(explorer)
    T, H = expected["h"].shape
    free = maps_of(GateExplorer(**{**settings, "clamps": {}}))
    if order == "memory":
        assert (np.diff(free["f"].mean(axis=0)[rows]) < 1e-6).all(), "the longest memory first"
    assert sorted(rows) == list(range(H))
    maps = {each["key"]: each for each in shown["maps"]}
    assert list(maps) == [*KEYS, *(["rnn"] if explorer.compare else [])]
    end = np.sort(np.abs(free["c"]).ravel())[int(0.98 * T * H)]
    for key in KEYS:
        assert maps[key]["shape"] == [H, T]
        np.testing.assert_allclose(
            maps[key]["values"].reshape(H, T), expected[key].T[rows], **CLOSE, err_msg=key
        )
        assert maps[key]["scale"] == ("magnitude" if key in "ifo" else "diverging")
        assert maps[key]["max"] == pytest.approx(end if key == "c" else 1, rel=1e-4)
    if explorer.compare and explorer.job == "adding":
        # By number, whatever the LSTM's order: its units are others.
        np.testing.assert_allclose(
            maps["rnn"]["values"].reshape(-1, T), plain_of(explorer).T, **CLOSE
        )
        assert (maps["rnn"]["scale"], maps["rnn"]["max"]) == ("diverging", 1)
    scales = [(each["scale"], each["max"]) for each in shown["legends"]]
    assert scales == [("magnitude", 1), ("diverging", 1), ("diverging", maps["c"]["max"])]
    low, name, high = shown["legends"][2]["labels"]
    assert name == "c" and numbers(high) == [pytest.approx(end, abs=0.006, rel=0.006)]
    assert numbers(low) == [-numbers(high)[0]]


# --- along time -----------------------------------------------------------------------------------


def test_lines_are_their_values(engine):
    values = [0.25, -1, 0.5, float("nan"), 1, float("inf"), 99, -99]
    made = run(
        engine,
        "return m.linesOf({a: arg.values, none: null}, {T: 8, low: -1, high: 1});",
        values=values,
    )
    assert (made["top"], made["bottom"], made["paths"]["none"]) == ("1", "−1", "")
    assert made["zero"] == "M0 50H1000"
    drawn, starts = points(made["paths"]["a"])
    steps = [0, 1, 2, 4, 6, 7]
    np.testing.assert_allclose(drawn[:, 0], [1000 * (s + 0.5) / 8 for s in steps], atol=0.06)
    heights = np.clip([100 - 50 * (values[s] + 1) for s in steps], -1000, 1100)
    np.testing.assert_allclose(drawn[:, 1], heights, atol=0.06)
    assert starts == [0, 3, 4], "NaN and infinity leave a gap"
    above = run(engine, "return m.linesOf({a: [1]}, {T: 1, low: 0, high: 2});")
    assert above["zero"] == "" and above["paths"]["a"] == "M500.0 50.0"


@pytest.mark.parametrize("settings", CASES)
def test_the_answer_along_time(engine, settings):
    explorer = GateExplorer(**settings)
    course = run(engine, "return m.courseOf(traits, runs);", explorer)
    chars = explorer.job == "chars"

    def told(kind="lstm", clamped=True):
        answers = explorer.answers(kind, clamped)
        if not chars:
            return answers
        following = [CHARACTERS.index(c) for c in explorer.text[1:]]
        return np.append(answers[np.arange(len(following)), following], np.nan)

    np.testing.assert_allclose(course["values"], told(), **CLOSE)
    wanted = {"held": told()}
    if explorer.clamps:
        wanted["own"] = told(clamped=False)
    if explorer.compare:
        wanted["plain"] = told("rnn")
    if not chars:
        wanted["truth"] = np.full(100, sum(explorer.values[s] for s in explorer.markers))
    drawn = {name: path for name, path in course["lines"]["paths"].items() if path}
    assert set(drawn) == set(wanted)
    T, most = len(wanted["held"]), 1 if chars else 2
    for name, values in wanted.items():
        places, starts = points(drawn[name])
        seen = np.isfinite(values)
        assert starts == [0] and len(places) == seen.sum()
        np.testing.assert_allclose(places[:, 0], 1000 * (np.arange(T)[seen] + 0.5) / T, atol=0.06)
        heights = 100 - 100 * values[seen] / most
        np.testing.assert_allclose(places[:, 1], np.clip(heights, -1000, 1100), atol=0.1)
    assert (course["lines"]["top"], course["lines"]["bottom"]) == (str(most), "0")
    assert course["title"].startswith("Chance of the" if chars else "The answer, if it")


def test_what_is_read_at_a_step(engine):
    body = "return arg.steps.map((s) => m.whereOf(traits, m.courseOf(traits, runs), s));"
    adding = GateExplorer(markers=[10, 20])
    so_far = adding.answers()
    plain, marked = run(engine, body, adding, steps=[9, 10])
    assert plain.startswith(f"step 9: {adding.values[9]:g}; answer so far ")
    assert marked.startswith(f"step 10: {adding.values[10]:g} (marked); answer so far ")
    assert numbers(plain)[-1] == pytest.approx(so_far[9], abs=0.006)
    text = GateExplorer(job="chars", text="ab \n")
    chance = text.answers()[0][CHARACTERS.index("b")]
    first, _, third, last = run(engine, body, text, steps=[0, 1, 2, 3])
    assert first.startswith("step 0: “a”; the next one, “b”, had ")
    assert chance < 0.0005 or numbers(first)[-1] == pytest.approx(100 * chance, abs=0.06)
    assert third.startswith("step 2: “␣”; the next one, “⏎”, had ")
    assert last == "step 3: “⏎”, the last character"
    assert run(engine, body, text, "zh-CN", steps=[3]) == ["第 3 步：“⏎”，最后一个字符"]


# --- the answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", CASES[:4])
def test_the_sum_as_bars(engine, settings):
    explorer = GateExplorer(**settings)
    answer = run(engine, "return m.answerOf(traits, runs, 99);", explorer)
    truth = sum(explorer.values[step] for step in explorer.markers)
    own, plain = explorer.answers(clamped=False)[-1], explorer.answers("rnn")[-1]
    wanted = [("true sum", "truth", truth), ("LSTM", "own" if explorer.clamps else "held", own)]
    wanted.append(("gates held", "held", explorer.prediction if explorer.clamps else np.nan))
    if explorer.compare:
        wanted.append(("plain RNN", "plain", plain))
    assert [(row["label"], row["kind"]) for row in answer["rows"]] == [w[:2] for w in wanted]
    for row, (name, _, value) in zip(answer["rows"], wanted, strict=True):
        assert row["value"] == pytest.approx(value, abs=1e-4, nan_ok=True), name
        share = 0 if np.isnan(value) else np.clip(value / 2, 0, 1)
        assert row["share"] == pytest.approx(share, abs=1e-4)
        assert row["was"] is None and row["second"] is None
        shown = numbers(row["text"])
        assert shown == ([] if np.isnan(value) else [pytest.approx(value, abs=0.0051)])
    said = numbers(answer["said"])
    assert said == [pytest.approx(explorer.prediction, abs=0.006), pytest.approx(truth, abs=0.006)]


@pytest.mark.parametrize("settings", [*CASES[4:], {"job": "chars", "clamps": {"f": {"all": 1}}}])
@pytest.mark.parametrize("step", [10, 17, 21])
def test_the_likeliest_characters_as_bars(engine, settings, step):
    explorer = GateExplorer(**settings)
    answer = run(engine, "return m.answerOf(traits, runs, arg.step);", explorer, step=step)
    chances = explorer.answers()[step]
    free, plain = explorer.answers(clamped=False)[step], explorer.answers("rnn")[step]
    names = {"␣": " ", "⏎": "\n"}
    shown = [CHARACTERS.index(names.get(row["label"], row["label"])) for row in answer["rows"]]
    np.testing.assert_allclose(chances[shown], np.sort(chances)[::-1][:8], **CLOSE)
    for row, k in zip(answer["rows"], shown, strict=True):
        assert row["share"] == row["value"] == pytest.approx(chances[k], abs=1e-4)
        assert row["text"] == "<0.1%" or numbers(row["text"]) == [
            pytest.approx(100 * chances[k], abs=0.07)
        ]
        assert row["was"] == (pytest.approx(free[k], abs=1e-4) if explorer.clamps else None)
        assert row["second"] == (pytest.approx(plain[k], abs=1e-4) if explorer.compare else None)
    after = {" ": "␣", "\n": "⏎"}.get(explorer.text[step], explorer.text[step])
    assert answer["title"] == f"After “{after}” comes …"
    assert answer["said"] == f"most likely next: {CHARACTERS[shown[0]]}"


# --- one unit's life ------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [*CASES[:3], CASES[5]])
@pytest.mark.parametrize(("unit", "step"), [(2, 0), (7, 12)])
def test_one_units_life(engine, settings, unit, step):
    explorer = GateExplorer(**settings)
    life = run(engine, "return m.lifeOf(runs, arg.place);", explorer, place=[unit, step])
    maps = {key: values[:, unit] for key, values in maps_of(explorer).items()}
    now = {key: values[step] for key, values in maps.items()}
    most = max(1, np.abs(maps["c"]).max())
    for chart, keys, low, high in [("gates", "ifo", 0, 1), ("cell", "ch", -most, most)]:
        paths = life[chart]["lines"]["paths"]
        assert list(paths) == list(keys)
        for key in keys:
            places, _ = points(paths[key])
            heights = 100 - 100 * (maps[key] - low) / (high - low)
            np.testing.assert_allclose(places[:, 1], heights, atol=0.1, err_msg=key)
        told = dict(part.split(" = ") for part in life[chart]["label"].split(", "))
        assert {k: numbers(v)[0] for k, v in told.items()} == pytest.approx(
            {key: now[key] for key in keys}, abs=0.006, rel=0.006
        )
    # f · c before + i · g = c, and o · tanh c = h, in numbers.
    written = [
        [(part["key"], part["text"]) for part in line if isinstance(part, dict) and "key" in part]
        for line in life["sums"]
    ]
    before = maps["c"][step - 1] if step else 0
    for line, values in [
        (1, [("f", now["f"]), ("c", before), ("i", now["i"]), ("g", now["g"])]),
        (2, [("c", now["c"])]),
        (4, [("o", now["o"]), ("c", np.tanh(now["c"])), ("h", now["h"])]),
    ]:
        assert [key for key, _ in written[line]] == [key for key, _ in values]
        shown = [numbers(text)[0] for _, text in written[line]]
        assert shown == pytest.approx([value for _, value in values], abs=0.006, rel=0.006)
    assert life["title"] == f"The life of unit {unit}"
    assert life["said"] == f"c {written[2][0][1]}"
    assert run(engine, "return m.lifeOf(runs, [3, 0]).title;", explorer, "zh-CN") == "单元 3 的一生"
