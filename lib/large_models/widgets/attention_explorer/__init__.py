"""Attention to touch: by hand on a few words, and the maps of a trained model's heads.

Source of the operation: large_models.formulas.attention. Chapter: 3_3_self_attention. The page
computes it itself; nothing here needs torch.
"""

from collections.abc import Sequence
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.formulas.attention import attention_weights, softmax
from large_models.widgets.base import BadValue, BookWidget, Checked, one_of, whole, yes_or_no

Matrix = list[list[float]]
Sentence = tuple[list[str], NDArray[np.floating]]

LARGEST = 100  # of a number that the reader may type
MOST_BYTES = 200_000  # of maps: what a page carries before the first click
_SUM_TOLERANCE = 1e-3  # of a row's sum, for maps that were stored as float16

# The vectors' numbers are made by hand, so that each example tells one story.
EXAMPLES: dict[str, dict[str, Any]] = {
    # A noun says what it is like; a pronoun only says which kind it means, and fetches the rest.
    "pronoun": {
        "tokens": ["Lena", "ball", "she", "it"],
        "features": ["person", "thing", "young", "round"],
        "vectors": [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]],
        "w_q": [[2, 0], [0, 2], [0, 0], [0, 0]],
        "w_k": [[1, 0], [0, 1], [2, 0], [0, 2]],
        "w_v": [[0, 0], [0, 0], [1, 0], [0, 1]],
        "causal": False,
        "query": 3,
    },
    # A word of two meanings moves towards its neighbours' one.
    "meaning": {
        "tokens": ["the", "river", "bank", "floods"],
        "features": ["water", "money"],
        "vectors": [[0, 0], [2, 0], [1, 1], [2, 0]],
        "w_q": [[1, 0], [0, 1]],
        "w_k": [[1, 0], [0, 1]],
        "w_v": [[1, 0], [0, 1]],
        "causal": False,
        "query": 2,
    },
    # Each position is a quarter of a turn on; the query turns back by one.
    "previous": {
        "tokens": ["one", "two", "three", "four"],
        "features": ["cos", "sin"],
        "vectors": [[1, 0], [0, 1], [-1, 0], [0, -1]],
        "w_q": [[0, -4], [4, 0]],
        "w_k": [[1, 0], [0, 1]],
        "w_v": [[1, 0], [0, 1]],
        "causal": True,
        "query": 2,
    },
}


def _matrix(rows_most: int, columns_most: int, rows_least: int = 1) -> Any:
    """A check for `Checked`: rows of numbers in anything that nests like a list."""
    wanted = f"{rows_least} to {rows_most} rows of 1 to {columns_most} numbers"

    def check(value: Any) -> Matrix:
        try:
            rows = [list(row) for row in value]
        except TypeError:
            raise ValueError(f"expected {wanted}, got {value!r}") from None
        sizes = [len(row) for row in rows]
        if not rows_least <= len(rows) <= rows_most or not 1 <= sizes[0] <= columns_most:
            raise ValueError(f"expected {wanted}, got rows of {sizes}")
        if len(set(sizes)) > 1:
            raise ValueError(f"expected rows of one length, got rows of {sizes}")
        for r, row in enumerate(rows):
            for c, number in enumerate(row):
                real = isinstance(number, Real) and not isinstance(number, bool)
                if not real or not isfinite(number) or abs(float(number)) > LARGEST:
                    raise ValueError(
                        f"expected numbers from -{LARGEST} to {LARGEST}, got {number!r} "
                        f"in row {r}, column {c}"
                    )
        return [[n if isinstance(n, int) else float(n) for n in row] for row in rows]

    return check


def _words(least: int, most: int) -> Any:
    """A check for `Checked`: a list of words."""

    def check(value: Any) -> list[str]:
        fits = not isinstance(value, str) and isinstance(value, Sequence)
        if not fits or not all(isinstance(word, str) for word in value):
            raise ValueError(f"expected a list of {least} to {most} words, got {value!r}")
        if not least <= len(value) <= most:
            raise ValueError(f"expected {least} to {most} words, got {len(value)}")
        return list(value)

    return check


def _temperature(value: Any) -> float:
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not 0.1 <= float(value) <= 10:
        raise ValueError(f"expected a number from 0.1 to 10, got {value!r}")
    return float(value)


