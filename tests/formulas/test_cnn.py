"""Convolution and pooling equal torch's, values and gradients, on random shapes and options.

In float64 both sides add the same products in another order: 1e-10 leaves room for that and for
nothing else. In float32 that room is 1e-4 (sums of up to a few hundred products of size about 1).
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from large_models.formulas import cnn
from large_models.shapes import conv_output_size, pair

EXACT = {"rtol": 1e-10, "atol": 1e-10}
on_random_cases = settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


def both(minimum: int, maximum: int):
    """An int or a pair of ints."""
    number = st.integers(minimum, maximum)
    return number | st.tuples(number, number)


@st.composite
def conv_cases(draw):
    groups = draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    channels, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    image = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    stride = draw(both(1, 3))
    words = ["valid", "same"] if stride in (1, (1, 1)) else ["valid"]
    options = {
        "stride": stride,
        "padding": draw(both(0, 3) | st.sampled_from(words)),
        "dilation": draw(both(1, 3)),
        "groups": groups,
    }
    sizes = {name: value for name, value in options.items() if name != "groups"}
    try:
        conv_output_size(image, kernel, **sizes)
    except ValueError:
        assume(False)
    batch = draw(st.sampled_from([(), (1,), (3,)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = random.standard_normal((*batch, channels, *image))
    weight = random.standard_normal((outputs, channels // groups, *kernel))
    bias = random.standard_normal(outputs) if draw(st.booleans()) else None
    return x, weight, bias, options


def torch_gradients(function, grad_seed: int, *inputs: np.ndarray):
    """torch's output, a random gradient by it, and the gradients with respect to the inputs."""
    tensors = [torch.tensor(array, requires_grad=True) for array in inputs]
    y = function(*tensors)
    grad = np.random.default_rng(grad_seed).standard_normal(y.shape)
    y.backward(torch.from_numpy(grad))
    return y.detach().numpy(), grad, [tensor.grad.numpy() for tensor in tensors]


@on_random_cases
@given(conv_cases())
def test_conv2d_and_its_gradients_equal_torch(case):
    x, weight, bias, options = case
    given_bias = np.zeros(len(weight)) if bias is None else bias
    y, grad, expected = torch_gradients(
        lambda x, weight, bias: F.conv2d(x, weight, bias, **options), 1, x, weight, given_bias
    )
    np.testing.assert_allclose(cnn.conv2d(x, weight, bias, **options), y, **EXACT)
    for ours, theirs in zip(cnn.conv2d_backward(grad, x, weight, **options), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, **EXACT)


@settings(on_random_cases, max_examples=40)
@given(conv_cases())
def test_the_loops_equal_the_matrix_product(case):
    x, weight, bias, options = case
    np.testing.assert_allclose(
        cnn.conv2d_loops(x, weight, bias, **options),
        cnn.conv2d(x, weight, bias, **options),
        **EXACT,
    )


def test_many_images_go_through_in_blocks():
    # More images than fit into the columns that conv2d holds at once, the last block smaller.
    random = np.random.default_rng(4)
    x, weight = random.standard_normal((23, 4, 40, 40)), random.standard_normal((3, 4, 3, 3))
    expected = F.conv2d(torch.from_numpy(x), torch.from_numpy(weight)).numpy()
    np.testing.assert_allclose(cnn.conv2d(x, weight), expected, **EXACT)
    x, weight = random.standard_normal((130, 1, 20, 20)), random.standard_normal((2, 1, 3, 3))
    expected = F.conv2d(torch.from_numpy(x), torch.from_numpy(weight)).numpy()
    np.testing.assert_allclose(cnn.conv2d(x, weight), expected, **EXACT)


def test_same_puts_the_extra_zero_below_and_to_the_right():
    # An even kernel needs an odd number of zeros; a picture of one pixel shows where they went.
    x, weight = np.ones((1, 1, 1)), np.arange(1.0, 5).reshape(1, 1, 2, 2)
    assert cnn.conv2d(x, weight, padding="same").item() == 1
    x = np.zeros((1, 3, 3))
    x[0, 1, 1] = 1
    np.testing.assert_array_equal(
        cnn.conv2d(x, weight, padding="same")[0], [[4, 3, 0], [2, 1, 0], [0, 0, 0]]
    )


def test_the_kernel_is_not_flipped():
    x = np.array([[[1.0, 2, 3]]])
    np.testing.assert_array_equal(cnn.conv2d(x, np.array([[[[1.0, 10]]]])), [[[21, 32]]])


