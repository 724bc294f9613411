"""The pieces of a training step equal torch's, values and gradients.

All in float64. Both sides do the same few operations in nearly the same order: 1e-10 leaves room
for rounding and for nothing else.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from large_models.formulas import training

EXACT = {"rtol": 1e-10, "atol": 1e-10}
on_random_cases = settings(max_examples=50)
sizes, seeds = st.integers(1, 6), st.integers(0, 2**32 - 1)


@on_random_cases
@given(st.lists(sizes, max_size=2), sizes, sizes, seeds)
def test_linear_and_its_gradients_equal_torch(leading, inputs, outputs, seed):
    random = np.random.default_rng(seed)
    arrays = [
        random.standard_normal(shape)
        for shape in ((*leading, inputs), (outputs, inputs), (outputs,))
    ]
    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    y = F.linear(*tensors)
    grad = random.standard_normal(y.shape)
    y.backward(torch.from_numpy(grad))
    np.testing.assert_allclose(training.linear(*arrays), y.detach().numpy(), **EXACT)
    np.testing.assert_allclose(
        training.linear(*arrays[:2]) + arrays[2], training.linear(*arrays), **EXACT
    )
    for ours, tensor in zip(training.linear_backward(grad, *arrays[:2]), tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), **EXACT)


@on_random_cases
@given(sizes, sizes, st.sampled_from([0.1, 1.0, 1e3, 1e6]), seeds)
def test_cross_entropy_and_its_gradient_equal_torch(batch, classes, scale, seed):
    random = np.random.default_rng(seed)
    logits = scale * random.standard_normal((batch, classes))
    targets = random.integers(classes, size=batch)
    tensor = torch.tensor(logits, requires_grad=True)
    loss = F.cross_entropy(tensor, torch.from_numpy(targets))
    loss.backward()
    np.testing.assert_allclose(training.cross_entropy(logits, targets), loss.item(), **EXACT)
    np.testing.assert_allclose(
        training.cross_entropy_backward(logits, targets), tensor.grad.numpy(), **EXACT
    )


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_equals_torch(axis):
    logits = np.random.default_rng(1).standard_normal((3, 4))
    tensor = torch.from_numpy(logits)
    np.testing.assert_allclose(training.softmax(logits, axis), tensor.softmax(axis), **EXACT)
    np.testing.assert_allclose(
        training.log_softmax(logits, axis), tensor.log_softmax(axis), **EXACT
    )


def test_large_logits_do_not_overflow():
    logits = np.array([[1e4, 0.0, -1e4]])
    np.testing.assert_array_equal(training.softmax(logits), [[1, 0, 0]])
    # The probability of class 2 is less than any float; its logarithm is not.
    assert training.cross_entropy(logits, [2]) == 2e4
    np.testing.assert_array_equal(training.cross_entropy_backward(logits, [2]), [[1, 0, -1]])


@pytest.mark.parametrize("row", [[np.nan, 1], [np.inf, 1], [-np.inf, 1], [-np.inf, -np.inf]])
def test_nan_and_infinity_go_through_softmax_as_in_torch(row):
    np.testing.assert_array_equal(training.softmax(row), torch.tensor(row).softmax(0).numpy())


def test_float32_stays_float32():
    x = np.ones((2, 3), np.float32)
    results = [
        training.linear(x, x, x[:, 0]),
        *training.linear_backward(np.ones((2, 2), np.float32), x, x),
        training.softmax(x),
        training.log_softmax(x),
        training.cross_entropy_backward(x, [0, 2]),
    ]
    assert {result.dtype for result in results} == {np.dtype(np.float32)}


SGD_SETTINGS = [
    {},
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01},
]
ADAM_SETTINGS = [
    {},
    {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3},
    {"lr": 0.1, "weight_decay": 0.1},
]


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [(training.SGD, torch.optim.SGD, options) for options in SGD_SETTINGS]
    + [(training.Adam, torch.optim.Adam, options) for options in ADAM_SETTINGS],
)
def test_steps_equal_torch(ours, theirs, options):
    random = np.random.default_rng(2)
    params = {"weight": random.standard_normal((3, 2)), "bias": random.standard_normal(3)}
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in params.items()}
    our_optimizer, their_optimizer = ours(params, **options), theirs(tensors.values(), **options)
    for _ in range(6):
        grads = {name: random.standard_normal(value.shape) for name, value in params.items()}
        kept = {name: grad.copy() for name, grad in grads.items()}
        our_optimizer.step(grads)
        for name, tensor in tensors.items():
            tensor.grad = torch.from_numpy(kept[name])
        their_optimizer.step()
        for name, value in params.items():
            np.testing.assert_allclose(value, tensors[name].detach().numpy(), **EXACT)
            np.testing.assert_array_equal(grads[name], kept[name])  # left as they were


@pytest.mark.parametrize("optimizer", [training.SGD, training.Adam])
def test_a_list_of_parameters_is_changed_in_place(optimizer):
    params = [np.ones(2, np.float32), np.ones((), np.float64)]
    optimizer(params, lr=0.5).step([np.ones(2), np.ones(())])
    np.testing.assert_allclose(params[0], [0.5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(params[1], 0.5, rtol=1e-6)
    assert params[0].dtype == np.float32


@pytest.mark.parametrize("optimizer", [training.SGD, training.Adam])
def test_a_refused_step_changes_nothing(optimizer):
    params = {"a": np.ones(2), "b": np.ones(3)}
    stepper = optimizer(params)
    with pytest.raises(ValueError, match=r"'b' must have its shape \(3,\), got \(2,\)"):
        stepper.step({"a": np.ones(2), "b": np.ones(2)})
    with pytest.raises(ValueError, match=r"\['a', 'b'\], gradients \['a'\]"):
        stepper.step({"a": np.ones(2)})
    np.testing.assert_array_equal(params["a"], 1)
    fresh = {"a": np.ones(2), "b": np.ones(3)}
    for each in (stepper, optimizer(fresh)):
        each.step({"a": np.ones(2), "b": np.ones(3)})
    np.testing.assert_array_equal(params["b"], fresh["b"])  # nor did the state


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: training.linear(np.ones((2, 3)), np.ones((4, 2))), r"\(2, 3\) and \(4, 2\)"),
        (lambda: training.linear(1.0, np.ones((4, 2))), r"\(\) and \(4, 2\)"),
        (lambda: training.linear(np.ones(2), np.ones(2)), r"\(2,\) and \(2,\)"),
        (lambda: training.linear(np.ones(2), np.ones((4, 2)), np.ones(2)), r"\(4,\).*\(2,\)"),
        (
            lambda: training.linear_backward(np.ones((2, 3)), np.ones((2, 3)), np.ones((4, 3))),
            r"output's shape \(2, 4\), got \(2, 3\)",
        ),
        (lambda: training.softmax(np.ones((2, 0))), r"axis -1 of logits \(2, 0\)"),
        (lambda: training.softmax(np.ones(2), axis=1), r"axis 1 of logits \(2,\)"),
        (lambda: training.softmax(3.0), r"axis -1 of logits \(\)"),
        (lambda: training.softmax(["a"]), "real numbers"),
        (lambda: training.cross_entropy(np.ones((2, 3)), [1]), r"\(2, 3\) and \(1,\)"),
        (lambda: training.cross_entropy(np.ones(3), 1), r"\(3,\) and \(\)"),
        (lambda: training.cross_entropy(np.ones((0, 3)), []), "not empty"),
        (lambda: training.cross_entropy(np.ones((1, 3)), [3]), "from 0 to 2, got"),
        (lambda: training.cross_entropy(np.ones((1, 3)), [-1]), "from 0 to 2, got"),
        (lambda: training.cross_entropy_backward(np.ones((1, 3)), [1.0]), "whole numbers"),
        (lambda: training.SGD([np.ones(2)], lr=-1), "SGD: lr must be at least 0, got -1"),
        (lambda: training.SGD([np.ones(2)], momentum=float("nan")), "momentum .* got nan"),
        (lambda: training.SGD([np.ones(2, int)]), "parameter 0 .* got int64"),
        (lambda: training.Adam({"w": [1.0]}), "parameter 'w' .* got list"),
        (lambda: training.Adam([np.ones(2)], betas=(0.9, 1.0)), "less than 1, got"),
        (lambda: training.Adam([np.ones(2)], eps=-1e-8), "eps must be at least 0"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
