"""Compression in NumPy, against torch's quantiser and pruner, and against what each promises."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from torch.nn.utils import prune as torch_prune

from large_models.formulas import compression

MATRICES = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=5),
    elements=st.floats(-100, 100, width=32),
)


@pytest.mark.parametrize("per", compression.PER)
@pytest.mark.parametrize("bits", compression.BITS)
def test_quantising_is_torchs(bits, per):
    weight = np.random.default_rng(bits).normal(0, 0.3, (6, 4, 3)).astype(np.float32)
    whole, scale = compression.quantize(weight, bits, per)
    largest = 2 ** (bits - 1) - 1
    if per == "row":
        expected = torch.fake_quantize_per_channel_affine(
            torch.tensor(weight), torch.tensor(scale), torch.zeros(6), 0, -largest, largest
        )
        np.testing.assert_allclose(scale, np.abs(weight).max(axis=(1, 2)) / largest, rtol=1e-6)
    else:
        expected = torch.fake_quantize_per_tensor_affine(
            torch.tensor(weight), float(scale[0]), 0, -largest, largest
        )
        assert scale.shape == (1,)
    # torch multiplies by 1 / s where we divide by s: a number on the edge may go the other way
    off = np.abs(compression.dequantize(whole, scale) - expected.numpy())
    assert (off > 1e-6).mean() <= 0.02 and off.max() <= 1.001 * scale.max()


@given(MATRICES, st.sampled_from(compression.BITS), st.sampled_from(compression.PER))
def test_no_number_moves_further_than_half_a_step(weight, bits, per):
    whole, scale = compression.quantize(weight, bits, per)
    assert np.abs(whole).max() <= 2 ** (bits - 1) - 1 and whole.shape == weight.shape
    back = compression.dequantize(whole, scale)
    steps = np.broadcast_to(scale, len(weight)).reshape(-1, *[1] * (weight.ndim - 1))
    assert (np.abs(back - weight) <= 0.5001 * steps).all()
    assert (back[weight == 0] == 0).all()


def test_a_row_of_its_own_scale_is_not_drowned_by_another():
    weight = np.array([[100.0, 50], [0.1, 0.05]], np.float32)
    assert compression.compress(weight, 4, "tensor")[1].tolist() == [0, 0]
    np.testing.assert_allclose(compression.compress(weight, 4, "row")[1], [0.1, 0.05], rtol=0.15)


@given(MATRICES, st.floats(0, 1))
def test_pruning_takes_the_smallest(weight, share):
    left = compression.prune(weight, share)
    gone = left != weight
    assert (left[gone] == 0).all()
    if gone.any() and not gone.all():
        assert np.abs(weight[gone]).max() <= np.abs(weight[~gone]).min() or (left == 0).any()
    assert (left == 0).sum() >= int(share * weight.size + 1e-9)


def test_pruning_is_torchs():
    weight = np.random.default_rng(0).normal(size=(8, 25)).astype(np.float32)
    for share in (0.0, 0.29, 0.5, 0.9, 1.0):
        layer = torch.nn.Linear(25, 8)
        layer.weight.data = torch.tensor(weight)
        torch_prune.l1_unstructured(layer, "weight", round(share * 200))
        np.testing.assert_array_equal(
            compression.prune(weight, share), layer.weight.detach().numpy()
        )


def test_only_pruning_makes_zeros():
    weight = np.random.default_rng(0).normal(size=(10, 10)).astype(np.float32)
    clipped = compression.clip(weight, 0.3)
    assert np.count_nonzero(clipped) == 100
    assert np.abs(clipped).max() == np.float32(0.3 * np.abs(weight).max().item())
    assert np.count_nonzero(compression.prune(weight, 0.3)) == 70
    np.testing.assert_array_equal(compression.clip(weight, 1.0), weight)


def test_all_three_in_order():
    weight = np.random.default_rng(0).normal(size=(4, 9)).astype(np.float32)
    expected = compression.clip(compression.prune(weight, 0.5), 0.6)
    np.testing.assert_array_equal(compression.compress(weight, 32, share=0.5, limit=0.6), expected)
    expected = compression.dequantize(*compression.quantize(expected, 5, "row"))
    np.testing.assert_array_equal(compression.compress(weight, 5, "row", 0.5, 0.6), expected)


def test_bits_in_store():
    assert compression.dense_bits((4, 10)) == 1280
    assert compression.dense_bits((4, 10), 8, "row") == 320 + 4 * 32
    assert compression.dense_bits((4, 10), 8, "tensor") == 320 + 32
    assert compression.sparse_bits((4, 10), 5, 8, "tensor") == 40 + 5 * 8 + 32
    weight = np.zeros((4, 10))
    weight[0, :5] = 1
    assert compression.stored_bits(weight) == 40 + 5 * 32
    weight[:] = 1  # nothing to leave out: the map of places would be wasted
    assert compression.stored_bits(weight) == 1280
    assert compression.stored_bits(weight, 2, "row") == 80 + 4 * 32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: compression.quantize([[1.0]], 1), "bits: expected 2 to 8, got 1"),
        (lambda: compression.quantize([[1.0]], True), "bits: expected 2 to 8, got True"),
        (lambda: compression.quantize([[1.0]], 8, "pixel"), "per: expected one of tensor, row"),
        (lambda: compression.quantize([[np.nan]], 8), "expected finite numbers"),
        (lambda: compression.dequantize(np.ones((3, 2)), np.ones(2)), "expected 1 or 3 numbers"),
        (lambda: compression.prune([[1.0]], 1.5), "share: expected 0 to 1, got 1.5"),
        (lambda: compression.prune([[1.0]], np.nan), "share: expected 0 to 1"),
        (lambda: compression.clip([[1.0]], 0), "limit: expected more than 0, got 0"),
        (lambda: compression.sparse_bits((2, 2), 5), "kept: expected 0 to 4, got 5"),
    ],
)
def test_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
