"""Accuracy against the number of labels, and what is taken for what: all results that the script
`experiments.learning_curves` has written. Chapter: 2_concepts."""

import json
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.files import WEIGHTS
from large_models.widgets.base import BookWidget, Checked, one_of

TASKS = ("packages", "sections")
WITH = ("bag of words", "from scratch", "frozen", "fine-tuned")
WITHOUT = ("zero-shot", "zero-shot, calibrated")
COUNTS = (0, 10, 50, 200, 500, "all")


@cache
def results(task: str) -> dict[str, Any]:
    """What the script has written."""
    path = WEIGHTS / "bert-docs" / f"curves-{task}.json"
    return json.loads(path.read_text("utf-8"))


def summary(task: str) -> dict[str, Any]:
    """For the page: names of the labels, the share of the most frequent one, and of each way at
    each count the mean over the seeds, its standard deviation, and the confusion over all seeds."""
    found: dict[str, dict] = {}
    for row in results(task)["results"]:
        at = found.setdefault(row["way"], {}).setdefault(str(row["per_class"]), [])
        at.append(row)
    curves = {
        way: {
            count: {
                "mean": float(np.mean([row["macro"] for row in rows])),
                "spread": float(np.std([row["macro"] for row in rows])),
                "confusion": np.sum([row["confusion"] for row in rows], axis=0).tolist(),
            }
            for count, rows in counts.items()
        }
        for way, counts in found.items()
    }
    names = results(task)["labels"]
    return {"names": names, "curves": curves, "texts": results(task)["texts_judged"]}


def _count(value: Any) -> int | str:
    if isinstance(value, bool) or value not in COUNTS:
        raise ValueError(f"expected one of {', '.join(map(str, COUNTS))}, got {value!r}")
    return value


class LabelCurves(BookWidget):
    """How many labels does it take? Four ways to use them, and two that use none.

    Args:
        task: "packages" (which library a sentence documents) or "sections" (which section).
        count: labels per class: 0, 10, 50, 200, 500, or "all" of the training text.
        way: whose confusion is shown: "bag of words", "from scratch", "frozen", "fine-tuned"; at
            count 0 it is the calibrated zero-shot answer's.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("task", "count", "way")

    task = Checked(one_of(TASKS), "packages").tag(sync=True)
    count = Checked(_count, 10).tag(sync=True)
    way = Checked(one_of(WITH), "fine-tuned").tag(sync=True)

    _counts = traitlets.List([str(count) for count in COUNTS]).tag(sync=True)
    _ways = traitlets.List([*WITH, *WITHOUT]).tag(sync=True)
    _tasks = traitlets.Dict().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._tasks = {task: summary(task) for task in TASKS}

    @property
    def accuracy(self) -> dict[str, float]:
        """Of each way at this count: the mean over labels and seeds of the share found."""
        curves = self._tasks[self.task]["curves"]
        at = str(self.count)
        return {way: curves[way][at]["mean"] for way in self._ways if at in curves[way]}

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(K, K): how often a label (row) was taken for another (column), over all seeds."""
        way = self.way if self.count else WITHOUT[1]
        return np.array(self._tasks[self.task]["curves"][way][str(self.count)]["confusion"])
