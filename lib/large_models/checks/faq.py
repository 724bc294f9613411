"""Checks for the exercises of chapter 6_faq: bits per byte, a mask, an experiment, a gap.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case


def bits_per_byte(function: Callable) -> bool | None:
    """Check `function(losses, num_bytes)`: losses (N,) in nats, a whole number of bytes.

    It should return the bits per byte: a number.
    """
    return BITS_PER_BYTE.check(function)


def masked_weights(function: Callable) -> bool | None:
    """Check `function(scores, may)`: scores (N,), and where the query may look (N,).

    It should return the weights (N,), zero where it may not look, 1 in all.
    """
    return MASKED_WEIGHTS.check(function)


def gap_in_errors(function: Callable) -> bool | None:
    """Check `function(own, new)`: right or wrong, (N,) and (M,).

    It should return the gap of the two accuracies in standard errors of their difference.
    """
    return GAP_IN_ERRORS.check(function)


def experiment(answer: Any) -> bool | None:
    """Check the choice of an experiment: "a", "b", "c" or "d"."""
    return choose(answer, "c", EXPERIMENTS)


# --- bits per byte ------------------------------------------------------------------------------


def _bits_cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    for N, num_bytes in [(1, 2), (3, 12), (40, 170)]:
        losses = rng.uniform(0.2, 6, N).round(2)
        yield case(f"{N} losses, {num_bytes} bytes", losses, num_bytes)


BITS_PER_BYTE = Exercise(
    right=lambda losses, n: losses.sum() / np.log(2) / n,
    make_cases=_bits_cases,
    mistakes=[
        Mistake(
            lambda losses, n: losses.sum() / n,
            "these are nats per byte. A nat is 1 / ln 2 bits.",
        ),
        Mistake(
            lambda losses, n: losses.mean() / np.log(2),
            "these are bits per token. The text is counted in bytes.",
        ),
        Mistake(lambda losses, n: losses.mean(), "this is the mean loss, in nats per token."),
        Mistake(
            lambda losses, n: losses.sum() * np.log(2) / n,
            "the losses are multiplied by ln 2. Divide by it.",
        ),
        Mistake(
            lambda losses, n: losses.mean() / np.log(2) / n,
            "the mean is taken. Add up the losses instead.",
        ),
        Mistake(
            lambda losses, n: losses.sum() / np.log(2),
            "these are the bits of the whole text. Divide by its bytes.",
        ),
        Mistake(
            lambda losses, n: np.log2(losses).sum() / n,
            "a loss is a logarithm already. Change its unit; do not take log2 of it.",
        ),
        Mistake(
            lambda losses, n: losses.sum() / np.log(10) / n,
            "this divides by ln 10. For bits, divide by ln 2.",
        ),
        Mistake(
            lambda losses, n: np.exp(losses.mean()),
            "this is the perplexity: e to the power of the mean loss.",
        ),
        Mistake(
            lambda losses, n: losses.sum() / np.log(2) / n / 8,
            "these are bytes per byte. Do not divide by 8.",
        ),
    ],
    hint="Return one number.",
)

# --- a mask before the softmax ------------------------------------------------------------------


def _softmax(scores: np.ndarray) -> np.ndarray:
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def _mask_cases() -> Iterable[Case]:
    for scores, may in [
        ([1.0, 2.0], [True, False]),
        ([0.5, -1.0, 2.0], [True, True, False]),
        ([-2.0, -3.0, -1.0, -4.0], [False, True, False, True]),
        ([3.0, -2.0, 0.0, 1.0, 2.5], [True, False, True, True, False]),
        ([1.0, 900.0, 2.0, 3.0], [True, False, True, True]),
        ([901.0, 900.0, 2.0], [True, True, False]),
    ]:
        where = ", ".join("yes" if allowed else "no" for allowed in may)
        name = f"scores {', '.join(f'{s:g}' for s in scores)}; may look: {where}"
        yield case(name, np.array(scores), np.array(may))


def _one_by_one(s: np.ndarray, may: np.ndarray) -> np.ndarray:
    return np.where(may, 1 / (1 + np.exp(-s)), 0)


MASKED_WEIGHTS = Exercise(
    right=lambda s, may: _softmax(np.where(may, s, -np.inf)),
    make_cases=_mask_cases,
    mistakes=[
        Mistake(
            lambda s, may: _softmax(s * may),
            "a score of 0 still gets a weight: exp(0) is 1. Mask with minus infinity.",
        ),
        Mistake(
            lambda s, may: _softmax(s) * may,
            "this masks after the softmax, so the weights no longer add up to 1.",
        ),
        Mistake(
            lambda s, may: _softmax(s) * may / (_softmax(s) * may).sum(),
            "this masks after the softmax, then divides by the sum. Where a masked score is far "
            "larger than the others, nothing is left of the others: mask before the softmax.",
        ),
        Mistake(lambda s, may: _softmax(s), "the mask is not used."),
        Mistake(
            lambda s, may: _softmax(np.where(may, -np.inf, s)),
            "the mask is the wrong way round: `may` is true where the query may look.",
        ),
        Mistake(
            lambda s, may: may / may.sum(),
            "every place that may be looked at gets the same weight. The scores should decide.",
        ),
        Mistake(
            lambda s, may: np.where(may, np.exp(s - s[may].max()), 0),
            "these are the exponentials. Divide them by their sum.",
        ),
        Mistake(
            lambda s, may: _softmax(_softmax(np.where(may, s, -np.inf))),
            "the softmax is taken twice.",
        ),
        Mistake(
            lambda s, may: np.where(may, s, 0) / np.where(may, s, 0).sum(),
            "the scores are divided by their sum. Their exponentials should be.",
        ),
        Mistake(
            _one_by_one,
            "this is the sigmoid of each score by itself. The weights should add up to 1.",
        ),
        Mistake(
            lambda s, may: _softmax(s[may]),
            "the masked places are left out. They belong in the result, with weight 0.",
        ),
    ],
    hint=lambda s, may: f"Return {len(s)} numbers.",
    not_finite="Before `exp`, subtract from all scores the largest that may be looked at.",
)

# --- learned by heart ---------------------------------------------------------------------------


def _gap_cases() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    for N, M, p, q in [(4, 4, 0.75, 0.5), (5, 12, 0.4, 0.75), (160, 300, 0.97, 0.55)]:
        own = rng.permutation(np.arange(N) < round(p * N))
        new = rng.permutation(np.arange(M) < round(q * M))
        yield case(f"{N} own texts, {M} new ones", own, new)


def _squares(own: np.ndarray, new: np.ndarray, less: int = 0) -> tuple[float, float]:
    p, q = own.mean(), new.mean()
    return p * (1 - p) / (len(own) - less), q * (1 - q) / (len(new) - less)


def _gap(own: np.ndarray, new: np.ndarray) -> float:
    return own.mean() - new.mean()


def _pooled(own: np.ndarray, new: np.ndarray) -> float:
    p = np.concatenate([own, new]).mean()
    return p * (1 - p) * (1 / len(own) + 1 / len(new))


GAP_IN_ERRORS = Exercise(
    right=lambda own, new: _gap(own, new) / np.sqrt(sum(_squares(own, new))),
    make_cases=_gap_cases,
    mistakes=[
        Mistake(_gap, "this is the gap itself. Divide it by its standard error."),
        Mistake(
            lambda own, new: _gap(own, new) / sum(_squares(own, new)),
            "this divides by the squared error. Take its root first.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / sum(np.sqrt(_squares(own, new))),
            "the errors are added. Add their squares, then take the root.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt(own.var() + new.var()),
            "the numbers of texts are missing.",
        ),
        Mistake(
            lambda own, new: -_gap(own, new) / np.sqrt(sum(_squares(own, new))),
            "the sign is wrong: take own minus new.",
        ),
        Mistake(
            lambda own, new: abs(_gap(own, new)) / np.sqrt(sum(_squares(own, new))),
            "the sign is lost: own minus new may be negative.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt(sum(_squares(own, new, less=1))),
            "this divides by n - 1. The exercise's squared error is p (1 - p) / n.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt(_pooled(own, new)),
            "the accuracy on all texts together is used for both errors. Each has its own.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt(own.var() / len(new) + new.var() / len(own)),
            "the numbers of texts are swapped.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt((own.var() + new.var()) / len(own)),
            "both errors are divided by the number of own texts.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt(_squares(own, new)[0]),
            "only the error of `own` is used. `new` has one too.",
        ),
        Mistake(
            lambda own, new: _gap(own, new) / np.sqrt(_squares(own, new)[1]),
            "only the error of `new` is used. `own` has one too.",
        ),
    ],
    hint="Return one number.",
)

# --- the experiment that tells two explanations apart -------------------------------------------

EXPERIMENTS = {
    "a": (
        "A larger model may be better or worse on held-out texts under either explanation: "
        "it does not tell them apart."
    ),
    "b": (
        "The training loss falls further whether the model learns by heart or the evaluation is "
        "broken: it does not tell them apart."
    ),
    "c": (
        "If the model has learned its texts by heart, the same code gets nearly all the training "
        "texts right. If the evaluation prepares texts differently from training, it does badly "
        "even on them."
    ),
    "d": (
        "More held-out texts make the poor score more certain, under either explanation. "
        "They do not say where that score comes from."
    ),
}
