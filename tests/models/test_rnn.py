"""Recurrent modules: torch's own are the oracle, with the same weights, for values and gradients.

In float64, 1e-10 leaves room for sums in another order and for nothing else; in float32 it is 1e-6
on gradients that are means, so that their size is about 1.
"""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from large_models.formulas import rnn as formulas
from large_models.models import rnn as models

KINDS = ["RNN", "LSTM", "GRU"]
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def both(kind, *sizes, dtype=torch.float64, **options):
    """torch's module, and ours with its state dict."""
    torch.manual_seed(0)
    theirs = getattr(nn, kind)(*sizes, **options)
    mine = getattr(models, kind)(*sizes, **options)
    mine.load_state_dict(theirs.state_dict())
    return mine.to(dtype), theirs.to(dtype)


def first_state(kind, layer, B):
    shape = (layer.num_layers * (1 + layer.bidirectional), B, layer.hidden_size)
    parts = [torch.randn(shape, dtype=layer.weight_ih_l0.dtype) for _ in range(2)]
    return tuple(parts) if kind == "LSTM" else parts[0]


def flat(state):
    return list(state) if isinstance(state, tuple) else [state]


def leaves(x, state):
    x = x.clone().requires_grad_()
    parts = [s.clone().requires_grad_() for s in flat(state)]
    return x, tuple(parts) if isinstance(state, tuple) else parts[0]


def compare(mine, theirs, x, state, **tolerance):
    """Values, last states, and the gradients of inputs, first states and weights."""
    results = []
    for model in (mine, theirs):
        model.zero_grad()
        x_, state_ = leaves(x, state)
        out, last = model(x_, state_)
        sum(t.sin().mean() for t in (out, *flat(last))).backward()
        grads = [x_.grad, *(s.grad for s in flat(state_)), *(p.grad for p in model.parameters())]
        results.append([out, *flat(last), *grads])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, **tolerance)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("bidirectional", "batch_first", "bias"), [*itertools.product([False, True], repeat=3)]
)
def test_every_option_is_torchs(kind, bidirectional, batch_first, bias):
    options = {"bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
    mine, theirs = both(kind, 3, 4, 2, **options)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    compare(mine, theirs, x, first_state(kind, theirs, 2 if batch_first else 5), **EXACT)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10)
@given(B=st.integers(1, 3), T=st.integers(1, 6), C=st.integers(1, 4), H=st.integers(1, 4),
       num_layers=st.integers(1, 3))  # fmt: skip
