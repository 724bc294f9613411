"""Checks for the exercises of chapter 1_2_areas: recall, two rates, costs, a leak, a better model.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from large_models.checks.areas_threshold import CHEAPEST
from large_models.checks.calls import NOT_YET, NotYet, Remark, call, echo, report
from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.data.loans import Loans, loans


def recall(function: Callable) -> bool | None:
    """Check `function(scores, taken, k)`: scores (N, items), taken (N,) whole numbers.

    It should return the share of the N people whose item is among the k with the best scores.
    """
    return RECALL.check(function)


def rates(function: Callable) -> bool | None:
    """Check `function(risk, ill, threshold)`: risk (N,) from 0 to 1, ill (N,) of bool.

    It should return sensitivity and specificity, where a risk of at least the threshold alarms.
    """
    return RATES.check(function)


def cheapest(function: Callable) -> bool | None:
    """Check `function(risk, default, thresholds, lost, missed)`: risk and default (N,).

    A risk of at least the threshold is refused. It should return the threshold (of those listed)
    with the least mean cost, and that cost; the first, if there are several.
    """
    return CHEAPEST.check(function)


def experiment(answer: Any) -> bool | None:
    """Check the letter of the experiment that tells a leak from a better model."""
    return choose(answer, "d", EXPERIMENTS)


def columns(function: Callable) -> bool | None:
    """Check `function(known)`: the five columns (N, 5) of `data.loans`.

    It should return (N, any number) columns on which a logistic regression makes cheaper decisions
    than on the five: by at least `GAIN` for 1,000 loans, on average over `DRAWS` draws.
    """
    return report(_judge_columns, function)


# --- recall at k --------------------------------------------------------------------------------


def _order(scores: np.ndarray) -> np.ndarray:
    return np.argsort(-scores, axis=1)


def _hits(items: np.ndarray, taken: np.ndarray) -> np.ndarray:
    return (items == taken[:, None]).any(axis=1)


def _recall_cases() -> Iterable[Case]:
    for people, items, k in [(3, 4, 1), (5, 6, 2), (7, 5, 5), (40, 12, 3)]:
        rng = np.random.default_rng(people)
        taken = rng.integers(items, size=people)
        scores = rng.permuted(np.tile(np.arange(items) / items, (people, 1)), axis=1)  # no ties
        scores[np.arange(people), taken] += 0.45 / items + 0.3
        yield case(f"{people} people, {items} items, k = {k}", scores.round(4), taken, k)


RECALL = Exercise(
    right=lambda s, t, k: _hits(_order(s)[:, :k], t).mean(),
    make_cases=_recall_cases,
    mistakes=[
        Mistake(
            lambda s, t, k: _hits(np.argsort(s, axis=1)[:, :k], t).mean(),
            "the k worst items are taken, not the best.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, :k], t).sum(),
            "this is a number of people. Divide by how many there are in all.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, :k], t).mean() / k,
            "this is divided by k: that is the precision of a list of k.",
        ),
        Mistake(
            lambda s, t, k: 100 * _hits(_order(s)[:, :k], t).mean(),
            "this is a percentage. Return a share from 0 to 1.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, :k], t),
            "this says for each person whether the item was there. Return the mean.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, : k + 1], t).mean(),
            "k + 1 items are looked at: take the first k of the order.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, : k - 1], t).mean(),
            "k - 1 items are looked at: `[:, :k]` has the first k.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, k - 1 : k], t).mean(),
            "only the k-th item of the order is looked at. Any of the first k will do.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s)[:, :1], t).mean(),
            "only the best item is looked at: k is not used.",
        ),
        Mistake(
            lambda s, t, k: _hits(_order(s).argsort(axis=1)[:, :k], t).mean(),
            "these are ranks of items, not items in the order of their ranks.",
        ),
        Mistake(
            lambda s, t, k: _hits(np.argsort(-s, axis=0)[:, :k], t).mean(),
            "the people are sorted for each item (axis=0). Sort the items for each person.",
        ),
    ],
    hint="Return a number.",
)

# --- sensitivity and specificity ----------------------------------------------------------------


def _rates(alarm: np.ndarray, ill: np.ndarray) -> np.ndarray:
    return np.array([alarm[ill].mean(), (~alarm[~ill]).mean()])


def _rate_cases() -> Iterable[Case]:
    listed: list[tuple] = [([0.9, 0.2, 0.6, 0.4, 0.1], [True, False, False, True, False], 0.6)]
    for N, threshold in [(13, 0.3), (60, 0.25)]:
        rng = np.random.default_rng(N)
        ill = rng.permutation(np.arange(N) % 3 == 0)
        listed.append((np.clip(rng.normal(0.25 + 0.3 * ill, 0.2), 0, 1).round(2), ill, threshold))
    for risk, ill, threshold in listed:
        risk = np.array(risk)
        risk[0] = threshold  # one that just alarms
        yield case(f"{len(risk)} people, threshold {threshold}", risk, np.array(ill), threshold)


RATES = Exercise(
    right=lambda r, ill, t: _rates(r >= t, ill),
    make_cases=_rate_cases,
    mistakes=[
        Mistake(lambda r, ill, t: _rates(r >= t, ill)[::-1], "the two are in the wrong order."),
        Mistake(
            lambda r, ill, t: [ill[r >= t].mean(), (~ill[r < t]).mean()],
            "these are shares of those with an alarm, and of those without. Count among the ill, "
            "and among the healthy.",
        ),
        Mistake(
            lambda r, ill, t: [_rates(r >= t, ill)[0], 1 - _rates(r >= t, ill)[1]],
            "the first is right; the second is the share of false alarms. Take one minus it.",
        ),
        Mistake(lambda r, ill, t: _rates(r > t, ill), "a risk equal to the threshold alarms too."),
        Mistake(
            lambda r, ill, t: _rates(r < t, ill),
            "a risk below the threshold raises the alarm. Turn the comparison round.",
        ),
        Mistake(lambda r, ill, t: _rates(r >= 0.5, ill), "0.5 is used: use the threshold given."),
        Mistake(
            lambda r, ill, t: [((r >= t) & ill).mean(), ((r < t) & ~ill).mean()],
            "these are shares of all people. Divide by the ill, and by the healthy.",
        ),
        Mistake(
            lambda r, ill, t: [((r >= t) & ill).sum(), ((r < t) & ~ill).sum()],
            "these are numbers of people. Divide by the ill, and by the healthy.",
        ),
        Mistake(
            lambda r, ill, t: [_rates(r >= t, ill)[0], ((r >= t) == ill).mean()],
            "the first is right; the second is the share of right answers among all. Count among "
            "the healthy.",
        ),
        Mistake(
            lambda r, ill, t: 100 * _rates(r >= t, ill),
            "these are percentages. Return shares from 0 to 1.",
        ),
    ],
    hint="Return two numbers.",
)

# --- the experiment that tells a leak from a better model ---------------------------------------

EXPERIMENTS = {
    "a": "More seeds show how much the figure varies. A leak is in every draw, so all of them "
    "would look just as good.",
    "b": "A larger held-out part makes the figure more certain. It comes from the same table, so "
    "it leaks just as much.",
    "c": "A smaller model leans on the letters as well: they give the simplest rule there is.",
    "d": "It gives the model what it will have when it decides, and nothing else. A better model "
    "stays good; a leaky one falls behind, here behind the model without the column.",
}

# --- better columns -----------------------------------------------------------------------------

GAIN = 8.0  # of 1,000 loans; the rule about the young in debt brings about twice as much
DRAWS = (11, 12, 13)
PRICE = 10  # of a default; a good customer refused costs 1


@cache
def _draws() -> list[tuple[Loans, Loans]]:
    return [(loans(20_000, seed), loans(10_000, 1000 + seed)) for seed in DRAWS]


def cost_with(make: Callable[[np.ndarray], np.ndarray], past: Loans, new: Loans) -> float:
    """What 1,000 of the new loans cost, decided by a logistic regression on these columns."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(make(past.known), past.default)
    refused = model.predict_proba(make(new.known))[:, 1] >= 1 / (PRICE + 1)
    return 1000 * np.where(new.default, PRICE * ~refused, 1 * refused).mean()


