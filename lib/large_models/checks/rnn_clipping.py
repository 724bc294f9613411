"""The exercise of chapter 3_2_rnn that clips gradients by their norm.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from large_models.checks.calls import Outcome, Remark, first_difference, kind, numbers
from large_models.checks.exercise import Case, Exercise, Mistake, case


def _clip_cases() -> Iterable[Case]:
    cases: list[tuple[list, float]] = [
        ([[3.0, 4.0]], 1.0),
        ([[3.0, 4.0]], 10.0),
        ([[2.0, 4.0], [[4.0, 8.0]]], 5.0),
        ([[1.0, -2.0], [[2.0, 4.0], [-4.0, 6.0]], [0.0]], 3.0),
        ([[0.0, 0.0], [[0.0]]], 1.0),
    ]
    for lists, max_norm in cases:
        gradients = [np.array(values) for values in lists]
        many = "1 array" if len(gradients) == 1 else f"{len(gradients)} arrays"
        name = f"{many} of norm {_norm(gradients):.3g}, max_norm {max_norm:.3g}"
        yield case(name, gradients, max_norm)


def _flat(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


def _norm(gradients: Sequence[np.ndarray]) -> float:
    return float(np.sqrt((_flat(gradients) ** 2).sum()))


def _clip_by(length: Callable[[Sequence[np.ndarray]], float]) -> Callable:
    """Clipping as it should be, with another length."""

    def function(gradients: list[np.ndarray], max_norm: float) -> list[np.ndarray]:
        factor = min(1.0, max_norm / max(length(gradients), 1e-12))
        return [g * factor for g in gradients]

    return function


def _each(gradients: list[np.ndarray], max_norm: float) -> list[np.ndarray]:
    return [_clip_by(_norm)([g], max_norm)[0] for g in gradients]


def _scaled(to: Callable[[float], float], least: float) -> Callable:
    """All gradients brought to a norm, short ones too; zeros become NaN where `least` is 0."""
    return lambda gradients, max_norm: [
        g * to(max_norm) / np.maximum(_norm(gradients), least) for g in gradients
    ]


def _read_list(value: Any, what: str) -> np.ndarray:
    """A list of arrays as one row of numbers: how many, then shape and content of each."""
    if not isinstance(value, list | tuple):
        raise Remark(f"{what} {kind(value)}, expected a list of arrays.")
    arrays = [numbers(part, f"{what}, in its list at {i},") for i, part in enumerate(value)]
    shapes = [[array.ndim, *array.shape] for array in arrays]
    return _flat([np.array([len(arrays)]), *map(np.array, shapes), *arrays]).astype(float)


def _written_out(row: np.ndarray) -> list[np.ndarray]:
    """The list of arrays that `_read_list` has made into a row."""
    count, at, shapes, arrays = int(row[0]), 1, [], []
    for _ in range(count):
        ndim = int(row[at])
        shapes.append(tuple(int(n) for n in row[at + 1 : at + 1 + ndim]))
        at += 1 + ndim
    for shape in shapes:
        size = int(np.prod(shape))
        arrays.append(row[at : at + size].reshape(shape))
        at += size
    return arrays


class _ListExercise(Exercise):
    """An exercise whose result is a list of arrays, and told in these terms."""

    def _about(self, outcome: Outcome, made: Case, expected: np.ndarray) -> str:
        if outcome.array is None:
            return super()._about(outcome, made, expected)
        got, wanted = _written_out(outcome.array), _written_out(expected)
        if len(got) != len(wanted):
            return f"the list has {len(got)} arrays, expected as many as went in: {len(wanted)}."
        for i, (a, b) in enumerate(zip(got, wanted, strict=True)):
            at = f"array {i} of the list" if len(wanted) > 1 else "the array in the list"
            if a.shape != b.shape:
                return f"{at} has shape {a.shape}, expected {b.shape}."
            if not np.isfinite(a).all():
                return f"{at} has {a[~np.isfinite(a)][0]} in it. {self.not_finite}"
            if not np.allclose(a, b, rtol=1e-4, atol=1e-4):
                return f"in {at}, {first_difference(a, b)}"
        raise AssertionError("two lists that are equal were judged to differ")


_ONE_FACTOR = "One norm for all numbers together, one factor for all arrays."


def _to_long(gradients: list[np.ndarray], max_norm: float) -> str:
    norm = f"{_norm(gradients):.3g}"
    return f"a short gradient is made longer. Its norm is {norm}, so it may stay as it is."


def _to_one(gradients: list[np.ndarray], max_norm: float) -> str:
    right = f"{min(_norm(gradients), max_norm):.3g}"
    return f"the norm of the result is 1, it should be {right}."


CLIP_GRADIENTS = _ListExercise(
    right=_clip_by(_norm),
    make_cases=_clip_cases,
    mistakes=[
        Mistake(
            _each, f"each array is clipped by its own norm, which turns the gradient. {_ONE_FACTOR}"
        ),
        Mistake(
            lambda gradients, m: [g.clip(-m, m) for g in gradients],
            f"each number is clipped, which turns the gradient. {_ONE_FACTOR}",
        ),
        Mistake(
            lambda gradients, m: gradients,
            lambda gradients, m: f"nothing is shortened. The norm is {_norm(gradients):.3g}.",
        ),
        Mistake(_scaled(lambda m: m, 0.0), _to_long),
        Mistake(_scaled(lambda m: m, 1e-12), _to_long),
        Mistake(_scaled(lambda m: 1.0, 0.0), _to_one),
        Mistake(_scaled(lambda m: 1.0, 1e-12), _to_one),
        Mistake(
            _clip_by(lambda gradients: _norm(gradients) ** 2),
            "the root is missing: the norm is the square root of the sum of squares.",
        ),
        Mistake(
            _clip_by(lambda gradients: sum(_norm([g]) for g in gradients)),
            "the norms of the arrays are added up. Add up all squares, take one root.",
        ),
        Mistake(
            _clip_by(lambda gradients: np.abs(_flat(gradients)).sum()),
            "the norm is the sum of absolute values. It should be the root of the sum of squares.",
        ),
        Mistake(
            _clip_by(lambda gradients: np.abs(_flat(gradients)).max()),
            "the norm is the largest absolute value. It should be the root of the sum of squares.",
        ),
        Mistake(
            _clip_by(lambda gradients: np.sqrt((_flat(gradients) ** 2).mean())),
            "the norm is the root of the mean of squares. Take their sum.",
        ),
        Mistake(
            _clip_by(lambda gradients: max(_norm([g]) for g in gradients)),
            f"the norm of the longest array is taken. {_ONE_FACTOR}",
        ),
    ],
    hint="gradients is a list of arrays.",
    not_finite="The norm of nothing but zeros is 0: do not divide by it.",
    read=_read_list,
)
