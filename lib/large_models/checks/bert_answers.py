"""Exercises of chapter 4_2_infer_bert: the best answers, padding a batch, calibration.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Callable, Iterable

import numpy as np

from large_models.checks.calls import numbers
from large_models.checks.differences import pair
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.data.masking import PAD, SPECIAL

# --- answers ------------------------------------------------------------------------------------


def _top_cases() -> Iterable[Case]:
    for N, V, k in [(1, 4, 2), (2, 6, 3), (3, 9, 5)]:
        logits = np.random.default_rng(V).normal(0, 2, (N, V)).round(2)
        logits += 900 if N == 3 else np.arange(N)[:, None]
        yield case(f"logits {N} x {V}, k = {k}", logits, k)


def _softmax(logits: np.ndarray, axis: int | None = 1) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _best(logits: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-logits, axis=1)[:, :k]


def _with(ids: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.stack([ids, np.take_along_axis(values, ids, axis=1)])


TOP = Exercise(
    right=lambda z, k: _with(_best(z, k), _softmax(z)),
    make_cases=_top_cases,
    mistakes=[
        Mistake(
            lambda z, k: _with(_best(-z, k), _softmax(z)),
            "these are the least probable tokens.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k)[:, ::-1], _softmax(z)),
            "the order is the wrong way round: the best comes first.",
        ),
        Mistake(
            lambda z, k: _with(np.sort(_best(z, k), axis=1), _softmax(z)),
            "the tokens are ordered by their number. Order them by their probability.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), z),
            "the second result holds scores. Put them through a softmax.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), np.log(_softmax(z))),
            "the second result holds the logarithms of the probabilities.",
        ),
        Mistake(
            lambda z, k: np.stack(
                [_best(z, k), _softmax(np.take_along_axis(z, _best(z, k), axis=1))]
            ),
            "the softmax is over the k answers only. It is over all V tokens.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), np.exp(z - z.max())),
            "the powers are not divided by their sum over the row.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), np.exp(z - z.max(axis=1, keepdims=True))),
            "the powers are not divided by their sum over the row.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), _softmax(z, axis=0)),
            "the softmax is over the places. It is over the tokens of a row.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), _softmax(z, axis=None)),
            "the powers are divided by the sum over all rows. Each row has its own sum.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), _softmax(_softmax(z))),
            "the softmax is taken twice.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), 100 * _softmax(z)),
            "the second result is in per cent. Return probabilities from 0 to 1.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, k), _softmax(z))[::-1],
            "the two results are swapped: the tokens come first.",
        ),
        Mistake(
            lambda z, k: _best(z, k),
            "these are the tokens alone. Return their probabilities, too.",
        ),
        Mistake(
            lambda z, k: _with(_best(z, z.shape[1]), _softmax(z)),
            lambda z, k: f"all {z.shape[1]} tokens are returned. Return the best {k}.",
        ),
    ],
    hint=lambda z, k: f"Return two arrays of shape {(len(z), k)}: tokens, and probabilities.",
    not_finite="Subtract each row's largest score before np.exp, or it overflows.",
    differ=lambda got, expected: pair(got, expected, ("the tokens", "the probabilities"), "answer"),
)

# --- padding ------------------------------------------------------------------------------------


def _pad_cases() -> Iterable[Case]:
    listed = [
        [[2, 9, 8, 3], [2, 3]],
        [[2, 6, 3], [2, 5, 5, 7, 3], [2, 8, 9, 3]],
        [[2, 7, 3], [2, 11, 3], [2, 3, 2, 6, 4, 3]],
    ]
    for texts in listed:
        yield case(f"texts of {', '.join(str(len(text)) for text in texts)}", texts)


def _padded(texts: list[list[int]], width: int = 0, fill: int = PAD) -> np.ndarray:
    ids = np.full((len(texts), width or max(map(len, texts))), fill)
    for row, text in enumerate(texts):
        kept = text[: ids.shape[1]]
        ids[row, : len(kept)] = kept
    return ids


def _in_front(texts: list[list[int]]) -> np.ndarray:
    return _padded([text[::-1] for text in texts])[:, ::-1]


PADDED = Exercise(
    right=lambda texts: np.stack([_padded(texts), _padded(texts) != PAD]),
    make_cases=_pad_cases,
    mistakes=[
        Mistake(
            lambda t: np.stack([_in_front(t), _in_front(t) != PAD]),
            "the padding is in front. It belongs at the end.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t), _padded(t) == PAD]),
            "the mask is the wrong way round: true is where there is a token.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t), np.ones_like(_padded(t))]),
            "the mask is true in the padding too.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t), _padded(t) >= SPECIAL]),
            "the mask leaves out special tokens. They are tokens too: only the padding is false.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t), _padded(t)]),
            "the second result is the ids again. A mask is true or false, 1 or 0.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t, min(map(len, t))), _padded(t, min(map(len, t))) != PAD]),
            "the longer texts are cut short. Fill up the shorter ones instead.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t, len(t[0])), _padded(t, len(t[0])) != PAD]),
            "the first text decides the length of all. The longest should.",
        ),
        Mistake(
            lambda t: np.stack(
                [_padded(t, max(map(len, t)) + 1), _padded(t, max(map(len, t)) + 1) != PAD]
            ),
            "there is one place too many: the longest text needs no padding.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t, fill=-1), _padded(t, fill=-1) != -1]),
            "the ids are filled up with -1. The padding's number is 0.",
        ),
        Mistake(
            lambda t: np.stack([_padded(t) != PAD, _padded(t)]),
            "the two results are swapped: the ids come first.",
        ),
        Mistake(lambda t: _padded(t), "these are the ids alone. Return the mask, too."),
    ],
    hint=lambda texts: (
        f"Return two arrays of shape {(len(texts), max(map(len, texts)))}: ids, and a mask."
    ),
    differ=lambda got, expected: pair(got, expected, ("the ids", "the mask"), "place"),
)

# --- calibration --------------------------------------------------------------------------------


def _calibration_cases() -> Iterable[Case]:
    listed = [(np.array([0.6, 0.9, 0.7, 0.2]), np.array([True, True, False, False]), 2)]
    rng = np.random.default_rng(30)
    # Some bins are empty, and on the whole the confidence is too low.
    confidence = rng.uniform(0.25, 0.75, 30).round(3) + 0.0005
    listed.append((confidence, rng.random(30) < 1.2 - confidence, 5))
    rng = np.random.default_rng(200)
    confidence = rng.uniform(0.05, 0.999, 200).round(3) - 0.0005
    right = (rng.random(200) < confidence**3) | (confidence > 0.9)
    confidence[3::10] = 1.0
    listed.append((confidence, right, 10))
    for confidence, right, bins in listed:
        yield case(f"{len(right)} answers, {bins} bins", confidence, right, bins)


def _which(confidence: np.ndarray, bins: int) -> np.ndarray:
    return np.minimum((confidence * bins).astype(int), bins - 1)


def _gaps(
    confidence: np.ndarray, right: np.ndarray, which: np.ndarray, middle: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Of each bin that is not empty: its number of answers, and its signed gap."""
    there = np.unique(which[which >= 0])
    inside = [which == b for b in there]
    means = [confidence[i].mean() if middle is None else middle[b]
             for b, i in zip(there, inside, strict=True)]  # fmt: skip
    shares = np.array([right[i].mean() for i in inside])
    return np.array([i.sum() for i in inside]), np.array(means) - shares


