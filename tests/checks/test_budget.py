"""The check of the budget's exercise: a right answer passes, each usual mistake is named."""

from dataclasses import replace

import numpy as np
import pytest

from lib import checks
from lib.checks import budget as module
from lib.formulas import budget


def with_the_formulas(billions, copies, stage):
    run = budget.Run(billions * 1e9, 1, 1, 1, 1, 1, count=copies)
    found = budget.memory(replace(run, zero=stage))
    return [found.weights / 1e9, found.gradients / 1e9, found.optimiser / 1e9]


def test_right_answers_pass(says):
    def by_hand(billions, copies, stage):
        parts = billions * np.array([2.0, 2.0, 12.0])
        if stage:
            parts[-stage:] /= copies
        return parts

    for function in (with_the_formulas, by_hand):
        found, line = says(checks.budget.model_states, function)
        assert found is True and line.startswith("Right, in 5 cases")


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (lambda n, d, z: n * np.array([2, 2, 12]), "nothing is split"),
        (lambda n, d, z: n * np.array([2, 2, 12]) / (d if z else 1), "everything is split"),
        (lambda n, d, z: n * np.array([2, 2, 12]) / np.where(np.arange(3) < z, d, 1), "first"),
        (lambda n, d, z: n * np.array([2, 2, 8]) / np.where(np.arange(3) > 2 - z, d, 1), "8 bytes"),
        (lambda n, d, z: n * np.array([4, 4, 8]) / np.where(np.arange(3) > 2 - z, d, 1), "fp32"),
        (lambda n, d, z: sum(with_the_formulas(n, d, z)), "this is the sum"),
        (lambda n, d, z: np.array(with_the_formulas(n, d, z)) * 1e9, "these are bytes"),
        (
            lambda n, d, z: n * np.array([2, 2, 12]) / np.where(np.arange(3) > 1 - z, d, 1),
            "one part too many",
        ),
        (lambda n, d, z: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_mistakes_are_named(says, mistake, remark):
    found, line = says(checks.budget.model_states, mistake)
    assert found is False and remark in line


def test_a_stub_is_not_yet(says):
    found, line = says(checks.budget.model_states, lambda *arguments: None)
    assert found is None and "Not yet" in line


def test_mistakes_can_be_told_apart_in_the_largest_case(assert_distinct):
    assert_distinct([list(module._states_cases())[-1]])
