"""Checks for the exercises of chapter 5_2_2_compression: few bits, pruning, LoRA, a smaller LeNet.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from large_models.checks.calls import NotYet, Remark, kind, report
from large_models.checks.compression_lora import MERGE
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.data import digits
from large_models.files import weights
from large_models.formulas import compression

if TYPE_CHECKING:
    from large_models.models.cnn import LeNet

LAYERS = ("conv1", "conv2", "hidden", "output")
GOAL = 0.98  # of the training digits, read right
BASELINE: dict[str, tuple[int, int]] = dict.fromkeys(
    LAYERS, (3, 0)
)  # to beat: 3 bits everywhere, nothing pruned


def quantize_row(function: Callable) -> bool | None:
    """Check `function(row, bits)`: row (N,), bits 2 to 8.

    It should return the row rounded to whole multiples of one scale, symmetric around zero: (N,).
    """
    return QUANTIZE_ROW.check(function)


def prune(function: Callable) -> bool | None:
    """Check `function(weight, share)`: weight (O, I), share from 0 to 1.

    It should return the matrix with that share of its numbers, the smallest in magnitude, at 0.
    """
    return PRUNE.check(function)


def merge(function: Callable) -> bool | None:
    """Check `function(weight, A, B, alpha)`: weight (O, I), A (r, I), B (O, r).

    It should return the one matrix (O, I) that does the work of both.
    """
    return MERGE.check(function)


def smaller(settings: Mapping[str, tuple[int, int]] | None) -> bool | None:
    """Check {layer: (bits, percent pruned)} for the LeNet's four layers, a scale for each row.

    It should read at least `GOAL` of the training digits in less space than `BASELINE`. What it
    reads of the held-out digits, on which nobody should choose, is told as well.
    """
    return report(_judge_smaller, settings)


# --- a row in few bits --------------------------------------------------------------------------


def _quantize_cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    for row, bits in [
        (np.array([0.4, -0.7, -0.3]), 3),
        (np.array([-2.0, 0.5, 1.1, -0.2]), 2),
        (np.array([0.0, 0.0, 0.0]), 4),
        (np.array([3.0, 1.2, 0.7, 2.1]), 4),
        (rng.normal(0, 0.3, 40).round(3), 4),
    ]:
        listed = ", ".join(f"{w:g}" for w in row) if len(row) < 5 else f"{len(row)} numbers"
        yield case(f"{listed}; {bits} bits", row, bits)


def _rounded(
    levels: Callable[[int], int],
    to: Callable = np.round,
    largest: Callable = lambda row: np.abs(row).max(),
    back: bool = True,
    safe: bool = True,
) -> Callable:
    """A way to quantise; `safe` leaves a row of zeros as it is, otherwise it divides by zero."""

    def function(row: NDArray, bits: int) -> NDArray:
        scale = largest(row) / levels(bits)
        if safe and not scale:
            return row * 0.0
        return to(row / scale) * (scale if back else 1)

    return function


def _whole(bits: int) -> int:
    return 2 ** (bits - 1) - 1


def _asymmetric(row: NDArray, bits: int) -> NDArray:
    scale = (row.max() - row.min()) / (2**bits - 1)
    return np.round((row - row.min()) / scale) * scale + row.min() if scale else row


def _either_way(remark: Any, levels: Callable = _whole, **how: Any) -> list[Mistake]:
    """The mistake with and without care for a row of zeros."""
    return [Mistake(_rounded(levels, safe=safe, **how), remark) for safe in (True, False)]


QUANTIZE_ROW = Exercise(
    right=_rounded(_whole),
    make_cases=_quantize_cases,
    mistakes=[
        *_either_way(
            lambda row, bits: (
                f"the scale is the largest magnitude / {2**bits - 1}. That makes twice as many "
                f"steps as {bits} bits have, since half of those are for negative numbers."
            ),
            lambda bits: 2**bits - 1,
        ),
        *_either_way(
            lambda row, bits: (
                f"the largest magnitude is divided by {2 ** (bits - 1)}. It should become "
                f"the whole number {_whole(bits)}: one less, so that as many steps lie "
                f"below zero as above."
            ),
            lambda bits: 2 ** (bits - 1),
        ),
        *_either_way("these are the whole numbers. Multiply by the scale again.", back=False),
        *_either_way("the numbers are rounded down. Round to the nearest.", to=np.floor),
        *_either_way("the numbers are rounded up. Round to the nearest.", to=np.ceil),
        *_either_way("the fractions are cut off. Round to the nearest.", to=np.trunc),
        *_either_way(
            "the scale comes from the largest number. Take the largest magnitude.",
            largest=np.max,
        ),
        *_either_way(
            "the scale comes from the mean magnitude. Take the largest.",
            largest=lambda row: np.abs(row).mean(),
        ),
        *_either_way(
            "the scale comes from the distance between the largest and the smallest. It should be "
            "symmetric around zero: take the largest magnitude.",
            lambda bits: 2**bits - 1,
            largest=np.ptp,
        ),
        Mistake(
            _asymmetric,
            "the steps begin at the smallest number. They should be symmetric around zero.",
        ),
        Mistake(lambda row, bits: row, "nothing is rounded."),
    ],
    hint=lambda row, bits: f"The result should have shape {row.shape} here.",
    not_finite="A row of zeros has the scale 0: nothing can be divided by it. Leave it as it is.",
)

# --- a share of the weights ---------------------------------------------------------------------


def _prune_cases() -> Iterable[Case]:
    rng = np.random.default_rng(1)
    for weight, share in [
        (np.array([[0.1, -0.9], [0.4, -0.2]]), 0.5),
        (np.array([[3.0, -0.1, 0.2], [-4.0, 0.3, 5.0]]), 0.0),
        (np.array([[3.0, -0.1, 0.2], [-4.0, 2.0, 5.0]]), 1 / 3),
        (np.array([[0.5, -2.0, 1.0], [-3.0, 0.7, 4.0]]), 1.0),
        (rng.normal(0, 1, (6, 10)).round(3), 0.7),
        (rng.permutation(np.linspace(-1, 1.01, 100)).reshape(5, 20), 0.29),
    ]:
        rows, columns = weight.shape
        yield case(f"{rows} x {columns}, share {share:.2g}", weight, share)


def _without(weight: NDArray, order: NDArray, number: int) -> NDArray:
    left = weight.copy().reshape(-1)
    left[order[:number]] = 0
    return left.reshape(weight.shape)


def _by_size(weight: NDArray) -> NDArray:
    return np.argsort(np.abs(weight), axis=None)


def _each(axis: int) -> Callable:
    def function(weight: NDArray, share: float) -> NDArray:
        left = weight.copy()
        order = np.argsort(np.abs(weight), axis=axis)
        number = round(share * weight.shape[axis])
        np.put_along_axis(left, np.take(order, range(number), axis=axis), 0, axis=axis)
        return left

    return function


def _limit(weight: NDArray, share: float) -> float:
    gone = round(share * weight.size)
    return np.sort(np.abs(weight), axis=None)[-gone - 1] if gone < weight.size else 0.0


def _up_to(weight: NDArray, share: float) -> NDArray:
    ranked = np.sort(np.abs(weight), axis=None)
    return np.where(np.abs(weight) <= ranked[round(share * weight.size) - 1], 0, weight)


def _below(weight: NDArray, share: float) -> NDArray:
    ranked = np.sort(np.abs(weight), axis=None)
    return np.where(np.abs(weight) < ranked[round(share * weight.size)], 0, weight)


PRUNE = Exercise(
    right=lambda weight, share: _without(weight, _by_size(weight), round(share * weight.size)),
    make_cases=_prune_cases,
    mistakes=[
        Mistake(
            lambda w, share: _without(w, np.argsort(w, axis=None), round(share * w.size)),
            "the smallest numbers went, and with them large negative ones. Compare magnitudes.",
        ),
        Mistake(
            lambda w, share: _without(w, _by_size(w)[::-1], round(share * w.size)),
            "the largest magnitudes went. The smallest should.",
        ),
        Mistake(
            lambda w, share: _without(w, _by_size(w), w.size - round(share * w.size)),
            "the share says how much was kept. It should say how much goes.",
        ),
        Mistake(
            _each(1),
            "the share was taken from each row. Rank all numbers of the matrix together.",
        ),
        Mistake(
            _each(0),
            "the share was taken from each column. Rank all numbers of the matrix together.",
        ),
        Mistake(
            lambda w, share: np.clip(w, -_limit(w, share), _limit(w, share)),
            "large numbers were cut off at a limit: that is clipping, and makes no zeros.",
        ),
        Mistake(
            lambda w, share: np.where(np.abs(w) < share * np.abs(w).max(), 0, w),
            "the limit is a share of the largest weight. `share` says how many of the weights go.",
        ),
        Mistake(
            lambda w, share: np.where(np.abs(w) < share, 0, w),
            "the share is used as a limit for the weights. It says how many of them go.",
        ),
        Mistake(
            lambda w, share: _without(w, _by_size(w), int(share * w.size)),
            "one too few went: 0.29 * 100 is 28.999..., and `int` cuts that off. Round it.",
        ),
        Mistake(
            lambda w, share: _without(w, _by_size(w), round(share * w.size) + 1),
            "one too many went.",
        ),
        Mistake(
            lambda w, share: _without(w, _by_size(w), max(0, round(share * w.size) - 1)),
            "one too few went.",
        ),
        Mistake(
            _up_to,
            "with a share of 0 the limit is the last of the ranked weights (place -1), and all "
            "of them go.",
        ),
        Mistake(_below, "with a share of 1 no weight is left to be the limit. All of them go."),
        Mistake(lambda w, share: w, "nothing is pruned."),
    ],
    hint=lambda w, share: f"The result should have shape {w.shape} here.",
)

# --- a smaller LeNet ----------------------------------------------------------------------------


@cache
def _network() -> "LeNet":
    from large_models.models.cnn import LeNet  # here alone: the other checks do without torch

    return LeNet.from_pretrained(weights("lenet-digits"))


def shrink(settings: Mapping[str, tuple[int, int]]) -> tuple[float, dict[str, float]]:
    """The LeNet with {layer: (bits, percent pruned)}: its KB, and what it reads of each side.

    Raises:
        ValueError: for settings that are none, saying what was expected.
    """
    import torch

    if not isinstance(settings, Mapping) or set(settings) != set(LAYERS):
        raise ValueError(f"expected a setting for each of {', '.join(LAYERS)}")
    tensors = {name: p.numpy().copy() for name, p in _network().state_dict().items()}
    stored = 0
    for name, tensor in tensors.items():
        layer, part = name.split(".")
        if part == "bias":
            stored += compression.PLAIN * tensor.size
            continue
        try:
            bits, percent = settings[layer]
            tensors[name] = compression.compress(tensor, bits, "row", percent / 100)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{layer}: expected (bits, percent pruned), 32 or 8 to 2 and 0 to 100; {error}"
            ) from None
        stored += compression.stored_bits(tensors[name], bits, "row")
    made = type(_network())(_network().config).eval()
    made.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items()})
    data, read = digits.load_digits(), {}
    for side, images, labels in (
        ("training", data.train_images, data.train_labels),
        ("held-out", data.test_images, data.test_labels),
    ):
        with torch.no_grad():
            answers = made(torch.from_numpy(digits.to_input(images))).argmax(dim=1).numpy()
        read[side] = float((answers == labels).mean())
    return stored / 8000, read


def _judge_smaller(settings: Any) -> str:
    if settings is None or settings is ...:
        raise NotYet("Not yet: choose bits and shares, then run this cell again.")
    if not isinstance(settings, Mapping):
        raise Remark(f"Expected a dictionary with the four layers, got {kind(settings)}.")
    try:
        kilobytes, read = shrink(settings)
    except ValueError as error:
        raise Remark(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    told = f"{kilobytes:.2f} KB, {read['training']:.1%} of the training digits read right"
    if read["training"] < GOAL:
        raise Remark(f"{told}: at least {GOAL:.0%} is required.")
    baseline = shrink(BASELINE)[0]
    if kilobytes >= baseline:
        raise Remark(f"{told}: it has to take less than {baseline:.2f} KB.")
    held_out = f"Of the held-out digits, which must not guide your choice: {read['held-out']:.1%}."
    return f"Right: {told}. {held_out}"
