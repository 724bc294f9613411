"""Checks for the exercises of chapter 5_1_trends: a prediction, a power, the scores of a window.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.choices import predict
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.files import weights

WITHIN = 0.1  # nats per token: how near a prediction of the held-out loss must come


def held_out_loss(answer: Any) -> bool | None:
    """Check a prediction of the loss of the largest run that was held out, in nats per token."""
    rows = json.loads((weights("scaling-docs") / "results.json").read_text("utf-8"))["results"]
    largest = max((row for row in rows if row["kind"] == "large"), key=lambda row: row["tokens"])
    return predict(
        answer,
        largest["held_out"],
        WITHIN,
        "The fitted law gives no hint of it. The next cells ask why.",
        " nats per token",
    )


def power(function: Callable) -> bool | None:
    """Check `function(size, loss, floor)`: two sizes, two losses, and the loss that stays.

    It should return alpha of loss = floor + A / size^alpha: a number.
    """
    return POWER.check(function)


def window_scores(function: Callable) -> bool | None:
    """Check `function(T, window)`: how long a text is, how far back a token looks, itself included.

    It should return how many scores a causal window leaves: a whole number.
    """
    return WINDOW_SCORES.check(function)


# --- a power from two runs ----------------------------------------------------------------------


def _alpha(size: np.ndarray, above: np.ndarray) -> float:
    return float(np.log(above[0] / above[1]) / np.log(size[1] / size[0]))


def _power_cases() -> Iterable[Case]:
    for size, alpha, A, floor in [
        ((1.0, 10.0), 1.0, 2.0, 0.0),
        ((1e3, 4e3), 0.5, 30.0, 1.0),
        ((3e5, 3e3), 0.3, 20.0, 1.7),  # the larger one first
    ]:
        sizes = np.array(size)
        yield case(
            f"sizes {size[0]:g} and {size[1]:g}, floor {floor:g}",
            sizes,
            floor + A / sizes**alpha,
            floor,
        )


POWER = Exercise(
    right=lambda n, y, floor: _alpha(n, y - floor),
    make_cases=_power_cases,
    mistakes=[
        Mistake(
            lambda n, y, floor: _alpha(n, y),
            "the floor is not used. Subtract it from the losses before taking the logarithm.",
        ),
        Mistake(lambda n, y, floor: _alpha(n, y + floor), "the floor is added. Subtract it."),
        Mistake(
            lambda n, y, floor: -_alpha(n, y - floor),
            "the sign is wrong: the loss falls, and alpha is positive.",
        ),
        Mistake(
            lambda n, y, floor: -_alpha(n, y),
            "the sign is wrong, and the floor is not subtracted.",
        ),
        Mistake(
            lambda n, y, floor: 1 / _alpha(n, y - floor),
            "this is 1 / alpha: the logarithms are divided the wrong way round.",
        ),
        Mistake(
            lambda n, y, floor: (y[0] - y[1]) / (n[1] - n[0]),
            "this is a slope without logarithms.",
        ),
        Mistake(
            lambda n, y, floor: (y[0] - y[1]) / np.log(n[1] / n[0]),
            "only the sizes are turned into logarithms. Turn the losses into theirs too.",
        ),
        Mistake(
            lambda n, y, floor: np.log((y[0] - floor) / (y[1] - floor)) / (n[1] - n[0]),
            "only the losses are turned into logarithms. Turn the sizes into theirs too.",
        ),
        Mistake(
            lambda n, y, floor: np.log((y[0] - floor) / (y[1] - floor)),
            "this is the fall of the loss's logarithm. Divide it by the rise of the size's.",
        ),
        Mistake(
            lambda n, y, floor: _alpha(n, np.array([y[0] - floor, y[1]])),
            "the floor is subtracted from the first loss only.",
        ),
        Mistake(
            lambda n, y, floor: _alpha(n, np.array([y[0], y[1] - floor])),
            "the floor is subtracted from the second loss only.",
        ),
    ],
    hint="Return one number.",
)

# --- the scores of a window ---------------------------------------------------------------------


def _scores(T: int, window: int) -> int:
    return sum(min(i + 1, window) for i in range(T))


def _both_sides(T: int, window: int) -> int:
    i = np.arange(T)
    return int((np.abs(i[:, None] - i) < window).sum())


def _window_cases() -> Iterable[Case]:
    for T, window in [(3, 1), (4, 2), (50, 8), (6, 20), (500, 64)]:
        yield case(f"T = {T}, window {window}", T, window)


WINDOW_SCORES = Exercise(
    right=_scores,
    make_cases=_window_cases,
    mistakes=[
        Mistake(
            lambda T, window: T * window,
            "the first tokens have too few before them to fill the window.",
        ),
        Mistake(
            lambda T, window: T * window - window * (window - 1) // 2,
            "a window longer than the text holds the text and no more.",
        ),
        Mistake(
            lambda T, window: T * min(window, T),
            "the first tokens have too few before them to fill the window.",
        ),
        Mistake(
            lambda T, window: T * (T + 1) // 2,
            "these are all the scores that a causal mask leaves, without a window.",
        ),
        Mistake(lambda T, window: T * T, "these are all pairs, without a mask or a window."),
        Mistake(_both_sides, "this window looks both ways. A causal one looks back only."),
        Mistake(
            lambda T, window: T * (2 * window - 1),
            "this window looks both ways, and past the ends of the text. A causal one looks back.",
        ),
        Mistake(
            lambda T, window: sum(min(i, window) for i in range(T)),
            "a row is missing. The first token has one score, its own; the last has a full row.",
        ),
        Mistake(
            lambda T, window: sum(min(i, window - 1) for i in range(T)),
            "each token looks at itself as well.",
        ),
        Mistake(
            lambda T, window: sum(min(i + 1, window + 1) for i in range(T)),
            "the window is one token too long: it includes the token itself.",
        ),
        Mistake(
            lambda T, window: sum(min(i + 1, window) for i in range(T + 1)),
            "there is one token too many: the tokens go from 0 to T - 1.",
        ),
        Mistake(
            lambda T, window: T * (T + 1) // 2 - _scores(T, window),
            "these are the scores that the window saves. Count those that it keeps.",
        ),
        Mistake(
            lambda T, window: T * T - _scores(T, window),
            "these are the pairs that are masked. Count those that are left.",
        ),
    ],
    hint="Return a whole number.",
)
