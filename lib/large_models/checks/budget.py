"""The check of the budget's exercise in chapter 5_1_trends: what each GPU holds of a model.

It prints a sentence or two and returns True (right), False (wrong) or None (nothing filled in yet).
An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable

import numpy as np

from large_models.checks.calls import two_numbers
from large_models.checks.exercise import Case, Exercise, Mistake, case

PARTS = ("weights", "gradients", "optimiser")
BYTES = np.array([2.0, 2.0, 12.0])  # per parameter, in this order


def model_states(function: Callable) -> bool | None:
    """Check `function(billions, copies, stage)`: parameters in billions, GPUs, ZeRO stage 0 to 3.

    It should return the GB of weights, gradients and optimiser on each GPU: (3,).
    """
    return MODEL_STATES.check(function)


def _states(
    billions: float, copies: int, split: np.ndarray, of: tuple[float, ...] = tuple(BYTES)
) -> np.ndarray:
    """GB of the three parts, of which those in `split` are shared by the copies."""
    return billions * np.array(of) / np.where(split, copies, 1)


def _from(stage: int) -> np.ndarray:
    """Which parts a stage splits: the last `stage` of the three."""
    return np.arange(3) >= 3 - stage


def _right(billions: float, copies: int, stage: int) -> np.ndarray:
    return _states(billions, copies, _from(stage))


def _cases() -> Iterable[Case]:
    for billions, copies, stage in [(1, 4, 0), (1, 4, 1), (7.5, 64, 2), (13, 8, 3), (175, 100, 1)]:
        gpus = f"{copies} GPUs, stage {stage}"
        yield case(f"{billions} billion parameters on {gpus}", billions, copies, stage)


def _part(got: np.ndarray, expected: np.ndarray) -> str:
    place = int(np.argmax(~np.isclose(got, expected, rtol=1e-4, atol=1e-4)))
    said = two_numbers(float(expected[place]), float(got[place]))
    return f"{PARTS[place]}: expected {said[0]} GB, got {said[1]}."


_ALL = np.ones(3, dtype=bool)

MODEL_STATES = Exercise(
    right=_right,
    make_cases=_cases,
    mistakes=[
        Mistake(
            lambda n, d, z: n * BYTES,
            "nothing is split. Stage 1 splits the optimiser's part over the copies.",
        ),
        Mistake(
            lambda n, d, z: n * BYTES / d,
            "all three are split, at every stage. Stage 0 splits nothing, and only stage 3 splits "
            "all three.",
        ),
        Mistake(
            lambda n, d, z: n * BYTES / (d if z else 1),
            "all three are split from stage 1 on. Only stage 3 splits all three.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, np.arange(3) < z),
            "the weights are split first. ZeRO begins with the largest part, the optimiser's.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, _from(min(z + 1, 3))),
            "one part too many is split: stage 1 splits one, stage 2 two, stage 3 all three.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, _from(max(z - 1, 0))),
            "one part too few is split: stage 1 splits one, stage 2 two, stage 3 all three.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, np.arange(3) == 3 - z),
            "each stage splits one part only. A stage also splits what the stages below it split.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, _from(z), (2, 2, 8)),
            "the optimiser takes 8 bytes. Besides Adam's two averages it keeps the weights in "
            "32 bits: 12 bytes in all.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, _from(z), (2, 4, 12)),
            "the gradients take 4 bytes. In mixed precision they have 16 bits: 2 bytes.",
        ),
        Mistake(
            lambda n, d, z: _states(n, d, _from(z), (4, 4, 8)),
            "these are the sizes in fp32. Here weights and gradients have 16 bits.",
        ),
        Mistake(
            lambda n, d, z: _right(n, d, z)[::-1],
            "the three are in reverse order. Return weights, gradients, optimiser.",
        ),
        Mistake(lambda n, d, z: _right(n, d, z).sum(), "this is the sum. Return the three parts."),
        Mistake(
            lambda n, d, z: _right(n, d, z) * d,
            "these are the parts on all GPUs together. Return what each one holds.",
        ),
        Mistake(
            lambda n, d, z: _right(n, d, z) * 1e9, "these are bytes. A billion bytes make a GB."
        ),
        Mistake(
            lambda n, d, z: _right(n, d, z) * 1e9 / 2**30,
            "these are GiB, of 2^30 bytes. A GB has 10^9.",
        ),
    ],
    hint="Return three numbers: weights, gradients, optimiser.",
    differ=_part,
)
