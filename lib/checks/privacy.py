"""Checks for the exercises of chapter 5_2_1_privacy: clipping, an attack's rates, a mean of models.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def clipped_sum(function: Callable) -> bool | None:
    """Check `function(gradients, limit)`: (B, P), a row for each example, and a norm.

    It should return the sum of the rows, each shortened to the norm `limit` if it is longer: (P,).
    """
    return report(lambda answer: try_cases(answer, list(_clip_cases())), function)


def attack_rates(function: Callable) -> bool | None:
    """Check `function(members, others, threshold)`: losses (N,) and (M,), and a number.

    It should return the shares of members and of others that are called members, since their loss
    is at most the threshold: two numbers.
    """
    return report(lambda answer: try_cases(answer, list(_rate_cases())), function)


def weighted_average(function: Callable) -> bool | None:
    """Check `function(weights, counts)`: weights of K clients (K, P), and their examples (K,).

    It should return the mean of the weights, each client as much as it has examples: (P,).
    """
    return report(lambda answer: try_cases(answer, list(_average_cases())), function)


def _clip_cases() -> Iterable[Case]:
    listed = [([[3.0, 4.0], [0.3, 0.4]], 1.0), ([[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]], 2.0)]
    rng = np.random.default_rng(0)
    listed.append((rng.normal(size=(12, 6)) * rng.uniform(0.2, 2, size=(12, 1)), 1.5))
    for rows, limit in listed:
        rows = np.array(rows)
        norms = np.sqrt((rows**2).sum(axis=1, keepdims=True))
        factors = np.minimum(1.0, limit / np.maximum(norms, 1e-12))
        total = rows.sum(axis=0)
        clipped = rows * factors
        with np.errstate(all="ignore"):
            stretched = np.nan_to_num(rows / norms) * limit
        mistakes = [
            (
                total * min(1.0, limit / np.sqrt((total**2).sum())),
                "the sum is clipped. Clip each row by itself, then add.",
            ),
            (total, "nothing is clipped."),
            (
                stretched.sum(axis=0),
                "short rows are made longer. The factor is at most 1.",
            ),
            (
                np.clip(rows, -limit, limit).sum(axis=0),
                "each number is clipped by itself. Here the length of the row decides.",
            ),
            (
                clipped.mean(axis=0),
                f"this is the mean of the {len(rows)} rows. Their sum is asked.",
            ),
            (
                (rows * np.minimum(1, limit / np.maximum(norms**2, 1e-12))).sum(axis=0),
                "the squared norm is compared with the limit. Take its root.",
            ),
            (clipped, "the rows are clipped, but not added."),
        ]
        yield make_case(
            f"gradients {rows.shape[0]} x {rows.shape[1]}, limit {limit:g}",
            (rows.copy(), limit),
            clipped.sum(axis=0),
            mistakes,
            not_finite="A row of zeros has norm 0: do not divide by it.",
        )


def _rate_cases() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    listed = [
        ([0.1, 0.2, 0.9], [0.2, 1.5, 2.0, 3.0], 0.2),
        ([0.5, 0.1], [0.4, 0.3, 0.6, 0.7, 0.9], 0.5),
        (rng.exponential(0.3, 40).round(2), rng.exponential(1.0, 60).round(2), 0.3),
    ]
    for members, others, threshold in listed:
        members, others = np.array(members), np.array(others)
        hit, wrong = members <= threshold, others <= threshold
        found = np.array([hit.mean(), wrong.mean()])
        mistakes = [
            (1 - found, "these are the shares above the threshold. A small loss says: member."),
            (found[::-1], "the two are the other way round: members first."),
            (
                [(members < threshold).mean(), (others < threshold).mean()],
                "a loss equal to the threshold counts too: at most, not less than.",
            ),
            ([hit.sum(), wrong.sum()], "these are numbers of digits. Shares are asked."),
            (
                [hit.sum() / max(hit.sum() + wrong.sum(), 1), 1 - found[1]],
                "the first is the share of the accused who are members. Divide by all members.",
            ),
            (
                np.array([hit.sum(), wrong.sum()]) / (len(members) + len(others)),
                "both are divided by everybody. Divide by the members, and by the others.",
            ),
        ]
        yield make_case(
            f"{len(members)} members, {len(others)} others, threshold {threshold:g}",
            (members.copy(), others.copy(), threshold),
            found,
            mistakes,
            "Return two numbers.",
        )


def _average_cases() -> Iterable[Case]:
    rng = np.random.default_rng(2)
    listed = [
        (np.array([[0.0, 2.0], [4.0, 6.0]]), np.array([3, 1])),
        (rng.normal(size=(3, 4)).round(2), np.array([10, 0, 5])),
        (rng.normal(size=(6, 5)).round(2), rng.integers(1, 90, 6)),
    ]
    for weights, counts in listed:
        total = counts @ weights
        mistakes = [
            (weights.mean(axis=0), "each client counts alike. Weigh it by its examples."),
            (total, f"this is the weighted sum. Divide it by all {counts.sum()} examples."),
            (total / len(counts), "divide by the number of examples, not of clients."),
            (
                np.average(weights, axis=0, weights=counts == counts.max()),
                "only the largest client counts.",
            ),
        ]
        yield make_case(
            f"{len(counts)} clients, {weights.shape[1]} weights each",
            (weights.copy(), counts.copy()),
            total / counts.sum(),
            mistakes,
            not_finite="A client without examples has weight 0: divide by the sum of the counts.",
        )
