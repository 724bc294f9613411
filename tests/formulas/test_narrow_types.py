"""Types narrower than NumPy's, and what torch refuses, refused here too."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.formulas import cnn, rnn
from large_models.formulas import transformer as block
from large_models.models import attention as torch_attention
from large_models.models import transformer as torch_block
from tests.engines.operations import lookup
from tests.engines.table import sdpa


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@given(data=st.data())
def test_the_models_attention_is_torchs_in_narrow_types(dtype, data):
    """Values and gradients, of random shapes and masks."""
    shapes = lookup(data.draw, gqa=False)
    options = shapes.pop("options")
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    arrays = [torch.from_numpy(rng.normal(size=s)).to(dtype) for s in shapes.values()]
    if "attn_mask" in options:
        options["attn_mask"] = torch.from_numpy(options["attn_mask"])
        if options["attn_mask"].is_floating_point():
            options["attn_mask"] = options["attn_mask"].to(dtype)
    found = []
    for function in (torch_attention.scaled_dot_product_attention, sdpa):
        leaves = [a.clone().requires_grad_() for a in arrays]
        out = function(*leaves, **options)
        assert out.dtype == dtype
        out.backward(torch.ones_like(out))
        found.append([out.detach(), *(leaf.grad for leaf in leaves)])
    share = {torch.float16: 0.01, torch.bfloat16: 0.06}[dtype]  # a few of their rounding steps
    for mine, theirs in zip(*found, strict=True):
        assert mine.dtype == dtype
        most = max(1.0, theirs.abs().max().item())
        torch.testing.assert_close(mine, theirs, rtol=share, atol=share * most)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_models_block_is_torchs_in_narrow_types(dtype, norm_first):
    theirs = nn.TransformerEncoderLayer(
        8, 2, 16, 0.0, batch_first=True, norm_first=norm_first, dtype=dtype
    )
    mine = torch_block.Block(torch_block.BlockConfig(8, 2, 16, 0.0, norm_first=norm_first))
    mine = mine.to(dtype)
    mine.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0)).to(dtype)
    share = {torch.float16: 0.01, torch.bfloat16: 0.06}[dtype]
    torch.testing.assert_close(mine(x), theirs(x), rtol=share, atol=share)


# --- what torch refuses ---------------------------------------------------------------------------

IMAGE = np.zeros((1, 1, 49), np.float32)
# The inputs that torch's own tests expect to be refused (torch.testing, error_inputs_avg_pool2d,
# error_inputs_max_pool2d and error_inputs_conv2d), and some that only our types have.
REFUSED = {
    "pad must not be negative": lambda pool: pool(IMAGE, 2, 50, padding=-1),
    "nor in a pair": lambda pool: pool(IMAGE, (3, 2), 50, padding=-1),
    "pad of more than half the window": lambda pool: pool(IMAGE, 2, 50, padding=4),
    "in a pair": lambda pool: pool(IMAGE, (3, 2), 50, padding=4),
    "empty images": lambda pool: pool(np.zeros((1, 0, 10)), 1),
    "empty images in a batch": lambda pool: pool(np.zeros((2, 1, 10, 0)), 1),
    "a window larger than the image": lambda pool: pool(np.zeros((1, 1, 4)), 2),
    "no window": lambda pool: pool(IMAGE, 0),
    "a step of nothing": lambda pool: pool(IMAGE, 1, 0),
    "too few axes": lambda pool: pool(np.zeros((4, 4)), 1),
    "too many axes": lambda pool: pool(np.zeros((1, 1, 1, 4, 4)), 1),
    "complex numbers": lambda pool: pool(np.zeros((1, 4, 4), complex), 2),
    "texts": lambda pool: pool(np.full((1, 4, 4), "a"), 2),
    "rows of unequal length": lambda pool: pool([[[1, 2], [3]]], 1),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=[n.replace(" ", "-") for n in REFUSED])
@pytest.mark.parametrize("pool", [cnn.avg_pool2d, cnn.max_pool2d])
def test_pooling_refuses_what_torch_refuses(pool, call):
    with pytest.raises(ValueError, match="pool2d|expected"):
        call(pool)


@pytest.mark.parametrize("divisor", [0, 1.5, True, "2", np.float64(2)])
def test_average_pooling_divides_by_a_whole_number_that_is_not_zero(divisor):
    with pytest.raises(ValueError, match="divisor_override: expected a whole number other than 0"):
        cnn.avg_pool2d(np.zeros((3, 3, 3)), 2, divisor_override=divisor)
    with pytest.raises(ValueError, match="divisor_override"):
        cnn.avg_pool2d_backward(
            np.zeros((3, 1, 1)), np.zeros((3, 3, 3)), 2, divisor_override=divisor
        )


CONVOLUTIONS = {
    "complex bias": ((2, 4, 4), (3, 2, 3, 3), {"bias": np.zeros(3, complex)}),
    "negative step": ((1, 1, 4, 4), (1, 2, 2, 3), {"stride": (-1,)}),
    "negative padding": ((1, 1, 4, 3), (1, 2, 2, 4), {"padding": (-1,)}),
    "negative dilation": ((1, 1, 4, 2), (1, 1, 2, 5), {"dilation": (-1,)}),
    "bias of another size": ((1, 1, 4, 4), (1, 1, 3, 2), {"bias": np.zeros(2)}),
    "kernel of fewer axes": ((1, 1, 4, 3), (1, 2, 2), {"padding": "same"}),
    "fewer kernels than groups": ((2, 2, 4, 3), (2, 2, 1, 3), {"groups": 3}),
    "the same, padded": ((2, 2, 4, 3), (2, 2, 1, 3), {"groups": 3, "padding": "same"}),
    "no group": ((1, 1, 4, 3), (1, 1, 2, 2), {"groups": 0}),
    "padding by another word": ((1, 1, 4, 3), (1, 1, 2, 2), {"padding": "same one"}),
    "same with a step": ((1, 1, 4, 3), (1, 1, 2, 2), {"padding": "same", "stride": 2}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_refuses_what_torch_refuses(name):
    x, weight, options = CONVOLUTIONS[name]
    with pytest.raises(ValueError, match="conv2d: "):
        cnn.conv2d(np.zeros(x), np.zeros(weight), **options)


def test_the_examples_of_reports():
    """Each was wrong once: float16 whose squares overflow, and whole numbers."""
    x = np.array([[300.0, -300.0, 500.0, 10.0]], np.float16)
    ones, zeros = np.ones(4, np.float16), np.zeros(4, np.float16)
    got = block.layer_norm(x, ones, zeros)
    expected = F.layer_norm(torch.from_numpy(x), (4,))
    np.testing.assert_allclose(got, expected.numpy(), rtol=2e-3)
    assert got.dtype == np.float16 and np.abs(got).min() > 0.1
    whole = np.array([-2, -1, 0, 1, 2])
    np.testing.assert_allclose(block.gelu(whole), F.gelu(torch.tensor(whole).double()), rtol=1e-12)
    assert block.gelu(np.array([np.inf], np.float32)) == np.inf
    assert rnn.sigmoid(np.array([200], np.uint8)) == pytest.approx(1.0)
    bright = np.full((1, 10, 30), 200, np.uint8)
    assert cnn.avg_pool2d(bright, 10).tolist() == [[[200.0] * 3]]
