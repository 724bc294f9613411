"""Checks for the exercises of chapter 5_2_2_compression: a row in few bits, pruning, LoRA merged.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases


def quantize_row(function: Callable) -> bool | None:
    """Check `function(row, bits)`: row (N,), bits 2 to 8.

    It should return the row rounded to whole multiples of one scale, symmetric around zero: (N,).
    """
    return report(lambda answer: try_cases(answer, list(_quantize_cases())), function)


def prune(function: Callable) -> bool | None:
    """Check `function(weight, share)`: weight (O, I), share from 0 to 1.

    It should return the matrix with that share of its numbers, the smallest in magnitude, at 0.
    """
    return report(lambda answer: try_cases(answer, list(_prune_cases())), function)


def merge(function: Callable) -> bool | None:
    """Check `function(weight, A, B, alpha)`: weight (O, I), A (r, I), B (O, r).

    It should return the one matrix (O, I) that does the work of both.
    """
    return report(lambda answer: try_cases(answer, list(_merge_cases())), function)


def _quantize_cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    rows = [
        ([0.4, -0.7, -0.3], 3),
        ([-2.0, 0.5, 1.1, -0.2], 2),
        ([0.0, 0.0, 0.0], 4),
        (rng.normal(0, 0.3, 40).round(3).tolist(), 4),
    ]
    for numbers, bits in rows:
        row = np.array(numbers)
        whole = 2 ** (bits - 1) - 1

        def rounded(levels, row=row, to=np.round, largest=None):
            scale = (np.abs(row).max() if largest is None else largest) / levels or 1.0
            return to(row / scale) * scale

        scale = np.abs(row).max() / whole or 1.0
        mistakes = [
            (
                rounded(2**bits - 1),
                f"these are multiples of the largest / {2**bits - 1}: twice as many steps as "
                f"{bits} bits have, since one half of them is for negative numbers.",
            ),
            (
                rounded(whole + 1),
                f"the largest is divided by 2^(bits - 1) = {whole + 1}. It should become the "
                f"whole number {whole}: one less, so that zero stays zero.",
            ),
            (np.round(row / scale), "these are the whole numbers. Multiply by the scale again."),
            (rounded(whole, to=np.floor), "the numbers are rounded down. Round to the nearest."),
            (rounded(whole, to=np.trunc), "the fractions are cut off. Round to the nearest."),
            (
                rounded(whole, largest=row.max()) if row.max() > 0 else row + 1,
                "the scale comes from the largest number. Take the largest magnitude.",
            ),
        ]
        yield make_case(
            f"{len(row)} numbers, {bits} bits",
            (row.copy(), bits),
            rounded(whole),
            mistakes,
            not_finite="A row of zeros has no largest: its scale is 0. Let it stay as it is.",
        )


def _prune_cases() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    listed = [
        (np.array([[0.1, -0.9], [0.4, -0.2]]), 0.5),
        (np.array([[3.0, -0.1, 0.2], [-4.0, 0.3, 5.0]]), 0.0),
        (np.array([[3.0, -0.1, 0.2], [-4.0, 2.0, 5.0]]), 1 / 3),
        (rng.normal(0, 1, (6, 10)).round(3), 0.7),
    ]
    for weight, share in listed:
        gone = round(share * weight.size)

        def without(order, number, weight=weight):
            left = weight.copy().reshape(-1)
            left[order[:number]] = 0
            return left.reshape(weight.shape)

        by_size = np.argsort(np.abs(weight), axis=None)
        each = np.argsort(np.abs(weight), axis=1)
        in_rows = weight.copy()
        np.put_along_axis(in_rows, each[:, : round(share * weight.shape[1])], 0, axis=1)
        limit = np.sort(np.abs(weight), axis=None)[-gone - 1] if gone < weight.size else 0
        mistakes = [
            (
                without(np.argsort(weight, axis=None), gone),
                "the smallest numbers went, and with them large negative ones. Compare magnitudes.",
            ),
            (without(by_size[::-1], gone), "the largest magnitudes went. The smallest should."),
            (
                without(by_size, weight.size - gone),
                "the share is what was kept. It should be what goes.",
            ),
            (in_rows, "the share went from each row. Rank all numbers of the matrix together."),
            (
                np.clip(weight, -limit, limit),
                "large numbers were cut off at a limit: that is clipping, and makes no zeros.",
            ),
        ]
        rows, columns = weight.shape
        yield make_case(
            f"{rows} x {columns}, share {share:.2g}",
            (weight.copy(), share),
            without(by_size, gone),
            mistakes,
        )


def _merge_cases() -> Iterable[Case]:
    rng = np.random.default_rng(2)
    for O, I, r, alpha in [(2, 2, 2, 4), (3, 2, 1, 4), (5, 4, 2, 8), (8, 6, 3, 2)]:
        weight, A, B = (rng.normal(0, 1, s).round(1) for s in ((O, I), (r, I), (O, r)))
        product = B @ A
        mistakes = [
            (weight + product, "the product counts alpha / r times."),
            (weight + alpha * product, "alpha is not divided by r, the number of A's rows."),
            (weight + alpha / I * product, "r is the number of A's rows, not of its columns."),
            (weight + alpha / O * product, "r is the number of A's rows, not of B's."),
            (alpha / r * product, "this is the product alone. Add it to the matrix."),
            (weight - alpha / r * product, "the product is taken off. Add it."),
        ]
        if O == I == r:
            mistakes.append((weight + alpha / r * (A @ B), "this adds A B. Add B A."))
        yield make_case(
            f"weight {O} x {I}, r {r}, alpha {alpha}",
            (weight.copy(), A.copy(), B.copy(), alpha),
            weight + alpha / r * product,
            mistakes,
            "B (O, r) times A (r, I) has the shape of the matrix.",
        )
