"""What the recurrent layers of `formulas.rnn` share: their weights, one cell of each, their checks.

Shapes are those of `formulas.rnn`: B examples, T steps, C features, H hidden units, G gates.
Chapter: 3_2_rnn.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from large_models.formulas.numbers import floats

Array = NDArray[np.floating]
Mask = NDArray[np.bool_] | None


class Weights(NamedTuple):
    """One recurrent layer's weights as torch lays them out; as a result, their gradients."""

    w_ih: Array  # (G*H, C)
    w_hh: Array  # (G*H, H)
    b_ih: Array  # (G*H,)
    b_hh: Array  # (G*H,)


class LSTMGates(NamedTuple):
    """What an LSTM computes on its way: input gate, forget gate, candidate, output gate."""

    i: Array  # (..., H), in 0..1
    f: Array  # (..., H), in 0..1
    g: Array  # (..., H), in -1..1
    o: Array  # (..., H), in 0..1


class GRUGates(NamedTuple):
    """What a GRU computes on its way: reset gate, update gate, candidate."""

    r: Array  # (..., H), in 0..1
    z: Array  # (..., H), in 0..1
    n: Array  # (..., H), in -1..1


@floats("x")
def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), of any shape; written so that no exponential overflows."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def input_side(x: Array, weights: Weights) -> Array:
    """What the input x (..., C) adds to each gate: (..., G*H)."""
    return x @ weights.w_ih.T + weights.b_ih


def state_side(h: Array, weights: Weights) -> Array:
    """What the state h (B, H) adds to each gate: (B, G*H)."""
    return h @ weights.w_hh.T + weights.b_hh


def lstm_cell(
    projected: Array, h: Array, c: Array, weights: Weights
) -> tuple[Array, Array, LSTMGates]:
    """Hidden state (B, H), cell (B, H) and gates after one step."""
    i, f, g, o = np.split(projected + state_side(h, weights), 4, axis=-1)  # (B, H) each
    gates = LSTMGates(sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o))
    c = gates.f * c + gates.i * gates.g
    return gates.o * np.tanh(c), c, gates


def gru_cell(projected: Array, h: Array, weights: Weights) -> tuple[Array, GRUGates]:
    """Hidden state (B, H) and gates after one step."""
    x_r, x_z, x_n = np.split(projected, 3, axis=-1)  # (B, H) each
    h_r, h_z, h_n = np.split(state_side(h, weights), 3, axis=-1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, GRUGates(r, z, n)


def weight_gradients(da: Array, db: Array, x: Array, before: Array) -> Weights:
    """Sums over batch and time: da (B, T, G*H) is the input's side, db the state's."""
    return Weights(
        np.einsum("btg,btc->gc", da, x),
        np.einsum("btg,bth->gh", db, before),
        da.sum(axis=(0, 1)),
        db.sum(axis=(0, 1)),
    )


def where(mask: Mask, t: int, there: Array, padding: Array | float) -> Array:
    """`there` (B, H) where step t has input, `padding` elsewhere."""
    return there if mask is None else np.where(mask[:, t, None], there, padding)


def activation(nonlinearity: str) -> Callable[[Array], Array]:
    """tanh or ReLU, of any shape, by its name."""
    try:
        return {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}[nonlinearity]
    except (KeyError, TypeError):
        raise ValueError(f'nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}') from None


def check_step(x: Array, h: Array, weights: Weights, gates: int) -> None:
    """Check the arguments of one step: x (B, C), h (B, H)."""
    H = _check_weights(weights, gates)
    C = weights.w_ih.shape[1]
    if x.ndim != 2 or x.shape[1] != C:
        raise ValueError(f"x: expected shape (B, {C}) for these weights, got {x.shape}")
    if h.shape != (x.shape[0], H):
        raise ValueError(f"h: expected shape ({x.shape[0]}, {H}), got {h.shape}")


def start(
    x: Array, weights: Weights, mask: Mask, gates: int, *states: Array | None
) -> tuple[Array, list[Array]]:
    """Check a sequence's arguments; returns it (B, T, C), zero where masked, and the states (B, H)
    before it."""
    H = _check_weights(weights, gates)
    C = weights.w_ih.shape[1]
    if x.ndim != 3 or x.shape[2] != C or x.shape[1] == 0:
        raise ValueError(f"x: expected shape (B, T, {C}) with T of at least 1, got {x.shape}")
    B = x.shape[0]
    if mask is not None and (mask.shape != x.shape[:2] or mask.dtype != bool):
        raise ValueError(
            f"mask: expected shape {x.shape[:2]} of bool, got {mask.shape} of {mask.dtype}"
        )
    dtype = np.result_type(x, weights.w_ih)
    for name, state in zip("hc", states, strict=False):
        if state is not None and state.shape != (B, H):
            raise ValueError(f"{name}: expected shape ({B}, {H}), got {state.shape}")
    if mask is not None:  # so that nothing in the padding, not even NaN, is ever multiplied
        x = np.where(mask[..., None], x, 0)
    return x, [np.zeros((B, H), dtype) if state is None else state for state in states]


def _check_weights(weights: Weights, gates: int) -> int:
    """Check the shapes of a layer's weights; returns the hidden size."""
    rows = weights.w_hh.shape[0] if weights.w_hh.ndim == 2 else 0
    H = rows // gates
    expected = ((gates * H, weights.w_ih.shape[-1]), (gates * H, H), (gates * H,), (gates * H,))
    got = tuple(w.shape for w in weights)
    if not H or got != expected:
        raise ValueError(
            f"weights: expected w_ih ({gates}*H, C), w_hh ({gates}*H, H) and two biases "
            f"({gates}*H,), got {', '.join(map(str, got))}"
        )
    return H


def check_gradient(grad_out: Array, x: Array, h: Array) -> None:
    """Check that the gradient is (B, T, H)."""
    expected = (*x.shape[:2], h.shape[1])
    if grad_out.shape != expected:
        raise ValueError(f"grad_out: expected shape {expected}, got {grad_out.shape}")
