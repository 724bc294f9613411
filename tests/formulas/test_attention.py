"""Attention: torch's function and module are the oracle, for values and for gradients.

Everything is float64: 1e-10 leaves room for sums in another order and for nothing else.
"""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.formulas import attention as formulas

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def arrays(rng, *shapes):
    return [rng.normal(size=shape) for shape in shapes]


def compare(query, key, value, grad_output, attn_mask=None, **options):
    """Values, gradients and the streaming version against torch."""
    leaves = [torch.tensor(a, requires_grad=True) for a in (query, key, value)]
    mask = None if attn_mask is None else torch.from_numpy(attn_mask)
    expected = F.scaled_dot_product_attention(*leaves, attn_mask=mask, **options)
    expected.backward(torch.from_numpy(grad_output))
    inputs = (query, key, value, attn_mask)
    got = formulas.scaled_dot_product_attention(*inputs, **options)
    np.testing.assert_allclose(got, expected.detach(), **EXACT)
    for block_size in (1, 3, 100):
        streamed = formulas.attention_streaming(*inputs, **options, block_size=block_size)
        np.testing.assert_allclose(streamed, expected.detach(), **EXACT)
    grads = formulas.scaled_dot_product_attention_backward(grad_output, *inputs, **options)
    for mine, leaf in zip(grads, leaves, strict=True):
        np.testing.assert_allclose(mine, leaf.grad, **EXACT)


@settings(max_examples=25)
@given(B=st.integers(1, 2), h=st.integers(1, 3), L=st.integers(1, 7), S=st.integers(1, 7),
       D=st.integers(1, 4), Dv=st.integers(1, 4), scale=st.sampled_from([None, 0.3, 2.0]),
       mask=st.sampled_from(["none", "causal", "bool", "float"]))  # fmt: skip
def test_every_shape_and_mask_is_torchs(B, h, L, S, D, Dv, scale, mask):
    rng = np.random.default_rng([B, h, L, S, D, Dv])
    q, k, v, grad = arrays(rng, (B, h, L, D), (B, h, S, D), (B, h, S, Dv), (B, h, L, Dv))
    attn_mask = {"bool": rng.random((L, S)) < 0.7, "float": rng.normal(size=(B, 1, L, S))}.get(mask)
    if mask == "bool":
        attn_mask[:, 0] = True  # rows that may attend nowhere have a test of their own
    compare(q, k, v, grad, attn_mask, is_causal=mask == "causal", scale=scale)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("groups", [1, 2, 6])
def test_grouped_heads_are_torchs(groups, is_causal):
    shapes = (2, 6, 4, 3), (2, groups, 5, 3), (2, groups, 5, 2), (2, 6, 4, 2)
    q, k, v, grad = arrays(np.random.default_rng(groups), *shapes)
    compare(q, k, v, grad, is_causal=is_causal, enable_gqa=True)


@pytest.mark.parametrize("shapes", [
    ((4, 3), (5, 3), (5, 2), (4, 2)),
    ((2, 1, 4, 3), (1, 3, 5, 3), (5, 2), (2, 3, 4, 2)),
])  # fmt: skip
def test_batches_broadcast(shapes):
    q, k, v, grad = arrays(np.random.default_rng(0), *shapes)
    leaves = [torch.tensor(a, requires_grad=True) for a in (q, k, v)]
    a, b, c = leaves  # torch's function does not broadcast on every road; its matmul does
    expected = torch.softmax(a @ b.transpose(-1, -2) / 3**0.5, -1) @ c
    expected.backward(torch.from_numpy(grad))
    for run in (formulas.scaled_dot_product_attention, formulas.attention_streaming):
        np.testing.assert_allclose(run(q, k, v), expected.detach(), **EXACT)
    grads = formulas.scaled_dot_product_attention_backward(grad, q, k, v)
    for mine, leaf in zip(grads, leaves, strict=True):
        np.testing.assert_allclose(mine, leaf.grad, **EXACT)


