"""Backpropagation through time: the gradients of `formulas.rnn`, from the last step to the first.

What a step sends back passes through the weights W_hh, so over many steps it shrinks or grows; the
LSTM's cell and the GRU's state have a road of their own, a product of gates.

Source: Werbos 1990, "Backpropagation through time: what it does and how to do it".
Chapter: 3_2_rnn.
"""

import numpy as np

from large_models.formulas.numbers import floats
from large_models.formulas.recurrence import (
    Array,
    Mask,
    Weights,
    activation,
    check_gradient,
    gru_cell,
    input_side,
    lstm_cell,
    start,
    state_side,
    weight_gradients,
    where,
)


@floats("grad_out", "x", "weights", "h")
def rnn_backward(
    grad_out: Array,
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: Mask = None,
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
    x, (h0,) = start(x, weights, mask, 1, h)
    check_gradient(grad_out, x, h0)
    phi = activation(nonlinearity)
    projected, states = input_side(x, weights), [h0]
    for t in range(x.shape[1]):
        new = phi(projected[:, t] + state_side(states[-1], weights))
        states.append(where(mask, t, new, states[-1]))

    da = np.zeros_like(projected)  # gradient of what went into phi
    dh = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh = dh + where(mask, t, grad_out[:, t], 0)
        after = states[t + 1]
        slope = 1 - after**2 if nonlinearity == "tanh" else (after > 0).astype(x.dtype)
        da[:, t] = where(mask, t, dh * slope, 0)
        # A step that is masked hands the gradient on untouched.
        dh = where(mask, t, da[:, t] @ weights.w_hh, dh)
    before = np.stack(states[:-1], axis=1)
    return da @ weights.w_ih, weight_gradients(da, da, x, before), dh


@floats("grad_out", "x", "weights", "h", "c")
def lstm_backward(
    grad_out: Array,
    x: Array,
    weights: Weights,
    h: Array | None = None,
    c: Array | None = None,
    mask: Mask = None,
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
    x, (h0, c0) = start(x, weights, mask, 4, h, c)
    check_gradient(grad_out, x, h0)
    projected, states, gates = input_side(x, weights), [(h0, c0)], []
    for t in range(x.shape[1]):
        h, c = states[-1]
        new_h, new_c, opened = lstm_cell(projected[:, t], h, c, weights)
        states.append((where(mask, t, new_h, h), where(mask, t, new_c, c)))
        gates.append(opened)

    da = np.zeros_like(projected)
    dh, dc = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        dh = dh + where(mask, t, grad_out[:, t], 0)
        i, f, g, o = gates[t]
        squashed = np.tanh(states[t + 1][1])
        by_cell = dc + dh * o * (1 - squashed**2)
        da[:, t] = where(
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
        dh = where(mask, t, da[:, t] @ weights.w_hh, dh)
        # The cell's own road back in time: a product of forget gates, and of nothing else.
        dc = where(mask, t, by_cell * f, dc)
    before = np.stack([state[0] for state in states[:-1]], axis=1)
    return da @ weights.w_ih, weight_gradients(da, da, x, before), (dh, dc)


@floats("grad_out", "x", "weights", "h")
def gru_backward(
    grad_out: Array,
    x: Array,
    weights: Weights,
    h: Array | None = None,
    mask: Mask = None,
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
    x, (h0,) = start(x, weights, mask, 3, h)
    check_gradient(grad_out, x, h0)
    H = h0.shape[1]
    projected, states, gates = input_side(x, weights), [h0], []
    for t in range(x.shape[1]):
        new, opened = gru_cell(projected[:, t], states[-1], weights)
        states.append(where(mask, t, new, states[-1]))
        gates.append(opened)

    da, db = np.zeros_like(projected), np.zeros_like(projected)  # input's and state's side
    dh = np.zeros_like(h0)
    for t in reversed(range(x.shape[1])):
        dh = dh + where(mask, t, grad_out[:, t], 0)
        before, (r, z, n) = states[t], gates[t]
        dn = dh * (1 - z) * (1 - n**2)
        dz = dh * (before - n) * z * (1 - z)
        dr = dn * state_side(before, weights)[:, 2 * H :] * r * (1 - r)
        da[:, t] = where(mask, t, np.concatenate([dr, dz, dn], axis=1), 0)
        db[:, t] = where(mask, t, np.concatenate([dr, dz, dn * r], axis=1), 0)
        dh = where(mask, t, dh * z + db[:, t] @ weights.w_hh, dh)
    before = np.stack(states[:-1], axis=1)
    return da @ weights.w_ih, weight_gradients(da, db, x, before), dh
