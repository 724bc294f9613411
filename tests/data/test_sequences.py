"""data.sequences: the adding problem means what it says, and text comes back as it went."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from large_models.data import docstrings
from large_models.data.sequences import CHARACTERS, adding_problem, to_indices, to_text


@given(number=st.integers(1, 20), length=st.integers(2, 40), seed=st.integers(0, 2**31))
def test_sums_the_marked_numbers_one_in_each_half(number, length, seed):
    x, y = adding_problem(number, length, seed)
    assert x.shape == (number, length, 2) and y.shape == (number,)
    values, marks = x[..., 0], x[..., 1]
    assert values.min() >= 0 and values.max() < 1
    assert set(np.unique(marks)) <= {0, 1}
    half = length // 2
    assert (marks[:, :half].sum(axis=1) == 1).all() and (marks[:, half:].sum(axis=1) == 1).all()
    np.testing.assert_allclose(y, [v[m == 1].sum() for v, m in zip(values, marks, strict=True)])


def test_every_place_of_a_half_is_marked_sometimes():
    marks = adding_problem(2000, 10, 0)[0][..., 1]
    # 400 are expected at each place; a standard deviation is 18.
    np.testing.assert_allclose(marks.sum(axis=0), 400, atol=90)


def test_guessing_the_mean_costs_a_sixth():
    y = adding_problem(20_000, 6, 0)[1]
    assert abs(y.mean() - 1) < 0.02 and abs(y.var() - 2 / 12) < 0.005


def test_a_seed_decides():
    first, again = adding_problem(3, 10, 7), adding_problem(3, 10, 7)
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != adding_problem(3, 10, 8)[0]).any()


@pytest.mark.parametrize("number, length", [(0, 10), (3, 1)])
def test_says_what_it_cannot_make(number, length):
    with pytest.raises(ValueError, match=f"got {number} of {length}"):
        adding_problem(number, length, 0)


@given(st.text(alphabet=CHARACTERS))
def test_text_comes_back(text):
    indices = to_indices(text)
    assert indices.dtype == np.int64 and indices.shape == (len(text),)
    assert to_text(indices) == text


def test_the_characters_are_those_of_the_corpus():
    assert len(CHARACTERS) == len(set(CHARACTERS)) == 96
    assert CHARACTERS[:3] == "\n !" and CHARACTERS[-1] == "~"
    for split in docstrings.SPLITS:
        assert set(docstrings.text(split)) <= set(CHARACTERS)


def test_unknown_characters_and_numbers_are_named():
    with pytest.raises(ValueError, match="'é' at 3"):
        to_indices("café")
    for wrong in ([0, 96], [-1, 5]):
        with pytest.raises(ValueError, match="expected 0 to 95"):
            to_text(np.array(wrong))
    assert to_text(np.array([], dtype=np.int64)) == ""
