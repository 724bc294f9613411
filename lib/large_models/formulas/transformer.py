r"""The transformer's block: attention moves between tokens, the rest works on each token alone.

    pre-norm    x = x + Attention(Norm(x));   x = x + FeedForward(Norm(x))
    post-norm   x = Norm(x + Attention(x));   x = Norm(x + FeedForward(x))

    Norm(x)        = (x - mean(x)) / sqrt(var(x) + eps) * w + b         over the features of a token
    FeedForward(x) = W_2 phi(W_1 x + b_1) + b_2,   phi = ReLU or GELU
    GELU(x)        = x P(a standard normal number < x)

    position t     PE[t, 2i] = sin(t / 10000^(2i / C)),   PE[t, 2i + 1] = cos(the same)

Tokens are rows: x is (B, T, C). `models.transformer` is the same in torch, with dropout, masks
of padding and cross-attention besides; weights have the names and shapes that they have there.

Sources: Vaswani et al. 2017; Ba et al. 2016 (layer norm); Hendrycks and Gimpel 2016 (GELU); Xiong
et al. 2020 (pre- and post-norm); Su et al. 2021 (rotary). Chapter: 3_4_transformer.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from large_models.formulas import attention
from large_models.formulas.numbers import floats

Array = NDArray[np.floating]


class Weights(NamedTuple):
    """One block's weights, C features per token and F in the feed-forward network."""

    self_attn: attention.Weights
    linear1_weight: Array  # (F, C)
    linear1_bias: Array  # (F,)
    linear2_weight: Array  # (C, F)
    linear2_bias: Array  # (C,)
    norm1_weight: Array  # (C,)
    norm1_bias: Array  # (C,)
    norm2_weight: Array  # (C,)
    norm2_bias: Array  # (C,)


def read_weights(state: Mapping[str, Array], prefix: str = "") -> Weights:
    """The weights from the state dict of a `Block` or of torch.nn.TransformerEncoderLayer.

    Args:
        state: name -> array, or tensor on the CPU.
        prefix: what stands before the names, such as "layers.0.".

    Raises:
        ValueError: if a name is missing.
    """
    names = [f"{prefix}self_attn.in_proj_{kind}" for kind in ("weight", "bias")]
    for part in ("self_attn.out_proj", "linear1", "linear2", "norm1", "norm2"):
        names += [f"{prefix}{part}.{kind}" for kind in ("weight", "bias")]
    missing = [name for name in names if name not in state]
    if missing:
        raise ValueError(f"state: expected {', '.join(names)}; missing: {', '.join(missing)}")
    arrays = [np.asarray(state[name]) for name in names]
    return Weights(attention.Weights(*arrays[:4]), *arrays[4:])


# --- positions ----------------------------------------------------------------------------------


def sinusoidal_positions(seq_len: int, hidden_size: int, first: int = 0) -> Array:
    """Sines and cosines of the position, in wavelengths from 2 pi to 10000 * 2 pi.

    Returns:
        (seq_len, hidden_size): sin at even features, cos at odd ones; for the positions from
        `first` on.

    Raises:
        ValueError: if hidden_size is odd.

    Source: Vaswani et al. 2017, section 3.5.
    """
    angles = _angles(seq_len, hidden_size, first)  # (T, C / 2)
    return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(seq_len, hidden_size)


