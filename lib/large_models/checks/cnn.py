"""Checks for the exercises of chapter 3_1_cnn: dilation, average pooling, a kernel, a planted bug.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.calls import NOT_YET, NotYet, Remark, numbers, report
from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.formulas.cnn import avg_pool2d_backward, conv2d, max_pool2d_backward
from large_models.shapes import conv_output_size

PATTERN = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]])


def dilated_convolution(function: Callable) -> bool | None:
    """Check `function(x, kernel, dilation)`: x (H, W), kernel (K, L), no padding, stride 1.

    It should return the cross-correlation, (H - dilation (K - 1), W - dilation (L - 1)).
    """
    return DILATED.check(function)


def avg_pool_backward(function: Callable) -> bool | None:
    """Check `function(grad_output, x, kernel_size, stride)`: x (H, W), ints, no padding.

    It should return the gradient with respect to x, (H, W).
    """
    return AVG_POOL_BACKWARD.check(function)


def planted_bug(answer: Any) -> bool | None:
    """Check which line of the chapter's faulty backward pass is wrong: "a" to "e"."""
    return choose(
        answer,
        "c",
        {
            "a": "Probabilities minus the truth, divided by the batch: that is the gradient of the "
            "mean loss. A difference quotient of any number in b2 agrees with it.",
            "b": "The gradient of a matrix product has the other factor in it, here the pooled "
            "maps. Difference quotients agree for every number in w2.",
            "c": "Every pixel of a window gets the gradient, but only the largest one was passed "
            "on. The loss falls all the same, which is why a falling loss proves little.",
            "d": "Where ReLU gave zero, nothing passes: that is right, whatever came from behind. "
            "So the fault in w1 and b1 must have come in one line earlier.",
            "e": "Each weight of a kernel gathers from every place at which it stood, and so does "
            "each bias. Feed the line a right `da`, and its difference quotients agree.",
        },
    )


def pattern_image() -> tuple[np.ndarray, tuple[int, int]]:
    """A picture (14, 19) of grey levels 0 to 1 with PATTERN in it, and where.

    The place (row, column) is that of the pattern's first pixel, and so of the response to it in
    a convolution without padding. As bright as the pattern are a turned one and two lines;
    brighter are a flat square and a dot.
    """
    image, _ = _picture()
    return image, _PLACE


def pattern_kernel(kernel: Any) -> bool | None:
    """Check a kernel (3, 3) whose largest response over `pattern_image()` is at the pattern."""
    return report(_check_pattern_kernel, kernel)


# --- dilation -----------------------------------------------------------------------------------


def _dilation_cases() -> Iterable[Case]:
    sizes = [(3, 3, 2, 2, 1), (3, 4, 2, 2, 2), (4, 4, 2, 2, 2), (6, 5, 3, 2, 2), (8, 9, 2, 3, 3)]
    for H, W, K, L, dilation in sizes:
        random = np.random.default_rng(H * W)
        x = random.integers(1, 10, (H, W)).astype(float)
        kernel = random.permutation(np.arange(1.0, K * L + 1)).reshape(K, L)
        name = f"x {H} x {W}, kernel {K} x {L}, dilation {dilation}"
        yield case(name, x, kernel, dilation)


def _correlate(x: np.ndarray, kernel: np.ndarray, **options: Any) -> np.ndarray:
    return conv2d(x[None], kernel[None, None], **options)[0]


def _dilated(x: np.ndarray, kernel: np.ndarray, down: int, across: int) -> np.ndarray:
    """Dilations of rows and columns apart, in loops; IndexError where the window does not fit."""
    (H, W), (K, L) = x.shape, kernel.shape
    y = np.zeros((H - down * (K - 1), W - across * (L - 1)))
    for i, j in np.ndindex(y.shape):
        for u, v in np.ndindex(K, L):
            y[i, j] += kernel[u, v] * x[i + down * u, j + across * v]
    return y


def _last_product(x: np.ndarray, kernel: np.ndarray, dilation: int) -> np.ndarray:
    last = np.zeros_like(kernel)
    last[-1, -1] = kernel[-1, -1]
    return _dilated(x, last, dilation, dilation)


def _swapped(x: np.ndarray, kernel: np.ndarray, dilation: int) -> np.ndarray:
    """kernel[v, u]: an error where rows and columns differ."""
    (K, L), y = kernel.shape, _dilated(x, kernel, dilation, dilation) * 0
    for i, j in np.ndindex(y.shape):
        for u, v in np.ndindex(K, L):
            y[i, j] += kernel[v, u] * x[i + dilation * u, j + dilation * v]
    return y


_SWAPPED = "rows and columns of the kernel are swapped."
_FLIPPED = "the kernel is flipped. kernel[0, 0] belongs to the window's first pixel, not its last."

