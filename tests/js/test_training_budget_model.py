"""What TrainingBudget shows (training_budget/model.js), against large_models.formulas.budget."""

import re
from dataclasses import asdict

import numpy as np
import pytest

from large_models.data.training_runs import RUNS
from large_models.formulas import budget
from large_models.widgets import TrainingBudget
from large_models.widgets.training_budget import RANGES
from tests.js.traits import language, traits

MODEL = """async ({traits, call, args}) => {
  const {budgetModel} = await import("/training_budget/model.js");
  return budgetModel((key) => traits[key])[call](...args);
}"""
PARTS = ("weights", "gradients", "optimiser", "activations")
WAYS = {"zero": 0, "tensor": 1, "pipeline": 1, "count": 1, "recompute": "none", "micro_batch": 1}
PLANS = [
    *(TrainingBudget.like(name) for name in RUNS),
    TrainingBudget(pipeline=1),
    TrainingBudget(zero=3, recompute="all", tensor=8, pipeline=4),
    TrainingBudget(zero=2, recompute="none", precision="fp32", price=2.5),
    TrainingBudget(machine="V100 32 GB", published=""),
    TrainingBudget(
        **WAYS, parameters=1e5, layers=1, hidden_size=16, heads=1, seq_len=16, tokens=1e5
    ),
    TrainingBudget(parameters=1e14, tokens=1e15, count=48, utilisation=0.01, price=1e6),
]


def ask(engine, widget, call="view", *args):
    return engine.run(MODEL, {"traits": traits(widget), "call": call, "args": list(args)})


