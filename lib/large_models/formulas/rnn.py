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

import numpy as np

from large_models.formulas.numbers import floats
from large_models.formulas.recurrence import (
    Array,
    GRUGates,
    LSTMGates,
    Mask,
    Weights,
    activation,
    check_step,
    gru_cell,
    input_side,
    lstm_cell,
    sigmoid,
    start,
    state_side,
    where,
)
from large_models.formulas.rnn_backward import gru_backward, lstm_backward, rnn_backward

__all__ = [
    "Array",
    "GRUGates",
    "LSTMGates",
    "Weights",
    "gru",
    "gru_backward",
    "gru_step",
    "lstm",
    "lstm_backward",
    "lstm_step",
    "rnn",
    "rnn_backward",
    "rnn_step",
    "sigmoid",
]


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
    check_step(x, h, weights, 1)
    return activation(nonlinearity)(input_side(x, weights) + state_side(h, weights))


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
    check_step(x, h, weights, 4)
    if c.shape != h.shape:
        raise ValueError(f"c: expected the hidden state's shape {h.shape}, got {c.shape}")
    return lstm_cell(input_side(x, weights), h, c, weights)


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
    check_step(x, h, weights, 3)
    return gru_cell(input_side(x, weights), h, weights)


# --- whole sequences ----------------------------------------------------------------------------


@floats("x", "weights", "h")
def rnn(
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: Mask = None,
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
    x, (h,) = start(x, weights, mask, 1, h)
    phi = activation(nonlinearity)
    projected = input_side(x, weights)  # every step's input at once: only the state has to wait
    out = np.zeros((*x.shape[:2], h.shape[1]), h.dtype)
    for t in range(x.shape[1]):
        new = phi(projected[:, t] + state_side(h, weights))
        h = where(mask, t, new, h)
        out[:, t] = where(mask, t, h, 0)
    return out, h


@floats("x", "weights", "h", "c")
def lstm(
    x: Array,
    weights: Weights,
    h: Array | None = None,
    c: Array | None = None,
    mask: Mask = None,
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
    x, (h, c) = start(x, weights, mask, 4, h, c)
    projected = input_side(x, weights)
    steps = []
    for t in range(x.shape[1]):
        new_h, new_c, gates = lstm_cell(projected[:, t], h, c, weights)
        h, c = where(mask, t, new_h, h), where(mask, t, new_c, c)
        steps.append((where(mask, t, h, 0), c, *gates))
    out, cells, *gates = (np.stack(values, axis=1) for values in zip(*steps, strict=True))
    return out, (h, c), cells, LSTMGates(*gates)


@floats("x", "weights", "h")
def gru(
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: Mask = None,
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
    x, (h,) = start(x, weights, mask, 3, h)
    projected = input_side(x, weights)
    steps = []
    for t in range(x.shape[1]):
        new, gates = gru_cell(projected[:, t], h, weights)
        h = where(mask, t, new, h)
        steps.append((where(mask, t, h, 0), *gates))
    out, *gates = (np.stack(values, axis=1) for values in zip(*steps, strict=True))
    return out, h, GRUGates(*gates)
