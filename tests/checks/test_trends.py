"""The checks of chapter 5_1_trends: right answers in several styles, and the prediction."""

import json

import numpy as np
import pytest

from large_models.checks import trends
from large_models.files import weights


def slope(size, loss, floor):
    return -np.polyfit(np.log(size), np.log(loss - floor), 1)[0]


def count(T, window):
    return int(np.tril(np.triu(np.ones((T, T)), 1 - window)).sum())


def in_one_line(T, window):
    w = min(T, window)
    return w * (w + 1) / 2 + (T - w) * w


@pytest.mark.parametrize(
    ("check", "function"),
    [("power", slope), ("window_scores", count), ("window_scores", in_one_line)],
)
def test_right_answers_pass(says, check, function):
    found, line = says(getattr(trends, check), function)
    assert found is True and line.startswith("Right in all ")


def test_a_window_that_looks_both_ways_is_not_taken_for_none(says):
    def both_ways(T, window):
        return sum(min(T, i + window) - max(0, i - window + 1) for i in range(T))

    found, line = says(trends.window_scores, both_ways)
    assert found is False and "looks both ways" in line and "without a window" not in line


def test_the_prediction_is_held_against_the_shipped_run(says):
    rows = json.loads((weights("scaling-docs") / "results.json").read_text("utf-8"))["results"]
    truth = next(
        row["held_out"] for row in rows if row["kind"] == "large" and row["model"] == "3 x 128"
    )
    assert says(trends.held_out_loss, ...)[0] is None
    assert says(trends.held_out_loss, truth + 0.09)[0] is True
    for far in (truth + 0.11, truth - 0.11, 3.39):
        found, line = says(trends.held_out_loss, far)
        assert found is False and f"it is {truth:.4g}" in line
