"""The check of the budget's exercise: right answers in several styles; it names the part."""

from dataclasses import replace

import numpy as np

from large_models import checks
from large_models.formulas import budget


def with_the_formulas(billions, copies, stage):
    run = budget.Run(billions * 1e9, 1, 1, 1, 1, 1, count=copies)
    found = budget.memory(replace(run, zero=stage))
    return [found.weights / 1e9, found.gradients / 1e9, found.optimiser / 1e9]


def by_hand(billions, copies, stage):
    parts = billions * np.array([2.0, 2.0, 12.0])
    if stage:
        parts[-stage:] /= copies
    return tuple(parts)


def test_right_answers_pass(says):
    for function in (with_the_formulas, by_hand):
        found, line = says(checks.budget.model_states, function)
        assert found is True and line.startswith("Right in all 5 cases")


def test_the_part_is_named(says):
    def gradients_forgotten(billions, copies, stage):
        weights, _, optimiser = by_hand(billions, copies, stage)
        return weights, 0, optimiser

    found, line = says(checks.budget.model_states, gradients_forgotten)
    assert found is False
    assert line.strip().endswith(
        "1 billion parameters on 4 GPUs, stage 0: gradients: expected 2 GB, got 0."
    )


def test_an_error_says_what_to_return(says):
    found, line = says(checks.budget.model_states, lambda n, d, z: 1 / 0)
    assert found is False and "ZeroDivisionError" in line and "weights, gradients" in line