@pytest.mark.parametrize("kind", ["bool", "float"])
def test_rows_that_may_attend_nowhere_are_zeros(kind):
    rng = np.random.default_rng(1)
    q, k, v, grad = arrays(rng, (3, 2), (4, 2), (4, 5), (3, 5))
    allowed = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    mask = allowed if kind == "bool" else np.where(allowed, 0.5, -np.inf)
    with np.errstate(all="raise"):
        weights = formulas.attention_weights(q, k, v, mask)
        out = formulas.scaled_dot_product_attention(q, k, v, mask)
        # Blocks of one: the first row's comes and goes, the last row's first three are all closed.
        streamed = formulas.attention_streaming(q, k, v, mask, block_size=1)
        grads = formulas.scaled_dot_product_attention_backward(grad, q, k, v, mask)
    np.testing.assert_allclose(weights.sum(-1), [1, 0, 1], **EXACT)
    assert not weights[~allowed].any() and not out[1].any() and not streamed[1].any()
    np.testing.assert_allclose(streamed, out, **EXACT)
    assert not grads[0][1].any() and all(np.isfinite(g).all() for g in grads)
    rows = [0, 2]  # as if the row were not there
    alone = formulas.scaled_dot_product_attention_backward(grad[rows], q[rows], k, v, mask[rows])
    for mine, expected in zip(grads[1:], alone[1:], strict=True):
        np.testing.assert_allclose(mine, expected, **EXACT)


@pytest.mark.parametrize("big", [700.0, -700.0])
def test_large_scores_do_not_overflow(big):
    q, k, v = np.ones((1, 1)), np.array([[big], [2 * big]]), np.array([[1.0], [2.0]])
    best = [[2.0 if big > 0 else 1.0]]
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(formulas.scaled_dot_product_attention(q, k, v), best, **EXACT)
        streamed = formulas.attention_streaming(q, k, v, block_size=1)
    np.testing.assert_allclose(streamed, best, **EXACT)


def test_float32_stays_float32():
    q, k, v = (a.astype(np.float32) for a in arrays(np.random.default_rng(2), *[(3, 4)] * 3))
    for run in (formulas.scaled_dot_product_attention, formulas.attention_streaming):
        assert run(q, k, v, is_causal=True).dtype == np.float32


def peak(run, T):
    q, k, v = arrays(np.random.default_rng(T), *[(T, 16)] * 3)
    tracemalloc.start()
    run(q, k, v)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_streaming_needs_memory_in_proportion_to_t_and_not_to_its_square():
    plain = [peak(formulas.scaled_dot_product_attention, T) for T in (512, 1024, 2048)]
    streaming = [
        peak(lambda *x: formulas.attention_streaming(*x, block_size=64), T)
        for T in (512, 1024, 2048)
    ]
    # Twice the tokens: four times the memory, and twice. A tenth is left for what does not grow.
    assert all(3.6 < b / a < 4.4 for a, b in zip(plain, plain[1:], strict=False)), plain
    assert all(1.8 < b / a < 2.2 for a, b in zip(streaming, streaming[1:], strict=False)), streaming
    assert plain[-1] > 10 * streaming[-1]


@pytest.mark.parametrize("mask", ["none", "causal", "padding"])
@pytest.mark.parametrize("num_heads", [1, 2, 6])
def test_multi_head_attention_is_torchs_module(num_heads, mask):
    torch.manual_seed(num_heads)
    B, L, S, E = 2, 4, 5, 6
    module = nn.MultiheadAttention(E, num_heads, batch_first=True, dtype=torch.float64)
    nn.init.normal_(module.in_proj_bias)
    nn.init.normal_(module.out_proj.bias)
    weights = formulas.Weights(*(p.detach().numpy() for p in module.parameters()))
    x, y, z = (torch.randn(B, T, E, dtype=torch.float64) for T in (L, S, S))
    closed = {"none": None, "causal": ~torch.ones(L, S).tril().bool()}.get(mask)
    padding = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]], dtype=torch.bool)
    padding = padding if mask == "padding" else None
    expected, expected_weights = module(
        x, y, z, attn_mask=closed, key_padding_mask=padding, average_attn_weights=False
    )
    got, got_weights = formulas.multi_head_attention(
        x.numpy(), y.numpy(), z.numpy(), weights, num_heads,
        attn_mask=None if padding is None else ~padding.numpy()[:, None, None],
        is_causal=mask == "causal",
    )  # fmt: skip
    np.testing.assert_allclose(got, expected.detach(), **EXACT)
    np.testing.assert_allclose(got_weights, expected_weights.detach(), **EXACT)


