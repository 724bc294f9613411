"""Checks for the exercises of chapters 4_1_train_bert and 4_2_infer_bert: hiding tokens, the masked
loss, WordPiece, a bug in a training loop; answers, padding, calibration, a prediction.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

import zlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from large_models.checks.calls import Remark, kind, numbers, two_numbers
from large_models.checks.choices import choose, predict
from large_models.checks.exercise import Case, Exercise, Mistake, case
from large_models.data.masking import MASK, PAD, SPECIAL


def hide(function: Callable) -> bool | None:
    """Check `function(ids, chance, what, random)`: BERT's masking, all arrays (B, T).

    It should return the new ids and where tokens were chosen, both (B, T).
    """
    return HIDE.check(function)


def masked_loss(function: Callable) -> bool | None:
    """Check `function(logits, targets, chosen)`: mean cross-entropy over the chosen places.

    logits (B, T, V), targets and chosen (B, T). It should return a number, in nats.
    """
    return LOSS.check(function)


def cut_word(function: Callable) -> bool | None:
    """Check `function(word, pieces)`: a word cut into the longest pieces first, a list of text."""
    return CUT.check(function)


def planted_bug(letter: Any) -> bool | None:
    """Check the letter of the line that makes a masked loss fall to nearly nothing."""
    return choose(letter, "b", BUGS)


def top_answers(function: Callable) -> bool | None:
    """Check `function(logits, k)`: logits (N, V).

    It should return the k most probable tokens of each row, the best first, and their
    probabilities, both (N, k).
    """
    return TOP.check(function)


def pad_batch(function: Callable) -> bool | None:
    """Check `function(texts)`: lists of ids, of different lengths.

    It should return ids, filled up with 0 at the end, and a mask, true where there is a token,
    both (B, T).
    """
    return PADDED.check(function)


def calibration_error(function: Callable) -> bool | None:
    """Check `function(confidence, right, bins)`: both (N,).

    It should return the expected calibration error over equally wide bins of the confidence.
    """
    return CALIBRATION.check(function)


def mean_confidence(percent: Any, confidence: np.ndarray, right: np.ndarray) -> bool | None:
    """Check a prediction, in per cent, of the mean confidence of answers about shuffled text.

    Args:
        percent: the reader's.
        confidence: of each answer, 0 to 1.
        right: whether it was right.
    """
    return predict(
        percent,
        float(100 * np.mean(confidence)),
        4.0,
        f"Of these answers {100 * np.mean(right):.1f} % are right. Compared with documentation, "
        "the confidence has fallen less than the share of right answers: it was learned on text of "
        "another kind.",
        " %",
    )


BUGS = {
    "a": "Choosing anew for each batch is part of the recipe.",
    "b": "The network reads `ids`, in which nothing is hidden, instead of `hidden`. It only has to "
    "copy, and the loss of a network that copies tends to zero.",
    "c": "The loss counts the chosen places alone, as it should.",
    "d": "These three lines are one training step, as in the chapter.",
}


def _pair(got: np.ndarray, expected: np.ndarray, names: tuple[str, str], what: str) -> str:
    """Where two results, each (rows, columns), first differ."""
    which, row, column = np.argwhere(~np.isclose(got, expected, rtol=1e-4, atol=1e-4))[0]
    said = two_numbers(float(expected[which, row, column]), float(got[which, row, column]))
    place = f"row {row}, {what} {column}"
    return f"{names[which]}, {place}: expected {said[0]}, got {said[1]}."


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
    differ=lambda got, expected: _pair(got, expected, ("the ids", "the choice"), "place"),
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

# --- WordPiece ----------------------------------------------------------------------------------

_PIECES = "a b c n un eat able graph ab lo low ##s ##a ##b ##c ##bc ##able ##ab ##graph ##eat "
_PIECES += "##e ##n ##er ##r un##"
_SMALL = "a ab ##bd ##c ##bc"
# (word, pieces): its cut. In the second list "abd" has a cut, a ##bd, that the rule does not find.
_LISTED = [
    ("graph", _PIECES, ["graph"]),
    ("graphs", _PIECES, ["graph", "##s"]),
    ("uneatable", _PIECES, ["un", "##eat", "##able"]),
    ("lower", _PIECES, ["low", "##er"]),
    ("able", _PIECES, ["able"]),
    ("nab", _PIECES, ["n", "##ab"]),
    ("aaa", _PIECES, ["a", "##a", "##a"]),
    ("abc", _SMALL, ["ab", "##c"]),
    ("abd", _SMALL, ["[UNK]"]),
    ("xs", _PIECES, ["[UNK]"]),
    ("sa", _PIECES, ["[UNK]"]),
    ("graphx", _PIECES, ["[UNK]"]),
    ("ungraphx", _PIECES, ["[UNK]"]),
]
_MOST = 24  # pieces of an answer that are told apart
_SEEN = {0: ""}  # a piece's number: the piece


def read_pieces(value: Any, what: str) -> np.ndarray:
    """A list of text as numbers, filled up with 0 for no piece.

    Raises:
        Remark: if it is anything else.
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple) or not all(isinstance(p, str) for p in value):
        inside = isinstance(value, list | tuple) and next(
            kind(p) for p in value if not isinstance(p, str)
        )
        found = f"{kind(value)} with {inside} in it" if inside else kind(value)
        raise Remark(f"{what} {found}, expected a list of text.")
    if len(value) > _MOST:
        raise Remark(f"{what} {len(value)} pieces, more than the word has letters.")
    found = np.zeros(_MOST)
    for i, piece in enumerate(value):
        found[i] = zlib.crc32(piece.encode("utf-8", "replace")) + 1
        _SEEN[int(found[i])] = piece
    return found


