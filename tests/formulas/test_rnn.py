"""Recurrent layers: torch's cells and layers are the oracle, for values and for gradients.

Everything is float64: 1e-10 leaves room for sums in another order and for nothing else.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from large_models.formulas import rnn as formulas

TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
LAYERS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def random_weights(rng, kind, C, H):
    G = GATES[kind]
    shapes = [(G * H, C), (G * H, H), (G * H,), (G * H,)]
    return formulas.Weights(*(rng.normal(size=shape) / np.sqrt(H) for shape in shapes))


def layer_with(kind, weights, C, H, **options):
    layer = LAYERS[kind](C, H, batch_first=True, dtype=torch.float64, **options)
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    layer.load_state_dict({n: torch.from_numpy(w) for n, w in zip(names, weights, strict=True)})
    return layer


def run(kind, x, weights, states, mask=None):
    """(outputs, last states) of the formula, in one shape for the three kinds."""
    if kind == "lstm":
        out, last, _, _ = formulas.lstm(x, weights, *states, mask=mask)
        return out, last
    out, last, *_ = getattr(formulas, kind)(x, weights, *states, mask=mask)
    return out, (last,)


def random_states(rng, kind, B, H):
    return [rng.normal(size=(B, H)) for _ in range(2 if kind == "lstm" else 1)]


def torch_run(kind, layer, x, states):
    first = tuple(s[None] for s in states)
    out, last = layer(x, first if kind == "lstm" else first[0])
    return out, tuple(s[0] for s in (last if kind == "lstm" else (last,)))


@pytest.mark.parametrize("kind", GATES)
@settings(max_examples=15)
@given(B=st.integers(1, 3), T=st.integers(1, 6), C=st.integers(1, 4), H=st.integers(1, 4))
def test_values_and_gradients_are_torchs(kind, B, T, C, H):
    rng = np.random.default_rng([B, T, C, H])
    weights, states = random_weights(rng, kind, C, H), random_states(rng, kind, B, H)
    x, grad_out = rng.normal(size=(B, T, C)), rng.normal(size=(B, T, H))
    layer = layer_with(kind, weights, C, H)
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, *states)]
    expected, expected_last = torch_run(kind, layer, leaves[0], leaves[1:])
    expected.backward(torch.from_numpy(grad_out))

    out, last = run(kind, x, weights, states)
    np.testing.assert_allclose(out, expected.detach(), **TOLERANCE)
    for mine, theirs in zip(last, expected_last, strict=True):
        np.testing.assert_allclose(mine, theirs.detach(), **TOLERANCE)

    backward = getattr(formulas, f"{kind}_backward")
    grad_x, grad_weights, grad_states = backward(grad_out, x, weights, *states)
    grad_states = grad_states if kind == "lstm" else (grad_states,)
    for mine, leaf in zip((grad_x, *grad_states), leaves, strict=True):
        np.testing.assert_allclose(mine, leaf.grad, **TOLERANCE)
    for mine, parameter in zip(grad_weights, layer.parameters(), strict=True):
        np.testing.assert_allclose(mine, parameter.grad, **TOLERANCE)


@pytest.mark.parametrize("kind", GATES)
def test_one_step_is_torchs_cell(kind):
    rng = np.random.default_rng(0)
    B, C, H = 3, 4, 5
    weights, states = random_weights(rng, kind, C, H), random_states(rng, kind, B, H)
    x = rng.normal(size=(B, C))
    cell = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[kind](
        C, H, dtype=torch.float64
    )
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    cell.load_state_dict({n: torch.from_numpy(w) for n, w in zip(names, weights, strict=True)})
    given_states = tuple(map(torch.from_numpy, states))
    expected = cell(torch.from_numpy(x), given_states if kind == "lstm" else given_states[0])
    got = getattr(formulas, f"{kind}_step")(x, *states, weights)
    if kind == "rnn":
        np.testing.assert_allclose(got, expected.detach(), **TOLERANCE)
    elif kind == "gru":
        np.testing.assert_allclose(got[0], expected.detach(), **TOLERANCE)
    else:
        for mine, theirs in zip(got[:2], expected, strict=True):
            np.testing.assert_allclose(mine, theirs.detach(), **TOLERANCE)


def test_the_relu_rnn_is_torchs():
    rng = np.random.default_rng(1)
    weights = random_weights(rng, "rnn", 3, 4)
    x, grad_out = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 5, 4))
    layer = layer_with("rnn", weights, 3, 4, nonlinearity="relu")
    leaf = torch.tensor(x, requires_grad=True)
    expected, _ = layer(leaf)
    expected.backward(torch.from_numpy(grad_out))
    out, _ = formulas.rnn(x, weights, nonlinearity="relu")
    np.testing.assert_allclose(out, expected.detach(), **TOLERANCE)
    grad_x, _, _ = formulas.rnn_backward(grad_out, x, weights, nonlinearity="relu")
    np.testing.assert_allclose(grad_x, leaf.grad, **TOLERANCE)


@pytest.mark.parametrize("kind", GATES)
def test_masked_padding_is_torchs_packed_sequence(kind):
    rng = np.random.default_rng(2)
    B, T, C, H = 3, 6, 2, 4
    lengths = [6, 2, 4]
    mask = np.arange(T) < np.array(lengths)[:, None]
    weights, states = random_weights(rng, kind, C, H), random_states(rng, kind, B, H)
    x, grad_out = rng.normal(size=(B, T, C)), rng.normal(size=(B, T, H))
    layer = layer_with(kind, weights, C, H)
    leaf = torch.tensor(x, requires_grad=True)
    packed = nn.utils.rnn.pack_padded_sequence(
        leaf, lengths, batch_first=True, enforce_sorted=False
    )
    first = tuple(torch.from_numpy(s)[None] for s in states)
    packed_out, last = layer(packed, first if kind == "lstm" else first[0])
    expected, _ = nn.utils.rnn.pad_packed_sequence(packed_out, batch_first=True, total_length=T)
    expected.backward(torch.from_numpy(grad_out))

    out, my_last = run(kind, x, weights, states, mask)
    np.testing.assert_allclose(out, expected.detach(), **TOLERANCE)
    for mine, theirs in zip(my_last, last if kind == "lstm" else (last,), strict=True):
        np.testing.assert_allclose(mine, theirs[0].detach(), **TOLERANCE)
    grad_x, grad_weights, _ = getattr(formulas, f"{kind}_backward")(
        grad_out, x, weights, *states, mask=mask
    )
    np.testing.assert_allclose(grad_x, leaf.grad, **TOLERANCE)
    for mine, parameter in zip(grad_weights, layer.parameters(), strict=True):
        np.testing.assert_allclose(mine, parameter.grad, **TOLERANCE)


def test_the_lstms_gates_make_its_cell():
    rng = np.random.default_rng(3)
    weights = random_weights(rng, "lstm", 2, 3)
    x = rng.normal(size=(2, 4, 2))
    out, (h, c), cells, gates = formulas.lstm(x, weights)
    before = np.concatenate([np.zeros((2, 1, 3)), cells[:, :-1]], axis=1)
    np.testing.assert_allclose(cells, gates.f * before + gates.i * gates.g, **TOLERANCE)
    np.testing.assert_allclose(out, gates.o * np.tanh(cells), **TOLERANCE)
    np.testing.assert_array_equal(h, out[:, -1])
    np.testing.assert_array_equal(c, cells[:, -1])


def test_large_inputs_do_not_overflow():
    with np.errstate(all="raise"):
        got = formulas.sigmoid(np.array([-700.0, 0.0, 700.0]))
    np.testing.assert_allclose(got, [0, 0.5, 1], atol=1e-300)


WEIGHTS = random_weights(np.random.default_rng(4), "lstm", 3, 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: formulas.lstm(np.zeros((2, 5)), WEIGHTS), r"x: expected shape \(B, T, 3\)"),
        (lambda: formulas.lstm(np.zeros((2, 0, 3)), WEIGHTS), "T of at least 1"),
        (lambda: formulas.lstm(np.zeros((2, 5, 4)), WEIGHTS), r"got \(2, 5, 4\)"),
        (lambda: formulas.lstm(np.zeros((2, 5, 3)), WEIGHTS, np.zeros((1, 2))), r"h: expected"),
        (
            lambda: formulas.lstm(np.zeros((2, 5, 3)), WEIGHTS, mask=np.ones((2, 4), bool)),
            r"mask: expected shape \(2, 5\)",
        ),
        (
            lambda: formulas.lstm(np.zeros((2, 5, 3)), WEIGHTS, mask=np.ones((2, 5))),
            "of bool, got .* of float64",
        ),
        (lambda: formulas.gru(np.zeros((2, 5, 3)), WEIGHTS), r"weights: expected w_ih \(3\*H, C\)"),
        (
            lambda: formulas.lstm_step(np.zeros((2, 3)), np.zeros((2, 2)), np.zeros(2), WEIGHTS),
            "c: expected",
        ),
        (
            lambda: formulas.lstm_backward(np.zeros((2, 5, 1)), np.zeros((2, 5, 3)), WEIGHTS),
            r"grad_out: expected shape \(2, 5, 2\)",
        ),
        (
            lambda: formulas.rnn(np.zeros((1, 1, 1)), WEIGHTS, nonlinearity="tanh"),
            r"weights: expected w_ih \(1\*H, C\)",
        ),
        (
            lambda: formulas.rnn(
                np.zeros((1, 2, 1)),
                random_weights(np.random.default_rng(0), "rnn", 1, 1),
                nonlinearity="selu",
            ),
            'expected "tanh" or "relu", got \'selu\'',
        ),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
