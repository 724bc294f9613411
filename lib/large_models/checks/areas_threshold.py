"""The exercise of chapter 1_2_areas that finds the cheapest threshold.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from large_models.checks.exercise import Case, Exercise, Mistake, case


def _costs(
    risk: np.ndarray, default: np.ndarray, thresholds: np.ndarray, lost: float, missed: float
) -> np.ndarray:
    """(K, N): what each loan costs at each threshold."""
    refused = risk >= thresholds[:, None]
    return lost * (refused & ~default) + missed * (~refused & default)


def _mean(*a: Any) -> np.ndarray:
    return _costs(*a).mean(axis=1)


def _best(costs: np.ndarray, thresholds: np.ndarray) -> list:
    return [thresholds[costs.argmin()], costs.min()]


def _strictly(
    r: np.ndarray, d: np.ndarray, thresholds: np.ndarray, lost: float, missed: float
) -> list:
    refused = r > thresholds[:, None]
    costs = lost * (refused & ~d) + missed * (~refused & d)
    return _best(costs.mean(axis=1), thresholds)


def _last(r: np.ndarray, d: np.ndarray, thresholds: np.ndarray, lost: float, missed: float) -> list:
    costs = _mean(r, d, thresholds, lost, missed)
    return [thresholds[np.flatnonzero(costs == costs.min())[-1]], costs.min()]


def _fewest(
    r: np.ndarray, d: np.ndarray, thresholds: np.ndarray, lost: float, missed: float
) -> list:
    k = _mean(r, d, thresholds, 1, 1).argmin()
    return [thresholds[k], _mean(r, d, thresholds, lost, missed)[k]]


def _dearest(
    r: np.ndarray, d: np.ndarray, thresholds: np.ndarray, lost: float, missed: float
) -> list:
    costs = _mean(r, d, thresholds, lost, missed)
    return [thresholds[costs.argmax()], costs.max()]


def _cost_cases() -> Iterable[Case]:
    # One threshold is a little too low, one far too high, two are equally good; one meets a risk.
    first = (
        [0.1, 0.3, 0.6, 0.7, 0.8, 0.9],
        [False, True, False, False, True, True],
        [0.2, 0.3, 0.5, 0.75, 0.78],
        2,
        3,
    )
    listed: list[tuple] = [first]
    for N, lost, missed in [(12, 2, 9), (80, 1, 10)]:
        rng = np.random.default_rng(N)
        risk = rng.beta(1, 4, N).round(2)
        listed.append((risk, rng.random(N) < risk, np.arange(1, 10) / 20, lost, missed))
    for risk, default, thresholds, lost, missed in listed:
        name = f"{len(risk)} loans, {len(thresholds)} thresholds, costs {lost} and {missed}"
        yield case(name, np.array(risk), np.array(default), np.array(thresholds), lost, missed)


CHEAPEST = Exercise(
    right=lambda *a: _best(_mean(*a), a[2]),
    make_cases=_cost_cases,
    mistakes=[
        Mistake(
            lambda r, d, t, lost, missed: _best(_mean(r, d, t, missed, lost), t),
            "the two costs are swapped.",
        ),
        Mistake(
            lambda *a: _best(_costs(*a).sum(axis=1), a[2]),
            "the cost is a sum. Divide it by the number of loans.",
        ),
        Mistake(
            lambda r, d, t, lost, missed: _best(_mean(r, d, t, 1, 1), t),
            "this only counts errors: each costs 1 here.",
        ),
        Mistake(_fewest, "this threshold makes the fewest errors, but does not cost the least."),
        Mistake(_dearest, "this is the most expensive threshold."),
        Mistake(_last, "of several that cost the same, the last is taken. Take the first."),
        Mistake(_strictly, "a risk equal to the threshold is refused too: use >=, not >."),
        Mistake(
            lambda r, d, t, lost, missed: _best(_mean(r, d, t, 0, missed), t),
            "good customers who are refused cost nothing here.",
        ),
        Mistake(
            lambda r, d, t, lost, missed: _best(_mean(r, d, t, lost, 0), t),
            "loans that default cost nothing here.",
        ),
        Mistake(
            lambda *a: [_mean(*a).argmin(), _mean(*a).min()],
            "the first number is the threshold's index. Return the threshold itself.",
        ),
        Mistake(lambda *a: _best(_mean(*a), a[2])[::-1], "the two are in the wrong order."),
        Mistake(lambda *a: _mean(*a), "these are the costs of all thresholds. Pick the lowest."),
    ],
    hint="Return two numbers: the threshold and its mean cost.",
)