def _cut_differs(got: np.ndarray, expected: np.ndarray) -> str:
    said = ([_SEEN.get(int(n), "?") for n in numbers if n] for numbers in (expected, got))
    right, wrong = (" ".join(pieces) or "no piece at all" for pieces in said)
    return f"expected {right}, got {wrong}."


def _cut_cases() -> Iterable[Case]:
    for word, pieces, _ in _LISTED:
        few = f" of {', '.join(pieces.split())}" if pieces == _SMALL else ""
        yield case(f"cut_word({word!r}){few}", word, set(pieces.split()))


def _cut(
    word: str,
    pieces: set[str],
    shortest: bool = False,
    keep: bool = False,
    marks: tuple[str, str] = ("", "##"),
) -> list[str]:
    found, start = [], 0
    while start < len(word):
        ends = list(range(len(word), start, -1))
        mark = marks[start > 0]
        fits = [e for e in (ends[::-1] if shortest else ends) if mark + word[start:e] in pieces]
        if not fits:
            return [*found, "[UNK]"] if keep else ["[UNK]"]
        found.append(mark + word[start : fits[0]])
        start = fits[0]
    return found


def _cut_back(word: str, pieces: set[str], start: int = 0) -> list[str]:
    """The longest first, but going back where that leads nowhere."""
    if start == len(word):
        return []
    for end in range(len(word), start, -1):
        piece = ("##" if start else "") + word[start:end]
        if piece in pieces:
            rest = _cut_back(word, pieces, end)
            if rest != ["[UNK]"]:
                return [piece, *rest]
    return ["[UNK]"]


def _cut_right(word: str, pieces: set[str]) -> list[str]:
    """From the right."""
    found, end = [], len(word)
    while end:
        starts = [s for s in range(end) if ("##" if s else "") + word[s:end] in pieces]
        if not starts:
            return ["[UNK]"]
        found.insert(0, ("##" if starts[0] else "") + word[starts[0] : end])
        end = starts[0]
    return found


def _cut_skips(word: str, pieces: set[str]) -> list[str]:
    """A letter that does not fit becomes [UNK], and the rest is cut on."""
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fits = [e for e in range(len(word), start, -1) if mark + word[start:e] in pieces]
        found.append(mark + word[start : fits[0]] if fits else "[UNK]")
        start = fits[0] if fits else start + 1
    return found


CUT = Exercise(
    right=_cut,
    make_cases=_cut_cases,
    mistakes=[
        Mistake(
            lambda word, pieces: _cut(word, pieces, shortest=True),
            "the shortest piece is taken. Try the longest first.",
        ),
        Mistake(
            lambda word, pieces: _cut(word, pieces, keep=True),
            "if no piece fits a part, the whole word is [UNK], not only the rest.",
        ),
        Mistake(
            _cut_skips,
            "one letter becomes [UNK], and the rest is cut further. If no piece fits a part, the "
            "whole word is [UNK].",
        ),
        Mistake(
            lambda word, pieces: [p for p in _cut(word, pieces) if p != "[UNK]"],
            "if no piece fits a part, the answer is a list that holds only [UNK].",
        ),
        Mistake(
            _cut_back,
            "where the longest piece leads nowhere, a shorter one is tried. The rule does not go "
            "back: then the word is [UNK].",
        ),
        Mistake(
            _cut_right,
            "the longest piece is looked for at the end of the word. Begin at its start.",
        ),
        Mistake(
            lambda word, pieces: _cut(word, pieces, marks=("", "")),
            "pieces inside a word are looked for without ##, too.",
        ),
        Mistake(
            lambda word, pieces: [p.removeprefix("##") for p in _cut(word, pieces)],
            "the pieces are right except for their ##. Every piece but the first has it.",
        ),
        Mistake(
            lambda word, pieces: _cut(word, pieces, marks=("##", "##")),
            "the first piece is looked for with ##. Only those after it have it.",
        ),
        Mistake(
            lambda word, pieces: _cut(word, pieces)[::-1],
            "the pieces are in reverse order.",
        ),
    ],
    hint="Return a list of pieces.",
    read=read_pieces,
    differ=_cut_differs,
)

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
    differ=lambda got, expected: _pair(
        got, expected, ("the tokens", "the probabilities"), "answer"
    ),
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
    differ=lambda got, expected: _pair(got, expected, ("the ids", "the mask"), "place"),
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
