"""Checks for the exercises of chapter 3_1_cnn.

Each check prints one or two sentences and returns True (right), False (wrong) or None (nothing
filled in yet). Cases go from small to large, so that the first one that fails can be worked out
on paper. An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lib.checks.calls import NOT_YET, NotYet, Remark, report
from lib.checks.cases import Case, make_case, numbers, try_cases
from lib.formulas.cnn import avg_pool2d_backward, conv2d, max_pool2d_backward
from lib.shapes import conv_output_size

PATTERN = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]])


def dilated_convolution(function: Callable) -> bool | None:
    """Check `function(x, kernel, dilation)`: x (H, W), kernel (K, L), no padding, stride 1.

    It should return the cross-correlation, (H - dilation (K - 1), W - dilation (L - 1)).
    """
    return report(lambda answer: try_cases(answer, list(_dilation_cases())), function)


def avg_pool_backward(function: Callable) -> bool | None:
    """Check `function(grad_output, x, kernel_size, stride)`: x (H, W), ints, no padding.

    It should return the gradient by x, (H, W).
    """
    return report(lambda answer: try_cases(answer, list(_pooling_cases())), function)


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


def _dilation_cases() -> Iterable[Case]:
    sizes = [(3, 3, 2, 2, 1), (3, 3, 2, 2, 2), (4, 4, 2, 2, 2), (6, 5, 3, 2, 2), (8, 9, 2, 3, 3)]
    for H, W, K, L, dilation in sizes:
        random = np.random.default_rng(H * W)
        x = random.integers(1, 10, (H, W)).astype(float)
        kernel = random.permutation(np.arange(1.0, K * L + 1)).reshape(K, L)
        expected = _correlate(x, kernel, dilation=dilation)
        yield make_case(
            f"x {H} x {W}, kernel {K} x {L}, dilation {dilation}",
            (x, kernel, dilation),
            expected,
            _dilation_mistakes(x, kernel, dilation),
        )


def _dilation_mistakes(
    x: np.ndarray, kernel: np.ndarray, dilation: int
) -> Iterable[tuple[np.ndarray, str]]:
    yield (
        _correlate(x, kernel[::-1, ::-1], dilation=dilation),
        "the kernel is flipped. kernel[0, 0] belongs to the window's first pixel, not to its last.",
    )
    if kernel.shape[0] == kernel.shape[1]:
        yield (
            _correlate(x, kernel.T, dilation=dilation),
            "rows and columns of the kernel are swapped.",
        )
    last = np.zeros_like(kernel)
    last[-1, -1] = kernel[-1, -1]
    yield (
        _correlate(x, last, dilation=dilation),
        "only the last product is left. Add the products up with +=.",
    )
    if dilation > 1:
        yield (
            _correlate(x, kernel),
            "the dilation is not used. Neighbouring weights belong to pixels that lie "
            f"{dilation} apart.",
        )
        yield (
            _correlate(x, kernel, stride=dilation),
            "the dilation is used as a stride. The window still moves by one pixel; the weights "
            f"inside it lie {dilation} pixels apart.",
        )
    if (dilation + 1) * (max(kernel.shape) - 1) < min(x.shape):
        yield (
            _correlate(x, kernel, dilation=dilation + 1),
            "the weights lie one pixel too far apart. Dilation 1 means neighbouring pixels.",
        )
    yield (
        _correlate(x, kernel, dilation=dilation, padding="same"),
        "the image was padded. This exercise has no padding.",
    )


def _correlate(x: np.ndarray, kernel: np.ndarray, **options: Any) -> np.ndarray:
    return conv2d(x[None], kernel[None, None], **options)[0]


def _pooling_cases() -> Iterable[Case]:
    sizes = [(2, 2, 2, 2), (4, 4, 2, 2), (3, 3, 2, 1), (5, 5, 2, 3), (6, 8, 3, 2)]
    for H, W, K, stride in sizes:
        random = np.random.default_rng(H * W)
        x = random.permutation(np.arange(1.0, H * W + 1)).reshape(H, W)
        grad = random.integers(1, 10, conv_output_size((H, W), K, stride)).astype(float)
        yield make_case(
            f"x {H} x {W}, kernel_size {K}, stride {stride}",
            (grad, x, K, stride),
            avg_pool2d_backward(grad[None], x[None], K, stride)[0],
            _pooling_mistakes(grad, x, K, stride),
            f"grad_output has shape {grad.shape} here, the result should have x's, {x.shape}.",
        )


def _pooling_mistakes(
    grad: np.ndarray, x: np.ndarray, K: int, stride: int
) -> Iterable[tuple[np.ndarray, str]]:
    right = _spread(grad, x.shape, K, stride)
    share = f"Each pixel of a window gets 1 / {K * K} of its gradient."
    yield K * K * right, f"the division by the window's area is missing. {share}"
    yield K * right, f"divided by {K}, but a window has {K} x {K} pixels. {share}"
    yield right / (K * K), f"divided by the window's area twice. {share}"
    yield -right, "the sign is inverted."
    yield (
        max_pool2d_backward(grad[None], x[None], K, stride)[0],
        f"each gradient went to the largest pixel alone. That is max pooling; here {share.lower()}",
    )
    if stride < K:
        overlap = "Windows overlap here, a pixel adds up what it gets from each: += instead of =."
        assigned = _spread(grad, x.shape, K, stride, add=False)
        yield assigned, overlap
        yield K * K * assigned, f"the division by the window's area is missing. {share} {overlap}"
    for step in sorted({1, K} - {stride}):
        yield (
            _spread(grad, x.shape, K, step),
            f"the windows start {step} apart, they should start stride = {stride} apart.",
        )


def _spread(
    grad: np.ndarray, shape: tuple[int, int], K: int, step: int, add: bool = True
) -> np.ndarray:
    """Average pooling's gradient in loops, with the mistakes that loops invite."""
    result = np.zeros(shape)
    for i, j in np.ndindex(grad.shape):
        window = result[step * i : step * i + K, step * j : step * j + K]
        window[:] = (window if add else 0) + grad[i, j] / (K * K)
    return result


def _check_pattern_kernel(kernel: Any) -> str:
    if kernel is None or kernel is ...:
        raise NotYet(NOT_YET)
    if callable(kernel):
        raise Remark("Expected a kernel of shape (3, 3), got a function.")
    kernel = numbers(kernel, "The kernel is")
    if kernel.shape in ((1, 1, 3, 3), (1, 3, 3)):
        kernel = kernel.reshape(3, 3)
    if kernel.shape != (3, 3):
        raise Remark(f"The kernel should have shape (3, 3), it has {kernel.shape}.")
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
        said += " The pattern has the smallest of all: turn every sign round."
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
        "the upright line": (np.ones((5, 1)), 0.6, (7, 16)),
        "the lying line": (np.ones((1, 5)), 0.6, (10, 2)),
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
    name = max(under, key=under.get)
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
