"""LabelCurves' Python side: it shows what the script has written."""

import json

import numpy as np
import pytest

from large_models.widgets import LabelCurves
from large_models.widgets.assets import WEIGHTS
from large_models.widgets.label_curves import COUNTS, WITH, WITHOUT


def rows_of(task, way, count):
    path = WEIGHTS / "bert-docs" / f"curves-{task}.json"
    rows = json.loads(path.read_text("utf-8"))["results"]
    return [row for row in rows if (row["way"], row["per_class"]) == (way, count)]


@pytest.mark.parametrize("task", ["packages", "sections"])
def test_means_spreads_and_confusions_are_those_of_the_files(task):
    widget = LabelCurves(task=task)
    for count in COUNTS:
        widget.count = count
        assert list(widget.accuracy) == list(WITH if count else WITHOUT)
        for way, mean in widget.accuracy.items():
            shares = [row["macro"] for row in rows_of(task, way, count)]
            assert len(shares) == (5 if count else 1)
            assert mean == pytest.approx(np.mean(shares))
            found = widget._tasks[task]["curves"][way][str(count)]
            assert found["spread"] == pytest.approx(np.std(shares))
        for way in WITH:
            widget.way = way
            rows = rows_of(task, way if count else WITHOUT[1], count)
            expected = np.sum([row["confusion"] for row in rows], axis=0)
            np.testing.assert_array_equal(widget.confusion, expected)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("task", "colours", "expected one of 'packages', 'sections', got 'colours'"),
        ("count", 20, "expected one of 0, 10, 50, 200, 500, all, got 20"),
        ("count", False, "got False"),
        ("way", "zero-shot", "expected one of 'bag of words', .*, got 'zero-shot'"),
    ],
)
def test_bad_values_are_told(key, value, message):
    widget = LabelCurves()
    with pytest.raises(
        ValueError, match=f"LabelCurves.{key}: {message}|LabelCurves.{key}: .*{message}"
    ):
        setattr(widget, key, value)


def test_state_is_small():
    assert len(str(LabelCurves()._tasks)) < 25_000
