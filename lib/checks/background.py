"""Checks for the exercises of chapter 1_background: doubling times, a line, operations.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases
from lib.data.milestones import MILESTONES, Figure, find


def doubling_time(function: Callable) -> bool | None:
    """Check `function(t0, y0, t1, y1)`: two times in years and the values then.

    It should return how many years the value takes to double.
    """
    return report(lambda answer: try_cases(answer, list(_two_points())), function)


def doubling_fit(function: Callable) -> bool | None:
    """Check `function(times, values)`: both (N,).

    It should return the doubling time of the least-squares line through log2 of the values.
    """
    return report(lambda answer: try_cases(answer, list(_lines())), function)


def operations(function: Callable) -> bool | None:
    """Check `function(parameters, active, tokens)`: all (N,), active 0 where all take part.

    It should return the operations of each training: (N,).
    """
    return report(lambda answer: try_cases(answer, list(_trainings())), function)


def _two_points() -> Iterable[Case]:
    alex, gpt = find("AlexNet"), find("GPT-3")
    listed = [
        ("1 in 2000, 8 in 2006", (2000.0, 1.0, 2006.0, 8.0)),
        ("5 in 2010, 40 in 2011.5", (2010.0, 5.0, 2011.5, 40.0)),
        (
            "AlexNet's and GPT-3's parameters",
            (alex.time, alex.parameters.value, gpt.time, gpt.parameters.value),
        ),
    ]
    for name, (t0, y0, t1, y1) in listed:
        years, doublings = t1 - t0, np.log2(y1 / y0)
        mistakes = [
            (years / np.log(y1 / y0), "that is the time to grow by a factor of e: take log2."),
            (years / np.log10(y1 / y0), "that is the time to grow tenfold: take log2."),
            (doublings / years, "these are the doublings a year. Turn it round."),
            (doublings, "this is how often it doubled. Divide the years by it."),
            (years / (y1 / y0), "the years are divided by the ratio. Take its log2 first."),
            (12 * years / doublings, "these are months. Return years."),
        ]
        yield make_case(name, (t0, y0, t1, y1), years / doublings, mistakes, "Return a number.")


def _lines() -> Iterable[Case]:
    known = [(m.time, m.parameters.value) for m in MILESTONES if m.parameters and m.year > 2015]
    rng = np.random.default_rng(0)
    noisy = np.sort(rng.uniform(2000, 2010, 8)).round(1)
    listed = [
        ("three values that double each year", np.array([2000.0, 2001, 2003]), [1.0, 2, 8]),
        ("eight noisy values", noisy, (2 ** (noisy - 2000 + rng.normal(size=8))).round(2)),
        ("parameters since 2016", *np.array(known).T),
    ]
    for name, times, values in listed:
        values = np.asarray(values, dtype=float)
        logs, away = np.log2(values), times - times.mean()
        slope = (away * logs).sum() / (away**2).sum()
        back = (away * (logs - logs.mean())).sum() / ((logs - logs.mean()) ** 2).sum()
        straight = (away * values).sum() / (away**2).sum()
        mistakes = [
            (slope, "this is the slope, in doublings a year. Its inverse is the doubling time."),
            (1 / (slope * np.log(2)), "the natural logarithm is used: take log2."),
            (1 / (slope * np.log10(2)), "log10 is used: take log2."),
            (1 / straight, "the line goes through the values. Take their log2 first."),
            (
                (times[-1] - times[0]) / (logs[-1] - logs[0]),
                "only the first and the last value count. Fit a line through all of them.",
            ),
            (back, "the times are fitted to the logarithms. Fit the logarithms to the times."),
            (12 / slope, "these are months. Return years."),
        ]
        yield make_case(
            name, (times.copy(), values.copy()), 1 / slope, mistakes, "Return a number."
        )


def _trainings() -> Iterable[Case]:
    def has_tokens(figure: Figure | None) -> bool:
        return figure is not None and figure.unit == "tokens"

    modern = [m for m in MILESTONES if m.parameters and has_tokens(m.data) and m.year > 2019]
    real = [(m.parameters.value, m.active.value if m.active else 0.0, m.data.value) for m in modern]
    listed = [
        ("two small ones", [(10.0, 0.0, 3.0), (100.0, 20.0, 5.0)]),
        ("three, one of them sparse", [(7.0, 0.0, 11.0), (50.0, 5.0, 4.0), (9.0, 0.0, 2.0)]),
        (f"the {len(real)} language models since 2020, in billions", np.array(real) / 1e9),
    ]
    for name, rows in listed:
        total, active, tokens = np.array(rows, dtype=float).T
        used = np.where(active > 0, active, total)
        mistakes = [
            (6 * total * tokens, "all parameters count. Where some are active, only those work."),
            (6 * active * tokens, "an active of 0 means that all take part: use parameters there."),
            (6 * (total + active) * tokens, "the active ones are among the parameters already."),
            (2 * used * tokens, "that is the way forward. Backward costs twice as much again."),
            (4 * used * tokens, "that is the way back alone. Add the way forward."),
            (used * tokens, "each parameter works six operations for each token."),
            ((6 * used * tokens).sum(), "this is the sum. Return each training's."),
        ]
        yield make_case(
            name,
            (total.copy(), active.copy(), tokens.copy()),
            6 * used * tokens,
            mistakes,
            f"Return {len(total)} numbers.",
        )
