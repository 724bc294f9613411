"""The block in NumPy: torch's own layers and `models.transformer` are the oracle.

Everything is float64: 1e-10 leaves room for sums in another order and for nothing else.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.formulas import transformer as formulas
from large_models.models import transformer as models

EXACT = {"rtol": 1e-10, "atol": 1e-10}


@pytest.mark.parametrize("first", [0, 5])
@pytest.mark.parametrize("size", [2, 6, 64])
def test_positions_are_the_models(size, first):
    got = formulas.sinusoidal_positions(50, size, first)
    expected = models.sinusoidal_positions(50, size, first)  # float32
    np.testing.assert_allclose(got, expected, atol=1e-6)
    t, i = 7, size // 2 - 1
    angle = (t + first) / 10000 ** (2 * i / size)
    np.testing.assert_allclose(got[t, -2:], [np.sin(angle), np.cos(angle)], **EXACT)


@pytest.mark.parametrize("first", [0, 5])
def test_rotary_is_the_models(first):
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 4))
    expected = models.Rotary()(torch.from_numpy(x), first)
    np.testing.assert_allclose(formulas.rotary(x, first), expected, **EXACT)


def test_rotary_depends_on_the_distance_only():
    q, k = np.random.default_rng(1).normal(size=(2, 1, 8))

    def score(at, distance):
        return (formulas.rotary(q, at) @ formulas.rotary(k, at + distance).T).item()

    np.testing.assert_allclose(score(0, 3), score(40, 3), **EXACT)
    assert abs(score(0, 3) - score(0, 4)) > 1e-3


@settings(max_examples=20)
@given(batch=st.lists(st.integers(1, 4), max_size=2), C=st.integers(1, 9),
       eps=st.sampled_from([1e-5, 0.1]))  # fmt: skip
def test_layer_norm_is_torchs(batch, C, eps):
    rng = np.random.default_rng([C, *batch])
    x, grad = 3 + 2 * rng.normal(size=(2, *batch, C))
    weight, bias = rng.normal(size=(2, C))
    leaves = [torch.tensor(a, requires_grad=True) for a in (x, weight, bias)]
    expected = F.layer_norm(leaves[0], (C,), *leaves[1:], eps)
    expected.backward(torch.from_numpy(grad))
    np.testing.assert_allclose(
        formulas.layer_norm(x, weight, bias, eps), expected.detach(), **EXACT
    )
    grads = formulas.layer_norm_backward(grad, x, weight, eps)
    for mine, leaf in zip(grads, leaves, strict=True):
        np.testing.assert_allclose(mine, leaf.grad, **EXACT)


def test_activations_are_torchs():
    x = np.linspace(-6, 6, 1001)
    for name, phi in formulas.ACTIVATIONS.items():
        expected = models.ACTIVATIONS[name](torch.from_numpy(x))
        np.testing.assert_allclose(phi(x), expected, **EXACT)
        assert phi(x.astype(np.float32)).dtype == np.float32
    assert set(formulas.ACTIVATIONS) == set(models.ACTIVATIONS)


def make_layer(activation="relu", norm_first=False, eps=1e-5):
    torch.manual_seed(0)
    phi = {"gelu_tanh": models.gelu_tanh}.get(activation, activation)
    layer = nn.TransformerEncoderLayer(
        6, 3, 8, 0.0, phi, eps, batch_first=True, norm_first=norm_first, dtype=torch.float64
    )
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.5)
    return layer


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", models.ACTIVATIONS)
@pytest.mark.parametrize("mask", ["none", "causal", "bool", "float"])
def test_the_block_is_torchs(activation, norm_first, mask):
    layer = make_layer(activation, norm_first, 1e-3)
    x = torch.randn(2, 4, 6, dtype=torch.float64)
    here = torch.rand(4, 4) < 0.6
    here[:, 1] = True
    added = torch.randn(4, 4, dtype=torch.float64)
    mine = {"bool": here.numpy(), "float": added.numpy()}.get(mask)
    theirs = {
        "causal": ~torch.ones(4, 4).tril().bool(), "bool": ~here, "float": added
    }.get(mask)  # fmt: skip
    got, maps = formulas.block(
        x.numpy(), formulas.read_weights(layer.state_dict()), 3, mine, mask == "causal",
        activation, norm_first, 1e-3,
    )  # fmt: skip
    np.testing.assert_allclose(got, layer(x, src_mask=theirs).detach(), **EXACT)
    assert maps.shape == (2, 3, 4, 4)
    np.testing.assert_allclose(maps.sum(-1), 1, **EXACT)
    assert mask not in ("causal", "bool") or not maps[:, :, theirs.numpy()].any()


def test_the_block_is_the_models():
    config = models.BlockConfig(6, 3, 8, 0.0, "gelu", norm_first=True)
    model = models.Encoder(config, 2).double()
    x = torch.randn(2, 4, 6, dtype=torch.float64)
    got = x.numpy()
    for layer in range(2):
        weights = formulas.read_weights(model.state_dict(), f"layers.{layer}.")
        got, _ = formulas.block(got, weights, 3, activation="gelu", norm_first=True)
    np.testing.assert_allclose(got, model(x).detach(), **EXACT)


def test_bad_input_is_named():
    x = np.zeros((2, 4, 6))
    state = make_layer().state_dict()
    weights = formulas.read_weights(state)
    del state["norm2.bias"]
    cases = [
        (lambda: formulas.sinusoidal_positions(3, 5), "even number of features, got 5"),
        (lambda: formulas.rotary(x[..., :3]), "even number of features, got 3"),
        (lambda: formulas.layer_norm(x, np.ones(5), np.ones(6)), r"got \(2, 4, 6\), \(5,\)"),
        (lambda: formulas.layer_norm(x, np.ones(6), np.ones(1)), r"and \(1,\)"),
        (lambda: formulas.layer_norm_backward(x[0], x, np.ones(6)), r"expected shape \(2, 4, 6\)"),
        (lambda: formulas.feed_forward(x[..., :5], *weights[1:5]), r"expected \(F, 5\)"),
        (lambda: formulas.feed_forward(x, *weights[1:5], "tanh"), "relu, gelu, gelu_tanh"),
        (lambda: formulas.block(x, weights, 4), "divisor of E = 6, got 4"),
        (lambda: formulas.read_weights(state), "missing: norm2.bias"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
