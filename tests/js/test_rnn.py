"""rnn.js against NumPy (large_models.formulas.rnn) and torch.nn on random cases.

Tolerance 1e-5, relative and absolute: JavaScript sums in double
precision and stores float32 after each step, whose rounding stays below 1e-6 of the values here.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from large_models.data.sequences import CHARACTERS, adding_problem, to_indices
from large_models.formulas import rnn

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
WEIGHTS = Path(__file__).parents[2] / "weights"
GATES = {"rnn": 1, "lstm": 4, "gru": 3}

# In JavaScript: arrays travel as {data, shape}; an Error becomes its message.
RUN = """async (calls) => {
  const js = await import("/engine/rnn.js");
  const {tensor} = await import("/engine/nn.js");
  const read = (v) => {
    if (!v || typeof v !== "object") return v;
    if (v.data) return tensor(v.data, v.shape);
    return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, read(w)]));
  };
  return calls.map(({name, args}) => {
    try {
      return Object.fromEntries(Object.entries(js[name](...args.map(read))).map(
        ([k, {data, shape}]) => [k, {data: [...data].map(String), shape}]));
    } catch (error) {
      return {error: error.message};
    }
  });
}"""


def send(value):
    if isinstance(value, dict):
        return {key: send(part) for key, part in value.items()}
    if isinstance(value, rnn.Weights):
        names = ("weightIh", "weightHh", "biasIh", "biasHh")
        return {name: send(part) for name, part in zip(names, value, strict=True)}
    if isinstance(value, np.ndarray):
        return {"data": value.ravel().tolist(), "shape": value.shape}
    return value


def receive(answer):
    if "error" in answer:
        return answer["error"]
    return {
        name: np.array(part["data"], dtype=np.float32).reshape(part["shape"])
        for name, part in answer.items()
    }


@pytest.fixture(scope="module")
def run(engine):
    """Call functions of rnn.js: [(name, args), ...] -> [arrays by name or error message, ...]."""

    def call(cases):
        sent = [{"name": name, "args": [send(a) for a in args]} for name, args in cases]
        return [receive(answer) for answer in engine.run(RUN, sent)]

    return call


def random(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def random_weights(rng, kind, C, H):
    rows = GATES[kind] * H
    return rnn.Weights(
        random(rng, rows, C), random(rng, rows, H), random(rng, rows), random(rng, rows)
    )


def case(rng, kind):
    """x, states and weights, of one sequence or of several, sometimes from states of zero."""
    B, T, C, H = (int(n) for n in rng.integers(1, 7, 4))
    batch = () if rng.random() < 0.4 else (B,)
    x = random(rng, *batch, T, C)
    x[rng.random(x.shape) < 0.3] = 0  # zeros are passed over
    names = "hc" if kind == "lstm" else "h"
    states = {name: random(rng, *batch, H) for name in names if rng.random() < 0.7}
    options = {}
    if kind == "rnn" and rng.random() < 0.5:
        options = {"nonlinearity": "relu"}
        x *= 0.1  # what relu lets through could grow without end
    return x, states, random_weights(rng, kind, C, H), options


def by_numpy(kind, x, states, weights, options):
    batched = x if x.ndim == 3 else x[None]
    states = {name: state if x.ndim == 3 else state[None] for name, state in states.items()}
    if kind == "rnn":
        made = {"h": rnn.rnn(batched, weights, **states, **options)[0]}
    elif kind == "lstm":
        out, _, cells, gates = rnn.lstm(batched, weights, **states)
        made = {**gates._asdict(), "c": cells, "h": out}
    else:
        out, _, gates = rnn.gru(batched, weights, **states)
        made = {**gates._asdict(), "h": out}
    return {name: value if x.ndim == 3 else value[0] for name, value in made.items()}


def by_torch(kind, x, states, weights, options):
    """Only what torch gives away: the hidden states."""
    H = weights.w_hh.shape[1]
    layer = getattr(torch.nn, kind.upper())(x.shape[-1], H, batch_first=True, **options)
    layer.load_state_dict(
        {
            f"{name}_l0": torch.from_numpy(value)
            for name, value in zip(
                ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), weights, strict=True
            )
        }
    )
    shape = (1, *x.shape[:-2], H)
    first = [
        torch.from_numpy(states[name]).reshape(shape) if name in states else torch.zeros(shape)
        for name in ("hc" if kind == "lstm" else "h")
    ]
    with torch.no_grad():
        out, _ = layer(torch.from_numpy(x), tuple(first) if kind == "lstm" else first[0])
    return {"h": out.numpy()}


@pytest.mark.parametrize("kind", GATES)
def test_random_sequences(run, kind):
    rng = np.random.default_rng(8)
    cases = [case(rng, kind) for _ in range(60)]
    answers = run([(kind, [x, w, states | options]) for x, states, w, options in cases])
    for made, answer in zip(cases, answers, strict=True):
        what = f"{kind}: x {made[0].shape}, states {list(made[1])}, {made[3]}"
        assert not isinstance(answer, str), f"{what}: {answer}"
        by_formula = by_numpy(kind, *made)
        assert set(answer) == set(by_formula)
        for oracle in (by_formula, by_torch(kind, *made)):
            for name, value in oracle.items():
                np.testing.assert_allclose(
                    answer[name], value, **TOLERANCE, err_msg=f"{what}: {name}"
                )


@pytest.mark.parametrize("kind", GATES)
def test_steps_one_by_one_are_the_sequence(run, kind):
    rng = np.random.default_rng(9)
    x, weights = random(rng, 3, 2, 4), random_weights(rng, kind, 4, 5)  # B, T, C
    states = {name: random(rng, 3, 5) for name in ("hc" if kind == "lstm" else "h")}
    (whole,) = run([(kind, [x, weights, states])])
    for t in range(2):
        (made,) = run([(f"{kind}Step", [x[:, t].copy(), *states.values(), weights])])
        for name, value in made.items():
            np.testing.assert_array_equal(value, whole[name][:, t], err_msg=name)
        states = {name: made[name] for name in states}
    row = {name: state[1].copy() for name, state in states.items()}
    alone = [(f"{kind}Step", [x[1, 1].copy(), *row.values(), weights])]
    together = [(f"{kind}Step", [x[:, 1].copy(), *states.values(), weights])]
    np.testing.assert_array_equal(run(alone)[0]["h"], run(together)[0]["h"][1])


def shipped(name):
    w = load_file(WEIGHTS / name / "model.safetensors")
    parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return rnn.Weights(*(w[f"rnn.{part}_l0"] for part in parts))


@pytest.mark.parametrize("name", ["adding-lstm", "adding-rnn", "chars-lstm", "chars-rnn"])
def test_the_shipped_weights(run, name):
    if name.startswith("adding"):
        x = adding_problem(2, 100, 3)[0]
    else:
        text = "Return the indices of the elements that are non-zero.\nArgs: x, y"
        x = np.eye(len(CHARACTERS), dtype=np.float32)[to_indices(text)][None]
    kind, weights = name.split("-")[1], shipped(name)
    (answer,) = run([(kind, [x, weights])])
    for oracle in (by_numpy, by_torch):
        for part, value in oracle(kind, x, {}, weights, {}).items():
            np.testing.assert_allclose(answer[part], value, **TOLERANCE, err_msg=part)


def clamped_by_weights(weights, clamp):
    """The same clamp without a clamp: a gate whose weights are 0 and whose bias is huge."""
    w_ih, w_hh, b_ih, b_hh = (part.copy() for part in weights)
    H = w_hh.shape[1]
    for gate, units in clamp.items():
        block = "ifgo".index(gate) * H
        for unit in range(H):
            value = units.get(str(unit), units.get("all"))
            if value is not None:
                row = block + unit
                w_ih[row], w_hh[row], b_hh[row], b_ih[row] = 0, 0, 0, 1e4 * (2 * value - 1)
    return rnn.Weights(w_ih, w_hh, b_ih, b_hh)


def test_a_clamp_holds_gates(run):
    rng = np.random.default_rng(10)
    x, weights = random(rng, 2, 6, 3), random_weights(rng, "lstm", 3, 4)
    clamps = [
        *[{"f": {"all": 0}}, {"i": {"2": 1}}, {"o": {"0": 0, "3": 1}}],
        {"f": {"all": 1, "1": 0, "3": None}, "i": {"all": None}, "o": {"all": 0, "2": None}},
        {},
    ]
    answers = run([("lstm", [x, weights, {"clamp": clamp}]) for clamp in clamps])
    for clamp, answer in zip(clamps, answers, strict=True):
        expected = by_numpy("lstm", x, {}, clamped_by_weights(weights, clamp), {})
        for name, value in expected.items():
            np.testing.assert_allclose(answer[name], value, **TOLERANCE, err_msg=f"{clamp}: {name}")
    state = random(rng, 4)
    (one,) = run([("lstmStep", [x[0, 0].copy(), state, state, weights, {"f": {"all": 0}}])])
    assert (one["f"] == 0).all()
    (half,) = run([("lstm", [x, weights, {"clamp": {"o": {"all": 0.5}}}])])
    assert (half["o"] == 0.5).all()


def test_huge_inputs_saturate(run):
    x = np.array([[1e6], [-1e6]], dtype=np.float32)
    weights = rnn.Weights(*(np.ones(s, np.float32) for s in ((4, 1), (4, 1), (4,), (4,))))
    (answer,) = run([("lstm", [x, weights])])
    for name, value in by_numpy("lstm", x, {}, weights, {}).items():
        np.testing.assert_allclose(answer[name], value, **TOLERANCE, err_msg=name)


X, X3, H5 = np.zeros((4, 3), np.float32), np.zeros(3, np.float32), np.zeros(5, np.float32)
LSTM = random_weights(np.random.default_rng(0), "lstm", 3, 5)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("lstm", [X3, LSTM], "lstm: x must be (T, C) or (B, T, C) with T of at least 1, got (3)"),
        ("lstm", [X[:0], LSTM], "with T of at least 1, got (0, 3)"),
        ("lstm", [X[:, :2].copy(), LSTM], "lstm: x must have 3 values per step for these weights"),
        ("lstm", [X, LSTM, {"c": X3}], "lstm: c must be (5), got (3)"),
        ("lstmStep", [X3, H5, X, LSTM], "lstm: c must be (5), got (4, 3)"),
        ("rnnStep", [X[None], H5, LSTM], "rnn: weights must be (1*H, C), (1*H, H) and two biases"),
        ("gru", [X, LSTM], "gru: weights must be (3*H, C)"),
        ("lstm", [X, LSTM._replace(b_hh=X3)], "(20, 3), (20, 5), (20), (3)"),
        ("lstm", [X, {"weightIh": X}], "lstm: weights have no weightHh"),
        ("lstm", [X, LSTM, {"clamp": {"g": {"all": 0}}}], "the gates i, f and o, got “g”"),
        ("lstm", [X, LSTM, {"clamp": {"f": {"5": 0}}}], "a unit from 0 to 4, got “5”"),
        ("lstm", [X, LSTM, {"clamp": {"f": {"1": 2}}}], "held at 0 to 1, or null"),
    ],
)
def test_bad_input_is_told_in_a_sentence(run, name, args, message):
    (answer,) = run([(name, args)])
    assert isinstance(answer, str), "no error"
    assert message in answer


def test_a_nonlinearity_of_another_name_is_refused(run):
    weights = random_weights(np.random.default_rng(0), "rnn", 3, 5)
    for name, args in (
        ("rnn", [X, weights, {"nonlinearity": "elu"}]),
        ("rnnStep", [X3, H5, weights, {"nonlinearity": "elu"}]),
    ):
        (answer,) = run([(name, args)])
        assert answer == 'rnn: nonlinearity must be "tanh" or "relu", got “elu”'
