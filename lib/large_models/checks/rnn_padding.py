"""Exercises of chapter 3_2_rnn on batches of unequal lengths: the last state, the mean loss.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Callable, Iterable

import numpy as np

from large_models.checks.exercise import Exercise, Mistake, case

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
