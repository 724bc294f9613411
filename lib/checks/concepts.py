"""Checks for the exercises of chapter 2_concepts: mean accuracy, a label from scores, few labels.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def macro_accuracy(function: Callable) -> bool | None:
    """Check `function(predicted, labels)`: both (N,), whole numbers.

    It should return the mean over the labels that occur of the share found: a number.
    """
    return report(lambda answer: try_cases(answer, list(_macro_cases())), function)


def zero_shot(function: Callable) -> bool | None:
    """Check `function(scores, without_labels)`: log-probabilities of K names, (N, K) and (M, K).

    It should return the label of each of the N texts, after each name's mean over the M texts was
    taken off.
    """
    return report(lambda answer: try_cases(answer, list(_zero_cases())), function)


def nearest_mean(function: Callable) -> bool | None:
    """Check `function(x, labels, new)`: x (N, C) with labels (N,), 0 to K - 1, and new (M, C).

    It should return for each row of `new` the label whose mean of x is nearest: (M,).
    """
    return report(lambda answer: try_cases(answer, list(_nearest_cases())), function)


def _macro_cases() -> Iterable[Case]:
    listed = [([0, 1, 0, 0], [0, 1, 1, 0]), ([2, 2, 0, 2, 2], [2, 2, 0, 0, 1])]
    rng = np.random.default_rng(0)
    labels = rng.choice(5, 60, p=[0.6, 0.2, 0.1, 0.1, 0])  # 4 never occurs
    listed.append((np.where(rng.random(60) < 0.6, labels, rng.integers(0, 5, 60)), labels))
    for predicted, labels in listed:
        predicted, labels = np.array(predicted), np.array(labels)
        there = np.unique(labels)
        right = predicted == labels
        each = np.array([right[labels == k].mean() for k in there])
        named = np.unique(predicted)
        mistakes = [
            (right.mean(), "this is the share of all texts. Take it for each label first."),
            (
                np.mean([right[predicted == k].mean() for k in named]),
                "the texts are grouped by what was predicted. Group them by their true label.",
            ),
            (each.sum(), f"this is the sum. Divide it by the {len(there)} labels that occur."),
            (each.sum() / 5, "a label that does not occur is counted as 0. Leave it out."),
        ]
        yield make_case(
            f"{len(labels)} texts",
            (predicted.copy(), labels.copy()),
            each.mean(),
            mistakes,
            "The result should be a number.",
            not_finite="The mean of nothing is not a number: leave out labels that do not occur.",
        )


def _zero_cases() -> Iterable[Case]:
    for N, M, K in [(4, 3, 3), (5, 4, 4), (30, 40, 8)]:
        rng = np.random.default_rng(K)
        liked = np.linspace(0, 5, K)  # a name that fits everywhere
        scores = (rng.normal(0, 1.5, (N, K)) + liked).round(2)
        others = (rng.normal(0, 1.5, (M, K)) + liked).round(2)
        found = (scores - others.mean(axis=0)).argmax(axis=1)
        mistakes = [
            (
                scores.argmax(axis=1),
                "names that fit everywhere win. Take off each name's mean over the texts, not "
                "over the names.",
            ),
            ((scores + others.mean(axis=0)).argmax(axis=1), "the means are added, not taken off."),
            (
                (scores - others.mean(axis=0)).argmin(axis=1),
                "the worst label is taken. The best has the largest score.",
            ),
        ]
        yield make_case(
            f"scores {N} x {K}, without_labels {M} x {K}",
            (scores.copy(), others.copy()),
            found,
            mistakes,
            f"Return {N} whole numbers.",
        )


def _nearest_cases() -> Iterable[Case]:
    for N, C, K, M in [(4, 1, 2, 3), (9, 2, 3, 6), (40, 4, 5, 30)]:
        rng = np.random.default_rng(N)
        labels = rng.permutation(np.arange(N) % K)
        centers = rng.normal(0, 2, (K, C))
        x = (centers[labels] + rng.normal(0, 1.2, (N, C))).round(2)
        new = (centers[rng.integers(0, K, M)] + rng.normal(0, 1.2, (M, C))).round(2)
        means = np.stack([x[labels == k].mean(axis=0) for k in range(K)])
        away = ((new[:, None] - means) ** 2).sum(axis=2)  # (M, K)
        to_each = ((new[:, None] - x) ** 2).sum(axis=2)  # (M, N)
        mistakes = [
            (away.argmax(axis=1), "the farthest mean is taken."),
            (labels[to_each.argmin(axis=1)], "the nearest text is taken, not the nearest mean."),
            (to_each.argmin(axis=1), "this is the number of the nearest text. Labels are wanted."),
            (
                (new @ means.T).argmax(axis=1),
                "the largest product is taken. Here the distance decides.",
            ),
            (
                ((new[:, None] - means).sum(axis=2) ** 2).argmin(axis=1),
                "the differences are added before they are squared.",
            ),
        ]
        yield make_case(
            f"x {N} x {C}, new {M} x {C}",
            (x.copy(), labels.copy(), new.copy()),
            away.argmin(axis=1),
            mistakes,
            f"Return {M} whole numbers.",
        )
