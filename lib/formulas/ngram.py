r"""Counting which token follows which: the language model that a neural one has to beat.

Modified Kneser-Ney smoothing. The probability of token w after the tokens u v (here two):

    p(w | u v) = (count(u v w) - D) / count(u v) + share(u v) p(w | v)

Each count gives up a discount D (one for counts of 1, of 2, and of 3 or more), and what is freed
goes to the shorter context. Shorter contexts do not count how often w came, but after how many
different tokens: "Francisco" is frequent, and yet hardly ever follows a new word.

Source: Chen and Goodman 1999, section 3. Chapter: 3_4_transformer.
"""

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
