"""The checks of chapter 2_concepts: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
from sklearn.metrics import recall_score
from sklearn.neighbors import NearestCentroid

from lib import checks
from lib.checks import concepts


def test_right_answers_pass(says):
    def with_sklearn(predicted, labels):
        return recall_score(labels, predicted, labels=np.unique(labels), average="macro")

    def centroids(x, labels, new):
        return NearestCentroid().fit(x, labels).predict(new)

    def names(scores, without_labels):
        return np.argmax(scores - np.mean(without_labels, axis=0), axis=-1).tolist()

    for check, function in [
        (checks.concepts.macro_accuracy, with_sklearn),
        (checks.concepts.nearest_mean, centroids),
        (checks.concepts.zero_shot, names),
    ]:
        found, line = says(check, function)
        assert found is True and line.startswith("Right, in 3 cases")


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("macro_accuracy", lambda p, y: (p == y).mean(), "this is the share of all texts"),
        (
            "macro_accuracy",
            lambda p, y: np.mean([(y[p == k] == k).mean() for k in np.unique(p)]),
            "grouped by what was predicted",
        ),
        (
            "macro_accuracy",
            lambda p, y: np.mean([np.sum(p[y == k] == k) / np.sum(y == k) for k in range(5)]),
            "leave out labels that do not occur",
        ),
        ("zero_shot", lambda s, w: s.argmax(axis=1), "names that fit everywhere win"),
        ("zero_shot", lambda s, w: (s - w.mean(0)).argmin(axis=1), "the worst label is taken"),
        ("nearest_mean", lambda x, y, n: ((n[:, None] - x) ** 2).sum(2).argmin(1), "nearest text"),
        ("nearest_mean", lambda x, y, n: y[:2], "it has"),
        ("nearest_mean", lambda x, y, n: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks.concepts, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", ["macro_accuracy", "zero_shot", "nearest_mean"])
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(checks.concepts, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("name", ["_macro_cases", "_zero_cases", "_nearest_cases"])
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(concepts, name)())[-1]])
