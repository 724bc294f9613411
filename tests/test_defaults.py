"""Defaults are those of the libraries that readers know; limits stand where they are said to.

Both are easily changed by a slip that no other test would notice (`make mutants` found them).
"""

import inspect

import numpy as np
import pytest
import torch
import transformers

from large_models.formulas import compression, scaling, training, transformer
from large_models.models.bert import BertConfig
from large_models.models.gpt import GPTConfig
from large_models.models.lora import LowRank
from large_models.models.transformer import BlockConfig


def default(function, name):
    return inspect.signature(function).parameters[name].default


@pytest.mark.parametrize("name", ["lr", "betas", "eps", "weight_decay"])
def test_adam_has_torchs_defaults(name):
    assert default(training.Adam, name) == default(torch.optim.Adam, name)


def test_norms_have_torchs_and_transformers_epsilon():
    for function in (transformer.layer_norm, transformer.layer_norm_backward):
        assert default(function, "eps") == default(torch.nn.LayerNorm, "eps")
    assert BlockConfig(8, 2).layer_norm_eps == default(torch.nn.LayerNorm, "eps")
    assert GPTConfig().layer_norm_epsilon == transformers.GPT2Config().layer_norm_epsilon
    assert BertConfig().layer_norm_eps == transformers.BertConfig().layer_norm_eps


def test_positions_start_at_zero():
    np.testing.assert_array_equal(
        transformer.sinusoidal_positions(3, 4), transformer.sinusoidal_positions(3, 4, first=0)
    )
    np.testing.assert_allclose(transformer.sinusoidal_positions(1, 4)[0], [0, 1, 0, 1])


def test_the_smallest_that_is_allowed_is_allowed():
    law = scaling.Law(E=1.0, A=100.0, alpha=0.4, B=100.0, beta=0.4)
    sizes, tokens = np.array([1e3, 1e4, 1e5, 1e4, 1e5]), np.array([1e4, 1e5, 1e6, 1e6, 1e4])
    scaling.fit(sizes, tokens, scaling.loss(law, sizes, tokens))  # five runs for five numbers
    with pytest.raises(ValueError, match="R at least 5"):
        scaling.fit(sizes[:4], tokens[:4], np.ones(4))
    assert LowRank((3, 2), rank=1).A.shape == (1, 2)
    for rank in (0, 3):
        with pytest.raises(ValueError, match="expected 1 to 2"):
            LowRank((3, 2), rank=rank)
    BlockConfig(hidden_size=1, num_heads=1, feed_forward_size=1)
    for name in ("hidden_size", "num_heads", "feed_forward_size"):
        with pytest.raises(ValueError, match="at least 1, got 0"):
            BlockConfig(**{"hidden_size": 1, "num_heads": 1, "feed_forward_size": 1, name: 0})


def test_nothing_beyond_the_whole_is_pruned():
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert not compression.prune(weight, 1).any()
    for share in (-0.1, 1.1, 1.5):
        with pytest.raises(ValueError, match="expected 0 to 1"):
            compression.prune(weight, share)
