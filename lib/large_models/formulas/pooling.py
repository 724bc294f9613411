"""Max and average pooling, forward and backward, in NumPy.

A window slides over each channel and leaves one number of what it sees:

    max: y[b, c, i, j] = max over k, l of x[b, c, s i + d k - p, s j + d l - p]
    avg: y[b, c, i, j] = mean over k, l of x[b, c, s i + k - p, s j + l - p]

There is nothing to learn. Arguments, defaults, shapes and the way of NaN are those of
torch.nn.functional; the step s is the window's size unless told otherwise.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition" (1998), section II (there called sub-sampling). Chapter: 3_1_cnn.
"""

from functools import reduce
from typing import NamedTuple

import numpy as np

from large_models.formulas.numbers import floats
from large_models.formulas.windows import pad, read_grad_output, read_images, sliding_windows
from large_models.shapes import Size, pair, pool_output_size


@floats("x")
def max_pool2d(
    x: np.ndarray,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """The largest value under each window; outside the image counts as minus infinity.

    Args:
        x: (B, C, H, W) or (C, H, W).
        kernel_size: the window's height and width.
        stride: steps of the window; `kernel_size` if not given.
        padding: how far windows may start outside the image, at most half of `kernel_size`.
        dilation: distance of neighbouring cells of the window.
        ceil_mode: add the last window where it reaches over the end, instead of leaving it out.

    Returns:
        (B, C, H', W') or (C, H', W'), see `shapes.pool_output_size`.

    Raises:
        ValueError: for a wrong rank or option, or an empty output.
    """
    pool = _read("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    y = reduce(np.maximum, pool.taps(pool.pad(pool.x, -np.inf)))
    return y.reshape(pool.y_shape).copy()


@floats("grad_output", "x")
def max_pool2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> np.ndarray:
    """Gradient with respect to x: a window's goes to its largest value, the first of equals.

    Args:
        grad_output: (B, C, H', W') or (C, H', W').
        x, kernel_size, stride, padding, dilation, ceil_mode: as given to `max_pool2d`.

    Raises:
        ValueError: as in `max_pool2d`, and if grad_output has not the output's shape.
    """
    name = "max_pool2d_backward"
    pool = _read(name, x, kernel_size, stride, padding, dilation, ceil_mode)
    grad_output = read_grad_output(name, grad_output, pool.y_shape)
    grad_output = grad_output.reshape(*pool.x.shape[:2], *pool.y_size)
    taps = pool.taps(pool.pad(pool.x, -np.inf))
    inside = pool.taps(pool.pad(np.ones(pool.x.shape, dtype=bool), False))
    largest = np.full(grad_output.shape, -np.inf)
    winner = np.full(grad_output.shape, -1)  # the number of the tap that saw the largest value
    for number, (tap, within) in enumerate(zip(taps, inside, strict=True)):
        better = within & ((tap > largest) | np.isnan(tap) | (winner < 0))
        largest[better], winner[better] = tap[better], number
    grad_padded = pool.pad(np.zeros(pool.x.shape, grad_output.dtype), 0)
    for number, tap in enumerate(pool.taps(grad_padded)):
        tap += np.where(winner == number, grad_output, 0)
    return pool.crop(grad_padded).reshape(np.shape(x))


@floats("x")
def avg_pool2d(
    x: np.ndarray,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """The mean under each window; padding counts as zeros, or not at all.

    Args:
        x, kernel_size, stride, padding, ceil_mode: as in `max_pool2d`.
        count_include_pad: divide by the window's cells in image and padding, else by those in
            the image. What `ceil_mode` adds beyond the padding never counts.
        divisor_override: divide every window's sum by this whole number, which is not 0, instead.

    Returns:
        (B, C, H', W') or (C, H', W'), see `shapes.pool_output_size`.

    Raises:
        ValueError: for a wrong rank or option, or an empty output.
    """
    pool = _read("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    y = sum(pool.taps(pool.pad(pool.x, 0))) / pool.areas(count_include_pad, divisor_override)
    return y.reshape(pool.y_shape)


@floats("grad_output", "x")
def avg_pool2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> np.ndarray:
    """Gradient with respect to x: each window shares its gradient equally among its cells.

    Args:
        grad_output: (B, C, H', W') or (C, H', W').
        x, kernel_size, ...: as given to `avg_pool2d`.

    Raises:
        ValueError: as in `avg_pool2d`, and if grad_output has not the output's shape.
    """
    pool = _read("avg_pool2d_backward", x, kernel_size, stride, padding, 1, ceil_mode)
    grad_output = read_grad_output("avg_pool2d_backward", grad_output, pool.y_shape)
    areas = pool.areas(count_include_pad, divisor_override)
    share = (grad_output / areas).reshape(*pool.x.shape[:2], *pool.y_size)
    grad_padded = pool.pad(np.zeros(pool.x.shape, share.dtype), 0)
    for tap in pool.taps(grad_padded):
        tap += share
    return pool.crop(grad_padded).reshape(np.shape(x))


class _Pooling(NamedTuple):
    x: np.ndarray  # (B, C, H, W)
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    y_size: tuple[int, int]
    y_shape: tuple[int, ...]  # without B if x has none

    def pad(self, image: np.ndarray, fill: float) -> np.ndarray:
        """Surround the image with `fill`, as far as the last window reaches."""
        sides = []
        for axis in (0, 1):
            span = self.dilation[axis] * (self.kernel[axis] - 1) + 1
            reach = self.stride[axis] * (self.y_size[axis] - 1) + span
            before, size = self.padding[axis], image.shape[2 + axis]
            sides.append((before, max(0, reach - before - size)))
        return pad(image, sides[0], sides[1], fill)

    def taps(self, padded: np.ndarray) -> list[np.ndarray]:
        """For each cell of the window, what it sees from every place: views (B, C, H', W')."""
        H_out, W_out = self.y_size
        windows = sliding_windows(padded, self.kernel, self.stride, self.dilation)
        return [windows[:, :, k, l, :H_out, :W_out] for k, l in np.ndindex(self.kernel)]

    def crop(self, padded: np.ndarray) -> np.ndarray:
        """The part of a padded image that is the image."""
        (top, left), (H, W) = self.padding, self.x.shape[2:]
        return padded[:, :, top : top + H, left : left + W]

    def areas(self, include_padding: bool, override: int | None) -> np.ndarray:
        """What each window's sum is divided by, (H', W'): its cells, or `override`."""
        if override is not None:
            whole = isinstance(override, int | np.integer) and not isinstance(override, bool)
            if not whole or override == 0:
                raise ValueError(
                    f"divisor_override: expected a whole number other than 0, got {override!r}"
                )
            return np.full(self.y_size, override, self.x.dtype)
        lengths = []
        for axis in (0, 1):
            size, padding = self.x.shape[2 + axis], self.padding[axis]
            start = self.stride[axis] * np.arange(self.y_size[axis]) - padding
            low, high = (-padding, size + padding) if include_padding else (0, size)
            lengths.append(np.minimum(start + self.kernel[axis], high) - np.maximum(start, low))
        return np.multiply.outer(*lengths).astype(self.x.dtype)


def _read(
    name: str,
    x: np.ndarray,
    kernel_size: Size,
    stride: Size | None,
    padding: Size,
    dilation: Size,
    ceil_mode: bool,
) -> _Pooling:
    """Check a pooling's arguments and bring them to one form."""
    images = read_images(name, x)
    stride = kernel_size if stride is None else stride
    try:
        y_size = pool_output_size(
            images.shape[2:], kernel_size, stride, padding, dilation, ceil_mode
        )
    except ValueError as error:
        raise ValueError(f"{name}: x {np.shape(x)}: {error}") from None
    return _Pooling(
        images,
        pair(kernel_size, "kernel_size", 1),
        pair(stride, "stride", 1),
        pair(padding, "padding"),
        pair(dilation, "dilation", 1),
        y_size,
        (*np.shape(x)[:-2], *y_size),
    )
