"""The checks of chapter 1_2_areas: right answers in other styles pass, choices are explained."""

import numpy as np
import pytest
from sklearn.metrics import recall_score, top_k_accuracy_score

from large_models.checks import areas


def right_recall(scores, taken, k):
    return top_k_accuracy_score(taken, scores, k=k, labels=np.arange(scores.shape[1]))


def right_rates(risk, ill, threshold):
    return [recall_score(ill, risk >= threshold, pos_label=label) for label in (True, False)]


def right_cheapest(risk, default, thresholds, lost, missed):
    costs = []
    for threshold in thresholds:
        cost = 0
        for r, d in zip(risk, default, strict=True):
            if r >= threshold and not d:
                cost += lost
            elif r < threshold and d:
                cost += missed
        costs.append(cost / len(risk))
    return thresholds[np.argmin(costs)], min(costs)


RIGHT = {"recall": right_recall, "rates": right_rates, "cheapest": right_cheapest}


@pytest.mark.parametrize("check", RIGHT)
def test_right_answers_pass(says, check):
    found, line = says(getattr(areas, check), RIGHT[check])
    assert found is True and line.startswith("Right in all "), line


@pytest.mark.parametrize("check", RIGHT)
def test_a_stub_is_not_yet_and_nonsense_is_told(says, check, stub, nonsense):
    found, line = says(getattr(areas, check), stub)
    assert found is None and "Not yet" in line
    answer, remark = nonsense
    found, line = says(getattr(areas, check), answer)
    assert found is False and remark in line


def test_partition_is_as_good_as_a_sort(says):
    def recall(scores, taken, k):
        items = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        return np.mean([t in row for t, row in zip(taken, items, strict=True)])

    assert says(areas.recall, recall)[0] is True


def test_the_experiment(says):
    assert says(areas.experiment, "d")[0] is True
    for letter in "abc":
        found, line = says(areas.experiment, letter)
        assert found is False and line.startswith(f"Not {letter}. ")
    assert says(areas.experiment, None)[0] is None


def with_the_rule(known):
    _, debt, _, _, age = known.T
    return np.column_stack([known, (age < 30) & (debt > 1)])


class TestColumns:
    def test_the_rule_of_the_young_in_debt_is_enough(self, says):
        found, line = says(areas.columns, with_the_rule)
        assert found is True and line.startswith("Right: the columns save ")

    @pytest.mark.parametrize(
        "make",
        [
            lambda known: known,
            lambda known: np.column_stack([known, known[:, 1] > 1]),
            lambda known: np.column_stack([known, known[:, 4] < 30]),
            lambda known: np.column_stack([known, np.log(known[:, 0])]),
        ],
        ids=["the five", "debt alone", "youth alone", "log income"],
    )
    def test_less_is_not(self, says, make):
        found, line = says(areas.columns, make)
        assert found is False and "at least 8 is needed" in line

    @pytest.mark.parametrize(
        ("make", "remark"),
        [
            (lambda known: known[:, 0], "it has shape (10000,)"),
            (lambda known: known[:7], "one row for each"),
            (lambda known: known - known.mean(axis=0), "change with the other loans"),
            (lambda known: np.log(known - 1e9), "NaN or infinite"),
            (lambda known: 1 / 0, "raised ZeroDivisionError"),
        ],
    )
    def test_other_shapes_are_told(self, says, make, remark):
        found, line = says(areas.columns, make)
        assert found is False and (remark in line or remark.replace("10000", "50") in line), line

    def test_a_stub_is_not_yet(self, says, stub):
        assert says(areas.columns, stub)[0] is None
