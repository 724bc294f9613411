"""Checks for the budget's exercise of chapter 5_1_trends: what each GPU holds of the model states.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, make_case, try_cases

BYTES = np.array([2, 2, 12])  # a parameter: weights, gradients, optimiser


def model_states(function: Callable) -> bool | None:
    """Check `function(billions, copies, stage)`: parameters in billions, GPUs, ZeRO stage 0 to 3.

    It should return the GB of weights, gradients and optimiser on each GPU: (3,).
    """
    return report(lambda answer: try_cases(answer, list(_states_cases())), function)


def _states_cases() -> Iterable[Case]:
    for billions, copies, stage in [(1, 4, 0), (1, 4, 1), (7.5, 64, 2), (13, 8, 3), (175, 100, 1)]:
        whole = billions * BYTES
        first = 3 - stage  # the parts from here on are split
        split = np.where(np.arange(3) >= first, copies, 1)
        other_way = np.where(np.arange(3) < stage, copies, 1)
        one_more = np.where(np.arange(3) >= first - 1, copies, 1)
        mistakes = [
            (whole, "nothing is split. Stage 1 splits the optimiser's part over the copies."),
            (whole / copies, "everything is split. That is stage 3."),
            (
                whole / other_way,
                "the weights are split first. ZeRO begins with the largest part, the optimiser's.",
            ),
            (
                whole / one_more,
                "one part too many is split: stage 1 splits one, 2 two, 3 all three.",
            ),
            (
                billions * np.array([2, 2, 8]) / split,
                "the optimiser has 8 bytes. Beside Adam's two averages it keeps the weights in "
                "32 bits: 12.",
            ),
            (
                billions * np.array([4, 4, 8]) / split,
                "these are the bytes of fp32. Here weights and gradients have 16 bits.",
            ),
            (
                (whole / split).sum(),
                "this is the sum. Return the three parts.",
            ),
            (whole / split * 1e9, "these are bytes. A billion bytes are a GB."),
        ]
        # A mistake that gives the right answer in this case is none here.
        mistakes = [m for m in mistakes if not np.array_equal(m[0], whole / split)]
        yield make_case(
            f"{billions} billion parameters on {copies} GPUs, stage {stage}",
            (billions, copies, stage),
            whole / split,
            mistakes,
            "Return three numbers: weights, gradients, optimiser.",
        )
