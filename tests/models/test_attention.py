"""Attention in torch: torch's function and module are the oracle, for values and for gradients.

Everything is float64: 1e-10 leaves room for sums in another order and for nothing else.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.formulas import attention as formulas
from large_models.models import attention as models
from large_models.models.attention import KeyValueCache, MultiHeadAttention

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def randn(*shape):
    return torch.randn(shape, dtype=torch.float64)


def with_gradients(run, inputs):
    """What `run` gives, and the gradients of the inputs."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = run(*leaves)
    out.sin().sum().backward()
    return [out, *(leaf.grad for leaf in leaves)]


def agree(run, oracle, inputs, **tolerance):
    for a, b in zip(*(with_gradients(f, inputs) for f in (run, oracle)), strict=True):
        torch.testing.assert_close(a, b, **(tolerance or EXACT))


@settings(max_examples=25)
@given(B=st.integers(1, 2), h=st.integers(1, 3), L=st.integers(1, 7), S=st.integers(1, 7),
       D=st.integers(1, 4), Dv=st.integers(1, 4), scale=st.sampled_from([None, 0.3, 2.0]),
       mask=st.sampled_from(["none", "causal", "bool", "float"]))  # fmt: skip
def test_every_shape_and_mask_is_torchs(B, h, L, S, D, Dv, scale, mask):
    torch.manual_seed(L + 10 * S)
    attn_mask = {"bool": torch.rand(L, S) < 0.7, "float": randn(B, 1, L, S)}.get(mask)
    if mask == "bool":
        attn_mask[:, 0] = True
    options = {"attn_mask": attn_mask, "is_causal": mask == "causal", "scale": scale}
    inputs = [randn(B, h, L, D), randn(B, h, S, D), randn(B, h, S, Dv)]

    def oracle(*x):
        return F.scaled_dot_product_attention(*x, **options)

    agree(lambda *x: models.scaled_dot_product_attention(*x, **options), oracle, inputs)
    for block_size in (2, 100):
        agree(
            lambda *x, n=block_size: models.attention_streaming(*x, **options, block_size=n),
            oracle, inputs,
        )  # fmt: skip


@pytest.mark.parametrize("run", [models.scaled_dot_product_attention, models.attention_streaming])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_grouped_heads_are_torchs(run, groups):
    inputs = [randn(2, 6, 4, 3), randn(2, groups, 5, 3), randn(2, groups, 5, 2)]
    options = {"is_causal": True, "enable_gqa": True}
    agree(
        lambda *x: run(*x, **options),
        lambda *x: F.scaled_dot_product_attention(*x, **options), inputs,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["bool", "float"])
def test_rows_that_may_attend_nowhere_are_zeros_with_zero_gradients(kind):
    q, k, v = randn(3, 2), randn(4, 2), randn(4, 5)
    allowed = torch.tensor([[1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1]]) > 0
    mask = allowed if kind == "bool" else randn(3, 4).masked_fill(~allowed, -torch.inf)
    expected = formulas.scaled_dot_product_attention(*(x.numpy() for x in (q, k, v, mask)))
    rows = [0, 2]
    alone = with_gradients(
        lambda q, k, v: models.scaled_dot_product_attention(q[rows], k, v, mask[rows]), [q, k, v]
    )
    for run in (models.scaled_dot_product_attention, models.attention_streaming):
        got = with_gradients(lambda *x, f=run: f(*x, mask), [q, k, v])
        np.testing.assert_allclose(got[0].detach(), expected, **EXACT)
        assert not got[0][1].any()
        for a, b in zip(got[1:], alone[1:], strict=True):
            torch.testing.assert_close(a, b, **EXACT)


def test_dropout_zeroes_weights_and_keeps_their_mean():
    torch.manual_seed(0)
    q, k, v = randn(1, 1), randn(20000, 1), torch.ones(20000, 1, dtype=torch.float64)
    out = models.scaled_dot_product_attention(q, k, v, dropout_p=0.5)
    assert out.item() != 1 and abs(out.item() - 1) < 0.1  # standard deviation about 0.01
    assert not models.scaled_dot_product_attention(q, k, v, dropout_p=1.0).any()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("kdim", "vdim"), [(None, None), (5, None), (5, 7)])
@pytest.mark.parametrize("mask", ["none", "causal", "padding", "float", "all"])
def test_the_module_is_torchs(mask, kdim, vdim, bias):
    torch.manual_seed(1)
    B, L, S, E, h = 2, 4, 5, 6, 3
    theirs = nn.MultiheadAttention(E, h, bias=bias, kdim=kdim, vdim=vdim, batch_first=True)
    for name, parameter in theirs.named_parameters():
        if "bias" in name:  # zero at first, which would hide a bias that is left out
            nn.init.normal_(parameter)
    mine = MultiHeadAttention(E, h, bias=bias, kdim=kdim, vdim=vdim)
    mine.load_state_dict(theirs.state_dict())
    mine, theirs = mine.double(), theirs.double()
    inputs = [randn(B, L, E), randn(B, S, kdim or E), randn(B, S, vdim or E)]
    causal = torch.ones(L, S).tril().bool()
    added = randn(L, S)
    here = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]) > 0
    options, their_options = {
        "none": ({}, {}),
        "causal": ({"is_causal": True}, {"attn_mask": ~causal}),
        "padding": ({"key_mask": here}, {"key_padding_mask": ~here}),
        "float": ({"attn_mask": added}, {"attn_mask": added}),
        "all": (
            {"key_mask": here, "attn_mask": added},
            {"attn_mask": added, "key_padding_mask": randn(B, S).mul(0).masked_fill(
                ~here, -torch.inf)},
        ),
    }[mask]  # fmt: skip
    weights = {}

    def run(*x):
        out, weights["mine"] = mine(*x, **options, need_weights=True)
        return out

    def oracle(*x):
        out, weights["theirs"] = theirs(*x, **their_options, average_attn_weights=False)
        return out

    agree(run, oracle, inputs)
    torch.testing.assert_close(weights["mine"], weights["theirs"], **EXACT)
    for (name, a), b in zip(mine.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, **EXACT, msg=name)


