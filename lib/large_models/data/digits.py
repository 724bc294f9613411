"""Handwritten digits, and one road by which data and drawings both reach the network.

scikit-learn's digits come from bitmaps of 32 x 32 pixels that were cut into blocks of 4 x 4; what
is stored is how many of a block's 16 pixels have ink (Alpaydin and Kaynak 1998). The bitmaps had
been normalised with NIST's programs, and it shows: every digit is 32 pixels high, nearly all are
24 wide and upright, and all have nearly the same amount of ink, however thick the pen was.

A drawing takes the same road: cut out, straightened, scaled, brought to that amount of ink
(`normalize_drawing`), counted (`count_ink`), and enlarged for the network (`to_input`).
widgets/engine/digits.js is the same in JavaScript. Chapter: 3_1_cnn.
"""

import gzip
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from large_models.data import borrowed

BITMAP = 32  # side of the normalised bitmap, pixels
WIDTH = 24  # width of most digits in it, pixels
BLOCK = 4  # side of a block in which ink is counted, pixels
INK = 313  # pixels with ink in the median digit of the data
INPUT = 28  # side of the network's input, pixels
NARROW = 0.6  # width / height below which a digit is not widened to WIDTH: a plain 1
MAX_SHEAR = 0.7  # horizontal shift per row at most taken out of a slanted digit


@dataclass(frozen=True)
class Digits:
    """The digits with their fixed split; the test part is for the end, and for nothing else."""

    train_images: NDArray[np.float32]  # (N, 8, 8) ink counts, 0 to 16
    train_labels: NDArray[np.int64]  # (N,)
    test_images: NDArray[np.float32]  # (M, 8, 8)
    test_labels: NDArray[np.int64]  # (M,)


