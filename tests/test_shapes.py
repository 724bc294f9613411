"""Sizes that `formulas` does not already test against torch: the words, and plain numbers."""

import numpy as np
import pytest

from large_models.shapes import conv_output_size, conv_padding, pair, pool_output_size


def test_a_pair_is_an_int_or_two():
    assert pair(3, "stride") == (3, 3)
    assert pair([1, 2], "stride") == pair(np.array([1, 2]), "stride") == (1, 2)
    assert type(pair(np.int64(3), "stride")[0]) is int


@pytest.mark.parametrize("value", [-1, 0.5, "3", None, (1,), (1, 2, 3), (1, -1), True, (1, False)])
def test_what_is_no_pair_is_named(value):
    with pytest.raises(ValueError, match="padding: expected"):
        pair(value, "padding")


def test_sizes_of_a_lenet():
    size = conv_output_size((28, 28), 5)
    assert size == (24, 24)
    size = pool_output_size(size, 2)
    assert size == (12, 12)
    assert conv_output_size(size, (5, 3), stride=(1, 2), padding=1) == (10, 6)


def test_same_keeps_the_size_and_valid_adds_nothing():
    assert conv_output_size((7, 8), (4, 3), padding="same", dilation=(1, 3)) == (7, 8)
    assert conv_padding("same", (4, 3), dilation=(1, 3)) == ((1, 2), (3, 3))
    assert conv_padding("valid", 3) == conv_padding(0, 3) == ((0, 0), (0, 0))


def test_an_empty_output_is_refused_in_numbers():
    with pytest.raises(ValueError, match=r"window of 9 \(kernel 5, dilation 2\).*into 6 \+ 2"):
        conv_output_size((6, 20), 5, padding=1, dilation=2)
