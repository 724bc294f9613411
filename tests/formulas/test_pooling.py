"""Pooling in NumPy, held to torch: values, gradients, ties, what lies outside."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from large_models.formulas import cnn
from large_models.shapes import pair, pool_output_size
from tests.formulas.test_cnn import EXACT, both, on_random_cases, torch_gradients


@st.composite
def pool_cases(draw, average: bool):
    kernel = draw(both(1, 4))
    smallest = kernel if isinstance(kernel, int) else min(kernel)
    options = {
        "kernel_size": kernel,
        "stride": draw(st.none() | both(1, 4)),
        "padding": draw(both(0, smallest // 2)),
        "ceil_mode": draw(st.booleans()),
    }
    options |= {} if average else {"dilation": draw(both(1, 3))}
    image = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    try:
        y_size = pool_output_size(image, **options)
    except ValueError:
        assume(False)
    for axis in (0, 1):  # torch's gradient writes outside its memory for a window without a pixel
        k, s, p, d = (
            pair(value, "")[axis]
            for value in (
                kernel,
                options["stride"] or kernel,
                options["padding"],
                options.get("dilation", 1),
            )
        )
        taps = s * np.arange(y_size[axis])[:, None] - p + d * np.arange(k)
        assume(((taps >= 0) & (taps < image[axis])).any(axis=1).all())
    options |= {"count_include_pad": draw(st.booleans())} if average else {}
    batch = draw(st.sampled_from([(2,), (1, 2), (3, 1)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((*batch, *image))
    if draw(st.booleans()):
        x = x.round()  # equal values compete for being the largest
    return x, options


@on_random_cases
@given(pool_cases(average=False))
def test_max_pool2d_and_its_gradient_equal_torch(case):
    x, options = case
    y, grad, (expected,) = torch_gradients(lambda x: F.max_pool2d(x, **options), 2, x)
    np.testing.assert_array_equal(cnn.max_pool2d(x, **options), y)
    np.testing.assert_allclose(cnn.max_pool2d_backward(grad, x, **options), expected, **EXACT)


@on_random_cases
@given(pool_cases(average=True))
def test_avg_pool2d_and_its_gradient_equal_torch(case):
    x, options = case
    y, grad, (expected,) = torch_gradients(lambda x: F.avg_pool2d(x, **options), 3, x)
    np.testing.assert_allclose(cnn.avg_pool2d(x, **options), y, **EXACT)
    np.testing.assert_allclose(cnn.avg_pool2d_backward(grad, x, **options), expected, **EXACT)


def test_average_pooling_on_every_small_axis():
    # Rows only, all of them: where a last window hangs over the padding is rare among random cases.
    cases = itertools.product(range(1, 8), range(1, 5), range(1, 5), range(3), *[(False, True)] * 2)
    for size, kernel, stride, padding, ceil_mode, include in cases:
        options = {
            "kernel_size": (kernel, 1),
            "stride": (stride, 1),
            "padding": (padding, 0),
            "ceil_mode": ceil_mode,
            "count_include_pad": include,
        }
        x = np.arange(1.0, size + 1).reshape(1, size, 1) ** 2
        try:
            expected = F.avg_pool2d(torch.from_numpy(x), **options).numpy()
        except RuntimeError:
            with pytest.raises(ValueError, match="avg_pool2d: "):
                cnn.avg_pool2d(x, **options)
        else:
            np.testing.assert_allclose(cnn.avg_pool2d(x, **options), expected, **EXACT)


@pytest.mark.parametrize(
    "pixels", [[[np.nan, 1], [np.nan, 2]], [[-np.inf, -np.inf], [-np.inf, -np.inf]]]
)
def test_max_pooling_sends_its_gradient_where_torch_does(pixels):
    # NaN wins over every number, the last NaN over the first; with nothing but -infinity the
    # first pixel inside the image wins, never the padding.
    x = np.array([pixels], float)
    y, grad, (expected,) = torch_gradients(lambda x: F.max_pool2d(x, 2, 1, 1), 9, x)
    np.testing.assert_allclose(cnn.max_pool2d_backward(grad, x, 2, 1, 1), expected, **EXACT)


def test_a_window_that_sees_no_pixel_is_minus_infinity():
    # One row of padding, dilation 3: the window's two cells lie above and below the only row.
    x = np.ones((1, 1, 3))
    options = {"kernel_size": (2, 1), "padding": (1, 0), "dilation": (3, 1), "ceil_mode": True}
    y = cnn.max_pool2d(x, **options)
    np.testing.assert_array_equal(y, F.max_pool2d(torch.from_numpy(x), **options).numpy())
    np.testing.assert_array_equal(y, np.full_like(y, -np.inf))
    assert not cnn.max_pool2d_backward(np.ones_like(y), x, **options).any()
