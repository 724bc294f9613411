"""Calling a reader's function so that nothing it does breaks the notebook.

A check tries an answer on its own small cases and says in plain sentences what it found. A
function may return nothing, text or an array of the wrong size, change its input, raise, or try to
leave Python: each is a sentence, not a traceback. It runs in the reader's own notebook, to help,
so it is not safe against a reader who wants to cheat.
"""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

NOT_YET = "Not yet: fill in the answer, then run this cell again."


class Remark(Exception):
    """A sentence for the reader: what is wrong with the answer."""


class NotYet(Remark):
    """A sentence for the reader: there is no answer yet."""


def report(check: Callable[..., str], answer: Any) -> bool | None:
    """Print what `check` says of the answer: True if right, False if wrong, None if not there."""
    try:
        print(check(answer))
        return True
    except NotYet as remark:
        print(remark)
        return None
    except Remark as remark:
        print(remark)
        return False


def numbers(value: Any, what: str, not_finite: str = "") -> np.ndarray:
    """`value` as an array of finite float64; `what` opens the sentence if it is not.

    Raises:
        Remark: if it is anything else.
    """
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise TypeError
        array = array.astype(np.float64)
    except KeyboardInterrupt:
        raise
    except BaseException:
        raise Remark(f"{what} {kind(value)}, expected an array of numbers.") from None
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        where = f" at {place}" if place else ""
        remark = f"{what} {array[place]}{where}, expected finite numbers. {not_finite}"
        raise Remark(remark.strip())
    return array


def call(
    function: Callable,
    case: str,
    *arguments: Any,
    hint: str = "",
    not_finite: str = "",
    read: Callable[..., np.ndarray] = numbers,
) -> np.ndarray:
    """The function's result as an array.

    Args:
        function: the reader's.
        case: names the arguments.
        arguments: go into it.
        hint: helps if it raises.
        not_finite: helps if the result has NaN or infinity.
        read: makes an array of the result, as `numbers` does.

    Raises:
        NotYet: if it is a stub: it is or returns None or ..., or raises NotImplementedError.
        Remark: if it raises, or its result is not what `read` expects.
    """
    if function is None or function is ...:
        raise NotYet(NOT_YET)
    if not callable(function):
        raise Remark(f"Expected a function, got {kind(function)}: give its name, without ( ).")
    before = _bytes(arguments)
    try:
        with np.errstate(all="ignore"):
            result = function(*arguments)
    except NotImplementedError:
        raise NotYet(NOT_YET) from None
    except KeyboardInterrupt:  # the reader stopped it
        raise
    except BaseException as error:
        raise Remark(f"{case}: the function raised {_message(error)} {hint}".strip()) from None
    if result is None and _bytes(arguments) != before:
        raise Remark(
            f"{case}: the function changed its input and returned None. Return the result."
        )
    if result is None or result is ...:
        raise NotYet(NOT_YET)
    return read(result, f"{case}: the function returned", not_finite)


def equal(array: np.ndarray, expected: np.ndarray) -> bool:
    """Same shape and same values, with room for float32."""
    return array.shape == expected.shape and np.allclose(array, expected, rtol=1e-4, atol=1e-4)


def first_difference(array: np.ndarray, expected: np.ndarray) -> str:
    """Where two arrays of one shape first differ, in words."""
    place = tuple(np.argwhere(~np.isclose(array, expected, rtol=1e-4, atol=1e-4))[0].tolist())
    where = f"at {place} "
    if len(place) == 2:
        where = f"at row {place[0]}, column {place[1]} "
    elif len(place) < 2:
        where = f"at place {place[0]} " if place else ""
    return f"{where}expected {expected[place]:.4g}, got {array[place]:.4g}."


def _bytes(arguments: tuple) -> bytes | None:
    """The arguments' content, to see a change; None where there is no telling."""
    try:
        return pickle.dumps(arguments)
    except Exception:
        return None


def _message(error: BaseException) -> str:
    try:
        text = str(error).strip().split("\n")[0].rstrip(".")
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}." if text else f"{type(error).__name__}."


def kind(value: Any) -> str:
    """What a value is, in words: an int, a list, an array of float64."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"
