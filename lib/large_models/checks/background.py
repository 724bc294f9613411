"""Checks for the exercises of chapter 1_background: a line, operations, a slip, a prediction.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.choices import choose, predict
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.data.milestones import ABOVE_1E25, MILESTONES, find, time_of
from large_models.formulas.growth import fit_growth


def doubling_fit(function: Callable) -> bool | None:
    """Check `function(times, values)`: both (N,).

    It should return the doubling time of the least-squares line through log2 of the values.
    """
    return DOUBLING_FIT.check(function)


def operations(function: Callable) -> bool | None:
    """Check `function(parameters, active, tokens)`: all (N,), active 0 where all take part.

    It should return the operations of each training: (N,).
    """
    return OPERATIONS.check(function)


def slip(answer: Any) -> bool | None:
    """Check the letter of what went wrong in the database's sum for LeNet-5."""
    return choose(answer, "c", SLIPS)


def with_the_missing(answer: Any) -> bool | None:
    """Check a prediction in months: the doubling time since 2012 with what the list lacks."""
    found = [(m.time, m.compute.value) for m in MILESTONES if m.compute and m.time >= 2012]
    listed = 12 * fit_growth(*np.array(found).T).doubling
    found += [(time_of(published), value) for _, published, value in ABOVE_1E25]
    whole = 12 * fit_growth(*np.array(found).T).doubling
    surprise = (
        f"The {len(ABOVE_1E25)} training runs above the line pull it up: without them it says "
        f"{listed:.1f} months. What is left out of a list shapes its answer, too."
    )
    return predict(answer, whole, 0.3, surprise, " months")


# --- a line through logarithms ------------------------------------------------------------------


def _slope(times: np.ndarray, values: np.ndarray) -> float:
    away = times - times.mean()
    return float((away * values).sum() / (away**2).sum())


def _fit(times: np.ndarray, values: np.ndarray) -> float:
    return 1 / _slope(times, np.log2(values))


def _between_neighbours(times: np.ndarray, values: np.ndarray) -> float:
    return float(1 / np.mean(np.diff(np.log2(values)) / np.diff(times)))


def _first_and_last(times: np.ndarray, values: np.ndarray) -> float:
    return (times[-1] - times[0]) / np.log2(values[-1] / values[0])


def _through_zero(times: np.ndarray, values: np.ndarray) -> float:
    away, logs = times - times[0], np.log2(values / values[0])
    return (away**2).sum() / (away * logs).sum()


def _line_cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    noisy = rng.uniform(2000, 2010, 8).round(1)  # in no order
    known = [(m.time, m.parameters.value) for m in MILESTONES if m.parameters and m.year > 2015]
    listed = [
        ("three values, doubling nearly every year", [2000.0, 2001, 2003], [1.0, 2.5, 8]),
        ("four values that fall", [2010.0, 2012, 2013, 2016], [64.0, 30, 25, 8]),
        ("eight values in no order", noisy, (2 ** (noisy - 2000 + rng.normal(size=8))).round(2)),
        ("parameters since 2016", *np.array(known).T),
    ]
    for name, times, values in listed:
        yield case(name, np.array(times), np.array(values))


DOUBLING_FIT = Exercise(
    right=_fit,
    make_cases=_line_cases,
    mistakes=[
        Mistake(
            lambda t, y: _slope(t, np.log2(y)),
            "this is the slope, in doublings per year. Its inverse is the doubling time.",
        ),
        Mistake(
            lambda t, y: 1 / _slope(t, np.log(y)),
            "the natural logarithm is used: that is the time to grow by a factor of e.",
        ),
        Mistake(
            lambda t, y: 1 / _slope(t, np.log10(y)),
            "log10 is used: that is the time to grow tenfold.",
        ),
        Mistake(
            lambda t, y: 1 / _slope(t, y),
            "the line is fitted to the values themselves. Take their log2 first.",
        ),
        Mistake(
            _first_and_last,
            "only the first and the last value count here. Fit a line through all of them.",
        ),
        Mistake(
            _between_neighbours,
            "the slopes between neighbours are averaged here. Fit one line through all the points.",
        ),
        Mistake(_through_zero, "the line is made to start at the first value. Leave it free."),
        Mistake(
            lambda t, y: _slope(np.log2(y), t),
            "the times are fitted to the logarithms. Fit the logarithms to the times.",
        ),
        Mistake(
            lambda t, y: 1 / np.polyfit(t, np.log2(y), 1)[1],
            "this is one over the line's height in the year 0. The slope comes first.",
        ),
        Mistake(
            lambda t, y: abs(_fit(t, y)),
            "values that fall have a negative doubling time: leave the sign as it is.",
        ),
        Mistake(lambda t, y: 12 * _fit(t, y), "these are months. Return years."),
    ],
    hint="Return a number.",
)

