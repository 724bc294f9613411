"""Checks for the exercises of chapter 5_2_3_explanation: integrated gradients, occlusion, rollout.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def integrated_gradients(function: Callable) -> bool | None:
    """Check `function(gradient, x, baseline, steps)`: gradient is a function of (D,) to (D,).

    It should return (x - baseline) times the mean of the gradients in the middles of `steps` equal
    pieces of the straight way from the baseline to x: (D,).
    """
    return report(lambda answer: try_cases(answer, list(_path_cases())), function)


def occlusion(function: Callable) -> bool | None:
    """Check `function(score, x, size)`: score is a function of (H, W) to a number.

    It should return what the score loses when a window of size x size is set to 0, for each place
    of the window: (H - size + 1, W - size + 1).
    """
    return report(lambda answer: try_cases(answer, list(_window_cases())), function)


def rollout(function: Callable) -> bool | None:
    """Check `function(first, second)`: where two layers look, (T, T) each, rows that sum to 1.

    It should return how much of each token is in each place after both, with half of each layer's
    input kept: (T, T).
    """
    return report(lambda answer: try_cases(answer, list(_rollout_cases())), function)


def product(x: np.ndarray) -> np.ndarray:
    """The gradient of x_0 x_1."""
    return np.array([x[1], x[0]])


def bend(x: np.ndarray) -> np.ndarray:
    """The gradient of max(0, x_0 - 1): flat until 1."""
    return np.array([float(x[0] > 1), 0.0])


def cubes(x: np.ndarray) -> np.ndarray:
    """The gradient of the sum of x_i^3."""
    return 3 * np.asarray(x) ** 2


def _path_cases() -> Iterable[Case]:
    listed = [
        ("x_0 x_1", product, [2, 3], [0, 0], 1),
        ("max(0, x_0 - 1)", bend, [3, 1], [0, 0], 6),
        ("x_0 x_1, not from zero,", product, [2, 3], [1, -1], 5),
        ("a sum of five cubes", cubes, [1, -2, 3, 0.5, 2], [0.5, 1, -1, 0, 1], 8),
    ]
    for name, gradient, x, baseline, steps in listed:
        x, baseline = np.array(x, dtype=float), np.array(baseline, dtype=float)

        def mean(shares, gradient=gradient, x=x, baseline=baseline):
            return np.mean([gradient(baseline + s * (x - baseline)) for s in shares], axis=0)

        middles, ends = (np.arange(steps) + 0.5) / steps, (np.arange(steps) + 1) / steps
        found = (x - baseline) * mean(middles)
        mistakes = [
            (mean(middles), "this is the mean gradient. Multiply it by x - baseline."),
            (x * mean(middles), "multiply by x - baseline, not by x."),
            ((x - baseline) * gradient(x), "this is the gradient at x only: gradient times input."),
            ((x - baseline) * mean(ends), "each piece is measured at its end. Take its middle."),
            ((x - baseline) * mean(ends - 1 / steps), "each piece is measured at its start."),
            (found * steps, "the gradients are summed. Take their mean."),
            (
                (x - baseline) * np.mean([gradient(s * x) for s in middles], axis=0),
                "the way begins at zero. It should begin at the baseline.",
            ),
            (found.sum(), "this is the sum over the inputs. Give each its own part."),
        ]
        arguments = (gradient, x.copy(), baseline.copy(), steps)
        yield make_case(f"{name} in {steps} steps", arguments, found, mistakes)


def _window_cases() -> Iterable[Case]:
    for H, W, size in [(2, 2, 1), (3, 4, 2), (6, 5, 3)]:
        rng = np.random.default_rng(H)
        weight, x = rng.integers(-3, 4, (H, W)).astype(float), rng.integers(1, 9, (H, W)) / 2

        def score(picture, weight=weight):
            return float(np.sum(weight * picture) + picture[0, 0] * picture[-1, -1])

        rows, columns = H - size + 1, W - size + 1
        found, left, one, still = (np.zeros((rows, columns)) for _ in range(4))
        grey, spoilt = np.zeros((rows, columns)), x.copy()
        for i in range(rows):
            for j in range(columns):
                hidden, mean, corner = x.copy(), x.copy(), x.copy()
                hidden[i : i + size, j : j + size] = 0
                mean[i : i + size, j : j + size] = x.mean()
                corner[i, j] = 0
                spoilt[i : i + size, j : j + size] = 0
                found[i, j], left[i, j] = score(x) - score(hidden), score(hidden)
                grey[i, j], one[i, j] = score(x) - score(mean), score(x) - score(corner)
                still[i, j] = score(x) - score(spoilt)
        mistakes = [
            (-found, "the sign is turned round: it should be what the score loses."),
            (left, "this is the score that is left. Take it off the whole picture's."),
            (still, "the windows before are still hidden. Begin with a fresh copy each time."),
            (np.abs(found), "signs are lost: a window may also speak against the score."),
            (grey, "the window is filled with the mean. Fill it with 0."),
            (one, "only the window's first pixel is hidden."),
        ]
        yield make_case(f"x {H} x {W}, size {size}", (score, x.copy(), size), found, mistakes)


def _rollout_cases() -> Iterable[Case]:
    for T in (2, 3, 6):
        rng = np.random.default_rng(T)
        first, second = rng.dirichlet(np.full(T, 0.6), (2, T)).round(2)
        first[:, -1] += 1 - first.sum(axis=1)
        second[:, -1] += 1 - second.sum(axis=1)
        one = np.eye(T)
        kept = [(layer + one) / 2 for layer in (first, second)]
        mistakes = [
            (kept[0] @ kept[1], "the order is turned round: what comes later stands to the left."),
            (second @ first, "nothing is kept: add the identity to each layer, and halve."),
            (first @ second, "nothing is kept, and the order is turned round."),
            ((second + one) @ (first + one), "rows do not sum to 1: halve each layer's sum."),
            (kept[0] * kept[1], "the matrices are multiplied number by number. Use @."),
            (
                (kept[0] + kept[1]) / 2,
                "this is the layers' mean. The second reads the first.",
            ),
            ((second @ first + one) / 2, "the identity is added once. Each layer keeps a half."),
        ]
        yield make_case(
            f"two layers of {T} x {T}", (first.copy(), second.copy()), kept[1] @ kept[0], mistakes
        )