DILATED = Exercise(
    right=lambda x, kernel, dilation: _correlate(x, kernel, dilation=dilation),
    make_cases=_dilation_cases,
    mistakes=[
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel[::-1, ::-1], dilation, dilation),
            _FLIPPED,
        ),
        Mistake(_swapped, _SWAPPED),
        Mistake(lambda x, kernel, dilation: _dilated(x, kernel.T, dilation, dilation), _SWAPPED),
        Mistake(_last_product, "only the last product is left. Add the products up with +=."),
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel, 1, 1),
            "the dilation is not used. Neighbouring weights belong to pixels that lie `dilation` "
            "apart.",
        ),
        Mistake(
            lambda x, kernel, dilation: _correlate(x, kernel, stride=dilation),
            "the dilation is used as a stride. The window still moves by one pixel; the weights "
            "inside it lie `dilation` pixels apart.",
        ),
        Mistake(
            lambda x, kernel, dilation: _correlate(x, kernel, dilation=dilation, stride=dilation),
            "the window moves by `dilation` pixels too. It should move by one.",
        ),
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel, dilation + 1, dilation + 1),
            "the weights lie one pixel too far apart. Dilation 1 means neighbouring pixels.",
        ),
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel, dilation - 1, dilation - 1),
            "the weights lie one pixel too close together. Dilation 1 means neighbouring pixels.",
        ),
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel, dilation, 1),
            "only the rows are dilated. Columns lie `dilation` pixels apart too.",
        ),
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel, 1, dilation),
            "only the columns are dilated. Rows lie `dilation` pixels apart too.",
        ),
        Mistake(
            lambda x, kernel, dilation: _correlate(x, kernel, dilation=dilation, padding="same"),
            "the picture was padded. This exercise has no padding.",
        ),
        Mistake(
            lambda x, kernel, dilation: _dilated(x, kernel, dilation, dilation) / kernel.size,
            "this is the mean of the products. Their sum is asked for.",
        ),
    ],
    hint=lambda x, kernel, dilation: (
        f"The result should have shape {_correlate(x, kernel, dilation=dilation).shape} here."
    ),
)

# --- average pooling, backward ------------------------------------------------------------------


def _pooling_cases() -> Iterable[Case]:
    sizes = [(2, 2, 2, 2), (4, 6, 2, 2), (3, 4, 2, 1), (5, 6, 2, 3), (6, 8, 3, 2)]
    for H, W, K, stride in sizes:
        random = np.random.default_rng(H * W)
        x = random.permutation(np.arange(1.0, H * W + 1)).reshape(H, W)
        grad = random.integers(1, 10, conv_output_size((H, W), K, stride)).astype(float)
        yield case(f"x {H} x {W}, kernel_size {K}, stride {stride}", grad, x, K, stride)


def _spread(
    grad: np.ndarray, shape: tuple[int, int], K: int, step: int, add: bool = True
) -> np.ndarray:
    """Average pooling's gradient in loops, with the mistakes that loops invite."""
    result = np.zeros(shape)
    for i, j in np.ndindex(grad.shape):
        window = result[step * i : step * i + K, step * j : step * j + K]
        window[:] = (window if add else 0) + grad[i, j] / (K * K)
    return result


def _shared(grad: np.ndarray, x: np.ndarray, K: int, stride: int) -> np.ndarray:
    """Divided by the number of windows over each pixel."""
    windows = _spread(np.ones_like(grad), x.shape, K, stride) * K * K
    return _spread(grad, x.shape, K, stride) / np.maximum(windows, 1)


def _same_grid(grad: np.ndarray, x: np.ndarray, K: int, stride: int) -> np.ndarray:
    """Divided by the windows over each pixel instead of by the area."""
    return _shared(grad, x, K, stride) * K * K


_SHARE = "Each pixel of a window gets 1 / (kernel_size * kernel_size) of its gradient."
_OVERLAP = "Windows may overlap. A pixel adds up what it gets from each: += instead of =."
_UNDIVIDED = f"the division by the window's area is missing. {_SHARE}"

AVG_POOL_BACKWARD = Exercise(
    right=lambda grad, x, K, stride: avg_pool2d_backward(grad[None], x[None], K, stride)[0],
    make_cases=_pooling_cases,
    mistakes=[
        Mistake(lambda g, x, K, s: K * K * _spread(g, x.shape, K, s), _UNDIVIDED),
        Mistake(
            lambda g, x, K, s: K * _spread(g, x.shape, K, s),
            f"divided by kernel_size, but a window has its square in pixels. {_SHARE}",
        ),
        Mistake(
            lambda g, x, K, s: _spread(g, x.shape, K, s) / (K * K),
            f"divided by the window's area twice. {_SHARE}",
        ),
        Mistake(lambda g, x, K, s: -_spread(g, x.shape, K, s), "the sign is inverted."),
        Mistake(
            lambda g, x, K, s: max_pool2d_backward(g[None], x[None], K, s)[0],
            "each gradient went to the largest pixel alone, as in max pooling. Here each pixel of "
            "the window gets an equal share.",
        ),
        Mistake(lambda g, x, K, s: _spread(g, x.shape, K, s, add=False), _OVERLAP),
        Mistake(
            lambda g, x, K, s: K * K * _spread(g, x.shape, K, s, add=False),
            f"{_UNDIVIDED} {_OVERLAP}",
        ),
        Mistake(
            lambda g, x, K, s: _spread(g, x.shape, K, K),
            "the windows start kernel_size apart, they should start `stride` apart.",
        ),
        Mistake(
            lambda g, x, K, s: _spread(g, x.shape, K, 1),
            "the windows start 1 apart, they should start `stride` apart.",
        ),
        Mistake(
            _shared,
            "what a pixel gets from several windows is averaged. It adds up.",
        ),
        Mistake(
            _same_grid,
            f"divided by the number of windows over a pixel, not by a window's area. {_SHARE}",
        ),
        Mistake(
            lambda g, x, K, s: _spread(g, x.shape, K, s) * x,
            "the gradient is multiplied by x. A mean has the same slope whatever x is.",
        ),
    ],
    hint=lambda g, x, K, s: (
        f"grad_output has shape {g.shape} here, the result should have x's, {x.shape}."
    ),
)