Z = np.zeros
W = formulas.Weights(Z((12, 4)), Z(12), Z((4, 4)), Z(4))
SDPA = formulas.scaled_dot_product_attention


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: SDPA(Z(3), Z((2, 3)), Z((2, 3))), r"expected query, key, value \(\.\.\., T, D\)"),
        (lambda: SDPA(Z((2, 3)), Z((2, 4)), Z((2, 3))), r"key \(\.\.\., S, D\).*\(2, 4\)"),
        (lambda: SDPA(Z((2, 3)), Z((2, 3)), Z((5, 3))), r"value.*\(5, 3\)"),
        (lambda: SDPA(Z((2, 3)), Z((0, 3)), Z((0, 3))), "S of at least 1"),
        (lambda: SDPA(Z((2, 2, 3)), Z((3, 2, 3)), Z((3, 2, 3))), "heads that broadcast"),
        (lambda: SDPA(*[Z((2, 3))] * 3, np.ones((2, 2), bool), True), "a mask or is_causal"),
        (lambda: SDPA(*[Z((2, 3))] * 3, np.ones((3, 2), bool)), r"broadcasts to \(2, 2\), got"),
        (lambda: SDPA(*[Z((2, 3))] * 3, np.ones((1, 2, 2), bool)), r"got \(1, 2, 2\)"),
        (lambda: SDPA(*[Z((2, 3))] * 3, np.ones((2, 2), int)), "bool or floating .* int64"),
        (lambda: SDPA(*[Z((2, 3))] * 3, enable_gqa=True), r"\(\.\.\., h, T, D\)"),
        (lambda: SDPA(Z((3, 2, 3)), *[Z((2, 2, 3))] * 2, enable_gqa=True), "dividing the 3"),
        (lambda: formulas.attention_streaming(*[Z((2, 3))] * 3, block_size=0), "block_size"),
        (
            lambda: formulas.attention_streaming(*[Z((2, 3))] * 3, np.ones((2, 2), bool), True),
            "a mask or is_causal",
        ),
        (
            lambda: formulas.scaled_dot_product_attention_backward(Z((2, 2)), *[Z((2, 3))] * 3),
            r"grad_output: expected shape \(2, 3\), got \(2, 2\)",
        ),
        (lambda: formulas.multi_head_attention(*[Z((1, 2, 4))] * 3, W, 3), "divisor of E = 4"),
        (lambda: formulas.multi_head_attention(*[Z((2, 4))] * 3, W, 2), r"query: .*\(B, T, 4\)"),
        (
            lambda: formulas.multi_head_attention(*[Z((1, 2, 4))] * 3, W._replace(
                in_proj_bias=Z(4)), 2),
            r"weights: expected \(3E, E\), .*\(12, 4\), \(4,\)",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


@pytest.mark.parametrize("window", [1, 3, 8, 50])
@pytest.mark.parametrize("block_size", [1, 4, 100])
def test_a_window_is_a_mask(window, block_size):
    q, k, v = arrays(np.random.default_rng(window), (2, 17, 4), (2, 17, 4), (2, 17, 3))
    i, j = np.arange(17)[:, None], np.arange(17)
    mask = torch.from_numpy((j <= i) & (j > i - window))
    expected = F.scaled_dot_product_attention(*map(torch.from_numpy, (q, k, v)), attn_mask=mask)
    got = formulas.attention_window(q, k, v, window, block_size)
    np.testing.assert_allclose(got, expected, **EXACT)


def test_a_windows_memory_does_not_grow_with_the_square():
    peaks = []
    for T in (1000, 4000):
        q, k, v = arrays(np.random.default_rng(0), (T, 8), (T, 8), (T, 8))
        tracemalloc.start()
        formulas.attention_window(q, k, v, 64)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 5 * peaks[0]


@pytest.mark.parametrize("wrong", [{"window": 0}, {"window": 2, "block_size": 0}])
def test_a_window_needs_a_size(wrong):
    x = np.zeros((4, 2))
    with pytest.raises(ValueError, match="expected at least 1, got 0"):
        formulas.attention_window(x, x, x, **wrong)


def test_a_window_needs_a_key_for_each_query():
    with pytest.raises(ValueError, match="expected as many keys as queries, 4, got 5"):
        formulas.attention_window(np.zeros((4, 2)), np.zeros((5, 2)), np.zeros((5, 2)), 2)
