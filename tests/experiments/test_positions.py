"""Positions: the tasks ask for what they say, and the shipped results are of this script."""

import json

import pytest
import torch

from large_models.experiments import positions
from large_models.files import weights
from large_models.models.transformer import Rotary, SinusoidalPositions


def test_recall_asks_for_three_places_before():
    x, y = positions.draw(4, 10, torch.Generator().manual_seed(0))
    assert x.shape == y.shape == (4, 10)
    assert torch.equal(y[:, 3:], x[:, :-3])


def test_first_asks_for_the_first():
    x, y = positions.draw_first(4, 10, torch.Generator().manual_seed(0))
    assert x.shape == y.shape and (y == x[:, :1]).all()


class Oracle(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.one_hot(x.roll(3, dims=1), positions.SYMBOLS).float()


def test_accuracy_counts_from_the_fourth_place():
    assert positions.recall_accuracy(Oracle(), 24) == 1
    found = positions.recall_accuracy(Oracle(), 24, positions.draw_first)
    # The fourth place is right, the others by chance.
    assert found == pytest.approx(1 / 21 + 20 / 21 / 16, abs=0.02)


def test_without_positions_only_a_causal_mask_tells_orders_apart():
    x = torch.randint(16, (1, 9), generator=torch.Generator().manual_seed(0))
    shuffled = x[:, [1, 0, *range(2, 9)]]
    for is_causal in (False, True):
        torch.manual_seed(0)
        model = positions.Recall(None, num_layers=2, is_causal=is_causal)
        same = torch.allclose(model(x)[0, -1], model(shuffled)[0, -1], atol=1e-5)
        assert same != is_causal


@pytest.mark.parametrize("way", [Rotary, SinusoidalPositions])
def test_training_is_repeated_by_its_seed(way):
    runs = [positions.train_recall(way(), seed, 3)[1] for seed in (0, 0, 1)]
    assert runs[0] == runs[1] != runs[2]
    assert [entry["step"] for entry in runs[0]] == [3]


def test_the_shipped_results_are_complete():
    shipped = json.loads((weights("positions") / "metrics.json").read_text("utf-8"))
    assert shipped["recall_steps"] == list(positions.RECALL_STEPS)
    assert shipped["lengths"] == list(positions.LENGTHS)
    for name in ("first", "recall"):
        assert len(shipped[name]) == 6 and {row["seed"] for row in shipped[name]} == {0, 1, 2}