# --- a kernel that finds ------------------------------------------------------------------------


def _check_pattern_kernel(kernel: Any) -> str:
    if kernel is None or kernel is ...:
        raise NotYet(NOT_YET)
    if callable(kernel):
        raise Remark("Expected a kernel of shape (3, 3), got a function.")
    kernel = numbers(kernel, "The kernel is")
    if not np.isfinite(kernel).all():
        place = tuple(np.argwhere(~np.isfinite(kernel))[0].tolist())
        raise Remark(f"The kernel is {kernel[place]} at {place}, expected finite numbers.")
    if kernel.shape in ((1, 1, 3, 3), (1, 3, 3)):
        kernel = kernel.reshape(3, 3)
    if kernel.shape != (3, 3):
        raise Remark(f"The kernel should have shape (3, 3), but it has {kernel.shape}.")
    if not kernel.any():
        raise NotYet("Not yet: all weights are zero.")
    at_pattern, elsewhere, where = _responses(kernel)
    if _finds(kernel):
        return (
            f"Right: the response at the pattern is {at_pattern:.3g}, "
            f"the next largest {elsewhere:.3g} {where}."
        )
    said = f"The response at the pattern is {at_pattern:.3g}, but {elsewhere:.3g} {where}."
    if _finds(-kernel):
        said += " The pattern has the smallest of all: change every sign."
    elif _finds(kernel[::-1, ::-1]):
        said += (
            " The kernel is the pattern turned by 180 degrees. Nothing is flipped here: put each "
            "weight where its pixel lies in the pattern."
        )
    elif kernel.sum() > 1e-9 and where.startswith("inside the bright square"):
        said += (
            f" The weights add up to {kernel.sum():.3g}, so a flat area answers with that times "
            "its brightness. Let negative weights balance the positive ones."
        )
    raise Remark(said)


_PLACE = (9, 10)


def _picture() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The picture, and a mask for each thing in it.

    Two pixels of background lie around each thing, so that a window sees one of them at a time:
    a kernel that finds the pattern here finds it in any arrangement.
    """
    things = {  # shape, grey level, first pixel
        "the pattern": (PATTERN, 0.6, _PLACE),
        "the turned pattern": (PATTERN[::-1, ::-1], 0.6, (2, 10)),
        "the vertical line": (np.ones((5, 1)), 0.6, (7, 16)),
        "the horizontal line": (np.ones((1, 5)), 0.6, (10, 2)),
        "the bright square": (np.ones((5, 5)), 0.8, (2, 2)),
        "the dot": (np.ones((1, 1)), 0.8, (3, 16)),
    }
    image = np.full((14, 19), 0.1)
    masks = {}
    for name, (shape, level, (row, column)) in things.items():
        masks[name] = np.zeros(image.shape, dtype=bool)
        masks[name][row : row + shape.shape[0], column : column + shape.shape[1]] = shape > 0
        image[masks[name]] = level
    return image, masks


def _responses(kernel: np.ndarray) -> tuple[float, float, str]:
    """The response at the pattern, the largest one elsewhere, and where that is, in words."""
    image, masks = _picture()
    response = _correlate(image, kernel)
    at_pattern, response[_PLACE] = response[_PLACE], -np.inf
    row, column = np.unravel_index(response.argmax(), response.shape)
    under = {name: mask[row : row + 3, column : column + 3].sum() for name, mask in masks.items()}
    name = max(under, key=under.__getitem__)
    if not under[name]:
        place = "in the background"
    elif under[name] == 9:
        place = f"inside {name}"
    else:
        place = f"at {'the edge of ' if name == 'the bright square' else ''}{name}"
    return at_pattern, response[row, column], f"{place} (row {row}, column {column})"


def _finds(kernel: np.ndarray) -> bool:
    """Whether the response at the pattern is larger than at every other place."""
    at_pattern, elsewhere, _ = _responses(kernel)
    return bool(at_pattern > elsewhere + 1e-9 * np.abs(kernel).max())