def _judge_columns(function: Any) -> str:
    def made(known: np.ndarray) -> np.ndarray:
        outcome = call(function, (known.copy(),))
        if outcome.missing:
            raise NotYet(NOT_YET)
        said, got = echo(outcome.printed), outcome.array
        if got is None:
            raise Remark(f"{said}{len(known):,} loans: {outcome.fault}")
        if got.ndim != 2 or len(got) != len(known):
            raise Remark(
                f"{said}The result should have one row for each of the {len(known):,} loans, and "
                f"any number of columns; it has shape {got.shape}."
            )
        if not outcome.finite:
            raise Remark(f"{said}There are NaN or infinite values in the columns.")
        return got

    gained = []
    for past, new in _draws():
        if not np.allclose(made(new.known[:50]), made(new.known)[:50]):
            raise Remark(
                "A loan's columns change with the other loans in the table. Make each row from "
                "that loan alone."
            )
        gained.append(cost_with(lambda known: known, past, new) - cost_with(made, past, new))
    mean = float(np.mean(gained))
    each = ", ".join(f"{gain:.0f}" for gain in gained)
    if mean < GAIN:
        raise Remark(
            f"The columns save {mean:.1f} per 1,000 loans, on average over {len(DRAWS)} draws "
            f"({each}); at least {GAIN:g} is needed. Two terms of the formula above are not "
            "weighted sums of the five columns."
        )
    return (
        f"Right: the columns save {mean:.1f} per 1,000 loans, on average over {len(DRAWS)} draws "
        f"({each})."
    )
