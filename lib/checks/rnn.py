"""Checks for the exercises of chapter 3_2_rnn: a GRU's step, padding, clipping.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lib.checks.calls import Remark, kind, report
from lib.checks.cases import Case, Mistakes, make_case, numbers, try_cases, try_parts
from lib.formulas.rnn import Weights, sigmoid
from lib.formulas.rnn import gru_step as gru_step_right


def gru_step(function: Callable) -> bool | None:
    """Check `function(x, h, w_ih, w_hh, b_ih, b_hh)`: one step of a GRU as torch has it.

    x (B, C), h (B, H), w_ih (3H, C), w_hh (3H, H), biases (3H,), rows in the order r, z, n. It
    should return the new hidden state (B, H).
    """
    return report(lambda answer: try_cases(answer, list(_gru_cases())), function)


def padding(last_state: Callable, mean_loss: Callable) -> bool | None:
    """Check two functions that have to leave the padding of a batch out.

    `last_state(states, mask)` with states (B, T, H) and mask (B, T), True where there is input,
    should return the state at each sequence's last input, (B, H). `mean_loss(losses, mask)` with
    losses (B, T) should return the mean over all inputs of the batch, a number. Padding stands
    behind the input, and holds any numbers.
    """

    last = [_last_case(*batch) for batch in _BATCHES]
    mean = [_mean_case(*batch) for batch in _BATCHES]
    return report(
        lambda answers: try_parts(
            [("last_state", answers[0], last), ("mean_loss", answers[1], mean)]
        ),
        (last_state, mean_loss),
    )


def clip_gradients(function: Callable) -> bool | None:
    """Check `function(gradients, max_norm)`: gradients is a list of arrays of any shapes.

    It should return a list of arrays of these shapes: the gradients, shortened by one factor for
    all so that the norm of all numbers together is at most `max_norm`; as they are if it is.
    """
    return report(lambda answer: try_cases(answer, list(_clip_cases())), function)


# --- a GRU's step -------------------------------------------------------------------------------


def _gru_cases() -> Iterable[Case]:
    for B, C, H in [(1, 1, 2), (1, 2, 3), (3, 4, 2), (4, 3, 5)]:
        random = np.random.default_rng(10 * C + H)
        x, h = random.normal(0, 2, (B, C)).round(1), random.normal(0, 1, (B, H)).round(1)
        shapes = (3 * H, C), (3 * H, H), (3 * H,), (3 * H,)
        weights = Weights(*(random.normal(0, 1, shape).round(1) for shape in shapes))
        yield make_case(
            f"x {B} x {C}, h {B} x {H}",
            (x.copy(), h.copy(), *(w.copy() for w in weights)),
            gru_step_right(x, h, weights)[0],
            _gru_mistakes(x, h, weights),
        )


def _gru_mistakes(x: np.ndarray, h: np.ndarray, weights: Weights) -> Mistakes:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (
        np.split(part, 3, axis=1)
        for part in (x @ weights.w_ih.T + weights.b_ih, h @ weights.w_hh.T + weights.b_hh)
    )
    r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    w_n, b_n = weights.w_hh[-h.shape[1] :], weights.b_hh[-h.shape[1] :]
    before = np.tanh(x_n + (r * h) @ w_n.T + b_n)
    yield (
        (1 - z) * before + z * h,
        "the reset gate is applied to h before the matrix. Here, as in torch, it scales what comes "
        "out: r * (W_hh h + b_hh).",
    )
    yield (
        (1 - z) * np.tanh(x_n + r * (h_n - b_n) + b_n) + z * h,
        "the candidate's b_hh stands outside of the reset gate. It belongs inside: "
        "r * (W_hh h + b_hh).",
    )
    yield (
        z * n + (1 - z) * h,
        "z and 1 - z are swapped. With z = 1 the old state stays: (1 - z) * n + z * h.",
    )
    for missing in ("b_hh", "b_ih"):
        without = weights._replace(**{missing: np.zeros_like(weights.b_hh)})
        yield (
            gru_step_right(x, h, without)[0],
            f"{missing} is missing. Each matrix has its own bias: b_ih goes with w_ih, b_hh with "
            "w_hh.",
        )
    yield (
        _step(z, r, np.tanh(x_n + z * h_n), h),
        "the rows of r and z are swapped. The first H rows belong to r, the next to z.",
    )
    yield (
        _step(r, z, np.tanh(x_n + h_n), h),
        "the reset gate is not used. It scales the state's part of the candidate.",
    )
    yield (
        _step(r, z, np.tanh(r * (x_n + h_n)), h),
        "the reset gate scales the input too. It scales the state's part of the candidate only.",
    )
    yield (
        _step(r, z, sigmoid(x_n + r * h_n), h),
        "the candidate n goes through a sigmoid. Its range is -1 to 1: use tanh.",
    )
    yield _step(r, z, x_n + r * h_n, h), "the candidate n lacks its tanh."
    yield n, "this is the candidate n. The new state mixes it with the old one: add z * h."


def _step(r: np.ndarray, z: np.ndarray, n: np.ndarray, h: np.ndarray) -> np.ndarray:
    return (1 - z) * n + z * h


# --- padding ------------------------------------------------------------------------------------


# Lengths of the sequences, T, H. Sequence 0 never ends in the first or the last column.
_BATCHES = [([3, 2], 4, 1), ([2, 4, 1], 5, 3), ([4, 6, 2, 5], 6, 4)]


def _batch(lengths: list[int], T: int, H: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States (B, T, H), losses (B, T) and their mask (B, T), with numbers in the padding too."""
    random = np.random.default_rng(len(lengths) + T)
    B = len(lengths)
    states = random.permutation(np.arange(1.0, B * T * H + 1)).reshape(B, T, H) ** 2
    losses = random.permutation(np.arange(1.0, B * T + 1)).reshape(B, T) ** 2
    return states, losses, np.arange(T) < np.array(lengths)[:, None]


