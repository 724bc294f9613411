"""The photographs are there, grey and square, each with its credit."""

import numpy as np
import pytest

from large_models.data.photographs import PHOTOGRAPHS, credit, photograph


@pytest.mark.parametrize("name", PHOTOGRAPHS)
@pytest.mark.parametrize("size", [1, 48, 256, 400])
def test_grey_and_square(name, size):
    picture = photograph(name, size)
    assert picture.shape == (size, size) and picture.dtype == np.uint8
    if size > 1:
        assert np.ptp(picture) > 150  # from dark to bright
    np.testing.assert_array_equal(photograph(name, size), picture)


def test_a_caller_may_change_its_own_copy():
    photograph("china")[:] = 0
    assert photograph("china").any()


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_credits_name_a_licence(name):
    assert "CC BY" in credit(name) or "public domain" in credit(name)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: photograph("moon"), "china, flower, portrait, got 'moon'"),
        (lambda: credit("moon"), "got 'moon'"),
        (lambda: photograph("china", 0), "1 to 400 pixels, got 0"),
        (lambda: photograph("china", 401), "got 401"),
        (lambda: photograph("china", 9.5), "got 9.5"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
