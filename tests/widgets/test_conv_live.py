"""ConvLive's Python side: what it shows is what the model computes; bad settings are named."""

import base64
import json

import numpy as np
import pytest
import torch

from lib.data import digits
from lib.models.cnn import LeNet
from lib.widgets import ConvLive
from lib.widgets.conv_live import WEIGHTS, examples, forward, weights


def test_the_numpy_network_is_the_torch_network():
    model, counts = LeNet.from_pretrained(WEIGHTS), digits.load_digits().test_images[:40]
    with torch.no_grad():
        expected = model.activations(torch.from_numpy(digits.to_input(counts)))
    got = forward(counts)
    for name in ("relu1", "pool1", "relu2", "pool2", "hidden"):
        np.testing.assert_allclose(got[name], expected[name], atol=1e-5)  # float32 sums
    expected = expected["scores"].softmax(dim=1)
    np.testing.assert_allclose(got["probabilities"], expected, atol=1e-5)


def test_a_channel_that_is_off_counts_for_nothing():
    counts = digits.load_digits().test_images[:100]
    kernels = weights()["conv1.weight"][:, 0].copy()
    off = forward(counts, off=[2])
    kernels[2] = 9
    np.testing.assert_array_equal(
        off["probabilities"], forward(counts, kernels, [2])["probabilities"]
    )
    assert np.abs(off["probabilities"] - forward(counts)["probabilities"]).max() > 1e-2


def test_examples_are_one_right_digit_a_class_and_all_wrong_ones():
    images, labels, answers = examples()
    data = digits.load_digits()
    wrong = forward(data.test_images)["probabilities"].argmax(1) != data.test_labels
    assert labels[:10].tolist() == list(range(10)) and (labels == answers)[:10].all()
    assert len(labels) == 10 + wrong.sum() and (labels != answers)[10:].all()
    np.testing.assert_array_equal(images[10:], data.test_images[wrong])


def test_a_fresh_widget_shows_a_digit_and_its_answer():
    widget = ConvLive()
    expected = forward(np.array([widget.counts]))["probabilities"][0]
    np.testing.assert_allclose(widget.probabilities, expected, atol=1e-7)
    assert widget.prediction == 2 == expected.argmax()
    assert repr(widget) == "ConvLive()"
    assert ConvLive(counts=np.zeros((8, 8))).prediction is None


def test_the_state_is_small():
    state = ConvLive().get_state()
    size = sum(
        len(base64.b64encode(value))
        if isinstance(value, (bytes, memoryview))
        else len(json.dumps(value))
        for key, value in state.items()
        if key not in ("_esm", "_css")
    )
    assert size < 130_000


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"counts": np.zeros((7, 8))}, r"8x8 ink counts from 0 to 16, got shape \(7, 8\)"),
        ({"counts": np.full((8, 8), 17)}, "from 0 to 16"),
        ({"counts": np.full((8, 8), np.nan)}, "from 0 to 16"),
        ({"counts": "nine"}, "8x8 ink counts, got 'nine'"),
        ({"kernels": np.zeros((8, 3, 3))}, r"shape \(8, 5, 5\)"),
        ({"kernels": np.full((8, 5, 5), np.nan)}, "numbers from -100 to 100"),
        ({"off": [8]}, r"channels from 0 to 7, got \[8\]"),
        ({"off": 3}, "a list of channels, got 3"),
        ({"speed": 1}, "no setting speed"),
    ],
)
def test_bad_settings_are_named(settings, says):
    with pytest.raises(ValueError, match=says):
        ConvLive(**settings)


def test_a_bad_value_leaves_the_old_one():
    widget = ConvLive(off=[1])
    with pytest.raises(ValueError, match="channels from 0 to 7"):
        widget.off = [9]
    assert widget.off == [1]
