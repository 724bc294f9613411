"""Checks for the exercises of chapter 3_2_rnn: a GRU's step, padding, clipping, and two questions.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from large_models.checks.calls import Outcome, Remark, first_difference, kind, numbers
from large_models.checks.choices import choose, predict
from large_models.checks.exercise import Case, Exercise, Mistake, case, check_parts
from large_models.formulas.rnn import Weights, sigmoid
from large_models.formulas.rnn import gru_step as gru_step_right


def gru_step(function: Callable) -> bool | None:
    """Check `function(x, h, w_ih, w_hh, b_ih, b_hh)`: one step of a GRU as torch has it.

    x (B, C), h (B, H), w_ih (3H, C), w_hh (3H, H), biases (3H,), rows in the order r, z, n. It
    should return the new hidden state (B, H).
    """
    return GRU_STEP.check(function)


def padding(last_state: Callable, mean_loss: Callable) -> bool | None:
    """Check two functions that have to leave the padding of a batch out.

    `last_state(states, mask)` with states (B, T, H) and mask (B, T), True where there is input,
    should return the state at each sequence's last input, (B, H). `mean_loss(losses, mask)` with
    losses (B, T) should return the mean over all inputs of the batch, a number. Padding comes
    after the input, and holds any numbers.
    """
    return check_parts(
        [("last_state", last_state, LAST_STATE), ("mean_loss", mean_loss, MEAN_LOSS)]
    )


def clip_gradients(function: Callable) -> bool | None:
    """Check `function(gradients, max_norm)`: gradients is a list of arrays of any shapes.

    It should return a list of arrays of these shapes: the gradients, shortened by one factor for
    all so that the norm of all numbers together is at most `max_norm`; as they are if it is.
    """
    return CLIP_GRADIENTS.check(function)


def kept_share(answer: Any) -> bool | None:
    """Check a prediction: the share of a cell that is left after 100 steps at bias 3."""
    return predict(
        answer,
        float(sigmoid(np.array(3.0))) ** 100,
        0.004,
        "A gate of 0.953 looks open, and still forgets nearly all in a hundred steps. Training has "
        "to open it further, and from this start it does.",
    )


def control(answer: Any) -> bool | None:
    """Check the choice of an experiment: gates, or only more parameters? "a" to "d"."""
    return choose(
        answer,
        "b",
        {
            "a": "Longer training may change both results. Whatever comes out, the LSTM still has "
            "gates and more parameters, and you cannot tell which of the two helped.",
            "b": "Now the plain RNN has as many parameters and still no gates. If it learns, the "
            "number of parameters was enough; if not, it was not.",
            "c": "More seeds tell you how certain the difference is. They do not tell you where it "
            "comes from, since every seed changes gates and parameters together.",
            "d": "The reach before training is one possible reason for the difference. It says "
            "nothing about parameters, and the table above shows how little it predicts.",
        },
    )


# --- a GRU's step -------------------------------------------------------------------------------


def _gru_cases() -> Iterable[Case]:
    for B, C, H in [(1, 1, 2), (1, 2, 3), (3, 4, 2), (4, 3, 5)]:
        random = np.random.default_rng(10 * C + H)
        x, h = random.normal(0, 2, (B, C)).round(1), random.normal(0, 1, (B, H)).round(1)
        shapes = (3 * H, C), (3 * H, H), (3 * H,), (3 * H,)
        weights = [random.normal(0, 1, shape).round(1) for shape in shapes]
        yield case(f"x {B} x {C}, h {B} x {H}", x, h, *weights)


def _gru(
    x: np.ndarray,
    h: np.ndarray,
    *weights: np.ndarray,
    order: str = "rzn",
    candidate: Callable = lambda x_n, h_n, r: np.tanh(x_n + r * h_n),
    mix: Callable = lambda n, z, h: (1 - z) * n + z * h,
) -> np.ndarray:
    """A step with one thing changed: the rows' order, the candidate, or the mixture."""
    w_ih, w_hh, b_ih, b_hh = weights
    of_x = dict(zip(order, np.split(x @ w_ih.T + b_ih, 3, axis=1), strict=True))
    of_h = dict(zip(order, np.split(h @ w_hh.T + b_hh, 3, axis=1), strict=True))
    r, z = (sigmoid(of_x[gate] + of_h[gate]) for gate in "rz")
    return mix(candidate(of_x["n"], of_h["n"], r), z, h)