def _last_case(lengths: list[int], T: int, H: int) -> Case:
    states, _, mask = _batch(lengths, T, H)
    last = np.array(lengths) - 1
    rows = np.arange(len(lengths))
    means = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1)[:, None]
    behind = states[rows, np.minimum(last + 1, T - 1)]
    whole = "Each sequence has its own last place."
    mistakes = [
        (states[:, -1], f"the last column is taken, padding or not. {whole}"),
        (behind, "one place too late: a sequence of length n ends at index n - 1."),
        (states[rows, np.maximum(last - 1, 0)], "one place too early. Python counts from 0."),
        (states[:, 0], f"the first column is taken, not the last input. {whole}"),
        (states[:, last[0]], f"all are taken at the first sequence's last place. {whole}"),
        (means, "this is the mean over the inputs. Take the state at the last one."),
    ]
    return make_case(
        f"last_state, lengths {lengths}, T = {T}",
        (states.copy(), mask.copy()),
        states[rows, last],
        mistakes,
        f"states has shape {states.shape} here, the result should have {states[:, 0].shape}.",
    )


def _mean_case(lengths: list[int], T: int, H: int) -> Case:
    _, losses, mask = _batch(lengths, T, H)
    return make_case(
        f"mean_loss, lengths {lengths}, T = {T}",
        (losses.copy(), mask.copy()),
        losses[mask].mean(),
        _mean_mistakes(losses, mask),
        "The result should be a number.",
    )


def _mean_mistakes(losses: np.ndarray, mask: np.ndarray) -> Mistakes:
    B, T = mask.shape
    kept, inputs = losses * mask, mask.sum()
    divide = f"Here are {inputs} inputs."
    yield kept.mean(), f"the sum is divided by B * T = {B * T}. {divide}"
    yield losses.mean(), "the padding is counted as if it were input. Use the mask."
    yield losses.sum() / inputs, "the padding is in the sum. Leave it out with the mask."
    yield kept.sum(), f"this is the sum. Divide it by the number of inputs. {divide}"
    yield losses[~mask].mean(), "the mask is the wrong way round: True is where there is input."
    by_sequence = kept.sum(axis=1) / mask.sum(axis=1)
    yield by_sequence, "this is one mean a sequence. One number is wanted for the batch."
    yield kept.sum() / B, f"the sum is divided by the {B} sequences. {divide}"
    yield kept.sum() / T, f"the sum is divided by the {T} steps. {divide}"
    yield (
        by_sequence.mean(),
        "this is the mean of the sequences' means, in which the losses of a short sequence count "
        "more. Divide the sum over all by the number of inputs.",
    )