# --- the operations of a training ---------------------------------------------------------------


def _used(parameters: np.ndarray, active: np.ndarray) -> np.ndarray:
    return np.where(active > 0, active, parameters)


def _training_cases() -> Iterable[Case]:
    real = [
        (m.parameters.value, m.active.value if m.active else 0.0, m.data.value)
        for m in MILESTONES
        if m.parameters and m.data and m.data.unit == "tokens" and m.year > 2019
    ]
    listed = [
        ("two small ones", [(10.0, 0.0, 3.0), (100.0, 20.0, 5.0)]),
        ("three, one of them sparse", [(7.0, 0.0, 11.0), (50.0, 5.0, 4.0), (9.0, 0.0, 2.0)]),
        (f"the {len(real)} language models since 2020, in billions", np.array(real) / 1e9),
    ]
    for name, rows in listed:
        yield case(name, *(column.copy() for column in np.array(rows, dtype=float).T))


OPERATIONS = Exercise(
    right=lambda n, a, d: 6 * _used(n, a) * d,
    make_cases=_training_cases,
    mistakes=[
        Mistake(
            lambda n, a, d: 6 * n * d,
            "all parameters are counted. Where only some are active, count only those.",
        ),
        Mistake(
            lambda n, a, d: 6 * a * d,
            "an `active` of 0 means that all parameters take part: use `parameters` there.",
        ),
        Mistake(
            lambda n, a, d: 6 * (n + a) * d,
            "the active parameters are already included in `parameters`.",
        ),
        Mistake(
            lambda n, a, d: 6 * np.where(a > 0, n - a, n) * d,
            "these are the idle parameters. Count the active ones.",
        ),
        Mistake(
            lambda n, a, d: 2 * _used(n, a) * d,
            "that is the forward pass alone. The backward pass costs twice as much, on top.",
        ),
        Mistake(
            lambda n, a, d: 4 * _used(n, a) * d,
            "that is the backward pass alone. Add the forward pass.",
        ),
        Mistake(
            lambda n, a, d: 3 * _used(n, a) * d,
            "each of the three products takes a multiplication and an addition: two operations.",
        ),
        Mistake(
            lambda n, a, d: _used(n, a) * d,
            "each parameter takes part in six operations for each token.",
        ),
        Mistake(
            lambda n, a, d: (6 * _used(n, a) * d).sum(),
            "this is the sum. Return one number for each training run.",
        ),
    ],
    hint=lambda n, a, d: f"Return {len(n)} numbers.",
)

# --- a slip in a table --------------------------------------------------------------------------

_LENET = find("LeNet-5").compute
assert _LENET
SLIPS = {
    "a": "The passes are counted once: 20 of them over 60,000 pictures are 1.2 million "
    "presentations. Compare with the zip code network above, where they were counted twice.",
    "b": "The backward pass is there: six operations for each connection, four of them going back.",
    "c": "The paper has 340,908 connections. Two digits have changed places on the way into the "
    f"table, so the sum is {390_408 / 340_908 - 1:.0%} too large; ours is {_LENET.value:.2e}.",
    "d": "The weights are shared, so each works at many places of the picture: it is the "
    "connections that multiply and add. With 60,000 weights the sum would be far too small.",
}
