r"""Explanations of one answer: which parts of the input did it rest on?

    integrated gradients   a_i = (x_i - b_i) * mean over the path of dF/dx_i        from b to x
    completeness           sum_i a_i = F(x) - F(b)
    occlusion              a_i = F(x) - F(x with a window around i filled)
    rollout                R = R_L ... R_1,   R_l = (mean over heads of A_l + I) / 2
    deletion               F of x without its n strongest parts, for n = 0, 1, 2, ...

F is a function of the input that gives one number, such as the score of a class. The gradients come
from elsewhere: `models.explanation` has them by autograd, `engine/gradients.js` in the page.
Sources: Sundararajan et al. 2017 (integrated gradients, completeness); Zeiler and Fergus 2014
(occlusion); Abnar and Zuidema 2020 (rollout). Chapter: 5_2_3_explanation.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Score = Callable[[Array], Array]  # inputs (N, ...) to a number for each: (N,)


def path(x: Array, baseline: Array, steps: int) -> Array:
    """The middles of equal pieces of the straight way from the baseline to x: (steps, ...).

    Raises:
        ValueError: if the shapes differ, or steps is less than 1.
    """
    x, baseline = _alike("baseline", x, baseline)
    _whole("steps", steps)
    shares = (np.arange(steps) + 0.5) / steps
    return baseline + shares.reshape(-1, *[1] * x.ndim) * (x - baseline)


def integrate(gradients: Array, x: Array, baseline: Array) -> Array:
    """Integrated gradients, from the gradients at the points of `path`: of x's shape.

    Args:
        gradients: (steps, ...).

    Raises:
        ValueError: if the shapes do not fit each other.
    """
    x, baseline = _alike("baseline", x, baseline)
    gradients = np.asarray(gradients, dtype=np.float64)
    if gradients.shape[1:] != x.shape or not len(gradients):
        raise ValueError(f"gradients: expected (steps, *{x.shape}), got {gradients.shape}")
    return (x - baseline) * gradients.mean(axis=0)


def completeness_gap(attribution: Array, score: float, baseline_score: float) -> float:
    """How far the parts, of any shape, are from adding up to what they explain: 0 if they do."""
    return float(abs(np.sum(attribution) - (score - baseline_score)))


def occlusion(score: Score, x: Array, size: int, stride: int = 1, fill: float = 0.0) -> Array:
    """What the score loses when a window is filled; a pixel gets the mean of its windows.

    Args:
        score: pictures (N, H, W) to N numbers.
        x: (H, W).
        size: side of the window, pixels; stride: how far it moves. The last window of a row may
            reach over the edge.
        fill: the value that hides.

    Returns:
        (H, W).

    Raises:
        ValueError: if x is not that, or size or stride does not fit it.
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2:
        raise ValueError(f"x: expected (H, W), got {x.shape}")
    covers = windows(x.shape, size, stride)  # (N, H, W)
    lost = score(x[None])[0] - score(np.where(covers, fill, x))  # (N,)
    return np.tensordot(lost, covers, 1) / covers.sum(axis=0)


def windows(shape: tuple[int, int], size: int, stride: int = 1) -> NDArray[np.bool_]:
    """All places of a window, row by row: (N, H, W), True where it covers a pixel.

    Raises:
        ValueError: if the window is larger than the picture, or leaves pixels uncovered.
    """
    _whole("size", size, min(shape))
    _whole("stride", stride, size)
    sides = []
    for length in shape:
        starts = np.arange(-(-(length - size) // stride) + 1) * stride
        places = np.arange(length)
        sides.append((places >= starts[:, None]) & (places < starts[:, None] + size))
    rows, columns = sides
    return (rows[:, None, :, None] & columns[None, :, None, :]).reshape(-1, *shape)


def rollout(weights: Array) -> Array:
    """How much of each token has arrived at each place after all layers, by attention alone.

    Args:
        weights: (layers, h, T, T), rows that sum to 1.

    Returns:
        (T, T): row i says what place i is made of; its sum is 1.

    Raises:
        ValueError: for another shape, or rows that do not sum to 1.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if weights.ndim != 4 or weights.shape[2] != weights.shape[3] or not weights.size:
        raise ValueError(f"weights: expected (layers, h, T, T), got {weights.shape}")
    if not np.allclose(weights.sum(axis=-1), 1, atol=1e-3):
        raise ValueError("weights: expected rows that sum to 1")
    kept = np.eye(weights.shape[-1])
    flow = kept
    for layer in weights.mean(axis=1):  # the residual connection keeps half
        flow = (layer + kept) / 2 @ flow
    return flow


def deletion(
    score: Score, x: Array, order: NDArray[np.integer], counts: Sequence[int], fill: Array | float
) -> Array:
    """The score after the first n parts of an order are filled, for each n: (len(counts),).

    Args:
        x: the input, of any shape; its parts are counted row by row.
        order: numbers of parts, the strongest first.
        counts: how many of them to fill.
        fill: a number, or what takes x's place, in its shape.

    Raises:
        ValueError: if the order names a part twice or one that is not there, or is too short.
    """
    x = np.asarray(x, dtype=np.float64)
    order = np.asarray(order)
    if len(np.unique(order)) < len(order) or not np.all((order >= 0) & (order < x.size)):
        raise ValueError(f"order: expected different numbers from 0 to {x.size - 1}")
    if max(counts) > len(order) or min(counts) < 0:
        raise ValueError(f"counts: expected 0 to {len(order)}, got {min(counts)} to {max(counts)}")
    filled = np.broadcast_to(fill, x.shape).reshape(-1)
    without = np.repeat(x.reshape(1, -1), len(counts), axis=0)  # (N, parts)
    for row, count in zip(without, counts, strict=True):
        row[order[:count]] = filled[order[:count]]
    return score(without.reshape(-1, *x.shape))


def rank_correlation(a: Array, b: Array) -> float:
    """Spearman's: 1 if two lists of numbers are in the same order, -1 if in the opposite one.

    Equal numbers share their mean rank. NaN if all numbers of one list are equal.

    Raises:
        ValueError: if the shapes differ.
    """
    a, b = _alike("b", a, b)
    ranks = []
    for values in (a, b):
        _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
        middle = np.cumsum(counts) - (counts - 1) / 2
        ranks.append(middle[place.reshape(-1)])
    x, y = (r - r.mean() for r in ranks)
    size = np.sqrt((x**2).sum() * (y**2).sum())
    return float((x * y).sum() / size) if size else float("nan")


def _alike(name: str, x: Array, other: Array) -> tuple[Array, Array]:
    x, other = np.asarray(x, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if x.shape != other.shape:
        raise ValueError(f"{name}: expected the shape {x.shape}, got {other.shape}")
    return x, other


def _whole(name: str, value: int, most: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
    if most is not None and value > most:
        raise ValueError(f"{name}: expected at most {most}, got {value}")
