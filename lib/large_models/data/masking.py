"""Masked language modelling: texts of whole sentences, batches of one length, hidden tokens.

BERT's recipe (Devlin et al. 2019, section 3.1): of all tokens 15 % are chosen to be predicted. Of
these, 80 % become [MASK], 10 % a random token and 10 % stay, so that the model cannot know which
tokens it is asked about. Special tokens and padding are never chosen. Here the choice is made anew
each time a text is read (Liu et al. 2019 call it dynamic).

No work is wasted on padding: texts of about the same length go together, and a batch has a budget
of tokens, not of texts. Chapter: 4_1_train_bert.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from large_models.data import docstrings
from large_models.data.tokenizer import BERT_TOKENS, Tokens

PAD, UNKNOWN, CLS, SEP, MASK = range(len(BERT_TOKENS))
SPECIAL = len(BERT_TOKENS)  # the first token that is none of these


@dataclass(frozen=True)
class MaskedBatch:
    """B texts of T tokens. `ids` and `targets` (B, T); `mask` (B, T), True where there is a token;
    `at` (B, T), True where a token is to be predicted."""

    ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    mask: NDArray[np.bool_]
    at: NDArray[np.bool_]


def mask_tokens(
    ids: NDArray[np.int64],
    rng: np.random.Generator,
    vocab_size: int,
    share: float = 0.15,
    inside: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Hide some tokens.

    Args:
        ids: (B, T).
        rng: of the choice.
        vocab_size: V; random tokens are drawn from those that are not special.
        share: of the tokens to choose, 0 to 1.
        inside: (V,), True for tokens that go on with a word ("##s"): whole words are then chosen
            together.

    Returns:
        ids with the chosen ones hidden (B, T), and where they were chosen (B, T).

    Raises:
        ValueError: for a share outside 0 to 1, ids outside the vocabulary, or no tokens but the
            special ones.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share: expected 0 to 1, got {share}")
    if vocab_size <= SPECIAL:
        raise ValueError(f"vocab_size: expected more than {SPECIAL}, got {vocab_size}")
    if ids.size and not (0 <= ids.min() and ids.max() < vocab_size):
        raise ValueError(f"ids: expected 0 to {vocab_size - 1}, got {ids.min()} to {ids.max()}")
    chance = rng.random(ids.shape)
    if inside is not None:  # every piece of a word takes the chance of the word's first
        starts = ~inside[ids]
        starts[:, 0] = True
        first = np.maximum.accumulate(np.where(starts, np.arange(ids.shape[1]), 0), axis=1)
        chance = np.take_along_axis(chance, first, axis=1)
    at = (chance < share) & (ids >= SPECIAL)
    what = rng.random(ids.shape)
    random = rng.integers(SPECIAL, vocab_size, ids.shape)
    hidden = np.where(at & (what < 0.8), MASK, np.where(at & (what >= 0.9), random, ids))
    return hidden, at


class Texts:
    """Sentences of a split as token ids, and how texts are made of them.

    Args:
        split: of `data.docstrings`.
        tokens: a WordPiece tokenizer of `data.tokenizer`.
        length: the longest text in tokens, [CLS] and [SEP] included; longer sentences are cut.

    Raises:
        ValueError: for a length below 3 or another split.
    """

    def __init__(self, split: str, tokens: Tokens, length: int = 64) -> None:
        if length < 3:
            raise ValueError(f"length: expected at least 3, got {length}")
        data = docstrings.load(split)
        encoded = cast(Any, tokens).encode_batch(list(data.sentences), add_special_tokens=False)
        self.length, self.vocab_size = length, tokens.get_vocab_size()
        self.sentences = [np.array(e.ids[: length - 2], dtype=np.int64) for e in encoded]
        self.files = data.files
        self._sizes = np.array([len(s) for s in self.sentences])

    def texts(self, rng: np.random.Generator, alone: float = 0.3) -> list[NDArray[np.int64]]:
        """All sentences once, as texts: "[CLS] sentence [SEP]", or several that follow on each
        other in a file, as many as fit.

        Args:
            rng: decides which sentences stand alone.
            alone: probability that a text is one sentence.
        """
        texts, current, file = [], [], None
        room, single = 0, rng.random(len(self.sentences)) < alone
        for i, sentence in enumerate(self.sentences):
            if not current or self.files[i] != file or len(sentence) > room:
                if current:
                    texts.append(np.concatenate([[CLS], *current, [SEP]]))
                current, room, file = [], self.length - 2, self.files[i]
                if single[i]:
                    texts.append(np.concatenate([[CLS], sentence, [SEP]]))
                    continue
            current.append(sentence)
            room -= len(sentence)
        if current:
            texts.append(np.concatenate([[CLS], *current, [SEP]]))
        return texts


def groups(
    sizes: NDArray[np.int64], rng: np.random.Generator, budget: int = 2048
) -> Iterator[NDArray[np.int64]]:
    """Which texts go together: those of about the same length, the groups in random order.

    Args:
        sizes: (N,), lengths in tokens.
        rng: of the order, and of the company among texts of one length.
        budget: the most tokens of a batch, padding included; a text longer than that stands alone.

    Yields:
        indices of texts.

    Raises:
        ValueError: for a budget below 1 or an empty text.
    """
    sizes = np.asarray(sizes)
    if budget < 1 or (sizes < 1).any():
        raise ValueError(f"expected a budget and texts of at least 1 token, got {budget}")
    order = np.lexsort((rng.random(len(sizes)), sizes))
    found, start = [], 0
    while start < len(order):
        end = start + 1
        while end < len(order) and sizes[order[end]] * (end + 1 - start) <= budget:
            end += 1
        found.append(order[start:end])
        start = end
    for which in rng.permutation(len(found)):
        yield found[which]


def pad(texts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Texts as one array (B, T), filled up with padding at the end."""
    ids = np.full((len(texts), max(map(len, texts))), PAD, dtype=np.int64)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    return ids


def batches(
    texts: Texts,
    rng: np.random.Generator,
    budget: int = 2048,
    share: float = 0.15,
    inside: NDArray[np.bool_] | None = None,
) -> Iterator[MaskedBatch]:
    """One epoch: every sentence once, masks and company drawn anew. Arguments as above."""
    made = texts.texts(rng)
    for rows in groups(np.array([len(text) for text in made]), rng, budget):
        ids = pad([made[row] for row in rows])
        hidden, at = mask_tokens(ids, rng, texts.vocab_size, share, inside)
        if at.any():
            yield MaskedBatch(hidden, ids, ids != PAD, at)
