"""Checks for the exercises of chapter 6_faq: bits a byte, a mask, learned by heart.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def bits_per_byte(function: Callable) -> bool | None:
    """Check `function(losses, num_bytes)`: losses (N,) in nats, a whole number of bytes.

    It should return the bits a byte: a number.
    """
    return report(lambda answer: try_cases(answer, list(_bits_cases())), function)


def masked_weights(function: Callable) -> bool | None:
    """Check `function(scores, may)`: scores (N,), and where the query may look (N,).

    It should return the weights (N,), zero where it may not look, 1 in all.
    """
    return report(lambda answer: try_cases(answer, list(_mask_cases())), function)


def gap_in_errors(function: Callable) -> bool | None:
    """Check `function(own, new)`: right or wrong, (N,) and (M,).

    It should return the gap of the two accuracies in standard errors of their difference.
    """
    return report(lambda answer: try_cases(answer, list(_gap_cases())), function)


def _bits_cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    for N, num_bytes in [(1, 1), (3, 12), (40, 170)]:
        losses = rng.uniform(0.2, 6, N).round(2)
        bits = losses.sum() / np.log(2) / num_bytes
        mistakes = [
            (losses.sum() / num_bytes, "these are nats a byte. A nat is 1 / ln 2 bits."),
            (losses.mean() / np.log(2), "these are bits a token. The text is counted in bytes."),
            (losses.mean(), "this is the mean loss, in nats a token."),
            (losses.sum() * np.log(2) / num_bytes, "multiplied by ln 2. Divide by it."),
            (losses.mean() / np.log(2) / num_bytes, "the mean is taken. Add the losses up."),
        ]
        yield make_case(
            f"{N} losses, {num_bytes} bytes",
            (losses.copy(), num_bytes),
            bits,
            mistakes,
            "Return one number.",
        )


def _mask_cases() -> Iterable[Case]:
    for scores, may in [
        ([1.0, 2.0], [True, False]),
        ([0.5, -1.0, 2.0], [True, True, False]),
        ([3.0, -2.0, 0.0, 1.0, 2.5], [True, False, True, True, False]),
    ]:
        scores, may = np.array(scores), np.array(may)

        def softmax(s: np.ndarray) -> np.ndarray:
            e = np.exp(s - s.max())
            return e / e.sum()

        right = softmax(np.where(may, scores, -np.inf))
        mistakes = [
            (softmax(scores * may), "a score of 0 still gets a weight: exp(0) is 1. Mask with "
             "minus infinity."),
            (softmax(scores) * may, "masked after the softmax: the weights no longer add up to 1."),
            (softmax(scores), "the mask is not used."),
            (softmax(np.where(may, -np.inf, scores)), "the mask is the wrong way round."),
        ]  # fmt: skip
        yield make_case(
            f"{len(scores)} scores, {int(may.sum())} to look at",
            (scores.copy(), may.copy()),
            right,
            mistakes,
            f"Return {len(scores)} numbers.",
        )


def _gap_cases() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    for N, M, p, q in [(4, 4, 0.75, 0.5), (20, 30, 0.9, 0.6), (160, 300, 0.97, 0.55)]:
        own = rng.permutation(np.arange(N) < round(p * N))
        new = rng.permutation(np.arange(M) < round(q * M))
        p, q = own.mean(), new.mean()
        squares = p * (1 - p) / N, q * (1 - q) / M
        gap = p - q
        mistakes = [
            (gap, "this is the gap itself. Divide it by its standard error."),
            (gap / sum(squares), "divided by the squared error. Take the root."),
            (gap / sum(np.sqrt(squares)), "the errors are added. Their squares add up."),
            (gap / np.sqrt(p * (1 - p) + q * (1 - q)), "the numbers of texts are missing."),
            (-gap / np.sqrt(sum(squares)), "the sign is turned: own minus new."),
        ]
        yield make_case(
            f"{N} own texts, {M} new ones",
            (own.copy(), new.copy()),
            gap / np.sqrt(sum(squares)),
            mistakes,
            "Return one number.",
        )
