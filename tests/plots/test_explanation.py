"""Explanations are drawn so that red means one thing."""

import numpy as np
import pytest

from large_models.plots.explanation import show_explanations
from large_models.plots.style import MAGNITUDE, SIGNED


def test_only_maps_with_signs_are_red_and_blue():
    rng = np.random.default_rng(0)
    picture, plain, signed = rng.random((4, 4)), rng.random((4, 4)), rng.normal(size=(4, 4))
    fig = show_explanations(picture, [plain, signed], ["size", "with signs"], [False, True])
    drawn = [ax.images[0] for ax in fig.axes]
    names = [image.get_cmap().name for image in drawn]
    assert names == ["gray", *(c if isinstance(c, str) else c.name for c in (MAGNITUDE, SIGNED))]
    assert [ax.get_title() for ax in fig.axes] == ["input", "size", "with signs"]
    assert drawn[1].get_clim() == (0, plain.max())
    assert drawn[2].get_clim() == (-abs(signed).max(), abs(signed).max())
    for image, values in zip(drawn, (picture, plain, signed), strict=True):
        np.testing.assert_array_equal(image.get_array(), values)


def test_a_title_and_a_sign_for_each():
    with pytest.raises(ValueError, match="for each of 1 maps, got 2 and 1"):
        show_explanations(np.eye(2), [np.eye(2)], ["a", "b"], [True])