def head_pair(value: Any) -> list[int] | None:
    """A check for `Checked`: a second head, [layer, head], or None."""
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 2:
        raise ValueError(f"expected None or (layer, head), got {value!r}")
    return [whole(0)(n) for n in value]


def _sentences(value: Any) -> list[Sentence]:
    """Checked copies: [(tokens, maps (layers, heads, T, T)), ...] of one model."""
    try:
        pairs = [(list(tokens), np.asarray(maps)) for tokens, maps in value]
    except (TypeError, ValueError):
        raise ValueError(f"expected a list of (tokens, maps), got {value!r:.100}") from None
    for n, (tokens, maps) in enumerate(pairs):
        where = f"of sentence {n}"
        if not tokens or not all(isinstance(token, str) for token in tokens):
            raise ValueError(f"expected words as the tokens {where}, got {tokens!r:.100}")
        T = len(tokens)
        if maps.ndim != 4 or maps.shape[2:] != (T, T) or 0 in maps.shape:
            raise ValueError(f"expected maps (layers, heads, {T}, {T}) {where}, got {maps.shape}")
        if maps.shape[:2] != pairs[0][1].shape[:2]:
            raise ValueError(
                f"expected maps of one model, {pairs[0][1].shape[:2]} layers and heads, "
                f"got {maps.shape[:2]} {where}"
            )
        if maps.dtype.kind not in "fiu" or not np.isfinite(maps).all() or maps.min() < 0:
            raise ValueError(f"expected maps of finite numbers, none below 0, {where}")
        sums = maps.sum(axis=-1, dtype=float)
        off = (np.abs(sums - 1) > _SUM_TOLERANCE) & (sums != 0)
        if off.any():
            layer, head, row = (int(i) for i in np.argwhere(off)[0])
            raise ValueError(
                f"expected rows that sum to 1, or to 0 for nowhere, got {sums[layer, head, row]:g} "
                f"in layer {layer}, head {head}, row {row} {where}"
            )
    size = sum(maps.size for _, maps in pairs)
    if size > MOST_BYTES:
        raise ValueError(f"expected at most {MOST_BYTES} weights in all the maps, got {size}")
    return pairs


