"""Convolution and ReLU, forward and backward, in NumPy; pooling is in `formulas.pooling`.

A small window slides over an image. At each place a convolution multiplies what lies under the
window by the same few weights and adds up:

    y[b, o, i, j] = bias[o] + sum over c, k, l of
                    weight[o, c, k, l] * x[b, c, s i + d k - p, s j + d l - p]

with stride s, dilation d, padding p (x is 0 outside the image). Strictly that is a
cross-correlation: the kernel is not flipped.

Arguments, defaults, shapes and the way of NaN are those of torch.nn.functional. Images are
(B, C, H, W) or (C, H, W); an int stands for a pair (vertical, horizontal). float32 stays float32,
integers are computed as float64.

Source: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition" (1998), section II; Dumoulin and Visin, "A guide to convolution arithmetic for deep
learning" (2016). Chapter: 3_1_cnn.
"""

import math
from typing import NamedTuple

import numpy as np

from large_models.formulas.numbers import floats, read_numbers
from large_models.formulas.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from large_models.formulas.windows import pad, read_grad_output, read_images, sliding_windows
from large_models.shapes import Padding, Size, conv_output_size, conv_padding, pair

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv2d_loops",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
]

_CACHED_VALUES = 2**17  # the columns that conv2d holds at once: half a megabyte in float32