def test_every_shape_is_torchs(kind, B, T, C, H, num_layers):
    mine, theirs = both(kind, C, H, num_layers, batch_first=True)
    x = torch.randn(B, T, C, dtype=torch.float64)
    compare(mine, theirs, x, first_state(kind, theirs, B), **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_in_float32_too(kind):
    mine, theirs = both(kind, 8, 16, 2, batch_first=True, dtype=torch.float32)
    compare(mine, theirs, torch.randn(3, 20, 8), first_state(kind, theirs, 3), rtol=0, atol=1e-6)


def test_the_relu_rnn_is_torchs():
    mine, theirs = both("RNN", 3, 4, nonlinearity="relu")
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    compare(mine, theirs, x, first_state("RNN", theirs, 2), **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_no_state_is_zeros(kind):
    mine, theirs = both(kind, 3, 4)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    for a, b in zip(flat(mine(x)[1]), flat(theirs(x)[1]), strict=True):
        torch.testing.assert_close(a, b, **EXACT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [[6, 2, 4], [6, 4, 1]])
def test_packed_sequences_are_torchs_and_a_mask_says_the_same(kind, batch_first, lengths):
    mine, theirs = both(kind, 3, 4, 2, bidirectional=True, batch_first=batch_first)
    B, T, ordered = 3, 6, lengths == sorted(lengths, reverse=True)
    x = torch.randn((B, T, 3) if batch_first else (T, B, 3), dtype=torch.float64)
    state = first_state(kind, theirs, B)
    mask = torch.arange(T) < torch.tensor(lengths)[:, None]

    def packed(model, x, state):
        data = pack_padded_sequence(x, lengths, batch_first, enforce_sorted=ordered)
        out, last = model(data, state)
        return pad_packed_sequence(out, batch_first)[0], last

    runs = [
        (theirs, packed),
        (mine, packed),
        (mine, lambda model, x, state: model(x, state, mask)),
    ]
    results = []
    for model, run in runs:
        model.zero_grad()
        x_, state_ = leaves(x, state)
        out, last = run(model, x_, state_)
        (out.sin().sum() + sum(s.cos().sum() for s in flat(last))).backward()
        grads = [x_.grad, *(s.grad for s in flat(state_)), *(p.grad for p in model.parameters())]
        results.append([out, *flat(last), *(g.clone() for g in grads)])
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            torch.testing.assert_close(a, b, **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_back_packed_is_packed_as_torch_packs_it(kind):
    mine, theirs = both(kind, 3, 4)
    x = torch.randn(6, 3, 3, dtype=torch.float64)
    data = pack_padded_sequence(x, [2, 6, 2], enforce_sorted=False)
    for a, b in zip(mine(data)[0], theirs(data)[0], strict=True):
        torch.testing.assert_close(a, b, **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_leaks_out_of_the_padding(kind):
    mine, _ = both(kind, 3, 4, 2, bidirectional=True, batch_first=True)
    mask = torch.arange(6) < torch.tensor([6, 2])[:, None]
    clean = torch.randn(2, 6, 3, dtype=torch.float64)
    results = []
    for padding in (0.0, float("nan")):
        x = torch.where(mask[..., None], clean, padding).requires_grad_()
        mine.zero_grad()
        out, _ = mine(x, None, mask)
        out.sum().backward()
        assert not out[1, 2:].any() and not x.grad[1, 2:].any()
        results.append([out, x.grad, *(p.grad.clone() for p in mine.parameters())])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_formula_of_the_chapter(kind):
    mine, _ = both(kind, 3, 4, batch_first=True)
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    mask = np.array([[True, True, False, True, True], [True, False, False, False, False]])
    weights = formulas.Weights(*(p.detach().numpy() for p in mine.parameters()))
    expected = getattr(formulas, kind.lower())(x, weights, mask=mask)[0]
    got, _ = mine(torch.from_numpy(x), mask=torch.from_numpy(mask))
    np.testing.assert_allclose(got.detach(), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_lies_between_layers_and_only_in_training(kind):
    mine, theirs = both(kind, 3, 64, 2, dropout=0.5)
    x = torch.randn(5, 2, 3, dtype=torch.float64)
    drawn = []
    for model in (mine, theirs):
        torch.manual_seed(1)
        drawn.append(model(x)[0])
    torch.testing.assert_close(*drawn, **EXACT)  # the same draws, so in the same place
    assert not torch.equal(mine(x)[0], mine(x)[0])
    torch.testing.assert_close(mine.eval()(x)[0], theirs.eval()(x)[0], **EXACT)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_draws_the_same_weights(kind):
    drawn = []
    for source in (models, nn):
        torch.manual_seed(2)
        drawn.append(getattr(source, kind)(3, 4, 2, bidirectional=True).state_dict())
    assert list(drawn[0]) == list(drawn[1])
    for name in drawn[0]:
        assert torch.equal(drawn[0][name], drawn[1][name])


def test_two_halves_are_the_whole():
    mine, _ = both("LSTM", 3, 4, 2)
    x = torch.randn(6, 2, 3, dtype=torch.float64)
    whole, end = mine(x)
    left, state = mine(x[:2])
    right, half_end = mine(x[2:], state)
    torch.testing.assert_close(torch.cat([left, right]), whole, **EXACT)
    for a, b in zip(half_end, end, strict=True):
        torch.testing.assert_close(a, b, **EXACT)


X = torch.zeros(5, 2, 3)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: models.LSTM(0, 4), "input_size: expected a whole number of at least 1, got 0"),
        (lambda: models.LSTM(3, 4.0), "hidden_size: .* got 4.0"),
        (lambda: models.GRU(3, 4, True), "num_layers: .* got True"),
        (lambda: models.GRU(3, 4, dropout=1.5), "dropout: .* got 1.5"),
        (lambda: models.RNN(3, 4, nonlinearity="selu"), "nonlinearity: .* got 'selu'"),
        (lambda: models.RNN(3, 4)(X[0]), r"x: expected shape \(T, B, C\) with C = 3 .*\(2, 3\)"),
        (lambda: models.RNN(2, 4, batch_first=True)(X), r"\(B, T, C\) with C = 2 .*\(5, 2, 3\)"),
        (lambda: models.RNN(3, 4)(X[:0]), "none of them 0"),
        (lambda: models.RNN(3, 4)(X, X), r"state: expected shape \(1, 2, 4\), got \[\(5, 2, 3\)"),
        (lambda: models.LSTM(3, 4)(X, torch.zeros(1, 2, 4)), r"\(1, 2, 4\) twice, got"),
        (lambda: models.GRU(3, 4)(X, None, torch.ones(5, 2) > 0), r"mask: expected shape \(2, 5\)"),
        (lambda: models.GRU(3, 4)(X, None, torch.ones(2, 5)), "ones and zeros, got .*float32"),
        (
            lambda: models.GRU(3, 4)(pack_padded_sequence(X, [5, 5]), None, torch.ones(2, 5) > 0),
            "expected none with packed",
        ),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
