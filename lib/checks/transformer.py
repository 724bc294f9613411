"""Checks for the exercises of chapter 3_4_transformer: layer norm, top-p, rotary positions.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, Mistakes, make_case, try_cases
from lib.formulas import transformer


def layer_norm(function: Callable) -> bool | None:
    """Check `function(x, weight, bias, eps)`: x (T, C), weight and bias (C,).

    It should return each token, a row of x, with mean 0 and variance 1, times weight plus bias.
    eps is added to the variance.
    """
    return report(lambda answer: try_cases(answer, list(_norm_cases())), function)


def top_p(function: Callable) -> bool | None:
    """Check `function(probabilities, p)`: probabilities (V,) add up to 1, 0 < p <= 1.

    It should return probabilities (V,) in the same order: those of the fewest most probable tokens
    that add up to at least p, made to add up to 1; 0 for the others.
    """
    return report(lambda answer: try_cases(answer, list(_top_p_cases())), function)


def rotary(function: Callable) -> bool | None:
    """Check `function(x)`: queries (T, D), D even.

    It should return (T, D): at position t, from 0, the features 2i and 2i + 1 turned by the angle
    t * 10000^(-2i / D), from the first axis towards the second.
    """
    return report(lambda answer: try_cases(answer, list(_rotary_cases())), function)


# --- layer norm ---------------------------------------------------------------------------------


def _norm_cases() -> Iterable[Case]:
    for T, C, eps in [(1, 2, 0.5), (2, 3, 0.25), (3, 4, 0.1), (4, 4, 1.0), (2, 3, 0.01)]:
        random = np.random.default_rng(10 * T + C)
        x = random.integers(-4, 9, (T, C)).astype(float)
        if eps == 0.01:
            x[0] = 2.0  # all alike: only eps keeps the division finite
        weight, bias = random.permutation(np.arange(1.0, 2 * C + 1)).reshape(2, C)
        yield make_case(
            f"x {T} x {C}, eps {eps}" + (", the first row all 2" if eps == 0.01 else ""),
            (x.copy(), weight.copy(), bias.copy(), eps),
            transformer.layer_norm(x, weight, bias, eps),
            _norm_mistakes(x, weight, bias, eps),
            f"Means and variances should have shape ({T}, 1) here: keepdims=True.",
            not_finite="A row whose numbers are all alike has variance 0: eps belongs in the root.",
        )


def _norm_mistakes(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> Mistakes:
    centred = x - x.mean(axis=1, keepdims=True)
    var = x.var(axis=1, keepdims=True)
    normalized = centred / np.sqrt(var + eps)
    unbiased = x.var(axis=1, ddof=1, keepdims=True)
    row = "A token is a row: mean and variance over its features, axis=-1."
    yield (
        centred / np.sqrt(unbiased + eps) * weight + bias,
        "the variance is divided by C - 1. Layer norm divides by C (NumPy's default, not "
        "torch.var's).",
    )
    yield (
        centred / (np.sqrt(var) + eps) * weight + bias,
        "eps is added outside of the root. Add it to the variance: sqrt(var + eps).",
    )
    yield (
        centred / (np.sqrt(unbiased) + eps) * weight + bias,
        "eps is added outside of the root, and the variance is divided by C - 1.",
    )
    yield centred / np.sqrt(var) * weight + bias, "eps is not used. Add it to the variance."
    yield centred / (var + eps) * weight + bias, "the root is missing: sqrt(var + eps)."
    over_tokens = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)
    yield over_tokens * weight + bias, f"each feature is normalized over the tokens. {row}"
    over_all = (x - x.mean()) / np.sqrt(x.var() + eps)
    yield over_all * weight + bias, f"one mean and variance is taken for all of x. {row}"
    yield x / np.sqrt(var + eps) * weight + bias, "the mean is not taken off."
    yield normalized, "weight and bias are missing: times weight, plus bias."
    yield normalized * weight, "the bias is missing: plus bias at the end."
    yield normalized + bias, "the weight is missing: times weight, before the bias."
    yield (normalized + bias) * weight, "first times weight, then plus bias."
    yield normalized * bias + weight, "weight and bias are swapped."


# --- top-p --------------------------------------------------------------------------------------


def _top_p_cases() -> Iterable[Case]:
    cases = [
        ([0.55, 0.25, 0.15, 0.05], 0.78),
        ([0.25, 0.05, 0.55, 0.15], 0.78),
        ([0.1, 0.7, 0.2], 0.4),
        ([0.0625, 0.25, 0.5, 0.0625, 0.125], 0.75),  # the sum reaches p exactly
        ([0.05, 0.3, 0.1, 0.25, 0.1875, 0.1125], 0.8),
        ([0.2, 0.5, 0.3], 1.0),
    ]
    for values, p in cases:
        probabilities = np.array(values)
        yield make_case(
            f"probabilities {values}, p {p}",
            (probabilities.copy(), p),
            _scaled(probabilities, _nucleus(probabilities, p)),
            _top_p_mistakes(probabilities, p),
            not_finite="Nothing was left to divide by. The most probable token always stays.",
        )


def _nucleus(probabilities: np.ndarray, p: float) -> np.ndarray:
    """Which tokens stay, of bool."""
    order = np.argsort(-probabilities)
    ordered = probabilities[order]
    keep = np.zeros(len(order), dtype=bool)
    keep[order] = np.cumsum(ordered) - ordered < p
    return keep if p < 1 else np.ones_like(keep)


def _scaled(probabilities: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Those kept, made to add up to 1; NaN if there are none."""
    kept = np.where(keep, probabilities, 0)
    return kept / kept.sum() if kept.any() else kept * np.nan


