"""The exercise of chapter 3_4_transformer that turns queries and keys by their position.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Callable, Iterable

import numpy as np

from large_models.checks.differences import at
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.formulas import transformer

Array = np.ndarray


def _rotary_cases() -> Iterable[Case]:
    for T, D in [(1, 2), (2, 2), (2, 4), (3, 4), (5, 6)]:
        random = np.random.default_rng(10 * T + D)
        x = random.permutation(np.arange(1.0, T * D + 1)).reshape(T, D)
        yield case(f"x {T} x {D}", x)


def _angles(x: Array, first: int = 0, power: Callable[[Array, int], Array] | None = None) -> Array:
    T, D = x.shape
    i = np.arange(D // 2)
    exponent = -2 * i / D if power is None else power(i, D)
    return np.arange(first, first + T)[:, None] * 10000.0**exponent


def _turn(x: Array, y: Array, angles: Array) -> tuple[Array, Array]:
    cos, sin = np.cos(angles), np.sin(angles)
    return x * cos - y * sin, x * sin + y * cos


def _interleave(even: Array, odd: Array) -> Array:
    return np.stack([even, odd], axis=-1).reshape(len(even), -1)


def _neighbours(x: Array, angles: Array) -> Array:
    return _interleave(*_turn(x[:, ::2], x[:, 1::2], angles))


def _halves(x: Array, angles: Array) -> Array:
    D = x.shape[1]
    return np.concatenate(_turn(x[:, : D // 2], x[:, D // 2 :], angles), axis=1)


def _in_place(x: Array) -> Array:
    x, angles = x.copy(), _angles(x)
    cos, sin = np.cos(angles), np.sin(angles)
    x[:, ::2] = x[:, ::2] * cos - x[:, 1::2] * sin
    x[:, 1::2] = x[:, ::2] * sin + x[:, 1::2] * cos
    return x


_HALVED = (
    "the first half is paired with the second. Some models do so; here, neighbours are a pair: "
    "x[:, ::2] with x[:, 1::2]."
)

ROTARY = Exercise(
    right=transformer.rotary,
    make_cases=_rotary_cases,
    mistakes=[
        Mistake(lambda x: _halves(x, _angles(x)), _HALVED),
        Mistake(
            lambda x: _halves(x, -_angles(x)),
            f"{_HALVED} Besides, everything is turned the other way round.",
        ),
        Mistake(
            lambda x: _halves(x, _angles(x, 1)),
            f"{_HALVED} Besides, positions start at 1; they should start at 0.",
        ),
        Mistake(
            lambda x: np.concatenate(_turn(x[:, ::2], x[:, 1::2], _angles(x)), axis=1),
            "the first features of all pairs stand before the second ones. Put feature 2i back at "
            "2i, and 2i + 1 back at 2i + 1.",
        ),
        Mistake(
            _in_place,
            "the second feature of a pair is computed from the first after that one has been "
            "turned. Keep the old value until both are done.",
        ),
        Mistake(
            lambda x: _neighbours(x, -_angles(x)),
            "everything is turned the other way round. The minus belongs in the first feature: "
            "x cos - y sin, then x sin + y cos.",
        ),
        Mistake(
            lambda x: _neighbours(x, _angles(x, 1)),
            "positions start at 1. The first token has position 0: it is not turned.",
        ),
        Mistake(
            lambda x: _neighbours(x, _angles(x, power=lambda i, D: -i / D)),
            "the exponent is -i / D; it should be -2i / D: i counts pairs.",
        ),
        Mistake(
            lambda x: _neighbours(x, _angles(x, power=lambda i, D: -2 * (i + 1) / D)),
            "the pairs are counted from 1. The first pair, i = 0, turns by the angle t.",
        ),
        Mistake(
            lambda x: _neighbours(x, _angles(x, power=lambda i, D: 0.0 * i)),
            "all pairs turn by the same angle. Pair i turns by t * 10000^(-2i / D).",
        ),
        Mistake(
            lambda x: _neighbours(x, _angles(x, power=lambda i, D: 2 * i / D)),
            "the exponent lacks its minus: later pairs turn more slowly, 10000^(-2i / D).",
        ),
        Mistake(
            lambda x: _neighbours(x, _angles(x, power=lambda i, D: -2.0 * i)),
            "the exponent is not divided by D.",
        ),
        Mistake(
            lambda x: _neighbours(x, np.radians(_angles(x))),
            "the angles are treated as degrees. They are in radians already.",
        ),
        Mistake(
            lambda x: x + transformer.sinusoidal_positions(*x.shape),
            "sines and cosines are added, which is the sinusoidal way. Here pairs are turned.",
        ),
    ],
    hint=lambda x: f"The result should have shape {x.shape} here.",
    differ=at("position", "feature"),
)
