"""The exercise of chapter 5_2_3_explanation that covers a window at a time.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Callable, Iterable

import numpy as np

from large_models.checks.exercise import Case, Exercise, Mistake, case


def _window_cases() -> Iterable[Case]:
    for H, W, size in [(2, 2, 1), (3, 4, 2), (6, 5, 3)]:
        rng = np.random.default_rng(H)
        weight, x = rng.integers(-3, 4, (H, W)).astype(float), rng.integers(1, 9, (H, W)) / 2
        yield case(f"x {H} x {W}, size {size}", Score(weight), x, size)


class Score:
    """A score that is not linear: a weighted sum, and a product of two corners."""

    def __init__(self, weight: np.ndarray) -> None:
        self.weight = weight

    def __call__(self, picture: np.ndarray) -> float:
        picture = np.asarray(picture, dtype=float)
        if picture.shape != self.weight.shape:
            raise ValueError(f"score: expected a picture {self.weight.shape}, got {picture.shape}")
        return float(np.sum(self.weight * picture) + picture[0, 0] * picture[-1, -1])


def _losses(
    score: Callable,
    x: np.ndarray,
    size: int,
    hide: Callable | None = None,
    lost: Callable | None = None,
    step: int = 1,
) -> np.ndarray:
    """What `lost(whole, rest)` says of each window that `hide(copy, window)` has covered."""
    hide = hide or (lambda picture, window: picture.__setitem__(window, 0))
    lost = lost or (lambda whole, rest: whole - rest)
    rows, columns = (range(0, side - size + 1, step) for side in x.shape)
    out = np.zeros((len(rows), len(columns)))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            picture = x.copy()
            hide(picture, (slice(top, top + size), slice(left, left + size)))
            out[i, j] = lost(score(x), score(picture))
    return out


def _still_hidden(score: Callable, x: np.ndarray, size: int) -> np.ndarray:
    whole, picture = score(x), x.copy()
    out = np.zeros([side - size + 1 for side in x.shape])
    for i, j in np.ndindex(*out.shape):
        picture[i : i + size, j : j + size] = 0
        out[i, j] = whole - score(picture)
    return out


def _only_window(score: Callable, x: np.ndarray, size: int) -> np.ndarray:
    """The window is what is left, not what is hidden."""
    out = np.zeros([side - size + 1 for side in x.shape])
    for i, j in np.ndindex(*out.shape):
        picture = np.zeros_like(x)
        picture[i : i + size, j : j + size] = x[i : i + size, j : j + size]
        out[i, j] = score(x) - score(picture)
    return out


def _fill(value: Callable[[np.ndarray], float]) -> Callable:
    return lambda picture, window: picture.__setitem__(window, value(picture))


OCCLUSION = Exercise(
    right=_losses,
    make_cases=_window_cases,
    mistakes=[
        Mistake(
            lambda s, x, n: -_losses(s, x, n),
            "the sign is reversed: it should be what the score loses.",
        ),
        Mistake(
            lambda s, x, n: _losses(s, x, n, lost=lambda whole, rest: rest),
            "this is the score that is left. Subtract it from the whole picture's.",
        ),
        Mistake(
            _still_hidden,
            "the earlier windows are still hidden. Start from a fresh copy each time.",
        ),
        Mistake(
            lambda s, x, n: np.abs(_losses(s, x, n)),
            "signs are lost: a window may also speak against the score.",
        ),
        Mistake(
            lambda s, x, n: _losses(s, x, n, lost=lambda whole, rest: (whole - rest) / whole),
            "this is the share of the score that is lost. Return the difference.",
        ),
        Mistake(
            lambda s, x, n: _losses(s, x, n, _fill(np.mean)),
            "the window is filled with the picture's mean. Fill it with 0.",
        ),
        Mistake(
            lambda s, x, n: _losses(s, x, n, _fill(lambda picture: 1.0)),
            "the window is filled with 1. Fill it with 0.",
        ),
        Mistake(
            lambda s, x, n: _losses(
                s, x, n, lambda picture, w: picture.__setitem__((w[0].start, w[1].start), 0)
            ),
            "only the window's first pixel is hidden.",
        ),
        Mistake(
            lambda s, x, n: _losses(s, x, n, lambda p, w: p.__setitem__(w[0], 0)),
            "whole rows are hidden. The window is limited in both directions.",
        ),
        Mistake(_only_window, "everything but the window is hidden. Hide the window itself."),
        Mistake(
            lambda s, x, n: _losses(s, x, n, step=n),
            "the windows stand side by side. Move the window one pixel at a time.",
        ),
        Mistake(
            lambda s, x, n: _losses(s, x, n).T,
            "rows and columns are swapped.",
        ),
    ],
    hint=lambda s, x, n: (
        f"The result should have shape {tuple(side - n + 1 for side in x.shape)} here."
    ),
)
