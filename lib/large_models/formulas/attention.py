r"""Attention: a lookup that is soft.

    score    S = Q K^T * scale,   scale = 1 / sqrt(D)    (..., L, S)
    weight   A = softmax(S + mask) over the keys         (..., L, S)
    output   O = A V                                     (..., L, Dv)

Each of L queries asks all S keys, and takes home the values, weighted by how well the keys fit.
Multi-head attention does so h times at once, each head on its own D features, with Q, K and V all
linear in what comes in, and mixes the heads' outputs by one more matrix.

Arguments and results are those of torch.nn.functional.scaled_dot_product_attention: in a mask of
bool, True means "may attend"; a mask of numbers is added to the scores. A row that may attend
nowhere has weights 0 and output 0.

Sources: Vaswani et al. 2017, section 3.2; Ainslie et al. 2023 (several heads of queries to one of
keys); Milakov and Gimelshein 2018 (the softmax that sees its input in pieces) and Dao et al. 2022
(attention by it); Beltagy et al. 2020 (a window). Chapters: 3_3_self_attention, 5_1_trends.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from large_models.formulas.numbers import floats
from large_models.shapes import scores_shape

Array = NDArray[np.floating]


class Weights(NamedTuple):
    """Multi-head attention's weights as torch lays them out, E features in and out."""

    in_proj_weight: Array  # (3E, E): rows for Q, then K, then V
    in_proj_bias: Array  # (3E,)
    out_proj_weight: Array  # (E, E)
    out_proj_bias: Array  # (E,)


