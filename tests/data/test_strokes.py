"""The pen: the same digits at every run, no two alike, and inside the page."""

import numpy as np
import pytest

from large_models.data import strokes


def test_the_same_seed_draws_the_same_digits():
    drawings, labels = strokes.draw_digits(20, seed=9)
    assert drawings.shape == (20, 128, 128) and drawings.dtype == np.float32
    assert labels.tolist() == list(range(10)) * 2
    # Fewer drawings are the first of more: a test on some is a test on part of the same.
    np.testing.assert_array_equal(strokes.draw_digits(12, seed=9)[0], drawings[:12])
    assert not np.array_equal(strokes.draw_digits(20, seed=10)[0], drawings)
    assert drawings.min() == 0 and drawings.max() == 1


def test_size_place_and_pen_differ():
    ones = strokes.draw_digits(200, seed=1)[0][1::10] >= 0.5
    height = ones.any(axis=2).sum(axis=1)
    top, left = ones.any(axis=2).argmax(axis=1), ones.any(axis=1).argmax(axis=1)
    pen = ones.sum(axis=(1, 2)) / height  # pixels per row
    # Pixels of 128; each would be 0 if that part of the drawing were always the same.
    assert min(np.std(height), np.std(top), np.std(left)) > 8 and np.std(pen) > 1.5


def test_every_way_is_drawn():
    """With all else switched off, as many pictures of a digit as it has ways."""

    class Still:
        def __init__(self, way):
            self.way = way

        def integers(self, n):
            return min(self.way, n - 1)

        def uniform(self, low=0.0, high=1.0, size=None):
            return np.full(size, (low + high) / 2) if size else (low + high) / 2

        def normal(self, scale, size):
            return np.zeros(size)

    for digit, ways in strokes.WAYS.items():
        pictures = {strokes._draw(digit, Still(w), 32).tobytes() for w in range(4)}
        assert len(pictures) == len(ways) >= 2


def test_drawings_lie_inside_the_page():
    drawings, _ = strokes.draw_digits(200, seed=0)
    rim = np.stack([drawings[:, 0], drawings[:, -1], drawings[:, :, 0], drawings[:, :, -1]])
    assert (rim.max(axis=(0, 2)) > 0.5).mean() < 0.05  # a few are as wide as the page


def test_a_smooth_stroke_goes_through_its_points():
    points = np.array([(0, 0), (0.3, 1), (0.8, 0.2), (1, 1)])
    np.testing.assert_allclose(strokes._smooth(points, steps=5)[::5], points, atol=1e-12)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"count": 0, "seed": 0}, "count >= 1 and side >= 16, got 0 and 128"),
        ({"count": 1, "seed": 0, "side": 15}, "got 1 and 15"),
    ],
)
def test_bad_input_is_named(settings, says):
    with pytest.raises(ValueError, match=says):
        strokes.draw_digits(**settings)