def number(text):
    """A number as it is shown: 12,345 or 174.6B."""
    value, unit = re.fullmatch(r"([\d.,]+(?:e[+-]\d+)?)([kMBT]?)", text).groups()
    return float(value.replace(",", "")) * {"": 1, "k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}[unit]


def strong(parts):
    return [part["strong"] for part in parts if not isinstance(part, str)]


def text(parts):
    return "".join(part if isinstance(part, str) else part["strong"] for part in parts)


def share(text):
    """A share as it is shown; of '<0.1%' and '>99.9%' the middle of what they stand for."""
    middles = {"<0.1%": 0.00025, ">99.9%": 0.99975}
    return middles[text] if text in middles else float(text.rstrip("%")) / 100


@pytest.mark.parametrize("widget", PLANS, ids=range(len(PLANS)))
def test_what_comes_out_is_pythons(engine, widget):
    view = ask(engine, widget)
    run = widget.run
    memory, chip = asdict(budget.memory(run)), budget.MACHINES[run.machine].memory
    total = sum(memory.values())
    for part, (held, _) in zip(PARTS, view["cells"], strict=True):
        # one or two decimals of a GB
        assert number(held) == pytest.approx(memory[part] / 1e9, rel=1e-3, abs=0.051)
    by = [
        round(run.tensor * run.pipeline * (run.copies if run.zero >= z else 1)) for z in (3, 2, 1)
    ]
    assert [number(ways.split()[0]) for _, ways in view["cells"][:3]] == pytest.approx(by, rel=1e-3)
    assert view["cells"][3][1] == "–"
    # The bar: every part's share of its length, and where the machine's memory ends.
    scale = 1.02 * max(total, chip)
    assert view["bars"] == pytest.approx([memory[part] / scale for part in PARTS], rel=1e-9)
    assert view["limit"] == pytest.approx(chip / scale, rel=1e-9)
    assert view["verdict"].startswith("Fits: ") == budget.fits(run)
    assert view["alarm"] == (not budget.fits(run)) and view["wrong"] is False

    hours = budget.hours(run)
    assert number(view["hours"]) == pytest.approx(hours.total, rel=1e-3, abs=0.51)
    assert number(view["cost"]) == pytest.approx(budget.cost(run), rel=1e-3, abs=0.51)
    value, unit = view["time"].split()
    days = {"years": 365.25, "days": 1, "hours": 1 / 24, "minutes": 1 / 1440}[unit]
    assert number(value) * days == pytest.approx(budget.days(run), rel=6e-3)
    assert share(view["used"]) == pytest.approx(budget.model_utilisation(run), abs=6e-4)
    spent = [hours.model, hours.again, hours.pipeline, hours.exchange]
    expected = [part / hours.total for part in spent]
    assert [share(part) for part in strong(view["spends"])] == pytest.approx(expected, abs=6e-4)
    mantissa, exponent = map(float, view["operations"])
    assert mantissa * 10**exponent == pytest.approx(budget.model_operations(run), rel=5.1e-3)
    assert 1 <= mantissa < 10
    assert view["said"] == f"{view['verdict']}, {view['hours']} GPU hours"
    copies = re.match(
        r"([\d,.kMBT]+) cop(?:y|ies) of the model, each on (\d+) GPU", view["message"]
    )
    assert number(copies[1]) == pytest.approx(run.copies, rel=1e-3)
    assert int(copies[2]) == run.tensor * run.pipeline
    micro, tokens = re.search(r"step: (\S+) micro-.* (\S+) tokens", view["message"]).groups()
    assert number(micro) == pytest.approx(budget.micro_batches(run), rel=1e-3)
    assert number(tokens) == pytest.approx(budget.step_tokens(run), rel=1e-3)


@pytest.mark.parametrize("name", list(RUNS))
def test_a_published_run_stands_beside_the_plan(engine, name):
    run = RUNS[name]
    view = ask(
        engine, TrainingBudget.like(name, price=7.0)
    )  # the price is the reader's in any case
    said = text(view["compare"])
    assert view["preset"] == name and said.startswith(name)
    if run.hours is None:
        plan = run.plan
        assert [float(n) for n in strong(view["compare"])] == pytest.approx(
            [6 * plan.parameters * plan.tokens], rel=5.1e-3
        )
        assert f"{run.operations:.2e}".replace("e+0", "e+") in said
    else:
        assert strong(view["compare"]) == [f"{run.ratio:.2f} times that"]
        assert ("40% is assumed" in said) == (not run.stated)
        assert ("number of GPUs is not published" in said) == (not run.count_known)
    changed = ask(
        engine, TrainingBudget.like(name, seq_len=1024 if run.plan.seq_len != 1024 else 512)
    )
    assert changed["preset"] == ""
    if run.hours is not None:
        assert "your own plan takes" in text(changed["compare"])


def test_without_a_published_run(engine):
    view = ask(engine, TrainingBudget(published=""))
    assert view["compare"] == ["No published run to compare with."] and view["preset"] == ""


def test_values_that_do_not_fit_are_told_and_nothing_is_calculated(engine):
    message = "100 GPUs do not divide into groups of 4 × 12 = 48."
    view = ask(engine, TrainingBudget(count=100))
    assert (view["message"], view["said"], view["wrong"], view["alarm"]) == (
        message,
        message,
        True,
        True,
    )
    assert view["bars"] == [0] * 4 and view["cells"] == [["–", "–"]] * 4
    assert {view[key] for key in ("verdict", "time", "hours", "cost", "used")} == {"–"}
    assert text(view["compare"]).endswith("your own plan takes –.")
    view = ask(engine, TrainingBudget(machine="TPU v4", precision="fp32"))
    assert view["message"] == "No peak in fp32 is published for TPU v4."
    with language(engine, "zh-CN"):
        view = ask(engine, TrainingBudget(count=100))
    assert view["said"] == view["message"] == "100 块 GPU 不能分成每组 4 × 12 = 48 块。"


@pytest.mark.parametrize("key", [key for key in RANGES if key != "price"])
def test_every_place_of_a_slider_is_a_value_that_python_takes(engine, key):
    widget = TrainingBudget()
    asked = """async ({traits, key}) => {
      const {budgetModel, STEPS} = await import("/training_budget/model.js");
      const model = budgetModel((name) => traits[name]);
      const places = Array.from({length: STEPS + 1}, (_, i) => i);
      const found = places.map((place) => model.moved(key, place));
      const shown = (changes) => budgetModel((name) => changes[name] ?? traits[name]).view();
      return found.map((changes) => [changes, shown(changes).sliders[key].place]);
    }"""
    moved = engine.run(asked, {"traits": traits(widget), "key": key})
    values = [changes[key] for changes, _ in moved]
    for changes, _ in moved:
        assert set(changes) == {key}
        setattr(widget, key, changes[key])  # raises what Python does not take
        _ = widget.run
    # Ends and order; a value's place is where it was set, within what two digits leave.
    low, high = RANGES[key]
    assert values[0] == {"count": 48, "layers": 12}.get(key, low)
    assert 0.9 * high < values[-1] <= high
    if key not in ("count", "layers", "heads", "micro_batch"):
        assert (np.diff(values) >= 0).all()
        off = [abs(place - shown) for place, (_, shown) in enumerate(moved)]
        assert max(off) <= 6


def test_arrow_keys_go_to_the_next_whole_number(engine):
    widget = TrainingBudget()
    for key, way in (
        [("micro_batch", 1)] * 3 + [("micro_batch", -1)] * 2 + [("count", 1), ("count", -1)]
    ):
        old = getattr(widget, key)
        place = ask(engine, widget)["sliders"][key]["place"]
        changes = ask(engine, widget, "moved", key, place + way)
        setattr(widget, key, changes[key])
        step = 48 if key == "count" else 1
        assert changes[key] == old + way * step
    widget = TrainingBudget(layers=13)
    assert ask(engine, widget, "moved", "layers", 0) == {"layers": 12}  # a layer for each stage


@pytest.mark.parametrize(
    ("key", "typed", "expected"),
    [
        ("parameters", "20 B", 20e9),
        ("utilisation", "40", 0.4),
        ("count", "1,024", 1024),
        ("price", "2.5", 2.5),
        ("price", "0", 0),
        ("count", "many", "GPUs: enter a whole number from 1 to 1M."),
        ("count", "1.5", "GPUs: enter a whole number from 1 to 1M."),
        ("batch", "12", "Tokens per step: enter a number from 1024 to 1B, such as "),
        ("utilisation", "101", "Speed while computing: enter a number from 1% to 100%, such as "),
        ("price", "<b>1</b>", "Price of a GPU hour: enter a number of 0 or more."),
        ("price", "-1", "Price of a GPU hour: enter a number of 0 or more."),
    ],
)
def test_what_is_typed_counts_or_is_told(engine, key, typed, expected):
    found = ask(engine, TrainingBudget(), "typed", key, typed)
    if isinstance(expected, str):
        assert set(found) == {"wrong"} and found["wrong"].startswith(expected)
    else:
        assert found == {"changes": {key: expected}}
        setattr(TrainingBudget(), key, found["changes"][key])


def test_choices_change_what_belongs_to_them(engine):
    widget = TrainingBudget(price=3.0)
    plan = ask(engine, widget, "chosen", "GPT-3 175B")
    assert plan == asdict(RUNS["GPT-3 175B"].plan) | {"price": 3.0, "published": "GPT-3 175B"}
    assert ask(engine, widget, "chosen", "") == {"published": ""}
    assert ask(engine, widget, "splitBy", "pipeline", 1) == {"pipeline": 1}
    changes = ask(engine, widget, "splitBy", "tensor", 64)
    assert changes["tensor"] == 64 and changes["count"] % (64 * 12) == 0
    splits = ask(engine, TrainingBudget(tensor=6, pipeline=64, count=384))["splits"]
    assert splits["tensor"] == {"value": 6, "ways": [1, 2, 4, 6, 8, 12, 16, 32, 64]}
    assert splits["pipeline"] == {"value": 64, "ways": [1, 2, 4, 8, 12, 16, 32, 64]}


def test_entries_and_hint(engine):
    view = ask(engine, TrainingBudget())
    texts = {key: shown["text"] for key, shown in view["sliders"].items()}
    assert list(texts) == [key for key in texts if key in RANGES] and len(texts) == 11
    plan = RUNS["BLOOM 176B"].plan
    assert texts["parameters"] == "176.2B" and number(texts["tokens"]) == pytest.approx(
        plan.tokens, rel=1e-3
    )
    assert (
        texts["layers"] == str(plan.layers)
        and texts["utilisation"] == f"{100 * plan.utilisation:.3g}%"
    )
    blocks = re.search(r"12 L h² = (\S+) weights", view["hint"])[1]
    assert number(blocks) == pytest.approx(12 * plan.layers * plan.hidden_size**2, rel=1e-3)


def test_chinese(engine):
    with language(engine, "zh-CN"):
        view = ask(engine, TrainingBudget())
        own = ask(engine, TrainingBudget(pipeline=8))
        wrong = ask(engine, TrainingBudget(), "typed", "count", "many")["wrong"]
    assert view["verdict"].startswith("放得下：") and view["verdict"].endswith("天")
    assert view["message"].startswith("模型有 8 个副本，每个占 48 块 GPU。")
    assert text(view["spends"]).startswith("时间花在：模型运算 ")
    assert text(view["compare"]).startswith("BLOOM 176B：公布 1,082,990 GPU 小时，计算值是其 ")
    assert text(own["compare"]).endswith("倍。") and "你的方案" in text(own["compare"])
    assert wrong == "GPU 数：应为 1 到 1M 的整数。"
    assert view["said"].endswith(" GPU 小时") and view["cells"][0][1] == "48 份"
