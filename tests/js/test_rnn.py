"""rnn.js, run in a browser, against NumPy (lib.formulas.rnn) and torch.nn.

One page computes all cases. Tolerance 1e-5, relative and absolute: JavaScript sums in double
precision and stores float32, whose rounding stays below 1e-6 over these sequences. On the shipped
weights the state goes round 100 times: 1e-4.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from lib.data.sequences import adding_problem
from lib.formulas import rnn
from tests.browser.harness import serve

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
SHIPPED = Path(__file__).parents[2] / "weights"
GATES = {"rnn": 1, "lstm": 4, "gru": 3}

# In the page: arrays travel as {data, shape}, NaN as text; an Error becomes its message.
RUN = """async ({name, args}) => {
  const js = await import("/rnn.js");
  const {tensor} = await import("/nn.js");
  const read = (v) => {
    if (v === "NaN") return NaN;
    if (Array.isArray(v)) return v.map(read);
    if (!v || typeof v !== "object") return v;
    if (v.data) return tensor(v.data, v.shape);
    return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, read(w)]));
  };
  try {
    return Object.fromEntries(Object.entries(js[name](...args.map(read)))
      .map(([k, {data, shape}]) => [k, {data: [...data], shape}]));
  } catch (error) { return error.message; }
}"""


def send(value):
    if isinstance(value, np.ndarray):
        return {"data": value.ravel().tolist(), "shape": value.shape}
    if isinstance(value, rnn.Weights):
        names = ("weightIh", "weightHh", "biasIh", "biasHh")
        return {name: send(array) for name, array in zip(names, value, strict=True)}
    if isinstance(value, dict):
        return {key: send(part) for key, part in value.items()}
    if isinstance(value, list):
        return [send(part) for part in value]
    return "NaN" if value != value else value


@pytest.fixture(scope="module")
def run(browser):
    """Call a function of rnn.js: arrays by name, or its error's message."""
    page = browser.new_page()
    serve(page)

    def call(name, *args):
        answer = page.evaluate(RUN, {"name": name, "args": [send(a) for a in args]})
        if isinstance(answer, str):
            return answer
        return {k: np.array(v["data"], np.float32).reshape(v["shape"]) for k, v in answer.items()}

    yield call
    page.close()


def layer(kind, inputs=5, hidden=7, seed=0):
    """A layer's weights for NumPy, and torch's layer with the same."""
    torch.manual_seed(seed)
    module = getattr(torch.nn, kind.upper())(inputs, hidden, batch_first=True)
    return rnn.Weights(*(p.detach().numpy() for p in module.parameters())), module


def shipped(name):
    tensors = load_file(SHIPPED / name / "model.safetensors")
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    return rnn.Weights(*(tensors[f"rnn.{part}"] for part in names))


@pytest.mark.parametrize("kind", GATES)
def test_a_sequence_is_what_torch_computes(run, kind):
    weights, module = layer(kind)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(9, 5)).astype(np.float32)
    start = {
        key: rng.normal(size=7).astype(np.float32) for key in ("hc" if kind == "lstm" else "h")
    }
    states = [torch.tensor(s)[None, None] for s in start.values()]
    with torch.no_grad():
        expected, last = module(
            torch.tensor(x)[None], tuple(states) if kind == "lstm" else states[0]
        )
    got = run(kind, x, weights, start)
    np.testing.assert_allclose(got["h"], expected[0], **TOLERANCE)
    if kind == "lstm":
        np.testing.assert_allclose(got["c"][-1], last[1][0, 0], **TOLERANCE)


def test_gates_are_what_numpy_computes(run):
    x = np.random.default_rng(2).normal(size=(6, 5)).astype(np.float32)
    weights, _ = layer("lstm")
    _, _, cells, gates = rnn.lstm(x[None], weights)
    got = run("lstm", x, weights)
    np.testing.assert_allclose(got["c"], cells[0], **TOLERANCE)
    for name in "ifgo":
        np.testing.assert_allclose(got[name], getattr(gates, name)[0], **TOLERANCE)
    weights, _ = layer("gru")
    _, _, gates = rnn.gru(x[None], weights)
    got = run("gru", x, weights)
    for name in "rzn":
        np.testing.assert_allclose(got[name], getattr(gates, name)[0], **TOLERANCE)


@pytest.mark.parametrize("kind", GATES)
def test_a_step_is_what_numpy_computes(run, kind):
    weights, _ = layer(kind)
    rng = np.random.default_rng(3)
    x, h, c = (rng.normal(size=n).astype(np.float32) for n in (5, 7, 7))
    states = (h, c) if kind == "lstm" else (h,)
    made = getattr(rnn, f"{kind}_step")(x[None], *(s[None] for s in states), weights)
    got = run(f"{kind}Step", x, *states, weights)
    np.testing.assert_allclose(got["h"], (made if kind == "rnn" else made[0])[0], **TOLERANCE)
    if kind != "rnn":
        for name, gate in made[-1]._asdict().items():
            np.testing.assert_allclose(got[name], gate[0], **TOLERANCE)


@pytest.mark.parametrize("kind", GATES)
def test_places_stand_for_one_hot_inputs(run, kind):
    weights, _ = layer(kind)
    places = [4, 0, 0, 3, 2]
    expected = run(kind, np.eye(5, dtype=np.float32)[places], weights)["h"]
    np.testing.assert_allclose(run(kind, places, weights)["h"], expected, **TOLERANCE)
    zeros = np.zeros(7, np.float32)
    states = [zeros, zeros] if kind == "lstm" else [zeros]
    got = run(f"{kind}Step", 4, *states, weights)["h"]
    np.testing.assert_allclose(got, expected[0], **TOLERANCE)


def test_a_clamped_gate_is_that_number_and_the_cell_follows(run):
    weights, _ = layer("lstm")
    x = np.random.default_rng(4).normal(size=(6, 5)).astype(np.float32)
    some = [float("nan")] * 7
    some[2] = 0.25
    got = run("lstm", x, weights, {"clamp": {"f": 0, "i": some, "o": 1}})
    assert (got["f"] == 0).all() and (got["o"] == 1).all()
    assert (got["i"][:, 2] == 0.25).all() and (got["i"][:, 3] != 0.25).all()
    np.testing.assert_allclose(got["c"], got["i"] * got["g"], **TOLERANCE)
    np.testing.assert_allclose(got["h"], np.tanh(got["c"]), **TOLERANCE)
    # What is not clamped is computed from the state that the clamps led to.
    *_, gates = rnn.lstm_step(x[3:4], got["h"][2:3], got["c"][2:3], weights)
    np.testing.assert_allclose(got["g"][3], gates.g[0], **TOLERANCE)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_the_shipped_weights(run, kind):
    weights = shipped(f"adding-{kind}")
    inputs, _ = adding_problem(1, 100, 5)
    expected = getattr(rnn, kind)(inputs, weights)[0][0]
    got = run(kind, inputs[0], weights)["h"]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_shapes_that_do_not_meet(run):
    weights, _ = layer("lstm")
    x = np.zeros((3, 5), np.float32)
    assert "lstm: x must be of 5 numbers a step, got (3, 4)" in run("lstm", x[:, :4], weights)
    assert "lstm: x must be places from 0 to 4, got 1, 5" in run("lstm", [1, 5], weights)
    assert "rnn: weights must be (1*H, C)" in run("rnn", x, weights)
    assert "lstm: h must be (7), got (6)" in run("lstm", x, weights, {"h": np.zeros(6)})
    assert "clamp.f must have 7 numbers, got 2" in run("lstm", x, weights, {"clamp": {"f": [0, 1]}})
