"""ConvLive's Python side: what it shows is what the model computes; bad settings are named."""

import base64
import json

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.models.cnn import LeNet
from large_models.widgets import ConvLive
from large_models.widgets.conv_live import WEIGHTS, examples, forward, weights

IMAGES, LABELS = digits.load_digits().test_images, digits.load_digits().test_labels


def test_the_numpy_network_is_the_torch_network():
    model = LeNet.from_pretrained(WEIGHTS)
    with torch.no_grad():
        expected = model.activations(torch.from_numpy(digits.to_input(IMAGES[:40])))
    got = forward(IMAGES[:40])
    for name in ("conv1", "pool1", "conv2", "pool2", "hidden", "scores"):
        # Sums of up to 256 float32 products in another order.
        np.testing.assert_allclose(got[name], expected[name], atol=2e-5, err_msg=name)
    expected = expected["scores"].softmax(dim=1)
    np.testing.assert_allclose(got["probabilities"], expected, atol=1e-5)


def test_a_channel_that_is_off_counts_for_nothing():
    kernels = weights()["conv1.weight"][:, 0].copy()
    off = forward(IMAGES[:3], off=[2])
    kernels[2] = 9
    np.testing.assert_array_equal(off["scores"], forward(IMAGES[:3], kernels, [2])["scores"])
    assert np.abs(off["scores"] - forward(IMAGES[:3])["scores"]).max() > 0.1
    assert not off["conv1"][:, 2].any()


def test_examples_are_one_right_digit_a_class_and_all_wrong_ones():
    indices, answers = examples()
    wrong = np.flatnonzero(forward(IMAGES)["probabilities"].argmax(1) != LABELS)
    assert LABELS[indices[:10]].tolist() == answers[:10] == list(range(10))
    assert indices[10:] == wrong.tolist() and len(wrong) > 0
    assert (LABELS[indices[10:]] != answers[10:]).all()


def test_a_fresh_widget_opens_on_a_digit_for_which_one_channel_matters():
    widget = ConvLive()
    assert widget.prediction == 4 and widget.probabilities.max() > 0.99
    alone = {channel: ConvLive(off=[channel]).prediction for channel in range(8)}
    assert {channel for channel, digit in alone.items() if digit != 4} == {6}


def test_a_fresh_widget_shows_a_digit_and_its_answer():
    widget = ConvLive()
    np.testing.assert_array_equal(widget.counts, IMAGES[widget.digit_index])
    expected = forward(IMAGES[[widget.digit_index]])["probabilities"][0]
    np.testing.assert_array_equal(widget.probabilities, expected)
    assert widget.prediction == LABELS[widget.digit_index] == widget._truth
    assert repr(widget) == "ConvLive()"


def test_the_answer_follows_what_is_set_and_cannot_be_set():
    widget = ConvLive(digit_index=7, off=[1, 4])
    kernels = np.array(widget.kernels)
    kernels[0] = np.eye(5)
    widget.kernels = kernels
    expected = forward(IMAGES[[7]], kernels, [1, 4])["probabilities"][0]
    np.testing.assert_array_equal(widget.probabilities, expected)
    assert widget.prediction == expected.argmax()
    widget.counts = np.zeros((8, 8))
    assert widget.probabilities is None and widget.prediction is None
    with pytest.raises(AttributeError):
        widget.probabilities = expected


def test_a_held_out_digit_by_its_index():
    widget = ConvLive(drawing=[[(10, 10), (90, 90)]])
    assert widget.digit_index is None and widget._truth is None
    widget.digit_index = 5
    np.testing.assert_array_equal(widget.counts, IMAGES[5])
    assert widget._truth == LABELS[5] and widget.drawing == []
    widget.counts = IMAGES[6]  # its index is not known
    assert widget.digit_index is None and widget._truth is None


def test_what_the_page_says_when_the_reader_has_drawn():
    widget = ConvLive()
    counts = np.eye(8) * 16
    drawing = [[[0, 0], [99.5, 100]]]
    page = {"counts": counts.tolist(), "drawing": drawing, "digit_index": None, "_truth": None}
    widget.set_state(page)
    assert (widget.counts, widget.drawing) == (page["counts"], drawing)
    assert widget.digit_index is None and widget._truth is None


def test_kernels_none_are_the_trained_ones():
    widget = ConvLive(kernels=np.zeros((8, 5, 5)))
    assert not np.any(widget.kernels)
    widget.kernels = None
    np.testing.assert_array_equal(widget.kernels, weights()["conv1.weight"][:, 0])


def test_the_state_is_small():
    state = ConvLive().get_state()
    size = sum(
        len(base64.b64encode(value))
        if isinstance(value, (bytes, memoryview))
        else len(json.dumps(value))
        for key, value in state.items()
        if key not in ("_esm", "_css")
    )
    # 20,522 weights of 4 bytes in base64 are 109,452; the rest is a few digits and kernels.
    assert size < 120_000


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"counts": np.zeros((7, 8))}, r"counts of shape \(8, 8\) .* got shape \(7, 8\)"),
        ({"counts": np.full((8, 8), 17)}, "from 0 to 16, got 17.0"),
        ({"counts": np.full((8, 8), np.nan)}, "from 0 to 16, got nan"),
        ({"counts": "nine"}, "got 'nine'"),
        ({"drawing": 3}, "expected strokes, each a list of points, got 3"),
        ({"drawing": [[]]}, "strokes of at least one point"),
        ({"drawing": [[(1, 2, 3)]]}, r"a stroke of shape \(1, 2\)"),
        ({"drawing": [[(1, 101)]]}, "from 0 to 100, got 101"),
        ({"digit_index": 449}, "from 0 to 448, got 449"),
        ({"digit_index": 1.5}, "expected an integer, got 1.5"),
        ({"kernels": np.zeros((8, 3, 3))}, r"kernels of shape \(8, 5, 5\)"),
        ({"kernels": np.full((8, 5, 5), np.nan)}, "from -100 to 100, got nan"),
        ({"kernels": np.full((8, 5, 5), 101)}, "from -100 to 100, got 101"),
        ({"off": [8]}, "from 0 to 7, got 8"),
        ({"off": [True]}, "expected an integer, got True"),
        ({"off": 3}, "a list of channels, got 3"),
        ({"channel": 8}, "from 0 to 7, got 8"),
        ({"normalize": "yes"}, "got 'yes'"),
        ({"speed": 1}, "no setting speed"),
    ],
)
def test_bad_settings_are_named(settings, says):
    with pytest.raises(ValueError, match=says):
        ConvLive(**settings)


def test_a_bad_value_leaves_the_old_one():
    widget = ConvLive(off=[1])
    with pytest.raises(ValueError, match="ConvLive.off: .* from 0 to 7"):
        widget.off = [9]
    assert widget.off == [1]