def _top_p_mistakes(probabilities: np.ndarray, p: float) -> Mistakes:
    keep = _nucleus(probabilities, p)
    order = np.argsort(-probabilities)
    ordered = probabilities[order]
    sums = np.cumsum(ordered)
    kept = np.where(keep, probabilities, 0)
    yield kept, "the probabilities left do not add up to 1. Divide by their sum."
    yield kept[order] / kept.sum(), "the result is sorted. Put each one back in its place."
    short, longer, rising = (np.zeros_like(keep) for _ in range(3))
    short[order] = (sums <= p) | (p == 1)
    reaching = "The token with which the sum reaches p stays."
    if (short != keep).any():
        yield np.where(short, probabilities, 0), f"one token too few, not divided. {reaching}"
        yield _scaled(probabilities, short), f"one token too few. {reaching}"
    longer[order] = sums - ordered <= p
    yield (
        _scaled(probabilities, longer),
        "one token too many: without the last one the sum reaches p already.",
    )
    rising[order[::-1]] = np.cumsum(ordered[::-1]) - ordered[::-1] < p
    yield (
        _scaled(probabilities, rising),
        "the least probable tokens are kept. Sort from the most probable one down.",
    )
    yield (
        _scaled(probabilities, np.cumsum(probabilities) - probabilities < p),
        "the probabilities are added up as they come. Sort them first.",
    )
    for bound in (p, 1 - p):
        yield (
            _scaled(probabilities, probabilities >= bound),
            "each probability is compared on its own. It is their sum that has to reach p.",
        )


# --- rotary -------------------------------------------------------------------------------------


def _rotary_cases() -> Iterable[Case]:
    for T, D in [(1, 2), (2, 2), (2, 4), (3, 4), (5, 6)]:
        random = np.random.default_rng(10 * T + D)
        x = random.permutation(np.arange(1.0, T * D + 1)).reshape(T, D)
        yield make_case(
            f"x {T} x {D}",
            (x.copy(),),
            transformer.rotary(x),
            _rotary_mistakes(x),
        )


def _rotary_mistakes(x: np.ndarray) -> Mistakes:
    T, D = x.shape
    places, i = np.arange(T)[:, None], np.arange(D // 2)
    frequencies = 10000.0 ** (-2 * i / D)
    angles = places * frequencies
    neighbours = x[:, ::2], x[:, 1::2]
    halves = x[:, : D // 2], x[:, D // 2 :]
    halved = (
        "the first half is paired with the second. Some models do so; here, neighbours are a pair: "
        "x[:, ::2] with x[:, 1::2]."
    )
    for turn, remark in (
        (angles, ""),
        (-angles, " Besides, everything is turned the other way round."),
        ((places + 1) * frequencies, " Besides, positions start at 1, they should start at 0."),
    ):
        if D > 2:
            yield np.concatenate(_turn(*halves, turn), axis=1), halved + remark
    yield (
        np.concatenate(_turn(*neighbours, angles), axis=1),
        "the turned pairs stand behind each other. Put feature 2i back to 2i, and 2i + 1 to "
        "2i + 1.",
    )
    for turn, remark in (
        (
            -angles,
            "everything is turned the other way round. The minus stands in the first feature: "
            "x cos - y sin, then x sin + y cos.",
        ),
        (
            (places + 1) * frequencies,
            "positions start at 1. The first token has position 0: it is not turned.",
        ),
        (
            places * 10000.0 ** (-i / D),
            "the exponent is -i / D, it should be -2i / D: i counts pairs.",
        ),
        (
            places * np.ones(D // 2),
            "all pairs turn by the same angle. Pair i turns by t * 10000^(-2i / D).",
        ),
        (
            places / frequencies,
            "the exponent lacks its minus: later pairs turn slower, 10000^(-2i / D).",
        ),
        (places * 10000.0 ** (-2 * i), "the exponent is not divided by D."),
    ):
        yield _interleave(*_turn(*neighbours, turn)), remark


def _turn(x: np.ndarray, y: np.ndarray, angles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cos, sin = np.cos(angles), np.sin(angles)
    return x * cos - y * sin, x * sin + y * cos


def _interleave(even: np.ndarray, odd: np.ndarray) -> np.ndarray:
    return np.stack([even, odd], axis=-1).reshape(len(even), -1)
