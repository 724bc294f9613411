"""The exercise of chapter 5_2_2_compression that adds LoRA's product to the matrix beside it.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from large_models.checks.exercise import Case, Exercise, Mistake, case

if TYPE_CHECKING:
    pass


def _merge_cases() -> Iterable[Case]:
    rng = np.random.default_rng(2)
    for O, I, r, alpha in [(2, 2, 2, 4), (3, 2, 1, 4), (3, 3, 2, 4), (5, 4, 2, 8), (8, 6, 3, 2)]:
        weight, A, B = (rng.normal(0, 1, s).round(1) for s in ((O, I), (r, I), (O, r)))
        yield case(f"weight {O} x {I}, r {r}, alpha {alpha}", weight, A, B, alpha)


MERGE = Exercise(
    right=lambda w, A, B, alpha: w + alpha / len(A) * (B @ A),
    make_cases=_merge_cases,
    mistakes=[
        Mistake(
            lambda w, A, B, alpha: w + B @ A,
            "alpha / r is missing: multiply the product by it.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + alpha * (B @ A),
            "alpha is not divided by r, the number of A's rows.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + (B @ A) / len(A),
            "alpha is missing: multiply the product by alpha / r.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + len(A) / alpha * (B @ A),
            "the product is multiplied by r / alpha. Multiply it by alpha / r.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + alpha / np.sqrt(len(A)) * (B @ A),
            "alpha is divided by the root of r. Divide by r.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + alpha / w.shape[1] * (B @ A),
            "r is the number of A's rows, not of its columns.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + alpha / len(w) * (B @ A),
            "r is the number of A's rows, not of B's.",
        ),
        Mistake(
            lambda w, A, B, alpha: alpha / len(A) * (B @ A),
            "this is the product alone. Add it to the matrix.",
        ),
        Mistake(
            lambda w, A, B, alpha: w - alpha / len(A) * (B @ A),
            "the product is subtracted. Add it.",
        ),
        Mistake(
            lambda w, A, B, alpha: alpha / len(A) * (w + B @ A),
            "the matrix is multiplied by alpha / r as well. Only the product should be.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + alpha / len(A) * (A @ B),
            "this adds A times B. Add B times A.",
        ),
        Mistake(
            lambda w, A, B, alpha: w + alpha / len(A) * (B @ A).T,
            "the product is transposed: its rows should be B's.",
        ),
    ],
    hint="B (O, r) times A (r, I) has the shape of the matrix.",
)
