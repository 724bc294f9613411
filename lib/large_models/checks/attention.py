"""Checks for the exercises of chapter 3_3_self_attention: causal masks, streaming, heads.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.attention_streaming import STREAMING
from large_models.checks.choices import choose
from large_models.checks.differences import at
from large_models.checks.exercise import Case, Exercise, Mistake, case, check_parts
from large_models.formulas.attention import scaled_dot_product_attention, softmax

Array = np.ndarray
Block = tuple[Array, Array]  # scores (n,) and values (n, D)


def causal_attention(function: Callable) -> bool | None:
    """Check `function(query, key, value)`: query and key (T, D), value (T, Dv).

    It should return attention's output (T, Dv), scores divided by sqrt(D), where position t
    attends to the positions 0 to t only.
    """
    return CAUSAL_ATTENTION.check(function)


def leak(letter: Any) -> bool | None:
    """Check which of the four ways to mask lets the past depend on the future: a letter."""
    return choose(letter, "c", LEAKS)


def streaming(function: Callable) -> bool | None:
    """Check `function(blocks)`: an iterator over pairs of scores (n,) and values (n, D).

    It should return the mean of all values weighted by the softmax of all scores, (D,). The blocks
    can be gone through once, and each overwrites the memory of the one before.
    """
    return STREAMING.check(function)


def heads(split_heads: Callable, merge_heads: Callable) -> bool | None:
    """Check two functions that give each head its features, and put them together again.

    `split_heads(x, num_heads)` should turn (B, T, C) into (B, num_heads, T, C / num_heads), head i
    with the i-th group of neighbouring features; `merge_heads(x)` should turn that back.
    """
    return check_parts(
        [("split_heads", split_heads, SPLIT_HEADS), ("merge_heads", merge_heads, MERGE_HEADS)]
    )


# --- causal attention ---------------------------------------------------------------------------


def _causal_cases() -> Iterable[Case]:
    # T, D and Dv differ, so that a mean or a root over the wrong axis shows.
    for T, D, Dv in [(1, 4, 2), (2, 4, 3), (3, 4, 2), (5, 9, 3)]:
        random = np.random.default_rng(10 * T + D)
        query, key = random.integers(-3, 4, (2, T, D)).astype(float)
        value = random.permutation(np.arange(1.0, T * Dv + 1)).reshape(T, Dv)
        yield case(f"T = {T}, D = {D}, value {T} x {Dv}", query, key, value)


def _past(query: Array, ahead: int = 0) -> Array:
    return np.tri(len(query), k=ahead, dtype=bool)


def _hidden(query: Array, key: Array, divisor: float, ahead: int = 0) -> Array:
    return np.where(_past(query, ahead), query @ key.T / divisor, -np.inf)


def _root(query: Array) -> float:
    return float(np.sqrt(query.shape[1]))


def _divided_by(divisor: Callable[[Array, Array], float]) -> Callable:
    return lambda q, k, v: softmax(_hidden(q, k, divisor(q, v))) @ v


def _nothing_first(q: Array, k: Array, v: Array) -> Array:
    """A position does not see itself, so that the first divides 0 by 0."""
    exponentials = np.exp(_hidden(q, k, _root(q), ahead=-1))
    return exponentials / exponentials.sum(axis=1, keepdims=True) @ v


def _all_together(q: Array, k: Array, v: Array) -> Array:
    exponentials = np.exp(_hidden(q, k, _root(q)))
    return exponentials / exponentials.sum() @ v


_MASK_FIRST = "Masked scores become -infinity, before the softmax."

CAUSAL_ATTENTION = Exercise(
    right=lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True),
    make_cases=_causal_cases,
    mistakes=[
        Mistake(_divided_by(lambda q, v: 1), "the scores are not divided."),
        Mistake(
            _divided_by(lambda q, v: q.shape[1]),
            lambda q, k, v: f"the scores are divided by D = {q.shape[1]}, not by its square root.",
        ),
        Mistake(
            _divided_by(lambda q, v: np.sqrt(len(q))),
            "the scores are divided by the root of T, the number of tokens. Use D, the length "
            "of a query.",
        ),
        Mistake(
            _divided_by(lambda q, v: np.sqrt(v.shape[1])),
            "the scores are divided by the root of Dv, the length of a value. Use D, the length "
            "of a query.",
        ),
        Mistake(
            _divided_by(lambda q, v: 1 / _root(q)),
            "the scores are multiplied by the root of D, not divided by it.",
        ),
        Mistake(
            lambda q, k, v: scaled_dot_product_attention(q, k, v),
            "there is no mask: position 0 sees what comes later.",
        ),
        Mistake(
            lambda q, k, v: softmax(q @ k.T) @ v,
            "there is no mask, and the scores are not divided.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q), ahead=1)) @ v,
            "the mask ends one place too late: position t sees position t + 1. Row t may attend "
            "to columns 0 to t.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q), ahead=-1)) @ v,
            "the mask ends one place too early: position t may attend to itself.",
        ),
        Mistake(
            _nothing_first,
            "the mask ends one place too early: position t may attend to itself. Otherwise the "
            "first one has nothing to look at, and its softmax divides 0 by 0.",
        ),
        Mistake(
            lambda q, k, v: (softmax(q @ k.T / _root(q)) * _past(q)) @ v,
            f"the mask comes after the softmax, so the rows do not add up to 1. {_MASK_FIRST}",
        ),
        Mistake(
            lambda q, k, v: softmax(np.where(_past(q).T, q @ k.T / _root(q), -np.inf)) @ v,
            "the mask is the wrong triangle: each position sees itself and what comes later. Row t "
            "may attend to columns 0 to t.",
        ),
        Mistake(
            lambda q, k, v: softmax(q @ k.T / _root(q) * _past(q)) @ v,
            f"masked scores are 0, and the exponential of 0 is 1, not 0. {_MASK_FIRST}",
        ),
        Mistake(
            lambda q, k, v: softmax(q @ k.T / _root(q) - ~_past(q)) @ v,
            f"masked scores are only 1 less. {_MASK_FIRST}",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q)).T).T @ v,
            "the softmax runs over the queries, so that the columns add up to 1. Each row should "
            "add up to 1: axis=-1, with keepdims=True.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q))).T @ v,
            "the weights are transposed. A row belongs to the query that asks, a column to the key "
            "that is asked.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(k, q, _root(q))) @ v,
            "query and key are swapped: row t of the scores belongs to query t.",
        ),
        Mistake(
            _all_together,
            "all the weights together add up to 1. Each row should add up to 1: axis=-1, "
            "keepdims=True.",
        ),
        Mistake(
            lambda q, k, v: softmax(softmax(_hidden(q, k, _root(q)))) @ v,
            "the softmax is taken twice, and the second one gives weight to what was masked.",
        ),
        Mistake(
            lambda q, k, v: np.exp(_hidden(q, k, _root(q))) @ v,
            "the exponentials are not divided by their sum.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q))),
            "these are the weights. They still have to be multiplied by the values.",
        ),
    ],
    hint=lambda q, k, v: f"key.T has shape {k.T.shape} here; the result should have {v.shape}.",
    not_finite="A softmax over nothing divides 0 by 0: position t may attend to itself.",
    differ=at("position", "feature"),
)


# --- a leak -------------------------------------------------------------------------------------

LEAKS = {
    "a": "This is the mask as the chapter has it: a score of minus infinity gets the weight 0, "
    "whatever it was before.",
    "b": "It looks suspicious, since its softmax has seen the future. But a softmax is a ratio: "
    "what the future added to each denominator is divided out again. The weights are the same as "
    "those of a.",
    "c": "Its weights are 0 above the diagonal and add up to 1. Yet each row is divided by the "
    "standard deviation of all its scores, the masked ones too. Change a later token, and earlier "
    "rows get sharper or flatter. No test of the weights alone shows that; a changed input does.",
    "d": "The largest of all the scores, later ones included, is subtracted. But the same number "
    "subtracted from a whole row cancels in the softmax, as the bias did.",
}


# --- heads --------------------------------------------------------------------------------------

_SIZES = [(1, 3, 6, 2), (2, 4, 6, 3), (2, 3, 20, 4)]  # B, T, C, h


def _split(x: Array, h: int) -> Array:
    B, T, C = x.shape
    return x.reshape(B, T, h, C // h).swapaxes(1, 2)


def _merge(x: Array) -> Array:
    B, h, T, D = x.shape
    return x.swapaxes(1, 2).reshape(B, T, h * D)


def _split_cases() -> Iterable[Case]:
    for B, T, C, h in _SIZES:
        x = np.arange(1.0, B * T * C + 1).reshape(B, T, C)
        yield case(f"x {B} x {T} x {C}, {h} heads", x, h)


def _merge_cases() -> Iterable[Case]:
    for B, T, C, h in _SIZES:
        x = _split(np.arange(1.0, B * T * C + 1).reshape(B, T, C), h)
        yield case(f"x {B} x {h} x {T} x {C // h}", np.ascontiguousarray(x))


def _cut(x: Array, h: int, *shape: str) -> Array:
    B, T, C = x.shape
    sizes = {"B": B, "T": T, "h": h, "D": C // h}
    return x.reshape([sizes[axis] for axis in shape])


def _first_features(x: Array, h: int) -> str:
    return f"Head 0 should get features 0 to {x.shape[-1] // h - 1} of every position."


SPLIT_HEADS = Exercise(
    right=_split,
    make_cases=_split_cases,
    mistakes=[
        Mistake(
            lambda x, h: _cut(x, h, "B", "h", "T", "D"),
            lambda x, h: (
                "this is a reshape alone, which cuts the sequence, not the features. Reshape to "
                f"(B, T, h, D), then swap T and h. {_first_features(x, h)}"
            ),
        ),
        Mistake(
            lambda x, h: _cut(x, h, "B", "T", "h", "D"),
            "T and h still have to be swapped: (B, T, h, D) to (B, h, T, D).",
        ),
        Mistake(
            lambda x, h: _cut(x, h, "B", "T", "D", "h").transpose(0, 3, 1, 2),
            lambda x, h: f"each head gets features that lie {h} apart. {_first_features(x, h)}",
        ),
        Mistake(lambda x, h: _split(x, h).swapaxes(2, 3), "T and D are swapped."),
        Mistake(
            lambda x, h: _split(x, h).swapaxes(0, 1),
            "the heads come before the sequences of the batch: (h, B, T, D). Swap these two.",
        ),
        Mistake(lambda x, h: _split(x, h)[:, ::-1], "the heads are in the opposite order."),
    ],
    hint=lambda x, h: (
        f"B, T, C is {', '.join(map(str, x.shape))} here, so the result should have shape "
        f"{_split(x, h).shape}."
    ),
    differ=at("sequence", "head", "position", "feature"),
)

MERGE_HEADS = Exercise(
    right=_merge,
    make_cases=_merge_cases,
    mistakes=[
        Mistake(
            lambda x: x.reshape(_merge(x).shape),
            "this is a reshape alone, which mixes positions. Swap h and T first: (B, h, T, D) to "
            "(B, T, h, D), then reshape.",
        ),
        Mistake(
            lambda x: x.transpose(0, 2, 3, 1).reshape(_merge(x).shape),
            "the heads are interleaved. Head 0 should fill the first features.",
        ),
        Mistake(
            lambda x: x.swapaxes(1, 2),
            "the heads are still apart: reshape to (B, T, h * D).",
        ),
        Mistake(
            lambda x: x.sum(axis=1),
            "the heads are added up. Put them side by side: h * D features.",
        ),
        Mistake(
            lambda x: x.mean(axis=1),
            "the heads are averaged. Put them side by side: h * D features.",
        ),
        Mistake(lambda x: _merge(x[:, ::-1]), "the heads are in the opposite order."),
    ],
    hint=lambda x: (
        f"B, h, T, D is {', '.join(map(str, x.shape))} here, so the result should have shape "
        f"{_merge(x).shape}."
    ),
    differ=at("sequence", "position", "feature"),
)