def test_gradients_equal_finite_differences():
    # Central differences with step 1e-5 err by about 1e-10 times the third derivative, which is
    # zero here (a convolution is linear in each argument), plus rounding of about 1e-10.
    random = np.random.default_rng(5)
    x, weight = random.standard_normal((2, 2, 5, 4)), random.standard_normal((4, 1, 3, 2))
    bias = random.standard_normal(4)
    options = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 2}
    grad = random.standard_normal(cnn.conv2d(x, weight, bias, **options).shape)
    analytic = cnn.conv2d_backward(grad, x, weight, **options)
    for array, expected in zip((x, weight, bias), analytic, strict=True):
        numeric = np.empty_like(array)
        for index in np.ndindex(array.shape):
            ends = []
            for step in (1e-5, -1e-5):
                array[index] += step
                ends.append((cnn.conv2d(x, weight, bias, **options) * grad).sum())
                array[index] -= step
            numeric[index] = (ends[0] - ends[1]) / 2e-5
        np.testing.assert_allclose(expected, numeric, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_precision_of_the_input_is_kept(dtype):
    random = np.random.default_rng(6)
    x, weight = random.standard_normal((2, 3, 6, 6)), random.standard_normal((4, 3, 3, 3))
    x, weight, bias = x.astype(dtype), weight.astype(dtype), np.ones(4, dtype)
    y = cnn.conv2d(x, weight, bias)
    expected = F.conv2d(*map(torch.from_numpy, (x, weight, bias))).numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-4)
    results = [
        y,
        cnn.conv2d_loops(x, weight, bias),
        *cnn.conv2d_backward(y, x, weight),
        cnn.max_pool2d(x, 2),
        cnn.avg_pool2d(x, 2),
        cnn.max_pool2d_backward(cnn.max_pool2d(x, 2), x, 2),
        cnn.avg_pool2d_backward(cnn.avg_pool2d(x, 2), x, 2),
        cnn.relu(x),
        cnn.relu_backward(x, x),
    ]
    assert {result.dtype for result in results} == {np.dtype(dtype)}


def test_integers_are_computed_as_float64():
    x, weight = np.arange(9).reshape(1, 3, 3), np.ones((1, 1, 2, 2), int)
    y = cnn.conv2d(x, weight)
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, [[[8, 12], [20, 24]]])
    assert cnn.max_pool2d(x, 2).item() == 4 and cnn.avg_pool2d(x, 2).item() == 2


def test_the_inputs_are_left_as_they_were():
    x, weight = np.arange(32.0).reshape(1, 2, 4, 4), np.ones((2, 2, 3, 3))
    kept = x.copy()
    for result in (cnn.max_pool2d(x, 1), cnn.avg_pool2d(x, 1), cnn.relu(x)):
        result += 1
    cnn.max_pool2d_backward(np.ones((1, 2, 2, 2)), x, 2)
    cnn.conv2d_backward(np.ones((1, 2, 2, 2)), x, weight)
    np.testing.assert_array_equal(x, kept)
    np.testing.assert_array_equal(weight, 1)


def test_views_and_an_empty_batch_are_as_good_as_any():
    random = np.random.default_rng(7)
    whole, weight = random.standard_normal((5, 6, 2, 4)), random.standard_normal((3, 2, 2, 2))
    view = whole.transpose(3, 2, 0, 1)[::2, :, ::-1]
    np.testing.assert_array_equal(cnn.conv2d(view, weight), cnn.conv2d(view.copy(), weight))
    assert cnn.conv2d(whole[:0].transpose(0, 2, 1, 3), weight).shape == (0, 3, 5, 3)
    assert cnn.max_pool2d(np.ones((0, 2, 4, 4)), 2).shape == (0, 2, 2, 2)
    grads = cnn.conv2d_backward(np.ones((0, 3, 5, 3)), np.ones((0, 2, 6, 4)), weight)
    assert [grad.shape for grad in grads] == [(0, 2, 6, 4), (3, 2, 2, 2), (3,)]


def test_nan_and_infinity_spread_as_in_torch():
    random = np.random.default_rng(8)
    x = random.standard_normal((1, 2, 6, 6))
    x[0, 0, 2, 3], x[0, 1, 0, 0], x[0, 1, 5, 5] = np.nan, np.inf, -np.inf
    weight = random.standard_normal((2, 2, 3, 3))
    broken = weight.copy()
    broken[0, 1, 0, 0] = np.nan
    with np.errstate(invalid="ignore"):  # inf - inf
        for kernel in (weight, broken):
            y = F.conv2d(torch.from_numpy(x), torch.from_numpy(kernel), padding=1).numpy()
            np.testing.assert_allclose(cnn.conv2d(x, kernel, padding=1), y, **EXACT)
        tensor = torch.from_numpy(x)
        np.testing.assert_array_equal(
            cnn.max_pool2d(x, 3, 2, 1), F.max_pool2d(tensor, 3, 2, 1).numpy()
        )
        np.testing.assert_allclose(
            cnn.avg_pool2d(x, 3, 2, 1), F.avg_pool2d(tensor, 3, 2, 1).numpy(), **EXACT
        )
    np.testing.assert_array_equal(cnn.relu(x), F.relu(tensor).numpy())


def test_relu_and_its_gradient_equal_torch():
    x = np.array([-2.0, -0.0, 0.0, 3.0, np.nan, np.inf, -np.inf])
    y, grad, (expected,) = torch_gradients(F.relu, 10, x)
    np.testing.assert_array_equal(cnn.relu(x), y)
    np.testing.assert_array_equal(cnn.relu_backward(grad, x), expected)


