"""The checks of chapter 1_2_areas: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
from sklearn.metrics import recall_score, top_k_accuracy_score

from lib import checks
from lib.checks import areas


def test_right_answers_pass(says):
    def recall(scores, taken, k):
        return top_k_accuracy_score(taken, scores, k=k, labels=np.arange(scores.shape[1]))

    def rates(risk, ill, threshold):
        return [recall_score(ill, risk >= threshold, pos_label=label) for label in (True, False)]

    def cheapest(risk, default, thresholds, lost, missed):
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

    for check, function in [
        (checks.areas.recall, recall),
        (checks.areas.rates, rates),
        (checks.areas.cheapest, cheapest),
    ]:
        found, line = says(check, function)
        assert found is True and line.startswith("Right, in 3 cases"), line


def mean_costs(risk, default, thresholds, lost, missed):
    refused = risk >= thresholds[:, None]
    return ((refused & ~default) * lost + (~refused & default) * missed).mean(axis=1)


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        (
            "recall",
            lambda s, t, k: (np.argsort(s, axis=1)[:, :k] == t[:, None]).any(1).mean(),
            "the k worst items",
        ),
        (
            "recall",
            lambda s, t, k: (np.argsort(-s, axis=1)[:, : k + 1] == t[:, None]).any(1).mean(),
            "k + 1 items",
        ),
        (
            "recall",
            lambda s, t, k: (np.argsort(-s, axis=1)[:, :k] == t[:, None]).any(1).sum(),
            "how many people",
        ),
        (
            "rates",
            lambda r, y, t: (y[r >= t].mean(), (~y[r < t]).mean()),
            "these are shares of the alarms",
        ),
        (
            "rates",
            lambda r, y, t: ((r > t)[y].mean(), (r <= t)[~y].mean()),
            "a risk equal to the threshold",
        ),
        (
            "rates",
            lambda r, y, t: ((r >= t)[y].mean(), (r >= t)[~y].mean()),
            "share of false alarms",
        ),
        (
            "cheapest",
            lambda r, d, t, a, b: (t[mean_costs(r, d, t, b, a).argmin()], 0),
            "expected",
        ),
        (
            "cheapest",
            lambda r, d, t, a, b: (
                t[mean_costs(r, d, t, b, a).argmin()],
                mean_costs(r, d, t, b, a).min(),
            ),
            "the two costs are exchanged",
        ),
        (
            "cheapest",
            lambda r, d, t, a, b: (
                t[mean_costs(r, d, t, a, b).argmin()],
                mean_costs(r, d, t, a, b).min() * len(r),
            ),
            "the cost is a sum",
        ),
        (
            "cheapest",
            lambda r, d, t, a, b: (
                mean_costs(r, d, t, a, b).argmin(),
                mean_costs(r, d, t, a, b).min(),
            ),
            "the first is its place",
        ),
        ("recall", lambda s, t, k: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks.areas, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", ["recall", "rates", "cheapest"])
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(checks.areas, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("name", ["_recall_cases", "_rate_cases", "_cost_cases"])
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(areas, name)())[-1]])
