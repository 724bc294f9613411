"""The checks of chapter 5_2_1_privacy: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch

from large_models.checks import privacy
from large_models.formulas import privacy as formulas


def test_right_answers_pass(says):
    def clip(gradients, limit):
        rows = [torch.tensor(row, requires_grad=True) for row in gradients]
        for row in rows:
            row.grad = row.detach().clone()
            torch.nn.utils.clip_grad_norm_([row], limit)
        return sum(row.grad for row in rows).numpy()

    def rates(members, others, threshold):
        return formulas.rates(members, others, threshold)

    def average(weights, counts):
        return np.average(weights, axis=0, weights=counts)

    for check, function in [
        (privacy.clipped_sum, clip),
        (privacy.attack_rates, rates),
        (privacy.weighted_average, average),
    ]:
        found, line = says(check, function)
        assert found is True and line.startswith("Right in all ")


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("clipped_sum", lambda g, c: g.sum(0) * min(1, c / np.linalg.norm(g.sum(0))), "the sum is"),
        ("clipped_sum", lambda g, c: g.sum(0), "nothing is clipped"),
        ("clipped_sum", lambda g, c: np.clip(g, -c, c).sum(0), "each number is clipped by itself"),
        (
            "clipped_sum",
            lambda g, c: (c * g / np.linalg.norm(g, axis=1, keepdims=True)).sum(0),
            "short rows are made longer",
        ),
        (
            "clipped_sum",
            lambda g, c: sum(row / np.linalg.norm(row) * min(np.linalg.norm(row), c) for row in g),
            "do not divide by it",
        ),
        ("attack_rates", lambda m, o, t: [(m > t).mean(), (o > t).mean()], "above the threshold"),
        ("attack_rates", lambda m, o, t: [(o <= t).mean(), (m <= t).mean()], "other way round"),
        ("attack_rates", lambda m, o, t: [(m < t).mean(), (o < t).mean()], "use <=, not <"),
        ("attack_rates", lambda m, o, t: [sum(m <= t), sum(o <= t)], "Return shares"),
        ("weighted_average", lambda w, n: w.mean(axis=0), "each client counts the same"),
        ("weighted_average", lambda w, n: n @ w, "this is the weighted sum"),
        ("weighted_average", lambda w, n: n @ w / len(n), "not of clients"),
        ("weighted_average", lambda w, n: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(privacy, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", ["clipped_sum", "attack_rates", "weighted_average"])
def test_a_stub_is_not_yet(says, check, stub):
    found, line = says(getattr(privacy, check), stub)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("check", ["clipped_sum", "attack_rates", "weighted_average"])
def test_nonsense_is_told(says, check, nonsense):
    answer, remark = nonsense
    found, line = says(getattr(privacy, check), answer)
    assert found is False and remark in line


def test_the_line_that_breaks_the_promise(says):
    assert says(privacy.broken_promise, "D")[0] is True
    for letter in "abce":
        found, line = says(privacy.broken_promise, letter)
        assert found is False and line.startswith(f"Not {letter}. ")
    assert says(privacy.broken_promise, ...)[0] is None
