"""Weights small enough for a page: matrices as one byte a number, and a scale for each row.

A row's largest number becomes 127, the others keep their ratio to it, rounded; so each is wrong by
at most a 254th of the row's largest. Vectors (biases, layer norms) are few and stay as they are.
The bytes are a safetensors file; `unpack` of packed.js reads it in the page.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

SCALE = ".scale"  # what the scales' name adds to the matrix's


def pack(tensors: Mapping[str, NDArray]) -> bytes:
    """A safetensors file of int8 matrices and float32 vectors.

    Args:
        tensors: real numbers of any shape by name. Those of two axes or more count as matrices,
            whose rows lie along the first axis.

    Returns:
        the file's bytes: a matrix NAME is int8 of its own shape, with NAME.scale, float32 (rows,),
        beside it; what has one axis or none is float32.

    Raises:
        ValueError: if a value is not a finite number, or if a scale's name is taken.
    """
    packed: dict[str, NDArray] = {}
    for name, value in tensors.items():
        array = _numbers(name, value)
        if array.ndim < 2:
            packed[name] = array
            continue
        if name + SCALE in tensors:
            raise ValueError(f"expected {name + SCALE!r} to be free for the scales of {name!r}")
        largest = np.abs(array).max(axis=tuple(range(1, array.ndim)), initial=0)
        scale = np.maximum(largest / np.float32(127), np.finfo(np.float32).tiny)
        by_row = scale.reshape(-1, *[1] * (array.ndim - 1))
        packed[name] = np.clip(np.round(array / by_row), -127, 127).astype(np.int8)
        packed[name + SCALE] = scale
    return save(packed)


def unpack(data: bytes) -> dict[str, NDArray[np.float32]]:
    """The tensors of `pack`, as float32: each within a 254th of its row's largest.

    Raises:
        ValueError: if `data` is not such a file.
    """
    try:
        packed = load(bytes(data))
    except Exception as error:  # the library raises nothing more precise
        raise ValueError(f"expected the bytes of `pack`: {error}") from error
    unpacked = {}
    for name, array in packed.items():
        if array.dtype == np.int8:
            scale = packed.get(name + SCALE)
            if scale is None or scale.shape != array.shape[:1]:
                raise ValueError(f"expected {name + SCALE!r} with a scale for each row of {name!r}")
            by_row = scale.reshape(-1, *[1] * (array.ndim - 1))
            unpacked[name] = array.astype(np.float32) * by_row
        elif array.dtype != np.float32:
            raise ValueError(f"expected {name!r} to be int8 or float32, got {array.dtype}")
        elif packed.get(name.removesuffix(SCALE), array).dtype != np.int8:
            unpacked[name] = array
    return unpacked


def _numbers(name: str, value: NDArray) -> NDArray[np.float32]:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"expected {name!r} to hold real numbers, got {array.dtype}")
    with np.errstate(over="ignore"):  # what is too large for float32 is told in the next line
        array = np.array(array, dtype=np.float32, order="C")
    if not np.isfinite(array).all():
        raise ValueError(f"expected {name!r} to hold finite numbers only")
    return array
