"""Sequences to learn from: the adding problem, and text as numbers of characters.

The adding problem asks for a long memory. Each step shows a random number and a mark, which is 1 at
two steps, one in each half of the sequence, and 0 elsewhere; the answer is the sum of the two
marked numbers. Guessing the mean, 1, has a mean squared error of 2/12.

Source: Hochreiter and Schmidhuber 1997, section 5.4, here with numbers from 0 to 1 and the marks in
the two halves. Chapter: 3_2_rnn.
"""

import numpy as np
from numpy.typing import NDArray

# What large_models.data.docstrings.text consists of: a line's end, and printable ASCII.
CHARACTERS = "\n" + "".join(chr(code) for code in range(32, 127))


def adding_problem(
    number: int, length: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Random sequences and their sums.

    Returns:
        inputs (number, length, 2): a value from 0 to 1, and the mark; sums (number,).

    Raises:
        ValueError: for less than 1 sequence or a length below 2.
    """
    if number < 1 or length < 2:
        raise ValueError(
            f"expected at least 1 sequence of at least 2 steps, got {number} of {length}"
        )
    rng = np.random.default_rng(seed)
    values = rng.random((number, length), dtype=np.float32)
    marks = np.zeros_like(values)
    rows, half = np.arange(number), length // 2
    marks[rows, rng.integers(0, half, number)] = 1
    marks[rows, rng.integers(half, length, number)] = 1
    return np.stack([values, marks], axis=-1), (values * marks).sum(axis=1)


def to_indices(text: str) -> NDArray[np.int64]:
    """Each character's place in CHARACTERS: (len(text),).

    Raises:
        ValueError: for a character that is not there, naming it and its place.
    """
    found = np.array([CHARACTERS.find(character) for character in text], dtype=np.int64)
    unknown = np.flatnonzero(found < 0)
    if unknown.size:
        place = int(unknown[0])
        raise ValueError(
            f"text: expected printable ASCII and line feeds, got {text[place]!r} at {place}"
        )
    return found


def to_text(indices: NDArray[np.integer]) -> str:
    """The text that such numbers stand for.

    Raises:
        ValueError: for a number outside 0 to 95.
    """
    indices = np.asarray(indices)
    if indices.size and not (0 <= indices.min() and indices.max() < len(CHARACTERS)):
        raise ValueError(
            f"indices: expected 0 to {len(CHARACTERS) - 1}, got {indices.min()} to {indices.max()}"
        )
    return "".join(CHARACTERS[index] for index in indices)
