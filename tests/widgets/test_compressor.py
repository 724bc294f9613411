"""Compressor's Python side: torch's answers, sizes that add up, and values that are refused."""

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.formulas import compression
from large_models.models.cnn import LeNet
from large_models.widgets.compressor import CHOICES, LAYERS, Compressor
from large_models.widgets.conv_live import WEIGHTS, weights


def test_answers_are_torchs():
    widget = Compressor(bits=3, per="row", sparsity=30)
    model = LeNet.from_pretrained(WEIGHTS)
    model.load_state_dict({name: torch.tensor(w) for name, w in widget.compressed.items()})
    data = digits.load_digits()
    with torch.no_grad():
        scores = model(torch.from_numpy(digits.to_input(data.test_images)))
    sure = scores.topk(2).values.diff(dim=1).abs()[:, 0] > 1e-4  # ties may go either way
    assert (widget.answers == scores.argmax(1).numpy())[sure].all() and sure.float().mean() > 0.99
    assert widget.accuracy == (widget.answers == data.test_labels).mean()


def test_as_trained_nothing_is_lost():
    widget = Compressor()
    assert all(np.array_equal(w, weights()[name]) for name, w in widget.compressed.items())
    assert widget.kilobytes == sum(4 * w.size for w in weights().values()) / 1000
    assert widget.accuracy > 0.99 and widget.zeros == 0


@pytest.mark.parametrize("layer", CHOICES)
def test_only_the_chosen_layer_changes(layer):
    widget = Compressor(bits=2, sparsity=50, layer=layer)
    changed = {
        name for name, w in widget.compressed.items() if not np.array_equal(w, weights()[name])
    }
    assert changed == {f"{each}.weight" for each in (LAYERS if layer == "all" else [layer])}
    bits = 0
    for name, w in widget.compressed.items():
        small = name in changed
        bits += compression.stored_bits(w, 2, "tensor") if small else 32 * w.size
    assert widget.kilobytes == bits / 8000


def test_fewer_bits_cost_accuracy_and_rows_save_some_of_it():
    found = {
        (bits, per): Compressor(bits=bits, per=per).accuracy
        for bits in (8, 3, 2)
        for per in compression.PER
    }
    assert found[8, "tensor"] > 0.99
    assert found[3, "row"] > found[3, "tensor"] + 0.01 > found[2, "tensor"] + 0.5


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("bits", 1, "expected 32, or 8 to 2, got 1"),
        ("bits", 16, "expected 32, or 8 to 2, got 16"),
        ("bits", "four", "expected 32, or 8 to 2, got 'four'"),
        ("bits", True, "got True"),
        ("per", "column", "expected one of 'tensor', 'row', got 'column'"),
        ("sparsity", 96, "expected an integer from 0 to 95, got 96"),
        ("clip", 0, "expected an integer from 5 to 100, got 0"),
        ("layer", "pool1", "expected one of 'all', 'conv1'"),
    ],
)
def test_bad_values_are_told(key, value, message):
    widget = Compressor()
    with pytest.raises(ValueError, match=f"Compressor.{key}: .*{message}"):
        setattr(widget, key, value)
    assert getattr(widget, key) == Compressor.class_traits()[key].default_value


def test_state_is_small():
    state = Compressor().get_state(["_weights", "_shapes", "_digits", "_labels"])
    assert 4 / 3 * sum(len(value) for value in state.values()) < 160_000
