"""Cases of an exercise: what a function should return, and what the usual mistakes return.

A case holds arguments, the right result and wrong ones, each with a sentence about the mistake
behind it. Cases go from small to large, so that the first one that fails can be worked out on
paper.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from lib.checks.calls import NotYet, Remark, call, echo, equal, first_difference
from lib.checks.calls import numbers as any_numbers

Mistakes = Iterable[tuple[Any, str]]  # what a usual mistake gives, and what to say of it


def numbers(value: Any, what: str, not_finite: str = "") -> np.ndarray:
    """`value` as an array of finite float64."""
    array = any_numbers(value, what)
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        where = f" at {place}" if place else ""
        remark = f"{what} {array[place]}{where}, expected finite numbers. {not_finite}"
        raise Remark(remark.strip())
    return array


class Case(NamedTuple):
    """One call of the reader's function."""

    name: str  # its arguments, in words
    arguments: tuple
    expected: np.ndarray  # made beforehand: the function may change its arguments
    hint: str  # helps where the function raises
    mistakes: list[tuple[np.ndarray, str]]
    not_finite: str = ""  # helps where the result has NaN or infinity
    read: Callable[[Any, str], np.ndarray] = numbers  # what came back, as an array


def make_case(
    name: str,
    arguments: tuple,
    expected: Any,
    mistakes: Mistakes,
    hint: str = "",
    **options: Any,
) -> Case:
    """A case whose results are arrays; mistakes that give no finite numbers are left out."""
    expected = np.asarray(expected, dtype=np.float64)
    with np.errstate(all="ignore"):
        arrays = [(np.asarray(wrong, dtype=np.float64), remark) for wrong, remark in mistakes]
    finite = [(wrong, remark) for wrong, remark in arrays if np.isfinite(wrong).all()]
    hint = hint or f"The result should have shape {expected.shape} here."
    return Case(name, arguments, expected, hint, finite, **options)


def try_cases(function: Callable, cases: Sequence[Case]) -> str:
    """Praise, if the function is right in all cases.

    Raises:
        Remark: about the first case in which it is not.
    """
    for case in cases:
        outcome = call(
            function, case.arguments, lambda value, what, c=case: c.read(value, what, c.not_finite)
        )
        said = echo(outcome.printed)
        if outcome.missing:
            raise NotYet(outcome.fault)
        if outcome.array is None:
            hint = case.hint if " raised " in outcome.fault else ""
            raise Remark(f"{said}{case.name}: {outcome.fault} {hint}".strip())
        result = outcome.array
        if not equal(result, case.expected):
            raise Remark(f"{said}{case.name}: {_about(result, case)}")
    return f"Right, in {len(cases)} cases up to {cases[-1].name}."


def try_parts(parts: Sequence[tuple[str, Callable, Sequence[Case]]]) -> str:
    """As `try_cases`, for an exercise of several functions: name, function and cases of each."""
    praise = ""
    for name, function, cases in parts:
        try:
            try_cases(function, cases)
        except NotYet as remark:
            missing = f"{name} is not there yet: fill it in, then run this cell again."
            raise NotYet(f"{praise}{missing}" if praise else str(remark)) from None
        except Remark as remark:
            raise Remark(f"{praise}{remark}") from None
        praise += f"{name} is right. "
    return f"Right: {' and '.join(name for name, _, _ in parts)}, in {len(parts[0][2])} cases each."


def _about(result: np.ndarray, case: Case) -> str:
    for wrong, remark in case.mistakes:
        if equal(result, wrong):
            return remark
    if result.shape == case.expected.shape:
        return first_difference(result, case.expected)
    remark = f"the result should have shape {case.expected.shape}, it has {result.shape}."
    overlap = tuple(map(slice, map(min, result.shape, case.expected.shape)))
    same_rank = result.ndim == case.expected.ndim
    if same_rank and result.size and equal(result[overlap], case.expected[overlap]):
        remark += " Where the two overlap its values are right: only the size is off."
    return remark
