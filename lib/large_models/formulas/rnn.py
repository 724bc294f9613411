r"""Recurrent networks: one step, the same step at every time, and its gradient back through time.

    RNN    h' = tanh(W_ih x + b_ih + W_hh h + b_hh)

    LSTM   i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh)     three gates, two matrices each
           g       = tanh   (W_ih x + b_ih + W_hh h + b_hh)     what might be written
           c'      = f * c + i * g                              the cell: forget, then write
           h'      = o * tanh(c')                               what leaves the cell

    GRU    r, z    = sigmoid(W_ih x + b_ih + W_hh h + b_hh)
           n       = tanh(W_ih x + b_ih + r * (W_hh h + b_hh))
           h'      = (1 - z) * n + z * h

Weights lie as in torch: `w_ih` (G*H, C), `w_hh` (G*H, H), biases (G*H,), where the G blocks of rows
belong to i, f, g, o for the LSTM and to r, z, n for the GRU; G = 1 for the RNN. Sequences are
(B, T, C). A mask (B, T) is True where there is input; where it is False the state stays as it was
and the output is zero.

Sources: Elman 1990 (RNN), Hochreiter and Schmidhuber 1997 (LSTM), Gers et al. 2000 (its forget
gate), Cho et al. 2014 (GRU, here with torch's place for the reset gate). Chapter: 3_2_rnn.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from large_models.formulas.numbers import floats

Array = NDArray[np.floating]


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


# --- one step -----------------------------------------------------------------------------------


@floats("x", "h", "weights")
def rnn_step(x: Array, h: Array, weights: Weights, nonlinearity: str = "tanh") -> Array:
    """One step of a plain recurrent layer.

    Args:
        x: (B, C) input of this step.
        h: (B, H) hidden state before it.
        weights: with G = 1.
        nonlinearity: "tanh" or "relu".

    Returns:
        (B, H) hidden state after it.

    Raises:
        ValueError: if shapes do not meet, or the nonlinearity is another word.
    """
    _check_step(x, h, weights, 1)
    return _activation(nonlinearity)(_inputs(x, weights) + _recurrent(h, weights))


@floats("x", "h", "c", "weights")
def lstm_step(x: Array, h: Array, c: Array, weights: Weights) -> tuple[Array, Array, LSTMGates]:
    """One step of an LSTM.

    Args:
        x: (B, C) input of this step.
        h, c: (B, H) hidden state and cell before it.
        weights: with G = 4, rows in the order i, f, g, o.

    Returns:
        hidden state (B, H), cell (B, H), gates.

    Raises:
        ValueError: if shapes do not meet.
    """
    _check_step(x, h, weights, 4)
    if c.shape != h.shape:
        raise ValueError(f"c: expected the hidden state's shape {h.shape}, got {c.shape}")
    return _lstm_cell(_inputs(x, weights), h, c, weights)


@floats("x", "h", "weights")
def gru_step(x: Array, h: Array, weights: Weights) -> tuple[Array, GRUGates]:
    """One step of a GRU.

    Args:
        x: (B, C) input of this step.
        h: (B, H) hidden state before it.
        weights: with G = 3, rows in the order r, z, n.

    Returns:
        hidden state (B, H), gates.

    Raises:
        ValueError: if shapes do not meet.
    """
    _check_step(x, h, weights, 3)
    return _gru_cell(_inputs(x, weights), h, weights)


# --- whole sequences ----------------------------------------------------------------------------


@floats("x", "weights", "h")
def rnn(
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
    nonlinearity: str = "tanh",
) -> tuple[Array, Array]:
    """A plain recurrent layer over a sequence.

    Args:
        x: (B, T, C).
        weights: with G = 1.
        h: (B, H) hidden state before the first step; zeros if not given.
        mask: (B, T), True where there is input.
        nonlinearity: "tanh" or "relu".

    Returns:
        hidden states (B, T, H), zero where masked; hidden state (B, H) after the last step.

    Raises:
        ValueError: if shapes do not meet, or the nonlinearity is another word.
    """
    x, h = _start(x, weights, mask, 1, h)
    phi = _activation(nonlinearity)
    projected = _inputs(x, weights)  # every step's input at once: only the state has to wait
    out = np.zeros((*x.shape[:2], h.shape[1]), h.dtype)
    for t in range(x.shape[1]):
        new = phi(projected[:, t] + _recurrent(h, weights))
        h = _where(mask, t, new, h)
        out[:, t] = _where(mask, t, h, 0)
    return out, h


@floats("x", "weights", "h", "c")
def lstm(
    x: Array,
    weights: Weights,
    h: Array | None = None,
    c: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[Array, tuple[Array, Array], Array, LSTMGates]:
    """An LSTM over a sequence.

    Args:
        x: (B, T, C).
        weights: with G = 4.
        h, c: (B, H) hidden state and cell before the first step; zeros if not given.
        mask: (B, T), True where there is input.

    Returns:
        hidden states (B, T, H), zero where masked; (h, c) after the last step, each (B, H);
        cells (B, T, H); gates, each (B, T, H).

    Raises:
        ValueError: if shapes do not meet.
    """
    x, h, c = _start(x, weights, mask, 4, h, c)
    projected = _inputs(x, weights)
    steps = []
    for t in range(x.shape[1]):
        new_h, new_c, gates = _lstm_cell(projected[:, t], h, c, weights)
        h, c = _where(mask, t, new_h, h), _where(mask, t, new_c, c)
        steps.append((_where(mask, t, h, 0), c, *gates))
    out, cells, *gates = (np.stack(values, axis=1) for values in zip(*steps, strict=True))
    return out, (h, c), cells, LSTMGates(*gates)


@floats("x", "weights", "h")
def gru(
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[Array, Array, GRUGates]:
    """A GRU over a sequence.

    Args:
        x: (B, T, C).
        weights: with G = 3.
        h: (B, H) hidden state before the first step; zeros if not given.
        mask: (B, T), True where there is input.

    Returns:
        hidden states (B, T, H), zero where masked; hidden state (B, H) after the last step; gates,
        each (B, T, H).

    Raises:
        ValueError: if shapes do not meet.
    """
    x, h = _start(x, weights, mask, 3, h)
    projected = _inputs(x, weights)
    steps = []
    for t in range(x.shape[1]):
        new, gates = _gru_cell(projected[:, t], h, weights)
        h = _where(mask, t, new, h)
        steps.append((_where(mask, t, h, 0), *gates))
    out, *gates = (np.stack(values, axis=1) for values in zip(*steps, strict=True))
    return out, h, GRUGates(*gates)


# --- back through time --------------------------------------------------------------------------


@floats("grad_out", "x", "weights", "h")
def rnn_backward(
    grad_out: Array,
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
    nonlinearity: str = "tanh",
) -> tuple[Array, Weights, Array]:
    """Backpropagation through time of `rnn`.

    Args:
        grad_out: (B, T, H) gradient of the loss by the hidden states that `rnn` returned.
        x, weights, h, mask, nonlinearity: as they went into `rnn`.

    Returns:
        gradients of x (B, T, C), of the weights, and of the first hidden state (B, H).

    Raises:
        ValueError: if shapes do not meet.
    """
    x, h0 = _start(x, weights, mask, 1, h)
    _check_gradient(grad_out, x, h0)
    phi = _activation(nonlinearity)
    projected, states = _inputs(x, weights), [h0]
    for t in range(x.shape[1]):
        new = phi(projected[:, t] + _recurrent(states[-1], weights))
        states.append(_where(mask, t, new, states[-1]))

    da = np.zeros_like(projected)  # gradient of what went into phi
    dh = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh = dh + _where(mask, t, grad_out[:, t], 0)
        after = states[t + 1]
        slope = 1 - after**2 if nonlinearity == "tanh" else (after > 0).astype(x.dtype)
        da[:, t] = _where(mask, t, dh * slope, 0)
        # A step that is masked hands the gradient on untouched.
        dh = _where(mask, t, da[:, t] @ weights.w_hh, dh)
    before = np.stack(states[:-1], axis=1)
    return da @ weights.w_ih, _weight_gradients(da, da, x, before), dh


@floats("grad_out", "x", "weights", "h", "c")
def lstm_backward(
    grad_out: Array,
    x: Array,
    weights: Weights,
    h: Array | None = None,
    c: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[Array, Weights, tuple[Array, Array]]:
    """Backpropagation through time of `lstm`.

    Args:
        grad_out: (B, T, H) gradient of the loss by the hidden states that `lstm` returned.
        x, weights, h, c, mask: as they went into `lstm`.

    Returns:
        gradients of x (B, T, C), of the weights, and of the first (h, c), each (B, H).

    Raises:
        ValueError: if shapes do not meet.
    """
    x, h0, c0 = _start(x, weights, mask, 4, h, c)
    _check_gradient(grad_out, x, h0)
    projected, states = _inputs(x, weights), [(h0, c0, None)]
    for t in range(x.shape[1]):
        h, c, _ = states[-1]
        new_h, new_c, gates = _lstm_cell(projected[:, t], h, c, weights)
        states.append((_where(mask, t, new_h, h), _where(mask, t, new_c, c), gates))

    da = np.zeros_like(projected)
    dh, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        dh = dh + _where(mask, t, grad_out[:, t], 0)
        _, cell, (i, f, g, o) = states[t + 1]
        squashed = np.tanh(cell)
        by_cell = dc + dh * o * (1 - squashed**2)
        da[:, t] = _where(
            mask,
            t,
            np.concatenate(
                [
                    by_cell * g * i * (1 - i),
                    by_cell * states[t][1] * f * (1 - f),
                    by_cell * i * (1 - g**2),
                    dh * squashed * o * (1 - o),
                ],
                axis=1,
            ),
            0,
        )
        dh = _where(mask, t, da[:, t] @ weights.w_hh, dh)
        # The cell's own road back in time: a product of forget gates, and of nothing else.
        dc = _where(mask, t, by_cell * f, dc)
    before = np.stack([state[0] for state in states[:-1]], axis=1)
    return da @ weights.w_ih, _weight_gradients(da, da, x, before), (dh, dc)


@floats("grad_out", "x", "weights", "h")
def gru_backward(
    grad_out: Array,
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> tuple[Array, Weights, Array]:
    """Backpropagation through time of `gru`.

    Args:
        grad_out: (B, T, H) gradient of the loss by the hidden states that `gru` returned.
        x, weights, h, mask: as they went into `gru`.

    Returns:
        gradients of x (B, T, C), of the weights, and of the first hidden state (B, H).

    Raises:
        ValueError: if shapes do not meet.
    """
    x, h0 = _start(x, weights, mask, 3, h)
    _check_gradient(grad_out, x, h0)
    H = h0.shape[1]
    projected, states = _inputs(x, weights), [(h0, None)]
    for t in range(x.shape[1]):
        new, gates = _gru_cell(projected[:, t], states[-1][0], weights)
        states.append((_where(mask, t, new, states[-1][0]), gates))

    da, db = np.zeros_like(projected), np.zeros_like(projected)  # input's and state's side
    dh = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh = dh + _where(mask, t, grad_out[:, t], 0)
        before, (r, z, n) = states[t][0], states[t + 1][1]
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (before - n) * z * (1 - z)
        dr = dn * _recurrent(before, weights)[:, 2 * H :] * r * (1 - r)
        da[:, t] = _where(mask, t, np.concatenate([dr, dz, dn], axis=1), 0)
        db[:, t] = _where(mask, t, np.concatenate([dr, dz, dn * r], axis=1), 0)
        dh = _where(mask, t, dh * z + db[:, t] @ weights.w_hh, dh)
    before = np.stack([state[0] for state in states[:-1]], axis=1)
    return da @ weights.w_ih, _weight_gradients(da, db, x, before), dh


# --- shared parts -------------------------------------------------------------------------------


def _inputs(x: Array, weights: Weights) -> Array:
    return x @ weights.w_ih.T + weights.b_ih  # (..., G*H)


def _recurrent(h: Array, weights: Weights) -> Array:
    return h @ weights.w_hh.T + weights.b_hh  # (B, G*H)


def _lstm_cell(
    projected: Array, h: Array, c: Array, weights: Weights
) -> tuple[Array, Array, LSTMGates]:
    i, f, g, o = np.split(projected + _recurrent(h, weights), 4, axis=-1)  # (B, H) each
    gates = LSTMGates(sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o))
    c = gates.f * c + gates.i * gates.g
    return gates.o * np.tanh(c), c, gates


def _gru_cell(projected: Array, h: Array, weights: Weights) -> tuple[Array, GRUGates]:
    x_r, x_z, x_n = np.split(projected, 3, axis=-1)  # (B, H) each
    h_r, h_z, h_n = np.split(_recurrent(h, weights), 3, axis=-1)
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h, GRUGates(r, z, n)


def _weight_gradients(da: Array, db: Array, x: Array, before: Array) -> Weights:
    """Sums over batch and time: da (B, T, G*H) is the input's side, db the state's."""
    return Weights(
        np.einsum("btg,btc->gc", da, x),
        np.einsum("btg,bth->gh", db, before),
        da.sum(axis=(0, 1)),
        db.sum(axis=(0, 1)),
    )


def _where(mask: NDArray[np.bool_] | None, t: int, there: Array, padding: Array | float) -> Array:
    return there if mask is None else np.where(mask[:, t, None], there, padding)


def _activation(nonlinearity: str):
    try:
        return {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}[nonlinearity]
    except (KeyError, TypeError):
        raise ValueError(f'nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}') from None


def _check_step(x: Array, h: Array, weights: Weights, gates: int) -> None:
    H = _check_weights(weights, gates)
    C = weights.w_ih.shape[1]
    if x.ndim != 2 or x.shape[1] != C:
        raise ValueError(f"x: expected shape (B, {C}) for these weights, got {x.shape}")
    if h.shape != (x.shape[0], H):
        raise ValueError(f"h: expected shape ({x.shape[0]}, {H}), got {h.shape}")


def _start(x: Array, weights: Weights, mask, gates: int, *states: Array | None) -> tuple:
    """Check a sequence's arguments; returns it, zero where masked, and the states before it."""
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
    first = (np.zeros((B, H), dtype) if state is None else state for state in states)
    return x, *first


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


def _check_gradient(grad_out: Array, x: Array, h: Array) -> None:
    expected = (*x.shape[:2], h.shape[1])
    if grad_out.shape != expected:
        raise ValueError(f"grad_out: expected shape {expected}, got {grad_out.shape}")
