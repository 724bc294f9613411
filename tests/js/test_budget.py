"""budget.js against large_models.formulas.budget, on random plans; what the entries read and
show."""

from dataclasses import asdict

import numpy as np
import pytest

from large_models.formulas import budget

RUN = """async ([runs, machines]) => {
  const js = await import("/engine/budget.js");
  return runs.map((run) => {
    const machine = machines[run.machine];
    const wrong = js.trouble(run, machine);
    if (wrong) return {wrong};
    const {total, ...hours} = js.hoursOf(run, machine);
    return {operations: js.operations(run), hours, total, used: js.modelUtilisation(run, machine),
      memory: js.memory(run), copies: js.copies(run), micro: js.microBatches(run),
      step: js.stepTokens(run)};
  });
}"""


def random_plan(rng):
    log = lambda low, high: float(np.exp(rng.uniform(np.log(low), np.log(high))))  # noqa: E731
    return {
        "parameters": log(1e6, 1e13),
        "tokens": log(1e6, 1e14),
        "layers": int(log(1, 200)),
        "hidden_size": int(log(16, 60_000)),
        "heads": int(log(1, 256)),
        "seq_len": int(log(16, 200_000)),
        "micro_batch": int(log(1, 64)),
        "machine": str(rng.choice(list(budget.MACHINES))),
        "count": int(rng.choice([1, 8, 64, 96, 384, 1000])),
        "precision": str(rng.choice(list(budget.STATES))),
        "utilisation": float(rng.uniform(0.01, 1)),
        "zero": int(rng.integers(4)),
        "tensor": int(rng.choice([1, 2, 8, 12])),
        "pipeline": int(rng.choice([1, 3, 4, 8])),
        "recompute": str(rng.choice(budget.RECOMPUTE)),
        "price": 1.0,
        "batch": log(1e3, 1e8),
        "link": log(0.1, 500),
    }


def test_equal_to_python(engine):
    rng = np.random.default_rng(0)
    plans = [random_plan(rng) for _ in range(400)]
    machines = {name: asdict(machine) for name, machine in budget.MACHINES.items()}
    answers = engine.run(RUN, [plans, machines])
    good = 0
    for plan, answer in zip(plans, answers, strict=True):
        try:
            run = budget.Run(**plan)
        except ValueError:
            assert "wrong" in answer, plan
            continue
        assert "wrong" not in answer, plan
        good += 1
        assert answer["operations"] == pytest.approx(budget.model_operations(run), rel=1e-12)
        assert answer["hours"] == pytest.approx(asdict(budget.hours(run)), rel=1e-9, abs=1e-9)
        assert answer["total"] == pytest.approx(budget.gpu_hours(run), rel=1e-12)
        assert answer["used"] == pytest.approx(budget.model_utilisation(run), rel=1e-12)
        assert answer["micro"] == budget.micro_batches(run)
        assert answer["step"] == budget.step_tokens(run)
        assert answer["memory"] == pytest.approx(asdict(budget.memory(run)), rel=1e-12)
        assert answer["copies"] == run.copies
    assert 100 < good < 390  # both kinds are met


def test_amounts_are_read_and_shown(engine):
    read = {
        "176e9": 176e9,
        "176B": 176e9,
        "1.5 T": 1.5e12,
        "7b": 7e9,
        "300M": 300e6,
        "12k": 12e3,
        "1,024": 1024,
        "40 %": 0.4,
        ".5": 0.5,
        "2G": 2e9,
    }
    bad = ["", "many", "1e", "-3", "1 2", "NaN", "Infinity", "0x10", "1,5"]
    shown = {
        174.6e9: "174.6B",
        3e11: "300B",
        1.5e12: "1.5T",
        20e6: "20M",
        12_345: "12.35k",
        512: "512",
    }
    found = engine.run(
        """async ([read, bad, shown]) => {
          const js = await import("/training_budget/words.js");
          const none = bad.map((text) => Number.isNaN(js.readAmount(text)));
          return [read.map(js.readAmount), none, shown.map(js.amount)];
        }""",
        [list(read), bad, list(shown)],
    )
    assert found[0] == pytest.approx(list(read.values()))
    assert all(found[1])
    assert found[2] == list(shown.values())


def test_a_bare_number_is_a_percentage(engine):
    texts = ["40", "40 %", "40%", "0.4", "1", "1 %", "100", "0.01", "101", "many"]
    found = engine.run(
        """async (texts) => {
          const js = await import("/training_budget/words.js");
          return texts.map((text) => js.readShare(text)).map((v) => (Number.isNaN(v) ? null : v));
        }""",
        texts,
    )
    assert found[:-1] == pytest.approx([0.4, 0.4, 0.4, 0.4, 0.01, 0.01, 1, 0.01, 1.01])
    assert found[-1] is None


def test_the_nearest_number_of_gpus_is_a_plan(engine):
    found = engine.run(
        """async (cases) => {
          const js = await import("/engine/budget.js");
          return cases.map(([n, tensor, pipeline]) => js.nearestCount(n, {tensor, pipeline}, 1e6));
        }""",
        [[1, 4, 12], [100, 4, 12], [1e6, 4, 12], [384, 1, 1], [384, 8, 1]],
    )
    assert found == [48, 96, 999_984, 384, 384]
