"""What convolution and pooling share: reading images, padding them, the windows over them.

A window of K x L cells at every place of an image, written as one array without copying:

    windows[..., k, l, i, j] = x[..., s i + d k, s j + d l]

`windows[..., k, l, :, :]` is then what cell (k, l), one *tap*, sees from all places at once: the
image, shifted and thinned out. Chapter: 3_1_cnn.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from large_models.formulas.numbers import read_numbers


def sliding_windows(
    x: np.ndarray, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> np.ndarray:
    """All windows over images (..., H, W), as a writable view (..., K, L, H', W').

    Writing into one tap of it is safe; over all taps, windows overlap.
    """
    (K, L), (sy, sx), (dy, dx) = kernel, stride, dilation
    spans = (dy * (K - 1) + 1, dx * (L - 1) + 1)
    views = sliding_window_view(x, spans, (-2, -1), writeable=True)[..., ::sy, ::sx, ::dy, ::dx]
    return np.moveaxis(views, (-2, -1), (-4, -3))


def pad(
    x: np.ndarray, rows: tuple[int, int], columns: tuple[int, int], fill: float = 0.0
) -> np.ndarray:
    """Put rows (above, below) and columns (left, right) of `fill` around images (B, C, H, W).

    Where there is nothing to put, x itself comes back.
    """
    if rows == columns == (0, 0):
        return x
    B, C, H, W = x.shape
    (top, bottom), (left, right) = rows, columns
    padded = np.full((B, C, top + H + bottom, left + W + right), fill, x.dtype)
    padded[:, :, top : top + H, left : left + W] = x
    return padded


def read_images(name: str, x: np.ndarray) -> np.ndarray:
    """x (B, C, H, W) or (C, H, W) as an array of floats (B, C, H, W).

    Raises:
        ValueError: if it has another rank, an empty axis (B may be 0) or is not of numbers.
    """
    x = read_numbers(f"{name}: x", x)
    if x.ndim not in (3, 4) or 0 in x.shape[-3:]:
        raise ValueError(f"{name}: x must be (B, C, H, W) or (C, H, W), not empty, got {x.shape}")
    return x if x.ndim == 4 else x[None]


def read_grad_output(name: str, grad: np.ndarray, y_shape: tuple[int, ...]) -> np.ndarray:
    """The gradient with respect to an output of shape `y_shape`, as an array of floats.

    Raises:
        ValueError: if it has another shape.
    """
    grad = read_numbers(f"{name}: grad_output", grad)
    if grad.shape != y_shape:
        raise ValueError(
            f"{name}: grad_output must have the output's shape {y_shape}, got {grad.shape}"
        )
    return grad
