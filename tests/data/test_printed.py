"""Printed digits: ten in each font, on the road that drawings take."""

import numpy as np
import pytest

from large_models.data import digits
from large_models.data.printed import FONTS, printed_characters, printed_digits


def test_ten_digits_in_fifteen_fonts():
    counts, labels = printed_digits()
    assert counts.shape == (150, 8, 8) and counts.dtype == np.float32 and len(FONTS) == 15
    assert labels.tolist() == list(range(10)) * 15
    assert len({c.tobytes() for c in counts}) > 140  # fonts differ
    np.testing.assert_array_equal(printed_characters("37", FONTS[4]), counts[[43, 47]])


def test_they_have_the_ink_of_the_data():
    ink = printed_digits()[0].sum(axis=(1, 2))
    assert ink.min() >= digits.INK and ink.max() <= digits.INK + 40  # ties with the last pixel


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: printed_characters(""), "expected characters"),
        (lambda: printed_characters("1", "Arial"), "got 'Arial'"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
