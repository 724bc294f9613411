"""Checks for the exercises of chapter 5_2_3_explanation: integrated gradients, occlusion, rollout,
and the experiment that tells two explanations apart.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.checks.explanation_occlusion import OCCLUSION


def integrated_gradients(function: Callable) -> bool | None:
    """Check `function(gradient, x, baseline, steps)`: gradient is a function of (D,) to (D,).

    It should return (x - baseline) times the mean of the gradients in the middles of `steps` equal
    pieces of the straight line from the baseline to x: (D,).
    """
    return INTEGRATED_GRADIENTS.check(function)


def occlusion(function: Callable) -> bool | None:
    """Check `function(score, x, size)`: score is a function of (H, W) to a number.

    It should return what the score loses when a window of size x size is set to 0, for each place
    of the window: (H - size + 1, W - size + 1).
    """
    return OCCLUSION.check(function)


def rollout(function: Callable) -> bool | None:
    """Check `function(first, second)`: where two layers look, (T, T) each, rows that sum to 1.

    It should return how much of each token is in each place after both, with half of each layer's
    input kept: (T, T).
    """
    return ROLLOUT.check(function)


def tells_apart(answer: Any) -> bool | None:
    """Check the letter of the experiment that tells "the head matters" from "its map is sharp"."""
    return choose(answer, "c", EXPERIMENTS)


# --- integrated gradients -----------------------------------------------------------------------


def product(x: np.ndarray) -> np.ndarray:
    """The gradient of x_0 x_1."""
    x = np.asarray(x)
    return np.array([x[1], x[0]])


def bend(x: np.ndarray) -> np.ndarray:
    """The gradient of max(0, x_0 - 1): flat until 1."""
    return np.array([float(np.asarray(x)[0] > 1), 0.0])


def cubes(x: np.ndarray) -> np.ndarray:
    """The gradient of the sum of x_i^3."""
    return 3 * np.asarray(x) ** 2


def _path_cases() -> Iterable[Case]:
    for name, gradient, x, baseline, steps in [
        ("x_0 x_1", product, [2, 3], [0, 0], 1),
        ("max(0, x_0 - 1)", bend, [3, 1], [0, 0], 6),
        ("x_0 x_1, not from zero,", product, [2, 3], [1, -1], 5),
        ("a sum of five cubes", cubes, [1, -2, 3, 0.5, 2], [0.5, 1, -1, 0, 1], 8),
    ]:
        pieces = f"{steps} step{'s' if steps > 1 else ''}"
        yield case(
            f"{name} in {pieces}",
            gradient,
            np.array(x, dtype=float),
            np.array(baseline, dtype=float),
            steps,
        )


def _mean_gradient(
    gradient: Callable, x: np.ndarray, baseline: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    return np.mean([gradient(baseline + s * (x - baseline)) for s in shares], axis=0)


def _path_at(shares_of: Callable[[int], np.ndarray]) -> Callable:
    """Integrated gradients that measure at these shares of the way."""

    def attribute(
        gradient: Callable, x: np.ndarray, baseline: np.ndarray, steps: int
    ) -> np.ndarray:
        return (x - baseline) * _mean_gradient(gradient, x, baseline, shares_of(steps))

    return attribute


def _middles(steps: int) -> np.ndarray:
    return (np.arange(steps) + 0.5) / steps


_by_path = _path_at(_middles)


INTEGRATED_GRADIENTS = Exercise(
    right=_by_path,
    make_cases=_path_cases,
    mistakes=[
        Mistake(
            lambda g, x, b, n: _mean_gradient(g, x, b, _middles(n)),
            "this is the mean gradient. Multiply it by x - baseline.",
        ),
        Mistake(
            lambda g, x, b, n: x * _mean_gradient(g, x, b, _middles(n)),
            "multiply by x - baseline, not by x.",
        ),
        Mistake(
            lambda g, x, b, n: (x - b) * g(x),
            "this is the gradient at x alone: gradient times input.",
        ),
        Mistake(
            lambda g, x, b, n: x * g(x),
            "this is the gradient at x alone, times x. Walk from the baseline to x.",
        ),
        Mistake(
            lambda g, x, b, n: (x - b) * g((x + b) / 2),
            "the gradient is taken once, half-way. Take it in the middle of each piece.",
        ),
        Mistake(
            _path_at(lambda n: (np.arange(n) + 1) / n),
            "each piece is measured at its end. Take its middle.",
        ),
        Mistake(
            _path_at(lambda n: np.arange(n) / n),
            "each piece is measured at its start. Take its middle.",
        ),
        Mistake(
            _path_at(lambda n: np.linspace(0, 1, n)),
            "the points run from one end of the line to the other. Take the middles of the pieces.",
        ),
        Mistake(
            _path_at(lambda n: np.arange(n + 1) / n),
            "steps + 1 points are measured, including both ends. Take the middles of the pieces.",
        ),
        Mistake(
            lambda g, x, b, n: n * _by_path(g, x, b, n),
            "the gradients are summed. Take their mean.",
        ),
        Mistake(
            lambda g, x, b, n: (x - b) * np.mean([g(s * x) for s in _middles(n)], axis=0),
            "the line starts at zero. It should start at the baseline.",
        ),
        Mistake(
            lambda g, x, b, n: (x - b) * np.mean([g(s * (x - b)) for s in _middles(n)], axis=0),
            "the baseline is not added: the points are baseline + share * (x - baseline).",
        ),
        Mistake(
            lambda g, x, b, n: _by_path(g, b, x, n),
            "the sign is reversed: multiply by x - baseline, not by baseline - x.",
        ),
        Mistake(
            lambda g, x, b, n: np.abs(_by_path(g, x, b, n)),
            "signs are lost: a part may also lower the score.",
        ),
        Mistake(
            lambda g, x, b, n: _by_path(g, x, b, n).sum(),
            "this is the sum over the inputs. Give each its own part.",
        ),
        Mistake(
            lambda g, x, b, n: [(x - b) * g(b + s * (x - b)) / n for s in _middles(n)],
            "each step has its own row. Sum over the steps.",
        ),
    ],
    hint=lambda g, x, b, n: f"The result should have shape {x.shape} here.",
)

# --- rollout ------------------------------------------------------------------------------------


def _rollout_cases() -> Iterable[Case]:
    for T in (2, 3, 6):
        rng = np.random.default_rng(T)
        first, second = rng.dirichlet(np.full(T, 0.6), (2, T)).round(2)
        first[:, -1] += 1 - first.sum(axis=1)
        second[:, -1] += 1 - second.sum(axis=1)
        yield case(f"two layers of {T} x {T}", first, second)


def _kept(layer: np.ndarray) -> np.ndarray:
    return (layer + np.eye(len(layer))) / 2


def _normalised(layer: np.ndarray, axis: int) -> np.ndarray:
    return layer / layer.sum(axis=axis, keepdims=True)


ROLLOUT = Exercise(
    right=lambda first, second: _kept(second) @ _kept(first),
    make_cases=_rollout_cases,
    mistakes=[
        Mistake(
            lambda first, second: _kept(first) @ _kept(second),
            "the order is reversed: the later layer stands on the left.",
        ),
        Mistake(
            lambda first, second: second @ first,
            "nothing is kept: add the identity to each layer, and halve.",
        ),
        Mistake(
            lambda first, second: first @ second,
            "nothing is kept, and the order is reversed.",
        ),
        Mistake(
            lambda first, second: (second + np.eye(len(first))) @ (first + np.eye(len(first))),
            "rows do not sum to 1: halve the sum of each layer and the identity.",
        ),
        Mistake(
            lambda first, second: _kept(first) * _kept(second),
            "the matrices are multiplied element by element. Use @.",
        ),
        Mistake(
            lambda first, second: (_kept(first) + _kept(second)) / 2,
            "this is the layers' mean. The second reads what the first has written.",
        ),
        Mistake(
            lambda first, second: _kept(second @ first),
            "the identity is added once, after the product. Add it to each layer before.",
        ),
        Mistake(
            lambda first, second: second @ _kept(first),
            "the second layer keeps nothing. Both have a residual connection.",
        ),
        Mistake(
            lambda first, second: _kept(second) @ first,
            "the first layer keeps nothing. Both have a residual connection.",
        ),
        Mistake(
            lambda first, second: (second + 1) / 2 @ ((first + 1) / 2),
            "1 is added to every number. The identity has ones on its diagonal only.",
        ),
        Mistake(
            lambda first, second: (_kept(second) @ _kept(first)).T,
            "rows and columns are swapped: row i should say what place i is made of.",
        ),
        Mistake(
            lambda first, second: (_kept(second) @ _kept(first))[0],
            "this is the first row alone. Return the rows of all places.",
        ),
    ],
    hint=lambda first, second: f"The result should have shape {first.shape} here.",
)

# --- the experiment that tells two explanations apart ---------------------------------------------

EXPERIMENTS = {
    "a": "A map of another sentence shows where the head looks there. Both explanations predict "
    "a sharp map, so it cannot tell them apart.",
    "b": "A head whose output is set to zero hands over nothing at all. If the answer falls, it "
    "needed what the head hands over; that it needed the head's *choice* does not follow.",
    "c": "With queries of zero the head still hands over, an average of all tokens, and only its "
    "choice is gone. The two explanations now predict different numbers: on this page, filling "
    "the gap needed the choice, and naming the library did not.",
    "d": "More attention on a token does not say what is done with it. Whether the two move "
    "together or not, both explanations allow it.",
}