def test_padding_and_causality_go_together():
    torch.manual_seed(2)
    mine = MultiHeadAttention(4, 2).double()
    x = randn(2, 5, 4)
    here = torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]) > 0  # padded before: rows with nothing
    out, weights = mine(x, key_mask=here, is_causal=True, need_weights=True)
    allowed = (torch.ones(5, 5).tril() > 0) & here[:, None]
    assert not weights.masked_select(~allowed[:, None].expand_as(weights)).any()
    torch.testing.assert_close(out[0, 2:], mine(x[:1, 2:], is_causal=True)[0][0], **EXACT)
    torch.testing.assert_close(out[0, :2], mine.out_proj.bias.expand(2, -1), **EXACT)


def test_self_attention_is_the_three_inputs_alike():
    torch.manual_seed(3)
    mine = MultiHeadAttention(4, 2).double()
    x = randn(2, 5, 4)
    torch.testing.assert_close(mine(x)[0], mine(x, x.clone(), x.clone())[0], **EXACT)
    assert mine(x)[1] is None


def test_dropout_is_on_the_weights_and_only_in_training():
    mine = MultiHeadAttention(4, 2, dropout=1.0).double()
    x = randn(2, 5, 4)
    nn.init.normal_(mine.out_proj.bias)
    torch.testing.assert_close(mine(x)[0], mine.out_proj.bias.expand(2, 5, 4), **EXACT)
    assert not torch.allclose(mine.eval()(x)[0], mine.out_proj.bias.expand(2, 5, 4))


@pytest.mark.parametrize("sizes", [[1] * 6, [4, 2], [1, 5], [6]])
def test_a_cache_changes_nothing(sizes):
    torch.manual_seed(4)
    rotate_calls = []

    def rotate(x, first):
        rotate_calls.append(first)
        return x * torch.arange(first + 1, first + 1 + x.shape[-2])[:, None]

    mine = MultiHeadAttention(4, 2, rotate=rotate).double()
    x = randn(2, 6, 4)
    whole, _ = mine(x, is_causal=True)
    cache, parts = KeyValueCache(), []
    for part in x.split(sizes, dim=1):
        parts.append(mine(part, is_causal=True, cache=cache)[0])
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, **EXACT)
    assert len(cache) == 6 and rotate_calls[-1] == 6 - sizes[-1]


def test_the_same_seed_draws_the_same_weights():
    for options in ({}, {"kdim": 5}, {"bias": False}):
        drawn = []
        for make in (MultiHeadAttention, nn.MultiheadAttention):
            torch.manual_seed(5)
            drawn.append(make(6, 2, **options).state_dict())
        assert drawn[0].keys() == drawn[1].keys()
        assert all(torch.equal(drawn[0][name], drawn[1][name]) for name in drawn[0])


Z = torch.zeros
M = MultiHeadAttention(4, 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: MultiHeadAttention(4, 3), "divides embed_dim, got embed_dim 4, num_heads 3"),
        (lambda: MultiHeadAttention(4, 0), "num_heads 0"),
        (lambda: MultiHeadAttention(4, 2, dropout=2), "dropout: .* got 2"),
        (lambda: M(Z(2, 4)), r"query: expected \(B, T, 4\), got \(2, 4\)"),
        (lambda: M(Z(1, 2, 4), Z(1, 2, 3)), r"key: .*\(1, 2, 3\)"),
        (lambda: M(Z(1, 2, 4), key_mask=Z(1, 3) > 0), r"key_mask: expected shape \(1, 2\)"),
        (lambda: M(Z(1, 2, 4), key_mask=Z(1, 2)), "of bool, or of ones and zeros, got .*float32"),
        (lambda: M(Z(1, 2, 4), attn_mask=Z(2, 2), is_causal=True), "got both"),
        (lambda: M(Z(1, 2, 4), attn_mask=Z(3, 2)), r"broadcasts to \(1, 2, 2, 2\), got \(3, 2\)"),
        (lambda: M(Z(1, 2, 4), attn_mask=Z(2, 2).int()), "bool or floating"),
        (lambda: models.attention_streaming(*[Z(2, 3)] * 3, block_size=0), "block_size"),
        (lambda: models.scaled_dot_product_attention(Z(2, 3), Z(2, 4), Z(2, 3)), "expected query"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
