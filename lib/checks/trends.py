"""Checks for the exercises of chapter 5_1_trends: a power from two runs, the scores of a window.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def power(function: Callable) -> bool | None:
    """Check `function(size, loss, floor)`: two sizes, two losses, and the loss that stays.

    It should return alpha of loss = floor + A / size^alpha: a number.
    """
    return report(lambda answer: try_cases(answer, list(_power_cases())), function)


def window_scores(function: Callable) -> bool | None:
    """Check `function(T, window)`: how long a text is, how far back a token looks, itself included.

    It should return how many scores a causal window leaves: a whole number.
    """
    return report(lambda answer: try_cases(answer, list(_window_cases())), function)


def _power_cases() -> Iterable[Case]:
    for size, alpha, A, floor in [
        ((1.0, 10.0), 1.0, 2.0, 0.0),
        ((1e3, 4e3), 0.5, 30.0, 1.0),
        ((3e3, 3e5), 0.3, 20.0, 1.7),
    ]:
        size = np.array(size)
        loss = floor + A / size**alpha
        logs = np.log(size[1] / size[0])
        mistakes = [
            (np.log(loss[0] / loss[1]) / logs, "the floor is not taken off."),
            (-alpha, "the sign is turned: the loss falls, and alpha is positive."),
            (1 / alpha, "this is 1 / alpha: the logarithms are divided the wrong way round."),
            ((loss[0] - loss[1]) / (size[1] - size[0]), "a slope without logarithms."),
            ((loss[0] - loss[1]) / logs, "the losses need their logarithms, too."),
        ]
        yield make_case(
            f"sizes {size[0]:g} and {size[1]:g}",
            (size.copy(), loss.copy(), floor),
            alpha,
            mistakes,
            "Return one number.",
        )


def _window_cases() -> Iterable[Case]:
    for T, window in [(3, 1), (4, 2), (50, 8), (6, 20), (500, 64)]:
        right = sum(min(i + 1, window) for i in range(T))
        mistakes = [
            (T * window, "the first tokens have fewer before them than the window is long."),
            (T * (T + 1) // 2, "these are all scores of a causal mask, without a window."),
            (T * T, "these are all pairs, without mask or window."),
            (sum(min(i, window) for i in range(T)), "a token sees itself as well."),
            (sum(min(i + 1, window + 1) for i in range(T)), "the window holds the token itself."),
            (T * (2 * window - 1), "a causal window looks back only."),
        ]
        yield make_case(
            f"T = {T}, window {window}", (T, window), right, mistakes, "Return a whole number."
        )
