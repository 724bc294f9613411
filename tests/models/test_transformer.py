"""The transformer's parts: torch's own layers are the oracle, for values and for gradients.

Everything is float64: 1e-10 leaves room for sums in another order and for nothing else.
"""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.models import transformer as models
from large_models.models.attention import KeyValueCache
from large_models.models.transformer import Block, BlockConfig, Decoder, Encoder, LayerNorm, Rotary

EXACT = {"rtol": 1e-10, "atol": 1e-10}
SMALL = {"hidden_size": 6, "num_heads": 3, "feed_forward_size": 8, "dropout": 0.0}


def randn(*shape):
    return torch.randn(shape, dtype=torch.float64)


def copy_weights(theirs, mine):
    """Draw all of torch's weights anew, biases and norms too, and copy them."""
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.5)
    mine.load_state_dict(theirs.state_dict())
    return theirs.double(), mine.double()


def agree(mine, theirs, inputs, options, their_options):
    results = []
    for model, given_ in ((mine, options), (theirs, their_options)):
        model.zero_grad()
        leaves = [x.clone().requires_grad_() for x in inputs]
        out = model(*leaves, **given_)
        out.sin().sum().backward()
        grads = dict(sorted((name, p.grad) for name, p in model.named_parameters()))
        results.append([out, *(leaf.grad for leaf in leaves), *grads.values()])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, **EXACT)


def torch_options(norm_first, activation, bias):
    phi = {"gelu_tanh": lambda x: F.gelu(x, approximate="tanh")}.get(activation, activation)
    return {"dim_feedforward": 8, "dropout": 0.0, "activation": phi, "norm_first": norm_first,
            "bias": bias, "batch_first": True, "layer_norm_eps": 1e-3}  # fmt: skip


ALL_KINDS = [*itertools.product([False, True], models.ACTIVATIONS, [False, True])]


@pytest.mark.parametrize(("norm_first", "activation", "bias"), ALL_KINDS)
@pytest.mark.parametrize("masked", [False, True])
def test_the_block_is_torchs_encoder_layer(norm_first, activation, bias, masked):
    torch.manual_seed(0)
    theirs = nn.TransformerEncoderLayer(6, 3, **torch_options(norm_first, activation, bias))
    config = BlockConfig(
        **SMALL, activation=activation, norm_first=norm_first, bias=bias, layer_norm_eps=1e-3
    )
    theirs, mine = copy_weights(theirs, Block(config))
    here = torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]]) > 0
    causal = torch.ones(4, 4).tril().bool()
    options = ({"mask": here, "is_causal": True}, {
        "src_key_padding_mask": ~here, "src_mask": ~causal}) if masked else ({}, {})  # fmt: skip
    agree(mine, theirs, [randn(2, 4, 6)], *options)


@pytest.mark.parametrize(("norm_first", "activation", "bias"), ALL_KINDS)
def test_with_cross_attention_it_is_torchs_decoder_layer(norm_first, activation, bias):
    torch.manual_seed(1)
    theirs = nn.TransformerDecoderLayer(6, 3, **torch_options(norm_first, activation, bias))
    config = BlockConfig(
        **SMALL, activation=activation, norm_first=norm_first, bias=bias, layer_norm_eps=1e-3
    )
    theirs, mine = copy_weights(theirs, Block(config, cross_attention=True))
    here = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]) > 0
    agree(
        mine, theirs, [randn(2, 4, 6), randn(2, 5, 6)],
        {"is_causal": True, "memory_mask": here},
        {"tgt_mask": ~torch.ones(4, 4).tril().bool(), "memory_key_padding_mask": ~here},
    )  # fmt: skip


@pytest.mark.parametrize("norm", [False, True])
def test_encoder_and_decoder_are_torchs(norm):
    torch.manual_seed(2)
    options = torch_options(True, "relu", True)
    lasts = [nn.LayerNorm(6, eps=1e-3) if norm else None for _ in range(2)]
    config = BlockConfig(**SMALL, norm_first=True, layer_norm_eps=1e-3)
    encoder = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(6, 3, **options), 2, lasts[0], enable_nested_tensor=False
    )
    theirs, mine = copy_weights(encoder, Encoder(config, 2, norm))
    agree(mine, theirs, [randn(2, 4, 6)], {}, {})
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 3, **options), 2, lasts[1])
    theirs, mine = copy_weights(decoder, Decoder(config, 2, norm))
    closed = ~torch.ones(4, 4).tril().bool()
    agree(mine, theirs, [randn(2, 4, 6), randn(2, 5, 6)], {}, {"tgt_mask": closed})
    agree(mine, theirs, [randn(2, 4, 6), randn(2, 5, 6)], {"is_causal": False}, {})


@settings(max_examples=15)
@given(B=st.integers(1, 3), T=st.integers(1, 5), C=st.integers(1, 9), bias=st.booleans(),
       eps=st.sampled_from([1e-5, 0.1]))  # fmt: skip
def test_layer_norm_is_torchs(B, T, C, bias, eps):
    torch.manual_seed(C)
    theirs, mine = copy_weights(nn.LayerNorm(C, eps, bias=bias), LayerNorm(C, eps, bias))
    agree(mine, theirs, [3 + 2 * randn(B, T, C)], {}, {})


