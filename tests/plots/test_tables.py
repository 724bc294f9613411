"""A table is a table in HTML, and readable as text."""

import numpy as np
import pytest

from large_models.plots import table


def test_numbers_are_written_alike_and_text_is_escaped():
    made = table(["model", "n", "share"], [["a < b", 12345, 0.5], ["c", np.int64(1), np.nan]])
    assert repr(made).split("\n") == [
        "model  n       share",
        "a < b  12,345  0.500",
        "c      1       nan",
    ]
    html = made._repr_html_()
    assert '<th scope="row">a &lt; b</th><td>12,345</td><td>0.500</td>' in html
    assert html.count('<th scope="col">') == 3


def test_minus_none_and_digits():
    assert table(["a", "b"], [[-0.25, None]], digits=2).rows == [["−0.25", ""]]


def test_a_place_without_words_is_no_header():
    assert "<tr><td></td>" in table(["", "n"], [["a", 1]])._repr_html_()


def test_rows_may_come_from_a_generator():
    assert table(["n"], ([n] for n in range(2))).rows == [["0"], ["1"]]


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"expected 2 values in a row, got \['x'\]"):
        table(["a", "b"], [["x"]])
