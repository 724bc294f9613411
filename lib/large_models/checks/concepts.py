"""Checks for the exercises of chapter 2_concepts: a fair mean, labels from scores, nearest means,
and the experiment that tells two explanations apart.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.calls import two_numbers
from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case


def macro_accuracy(function: Callable) -> bool | None:
    """Check `function(predicted, labels)`: both (N,), whole numbers.

    It should return the mean over the labels that occur of the share found: a number.
    """
    return MACRO.check(function)


def zero_shot(function: Callable) -> bool | None:
    """Check `function(scores, without_labels)`: log-probabilities of K names, (N, K) and (M, K).

    It should return the label of each of the N texts, after each name's mean over the M texts was
    subtracted.
    """
    return ZERO_SHOT.check(function)


def nearest_mean(function: Callable) -> bool | None:
    """Check `function(x, labels, new)`: x (N, C) with labels (N,), 0 to K - 1, and new (M, C).

    It should return for each row of `new` the label whose mean of x is nearest: (M,).
    """
    return NEAREST.check(function)


def experiment(letter: Any) -> bool | None:
    """Check the choice of an experiment: why does learning from all labels find less than from 500
    of each? Because they are unequal, or because more of them do not help?"""
    return choose(letter, "c", EXPERIMENTS)


EXPERIMENTS = {
    "a": "A larger network changes a third thing. Whether it finds more or less, both explanations "
    "stand.",
    "b": "If the score does not rise with more steps on the same sentences, it may be because the "
    "sections are unequal, or because the sentences have no more to teach.",
    "c": "The number of sentences stays the same, and only the sections' shares change. If the "
    "score falls, the shares are to blame; if it stays, they are not.",
    "d": "Another draw of the same kind shows how much of the score is chance, not where the "
    "difference comes from.",
}


def _differ(got: np.ndarray, expected: np.ndarray) -> str:
    """Where labels differ, text by text."""
    place = int(np.flatnonzero(~np.isclose(got, expected))[0])
    said = two_numbers(float(expected[place]), float(got[place]))
    return f"new text {place}: expected label {said[0]}, got {said[1]}."


# --- a fair mean --------------------------------------------------------------------------------


def _shares(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.array([(predicted[labels == k] == k).mean() for k in np.unique(labels)])


def _precision(predicted: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([(labels[predicted == k] == k).mean() for k in np.unique(predicted)]))


def _f1(predicted: np.ndarray, labels: np.ndarray) -> float:
    found = [
        2
        * ((predicted == k) & (labels == k)).sum()
        / ((predicted == k).sum() + (labels == k).sum())
        for k in np.unique(labels)
    ]
    return float(np.mean(found))


def _macro_cases() -> Iterable[Case]:
    listed: list[tuple] = [
        ([0, 1, 0, 0], [0, 1, 1, 0]),
        ([3, 2, 0, 3, 3], [3, 3, 0, 0, 0]),  # neither 1 nor 2 occurs, and 2 is answered
        ([5, 5, 1, 5, 4, 1], [5, 1, 1, 4, 4, 1]),
    ]
    rng = np.random.default_rng(0)
    labels = rng.choice(6, 60, p=[0.5, 0.2, 0, 0.2, 0.1, 0])  # 2 and 5 never occur
    listed.append((np.where(rng.random(60) < 0.6, labels, rng.integers(0, 6, 60)), labels))
    for predicted, labels in listed:
        yield case(f"{len(labels)} texts", np.array(predicted), np.array(labels))


MACRO = Exercise(
    right=lambda predicted, labels: _shares(predicted, labels).mean(),
    make_cases=_macro_cases,
    mistakes=[
        Mistake(
            lambda p, y: (p == y).mean(),
            "this is the share of all texts (the accuracy). Take the share for each label first.",
        ),
        Mistake(
            _precision,
            "the texts are grouped by what was predicted (the mean precision). Group them by their "
            "true label.",
        ),
        Mistake(_f1, "this is the mean F1. Take the share found for each label (the recall)."),
        Mistake(
            lambda p, y: _shares(p, y).sum(),
            lambda p, y: f"this is the sum. Divide it by the {len(set(y))} labels that occur.",
        ),
        Mistake(
            lambda p, y: _shares(p, y).sum() / (y.max() + 1),
            "the sum is divided by the largest label plus 1. In this way a label in between that "
            "does not occur counts as 0: divide by the number of labels that occur.",
        ),
        Mistake(
            lambda p, y: _shares(p, y).sum() / (max(p.max(), y.max()) + 1),
            "the sum is divided by the largest number in either array plus 1. Divide by the number "
            "of labels that occur in `labels`.",
        ),
        Mistake(
            lambda p, y: _shares(p, y).sum() / len(np.union1d(p, y)),
            "a label that was answered but never occurs counts as 0. Only those in `labels` count.",
        ),
        Mistake(
            lambda p, y: _shares(p, y)[0],
            "this is the share of the first label alone. Perhaps `return` is inside the loop.",
        ),
        Mistake(
            lambda p, y: _shares(p, y)[-1],
            "this is the share of the last label alone. Keep every share for the mean.",
        ),
        Mistake(
            lambda p, y: (p == y).mean() / len(np.unique(y)),
            "each label's hits are divided by all texts. Divide them by the texts of that label.",
        ),
        Mistake(
            lambda p, y: 100 * _shares(p, y).mean(),
            "this is in per cent. Return a share from 0 to 1.",
        ),
        Mistake(_shares, "these are the shares of the labels. Return their mean."),
        Mistake(
            lambda p, y: 1 - _shares(p, y).mean(),
            "this is the share that was missed. Return the share that was found.",
        ),
    ],
    hint="The result should be a number.",
    not_finite="The mean of nothing is not a number: leave out labels that do not occur.",
)

# --- labels without labels ----------------------------------------------------------------------


def _zero_cases() -> Iterable[Case]:
    listed = [
        ([[-1.0, -3.0], [-1.0, -2.0]], [[-1.0, -4.0], [-1.0, -3.0]]),
        ([[-1.0, -2.0, -5.0], [-2.0, -1.5, -4.0]], [[-1.0, -2.5, -6.0], [-0.5, -1.5, -5.0]]),
    ]
    for scores, others in listed:
        yield _zero_case(np.array(scores), np.array(others))
    for N, M, K in [(5, 5, 4), (6, 3, 5), (30, 40, 8)]:
        rng = np.random.default_rng(N)
        liked = np.linspace(0, 5, K)  # a name that fits everywhere
        wide = rng.uniform(0.5, 2.5, K)
        scores = (rng.normal(0, 1.5, (N, K)) * wide + liked - 9).round(2)
        others = (rng.normal(0, 1.5, (M, K)) * wide + liked - 9).round(2)
        yield _zero_case(scores, others)


def _zero_case(scores: np.ndarray, others: np.ndarray) -> Case:
    (N, K), M = scores.shape, len(others)
    return case(f"scores {N} x {K}, without_labels {M} x {K}", scores, others)


ZERO_SHOT = Exercise(
    right=lambda scores, others: (scores - others.mean(axis=0)).argmax(axis=1),
    make_cases=_zero_cases,
    mistakes=[
        Mistake(
            lambda s, o: s.argmax(axis=1),
            "names that fit everywhere win. Subtract each name's mean over the texts, not one "
            "number from all names.",
        ),
        Mistake(
            lambda s, o: (s + o.mean(axis=0)).argmax(axis=1),
            "the means are added. Subtract them.",
        ),
        Mistake(
            lambda s, o: (s - o.mean(axis=0)).argmin(axis=1),
            "the worst name is taken. The best has the largest score.",
        ),
        Mistake(
            lambda s, o: (s - s.mean(axis=0)).argmax(axis=1),
            "the means of `scores` are subtracted. Take those of `without_labels`.",
        ),
        Mistake(
            lambda s, o: (s / o.mean(axis=0)).argmax(axis=1),
            "the scores are divided by the means. They are logarithms: subtract.",
        ),
        Mistake(
            lambda s, o: (s - np.log(np.exp(o).mean(axis=0))).argmax(axis=1),
            "the mean is that of the probabilities. Take the mean of the log-probabilities.",
        ),
        Mistake(
            lambda s, o: ((s - o.mean(axis=0)) / o.std(axis=0)).argmax(axis=1),
            "the scores are divided by their spread as well. Only subtract the means.",
        ),
        Mistake(
            lambda s, o: (s - o.max(axis=0)).argmax(axis=1),
            "each name's largest score is subtracted. Take its mean.",
        ),
        Mistake(
            lambda s, o: (s - o.mean(axis=0)).argmax(axis=0),
            "this is the best text for each name. Return the best name for each text.",
        ),
        Mistake(
            lambda s, o: (s - o.mean(axis=0)).max(axis=1),
            "these are the best scores. Return the numbers of the names that have them.",
        ),
        Mistake(
            lambda s, o: (s - o.mean(axis=0)).argmax(axis=1) + 1,
            "the names are counted from 1. Count from 0.",
        ),
    ],
    hint=lambda scores, others: f"Return {len(scores)} whole numbers.",
    differ=_differ,
)

# --- the nearest mean ---------------------------------------------------------------------------


def _means(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.stack([x[labels == k].mean(axis=0) for k in range(labels.max() + 1)])


def _away(new: np.ndarray, points: np.ndarray) -> np.ndarray:
    return ((new[:, None] - points) ** 2).sum(axis=2)  # (M, K)


def _spread_too(x: np.ndarray, labels: np.ndarray, new: np.ndarray) -> np.ndarray:
    away = np.sqrt(_away(new, x))  # (M, N)
    there = range(labels.max() + 1)
    return np.stack([away[:, labels == k].mean(axis=1) for k in there]).argmin(axis=0)


def _sums(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.stack([x[labels == k].sum(axis=0) for k in range(labels.max() + 1)])


def _medians(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.stack([np.median(x[labels == k], axis=0) for k in range(labels.max() + 1)])


def _cosine(x: np.ndarray, labels: np.ndarray, new: np.ndarray) -> np.ndarray:
    means = _means(x, labels)
    return (new @ means.T / np.sqrt((means**2).sum(axis=1))).argmax(axis=1)


def _nearest_cases() -> Iterable[Case]:
    for N, C, K, M in [(5, 1, 2, 3), (9, 2, 3, 6), (40, 4, 5, 30)]:
        rng = np.random.default_rng(N)
        weights = np.linspace(1, 3, K)
        labels = rng.permutation(np.r_[:K, rng.choice(K, N - K, p=weights / weights.sum())])
        centers = rng.normal(1, 2, (K, C))
        x = (centers[labels] + rng.exponential(1.5, (N, C))).round(2)
        new = (centers[rng.integers(0, K, M)] + rng.exponential(1.5, (M, C))).round(2)
        yield case(f"x {N} x {C}, new {M} x {C}", x, labels, new)


NEAREST = Exercise(
    right=lambda x, labels, new: _away(new, _means(x, labels)).argmin(axis=1),
    make_cases=_nearest_cases,
    mistakes=[
        Mistake(
            lambda x, y, new: _away(new, _means(x, y)).argmax(axis=1),
            "the farthest mean is taken.",
        ),
        Mistake(
            lambda x, y, new: y[_away(new, x).argmin(axis=1)],
            "the nearest example's label is taken. Take that of the nearest mean.",
        ),
        Mistake(
            lambda x, y, new: _away(new, x).argmin(axis=1),
            "this is the number of the nearest example. Return a label.",
        ),
        Mistake(
            lambda x, y, new: (new @ _means(x, y).T).argmax(axis=1),
            "the largest product is taken. Here the distance decides.",
        ),
        Mistake(_cosine, "the angle decides (the cosine). Here the distance does."),
        Mistake(
            lambda x, y, new: ((new[:, None] - _means(x, y)).sum(axis=2) ** 2).argmin(axis=1),
            "the differences are added before they are squared.",
        ),
        Mistake(
            lambda x, y, new: np.abs(new[:, None] - _means(x, y)).sum(axis=2).argmin(axis=1),
            "the absolute differences are added. The nearest is the one with the smallest sum of "
            "squares.",
        ),
        Mistake(
            lambda x, y, new: np.abs(new[:, None] - _means(x, y)).max(axis=2).argmin(axis=1),
            "only the largest difference decides. Add the squares of all.",
        ),
        Mistake(
            lambda x, y, new: _away(new, _sums(x, y)).argmin(axis=1),
            "the examples of a label are added up. Divide the sum by how many there are.",
        ),
        Mistake(
            lambda x, y, new: _away(new, _medians(x, y)).argmin(axis=1),
            "the medians are taken. Take the means.",
        ),
        Mistake(
            _spread_too,
            "the mean of the distances to a label's examples is taken. Take the distance to the "
            "mean of the examples.",
        ),
        Mistake(
            lambda x, y, new: _away(new, _means(x, y)).min(axis=1),
            "these are the distances. Return the label of the nearest mean.",
        ),
        Mistake(
            lambda x, y, new: _away(new, _means(x, y)).argmin(axis=0),
            "this is the new text nearest to each mean. Return the mean nearest to each new text.",
        ),
    ],
    hint=lambda x, labels, new: f"Return {len(new)} whole numbers.",
    differ=_differ,
)