def test_gelu_is_its_definition_and_the_tanh_is_close():
    x = torch.linspace(-6, 6, 1001, dtype=torch.float64)
    probability = torch.distributions.Normal(0.0, 1.0).cdf(x)
    torch.testing.assert_close(models.gelu(x), x * probability, **EXACT)
    tanh = 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    torch.testing.assert_close(models.gelu_tanh(x), tanh, **EXACT)
    assert 1e-4 < (models.gelu(x) - models.gelu_tanh(x)).abs().max() < 5e-4


@pytest.mark.parametrize("norm_first", [False, True])
def test_dropout_is_on_every_part_and_only_in_training(norm_first):
    config = BlockConfig(**SMALL | {"dropout": 1.0}, norm_first=norm_first)
    block, x = Block(config).double(), randn(2, 4, 6)
    around = x if norm_first else block.norm2(block.norm1(x))  # nothing is left but the way around
    torch.testing.assert_close(block(x), around, **EXACT)
    assert not torch.allclose(block.eval()(x), around)
    block.train()
    hidden = F.linear(torch.zeros(8).double(), block.linear2.weight, block.linear2.bias)
    torch.testing.assert_close(block.feed_forward(x), hidden.expand_as(x), **EXACT)


@pytest.mark.parametrize("rotate", [None, Rotary()])
def test_a_cache_changes_nothing(rotate):
    block = Block(BlockConfig(**SMALL), rotate=rotate).double().eval()
    x = randn(2, 5, 6)
    cache = KeyValueCache()
    parts = [block(part, is_causal=True, cache=cache) for part in x.split([2, 1, 2], dim=1)]
    torch.testing.assert_close(torch.cat(parts, dim=1), block(x, is_causal=True), **EXACT)


@pytest.mark.parametrize("first", [0, 7])
def test_sinusoidal_positions_are_the_papers(first):
    got = models.sinusoidal_positions(5, 6, first)
    for t, i in itertools.product(range(5), range(3)):
        angle = (t + first) / 10000 ** (2 * i / 6)
        assert got[t, 2 * i] == pytest.approx(math.sin(angle), abs=1e-7)  # float32
        assert got[t, 2 * i + 1] == pytest.approx(math.cos(angle), abs=1e-7)
    x = torch.randn(2, 5, 6)
    torch.testing.assert_close(models.SinusoidalPositions()(x, first), x + got, rtol=0, atol=0)


def test_learned_positions_are_added_from_the_first():
    positions = models.LearnedPositions(4, 3)
    x = torch.randn(2, 2, 3)
    torch.testing.assert_close(positions(x, 1), x + positions.weight[1:3], rtol=0, atol=0)
    with pytest.raises(ValueError, match="at most 4 positions, got 5"):
        positions(x, 3)


def test_rotary_turns_pairs_and_only_distance_counts():
    q, k = randn(1, 1, 1, 6), randn(1, 1, 1, 6)
    rotate = Rotary()
    pairs = torch.view_as_complex(q.unflatten(-1, (3, 2)).contiguous())
    angles = 4 * 10000.0 ** (-torch.arange(3, dtype=torch.float64) / 3)
    expected = torch.view_as_real(pairs * torch.exp(1j * angles)).flatten(-2)
    torch.testing.assert_close(rotate(q, 4), expected, **EXACT)
    torch.testing.assert_close(rotate(q), q, **EXACT)

    def product(m, n):
        return (rotate(q, m) * rotate(k, n)).sum()

    torch.testing.assert_close(product(2, 5), product(102, 105), **EXACT)
    assert abs(product(2, 5) - product(2, 6)) > 1e-3
    rows = torch.cat([q, k], dim=-2)  # two tokens, the second a position later
    torch.testing.assert_close(rotate(rows, 3)[..., 1:, :], rotate(k, 4), **EXACT)
    assert rotate(q.float()).dtype == torch.float32


BLOCK = Block(BlockConfig(**SMALL))
X = torch.zeros(1, 2, 6)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: BlockConfig(hidden_size=0), "hidden_size: .* at least 1, got 0"),
        (lambda: BlockConfig(feed_forward_size=2.0), "feed_forward_size: .* got 2.0"),
        (lambda: BlockConfig(hidden_size=6, num_heads=4), "divisor of hidden_size 6, got 4"),
        (lambda: BlockConfig(dropout=-1), "dropout: .* got -1"),
        (lambda: BlockConfig(activation="selu"), "relu, gelu, gelu_tanh, got 'selu'"),
        (lambda: BlockConfig(layer_norm_eps=0), "layer_norm_eps: .* got 0"),
        (lambda: BLOCK(X, X), "expected no memory"),
        (lambda: Block(BlockConfig(**SMALL), cross_attention=True)(X), "expected a memory"),
        (lambda: BLOCK(X[..., :5]), r"query: expected \(B, T, 6\)"),
        (lambda: BLOCK(X, mask=torch.ones(1, 3) > 0), "key_mask: expected shape"),
        (lambda: Encoder(BlockConfig(**SMALL), 0), "num_layers: expected at least 1"),
        (lambda: models.sinusoidal_positions(2, 3), "even number of features, got 3"),
        (lambda: Rotary()(torch.zeros(1, 1, 2, 3)), "even number of features, got 3"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
