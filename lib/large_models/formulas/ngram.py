r"""Counting which token stands beside which: the language models that neural ones have to beat.

Modified Kneser-Ney smoothing. The probability of token w after the tokens u v (here two):

    p(w | u v) = (count(u v w) - D) / count(u v) + share(u v) p(w | v)

Each count gives up a discount D (one for counts of 1, of 2, and of 3 or more), and what is freed
goes to the shorter context. Shorter contexts do not count how often w came, but after how many
different tokens: "Francisco" is frequent, and yet hardly ever follows a new word.

Source: Chen and Goodman 1999, section 3. Chapters: 3_4_transformer; `TwoSided`: 4_1_train_bert.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]


class KneserNey:
    """Counts of a text's n-grams, as sorted arrays.

    Args:
        tokens: (N,), 0 to vocab_size - 1.
        order: of the longest n-grams; `order - 1` tokens are the context.
        vocab_size: V.

    Raises:
        ValueError: if tokens is not that, the text is shorter than the order, or V**order is
            beyond 2**62.
    """

    def __init__(self, tokens: Tokens, order: int, vocab_size: int) -> None:
        if order < 1 or vocab_size < 1 or vocab_size**order > 2**62:
            raise ValueError(
                f"expected order and vocab_size of at least 1 with vocab_size**order up to 2**62, "
                f"got {order} and {vocab_size}"
            )
        self.order, self.vocab_size = order, vocab_size
        tokens = self._check(tokens, at_least=order)
        self.levels = []  # for 1, 2, ... tokens: n-grams, discounted counts; contexts, sums, shares
        grams, counts = np.unique(self._keys(tokens, order), return_counts=True)
        levels = []
        for n in range(order, 0, -1):
            levels.append(self._discount(grams, counts))
            # The next shorter ones, counted once for each different token before them.
            grams, counts = np.unique(grams % vocab_size ** (n - 1), return_counts=True)
        self.levels = levels[::-1]

    def probabilities(self, tokens: Tokens) -> NDArray[np.float64]:
        """p of each token after those before it: (N,) to (N,).

        The first ones have shorter contexts.
        """
        tokens = self._check(tokens, at_least=1)
        p = np.full(len(tokens), 1 / self.vocab_size)  # nothing known: all tokens alike
        for n, (grams, counts, contexts, totals, shares) in enumerate(self.levels, start=1):
            keys = self._keys(tokens, n)
            if not len(keys):
                break
            count, _ = _find(grams, counts, keys)
            total, known = _find(contexts, totals, keys // self.vocab_size)
            share, _ = _find(contexts, shares, keys // self.vocab_size)
            longer = count / np.where(known, total, 1) + share * p[n - 1 :]
            p[n - 1 :] = np.where(known, longer, p[n - 1 :])
        return p

    def _discount(self, grams: Tokens, counts: Tokens) -> tuple[NDArray, ...]:
        contexts, which = np.unique(grams // self.vocab_size, return_inverse=True)
        totals = np.bincount(which, counts)
        n1, n2, n3, n4 = np.maximum(np.bincount(np.minimum(counts, 5), minlength=6)[1:5], 1)
        y = n1 / (n1 + 2 * n2)
        freed = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        # Of a small text the estimates can leave 0 to count.
        freed = np.clip(freed, 0, [0, 1, 2, 3])[np.minimum(counts, 3)]
        return grams, counts - freed, contexts, totals, np.bincount(which, freed) / totals

    def _keys(self, tokens: Tokens, n: int) -> Tokens:
        """Each run of n tokens as one number: (N,) to (N - n + 1,)."""
        keys = np.zeros(max(len(tokens) - n + 1, 0), dtype=np.int64)
        for i in range(n):
            keys = keys * self.vocab_size + tokens[i : len(tokens) - n + 1 + i]
        return keys

    def _check(self, tokens: Tokens, at_least: int) -> Tokens:
        tokens = np.asarray(tokens)
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu" or len(tokens) < at_least:
            raise ValueError(
                f"tokens: expected (N,) of whole numbers, N at least {at_least}, "
                f"got {tokens.shape} of {tokens.dtype}"
            )
        if tokens.min() < 0 or tokens.max() >= self.vocab_size:
            raise ValueError(
                f"tokens: expected 0 to {self.vocab_size - 1}, got {tokens.min()} to {tokens.max()}"
            )
        return tokens.astype(np.int64)


def _find(keys: Tokens, values: NDArray, wanted: Tokens) -> tuple[NDArray, NDArray[np.bool_]]:
    """The values of wanted keys in sorted keys, 0 for those not there, and which are there."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    there = keys[place] == wanted
    return np.where(there, values[place], 0), there