def _changed(**change: Any) -> Callable:
    return lambda *arguments: _gru(*arguments, **change)


def _without(*names: str) -> Callable:
    def function(x: np.ndarray, h: np.ndarray, *arrays: np.ndarray) -> np.ndarray:
        weights = Weights(*arrays)
        none = {name: np.zeros_like(weights.b_hh) for name in names}
        return _gru(x, h, *weights._replace(**none))

    return function


def _reset_before(x: np.ndarray, h: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    _, w_hh, _, b_hh = weights
    H = h.shape[1]

    def candidate(x_n: np.ndarray, _: np.ndarray, r: np.ndarray) -> np.ndarray:
        return np.tanh(x_n + (r * h) @ w_hh[-H:].T + b_hh[-H:])

    return _gru(x, h, *weights, candidate=candidate)


def _bias_outside(x: np.ndarray, h: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    b_n = weights[3][-h.shape[1] :]

    def candidate(x_n: np.ndarray, h_n: np.ndarray, r: np.ndarray) -> np.ndarray:
        return np.tanh(x_n + r * (h_n - b_n) + b_n)

    return _gru(x, h, *weights, candidate=candidate)


def _interleaved(x: np.ndarray, h: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    H = h.shape[1]
    order = np.arange(3 * H).reshape(H, 3).T.ravel()
    return _gru(x, h, *(part[order] for part in weights))


_OWN_BIAS = "Each matrix has its own bias: b_ih goes with w_ih, b_hh with w_hh."
_SCALES = "It scales the state's part of the candidate."

GRU_STEP = Exercise(
    right=lambda x, h, *weights: gru_step_right(x, h, Weights(*weights))[0],
    make_cases=_gru_cases,
    mistakes=[
        Mistake(
            _reset_before,
            "the reset gate is applied to h before the matrix. Here, as in torch, it scales what "
            "comes out: r * (W_hh h + b_hh).",
        ),
        Mistake(
            _bias_outside,
            "the candidate's b_hh stands outside the reset gate. It belongs inside: "
            "r * (W_hh h + b_hh).",
        ),
        Mistake(
            _changed(mix=lambda n, z, h: z * n + (1 - z) * h),
            "z and 1 - z are swapped. With z = 1 the old state stays: (1 - z) * n + z * h.",
        ),
        Mistake(_without("b_hh"), f"b_hh is missing. {_OWN_BIAS}"),
        Mistake(_without("b_ih"), f"b_ih is missing. {_OWN_BIAS}"),
        Mistake(_without("b_ih", "b_hh"), f"both biases are missing. {_OWN_BIAS}"),
        *(
            Mistake(
                _changed(order=order),
                f"the rows are read in the order {', '.join(order)}. They stand in the order "
                "r, z, n.",
            )
            for order in ("zrn", "rnz", "nrz", "znr", "nzr")
        ),
        Mistake(
            _interleaved,
            "every third row is taken. The first H rows belong to r, the next H to z, the last "
            "to n.",
        ),
        Mistake(
            _changed(candidate=lambda x, h, r: np.tanh(x + h)),
            f"the reset gate is not used. {_SCALES}",
        ),
        Mistake(
            _changed(candidate=lambda x, h, r: np.tanh(r * (x + h))),
            "the reset gate scales the input too. It scales the state's part of the candidate "
            "only.",
        ),
        Mistake(
            _changed(candidate=lambda x, h, r: np.tanh(r * x + h)),
            f"the reset gate scales the input's part. {_SCALES}",
        ),
        Mistake(
            _changed(candidate=lambda x, h, r: np.tanh(x + (1 - r) * h)),
            "1 - r stands where r should. With r = 0 the candidate forgets the old state.",
        ),
        Mistake(
            _changed(candidate=lambda x, h, r: sigmoid(x + r * h)),
            "the candidate n goes through a sigmoid. Its range is -1 to 1: use tanh.",
        ),
        Mistake(
            _changed(candidate=lambda x, h, r: x + r * h),
            "the candidate n lacks its tanh.",
        ),
        Mistake(
            _changed(mix=lambda n, z, h: n),
            "this is the candidate n. The new state mixes it with the old one: add z * h.",
        ),
        Mistake(
            _changed(mix=lambda n, z, h: (1 - z) * n + h),
            "the old state is added whole. It enters with the share z.",
        ),
    ],
    hint=lambda x, h, *weights: f"The result should have shape {h.shape} here.",
)

# --- padding ------------------------------------------------------------------------------------


# Lengths of the sequences, T, H. Sequence 0 never ends in the first or the last column.
_BATCHES = [([3, 2], 4, 1), ([2, 4, 1], 5, 3), ([4, 6, 2, 5], 6, 4)]


def _batches() -> Iterable[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Names, states (B, T, H), losses (B, T) and masks (B, T), with numbers in the padding too."""
    for lengths, T, H in _BATCHES:
        random = np.random.default_rng(len(lengths) + T)
        B = len(lengths)
        states = random.permutation(np.arange(1.0, B * T * H + 1)).reshape(B, T, H) ** 2
        losses = random.permutation(np.arange(1.0, B * T + 1)).reshape(B, T) ** 2
        mask = np.arange(T) < np.array(lengths)[:, None]
        yield f"lengths {lengths}, T = {T}", states, losses, mask


def _last(states: np.ndarray, mask: np.ndarray, shift: int = -1, clip: bool = False) -> np.ndarray:
    places = mask.sum(axis=1) + shift
    if clip:
        places = np.clip(places, 0, mask.shape[1] - 1)
    return states[np.arange(len(states)), places]


_LATE = "one place too late: a sequence of length n ends at index n - 1."
_EARLY = "one place too early. Python counts from 0."
_OWN_PLACE = "Each sequence has its own last place."

LAST_STATE = Exercise(
    right=_last,
    make_cases=lambda: (case(name, s, m) for name, s, _, m in _batches()),
    mistakes=[
        Mistake(lambda s, m: s[:, -1], f"the last column is taken, padding or not. {_OWN_PLACE}"),
        Mistake(lambda s, m: _last(s, m, 0), _LATE),
        Mistake(lambda s, m: _last(s, m, 0, clip=True), _LATE),
        Mistake(lambda s, m: _last(s, m, -2), _EARLY),
        Mistake(lambda s, m: _last(s, m, -2, clip=True), _EARLY),
        Mistake(
            lambda s, m: s[:, 0], f"the first column is taken, not the last input. {_OWN_PLACE}"
        ),
        Mistake(
            lambda s, m: s[:, m[0].sum() - 1],
            f"all are taken at the first sequence's last place. {_OWN_PLACE}",
        ),
        Mistake(
            lambda s, m: s[:, m.sum(axis=1).max() - 1],
            f"all are taken at the longest sequence's last place. {_OWN_PLACE}",
        ),
        Mistake(
            lambda s, m: (s * m[..., None]).sum(axis=1) / m.sum(axis=1)[:, None],
            "this is the mean over the inputs. Take the state at the last one.",
        ),
        Mistake(
            lambda s, m: (s * m[..., None]).sum(axis=1),
            "this is the sum over the inputs. Take the state at the last one.",
        ),
        Mistake(
            lambda s, m: (s * m[..., None])[:, -1],
            "the padding is set to zero, and then the last column is taken, which is often "
            f"padding. {_OWN_PLACE}",
        ),
        Mistake(
            lambda s, m: np.where(m[..., None], s, -np.inf).max(axis=1),
            "this is the largest value over the inputs. Take the state at the last one.",
        ),
    ],
    hint=lambda s, m: f"states has shape {s.shape} here, the result should have {s[:, 0].shape}.",
)


def _divided(by: Callable[[np.ndarray], float]) -> Callable:
    return lambda losses, mask: (losses * mask).sum() / by(mask)


def _by_sequence(losses: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return (losses * mask).sum(axis=1) / mask.sum(axis=1)


def _inputs(losses: np.ndarray, mask: np.ndarray) -> str:
    return f"Here are {mask.sum()} inputs."


MEAN_LOSS = Exercise(
    right=lambda losses, mask: losses[mask].mean(),
    make_cases=lambda: (case(name, v, m) for name, _, v, m in _batches()),
    mistakes=[
        Mistake(
            _divided(np.size),
            lambda v, m: f"the sum is divided by B * T = {m.size}. {_inputs(v, m)}",
        ),
        Mistake(lambda v, m: v.mean(), "the padding is counted as if it were input. Use the mask."),
        Mistake(
            lambda v, m: v.sum() / m.sum(),
            "the padding is in the sum. Leave it out with the mask.",
        ),
        Mistake(
            lambda v, m: (v * m).sum(),
            lambda v, m: f"this is the sum. Divide it by the number of inputs. {_inputs(v, m)}",
        ),
        Mistake(
            lambda v, m: v[~m].mean(),
            "the mask is the wrong way round: True is where there is input.",
        ),
        Mistake(
            _by_sequence,
            "this is one mean for each sequence. One number is wanted for the batch.",
        ),
        Mistake(
            _divided(len),
            lambda v, m: f"the sum is divided by the {len(v)} sequences. {_inputs(v, m)}",
        ),
        Mistake(
            _divided(lambda m: m.shape[1]),
            lambda v, m: f"the sum is divided by the {m.shape[1]} steps. {_inputs(v, m)}",
        ),
        Mistake(
            lambda v, m: _by_sequence(v, m).mean(),
            "this is the mean of the sequences' means, in which the losses of a short sequence "
            "count more. Divide the sum over all by the number of inputs.",
        ),
        Mistake(
            lambda v, m: ((v * m).sum(axis=0) / m.sum(axis=0)).mean(),
            "this is the mean of the steps' means, in which a step that few sequences reach "
            "counts as much as the first. Divide the sum over all by the number of inputs.",
        ),
        Mistake(
            lambda v, m: np.median(v[m]),
            "this is the median of the inputs' losses. The mean is asked for.",
        ),
    ],
    hint="The result should be a number.",
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
        many = "1 array" if len(gradients) == 1 else f"{len(gradients)} arrays"
        name = f"{many} of norm {_norm(gradients):.3g}, max_norm {max_norm:.3g}"
        yield case(name, gradients, max_norm)


def _flat(arrays: Iterable[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.ravel(array) for array in arrays])


def _norm(gradients: Sequence[np.ndarray]) -> float:
    return float(np.sqrt((_flat(gradients) ** 2).sum()))


def _clip_by(length: Callable[[Sequence[np.ndarray]], float]) -> Callable:
    """Clipping as it should be, with another length."""

    def function(gradients: list[np.ndarray], max_norm: float) -> list[np.ndarray]:
        factor = min(1.0, max_norm / max(length(gradients), 1e-12))
        return [g * factor for g in gradients]

    return function


def _each(gradients: list[np.ndarray], max_norm: float) -> list[np.ndarray]:
    return [_clip_by(_norm)([g], max_norm)[0] for g in gradients]


def _scaled(to: Callable[[float], float], least: float) -> Callable:
    """All gradients brought to a norm, short ones too; zeros become NaN where `least` is 0."""
    return lambda gradients, max_norm: [
        g * to(max_norm) / np.maximum(_norm(gradients), least) for g in gradients
    ]


def _read_list(value: Any, what: str) -> np.ndarray:
    """A list of arrays as one row of numbers: how many, then shape and content of each."""
    if not isinstance(value, list | tuple):
        raise Remark(f"{what} {kind(value)}, expected a list of arrays.")
    arrays = [numbers(part, f"{what}, in its list at {i},") for i, part in enumerate(value)]
    shapes = [[array.ndim, *array.shape] for array in arrays]
    return _flat([np.array([len(arrays)]), *map(np.array, shapes), *arrays]).astype(float)


def _written_out(row: np.ndarray) -> list[np.ndarray]:
    """The list of arrays that `_read_list` has made into a row."""
    count, at, shapes, arrays = int(row[0]), 1, [], []
    for _ in range(count):
        ndim = int(row[at])
        shapes.append(tuple(int(n) for n in row[at + 1 : at + 1 + ndim]))
        at += 1 + ndim
    for shape in shapes:
        size = int(np.prod(shape))
        arrays.append(row[at : at + size].reshape(shape))
        at += size
    return arrays


class _ListExercise(Exercise):
    """An exercise whose result is a list of arrays, and told in these terms."""

    def _about(self, outcome: Outcome, made: Case, expected: np.ndarray) -> str:
        if outcome.array is None:
            return super()._about(outcome, made, expected)
        got, wanted = _written_out(outcome.array), _written_out(expected)
        if len(got) != len(wanted):
            return f"the list has {len(got)} arrays, expected as many as went in: {len(wanted)}."
        for i, (a, b) in enumerate(zip(got, wanted, strict=True)):
            at = f"array {i} of the list" if len(wanted) > 1 else "the array in the list"
            if a.shape != b.shape:
                return f"{at} has shape {a.shape}, expected {b.shape}."
            if not np.isfinite(a).all():
                return f"{at} has {a[~np.isfinite(a)][0]} in it. {self.not_finite}"
            if not np.allclose(a, b, rtol=1e-4, atol=1e-4):
                return f"in {at}, {first_difference(a, b)}"
        raise AssertionError("two lists that are equal were judged to differ")


_ONE_FACTOR = "One norm for all numbers together, one factor for all arrays."


def _to_long(gradients: list[np.ndarray], max_norm: float) -> str:
    norm = f"{_norm(gradients):.3g}"
    return f"a short gradient is made longer. Its norm is {norm}, so it may stay as it is."


def _to_one(gradients: list[np.ndarray], max_norm: float) -> str:
    right = f"{min(_norm(gradients), max_norm):.3g}"
    return f"the norm of the result is 1, it should be {right}."


CLIP_GRADIENTS = _ListExercise(
    right=_clip_by(_norm),
    make_cases=_clip_cases,
    mistakes=[
        Mistake(
            _each, f"each array is clipped by its own norm, which turns the gradient. {_ONE_FACTOR}"
        ),
        Mistake(
            lambda gradients, m: [g.clip(-m, m) for g in gradients],
            f"each number is clipped, which turns the gradient. {_ONE_FACTOR}",
        ),
        Mistake(
            lambda gradients, m: gradients,
            lambda gradients, m: f"nothing is shortened. The norm is {_norm(gradients):.3g}.",
        ),
        Mistake(_scaled(lambda m: m, 0.0), _to_long),
        Mistake(_scaled(lambda m: m, 1e-12), _to_long),
        Mistake(_scaled(lambda m: 1.0, 0.0), _to_one),
        Mistake(_scaled(lambda m: 1.0, 1e-12), _to_one),
        Mistake(
            _clip_by(lambda gradients: _norm(gradients) ** 2),
            "the root is missing: the norm is the square root of the sum of squares.",
        ),
        Mistake(
            _clip_by(lambda gradients: sum(_norm([g]) for g in gradients)),
            "the norms of the arrays are added up. Add up all squares, take one root.",
        ),
        Mistake(
            _clip_by(lambda gradients: np.abs(_flat(gradients)).sum()),
            "the norm is the sum of absolute values. It should be the root of the sum of squares.",
        ),
        Mistake(
            _clip_by(lambda gradients: np.abs(_flat(gradients)).max()),
            "the norm is the largest absolute value. It should be the root of the sum of squares.",
        ),
        Mistake(
            _clip_by(lambda gradients: np.sqrt((_flat(gradients) ** 2).mean())),
            "the norm is the root of the mean of squares. Take their sum.",
        ),
        Mistake(
            _clip_by(lambda gradients: max(_norm([g]) for g in gradients)),
            f"the norm of the longest array is taken. {_ONE_FACTOR}",
        ),
    ],
    hint="gradients is a list of arrays.",
    not_finite="The norm of nothing but zeros is 0: do not divide by it.",
    read=_read_list,
)
