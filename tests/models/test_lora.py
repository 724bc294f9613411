"""LoRA: at the start nothing changes, only the product learns, and merged is the same network."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from large_models.models import lora
from large_models.models.transformer import Block, BlockConfig

CONFIG = BlockConfig(hidden_size=12, num_heads=3, feed_forward_size=20, dropout=0.0)


def everywhere(name):
    return True


@pytest.fixture
def block():
    torch.manual_seed(0)
    return Block(CONFIG)


def learn(model, learned, steps=5):
    optimizer = torch.optim.SGD(learned, 0.5)
    x = torch.randn(2, 5, 12, generator=torch.Generator().manual_seed(1))
    for _ in range(steps):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        optimizer.step()
    return x


def test_nothing_changes_at_the_start_and_few_numbers_learn(block):
    x = torch.randn(2, 5, 12)
    expected = block(x)
    matrices = [tuple(p.shape) for p in block.parameters() if p.ndim == 2]
    learned = lora.add(block, 2, everywhere)
    assert torch.equal(block(x), expected)
    assert sum(p.numel() for p in learned) == sum(
        2 * (rows + columns) for rows, columns in matrices
    )
    assert {id(p) for p in block.parameters() if p.requires_grad} == {id(p) for p in learned}


def test_the_product_is_the_formulas():
    torch.manual_seed(0)
    layer = nn.Linear(7, 4)
    weight = layer.weight.detach().clone()
    A, B = lora.add(layer, 3, everywhere, alpha=12.0)
    nn.init.normal_(B)
    x = torch.randn(5, 7)
    beside = F.linear(x, weight, layer.bias) + 12.0 / 3 * F.linear(F.linear(x, A), B)
    torch.testing.assert_close(layer(x), beside)


def test_merged_is_the_same_network_of_the_old_size(block):
    before = {name: p.detach().clone() for name, p in block.named_parameters()}
    x = learn(block, lora.add(block, 2, everywhere))
    expected = block(x)
    lora.merge(block)
    torch.testing.assert_close(block(x), expected)
    after = dict(block.named_parameters())
    assert after.keys() == before.keys() and all(p.requires_grad for p in after.values())
    for name, p in after.items():
        assert torch.equal(p, before[name]) == (p.ndim < 2), name


def test_only_the_chosen_learn(block):
    lora.add(block, 2, lambda name: "linear" in name)
    assert set(lora.state(block)) == {
        f"linear{i}.weight.{part}" for i in (1, 2) for part in ("A", "B")
    }


def test_a_file_of_products_makes_the_same_network(block):
    other = Block(CONFIG)
    other.load_state_dict(block.state_dict())
    x = learn(block, lora.add(block, 2, everywhere))
    lora.apply(other, lora.state(block) | {"norm1.bias": torch.ones(12)})
    with torch.no_grad():
        block.norm1.bias.fill_(1)
    torch.testing.assert_close(other(x), block(x))


def test_what_does_not_fit(block):
    with pytest.raises(ValueError, match="it chose none"):
        lora.add(block, 2, lambda name: False)
    with pytest.raises(ValueError, match="rank: expected 1 to 12"):
        lora.add(block, 13, everywhere)
    with pytest.raises(ValueError, match=r"expected a matrix \(O, I\), got \(3,\)"):
        lora.LowRank((3,), 1)
    pair = {"A": torch.ones(1, 12), "B": torch.ones(12, 1)}
    for name, message in (
        ("nowhere", "got nowhere"),
        ("linear1.weight", r"expected shape \(20, 12\)"),
    ):
        with pytest.raises(ValueError, match=message):
            lora.apply(block, {f"{name}.{part}": tensor for part, tensor in pair.items()})
