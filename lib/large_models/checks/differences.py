"""Where an answer first differs from the right one, said in an exercise's own terms."""

from collections.abc import Callable

import numpy as np

from large_models.checks.calls import two_numbers


def at(*names: str) -> Callable[[np.ndarray, np.ndarray], str]:
    """Says where two arrays differ, an index for each of the names: "row 2, feature 0"."""

    def differ(got: np.ndarray, expected: np.ndarray) -> str:
        close = np.isclose(got, expected, rtol=1e-4, atol=1e-4)
        place = tuple(np.argwhere(~close)[0].tolist())
        where = ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=True))
        said = two_numbers(float(expected[place]), float(got[place]))
        return f"{where}: expected {said[0]}, got {said[1]}."

    return differ


def pair(got: np.ndarray, expected: np.ndarray, names: tuple[str, str], what: str) -> str:
    """Where two results, each (rows, columns), first differ."""
    which, row, column = np.argwhere(~np.isclose(got, expected, rtol=1e-4, atol=1e-4))[0]
    said = two_numbers(float(expected[which, row, column]), float(got[which, row, column]))
    place = f"row {row}, {what} {column}"
    return f"{names[which]}, {place}: expected {said[0]}, got {said[1]}."
