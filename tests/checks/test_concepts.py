"""The checks of chapter 2_concepts: right answers pass, mistakes are named, neighbours fail."""

import numpy as np
import pytest
from sklearn.metrics import recall_score
from sklearn.neighbors import NearestCentroid

from large_models import checks
from large_models.checks import concepts


def with_sklearn(predicted, labels):
    return recall_score(labels, predicted, labels=np.unique(labels), average="macro")


def with_counts(predicted, labels):
    hits = {}
    for guess, label in zip(predicted.tolist(), labels.tolist(), strict=True):
        hits.setdefault(label, []).append(guess == label)
    return sum(sum(each) / len(each) for each in hits.values()) / len(hits)


def centroids(x, labels, new):
    return NearestCentroid().fit(x, labels).predict(new)


def with_loops(x, labels, new):
    best = []
    for row in new:
        away = [np.linalg.norm(row - x[labels == k].mean(0)) for k in range(labels.max() + 1)]
        best.append(int(np.argmin(away)))
    return best


def names(scores, without_labels):
    return np.argmax(scores - np.mean(without_labels, axis=0), axis=-1).tolist()


@pytest.mark.parametrize(
    ("check", "function"),
    [
        ("macro_accuracy", with_sklearn),
        ("macro_accuracy", with_counts),
        ("nearest_mean", centroids),
        ("nearest_mean", with_loops),
        ("zero_shot", names),
    ],
)
def test_right_answers_pass(says, check, function):
    found, line = says(getattr(checks.concepts, check), function)
    assert found is True and line.startswith("Right in all ")


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
            lambda p, y: sum((p[y == k] == k).mean() for k in set(y)) / (y.max() + 1),
            "divided by the largest label plus 1",
        ),
        (
            "macro_accuracy",
            lambda p, y: np.mean([np.sum(p[y == k] == k) / np.sum(y == k) for k in range(6)]),
            "leave out labels that do not occur",
        ),
        (
            "macro_accuracy",
            lambda p, y: recall_score(y, p, average="macro", zero_division=0.0),
            "answered but never occurs counts as 0",
        ),
        ("zero_shot", lambda s, w: s.argmax(axis=1), "names that fit everywhere win"),
        ("zero_shot", lambda s, w: (s - w.mean(0)).argmin(axis=1), "the worst name is taken"),
        ("nearest_mean", lambda x, y, n: y[((n[:, None] - x) ** 2).sum(2).argmin(1)], "example's"),
        ("nearest_mean", lambda x, y, n: y[:2], "it has"),
        ("nearest_mean", lambda x, y, n: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks.concepts, check), mistake)
    assert found is False and remark in line


ACCUSES = [
    (checks.concepts.macro_accuracy, concepts.MACRO),
    (checks.concepts.zero_shot, concepts.ZERO_SHOT),
    (checks.concepts.nearest_mean, concepts.NEAREST),
]


@pytest.mark.parametrize(
    ("which", "neighbour"),
    [
        (0, lambda p, y: np.median(concepts._shares(p, y))),
        (0, lambda p, y: (concepts._shares(p, y) > 0.5).mean()),
        (0, lambda p, y: np.mean([(p[y == k] == k).mean() for k in range(y.min(), y.max() + 1)])),
        (1, lambda s, w: (s - np.median(w, axis=0)).argmax(axis=1)),
        (1, lambda s, w: (s - np.r_[s, w].mean(axis=0)).argmax(axis=1)),
        (2, lambda x, y, n: np.full(len(n), np.bincount(y).argmax())),
        (2, lambda x, y, n: y[np.argsort(((n[:, None] - x) ** 2).sum(2))[:, :3]].min(axis=1)),
    ],
)
def test_a_neighbour_is_wrong_and_not_accused_of_something_else(says, which, neighbour):
    check, exercise = ACCUSES[which]
    found, line = says(check, neighbour)
    assert found is False
    for mistake in exercise.mistakes:
        assert not isinstance(mistake.remark, str) or mistake.remark not in line


def test_labels_are_told_by_the_text_they_belong_to(says):
    def swaps_the_last(x, labels, new):
        found = centroids(x, labels, new)
        return np.append(found[:-1], (found[-1] + 1) % (labels.max() + 1))

    _, line = says(checks.concepts.nearest_mean, swaps_the_last)
    assert "new text 2: expected label" in line and "got" in line


@pytest.mark.parametrize("check", ["macro_accuracy", "zero_shot", "nearest_mean"])
def test_a_stub_is_not_yet(says, check, stub):
    found, line = says(getattr(checks.concepts, check), stub)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("check", ["macro_accuracy", "zero_shot", "nearest_mean"])
def test_nonsense_is_told(says, check, nonsense):
    answer, remark = nonsense
    found, line = says(getattr(checks.concepts, check), answer)
    assert found is False and remark in line


def test_one_experiment_tells_the_explanations_apart(says):
    assert says(checks.concepts.experiment, ...)[0] is None
    found = {letter: says(checks.concepts.experiment, letter)[0] for letter in "abcd"}
    assert [letter for letter, right in found.items() if right] == ["c"]
    assert says(checks.concepts.experiment, " C ")[0] is True
    found, line = says(checks.concepts.experiment, "e")
    assert found is False and "a, b, c, d" in line