# --- clipping -----------------------------------------------------------------------------------


def _clip_cases() -> Iterable[Case]:
    cases: list[tuple[list, float]] = [
        ([[3.0, 4.0]], 1.0),
        ([[3.0, 4.0]], 10.0),
        ([[2.0, 4.0], [[4.0, 8.0]]], 5.0),
        ([[1.0, -2.0], [[2.0, 4.0], [-4.0, 6.0]], [0.0]], 3.0),
        ([[0.0, 0.0], [[0.0]]], 1.0),
    ]
    for lists, max_norm in cases:
        gradients = [np.array(values) for values in lists]
        norm = np.linalg.norm(_flat(gradients))
        yield make_case(
            f"{_count(gradients)} of norm {norm:.3g}, max_norm {max_norm:.3g}",
            ([g.copy() for g in gradients], max_norm),
            _flat(gradients) * min(1, max_norm / max(norm, 1e-9)),
            _clip_mistakes(gradients, max_norm, norm),
            "gradients is a list of arrays.",
            not_finite="The norm of nothing but zeros is 0: do not divide by it.",
            read=_list_reader([g.shape for g in gradients]),
        )


def _clip_mistakes(gradients: list[np.ndarray], max_norm: float, norm: float) -> Mistakes:
    together, norms = _flat(gradients), [np.linalg.norm(g) for g in gradients]
    one_factor = "One norm for all numbers together, one factor for all arrays."
    each = [min(1, max_norm / max(n, 1e-9)) for n in norms]
    yield (
        _flat(g * factor for g, factor in zip(gradients, each, strict=True)),
        f"each array is clipped by its own norm, which turns the gradient. {one_factor}",
    )
    yield (
        together.clip(-max_norm, max_norm),
        f"each number is clipped, which turns the gradient. {one_factor}",
    )
    if norm > max_norm:
        yield together, f"nothing is shortened. The norm is {norm:.3g}."
    elif norm:
        yield (
            together * max_norm / norm,
            f"a short gradient is made longer. Its norm is {norm:.3g}, so it may stay as it is.",
        )
    for wrong, remark in (
        (norm**2, "the root is missing: the norm is the square root of the sum of squares."),
        (sum(norms), "the norms of the arrays are added up. Add up all squares, take one root."),
        (
            np.abs(together).sum(),
            "the norm is the sum of absolute values. It should be the root of the sum of squares.",
        ),
    ):
        yield together * min(1, max_norm / max(wrong, 1e-9)), remark
    if norm and max_norm != 1:
        yield (
            together / norm,
            f"the norm of the result is 1, it should be {min(norm, max_norm):.3g}.",
        )


def _count(gradients: list[np.ndarray]) -> str:
    return "1 array" if len(gradients) == 1 else f"{len(gradients)} arrays"


def _flat(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


def _list_reader(shapes: list[tuple]) -> Callable[[Any, str, str], np.ndarray]:
    """Reads a list of arrays of these shapes, as one row of numbers."""

    def read(value: Any, what: str, not_finite: str) -> np.ndarray:
        if not isinstance(value, list | tuple):
            raise Remark(f"{what} {kind(value)}, expected a list of arrays.")
        if len(value) != len(shapes):
            raise Remark(f"{what} a list of {len(value)}, expected as many as came: {len(shapes)}.")
        arrays = [
            numbers(part, f"{what}, in its list at {i},", not_finite)
            for i, part in enumerate(value)
        ]
        got = [array.shape for array in arrays]
        if got != shapes:
            raise Remark(f"{what} arrays of shapes {got}, expected {shapes}.")
        return _flat(arrays)

    return read
