"""Checks for the exercises of chapter 3_2_rnn: a GRU's step, padding, clipping, and two questions.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.choices import choose, predict
from large_models.checks.exercise import Case, Exercise, Mistake, case, check_parts
from large_models.checks.rnn_clipping import CLIP_GRADIENTS
from large_models.checks.rnn_padding import LAST_STATE, MEAN_LOSS
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