@floats("x")
def rotary(x: Array, first: int = 0) -> Array:
    """Turn each pair of features of queries or keys by an angle that grows with the position.

    The product of a query and a key then depends on how far apart they are, and not on where.

    Args:
        x: (..., T, D); feature 2i is paired with 2i + 1.
        first: position of the first row.

    Returns:
        (..., T, D).

    Raises:
        ValueError: if D is odd.

    Source: Su et al. 2021, section 3.2.
    """
    T, D = x.shape[-2:]
    angles = _angles(T, D, first).astype(x.dtype)
    cos, sin = np.cos(angles), np.sin(angles)
    even, odd = x[..., ::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def _angles(T: int, size: int, first: int) -> Array:
    """(T, size / 2) in radians: position t times 10000^(-2i / size)."""
    if size % 2:
        raise ValueError(f"expected an even number of features, got {size}")
    return np.arange(first, first + T)[:, None] * 10000.0 ** (-np.arange(0, size, 2) / size)


# --- layer norm ---------------------------------------------------------------------------------


@floats("x", "weight", "bias")
def layer_norm(x: Array, weight: Array, bias: Array, eps: float = 1e-5) -> Array:
    """Mean 0 and variance 1 over the features of each token, then a learned scale and shift.

    As torch.nn.functional.layer_norm: the variance divides by C, not by C - 1.

    Args:
        x: (..., C).
        weight, bias: (C,).
        eps: added to the variance.

    Returns:
        (..., C).

    Raises:
        ValueError: if shapes do not fit each other.
    """
    _check_norm(x, weight, bias)
    return _normalized(x, eps)[0] * weight + bias


@floats("grad_output", "x", "weight")
def layer_norm_backward(
    grad_output: Array, x: Array, weight: Array, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    """Gradients of `layer_norm` with respect to x (..., C), weight (C,) and bias (C,).

    A token's mean and size have no effect on what comes out, so its gradient has no part along
    them: the mean of grad * weight is taken off, and its part along the normalized token.

    Args:
        grad_output: (..., C) gradient of the loss by what it returned.
        x, weight, eps: as they went into it.

    Raises:
        ValueError: if shapes do not fit each other.
    """
    _check_norm(x, weight, weight)
    if grad_output.shape != x.shape:
        raise ValueError(f"grad_output: expected shape {x.shape}, got {grad_output.shape}")
    normalized, inverse_std = _normalized(x, eps)
    grad = grad_output * weight
    along_mean = grad.mean(axis=-1, keepdims=True)
    along_token = normalized * (grad * normalized).mean(axis=-1, keepdims=True)
    tokens = tuple(range(x.ndim - 1))
    return (
        (grad - along_mean - along_token) * inverse_std,
        (grad_output * normalized).sum(axis=tokens),
        grad_output.sum(axis=tokens),
    )


def _normalized(x: Array, eps: float) -> tuple[Array, Array]:
    """x with mean 0 and variance 1, and 1 / sqrt(var + eps)."""
    inverse_std = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    return (x - x.mean(axis=-1, keepdims=True)) * inverse_std, inverse_std


def _check_norm(x: Array, weight: Array, bias: Array) -> None:
    if x.ndim < 1 or weight.shape != x.shape[-1:] or bias.shape != x.shape[-1:]:
        raise ValueError(
            f"expected x (..., C) with weight and bias (C,), "
            f"got {x.shape}, {weight.shape} and {bias.shape}"
        )


# --- feed-forward network -----------------------------------------------------------------------


@floats("x")
def relu(x: Array) -> Array:
    """max(0, x)."""
    return np.maximum(x, 0)


@floats("x")
def gelu(x: Array) -> Array:
    """x, of any shape, times the probability that a standard normal number is less than x."""
    erf = np.vectorize(math.erf, otypes=[float])
    return x * ((1 + erf(x / math.sqrt(2))) / 2).astype(x.dtype)


@floats("x")
def gelu_tanh(x: Array) -> Array:
    """GELU, of any shape, with GPT-2's tanh for the probability; within 0.0005 of `gelu`."""
    return x * ((1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": relu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
}


@floats("x", "weight1", "bias1", "weight2", "bias2")
def feed_forward(
    x: Array, weight1: Array, bias1: Array, weight2: Array, bias2: Array, activation: str = "relu"
) -> Array:
    """Two linear layers with an activation between them, on each token by itself.

    Args:
        x: (..., C).
        weight1, bias1: (F, C), (F,).
        weight2, bias2: (C, F), (C,).
        activation: "relu", "gelu" or "gelu_tanh".

    Returns:
        (..., C).

    Raises:
        ValueError: if shapes do not fit each other, or for another activation.
    """
    if activation not in ACTIVATIONS:
        words = ", ".join(ACTIVATIONS)
        raise ValueError(f"activation: expected one of {words}, got {activation!r}")
    got = [a.shape for a in (weight1, bias1, weight2, bias2)]
    F, C = bias1.size, x.shape[-1]
    if got != [(F, C), (F,), (C, F), (C,)]:
        raise ValueError(
            f"expected (F, {C}), (F,), ({C}, F) and ({C},) for x {x.shape}, "
            f"got {', '.join(map(str, got))}"
        )
    return ACTIVATIONS[activation](x @ weight1.T + bias1) @ weight2.T + bias2


# --- the block ----------------------------------------------------------------------------------


@floats("x", "weights")
def block(
    x: Array,
    weights: Weights,
    num_heads: int,
    attn_mask: NDArray | None = None,
    is_causal: bool = False,
    activation: str = "relu",
    norm_first: bool = False,
    eps: float = 1e-5,
) -> tuple[Array, Array]:
    """One layer's work on all tokens: attention and feed-forward network, each with its norm and
    its way around (residual).

    Args:
        x: (B, T, C).
        weights: of the parts.
        num_heads: h, a divisor of C.
        attn_mask, is_causal: as `formulas.attention.multi_head_attention`.
        activation: "relu", "gelu" or "gelu_tanh".
        norm_first: pre-norm instead of post-norm.
        eps: of the norms.

    Returns:
        output (B, T, C), attention weights (B, h, T, T).

    Raises:
        ValueError: if shapes do not fit each other, or for another activation.
    """
    w = weights

    def attend(x: Array) -> tuple[Array, Array]:
        return attention.multi_head_attention(x, x, x, w.self_attn, num_heads, attn_mask, is_causal)

    def think(x: Array) -> Array:
        linears = w.linear1_weight, w.linear1_bias, w.linear2_weight, w.linear2_bias
        return feed_forward(x, *linears, activation)

    def norm1(x: Array) -> Array:
        return layer_norm(x, w.norm1_weight, w.norm1_bias, eps)

    def norm2(x: Array) -> Array:
        return layer_norm(x, w.norm2_weight, w.norm2_bias, eps)

    if norm_first:
        moved, maps = attend(norm1(x))
        x = x + moved
        return x + think(norm2(x)), maps
    moved, maps = attend(x)
    x = norm1(x + moved)
    return norm2(x + think(x)), maps
