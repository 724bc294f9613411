"""Checks for the exercises of chapter 1_2_areas: recall at k, sensitivity and specificity, costs.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def recall(function: Callable) -> bool | None:
    """Check `function(scores, taken, k)`: scores (N, items), taken (N,) whole numbers.

    It should return the share of the N people whose item is among the k with the best scores.
    """
    return report(lambda answer: try_cases(answer, list(_recall_cases())), function)


def rates(function: Callable) -> bool | None:
    """Check `function(risk, ill, threshold)`: risk (N,) from 0 to 1, ill (N,) of bool.

    It should return sensitivity and specificity, where a risk of at least the threshold alarms.
    """
    return report(lambda answer: try_cases(answer, list(_rate_cases())), function)


def cheapest(function: Callable) -> bool | None:
    """Check `function(risk, default, thresholds, lost, missed)`: risk and default (N,).

    A risk of at least the threshold is refused. It should return the threshold (of those listed)
    with the least mean cost, and that cost; the first, if there are several.
    """
    return report(lambda answer: try_cases(answer, list(_cost_cases())), function)


def _recall_cases() -> Iterable[Case]:
    for people, items, k in [(3, 4, 1), (5, 6, 2), (40, 12, 3)]:
        rng = np.random.default_rng(people)
        taken = rng.integers(items, size=people)
        scores = rng.normal(0, 1, (people, items))
        scores[np.arange(people), taken] += 0.8
        scores = scores.round(3)
        order = np.argsort(-scores, axis=1)

        def found(order, taken, k):
            return (order[:, :k] == taken[:, None]).any(axis=1)

        right = found(order, taken, k)
        mistakes = [
            (found(order[:, ::-1], taken, k).mean(), "the k worst items are taken, not the best."),
            (right.sum(), "this is how many people. Divide by their number."),
            (right.mean() / k, "this is divided by k: that is the precision of a list of k."),
            (
                found(order, taken, k + 1).mean(),
                "k + 1 items are looked at: take the first k of the order.",
            ),
            (
                found(np.argsort(-scores, axis=1).argsort(axis=1), taken, k).mean(),
                "these are ranks of items, not items in the order of their ranks.",
            ),
        ]
        yield make_case(
            f"{people} people, {items} items, k = {k}",
            (scores.copy(), taken.copy(), k),
            right.mean(),
            mistakes,
            "The result should be a number.",
        )


def _rate_cases() -> Iterable[Case]:
    listed = [([0.9, 0.2, 0.6, 0.4], [True, False, False, True], 0.6)]
    for N, threshold in [(12, 0.3), (60, 0.25)]:
        rng = np.random.default_rng(N)
        ill = rng.permutation(np.arange(N) % 3 == 0)
        listed.append((np.clip(rng.normal(0.25 + 0.3 * ill, 0.2), 0, 1).round(2), ill, threshold))
    for risk, ill, threshold in listed:
        risk, ill = np.array(risk), np.array(ill)
        alarm = risk >= threshold

        def share(of, which):
            return of[which].mean() if which.any() else np.nan

        sensitivity, specificity = share(alarm, ill), share(~alarm, ~ill)
        mistakes = [
            ([specificity, sensitivity], "the two are in the opposite order."),
            (
                [share(ill, alarm), share(~ill, ~alarm)],
                "these are shares of the alarms. Count among the ill, and among the healthy.",
            ),
            (
                [sensitivity, 1 - specificity],
                "the second is the share of false alarms. Specificity is the rest.",
            ),
            (
                [share(risk > threshold, ill), share(risk <= threshold, ~ill)],
                "a risk equal to the threshold alarms, too.",
            ),
            (
                [(alarm & ill).mean(), (~alarm & ~ill).mean()],
                "these are shares of all people. Divide by the ill, and by the healthy.",
            ),
        ]
        yield make_case(
            f"{len(risk)} people, threshold {threshold}",
            (risk.copy(), ill.copy(), threshold),
            [sensitivity, specificity],
            mistakes,
            "Return two numbers.",
        )


def _cost_cases() -> Iterable[Case]:
    # One threshold is a little too low, one far too high, so that every mistake costs.
    listed = [([0.1, 0.3, 0.6, 0.8], [False, True, False, True], [0.2, 0.5, 0.7], 1, 4)]
    for N, lost, missed in [(12, 2, 9), (80, 1, 10)]:
        rng = np.random.default_rng(N)
        risk = rng.beta(1, 4, N).round(2)
        default = rng.random(N) < risk
        listed.append((risk, default, np.arange(1, 10) / 20, lost, missed))
    for risk, default, thresholds, lost, missed in listed:
        risk, default, thresholds = np.array(risk), np.array(default), np.array(thresholds)
        refused = risk >= thresholds[:, None]  # (K, N)

        def best(costs, thresholds=thresholds):
            return [thresholds[costs.argmin()], costs.min()]

        costs = np.where(refused & ~default, lost, 0) + np.where(~refused & default, missed, 0)
        swapped = np.where(refused & ~default, missed, 0) + np.where(~refused & default, lost, 0)
        wrong = refused != default
        mean = costs.mean(axis=1)
        mistakes = [
            (best(swapped.mean(axis=1)), "the two costs are exchanged."),
            (best(costs.sum(axis=1)), "the cost is a sum. Divide it by the number of loans."),
            (best(wrong.mean(axis=1)), "errors are counted, and all cost 1 here."),
            (
                [thresholds[wrong.mean(axis=1).argmin()], mean[wrong.mean(axis=1).argmin()]],
                "this threshold makes the fewest errors, not the cheapest.",
            ),
            ([thresholds[mean.argmax()], mean.max()], "this is the dearest threshold."),
            ([mean.argmin(), mean.min()], "the first is its place. Return the threshold itself."),
            ([mean.min(), thresholds[mean.argmin()]], "the two are in the opposite order."),
        ]
        yield make_case(
            f"{len(risk)} loans, {len(thresholds)} thresholds, costs {lost} and {missed}",
            (risk.copy(), default.copy(), thresholds.copy(), lost, missed),
            best(mean),
            mistakes,
            "Return two numbers: the threshold and its mean cost.",
        )
