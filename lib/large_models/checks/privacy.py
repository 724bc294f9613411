"""Checks for the exercises of chapter 5_2_1_privacy: clipping, an attack's rates, a mean of models,
and a line that breaks a promise.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case


def clipped_sum(function: Callable) -> bool | None:
    """Check `function(gradients, limit)`: (B, P), a row for each example, and a norm.

    It should return the sum of the rows, each shortened to the norm `limit` if it is longer: (P,).
    """
    return CLIPPED_SUM.check(function)


def attack_rates(function: Callable) -> bool | None:
    """Check `function(members, others, threshold)`: losses (N,) and (M,), and a number.

    It should return the shares of members and of others that are called members because their loss
    is at most the threshold: two numbers.
    """
    return ATTACK_RATES.check(function)


def weighted_average(function: Callable) -> bool | None:
    """Check `function(weights, counts)`: weights of K clients (K, P), numbers of examples (K,).

    It should return the mean of the weights, each client counting by its number of examples: (P,).
    """
    return WEIGHTED_AVERAGE.check(function)


def broken_promise(answer: Any) -> bool | None:
    """Check the letter of the line that makes the noise too small."""
    return choose(answer, "d", LINES)


# --- the sum of clipped gradients ---------------------------------------------------------------


def _norms(rows: np.ndarray) -> np.ndarray:
    return np.sqrt((rows**2).sum(axis=1, keepdims=True))


def _clipped(rows: np.ndarray, limit: float) -> np.ndarray:
    return rows * np.minimum(1.0, limit / np.maximum(_norms(rows), 1e-12))


def _sum_clipped(rows: np.ndarray, limit: float) -> np.ndarray:
    total = rows.sum(axis=0)
    return total * min(1.0, limit / max(float(np.sqrt((total**2).sum())), 1e-12))


def _by_square(rows: np.ndarray, limit: float) -> np.ndarray:
    return (rows * np.minimum(1, limit / np.maximum(_norms(rows) ** 2, 1e-12))).sum(axis=0)


def _by_sum_of_sizes(rows: np.ndarray, limit: float) -> np.ndarray:
    sizes = np.abs(rows).sum(axis=1, keepdims=True)
    return (rows * np.minimum(1, limit / np.maximum(sizes, 1e-12))).sum(axis=0)


def _by_longest(rows: np.ndarray, limit: float) -> np.ndarray:
    return (rows * min(1.0, limit / max(_norms(rows).max(), 1e-12))).sum(axis=0)


def _clip_cases() -> Iterable[Case]:
    listed: list[tuple] = [
        ([[3.0, 4.0], [0.3, 0.4]], 1.0),
        ([[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]], 2.0),
    ]
    rng = np.random.default_rng(0)
    listed.append((rng.normal(size=(12, 6)) * rng.uniform(0.2, 2, size=(12, 1)), 1.5))
    for rows, limit in listed:
        gradients = np.array(rows)
        size = f"{gradients.shape[0]} x {gradients.shape[1]}"
        yield case(f"gradients {size}, limit {limit:g}", gradients, limit)


CLIPPED_SUM = Exercise(
    right=lambda rows, limit: _clipped(rows, limit).sum(axis=0),
    make_cases=_clip_cases,
    mistakes=[
        Mistake(_sum_clipped, "the sum is clipped. Clip each row by itself, then add."),
        Mistake(lambda rows, limit: rows.sum(axis=0), "nothing is clipped."),
        Mistake(
            lambda rows, limit: (rows / _norms(rows) * limit).sum(axis=0),
            "short rows are made longer. The factor is at most 1.",
        ),
        Mistake(
            lambda rows, limit: (np.nan_to_num(rows / _norms(rows)) * limit).sum(axis=0),
            "short rows are made longer. The factor is at most 1.",
        ),
        Mistake(
            lambda rows, limit: np.clip(rows, -limit, limit).sum(axis=0),
            "each number is clipped by itself. Here the norm of the whole row decides.",
        ),
        Mistake(
            lambda rows, limit: _clipped(rows, limit).mean(axis=0),
            lambda rows, limit: f"this is the mean of the {len(rows)} rows. Return their sum.",
        ),
        Mistake(_by_square, "the squared norm is compared with the limit. Take its square root."),
        Mistake(
            _by_sum_of_sizes,
            "the norm of a row is the root of the sum of squares, not the sum of absolute values.",
        ),
        Mistake(_by_longest, "all rows have the same factor. Each needs one of its own."),
        Mistake(_clipped, "the rows are clipped, but not added."),
        Mistake(
            lambda rows, limit: _sum_clipped(rows / len(rows), limit),
            "the mean is clipped, as clip_grad_norm_ does. Clip each row by itself, then add.",
        ),
        Mistake(
            lambda rows, limit: _clipped(rows.T, limit).T.sum(axis=0),
            "each column is shortened. A row is an example: take the norms with axis=1.",
        ),
        Mistake(
            lambda rows, limit: rows[_norms(rows)[:, 0] <= limit].sum(axis=0),
            "long rows are left out. Shorten them to the limit.",
        ),
        Mistake(
            lambda rows, limit: (
                rows * min(1.0, limit / max(float(np.sqrt((rows**2).sum())), 1e-12))
            ).sum(axis=0),
            "one norm is taken over all rows together. Each row has its own.",
        ),
        Mistake(
            lambda rows, limit: (rows * np.maximum(1, limit / np.maximum(_norms(rows), 1e-12))).sum(
                axis=0
            ),
            "short rows are made longer and long ones kept. Use the smaller of 1 and limit/norm.",
        ),
    ],
    hint=lambda rows, limit: f"The result should have shape {rows.shape[1:]} here.",
    not_finite="A row of zeros has norm 0: do not divide by it.",
)

# --- the rates of an attack ---------------------------------------------------------------------


def _rate_cases() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    listed = [
        ([0.1, 0.2, 0.9], [0.2, 1.5, 2.0, 3.0], 0.2),
        ([0.5, 0.1], [0.4, 0.3, 0.6, 0.7, 0.9], 0.5),
        (rng.exponential(0.3, 40).round(2), rng.exponential(1.0, 60).round(2), 0.3),
    ]
    for members, others, threshold in listed:
        yield case(
            f"{len(members)} members, {len(others)} others, threshold {threshold:g}",
            np.array(members),
            np.array(others),
            threshold,
        )


def _rates(members: np.ndarray, others: np.ndarray, threshold: float) -> np.ndarray:
    return np.array([(members <= threshold).mean(), (others <= threshold).mean()])


def _counts(members: np.ndarray, others: np.ndarray, threshold: float) -> np.ndarray:
    return np.array([(members <= threshold).sum(), (others <= threshold).sum()])


ATTACK_RATES = Exercise(
    right=_rates,
    make_cases=_rate_cases,
    mistakes=[
        Mistake(
            lambda *a: 1 - _rates(*a),
            "these are the shares above the threshold. A small loss means a member.",
        ),
        Mistake(
            lambda *a: _rates(*a)[::-1],
            "the two should be the other way round: members first.",
        ),
        Mistake(
            lambda m, o, t: [(m < t).mean(), (o < t).mean()],
            "a loss equal to the threshold counts too: use <=, not <.",
        ),
        Mistake(_counts, "these are counts. Return shares."),
        Mistake(lambda *a: 100 * _rates(*a), "these are percentages. Return shares from 0 to 1."),
        Mistake(
            lambda m, o, t: [_counts(m, o, t)[0] / _counts(m, o, t).sum(), _rates(m, o, t)[1]],
            "the first is the share of the accused who are members (the precision). Divide by all "
            "members.",
        ),
        Mistake(
            lambda m, o, t: [_counts(m, o, t)[0] / _counts(m, o, t).sum(), 1 - _rates(m, o, t)[1]],
            "these are precision and specificity: divide the first by all members, and count the "
            "others who are accused.",
        ),
        Mistake(
            lambda m, o, t: [_rates(m, o, t)[0], 1 - _rates(m, o, t)[1]],
            "the first is right; the second is the share of the others who are left alone.",
        ),
        Mistake(
            lambda m, o, t: [_rates(m, o, t)[0], _counts(m, o, t)[1] / _counts(m, o, t).sum()],
            "the second is the share of the accused who are not members. Divide by all the others.",
        ),
        Mistake(
            lambda m, o, t: _counts(m, o, t) / [len(o), len(m)],
            "each count is divided by the size of the other group.",
        ),
        Mistake(
            lambda m, o, t: [_rates(m, o, t)[0], 1 - _rates(m, o, t)[0]],
            "the second is the share of members who are missed. It should be about the others.",
        ),
        Mistake(
            lambda m, o, t: _counts(m, o, t) / _counts(m, o, t).sum(),
            "both are divided by the number of the accused. Divide by the members and by the "
            "others, each in turn.",
        ),
        Mistake(
            lambda m, o, t: _counts(m, o, t) / (len(m) + len(o)),
            "both are divided by everybody. Divide one by the members, one by the others.",
        ),
    ],
    hint="Return two numbers.",
)

# --- the mean of clients ------------------------------------------------------------------------


def _average_cases() -> Iterable[Case]:
    rng = np.random.default_rng(2)
    listed = [
        (np.array([[0.0, 2.0], [4.0, 6.0]]), np.array([3, 1])),
        (rng.normal(size=(3, 4)).round(2), np.array([10, 0, 5])),
        (rng.normal(size=(6, 5)).round(2), rng.integers(1, 90, 6)),
        (rng.normal(size=(4, 4)).round(2), np.array([7, 1, 2, 2])),
    ]
    for weights, counts in listed:
        yield case(f"{len(counts)} clients, {weights.shape[1]} weights each", weights, counts)


WEIGHTED_AVERAGE = Exercise(
    right=lambda weights, counts: counts @ weights / counts.sum(),
    make_cases=_average_cases,
    mistakes=[
        Mistake(
            lambda weights, counts: weights.mean(axis=0),
            "each client counts the same. Weight it by its number of examples.",
        ),
        Mistake(
            lambda weights, counts: counts @ weights,
            lambda weights, counts: (
                f"this is the weighted sum. Divide it by all {counts.sum()} examples."
            ),
        ),
        Mistake(
            lambda weights, counts: counts @ weights / len(counts),
            "divide by the number of examples, not of clients.",
        ),
        Mistake(
            lambda weights, counts: np.average(weights, axis=0, weights=counts == counts.max()),
            "only the largest client counts.",
        ),
        Mistake(
            lambda weights, counts: weights[counts > 0].mean(axis=0),
            "clients without examples are left out, and the others all count the same.",
        ),
        Mistake(
            lambda weights, counts: counts[:, None] * weights / counts.sum(),
            "each client's share is right. Add them up.",
        ),
        Mistake(
            lambda weights, counts: weights @ (counts / counts.sum()),
            "this sums over a client's weights. Sum over the clients: put the shares on the left.",
        ),
        Mistake(
            lambda weights, counts: counts @ weights / counts.max(),
            "divide by the sum of all counts, not by the largest.",
        ),
        Mistake(
            lambda weights, counts: counts[::-1] @ weights / counts.sum(),
            "the counts are reversed. They belong to the clients in the order given.",
        ),
    ],
    hint=lambda weights, counts: f"The result should have shape {weights.shape[1:]} here.",
    not_finite="A client without examples has weight 0: divide by the sum of the counts.",
)

# --- which line breaks the promise ----------------------------------------------------------------

LINES = {
    "a": "This draws each person independently, with the same probability. The count of epsilon "
    "rests on that.",
    "b": "One gradient per example is what clipping needs.",
    "c": "Each row is shortened to a norm of at most C: one person moves the sum by at most C.",
    "d": "One person moves the *sum* by up to C, but the noise is sized for the *mean*: it is too "
    "small by a factor of the batch size. The loss looks all the better for it.",
    "e": "The division comes after the noise, by a number that does not depend on who was drawn. "
    "Nothing that is done to a private result afterwards weakens the promise.",
}
