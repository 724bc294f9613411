"""What is drawn is what was given, bad input is named, the same call gives the same bytes."""

import io
import re

import matplotlib
import numpy as np
import pytest

from large_models import plots

matplotlib.use("agg")


@pytest.fixture(autouse=True)
def style():
    with matplotlib.rc_context():
        plots.use_style()
        yield
    matplotlib.pyplot.close("all")


def svg(fig) -> str:
    text = io.StringIO()
    fig.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def test_the_same_figure_has_the_same_bytes():
    def draw():
        return svg(plots.show_curves({"a": [1, 2, 3], "b": [3, 2, 1]}, "epoch", "loss"))

    assert draw() == draw()


def test_text_in_a_figure_stays_text():
    text = svg(plots.show_curves({"convolution": [1, 2, 3]}, "epoch", "loss (nats)"))
    assert ">convolution</text>" in text and ">loss (nats)</text>" in text


def test_figures_use_no_ink_but_the_palette():
    # The build swaps these hex colours for the theme's: another one would not follow dark mode.
    text = svg(plots.show_curves({"a": [1, 2], "b": [2, 1], "c": [0, 3], "d": [1, 1]}, "x", "y"))
    used = set(re.findall(r"#[0-9a-f]{6}", text))
    known = {plots.INK, plots.RULE, plots.MUTED, plots.IN, plots.LEARNED, plots.OUT}
    assert used <= known and {plots.OUT, plots.LEARNED, plots.IN} <= used


def test_signed_pictures_are_centred_at_zero_and_share_one_scale():
    fig = plots.show_images([np.array([[1.0, -3]]), np.array([[2.0, 0]])], signed=True)
    for ax in fig.axes[:2]:
        assert ax.images[0].get_clim() == (-3, 3)


def test_magnitudes_start_at_zero():
    fig = plots.show_images([np.array([[1.0, 3]])], magnitude=True)
    assert fig.axes[0].images[0].get_clim() == (0, 3)


def test_names_at_the_ends_of_curves_do_not_overlap():
    fig = plots.show_curves({name: [0, 1] for name in "abcd"}, "x", "y")
    heights = sorted(text.get_position()[1] for text in fig.axes[0].texts)
    assert min(np.diff(heights)) > 0.08  # a line of 12 points on a figure 3 inches high


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: plots.show_images([]), "at least one picture"),
        (lambda: plots.show_images([np.zeros(3)]), r"expected shape \(H, W\), got \(3,\)"),
        (lambda: plots.show_images([np.zeros((2, 2))], ["a", "b"]), "expected 1, .* got 2"),
        (lambda: plots.show_curves({}, "x", "y"), "at least one"),
        (lambda: plots.show_curves({"a": ([1, 2], [1])}, "x", "y"), "2 x values for 1"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