@floats("query", "key", "value")
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: NDArray | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Array:
    """Attention, from queries, keys and values.

    Args:
        query: (..., L, D).
        key: (..., S, D).
        value: (..., S, Dv).
        attn_mask: broadcasts to (..., L, S); of bool, True where a query may attend to a key, or
            of numbers, added to the scores. What stands where no query may look, NaN too, has no
            effect with a mask of bool.
        is_causal: query t may attend to the keys 0..t only.
        scale: factor of the scores; 1 / sqrt(D) if not given.
        enable_gqa: key and value (..., h / n, S, D) each serve n heads of the query (..., h, L, D)
            that follow on each other.

    Returns:
        (..., L, Dv).

    Raises:
        ValueError: if shapes do not fit each other, or there is a mask and is_causal.
    """
    weights = attention_weights(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    return weights @ _seen(_repeat(value, query, enable_gqa), attn_mask)


@floats("query", "key", "value")
def attention_weights(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: NDArray | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Array:
    """The weights (..., L, S) of `scaled_dot_product_attention`, whose arguments they take.

    Each row sums to 1, or to 0 if it may attend nowhere.
    """
    shape = _check(query, key, value, attn_mask, is_causal, enable_gqa)
    mask = np.tri(*shape[-2:], dtype=bool) if is_causal else attn_mask
    keys = _seen(_repeat(key, query, enable_gqa), attn_mask)
    scores = query @ np.swapaxes(keys, -1, -2) * _scale(query, scale)
    return softmax(_masked(scores, mask))


@floats("scores")
def softmax(scores: Array) -> Array:
    """Softmax over the last axis, (..., S); a row of nothing but -infinity gives zeros, not NaN."""
    exponentials = np.exp(scores - _finite(scores.max(axis=-1, keepdims=True)))
    total = exponentials.sum(axis=-1, keepdims=True)
    return exponentials / np.where(total == 0, 1, total)


@floats("grad_output", "query", "key", "value")
def scaled_dot_product_attention_backward(
    grad_output: Array,
    query: Array,
    key: Array,
    value: Array,
    attn_mask: NDArray | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Array, Array, Array]:
    """Gradients of `scaled_dot_product_attention`.

    Args:
        grad_output: (..., L, Dv) gradient of the loss by what it returned.
        query, key, ...: as they went into it.

    Returns:
        gradients of query, key and value, each of its shape.

    Raises:
        ValueError: if shapes do not fit each other.
    """
    weights = attention_weights(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    keys, values = (_seen(_repeat(x, query, enable_gqa), attn_mask) for x in (key, value))
    expected = (*weights.shape[:-1], value.shape[-1])
    if grad_output.shape != expected:
        raise ValueError(f"grad_output: expected shape {expected}, got {grad_output.shape}")
    grad_values = np.swapaxes(weights, -1, -2) @ grad_output  # (..., S, Dv)
    grad_weights = grad_output @ np.swapaxes(values, -1, -2)  # (..., L, S)
    # A softmax only moves weight from one key to another: what all share has no effect.
    shared = (grad_weights * weights).sum(axis=-1, keepdims=True)
    grad_scores = weights * (grad_weights - shared) * _scale(query, scale)
    grad_query = grad_scores @ keys  # (..., L, D)
    grad_keys = np.swapaxes(grad_scores, -1, -2) @ query  # (..., S, D)
    return (
        _sum_to(grad_query, query.shape),
        _sum_to(_gather(grad_keys, key, enable_gqa), key.shape),
        _sum_to(_gather(grad_values, value, enable_gqa), value.shape),
    )


@floats("query", "key", "value")
def attention_streaming(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: NDArray | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    block_size: int = 128,
) -> Array:
    """The same as `scaled_dot_product_attention`, never holding more than L x block_size scores.

    The keys come in blocks. Of those seen so far, each query keeps the largest score m, the sum of
    exp(score - m), and the sum of values weighted so; a larger score shrinks both sums by
    exp(m - new m).

    Args:
        query, key, ...: as `scaled_dot_product_attention`.
        block_size: how many keys at once.

    Raises:
        ValueError: if shapes do not fit each other, or block_size is less than 1.
    """
    if block_size < 1:
        raise ValueError(f"block_size: expected at least 1, got {block_size}")
    shape = _check(query, key, value, attn_mask, is_causal, enable_gqa)
    L, S = shape[-2:]
    keys, values = (_seen(_repeat(x, query, enable_gqa), attn_mask) for x in (key, value))
    dtype = np.result_type(query, key, value)
    largest = np.full((*shape[:-1], 1), -np.inf, dtype)
    total = np.zeros((*shape[:-1], 1), dtype)
    out = np.zeros((*shape[:-1], value.shape[-1]), dtype)
    for start in range(0, S, block_size):
        block = slice(start, min(start + block_size, S))
        part = None if attn_mask is None else np.broadcast_to(attn_mask, shape)[..., block]
        if is_causal:
            part = np.arange(S)[block] <= np.arange(L)[:, None]
        scores = query @ np.swapaxes(keys[..., block, :], -1, -2) * _scale(query, scale)
        scores = _masked(scores, part)  # (..., L, block)
        new = np.maximum(largest, scores.max(axis=-1, keepdims=True))
        shrink = np.exp(largest - _finite(new))
        exponentials = np.exp(scores - _finite(new))
        total = total * shrink + exponentials.sum(axis=-1, keepdims=True)
        out = out * shrink + exponentials @ values[..., block, :]
        largest = new
    return out / np.where(total == 0, 1, total)


@floats("query", "key", "value")
def attention_window(
    query: Array, key: Array, value: Array, window: int, block_size: int = 128
) -> Array:
    """Causal attention that looks no further back than `window` tokens, itself included.

    The queries come in blocks, and a block meets only the keys that some query in it may see: never
    more than block_size x (block_size + window - 1) scores, however long the text is.

    Args:
        query: (..., T, D).
        key: (..., T, D).
        value: (..., T, Dv).

    Returns:
        (..., T, Dv), what `scaled_dot_product_attention` gives with the mask i - window < j <= i.

    Raises:
        ValueError: if shapes do not fit each other, or window or block_size is less than 1.

    Source: Beltagy et al. 2020, section 3.1, one-sided.
    """
    for name, number in (("window", window), ("block_size", block_size)):
        if number < 1:
            raise ValueError(f"{name}: expected at least 1, got {number}")
    T = query.shape[-2]
    if key.shape[-2] != T:
        raise ValueError(f"expected as many keys as queries, {T}, got {key.shape[-2]}")
    _check(query, key, value, None, True, False)
    parts = []
    for start in range(0, T, block_size):
        end = min(start + block_size, T)
        first = max(0, start - window + 1)
        i, j = np.arange(start, end)[:, None], np.arange(first, end)
        parts.append(
            scaled_dot_product_attention(
                query[..., start:end, :],
                key[..., first:end, :],
                value[..., first:end, :],
                (j <= i) & (j > i - window),
            )
        )
    return np.concatenate(parts, axis=-2)


@floats("query", "key", "value", "weights")
def multi_head_attention(
    query: Array,
    key: Array,
    value: Array,
    weights: Weights,
    num_heads: int,
    attn_mask: NDArray | None = None,
    is_causal: bool = False,
) -> tuple[Array, Array]:
    """Attention by `num_heads` heads; self-attention if query, key and value are one array.

    Args:
        query: (B, L, E).
        key, value: (B, S, E).
        weights: of the projections.
        num_heads: h, a divisor of E.
        attn_mask, is_causal: as `scaled_dot_product_attention`, whose scores are (B, h, L, S).

    Returns:
        output (B, L, E), attention weights (B, h, L, S).

    Raises:
        ValueError: if shapes do not fit each other.
    """
    E = weights.out_proj_bias.size
    expected = ((3 * E, E), (3 * E,), (E, E), (E,))
    if tuple(w.shape for w in weights) != expected:
        got = ", ".join(str(w.shape) for w in weights)
        raise ValueError(f"weights: expected (3E, E), (3E,), (E, E) and (E,), got {got}")
    if num_heads < 1 or E % num_heads:
        raise ValueError(f"num_heads: expected a divisor of E = {E}, got {num_heads}")
    for name, x in zip(("query", "key", "value"), (query, key, value), strict=True):
        if x.ndim != 3 or x.shape[2] != E:
            raise ValueError(f"{name}: expected shape (B, T, {E}), got {x.shape}")
    parts = zip(
        (query, key, value),
        np.split(weights.in_proj_weight, 3),
        np.split(weights.in_proj_bias, 3),
        strict=True,
    )
    q, k, v = (_split_heads(x @ w.T + b, num_heads) for x, w, b in parts)  # (B, h, T, D)
    attention = attention_weights(q, k, v, attn_mask, is_causal)  # (B, h, L, S)
    B, L, _ = query.shape
    joined = np.swapaxes(attention @ _seen(v, attn_mask), 1, 2).reshape(B, L, E)
    return joined @ weights.out_proj_weight.T + weights.out_proj_bias, attention


# --- shared parts -------------------------------------------------------------------------------


def _split_heads(x: Array, num_heads: int) -> Array:
    B, T, E = x.shape
    return np.swapaxes(x.reshape(B, T, num_heads, E // num_heads), 1, 2)  # (B, h, T, D)


def _check(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: NDArray | None,
    is_causal: bool,
    enable_gqa: bool,
) -> tuple[int, ...]:
    """Check all shapes; returns that of the scores."""
    if attn_mask is not None and attn_mask.dtype != bool and attn_mask.dtype.kind != "f":
        raise ValueError(f"mask: expected bool or floating point numbers, got {attn_mask.dtype}")
    mask_shape = None if attn_mask is None else attn_mask.shape
    return scores_shape(query.shape, key.shape, value.shape, mask_shape, is_causal, enable_gqa)


def _masked(scores: Array, mask: NDArray | None) -> Array:
    if mask is None:
        return scores
    if mask.dtype == bool:
        return np.where(mask, scores, scores.dtype.type(-np.inf))
    return scores + mask.astype(scores.dtype)


def _seen(x: Array, mask: NDArray | None) -> Array:
    """Keys or values, with zeros where no query may look: NaN in the padding times 0 is NaN."""
    if mask is None or mask.dtype != bool:
        return x
    return np.where(np.asarray(np.atleast_2d(mask).any(-2))[..., None], x, x.dtype.type(0))


def _scale(query: Array, scale: float | None) -> float:
    return query.shape[-1] ** -0.5 if scale is None else float(scale)


def _finite(largest: Array) -> Array:
    return np.where(largest == -np.inf, 0, largest)  # -inf - -inf would be NaN


def _repeat(x: Array, query: Array, enable_gqa: bool) -> Array:
    return np.repeat(x, query.shape[-3] // x.shape[-3], axis=-3) if enable_gqa else x


def _gather(grad: Array, x: Array, enable_gqa: bool) -> Array:
    """Undo `_repeat` for a gradient: a head's is the sum over those that it served."""
    if not enable_gqa:
        return grad
    *batch, h, S, D = grad.shape
    groups = x.shape[-3]
    return grad.reshape(*batch, groups, h // groups, S, D).sum(axis=-3)


def _sum_to(grad: Array, shape: tuple[int, ...]) -> Array:
    """Undo broadcasting for a gradient."""
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    spread = tuple(i for i, n in enumerate(shape) if n == 1 and grad.shape[i] != 1)
    return grad.sum(axis=spread, keepdims=True)