@cache
def load_digits() -> Digits:
    """The 1,797 digits, a quarter of them (449, drawn once with a fixed seed) held out.

    They were written by 13 people who are not named in the data, so both parts contain the same
    hands. Source: scikit-learn's `load_digits`, the test part of UCI's optical digits.
    """
    images, labels = _read()
    order = np.random.default_rng(0).permutation(len(labels))
    test, train = order[: len(order) // 4], order[len(order) // 4 :]
    arrays = images[train], labels[train], images[test], labels[test]
    for array in arrays:
        array.setflags(write=False)  # shared by all callers
    return Digits(*arrays)


def _read() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """All ink counts (1797, 8, 8) and labels (1797,), in scikit-learn's order."""
    folder = borrowed.folder_of("digits.csv.gz")
    if folder:
        with gzip.open(folder / "digits.csv.gz", "rt") as file:
            rows = np.loadtxt(file, delimiter=",")
        images, labels = rows[:, :-1].reshape(-1, 8, 8), rows[:, -1]
    else:
        from sklearn import datasets

        data: Any = datasets.load_digits()
        images, labels = data.images, data.target
    return images.astype(np.float32), labels.astype(np.int64)


def to_input(counts: NDArray) -> NDArray[np.float32]:
    """What the network sees: the counts as grey values in 0..1, enlarged by linear interpolation.

    Args:
        counts: (N, 8, 8) or (8, 8), 0 to 16.

    Returns:
        (N, 1, 28, 28), or (1, 28, 28) for one.

    Raises:
        ValueError: for another shape, or values outside 0..16.
    """
    counts = np.asarray(counts)
    side = BITMAP // BLOCK
    if counts.ndim not in (2, 3) or counts.shape[-2:] != (side, side):
        raise ValueError(f"counts: expected shape (N, {side}, {side}), got {counts.shape}")
    most = BLOCK * BLOCK
    if not np.all((counts >= 0) & (counts <= most)):  # NaN fails too
        raise ValueError(f"counts: expected ink counts from 0 to {most}")
    enlarge = _enlarge()
    enlarged = enlarge @ counts.astype(np.float64) @ enlarge.T / most
    return enlarged[..., None, :, :].astype(np.float32)


def count_ink(bitmap: NDArray) -> NDArray[np.float32]:
    """Ink pixels in each block of 4 x 4.

    Args:
        bitmap: (..., 32, 32), ink 1 or True, paper 0 or False.

    Returns:
        (..., 8, 8), 0 to 16.

    Raises:
        ValueError: for another shape.
    """
    bitmap = np.asarray(bitmap)
    if bitmap.shape[-2:] != (BITMAP, BITMAP):
        raise ValueError(f"bitmap: expected shape (..., {BITMAP}, {BITMAP}), got {bitmap.shape}")
    side = BITMAP // BLOCK
    blocks = bitmap.reshape(*bitmap.shape[:-2], side, BLOCK, side, BLOCK)
    return blocks.sum(axis=(-3, -1)).astype(np.float32)


def normalize_drawing(gray: NDArray) -> NDArray[np.bool_]:
    """Bring a drawing into the form in which the data's bitmaps are.

    Cut out the ink, shear it upright, scale it to 32 high and 24 wide (less if it is narrow), blur
    it a little, and keep as ink the INK darkest pixels: thin strokes grow, thick ones shrink.

    Args:
        gray: (H, W), ink 1, paper 0; at least half counts as ink.

    Returns:
        (32, 32), True where there is ink; all False if the drawing has none.

    Raises:
        ValueError: if it is not 2-D, empty, or has values outside 0..1.
    """
    gray = np.asarray(gray, dtype=np.float64)
    if gray.ndim != 2 or not gray.size:
        raise ValueError(f"drawing: expected shape (H, W), got {gray.shape}")
    if not np.all((gray >= 0) & (gray <= 1)):  # NaN fails too
        raise ValueError("drawing: expected values from 0 (paper) to 1 (ink)")
    rows, columns = np.nonzero(gray >= 0.5)  # pixel (r, c) covers r..r+1, c..c+1
    if not len(rows):
        return np.zeros((BITMAP, BITMAP), dtype=bool)
    # Least squares: how much further right the ink of a row lies than that of the row above. Sums
    # of whole numbers are exact, so JavaScript gets the very same slope; Python's own numbers, as
    # the products of a large scan's sums need more than 64 bits.
    n, down, across = len(rows), int(rows.sum()), int(columns.sum())
    spread = n * int((rows * rows).sum()) - down**2
    slope = (n * int((rows * columns).sum()) - down * across) / spread if spread else 0.0
    shear = min(max(slope, -MAX_SHEAR), MAX_SHEAR)
    upright = columns - shear * rows
    top, height = rows.min(), rows.max() + 1 - rows.min()
    left, width = upright.min(), upright.max() + 1 - upright.min()
    wide = WIDTH * min(1.0, width / height / NARROW)

    # Each of 4 x 4 points in a bitmap pixel looks up the drawing where it comes from.
    points = (np.arange(BITMAP * BLOCK) + 0.5) / BLOCK  # pixels of the bitmap
    row = top + points * height / BITMAP
    column = left + (points - (BITMAP - wide) / 2) * width / wide
    source_row = np.floor(row).astype(int)
    source_column = np.floor(column[None, :] + shear * (source_row[:, None])).astype(int)
    inside = (source_column >= 0) & (source_column < gray.shape[1])
    inside &= (column >= left) & (column < left + width)
    ink = gray[source_row[:, None], np.clip(source_column, 0, gray.shape[1] - 1)] >= 0.5
    fine = (ink & inside).reshape(BITMAP, BLOCK, BITMAP, BLOCK).sum(axis=(1, 3))  # 0 to 16
    return _darkest(fine.astype(np.float64))


def shrink_drawing(gray: NDArray) -> NDArray[np.bool_]:
    """A drawing made small and nothing else, to see what `normalize_drawing` does for the network.

    Args:
        gray: (H, W), ink 1, paper 0; both sides multiples of 32.

    Returns:
        (32, 32), True where at least half of what a pixel covers is ink.

    Raises:
        ValueError: for another shape.
    """
    gray = np.asarray(gray, dtype=np.float64)
    if gray.ndim != 2 or not gray.size or gray.shape[0] % BITMAP or gray.shape[1] % BITMAP:
        raise ValueError(f"drawing: expected multiples of {BITMAP} pixels, got {gray.shape}")
    tall, wide = (side // BITMAP for side in gray.shape)
    blocks = (gray >= 0.5).reshape(BITMAP, tall, BITMAP, wide)
    return 2 * blocks.sum(axis=(1, 3)) >= tall * wide


def _darkest(image: NDArray) -> NDArray[np.bool_]:
    """The INK darkest pixels of a (..., 32, 32) image after a blur; ties with the last are kept.

    The blur (three times a sum over 3 x 3) adds whole numbers: no rounding, so JavaScript agrees.
    """
    for _ in range(3):
        padded = np.pad(image, [(0, 0)] * (image.ndim - 2) + [(1, 1), (1, 1)])
        tall = padded[..., :-2, :] + padded[..., 1:-1, :] + padded[..., 2:, :]
        image = tall[..., :-2] + tall[..., 1:-1] + tall[..., 2:]
    flat = image.reshape(*image.shape[:-2], -1)
    least = np.partition(flat, -INK, axis=-1)[..., -INK]
    return image >= np.maximum(least, 1)[..., None, None]


@cache
def _enlarge() -> NDArray[np.float64]:
    """(28, 8): row i mixes the two counts nearest to the middle of pixel i."""
    side = BITMAP // BLOCK
    middle = np.clip((np.arange(INPUT) + 0.5) * side / INPUT - 0.5, 0, side - 1)
    low = np.minimum(middle.astype(int), side - 2)
    matrix = np.zeros((INPUT, side))
    matrix[np.arange(INPUT), low] = 1 - (middle - low)
    matrix[np.arange(INPUT), low + 1] = middle - low
    matrix.setflags(write=False)
    return matrix