@floats("x", "weight", "bias")
def conv2d_loops(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> np.ndarray:
    """`conv2d` of (B, C, H, W) as the formula says it, one product at a time: to read, too slow."""
    conv = _read("conv2d_loops", x, weight, bias, stride, padding, dilation, groups)
    x_padded, (sy, sx), (dy, dx) = conv.x_padded, conv.stride, conv.dilation
    B, G, C_group, K, L, H_out, W_out = conv.windows.shape
    y = np.empty((B, G, conv.kernels.shape[1], H_out, W_out), conv.kernels.dtype)
    for b, g, o, i, j in np.ndindex(y.shape):
        total = conv.bias[g, o, 0]
        for c, k, l in np.ndindex(C_group, K, L):
            pixel = x_padded[b, g, c, sy * i + dy * k, sx * j + dx * l]
            total += conv.kernels[g, o, c, k, l] * pixel
        y[b, g, o, i, j] = total
    return y.reshape(conv.y_shape)


@floats("x", "weight", "bias")
def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> np.ndarray:
    """Slide kernels over images: the formula above, as products of matrices.

    With the pixels under each window as a column of a matrix ("im2col"), the sums over c, k, l
    become one matrix product a group. That matrix is K * L times as large as the image; a few
    images at a time keep it small enough to stay in the processor's cache.

    Args:
        x: images (B, C, H, W) or (C, H, W).
        weight: kernels (O, C / groups, K, L).
        bias: one number an output channel, (O,).
        stride: steps of the window.
        padding: zeros around the image; "valid" for none, "same" for an output of x's size.
        dilation: distance of neighbouring weights in the image.
        groups: output channels in group g see the input channels in group g only.

    Returns:
        (B, O, H', W') or (O, H', W'), see `shapes.conv_output_size`.

    Raises:
        ValueError: if shapes do not fit each other, an option is bad, or the output is empty.
    """
    conv = _read("conv2d", x, weight, bias, stride, padding, dilation, groups)
    B, G, C_group, K, L, H_out, W_out = conv.windows.shape
    # The bias is one more weight, of a pixel that is always 1.
    kernels = np.concatenate([conv.kernels.reshape(G, -1, C_group * K * L), conv.bias], axis=2)
    step = max(1, min(B, _CACHED_VALUES // math.prod(conv.windows.shape[1:])))
    columns = np.ones((step, G, C_group * K * L + 1, H_out * W_out), kernels.dtype)
    pixels = columns[:, :, :-1].reshape(step, *conv.windows.shape[1:])  # a view
    y = np.empty((B, G, kernels.shape[1], H_out * W_out), kernels.dtype)
    for b in range(0, B, step):
        n = min(step, B - b)
        pixels[:n] = conv.windows[b : b + n]
        np.matmul(kernels, columns[:n], out=y[b : b + n])
    return y.reshape(conv.y_shape)


@floats("grad_output", "x", "weight")
def conv2d_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of a loss with respect to x, weight and bias, given the one of `conv2d`'s output.

    Each product weight * pixel hands the gradient of its sum on: to the weight, times the pixel;
    to the pixel, times the weight. A weight used at many places adds up what it gets there, a
    pixel what it gets from all windows over it.

    Args:
        grad_output: (B, O, H', W') or (O, H', W').
        x, weight, stride, padding, dilation, groups: as given to `conv2d`.

    Returns:
        grad_x, grad_weight, grad_bias, of the shapes of x, weight and bias.

    Raises:
        ValueError: as in `conv2d`, and if grad_output has not the output's shape.
    """
    conv = _read("conv2d_backward", x, weight, None, stride, padding, dilation, groups)
    grad_output = read_grad_output("conv2d_backward", grad_output, conv.y_shape)
    B, G, C_group, K, L, H_out, W_out = conv.windows.shape
    grad_output = grad_output.reshape(B, G, conv.kernels.shape[1], H_out * W_out)
    kernels = conv.kernels.reshape(G, -1, C_group * K * L)
    grad_kernels = np.zeros_like(kernels)
    grad_padded = np.zeros_like(conv.x_padded)
    grad_windows = sliding_windows(grad_padded, (K, L), conv.stride, conv.dilation)
    for b in range(B):
        columns = conv.windows[b].reshape(G, C_group * K * L, H_out * W_out)
        grad_kernels += grad_output[b] @ columns.swapaxes(1, 2)
        grad_columns = kernels.swapaxes(1, 2) @ grad_output[b]
        grad_pixels = grad_columns.reshape(conv.windows.shape[1:])
        for k, l in np.ndindex(K, L):  # tap by tap, since windows overlap
            grad_windows[b, :, :, k, l] += grad_pixels[:, :, k, l]
    (top, _), (left, _) = conv.padding
    H, W = np.shape(x)[-2:]
    grad_x = grad_padded[..., top : top + H, left : left + W].reshape(np.shape(x))
    grad_bias = grad_output.sum(axis=(0, 3)).reshape(-1)
    return grad_x, grad_kernels.reshape(np.shape(weight)), grad_bias


@floats("x")
def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), elementwise; NaN stays NaN."""
    return np.maximum(read_numbers("relu: x", x), 0)


@floats("grad_output", "x")
def relu_backward(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Gradient with respect to x: what arrives, where x was positive.

    Raises:
        ValueError: if the two shapes differ.
    """
    grad_output = read_numbers("relu_backward: grad_output", grad_output)
    x = read_numbers("relu_backward: x", x)
    if grad_output.shape != x.shape:
        raise ValueError(
            f"relu_backward: grad_output must have x's shape {x.shape}, got {grad_output.shape}"
        )
    return np.where(x <= 0, 0, grad_output)


class _Convolution(NamedTuple):
    x_padded: np.ndarray  # (B, groups, C / groups, H + padding, W + padding)
    windows: np.ndarray  # (B, groups, C / groups, K, L, H', W'), a view of x_padded
    kernels: np.ndarray  # (groups, O / groups, C / groups, K, L)
    bias: np.ndarray  # (groups, O / groups, 1)
    stride: tuple[int, int]
    padding: tuple[tuple[int, int], tuple[int, int]]
    dilation: tuple[int, int]
    y_shape: tuple[int, ...]  # without B if x has none


def _read(
    name: str,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Size,
    padding: Padding,
    dilation: Size,
    groups: int,
) -> _Convolution:
    """Check a convolution's arguments and bring them to one form."""
    images, weight = read_images(name, x), read_numbers(f"{name}: weight", weight)
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(f"{name}: weight must be (O, C / groups, K, L), got {weight.shape}")
    B, C, H, W = images.shape
    O, C_group, K, L = weight.shape
    shapes = f"x {np.shape(x)}, weight {weight.shape}"
    if isinstance(groups, bool) or not isinstance(groups, int | np.integer) or groups < 1:
        raise ValueError(f"{name}: groups must be a whole number of at least 1, got {groups!r}")
    if C % groups or O % groups:
        raise ValueError(
            f"{name}: {shapes}: {C} input and {O} output channels must both divide by "
            f"groups={groups}"
        )
    if C_group * groups != C:
        raise ValueError(
            f"{name}: {shapes}: with groups={groups} this weight needs {C_group * groups} input "
            f"channels, x has {C}"
        )
    bias = np.zeros(O) if bias is None else read_numbers(f"{name}: bias", bias)
    if bias.shape != (O,):
        raise ValueError(f"{name}: bias must be ({O},) for weight {weight.shape}, got {bias.shape}")
    try:
        y_size = conv_output_size((H, W), (K, L), stride, padding, dilation)
        sides = conv_padding(padding, (K, L), stride, dilation)
    except ValueError as error:
        raise ValueError(f"{name}: {shapes}: {error}") from None
    stride, dilation = pair(stride, "stride", 1), pair(dilation, "dilation", 1)
    dtype = np.result_type(images, weight)
    x_padded = pad(images.astype(dtype, copy=False), *sides)
    x_padded = x_padded.reshape(B, groups, C_group, *x_padded.shape[2:])
    return _Convolution(
        x_padded,
        sliding_windows(x_padded, (K, L), stride, dilation),
        weight.astype(dtype, copy=False).reshape(groups, O // groups, C_group, K, L),
        bias.astype(dtype, copy=False).reshape(groups, O // groups, 1),
        stride,
        sides,
        dilation,
        (*np.shape(x)[:-3], O, *y_size),
    )
