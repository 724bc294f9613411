"""Exercises of chapter 4_1_train_bert: hiding tokens, and the loss at the hidden places.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Iterable

import numpy as np

from large_models.checks.differences import pair
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.data.masking import MASK, SPECIAL

# --- hiding -------------------------------------------------------------------------------------


def _hide_cases() -> Iterable[Case]:
    for B, T in [(1, 7), (2, 9), (4, 40)]:
        rng = np.random.default_rng(T)
        ids = rng.integers(0, 60, (B, T))
        ids[:, 0], ids[:, -1] = 2, 3
        chance, what = rng.random((B, T)) * 0.4, rng.random((B, T))
        chance[:, 0] = 0.01  # a special token that must stay
        if B == 1:  # one of each kind, and an unchosen one
            ids[0, 1:6] = [30, 31, 5, 33, 34]
            chance[0, 1:6], what[0, 1:6] = [0.1, 0.05, 0.1, 0.14, 0.3], [0.5, 0.85, 0.95, 0.85, 0.1]
        else:  # at the limits themselves
            ids[0, 1:6] = [30, 31, 32, 5, 33]
            chance[0, 1:6], what[0, 1:6] = [0.15, 0.1, 0.1, 0.01, 0.1], [0.5, 0.8, 0.9, 0.2, 0.95]
        random = rng.integers(SPECIAL, 60, (B, T))
        yield case(f"ids {B} x {T}", ids, chance, what, random)


def _hide(
    ids: np.ndarray,
    chance: np.ndarray,
    what: np.ndarray,
    random: np.ndarray,
    special: int = SPECIAL,
    cuts: tuple[float, float] = (0.8, 0.9),
) -> np.ndarray:
    at = (chance < 0.15) & (ids >= special)
    replaced = np.where(what < cuts[0], MASK, np.where(what >= cuts[1], random, ids))
    return np.stack([np.where(at, replaced, ids), at])


def _hide_limits(
    ids: np.ndarray, chance: np.ndarray, what: np.ndarray, random: np.ndarray
) -> np.ndarray:
    at = (chance < 0.15) & (ids >= SPECIAL)
    replaced = np.where(what <= 0.8, MASK, np.where(what > 0.9, random, ids))
    return np.stack([np.where(at, replaced, ids), at])


def _hide_swapped(
    ids: np.ndarray, chance: np.ndarray, what: np.ndarray, random: np.ndarray
) -> np.ndarray:
    at = _hide(ids, chance, what, random)[1] > 0
    replaced = np.where(what < 0.8, MASK, np.where(what < 0.9, random, ids))
    return np.stack([np.where(at, replaced, ids), at])


def _hide_everywhere(
    ids: np.ndarray, chance: np.ndarray, what: np.ndarray, random: np.ndarray
) -> np.ndarray:
    at = _hide(ids, chance, what, random)[1]
    return np.stack([np.where(what < 0.8, MASK, np.where(what >= 0.9, random, ids)), at])


def _hide_once(
    ids: np.ndarray, chance: np.ndarray, what: np.ndarray, random: np.ndarray
) -> np.ndarray:
    at = (chance < 0.15) & (ids >= SPECIAL)
    return np.stack([_hide(ids, chance, chance / 0.15, random)[0], at])


HIDE = Exercise(
    right=_hide,
    make_cases=_hide_cases,
    mistakes=[
        Mistake(
            lambda *a: _hide(*a, special=0),
            "special tokens are hidden too. Those below 5 must stay.",
        ),
        Mistake(
            lambda *a: _hide(*a, special=SPECIAL + 1),
            "token 5 is never chosen. It is the first that is not special.",
        ),
        Mistake(
            lambda ids, chance, *a: _hide(ids, np.where(chance <= 0.15, 0, 1), *a),
            "a token whose chance is exactly 0.15 is chosen. Only those below 0.15 are.",
        ),
        Mistake(
            lambda ids, chance, *a: _hide(ids, np.where(chance > 0.15, 0, 1), *a),
            "the choice is the wrong way round: those with a chance below 0.15 are chosen.",
        ),
        Mistake(
            lambda *a: _hide(*a, cuts=(1, 1)),
            "every chosen token becomes [MASK]. Only those where `what` is below 0.8 do.",
        ),
        Mistake(
            lambda *a: _hide(*a, cuts=(0.8, 0.8)),
            "no chosen token stays as it is. Those where `what` is from 0.8 to 0.9 do.",
        ),
        Mistake(
            lambda *a: _hide(*a, cuts=(0.8, 1)),
            "no chosen token becomes another. Those where `what` is 0.9 or more do.",
        ),
        Mistake(
            _hide_limits,
            "the limits fall on the wrong side: at exactly 0.8 a token stays, at exactly 0.9 it "
            "becomes another.",
        ),
        Mistake(
            _hide_swapped,
            "the last two cases are swapped: from 0.8 to 0.9 a token stays, from 0.9 on it becomes "
            "another.",
        ),
        Mistake(
            _hide_everywhere,
            "tokens that were not chosen are changed too. Outside the chosen places the ids stay.",
        ),
        Mistake(
            _hide_once,
            "`chance` decides both times. What becomes of a chosen token is decided by `what`.",
        ),
        Mistake(
            lambda ids, *a: np.stack([_hide(ids, *a)[0], _hide(ids, *a)[0] != ids]),
            "the second result says where a token was changed. Chosen tokens that stayed the same "
            "count too.",
        ),
        Mistake(
            lambda *a: np.stack([_hide(*a)[0], 1 - _hide(*a)[1]]),
            "the second result is the wrong way round: true means chosen.",
        ),
        Mistake(
            lambda ids, chance, *a: np.stack([_hide(ids, chance, *a)[0], chance < 0.15]),
            "the second result counts special tokens as chosen.",
        ),
        Mistake(
            lambda *a: _hide(*a)[::-1],
            "the two results are swapped: the ids come first, then the choice.",
        ),
        Mistake(
            lambda *a: _hide(*a)[0],
            "these are the new ids alone. Return where tokens were chosen, too.",
        ),
    ],
    hint=lambda ids, *_: (
        f"Return two arrays of shape {ids.shape}: the new ids, and where tokens were chosen."
    ),
    differ=lambda got, expected: pair(got, expected, ("the ids", "the choice"), "place"),
)

# --- the loss -----------------------------------------------------------------------------------


def _loss_cases() -> Iterable[Case]:
    for B, T, V in [(1, 2, 3), (2, 4, 5), (3, 6, 7)]:
        rng = np.random.default_rng(V)
        logits = rng.normal(0, 3, (B, T, V)).round(1)
        targets, chosen = rng.integers(0, V, (B, T)), rng.random((B, T)) < 0.4
        chosen[:, 0], chosen[0, 1], chosen[-1, -1] = True, B > 1, False
        if V == 7:
            logits += 1000  # large scores
        yield case(f"logits {B} x {T} x {V}", logits, targets, chosen)


def _logs(logits: np.ndarray, axis: int = -1) -> np.ndarray:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _at(logs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.take_along_axis(logs, targets[..., None], axis=-1)[..., 0]  # (B, T)


def _nats(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return -_at(_logs(logits), targets)


def _by_text(logits: np.ndarray, targets: np.ndarray, chosen: np.ndarray) -> float:
    rows = zip(_nats(logits, targets), chosen, strict=True)
    return float(np.mean([nats[at].mean() for nats, at in rows]))


def _entropy(logits: np.ndarray, targets: np.ndarray, chosen: np.ndarray) -> float:
    logs = _logs(logits[chosen])
    return -(np.exp(logs) * logs).sum(axis=-1).mean()


LOSS = Exercise(
    right=lambda logits, targets, chosen: _nats(logits, targets)[chosen].mean(),
    make_cases=_loss_cases,
    mistakes=[
        Mistake(
            lambda z, y, at: _nats(z, y).mean(),
            "all places are counted. Count only the chosen ones.",
        ),
        Mistake(
            lambda z, y, at: _nats(z, y)[~at].mean(),
            "the choice is the wrong way round: true is where a token was hidden.",
        ),
        Mistake(
            lambda z, y, at: _nats(z, y)[at].sum(),
            lambda z, y, at: f"this is the sum. Divide it by the {at.sum()} chosen places.",
        ),
        Mistake(
            lambda z, y, at: (_nats(z, y) * at).mean(),
            lambda z, y, at: (
                f"the sum is divided by all {at.size} places. Only {at.sum()} were chosen."
            ),
        ),
        Mistake(
            _by_text,
            "the mean of the texts' means is taken. Every chosen place counts the same, however "
            "many its text has.",
        ),
        Mistake(
            lambda z, y, at: -_nats(z, y)[at].mean(),
            "the sign is missing: the loss is minus the mean of the logarithms.",
        ),
        Mistake(
            lambda z, y, at: _nats(z, y)[at].mean() / np.log(2),
            "this is in bits. Use nats: take the natural logarithm.",
        ),
        Mistake(
            lambda z, y, at: np.exp(_nats(z, y)[at].mean()),
            "this is the perplexity, the exponential of the loss.",
        ),
        Mistake(
            lambda z, y, at: -_at(z, y)[at].mean(),
            "the scores are used as they are. Take the logarithm of their softmax.",
        ),
        Mistake(
            lambda z, y, at: -_at(_logs(np.exp(_logs(z))), y)[at].mean(),
            "the softmax is taken twice.",
        ),
        Mistake(
            lambda z, y, at: -_at(_logs(z[at], axis=0), y[at]).mean(),
            "the softmax is over the chosen places. It is over the V pieces, the last axis.",
        ),
        Mistake(
            lambda z, y, at: -_at(_logs(z, axis=1), y)[at].mean(),
            "the softmax is over the places of a text. It is over the V pieces, the last axis.",
        ),
        Mistake(
            lambda z, y, at: np.exp(-_nats(z, y)[at]).mean(),
            "this is the mean probability. The loss is minus the mean of its logarithm.",
        ),
        Mistake(
            lambda z, y, at: -np.log(np.exp(-_nats(z, y)[at]).mean()),
            "the logarithm of the mean is taken. Take the mean of the logarithms.",
        ),
        Mistake(
            _entropy,
            "this is the entropy of the answers. The loss is about the piece that was there.",
        ),
        Mistake(
            lambda z, y, at: _nats(z, z.argmax(axis=-1))[at].mean(),
            "the loss of the best answer is taken. Take that of the piece that was there.",
        ),
        Mistake(
            lambda z, y, at: _nats(z, y)[at],
            "these are the losses of the places. Return their mean.",
        ),
    ],
    hint="The result should be a number.",
    not_finite="Subtract each row's largest score before np.exp, or it overflows.",
)
