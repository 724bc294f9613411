"""Explainer's Python side: what it carries, and what it refuses."""

import base64
import json

import numpy as np
import pytest

from large_models.data import digits
from large_models.widgets import Explainer
from large_models.widgets.conv_live import examples, forward

IMAGES = digits.load_digits().test_images


def test_a_fresh_widget_shows_a_digit_and_its_answer():
    widget = Explainer()
    assert widget.digit_index == examples()[0][3] and widget.target is None
    np.testing.assert_array_equal(widget.counts, IMAGES[widget.digit_index])
    expected = forward(IMAGES[[widget.digit_index]])["probabilities"][0]
    np.testing.assert_array_equal(widget.probabilities, expected)
    assert repr(widget) == "Explainer(mode='digit')"


def test_a_digit_by_its_index_and_another_by_its_counts():
    widget = Explainer(digit_index=7)
    np.testing.assert_array_equal(widget.counts, IMAGES[7])
    widget.counts = np.zeros((8, 8))
    assert widget.digit_index is None and widget.probabilities is None
    widget.digit_index = 2
    np.testing.assert_array_equal(widget.counts, IMAGES[2])


def test_a_new_text_shows_all_its_tokens():
    widget = Explainer(hidden=[3, 1, 3])
    assert widget.hidden == [1, 3]
    widget.text = "Plot the data."
    assert widget.hidden == []


def test_the_state_is_small():
    state = Explainer().get_state()
    size = sum(
        len(base64.b64encode(value))
        if isinstance(value, (bytes, memoryview))
        else len(json.dumps(value))
        for key, value in state.items()
        if key not in ("_esm", "_css")
    )
    assert size < 115_000  # 20,522 weights of 4 bytes in base64 are 109,452


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"mode": "word"}, "'digit', 'sentence', got 'word'"),
        ({"counts": np.zeros((7, 8))}, r"shape \(8, 8\) .* got shape \(7, 8\)"),
        ({"counts": np.full((8, 8), 17)}, "from 0 to 16, got 17.0"),
        ({"counts": "nine"}, "got 'nine'"),
        ({"digit_index": 449}, "from 0 to 448, got 449"),
        ({"target": 10}, "from 0 to 9, got 10"),
        ({"steps": 3}, "one of 1, 2, 4, 8, 16, 32, 64, got 3"),
        ({"steps": True}, "got True"),
        ({"window": 12}, "from 1 to 11, got 12"),
        ({"erased": 201}, "from 0 to 200, got 201"),
        ({"untrained": 1}, "True or False, got 1"),
        ({"text": 5}, "expected a text, got 5"),
        ({"text": "one " * 70}, r"at most 64 tokens with \[CLS\] and \[SEP\], got 72"),
        ({"label": "pandas"}, "expected one of 'matplotlib', .* got 'pandas'"),
        ({"hidden": 3}, "a list of places, got 3"),
        ({"hidden": [0]}, "from 1 to 62, got 0"),
        ({"gone": 0}, "from 1 to 8, got 0"),
        ({"speed": 1}, "no setting speed"),
    ],
)
def test_bad_settings_are_named(settings, says):
    with pytest.raises(ValueError, match=says):
        Explainer(**settings)


def test_a_bad_value_leaves_the_old_one():
    widget = Explainer(steps=16)
    with pytest.raises(ValueError, match="Explainer.steps: "):
        widget.steps = 0
    assert widget.steps == 16
