"""Checks say "right" to right answers, name the usual mistakes, and survive everything else."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from large_models import checks
from large_models.checks.cnn import DILATED, PATTERN, pattern_image

MATCHED = PATTERN * 9 - 5.0  # its weights add up to zero


def dilated(x, kernel, dilation):
    (H, W), (K, L) = x.shape, kernel.shape
    y = np.zeros((H - dilation * (K - 1), W - dilation * (L - 1)))
    for i, j in np.ndindex(y.shape):
        for k, l in np.ndindex(K, L):
            y[i, j] += kernel[k, l] * x[i + dilation * k, j + dilation * l]
    return y


def pooled(grad_output, x, kernel_size, stride):
    grad = np.zeros_like(x)
    for i, j in np.ndindex(grad_output.shape):
        rows = slice(stride * i, stride * i + kernel_size)
        columns = slice(stride * j, stride * j + kernel_size)
        grad[rows, columns] += grad_output[i, j] / kernel_size**2
    return grad


def with_torch(x, kernel, dilation):
    x, kernel = torch.from_numpy(x).float(), torch.from_numpy(kernel).float()
    return F.conv2d(x[None, None], kernel[None, None], dilation=dilation)[0, 0]


@pytest.mark.parametrize("function", [dilated, with_torch, lambda *a: dilated(*a).tolist()])
def test_a_right_convolution_passes(function, capsys):
    assert checks.cnn.dilated_convolution(function) is True
    assert capsys.readouterr().out.startswith("Right in all 5 cases")


def test_a_right_gradient_passes(capsys):
    assert checks.cnn.avg_pool_backward(pooled) is True
    assert capsys.readouterr().out.startswith("Right in all 5 cases")


@pytest.mark.parametrize("kernel", [MATCHED, PATTERN * 2 - 1, (MATCHED / 9)[None, None].tolist()])
def test_a_right_kernel_passes(kernel, capsys):
    assert checks.cnn.pattern_kernel(kernel) is True
    assert capsys.readouterr().out.startswith("Right: the response at the pattern is")


def raises(*_):
    raise NotImplementedError


@pytest.mark.parametrize("stub", [None, ..., lambda *_: None, lambda *_: ..., raises])
def test_a_stub_is_not_yet_an_answer(stub, capsys):
    assert checks.cnn.dilated_convolution(stub) is None
    assert checks.cnn.avg_pool_backward(stub) is None
    assert capsys.readouterr().out.count("Not yet") == 2


@pytest.mark.parametrize("stub", [None, ..., np.zeros((3, 3))])
def test_a_kernel_not_filled_in_is_not_yet_an_answer(stub, capsys):
    assert checks.cnn.pattern_kernel(stub) is None
    assert capsys.readouterr().out.startswith("Not yet")


def ignores_dilation(x, kernel, dilation):
    return dilated(x, kernel, 1)


def strides(x, kernel, dilation):
    return dilated(x, kernel, 1)[::dilation, ::dilation]


def flips(x, kernel, dilation):
    return dilated(x, kernel[::-1, ::-1], dilation)


def swaps(x, kernel, dilation):
    return dilated(x.T, kernel, dilation).T if kernel.shape[0] == kernel.shape[1] else None


def overwrites(x, kernel, dilation):
    y = dilated(x, kernel, dilation)
    for i, j in np.ndindex(y.shape):
        y[i, j] = (
            kernel[-1, -1]
            * x[i:, j:][dilation * (kernel.shape[0] - 1), dilation * (kernel.shape[1] - 1)]
        )
    return y


def spreads_too_far(x, kernel, dilation):
    return dilated(x, kernel, dilation + 1)


def pads(x, kernel, dilation):
    rows, columns = (dilation * (size - 1) for size in kernel.shape)
    around = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))
    return dilated(np.pad(x, around), kernel, dilation)


def one_row_short(x, kernel, dilation):
    y = dilated(x, kernel, dilation)
    return y[:-1] if len(y) > 1 else y


def one_column_more(x, kernel, dilation):
    return np.pad(dilated(x, kernel, dilation), ((0, 0), (0, 1)))


def runs_out(x, kernel, dilation):
    return x[len(x)]


def off_by_a_constant(x, kernel, dilation):
    return dilated(x, kernel, dilation) + 1


@pytest.mark.parametrize(
    ("mistake", "case", "says"),
    [
        (ignores_dilation, "x 3 x 4, kernel 2 x 2, dilation 2", "the dilation is not used"),
        (strides, "x 3 x 4, kernel 2 x 2, dilation 2", "used as a stride"),
        (lambda *a: dilated(*a)[:: a[2], :: a[2]], "x 3 x 4", "moves by `dilation` pixels too"),
        (lambda x, k, d: dilated(x, k, d - 1), "x 3 x 3", "one pixel too close together"),
        (lambda *a: dilated(*a) / a[1].size, "x 3 x 3", "this is the mean of the products"),
        (lambda x, k, d: dilated(x, k.T, d), "x 3 x 3", "rows and columns of the kernel are swap"),
        (flips, "x 3 x 3, kernel 2 x 2, dilation 1", "the kernel is flipped"),
        (swaps, "x 3 x 3, kernel 2 x 2, dilation 1", "rows and columns of the kernel are swapped"),
        (overwrites, "x 3 x 3, kernel 2 x 2, dilation 1", "only the last product is left"),
        (spreads_too_far, "x 3 x 3, kernel 2 x 2, dilation 1", "one pixel too far apart"),
        (pads, "x 3 x 3, kernel 2 x 2, dilation 1", "This exercise has no padding"),
        (
            one_row_short,
            "x 3 x 3, kernel 2 x 2, dilation 1",
            "should have shape (2, 2), but it has (1",
        ),
        (one_row_short, "", "only the size is off"),
        (
            one_column_more,
            "",
            "but it has (2, 3). Where the two overlap, its values are right",
        ),
        (runs_out, "", "raised IndexError: index 3 is out of bounds"),
        (runs_out, "", "The result should have shape (2, 2) here."),
        (off_by_a_constant, "x 3 x 3, kernel 2 x 2, dilation 1", "at row 0, column 0 expected"),
        (lambda x, kernel, dilation: x[0], "", "should have shape (2, 2), but it has (3,)"),
        (lambda x, kernel, dilation: 7, "", "should have shape (2, 2), but it has ()"),
        (lambda x, kernel: x, "", "raised TypeError: "),
    ],
)
def test_mistakes_in_a_convolution_are_named(mistake, case, says, capsys):
    assert checks.cnn.dilated_convolution(mistake) is False
    said = capsys.readouterr().out
    assert said.startswith(case) and says in said and said.count("\n") == 1


def test_the_function_of_the_page_starts_the_exercise():
    # The page's own `convolve` is right at dilation 1, also for kernels that are not square.
    assert {made.make()[1].shape for made in DILATED.cases} >= {(2, 2), (3, 2), (2, 3)}
    assert {made.make()[2] for made in DILATED.cases} == {1, 2, 3}


def undivided(grad_output, x, kernel_size, stride):
    return pooled(grad_output, x, kernel_size, stride) * kernel_size**2


def divided_by_side(grad_output, x, kernel_size, stride):
    return pooled(grad_output, x, kernel_size, stride) * kernel_size


def divided_twice(grad_output, x, kernel_size, stride):
    return pooled(grad_output, x, kernel_size, stride) / kernel_size**2


def negative(grad_output, x, kernel_size, stride):
    return -pooled(grad_output, x, kernel_size, stride)


def to_the_largest(grad_output, x, kernel_size, stride):
    grad = np.zeros_like(x)
    for i, j in np.ndindex(grad_output.shape):
        window = x[stride * i :, stride * j :][:kernel_size, :kernel_size]
        k, l = np.unravel_index(window.argmax(), window.shape)
        grad[stride * i + k, stride * j + l] += grad_output[i, j]
    return grad


def assigns(grad_output, x, kernel_size, stride, area=None):
    grad = np.zeros_like(x)
    for i, j in np.ndindex(grad_output.shape):
        window = grad[stride * i :, stride * j :][:kernel_size, :kernel_size]
        window[:] = grad_output[i, j] / (area or kernel_size**2)
    return grad


def repeats(grad_output, x, kernel_size, stride):
    """Right as long as windows neither overlap nor leave gaps."""
    grad = np.zeros_like(x)
    for i, j in np.ndindex(grad_output.shape):
        window = grad[kernel_size * i :, kernel_size * j :][:kernel_size, :kernel_size]
        window += grad_output[i, j] / kernel_size**2
    return grad


@pytest.mark.parametrize(
    ("mistake", "case", "says"),
    [
        (undivided, "x 2 x 2, kernel_size 2, stride 2", "division by the window's area is missing"),
        (divided_by_side, "x 2 x 2", "divided by kernel_size, but a window has its square"),
        (divided_twice, "x 2 x 2", "divided by the window's area twice"),
        (negative, "x 2 x 2", "the sign is inverted"),
        (to_the_largest, "x 2 x 2", "went to the largest pixel alone"),
        (assigns, "x 3 x 4, kernel_size 2, stride 1", "Windows may overlap"),
        (lambda *a: assigns(*a, area=1), "x 2 x 2", "area is missing"),
        (
            repeats,
            "x 3 x 4, kernel_size 2, stride 1",
            "start kernel_size apart, they should start `stride` apart",
        ),
        (lambda g, x, k, s: pooled(g, x, k, 1), "x 4 x 6", "start 1 apart"),
        (
            lambda g, x, k, s: pooled(g, x, k, s) / np.maximum(pooled(g * 0 + k * k, x, k, s), 1),
            "x 3 x 4",
            "what a pixel gets from several windows is averaged",
        ),
        (lambda g, x, k, s: g, "x 2 x 2", "should have shape (2, 2), but it has (1, 1)"),
        (lambda g, x, k, s: g[5], "x 2 x 2", "the result should have x's, (2, 2)"),
        (lambda g, x, k, s: x, "x 2 x 2", "at row 0, column 0 expected"),
    ],
)
def test_mistakes_in_a_gradient_are_named(mistake, case, says, capsys):
    assert checks.cnn.avg_pool_backward(mistake) is False
    said = capsys.readouterr().out
    assert said.startswith(case) and says in said and said.count("\n") == 1


SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        (
            PATTERN,
            "is 3, but 4 inside the bright square (row 2, column 2). The weights add up to 5,",
        ),
        (np.ones((3, 3)), "The weights add up to 9"),
        (-MATCHED, "The pattern has the smallest of all: change every sign."),
        (
            MATCHED[::-1, ::-1],
            "is -3.5, but 10 at the turned pattern (row 2, column 10). The kernel is the",
        ),
        (SOBEL, "at the edge of the bright square (row"),
        ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], "is 0.1, but 0.8 at the edge of the bright square"),
        ([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]], "at the dot"),
        (-np.ones((3, 3)), "in the background"),
        (np.ones((2, 3)), "should have shape (3, 3), but it has (2, 3)"),
        (3, "should have shape (3, 3), but it has ()"),
        ([[1, 2], [3]], "The kernel is a list whose parts differ in length"),
        ("corner", "The kernel is a str"),
        (np.full((3, 3), np.nan), "The kernel is nan at (0, 0), expected finite numbers."),
        (MATCHED * 1j, "The kernel is an array of complex128"),
        (dilated, "Expected a kernel of shape (3, 3), got a function."),
    ],
)
def test_mistakes_in_a_kernel_are_named(kernel, says, capsys):
    assert checks.cnn.pattern_kernel(kernel) is False
    assert says in capsys.readouterr().out


def test_a_response_as_large_elsewhere_is_not_the_largest(capsys):
    line = [[0, 0, 0], [0, 0, 0], [-5, 4, 1]]
    row = np.array([[-2, 1, 1]]) * np.array([[0], [0], [1]])
    for kernel in (line, row, [[0, -1, 0], [0, 1, 0], [0, 0, 0]]):
        assert checks.cnn.pattern_kernel(kernel) is False
    assert capsys.readouterr().out.count("response at the pattern is") == 3


def test_the_picture_holds_the_pattern_where_it_says():
    image, (row, column) = pattern_image()
    under = image[row : row + 3, column : column + 3]
    np.testing.assert_allclose(under, np.where(PATTERN, 0.6, 0.1))
    assert image.max() > under.max()  # so that brightness alone does not find it
    places = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    alike = [p for p in np.ndindex(places.shape[:2]) if np.allclose(places[p], under)]
    assert alike == [(row, column)]


def test_a_window_sees_one_thing_at_a_time():
    image, masks = checks.cnn._picture()
    things = np.stack([np.pad(mask, 2) for mask in masks.values()])
    for i, j in np.ndindex(image.shape[0] + 2, image.shape[1] + 2):
        seen = things[:, i : i + 3, j : j + 3].any(axis=(1, 2))
        whole = 2 <= i <= image.shape[0] - 1 and 2 <= j <= image.shape[1] - 1
        assert seen.sum() <= (1 if whole else 0)


def test_every_line_of_the_planted_bug_has_its_sentence(capsys):
    for letter in "abcde":
        assert checks.cnn.planted_bug(letter) is (letter == "c")
    assert checks.cnn.planted_bug(None) is None
    said = capsys.readouterr().out.strip().split("\n")
    assert len(set(said)) == 6 and said[2].startswith("Right. ")
