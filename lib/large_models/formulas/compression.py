r"""Smaller networks in NumPy: fewer bits, fewer weights, and what both cost to store.

    quantise    s = max |w| / (2^(b-1) - 1),   q = round(w / s),   w' = s q        (symmetric)
    prune       w' = 0 for the given share with the smallest |w|, else w
    clip        w' = min(max(w, -c), c)

The scale s belongs to the whole tensor, or to each row (an output of a dense layer, a kernel of a
convolution, a token of an embedding). A row's own scale costs 32 bits, and saves a row of small
numbers from one large number elsewhere. Clipping is here because it is taken for pruning at times:
it makes no zeros. widgets/engine/compression.js is the same in JavaScript, bit for bit.

Sources: Gholami et al. 2021, section III (quantisation); Han et al. 2015 (pruning).
Chapter: 5_2_2_compression.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

PLAIN = 32  # bits of a number that is not quantised
BITS = (8, 7, 6, 5, 4, 3, 2)
PER = ("tensor", "row")


def quantize(
    weight: ArrayLike, bits: int, per: str = "row"
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers of `bits` bits, and the scale to multiply them by.

    Args:
        weight: (O, ...), rows along the first axis; a vector is one row.
        bits: 2 to 8. With b bits the whole numbers go from -(2^(b-1) - 1) to 2^(b-1) - 1.
        per: "tensor" for one scale, "row" for one scale per row.

    Returns:
        whole numbers of the shape of `weight`; scales (1,) or (O,), 1 where all numbers are 0.

    Raises:
        ValueError: for other bits or another `per`, or if a weight is not finite.
    """
    weight = _numbers(weight)
    if isinstance(bits, bool) or bits not in BITS:
        raise ValueError(f"bits: expected 2 to 8, got {bits!r}")
    if per not in PER:
        raise ValueError(f"per: expected one of {', '.join(PER)}, got {per!r}")
    rows = _rows(weight) if per == "row" else weight.reshape(1, -1)
    largest = np.abs(rows).max(axis=1, initial=0)
    scale = largest / np.float32(2 ** (bits - 1) - 1)
    scale = np.where(scale > 0, scale, np.float32(1))
    whole = np.round(rows / scale[:, None])
    return whole.astype(np.int8).reshape(weight.shape), scale


def dequantize(whole: NDArray, scale: NDArray) -> NDArray[np.float32]:
    """The numbers that `quantize` stands for: float32 of the shape of `whole`.

    Raises:
        ValueError: if there are neither one scale nor as many as rows.
    """
    whole, scale = np.asarray(whole), np.asarray(scale, dtype=np.float32)
    rows = whole.reshape(1, -1) if scale.shape == (1,) else _rows(whole)
    if scale.shape not in ((1,), (len(rows),)):
        raise ValueError(f"scale: expected 1 or {len(rows)} numbers, got shape {scale.shape}")
    return (rows.astype(np.float32) * scale[:, None]).reshape(whole.shape)


def prune(weight: ArrayLike, share: float) -> NDArray[np.float32]:
    """Zero for the weights, of any shape, that are smallest in magnitude.

    Args:
        share: 0 to 1, how many of them; rounded down to whole weights. Of equal ones the first go.

    Raises:
        ValueError: for another share, or if a weight is not finite.
    """
    weight = _numbers(weight)
    if not 0 <= share <= 1:
        raise ValueError(f"share: expected 0 to 1, got {share!r}")
    pruned = weight.copy().reshape(-1)
    order = np.argsort(np.abs(pruned), kind="stable")
    pruned[order[: int(share * pruned.size + 1e-9)]] = 0  # 0.29 * 100 is below 29
    return pruned.reshape(weight.shape)


def clip(weight: ArrayLike, limit: float) -> NDArray[np.float32]:
    """Weights, of any shape, beyond +-limit become +-limit; the others stay.

    Args:
        limit: above 0, as a share of the largest magnitude: at 1 or more nothing changes.

    Raises:
        ValueError: for another limit, or if a weight is not finite.
    """
    weight = _numbers(weight)
    if not limit > 0:
        raise ValueError(f"limit: expected more than 0, got {limit!r}")
    most = np.float32(limit * float(np.abs(weight).max(initial=0)))
    return np.clip(weight, -most, most)


def compress(
    weight: ArrayLike, bits: int = PLAIN, per: str = "row", share: float = 0.0, limit: float = 1.0
) -> NDArray[np.float32]:
    """Prune, then clip, then quantise; each can be left out (32 bits, share 0, limit 1).

    Raises:
        ValueError: as the three.
    """
    weight = clip(prune(weight, share), limit)
    return weight if bits == PLAIN else dequantize(*quantize(weight, bits, per))


def dense_bits(shape: Sequence[int], bits: int = PLAIN, per: str = "row") -> int:
    """Bits to store a tensor with every number in its place, scales of 32 bits included."""
    size = int(np.prod(shape, dtype=int))
    if bits == PLAIN:
        return size * PLAIN
    return size * bits + 32 * (int(shape[0]) if per == "row" and len(shape) > 1 else 1)


def sparse_bits(shape: Sequence[int], kept: int, bits: int = PLAIN, per: str = "row") -> int:
    """Bits to store it as one bit a place (is something there?) and the `kept` numbers alone.

    Raises:
        ValueError: if more are kept than there are.
    """
    size = int(np.prod(shape, dtype=int))
    if not 0 <= kept <= size:
        raise ValueError(f"kept: expected 0 to {size}, got {kept}")
    return size + dense_bits(shape, bits, per) - (size - kept) * bits


def stored_bits(weight: ArrayLike, bits: int = PLAIN, per: str = "row") -> int:
    """The smaller of `dense_bits` and `sparse_bits` for a tensor of any shape as it is."""
    weight = np.asarray(weight)
    kept = int(np.count_nonzero(weight))
    return min(dense_bits(weight.shape, bits, per), sparse_bits(weight.shape, kept, bits, per))


def _rows(weight: NDArray) -> NDArray:
    return weight.reshape(len(weight), -1) if weight.ndim > 1 else weight.reshape(1, -1)


def _numbers(weight: ArrayLike) -> NDArray[np.float32]:
    weight = np.asarray(weight, dtype=np.float32)
    if not np.isfinite(weight).all():
        raise ValueError("weight: expected finite numbers, got NaN or infinity")
    return weight
