"""A small language to translate: arithmetic in English words, and the formula that it means.

    five subtracted from the sum of two and twelve    ->    ((2+12)-5)

A phrase is a number from zero to twelve, or an operation on two phrases; `depth` says how many
operations stand in each other. Every sentence has one reading: before "plus", "times" and
"subtracted from" stands a plain number, and after them a number or a phrase that opens with "the".
The last of them names its two numbers in the opposite order. All of it is generated.
Chapter: 1_2_areas.
"""

import re

import numpy as np
from numpy.typing import NDArray

PAD, START, END = 0, 1, 2  # numbers that stand for no word and no symbol

NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
NESTING = {
    "the sum of {} and {}": "({}+{})",
    "the product of {} and {}": "({}*{})",
    "the difference between {} and {}": "({}-{})",
}
INFIX = {
    "{} plus {}": "({}+{})",
    "{} times {}": "({}*{})",
    "{} subtracted from {}": "({1}-{0})",
}
WORDS = sorted({w for text in (*NESTING, *INFIX) for w in text.split() if w != "{}"} | {*NUMBERS})
SYMBOLS = [*"()+-*", *map(str, range(len(NUMBERS)))]


def phrase(rng: np.random.Generator, depth: int, opens_with_the: bool = False) -> tuple[str, str]:
    """A random phrase of exactly `depth` operations in each other, and its formula.

    Args:
        opens_with_the: whether only a number or a phrase that opens with "the" will do.

    Raises:
        ValueError: for a depth below 0.
    """
    if depth < 0:
        raise ValueError(f"depth: expected at least 0, got {depth}")
    if depth == 0:
        number = int(rng.integers(len(NUMBERS)))
        return NUMBERS[number], str(number)
    wordings = NESTING if opens_with_the or rng.random() < 0.5 else INFIX
    words = list(wordings)[rng.integers(len(wordings))]
    other = int(rng.integers(depth)) if wordings is NESTING else 0
    depths = [other, depth - 1]
    if wordings is NESTING and rng.random() < 0.5:
        depths.reverse()
    parts = [phrase(rng, d, wordings is INFIX) for d in depths]
    return words.format(*(p[0] for p in parts)), wordings[words].format(*(p[1] for p in parts))


def shape(sentence: str) -> str:
    """The sentence with its numbers left out: "_ plus _" for "two plus five"."""
    return " ".join("_" if word in NUMBERS else word for word in sentence.split())


def load(seed: int = 0) -> dict[str, list[tuple[str, str]]]:
    """Sentences with their formulas, each sentence once, in four groups.

    "train" (4,000) and "new numbers" (500) have the same shapes and other numbers; the shapes of
    "new shapes" (500) are in no sentence of the two; "one deeper" (300) has three operations in
    each other where the others have one or two.
    """
    rng = np.random.default_rng(seed)
    drawn = [phrase(rng, int(rng.integers(1, 3))) for _ in range(10_000)]
    drawn = list(dict.fromkeys(drawn))
    # Every operation by itself stays in the training part: only combinations are kept from it.
    shapes = sorted({shape(s) for s, formula in drawn if formula.count("(") > 1})
    kept = set(rng.permutation(shapes)[: len(shapes) // 6].tolist())
    known = [pair for pair in drawn if shape(pair[0]) not in kept]
    new = [pair for pair in drawn if shape(pair[0]) in kept]
    deeper = list(dict.fromkeys(phrase(rng, 3) for _ in range(400)))
    return {
        "train": known[:4000],
        "new numbers": known[4000:4500],
        "new shapes": new[:500],
        "one deeper": deeper[:300],
    }


def encode(pairs: list[tuple[str, str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sentences and formulas as numbers, PAD at their ends.

    Returns:
        (N, S) of words; (N, T) of symbols from START to END. WORDS and SYMBOLS start at 3.

    Raises:
        ValueError: for a word that is not in WORDS.
    """
    words = {word: i for i, word in enumerate(WORDS, start=3)}
    symbols = {symbol: i for i, symbol in enumerate(SYMBOLS, start=3)}
    for sentence, _ in pairs:
        for word in sentence.split():
            if word not in words:
                raise ValueError(f"sentence: expected words from WORDS, got {word!r}")
    formulas = [re.findall(r"\d+|\D", formula) for _, formula in pairs]
    return (
        _pad([[words[w] for w in sentence.split()] for sentence, _ in pairs]),
        _pad([[START, *(symbols[s] for s in formula), END] for formula in formulas]),
    )


def decode(symbols: NDArray[np.int64]) -> list[str]:
    """The formulas that rows of numbers (N, T) stand for, up to END."""
    formulas = []
    for row in np.asarray(symbols).tolist():
        row = row[: row.index(END)] if END in row else row
        formulas.append("".join(SYMBOLS[i - 3] for i in row if i > END))
    return formulas


def _pad(rows: list[list[int]]) -> NDArray[np.int64]:
    out = np.full((len(rows), max(map(len, rows), default=0)), PAD)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return out
