"""The exercise of chapter 4_1_train_bert that cuts words into pieces: WordPiece.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from large_models.checks.calls import Remark, kind
from large_models.checks.exercise import Case, Exercise, Mistake, case

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