class AttentionExplorer(BookWidget):
    """Attention on a few words that can be edited, or the maps of a trained model's heads.

    Every setting goes both ways: the page follows `explorer.causal = True`, and
    `explorer.vectors` is what the reader made of them. To change the number of words, set
    everything that depends on it within `explorer.hold_trait_notifications()`.

    Args:
        mode: "small" for attention by hand, "model" for a model's maps.
        tokens: 2 to 5 words.
        features: names of the vectors' columns, shown if there are as many.
        vectors: (T, d), a row for each word, d at most 4; X below.
        w_q, w_k: (d, D), D at most 4: Q = X W_q, K = X W_k.
        w_v: (d, Dv), Dv at most 4: V = X W_v.
        scale: divide the scores by sqrt(D).
        causal: a word may attend to itself and to what is before it.
        double_softmax: the softmax of the softmax, a mistake to look at.
        temperature: 0.1 to 10, divides the scores too.
        query: the chosen word, from 0, in both modes; beyond the last one counts as the last.
        sentences: for "model": [(tokens, maps), ...], maps (layers, heads, T, T) of one model,
            from query (row) to key (column). The page gets them in steps of 1/255.
        sentence, layer, head: which map is shown, from 0 (the page counts layers and heads from
            1); too large counts as the last.
        compare: (layer, head) of a second map to show beside it, or None.
        view: "matrix" or "lines".

    Raises:
        ValueError: for any other value, and for shapes that do not fit each other, saying what
            was expected.
    """

    _shown = ("mode",)
    _default = EXAMPLES["pronoun"]

    mode = Checked(one_of(("small", "model")), "small").tag(sync=True)
    tokens = Checked(_words(2, 5), _default["tokens"]).tag(sync=True)
    features = Checked(_words(0, 4), _default["features"]).tag(sync=True)
    vectors = Checked(_matrix(5, 4, rows_least=2), _default["vectors"]).tag(sync=True)
    w_q = Checked(_matrix(4, 4), _default["w_q"]).tag(sync=True)
    w_k = Checked(_matrix(4, 4), _default["w_k"]).tag(sync=True)
    w_v = Checked(_matrix(4, 4), _default["w_v"]).tag(sync=True)
    scale = Checked(yes_or_no, True).tag(sync=True)
    causal = Checked(yes_or_no, False).tag(sync=True)
    double_softmax = Checked(yes_or_no, False).tag(sync=True)
    temperature = Checked(_temperature, 1.0).tag(sync=True)
    query = Checked(whole(0), _default["query"]).tag(sync=True)
    sentences = Checked(_sentences, [])
    sentence = Checked(whole(0), 0).tag(sync=True)
    layer = Checked(whole(0), 0).tag(sync=True)
    head = Checked(whole(0), 0).tag(sync=True)
    compare = Checked(head_pair, None).tag(sync=True)
    view = Checked(one_of(("matrix", "lines")), "matrix").tag(sync=True)

    _examples = traitlets.Dict(EXAMPLES).tag(sync=True)
    _tokens = traitlets.List().tag(sync=True)  # of each sentence
    _heads = traitlets.List().tag(sync=True)  # [layers, heads]
    _maps = traitlets.Bytes().tag(sync=True)  # all sentences' maps, one after the other

    @traitlets.validate("mode", "sentences", "tokens", "vectors", "w_q", "w_k", "w_v")
    def _fit(self, proposal: dict[str, Any]) -> Any:
        """Several traits together; within hold_trait_notifications, once at its end."""
        name, value = proposal["trait"].name, proposal["value"]
        new = {key: getattr(self, key) for key in ("mode", "sentences", "tokens", "vectors")}
        new |= {key: getattr(self, key) for key in ("w_q", "w_k", "w_v")} | {name: value}
        T, d = len(new["vectors"]), len(new["vectors"][0])
        D = len(new["w_q"][0])
        problem = None
        if new["mode"] == "model" and not new["sentences"]:
            problem = 'expected sentences for mode "model", got none'
        elif len(new["tokens"]) != T:
            problem = f"expected a vector for each token, got {T} for {len(new['tokens'])}"
        elif any(len(new[key]) != d for key in ("w_q", "w_k", "w_v")):
            got = ", ".join(str(len(new[key])) for key in ("w_q", "w_k", "w_v"))
            problem = f"expected {d} rows in w_q, w_k and w_v, as the vectors' numbers, got {got}"
        elif len(new["w_k"][0]) != D:
            problem = f"expected as many columns in w_k as in w_q, {D}, got {len(new['w_k'][0])}"
        if problem:
            raise BadValue(f"AttentionExplorer.{name}: {problem}")
        return value

    @traitlets.observe("sentences")
    def _pack(self, change: dict[str, Any]) -> None:
        pairs = change["new"]
        with self.hold_sync():
            self._tokens = [tokens for tokens, _ in pairs]
            self._heads = list(pairs[0][1].shape[:2]) if pairs else []
            self._maps = b"".join(
                np.rint(np.minimum(maps, 1) * 255).astype(np.uint8).tobytes() for _, maps in pairs
            )

    @property
    def weights(self) -> NDArray[np.floating]:
        """What is shown: the attention weights (T, T), from query (row) to key (column)."""
        if self.mode == "model":
            _, maps = self.sentences[min(self.sentence, len(self.sentences) - 1)]
            layers, heads = maps.shape[:2]
            return maps[min(self.layer, layers - 1), min(self.head, heads - 1)]
        x = np.array(self.vectors, dtype=float)
        q, k, v = (x @ np.array(w, dtype=float) for w in (self.w_q, self.w_k, self.w_v))
        scale = (q.shape[-1] ** -0.5 if self.scale else 1.0) / self.temperature
        weights = attention_weights(q, k, v, is_causal=self.causal, scale=scale)
        return softmax(weights) if self.double_softmax else weights

    @property
    def output(self) -> NDArray[np.floating]:
        """What attention by hand gives: (T, Dv).

        Raises:
            ValueError: in mode "model", which knows the maps only.
        """
        if self.mode == "model":
            raise ValueError('output: expected mode "small", got "model", which has maps only')
        return self.weights @ (np.array(self.vectors, float) @ np.array(self.w_v, float))
