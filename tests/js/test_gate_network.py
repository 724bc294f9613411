"""gate_network.js against GateExplorer's Python side.

Tolerance 1e-5 of answers and probabilities: both sides store float32 after each step; a cell that
grows for 100 steps, since its gates are held open, is compared to 1e-4.
"""

import base64

import numpy as np
import pytest

from large_models.data.sequences import CHARACTERS
from large_models.formulas import rnn
from large_models.widgets.assets import ASSETS
from large_models.widgets.gate_explorer import GateExplorer, network, sequence

SETUP = """async (files) => {
  Object.assign(window, await import("/engine/gate_network.js"));
  const {unpack} = await import("/engine/packed.js");
  const {tensor} = await import("/engine/nn.js");
  window.tensor = tensor;
  window.nets = Object.fromEntries(Object.entries(files).map(([name, text]) => (
    [name, networkOf(unpack(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))))])));
}"""
RUN = """({name, input, shape, clamps}) => {
  const x = typeof input === "string" ? oneHot(input) : tensor(input, shape);
  const run = runOver(nets[name], x, clamps);
  return {answers: [...run.answers], f: run.maps.f && [...run.maps.f.data], T: run.T, O: run.O,
    chances: run.O > 1 ? [...chancesAt(run, run.T - 1)] : null};
}"""


@pytest.fixture(scope="module")
def engine(engine):
    adding = GateExplorer()
    files = {
        "adding-lstm": adding._lstm,
        "adding-rnn": adding._rnn,
        "chars-lstm": ASSETS["chars-lstm"](),
        "chars-rnn": ASSETS["chars-rnn"](),
    }
    engine.run(SETUP, {name: base64.b64encode(file).decode() for name, file in files.items()})
    return engine


def run(engine, explorer, kind, clamps):
    """The page's run of what the explorer shows; `clamps` is None for the plain RNN."""
    case = {"name": f"{explorer.job}-{kind}", "clamps": clamps}
    if explorer.job == "chars":
        return engine.run(RUN, case | {"input": explorer.text})
    marks = np.isin(np.arange(100), explorer.markers).astype(float)
    x = np.stack([explorer.values, marks], axis=1)
    return engine.run(RUN, case | {"input": x.ravel().tolist(), "shape": x.shape})


def test_a_seed_stands_for_the_same_sequence(engine):
    seeds = [*range(40), 9999]
    for seed, made in zip(
        seeds, engine.run("(s) => s.map((seed) => sequenceOf(seed))", seeds), strict=True
    ):
        assert (made["values"], made["markers"]) == sequence(seed), seed


def test_the_letters_are_the_characters(engine):
    assert engine.run("LETTERS") == CHARACTERS


CLAMPS = [
    {},
    {"f": {"all": 0}},
    {"f": {"all": 1, "2": 0}, "i": {"3": 1}},
    {"o": {"all": 0, "2": None}},
    {"f": {"100": 0}},  # only the LSTM that reads has such a unit
]


@pytest.mark.parametrize("job", ["adding", "chars"])
@pytest.mark.parametrize("clamps", CLAMPS)
def test_answers_are_those_of_python(engine, job, clamps):
    explorer = GateExplorer(job=job, seed=3, text="the sum of\nall (n) values", clamps=clamps)
    made = run(engine, explorer, "lstm", explorer.clamps)
    expected = explorer.answers()
    if job == "chars":
        np.testing.assert_allclose(made["chances"], explorer.prediction, rtol=0, atol=1e-4)
    else:
        np.testing.assert_allclose(made["answers"], expected, rtol=1e-4, atol=1e-4)
        assert made["answers"][-1] == pytest.approx(explorer.prediction, rel=1e-4, abs=1e-4)
    assert (made["T"], made["O"]) == (len(expected), 1 if job == "adding" else 96)


@pytest.mark.parametrize("job", ["adding", "chars"])
def test_the_plain_network_answers_as_pythons(engine, job):
    explorer = GateExplorer(job=job, seed=8)
    made = run(engine, explorer, "rnn", None)
    expected = explorer.answers("rnn")
    if job == "chars":
        np.testing.assert_allclose(made["chances"], expected[-1], rtol=0, atol=1e-5)
    else:
        np.testing.assert_allclose(made["answers"], expected, rtol=1e-5, atol=1e-5)


def test_going_on_from_a_step_is_the_whole_run(engine):
    """What is typed at a text's end is computed alone."""
    differ = engine.run(
        """() => {
          const [long, short] = ["Return the mean", "Return thX"].map(oneHot);
          const found = [];
          for (const [name, clamps] of [["chars-lstm", {f: {all: 1, 3: 0}}], ["chars-rnn", null]]) {
            const past = runOver(nets[name], short, clamps);
            const whole = runOver(nets[name], long, clamps);
            const rest = runOver(nets[name], long, clamps, past, 9);
            for (const key of clamps ? ["i", "f", "g", "o", "c", "h"] : ["h"]) {
              const [all, part] = [whole, rest].map((run) => run.maps[key].data);
              if (all.some((v, k) => v !== part[k])) found.push(name + key);
            }
            if (whole.answers.some((v, k) => v !== rest.answers[k])) found.push(name);
          }
          return found;
        }"""
    )
    assert differ == []


def test_units_by_number_or_by_their_memory(engine):
    explorer = GateExplorer()
    layer, _, _ = network("adding", "lstm")
    marks = np.isin(np.arange(100), explorer.markers).astype(float)
    x = np.stack([explorer.values, marks], axis=1).astype(np.float32)
    f = rnn.lstm(x[None], layer)[3].f[0].mean(axis=0)
    by_number, by_memory = engine.run(
        """([input, shape]) => {
          const run = runOver(nets["adding-lstm"], tensor(input, shape), {});
          return ["number", "memory"].map((by) => orderOf(run, by));
        }""",
        [x.ravel().tolist(), x.shape],
    )
    assert by_number == list(range(32))
    assert sorted(by_memory) == by_number
    assert (np.diff(f[by_memory]) < 1e-6).all()


def test_weights_that_lack_a_part_are_said(engine):
    message = engine.run("() => { try { networkOf({}); } catch (error) { return error.message; } }")
    assert message == "the weights have no “output.weight”"
