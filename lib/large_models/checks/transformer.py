"""Checks for the exercises of chapter 3_4_transformer: layer norm, top-p, rotary positions, a mix.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.calls import NOT_YET, NotYet, Remark, numbers, report
from large_models.checks.choices import predict
from large_models.checks.differences import at
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.checks.transformer_rotary import ROTARY
from large_models.formulas import transformer

Array = np.ndarray

GAIN = 0.07  # bits per byte that a mixture has to win over the better of its two parts


def layer_norm(function: Callable) -> bool | None:
    """Check `function(x, weight, bias, eps)`: x (T, C), weight and bias (C,).

    It should return each token, a row of x, with mean 0 and variance 1, times weight plus bias.
    eps is added to the variance.
    """
    return LAYER_NORM.check(function)


def top_p(function: Callable) -> bool | None:
    """Check `function(probabilities, p)`: probabilities (V,) add up to 1, 0 < p <= 1.

    It should return probabilities (V,) in the same order: those of the fewest most probable tokens
    that add up to at least p, made to add up to 1; 0 for the others.
    """
    return TOP_P.check(function)


def rotary(function: Callable) -> bool | None:
    """Check `function(x)`: queries (T, D), D even.

    It should return (T, D): at position t, from 0, the features 2i and 2i + 1 turned by the angle
    t * 10000^(-2i / D), from the first axis towards the second.
    """
    return ROTARY.check(function)


def short_context(guess: Any, measured: float, counting: float) -> bool | None:
    """Check a prediction of the GPT's bits per byte from five tokens of context.

    Args:
        guess: the reader's.
        measured: what it is.
        counting: bits per byte of the 6-gram, which has five tokens too.
    """
    return predict(
        guess,
        measured,
        0.05,
        f"Counting has {counting:.2f} from the same five tokens: on equal terms it wins.",
        " bits per byte",
    )


def mixture(weight: Any, gpt: Array, counts: Array, num_bytes: int) -> bool | None:
    """Check the GPT's share in a mixture of two models: a number from 0 to 1.

    Args:
        weight: the reader's.
        gpt, counts: (N,) probability that each model gives to each token of a held-out text.
        num_bytes: of that text.
    """

    def bits(p: Array) -> float:
        return float(-np.log2(p).sum() / num_bytes)

    def judge(given: Any) -> str:
        if given is None or given is ...:
            raise NotYet(NOT_YET)
        array = numbers(given, "The weight is")
        if array.size != 1:
            raise Remark(f"Expected one number, got an array of shape {array.shape}.")
        share = float(array.reshape(()))
        if 1 < share <= 100:
            raise Remark(
                f"Expected a share from 0 to 1, got {share:g}: that looks like a percentage."
            )
        if not 0 <= share <= 1:
            raise Remark(f"Expected a share from 0 to 1, got {share:g}.")
        alone = bits(gpt), bits(counts)
        mixed = bits(share * gpt + (1 - share) * counts)
        said = (
            f"{mixed:.3f} bits per byte on text that played no part in the choice; the GPT alone "
            f"has {alone[0]:.3f}, counting alone {alone[1]:.3f}."
        )
        if mixed <= min(alone) - GAIN:
            return f"Right: {said}"
        if share in (0, 1):
            raise Remark(f"{said} A share of {share:g} means one of the two alone.")
        raise Remark(f"{said} Beat the better of the two by at least {GAIN}.")

    return report(judge, weight)


# --- layer norm ---------------------------------------------------------------------------------


def _norm_cases() -> Iterable[Case]:
    for T, C, eps in [(1, 2, 0.5), (2, 3, 0.25), (3, 4, 0.1), (4, 4, 1.0), (2, 3, 0.01)]:
        random = np.random.default_rng(10 * T + C)
        x = random.integers(-4, 9, (T, C)).astype(float)
        if eps == 0.01:
            x[0] = 2.0  # all alike: only eps keeps the division finite
        weight, bias = random.permutation(np.arange(1.0, 2 * C + 1)).reshape(2, C)
        alike = ", the first row all 2" if eps == 0.01 else ""
        yield case(f"x {T} x {C}, eps {eps}{alike}", x, weight, bias, eps)


def _centred(x: Array) -> Array:
    return x - x.mean(axis=1, keepdims=True)


def _variance(x: Array, ddof: int = 0) -> Array:
    return x.var(axis=1, ddof=ddof, keepdims=True)


def _without_keepdims(x: Array, weight: Array, bias: Array, eps: float) -> Array:
    return (x - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps) * weight + bias


def _normalized(x: Array, eps: float) -> Array:
    return _centred(x) / np.sqrt(_variance(x) + eps)


_ROW = "A token is a row: take mean and variance over its features, axis=-1."

LAYER_NORM = Exercise(
    right=transformer.layer_norm,
    make_cases=_norm_cases,
    mistakes=[
        Mistake(
            lambda x, w, b, eps: _centred(x) / np.sqrt(_variance(x, 1) + eps) * w + b,
            "the variance is divided by C - 1. Layer norm divides by C (NumPy's default, not "
            "torch.var's).",
        ),
        Mistake(
            lambda x, w, b, eps: _centred(x) / (np.sqrt(_variance(x)) + eps) * w + b,
            "eps is added outside the root. Add it to the variance: sqrt(var + eps).",
        ),
        Mistake(
            lambda x, w, b, eps: _centred(x) / (np.sqrt(_variance(x, 1)) + eps) * w + b,
            "eps is added outside the root, and the variance is divided by C - 1.",
        ),
        Mistake(
            lambda x, w, b, eps: _centred(x) / np.sqrt(_variance(x)) * w + b,
            "eps is not used. Add it to the variance.",
        ),
        Mistake(
            lambda x, w, b, eps: _centred(x) / np.sqrt(_variance(x) + 1e-5) * w + b,
            "eps is always 1e-5. Use the one that is given.",
        ),
        Mistake(
            lambda x, w, b, eps: _centred(x) / (_variance(x) + eps) * w + b,
            "the root is missing: sqrt(var + eps).",
        ),
        Mistake(
            lambda x, w, b, eps: _centred(x) * w + b,
            "nothing is divided: the variance should become 1.",
        ),
        Mistake(
            lambda x, w, b, eps: (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) * w + b,
            f"each feature is normalised over the tokens. {_ROW}",
        ),
        Mistake(
            lambda x, w, b, eps: (x - x.mean()) / np.sqrt(x.var() + eps) * w + b,
            f"a single mean and variance are taken for all of x. {_ROW}",
        ),
        Mistake(
            _without_keepdims,
            "the means have the shape (T,), so NumPy lines them up with the features. They should "
            "be a column (T, 1): keepdims=True.",
        ),
        Mistake(
            lambda x, w, b, eps: x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps) * w + b,
            "this is RMSNorm, which does not subtract the mean. Layer norm does, before it "
            "divides.",
        ),
        Mistake(
            lambda x, w, b, eps: x / np.sqrt(_variance(x) + eps) * w + b,
            "the mean is not subtracted.",
        ),
        Mistake(
            lambda x, w, b, eps: _normalized(x, eps),
            "weight and bias are missing: multiply by weight, then add bias.",
        ),
        Mistake(
            lambda x, w, b, eps: _normalized(x, eps) * w,
            "the bias is missing: add bias at the end.",
        ),
        Mistake(
            lambda x, w, b, eps: _normalized(x, eps) + b,
            "the weight is missing: multiply by weight before you add bias.",
        ),
        Mistake(
            lambda x, w, b, eps: (_normalized(x, eps) + b) * w,
            "the bias is added too early: multiply by weight first, then add bias.",
        ),
        Mistake(lambda x, w, b, eps: _normalized(x, eps) * b + w, "weight and bias are swapped."),
    ],
    hint=lambda x, w, b, eps: (
        f"Means and variances should have shape ({len(x)}, 1) here: keepdims=True."
    ),
    not_finite="A row whose numbers are all alike has variance 0: eps belongs in the root.",
    differ=at("token", "feature"),
)


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
        yield case(f"probabilities {values}, p {p}", np.array(values), p)


def _scaled(probabilities: Array, keep: Array) -> Array:
    """Those kept, made to add up to 1; NaN if there are none."""
    kept = np.where(keep, probabilities, 0)
    return kept / kept.sum() if kept.any() else kept * np.nan


def _among(probabilities: Array, stays: Callable[[Array, Array], Array], sign: int = -1) -> Array:
    """Which tokens stay: stays(sums, ordered), the most probable first (sign -1) or last."""
    order = np.argsort(sign * probabilities, kind="stable")
    ordered = probabilities[order]
    keep = np.zeros(len(order), dtype=bool)
    keep[order] = stays(np.cumsum(ordered), ordered)
    return keep


def _nucleus(probabilities: Array, p: float) -> Array:
    # Sums that end just above or below 1 are meant to be 1.
    return _among(probabilities, lambda sums, ordered: sums - ordered < p - 1e-12)


def _kept_only(probabilities: Array, p: float) -> Array:
    return np.where(_nucleus(probabilities, p), probabilities, 0)


def _too_few(probabilities: Array, p: float) -> Array:
    return _among(probabilities, lambda sums, ordered: (sums <= p) & (sums < 1 - 1e-12))


def _sorted(probabilities: Array, p: float) -> Array:
    return np.sort(_scaled(probabilities, _nucleus(probabilities, p)))[::-1]


def _softmax_of_kept(probabilities: Array, p: float) -> Array:
    return _scaled(np.exp(probabilities), _nucleus(probabilities, p))


_REACHING = "The token that takes the sum to p stays."

TOP_P = Exercise(
    right=lambda probabilities, p: _scaled(probabilities, _nucleus(probabilities, p)),
    make_cases=_top_p_cases,
    mistakes=[
        Mistake(_kept_only, "the probabilities left do not add up to 1. Divide by their sum."),
        Mistake(_sorted, "the result is sorted. Put each probability back in its place."),
        Mistake(
            lambda q, p: _scaled(q, _among(q, lambda sums, ordered: sums <= p)),
            f"one token too few is kept. {_REACHING}",
        ),
        Mistake(
            lambda q, p: _scaled(q, _among(q, lambda sums, ordered: sums < p)),
            f"one token too few is kept, even where the sum reaches p exactly. {_REACHING}",
        ),
        Mistake(
            lambda q, p: np.where(_among(q, lambda sums, ordered: sums <= p), q, 0),
            f"one token too few is kept, and those left do not add up to 1. {_REACHING}",
        ),
        Mistake(
            lambda q, p: _scaled(q, _among(q, lambda sums, ordered: sums - ordered <= p)),
            "where the sum reaches p exactly, one token too many is kept: even without the last "
            "one the sum reaches p.",
        ),
        Mistake(
            lambda q, p: _scaled(q, _among(q, lambda sums, ordered: sums - ordered < p, sign=1)),
            "the least probable tokens are kept. Sort from the most probable one down.",
        ),
        Mistake(
            lambda q, p: _scaled(q, np.cumsum(q) - q < p),
            "the probabilities are added up as they come. Sort them first.",
        ),
        Mistake(
            lambda q, p: _scaled(q, q >= p),
            "each probability is compared with p on its own. It is their sum that has to reach p.",
        ),
        Mistake(
            lambda q, p: _scaled(q, q >= 1 - p),
            "each probability is compared with 1 - p on its own. It is their sum that has to reach "
            "p.",
        ),
        Mistake(
            lambda q, p: _scaled(q, q >= p * q.max()),
            "each probability is compared with that of the most probable token (this is min-p). It "
            "is their sum that has to reach p.",
        ),
        Mistake(
            _softmax_of_kept,
            "the tokens left go through a softmax again, which changes their ratios. Divide by "
            "their sum.",
        ),
        Mistake(
            lambda q, p: _nucleus(q, p),
            "this says which tokens stay. Return their probabilities, made to add up to 1.",
        ),
    ],
    hint=lambda q, p: f"The result should have shape {q.shape} here.",
    not_finite="Nothing was left to divide by. The most probable token always stays.",
    differ=at("token"),
)
