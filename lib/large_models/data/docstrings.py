"""Sentences of real technical English: the docstrings of the libraries that this book installs.

Each sentence is labelled for free with the package it comes from and the section of the docstring
it stood in. Whole source files went to train, validation or test, and each sentence is kept once,
so none is on two sides. The text is frozen in data/corpus (its README says how it was made and
what it is not good for), so a newer scipy changes no number of the book; `data.harvest` made
it. Chapters: 2_concepts, 3_2_rnn, 3_4_transformer, 4_1_train_bert.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CORPUS = Path(__file__).parent / "corpus"
SPLITS = ("train", "validation", "test")
PACKAGES = (
    *("matplotlib", "networkx", "numpy", "python"),
    *("scikit-learn", "scipy", "sympy", "torch"),
)
SECTIONS = (
    *("summary", "description", "parameters", "returns"),
    *("raises", "attributes", "notes", "examples"),
)


@dataclass(frozen=True)
class Sentences:
    """N sentences, in the order of their source files; entry i of each field belongs to the i-th.

    `packages` and `sections` are indices into PACKAGES and SECTIONS.
    """

    sentences: tuple[str, ...]  # N
    packages: NDArray[np.intp]  # (N,)
    sections: NDArray[np.intp]  # (N,)
    files: tuple[str, ...]  # N, such as "networkx/algorithms/cycles.py"

    def __len__(self) -> int:
        return len(self.sentences)

    def __repr__(self) -> str:
        return f"Sentences({len(self):,} sentences from {len(set(self.files)):,} files)"


def load(split: str, directory: str | Path = CORPUS) -> Sentences:
    """One side of the corpus, its hash verified. Read once, then shared by all callers.

    Args:
        split: "train", "validation" or "test"; the test side is for the end, and for nothing else.
        directory: where the corpus is; by default the one that is shipped.

    Raises:
        ValueError: for another split, or if a file is not what corpus.json says.
        FileNotFoundError: if the directory has no corpus.
    """
    return _read(split, Path(directory))[1]


def text(split: str, directory: str | Path = CORPUS) -> str:
    """The same sentences as plain text, one per line, for models that read characters or bytes.

    Printable ASCII and line feeds, so at most 96 different characters. Raises as `load`.
    """
    return "".join(f"{sentence}\n" for sentence in load(split, directory).sentences)


def corpus_hash(split: str, directory: str | Path = CORPUS) -> str:
    """SHA-256 of a side's text and labels, to write down beside a model trained on it."""
    return _read(split, Path(directory))[0]


def _unpacked(path: Path) -> bytes:
    import lzma  # here, since not every Python has it

    try:
        return lzma.decompress(path.read_bytes())
    except lzma.LZMAError as error:
        raise ValueError(f"{path}: damaged, cannot be unpacked ({error})") from error


@cache
def _read(split: str, directory: Path) -> tuple[str, Sentences]:
    if split not in SPLITS:
        raise ValueError(f"split: expected one of {', '.join(SPLITS)}, got {split!r}")
    path = directory / f"{split}.tsv.xz"
    expected = json.loads((directory / "corpus.json").read_text("utf-8"))["sha256"][split]
    plain = directory / f"{split}.tsv"  # in a browser's tab, which has no lzma
    data = plain.read_bytes() if plain.is_file() else _unpacked(path)
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path}: expected text with the SHA-256 {expected} that corpus.json names, got {found}"
        )
    rows = [line.split("\t") for line in data.decode("ascii").splitlines()]
    files, packages, sections, sentences = zip(*rows, strict=True) if rows else [()] * 4
    return found, Sentences(
        sentences, _index(packages, PACKAGES), _index(sections, SECTIONS), files
    )


def _index(names: tuple[str, ...], known: tuple[str, ...]) -> NDArray[np.intp]:
    numbers = {name: number for number, name in enumerate(known)}
    array = np.array([numbers[name] for name in names], dtype=np.intp)  # fits np.bincount anywhere
    array.setflags(write=False)  # shared by all callers
    return array