IMAGE, KERNEL = np.ones((1, 2, 5, 5)), np.ones((4, 2, 3, 3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: cnn.conv2d(np.ones((5, 5)), KERNEL), r"\(B, C, H, W\).*got \(5, 5\)"),
        (lambda: cnn.conv2d(np.ones((1, 2, 0, 5)), KERNEL), r"not empty, got \(1, 2, 0, 5\)"),
        (lambda: cnn.conv2d(IMAGE, np.ones((3, 3))), r"\(O, C / groups, K, L\), got \(3, 3\)"),
        (lambda: cnn.conv2d(IMAGE, np.ones((0, 2, 3, 3))), r"got \(0, 2, 3, 3\)"),
        (lambda: cnn.conv2d(IMAGE, np.ones((4, 3, 3, 3))), r"\(1, 2, 5, 5\).*\(4, 3, 3, 3\)"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, groups=2), "needs 4 input channels, x has 2"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, groups=3), "must both divide by groups=3"),
        (lambda: cnn.conv2d(IMAGE, np.ones((3, 1, 3, 3)), groups=2), "3 output channels"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, groups=0), "groups .* at least 1, got 0"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, groups=1.0), "groups .* got 1.0"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, np.ones(3)), r"bias must be \(4,\).*got \(3,\)"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, np.ones((1, 4))), r"bias .*got \(1, 4\)"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, dilation=3), r"\(1, 2, 5, 5\).*window of 7.*fit into 5"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, stride=0), "stride: .* at least 1, got 0"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, stride=(1, 2, 3)), r"a pair of ints, got \(1, 2, 3\)"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, stride=1.5), "a pair of ints, got 1.5"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, padding=-1), "padding: .* at least 0, got -1"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, padding="full"), "got 'full'"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, stride=2, padding="same"), "needs stride 1, got .* 2"),
        (lambda: cnn.conv2d(IMAGE, KERNEL, dilation=True), "whole numbers .* got True"),
        (lambda: cnn.conv2d(IMAGE.astype(str), KERNEL), "real numbers, got an array of <U"),
        (lambda: cnn.conv2d(IMAGE, KERNEL * 1j), "weight must be real numbers, .*complex128"),
        (lambda: cnn.conv2d(IMAGE, [[[[1, 2], [3]]]]), "rows of unequal length"),
        (lambda: cnn.conv2d(None, KERNEL), "x must be real numbers, got an array of object"),
        (lambda: cnn.conv2d_loops(IMAGE, np.ones((4, 3, 3, 3))), "conv2d_loops"),
        (
            lambda: cnn.conv2d_backward(np.ones((1, 4, 5, 5)), IMAGE, KERNEL),
            r"output's shape \(1, 4, 3, 3\), got \(1, 4, 5, 5\)",
        ),
        (lambda: cnn.max_pool2d(np.ones(4), 2), r"max_pool2d: x .*got \(4,\)"),
        (lambda: cnn.max_pool2d(IMAGE, 6), "window of 6.*does not fit into 5"),
        (
            lambda: cnn.max_pool2d(IMAGE, 2, padding=2),
            r"half of kernel_size \(2, 2\), got \(2, 2\)",
        ),
        (lambda: cnn.max_pool2d(IMAGE, 0), "kernel_size: .* at least 1, got 0"),
        (lambda: cnn.avg_pool2d(IMAGE, "2"), "kernel_size: .*got '2'"),
        (lambda: cnn.avg_pool2d(IMAGE, 2, padding=(0, 2)), r"got \(0, 2\)"),
        (
            lambda: cnn.max_pool2d_backward(np.ones((1, 2, 3, 3)), IMAGE, 2),
            r"max_pool2d_backward: .*\(1, 2, 2, 2\), got \(1, 2, 3, 3\)",
        ),
        (
            lambda: cnn.avg_pool2d_backward(np.ones((2, 2, 2)), IMAGE, 2),
            r"avg_pool2d_backward: .*\(1, 2, 2, 2\), got \(2, 2, 2\)",
        ),
        (lambda: cnn.relu_backward(np.ones(2), np.ones(3)), r"x's shape \(3,\), got \(2,\)"),
        (lambda: cnn.relu("hot"), "real numbers"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@on_random_cases
@given(both(1, 4), both(1, 5), both(1, 3), both(0, 3), both(1, 2), st.booleans())
def test_we_refuse_what_torch_refuses(size, kernel, stride, padding, dilation, ceil_mode):
    def shape(call):
        try:
            return tuple(call().shape)
        except (ValueError, RuntimeError):
            return None

    x, weight = np.ones((1, 1, *pair(size, ""))), np.ones((1, 1, *pair(kernel, "")))
    tensors = torch.from_numpy(x), torch.from_numpy(weight)
    sizes = {"stride": stride, "padding": padding, "dilation": dilation}
    pooling = sizes | {"kernel_size": kernel, "ceil_mode": ceil_mode}
    assert shape(lambda: cnn.conv2d(x, weight, **sizes)) == shape(
        lambda: F.conv2d(*tensors, **sizes)
    )
    assert shape(lambda: cnn.max_pool2d(x, **pooling)) == shape(
        lambda: F.max_pool2d(tensors[0], **pooling)
    )