def _ece(
    confidence: np.ndarray, right: np.ndarray, which: np.ndarray, middle: np.ndarray | None = None
) -> float:
    count, gap = _gaps(confidence, right, which, middle)
    return (count * np.abs(gap)).sum() / len(right)


def _equal_mass(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
    order = np.argsort(confidence, kind="stable")
    which = np.empty(len(order), int)
    for b, rows in enumerate(np.array_split(order, bins)):
        which[rows] = b
    return _ece(confidence, right, which)


def _own_range(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
    low, high = confidence.min(), confidence.max()
    return _ece(confidence, right, _which((confidence - low) / (high - low), bins))


def _of_bins(function: Callable) -> Callable:
    """A mistake made after the bins are right: a function of their counts and gaps."""
    return lambda c, r, bins: function(*_gaps(c, r, _which(c, bins)))


CALIBRATION = Exercise(
    right=lambda c, r, bins: _ece(c, r, _which(c, bins)),
    make_cases=_calibration_cases,
    mistakes=[
        Mistake(
            _of_bins(lambda count, gap: np.abs(gap).mean()),
            "all bins count the same. Weight each by its share of the answers.",
        ),
        Mistake(
            lambda c, r, bins: np.abs(_gaps(c, r, _which(c, bins))[1]).sum() / bins,
            "all bins count the same, the empty ones too. Weight each by its share of the answers.",
        ),
        Mistake(
            _of_bins(lambda count, gap: np.abs(gap).max()),
            "this is the largest gap (the maximum calibration error). Take the mean.",
        ),
        Mistake(
            lambda c, r, bins: abs((c - r).mean()),
            "this is one gap for all answers, in which those of the bins cancel. Take the absolute "
            "value of each bin's gap.",
        ),
        Mistake(
            lambda c, r, bins: (c - r).mean(),
            "the gaps keep their signs, and cancel. Take the absolute value of each bin's gap.",
        ),
        Mistake(
            lambda c, r, bins: np.abs(c - r).mean(),
            "each answer's own gap is taken. Take the means within each bin first.",
        ),
        Mistake(
            _of_bins(lambda count, gap: (count * gap**2).sum() / count.sum()),
            "the gaps are squared. Take their absolute values.",
        ),
        Mistake(
            _of_bins(lambda count, gap: np.sqrt((count * gap**2).sum() / count.sum())),
            "this is the root mean square. Take the mean of the absolute values.",
        ),
        Mistake(
            _of_bins(lambda count, gap: (count * np.abs(gap)).sum()),
            lambda c, r, bins: f"this is the sum. Divide by the {len(r)} answers.",
        ),
        Mistake(
            _equal_mass,
            "each bin has as many answers as the next. Here the bins are of equal width.",
        ),
        Mistake(
            _own_range,
            "the bins reach from the smallest confidence to the largest. Use 0 to 1 instead.",
        ),
        Mistake(
            lambda c, r, bins: _ece(c, r, np.where(c < 1, _which(c, bins), -1)),
            "answers with a confidence of 1 are left out. They belong to the last bin.",
        ),
        Mistake(
            lambda c, r, bins: _ece(c, r, (c * bins).astype(int)),
            "answers with a confidence of 1 get an extra bin. They belong to the last one.",
        ),
        Mistake(
            lambda c, r, bins: _ece(c, r, _which(c, bins), (np.arange(bins) + 0.5) / bins),
            "the middle of the bin is used. Take the mean confidence of its answers.",
        ),
        Mistake(
            lambda c, r, bins: 100 * _ece(c, r, _which(c, bins)),
            "this is in per cent. Return a number from 0 to 1.",
        ),
    ],
    hint="The result should be a number.",
    not_finite="A bin may be empty: leave it out.",
    read=numbers,
)
