"""What numbers the formulas take, and in which they are computed.

    float64, float32     as they are
    float16              computed as float32, and the result rounded: as torch does, since sums and
                         squares of float16 soon pass its largest number, 65,504
    integers, booleans   computed as float64: sums of int8 would go round at 127

Anything else (complex numbers, texts, objects) is refused. NumPy has no bfloat16.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def read_numbers(name: str, values: ArrayLike) -> np.ndarray:
    """An array of floats, of any shape, as it is; of integers or booleans as float64.

    Raises:
        ValueError: if it is not of real numbers.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} must be an array of numbers, got rows of unequal length"
        ) from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be real numbers, got an array of {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def floats(*names: str) -> Callable[[Callable], Callable]:
    """A formula whose arguments `names` are numbers: arrays, or named tuples of arrays.

    They reach it as floats, none narrower than float32. If all of them are float16, so are the
    floats that it returns.

    Raises:
        ValueError: from the formula, if an argument is not of real numbers.
    """

    def decorate(formula: Callable) -> Callable:
        parameters = list(inspect.signature(formula).parameters)
        places = {name: parameters.index(name) for name in names}

        @functools.wraps(formula)
        def computed(*args: Any, **options: Any) -> Any:
            given, types = list(args), set()

            def read(name: str, value: Any) -> Any:
                if value is None:
                    return None
                if hasattr(value, "_fields"):
                    return type(value)(*(read(name, part) for part in value))
                array = read_numbers(f"{formula.__name__}: {name}", value)
                types.add(array.dtype)
                return array.astype(np.float32) if array.dtype == np.float16 else array

            for name, place in places.items():
                if place < len(given):
                    given[place] = read(name, given[place])
                elif name in options:
                    options[name] = read(name, options[name])
            results = formula(*given, **options)
            return _narrow(results) if types == {np.dtype(np.float16)} else results

        return computed

    return decorate


def _narrow(results: Any) -> Any:
    """float32 to float16, also inside tuples; too large a number becomes infinity."""
    if isinstance(results, tuple):
        parts = (_narrow(part) for part in results)
        return type(results)(*parts) if hasattr(results, "_fields") else tuple(parts)
    if getattr(results, "dtype", None) != np.float32:
        return results
    with np.errstate(over="ignore"):
        return results.astype(np.float16)