class TwoSided:
    """The most frequent filling of a gap, by the tokens on both sides: what a BERT has to beat.

    It asks the most exact context first, two tokens on each side; where that has not been seen,
    it takes one off, down to no context at all, which is the most frequent token.

    Args:
        texts: arrays of tokens (T,), 0 to vocab_size - 1, nothing hidden.
        vocab_size: V.

    Raises:
        ValueError: if there is no token, one is outside 0..V - 1, or V**5 is beyond 2**62.
    """

    CONTEXTS = (
        (-2, -1, 1, 2), (-2, -1, 1), (-1, 1, 2), (-1, 1), (-2, -1), (1, 2), (-1,), (1,), (),
    )  # fmt: skip

    def __init__(self, texts: Sequence[Tokens], vocab_size: int) -> None:
        if not 1 <= vocab_size <= 5404:  # the fifth root of 2**62
            raise ValueError(f"vocab_size: expected 1 to 5404, got {vocab_size}")
        self.vocab_size = vocab_size
        nobody = np.array([-1, -1])  # beyond the ends of a text
        stream = np.concatenate([part for text in texts for part in (nobody, text)] + [nobody])
        places = np.flatnonzero(stream >= 0)
        if not len(places) or stream.max() >= vocab_size:
            raise ValueError(
                f"texts: expected tokens from 0 to {vocab_size - 1}, got {stream.max()}"
            )
        self._best = []  # for each kind of context: those seen, and the token most often in them
        for offsets in self.CONTEXTS:
            keys, there = self._keys(stream, places, offsets)
            pairs, counts = np.unique(
                keys[there] * vocab_size + stream[places[there]], return_counts=True
            )
            contexts, tokens = np.divmod(pairs, vocab_size)
            order = np.lexsort((tokens, -counts, contexts))
            seen, first = np.unique(contexts[order], return_index=True)
            self._best.append((seen, tokens[order][first]))

    def fill(self, ids: Tokens, at: NDArray[np.bool_]) -> Tokens:
        """What stands most probably at the places `at`, row by row: (N,).

        Args:
            ids: (B, T); what is hidden is hidden by a token that the counts have not met.
            at: (B, T), True where an answer is wanted.
        """
        B = len(ids)
        nobody = np.full((B, 2), -1)
        stream = np.concatenate([nobody, ids, nobody], axis=1).ravel()
        wanted = np.concatenate([nobody > 0, at, nobody > 0], axis=1).ravel()
        places = np.flatnonzero(wanted)
        found = np.full(len(places), -1)
        for offsets, (seen, tokens) in zip(self.CONTEXTS, self._best, strict=True):
            keys, there = self._keys(stream, places, offsets)
            index = np.minimum(np.searchsorted(seen, keys), len(seen) - 1)
            if len(seen):
                hit = there & (found < 0) & (seen[index] == keys)
                found[hit] = tokens[index[hit]]
        return found

    def _keys(
        self, stream: Tokens, places: Tokens, offsets: Iterable[int]
    ) -> tuple[Tokens, NDArray[np.bool_]]:
        """A number for each place's context, and whether all of it lies inside the text."""
        keys, there = np.zeros_like(places), np.ones(len(places), dtype=bool)
        for offset in offsets:
            token = stream[places + offset]
            there &= token >= 0
            keys = keys * self.vocab_size + token
        return keys, there
