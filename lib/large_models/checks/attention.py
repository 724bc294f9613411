"""Checks for the exercises of chapter 3_3_self_attention: causal masks, streaming, heads.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from large_models.checks.calls import two_numbers
from large_models.checks.choices import choose
from large_models.checks.exercise import Case, Exercise, Mistake, case, check_parts
from large_models.formulas.attention import scaled_dot_product_attention, softmax

Array = np.ndarray
Block = tuple[Array, Array]  # scores (n,) and values (n, D)


def causal_attention(function: Callable) -> bool | None:
    """Check `function(query, key, value)`: query and key (T, D), value (T, Dv).

    It should return attention's output (T, Dv), scores divided by sqrt(D), where position t
    attends to the positions 0 to t only.
    """
    return CAUSAL_ATTENTION.check(function)


def leak(letter: Any) -> bool | None:
    """Check which of the four ways to mask lets the past depend on the future: a letter."""
    return choose(letter, "c", LEAKS)


def streaming(function: Callable) -> bool | None:
    """Check `function(blocks)`: an iterator over pairs of scores (n,) and values (n, D).

    It should return the mean of all values weighted by the softmax of all scores, (D,). The blocks
    can be gone through once, and each overwrites the memory of the one before.
    """
    return STREAMING.check(function)


def heads(split_heads: Callable, merge_heads: Callable) -> bool | None:
    """Check two functions that give each head its features, and put them together again.

    `split_heads(x, num_heads)` should turn (B, T, C) into (B, num_heads, T, C / num_heads), head i
    with the i-th group of neighbouring features; `merge_heads(x)` should turn that back.
    """
    return check_parts(
        [("split_heads", split_heads, SPLIT_HEADS), ("merge_heads", merge_heads, MERGE_HEADS)]
    )


def _at(*names: str) -> Callable[[Array, Array], str]:
    """Says where two arrays differ, an index for each of the names: "row 2, feature 0"."""

    def differ(got: Array, expected: Array) -> str:
        close = np.isclose(got, expected, rtol=1e-4, atol=1e-4)
        place = tuple(np.argwhere(~close)[0].tolist())
        where = ", ".join(f"{name} {index}" for name, index in zip(names, place, strict=True))
        said = two_numbers(float(expected[place]), float(got[place]))
        return f"{where}: expected {said[0]}, got {said[1]}."

    return differ


# --- causal attention ---------------------------------------------------------------------------


def _causal_cases() -> Iterable[Case]:
    # T, D and Dv differ, so that a mean or a root over the wrong axis shows.
    for T, D, Dv in [(1, 4, 2), (2, 4, 3), (3, 4, 2), (5, 9, 3)]:
        random = np.random.default_rng(10 * T + D)
        query, key = random.integers(-3, 4, (2, T, D)).astype(float)
        value = random.permutation(np.arange(1.0, T * Dv + 1)).reshape(T, Dv)
        yield case(f"T = {T}, D = {D}, value {T} x {Dv}", query, key, value)


def _past(query: Array, ahead: int = 0) -> Array:
    return np.tri(len(query), k=ahead, dtype=bool)


def _hidden(query: Array, key: Array, divisor: float, ahead: int = 0) -> Array:
    return np.where(_past(query, ahead), query @ key.T / divisor, -np.inf)


def _root(query: Array) -> float:
    return float(np.sqrt(query.shape[1]))


def _divided_by(divisor: Callable[[Array, Array], float]) -> Callable:
    return lambda q, k, v: softmax(_hidden(q, k, divisor(q, v))) @ v


def _nothing_first(q: Array, k: Array, v: Array) -> Array:
    """A position does not see itself, so that the first divides 0 by 0."""
    exponentials = np.exp(_hidden(q, k, _root(q), ahead=-1))
    return exponentials / exponentials.sum(axis=1, keepdims=True) @ v


def _all_together(q: Array, k: Array, v: Array) -> Array:
    exponentials = np.exp(_hidden(q, k, _root(q)))
    return exponentials / exponentials.sum() @ v


_MASK_FIRST = "Masked scores become -infinity, before the softmax."

CAUSAL_ATTENTION = Exercise(
    right=lambda q, k, v: scaled_dot_product_attention(q, k, v, is_causal=True),
    make_cases=_causal_cases,
    mistakes=[
        Mistake(_divided_by(lambda q, v: 1), "the scores are not divided."),
        Mistake(
            _divided_by(lambda q, v: q.shape[1]),
            lambda q, k, v: f"the scores are divided by D = {q.shape[1]}, not by its square root.",
        ),
        Mistake(
            _divided_by(lambda q, v: np.sqrt(len(q))),
            "the scores are divided by the root of T, the number of tokens. Use D, the length "
            "of a query.",
        ),
        Mistake(
            _divided_by(lambda q, v: np.sqrt(v.shape[1])),
            "the scores are divided by the root of Dv, the length of a value. Use D, the length "
            "of a query.",
        ),
        Mistake(
            _divided_by(lambda q, v: 1 / _root(q)),
            "the scores are multiplied by the root of D, not divided by it.",
        ),
        Mistake(
            lambda q, k, v: scaled_dot_product_attention(q, k, v),
            "there is no mask: position 0 sees what comes later.",
        ),
        Mistake(
            lambda q, k, v: softmax(q @ k.T) @ v,
            "there is no mask, and the scores are not divided.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q), ahead=1)) @ v,
            "the mask ends one place too late: position t sees position t + 1. Row t may attend "
            "to columns 0 to t.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q), ahead=-1)) @ v,
            "the mask ends one place too early: position t may attend to itself.",
        ),
        Mistake(
            _nothing_first,
            "the mask ends one place too early: position t may attend to itself. Otherwise the "
            "first one has nothing to look at, and its softmax divides 0 by 0.",
        ),
        Mistake(
            lambda q, k, v: (softmax(q @ k.T / _root(q)) * _past(q)) @ v,
            f"the mask comes after the softmax, so the rows do not add up to 1. {_MASK_FIRST}",
        ),
        Mistake(
            lambda q, k, v: softmax(np.where(_past(q).T, q @ k.T / _root(q), -np.inf)) @ v,
            "the mask is the wrong triangle: each position sees itself and what comes later. Row t "
            "may attend to columns 0 to t.",
        ),
        Mistake(
            lambda q, k, v: softmax(q @ k.T / _root(q) * _past(q)) @ v,
            f"masked scores are 0, and the exponential of 0 is 1, not 0. {_MASK_FIRST}",
        ),
        Mistake(
            lambda q, k, v: softmax(q @ k.T / _root(q) - ~_past(q)) @ v,
            f"masked scores are only 1 less. {_MASK_FIRST}",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q)).T).T @ v,
            "the softmax runs over the queries, so that the columns add up to 1. Each row should "
            "add up to 1: axis=-1, with keepdims=True.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q))).T @ v,
            "the weights are transposed. A row belongs to the query that asks, a column to the key "
            "that is asked.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(k, q, _root(q))) @ v,
            "query and key are swapped: row t of the scores belongs to query t.",
        ),
        Mistake(
            _all_together,
            "all the weights together add up to 1. Each row should add up to 1: axis=-1, "
            "keepdims=True.",
        ),
        Mistake(
            lambda q, k, v: softmax(softmax(_hidden(q, k, _root(q)))) @ v,
            "the softmax is taken twice, and the second one gives weight to what was masked.",
        ),
        Mistake(
            lambda q, k, v: np.exp(_hidden(q, k, _root(q))) @ v,
            "the exponentials are not divided by their sum.",
        ),
        Mistake(
            lambda q, k, v: softmax(_hidden(q, k, _root(q))),
            "these are the weights. They still have to be multiplied by the values.",
        ),
    ],
    hint=lambda q, k, v: f"key.T has shape {k.T.shape} here; the result should have {v.shape}.",
    not_finite="A softmax over nothing divides 0 by 0: position t may attend to itself.",
    differ=_at("position", "feature"),
)


# --- a leak -------------------------------------------------------------------------------------

LEAKS = {
    "a": "This is the mask as the chapter has it: a score of minus infinity gets the weight 0, "
    "whatever it was before.",
    "b": "It looks suspicious, since its softmax has seen the future. But a softmax is a ratio: "
    "what the future added to each denominator is divided out again. The weights are the same as "
    "those of a.",
    "c": "Its weights are 0 above the diagonal and add up to 1. Yet each row is divided by the "
    "standard deviation of all its scores, the masked ones too. Change a later token, and earlier "
    "rows get sharper or flatter. No test of the weights alone shows that; a changed input does.",
    "d": "The largest of all the scores, later ones included, is subtracted. But the same number "
    "subtracted from a whole row cancels in the softmax, as the bias did.",
}


# --- streaming ----------------------------------------------------------------------------------


def _through_one_memory(scores: list[Array], values: list[Array]) -> Iterator[Block]:
    """The blocks, each written over the one before, as a stream's are."""
    longest = max(map(len, scores))
    memory = np.empty(longest), np.empty((longest, values[0].shape[1]))
    for block in zip(scores, values, strict=True):
        n = len(block[0])
        for place, part in zip(memory, block, strict=True):
            place[:n] = part
        yield memory[0][:n], memory[1][:n]


def _streaming_cases() -> Iterable[Case]:
    cases = {
        "1 block of 3 scores": [[0.0, 1, 2]],
        "2 blocks, the largest score in the first": [[3.0, 2], [0, 1, -1]],
        "3 blocks, the largest score in the second": [[0.0, 1], [3, 2, 1], [2, 0]],
        "scores of about 1000": [[1000.0, 999], [1002, 1001, 1000], [998, 1000]],
        "scores of about -1000": [[-1000.0, -999], [-998, -1001, -999], [-1002, -1000]],
        "scores from 0 up to 1000": [[0.0, 1], [1000, 999, 998]],
        "scores from 1000 down to -1000": [[1000.0, 999], [0, 1, -1], [-1000, -1001]],
    }
    for number, (name, lists) in enumerate(cases.items()):
        random = np.random.default_rng(number)
        scores = [np.array(values) for values in lists]
        count, D = sum(map(len, scores)), 1 + number % 3
        values = random.permutation(np.arange(1.0, count * D + 1)).reshape(count, D) ** 2
        values = np.split(values, np.cumsum([len(s) for s in scores])[:-1])
        yield Case(
            f"{name}, D = {D}",
            lambda scores=scores, values=values: (_through_one_memory(scores, values),),
        )


def _copies(blocks: Iterator[Block]) -> list[Block]:
    return [(scores.copy(), values.copy()) for scores, values in blocks]


def _softmax_of_all(blocks: Iterable[Block]) -> Array:
    blocks = list(blocks)
    scores = np.concatenate([scores for scores, _ in blocks])
    return softmax(scores) @ np.concatenate([values for _, values in blocks])


def _carried(
    total_factor: Callable[[float], float] = np.exp,
    out_factor: Callable[[float], float] = np.exp,
    divide: bool = True,
    start: float = -np.inf,
) -> Callable:
    """The stream's sums; the two factors are functions of old largest minus new largest."""

    def function(blocks: Iterator[Block]) -> Array:
        largest, total, out = start, 0.0, 0.0
        for scores, values in blocks:
            new = max(largest, scores.max())
            exponentials = np.exp(scores - new)
            total = total * total_factor(largest - new) + exponentials.sum()
            out = out * out_factor(largest - new) + exponentials @ values
            largest = new
        return np.asarray(out / total if divide else out)

    return function


def _with_offset(offset: Callable[[Array, float], float]) -> Callable:
    """The sums just add up; offset(scores, the first block's) is subtracted from the scores."""

    def function(blocks: Iterator[Block]) -> Array:
        total, out, first = 0.0, 0.0, None
        for scores, values in blocks:
            first = scores.max() if first is None else first
            exponentials = np.exp(scores - offset(scores, first))
            total = total + exponentials.sum()
            out = out + exponentials @ values
        return np.asarray(out / total)

    return function


def _one(difference: float) -> float:
    return 1.0


def _growing(difference: float) -> float:
    return 0.0 if difference == -np.inf else float(np.exp(-difference))


def _each(blocks: Iterator[Block]) -> list[Array]:
    return [softmax(scores) @ values for scores, values in blocks]


def _sizes_matter(blocks: Iterator[Block]) -> Array:
    copies = _copies(blocks)
    return np.average(_each(iter(copies)), axis=0, weights=[len(s) for s, _ in copies])


def _latest(blocks: Iterator[Block]) -> Array:
    """The offset is each block's own largest score, and the sums before are brought to it."""
    largest, total, out = -np.inf, 0.0, 0.0
    for scores, values in blocks:
        new = scores.max()
        exponentials = np.exp(scores - new)
        total = total * np.exp(largest - new) + exponentials.sum()
        out = out * np.exp(largest - new) + exponentials @ values
        largest = new
    return np.asarray(out / total)


def _last(blocks: Iterator[Block]) -> Array:
    return _each(blocks)[-1]


STREAMING = Exercise(
    right=lambda blocks: _softmax_of_all(_copies(blocks)),
    make_cases=_streaming_cases,
    mistakes=[
        Mistake(
            _with_offset(lambda scores, first: scores.max()),
            "each block has its own largest score subtracted, and the sums are simply added up. "
            "Keep the largest of all so far, and multiply both sums by exp(old - new) when it "
            "grows.",
        ),
        Mistake(
            _with_offset(lambda scores, first: 0.0),
            "no largest score is subtracted: exponentials of 1000 are too large for a float, and "
            "those of -1000 are all 0.",
        ),
        Mistake(
            _with_offset(lambda scores, first: first),
            "the largest score of the first block is subtracted everywhere. When a much larger one "
            "comes, its exponential is too large for a float.",
        ),
        Mistake(
            _latest,
            "the largest score is that of the latest block. Where it is much smaller than an "
            "earlier one, exp(old - new) is too large for a float: keep the largest of all so far.",
        ),
        Mistake(
            _carried(start=0.0),
            "the largest score starts at 0. If all scores are far below 0, all exponentials are 0: "
            "start with -np.inf.",
        ),
        Mistake(
            _carried(_one, _one),
            "the sums are not shrunk when a larger score turns up. Multiply both by "
            "exp(old largest - new largest).",
        ),
        Mistake(
            _carried(np.exp, _one),
            "the sum of exponentials is shrunk, but the weighted sum of values is not. Both were "
            "computed with the old largest score.",
        ),
        Mistake(
            _carried(_one, np.exp),
            "the weighted sum of values is shrunk, but the sum of exponentials is not. Both were "
            "computed with the old largest score.",
        ),
        Mistake(
            _carried(_growing, _growing),
            "the sums grow where they should shrink: the factor is exp(old - new), at most 1.",
        ),
        Mistake(
            lambda blocks: np.mean(_each(blocks), axis=0),
            "each block has a softmax of its own, and the results are averaged. A block with "
            "larger scores should count for more.",
        ),
        Mistake(
            _sizes_matter,
            "each block has a softmax of its own, and counts in proportion to its length. It is "
            "the scores of a block that decide how much it counts.",
        ),
        Mistake(_last, "only the last block is left. Add each block to the sums of those before."),
        Mistake(
            lambda blocks: _each(blocks)[0],
            "only the first block is used.",
        ),
        Mistake(
            _carried(divide=False),
            "the division is missing: divide by the sum of exponentials at the end.",
        ),
        Mistake(
            lambda blocks: _softmax_of_all(blocks),
            "all blocks were kept until the end, but each one overwrites the one before. Keep only "
            "the largest score and the two sums.",
        ),
        Mistake(
            lambda blocks: np.concatenate([v for _, v in _copies(blocks)]).mean(axis=0),
            "all values count the same. Their weights are the softmax of the scores.",
        ),
    ],
    hint="blocks yields pairs of scores (n,) and values (n, D), and can be gone through only once.",
    not_finite="Exponentials overflow, or all become 0. Subtract the largest score of all blocks "
    "so far, not only that of this one or of the first.",
    differ=_at("feature"),
)


# --- heads --------------------------------------------------------------------------------------

_SIZES = [(1, 3, 6, 2), (2, 4, 6, 3), (2, 3, 20, 4)]  # B, T, C, h


def _split(x: Array, h: int) -> Array:
    B, T, C = x.shape
    return x.reshape(B, T, h, C // h).swapaxes(1, 2)


def _merge(x: Array) -> Array:
    B, h, T, D = x.shape
    return x.swapaxes(1, 2).reshape(B, T, h * D)


def _split_cases() -> Iterable[Case]:
    for B, T, C, h in _SIZES:
        x = np.arange(1.0, B * T * C + 1).reshape(B, T, C)
        yield case(f"x {B} x {T} x {C}, {h} heads", x, h)


def _merge_cases() -> Iterable[Case]:
    for B, T, C, h in _SIZES:
        x = _split(np.arange(1.0, B * T * C + 1).reshape(B, T, C), h)
        yield case(f"x {B} x {h} x {T} x {C // h}", np.ascontiguousarray(x))


def _cut(x: Array, h: int, *shape: str) -> Array:
    B, T, C = x.shape
    sizes = {"B": B, "T": T, "h": h, "D": C // h}
    return x.reshape([sizes[axis] for axis in shape])


def _first_features(x: Array, h: int) -> str:
    return f"Head 0 should get features 0 to {x.shape[-1] // h - 1} of every position."


SPLIT_HEADS = Exercise(
    right=_split,
    make_cases=_split_cases,
    mistakes=[
        Mistake(
            lambda x, h: _cut(x, h, "B", "h", "T", "D"),
            lambda x, h: (
                "this is a reshape alone, which cuts the sequence, not the features. Reshape to "
                f"(B, T, h, D), then swap T and h. {_first_features(x, h)}"
            ),
        ),
        Mistake(
            lambda x, h: _cut(x, h, "B", "T", "h", "D"),
            "T and h still have to be swapped: (B, T, h, D) to (B, h, T, D).",
        ),
        Mistake(
            lambda x, h: _cut(x, h, "B", "T", "D", "h").transpose(0, 3, 1, 2),
            lambda x, h: f"each head gets features that lie {h} apart. {_first_features(x, h)}",
        ),
        Mistake(lambda x, h: _split(x, h).swapaxes(2, 3), "T and D are swapped."),
        Mistake(
            lambda x, h: _split(x, h).swapaxes(0, 1),
            "the heads come before the sequences of the batch: (h, B, T, D). Swap these two.",
        ),
        Mistake(lambda x, h: _split(x, h)[:, ::-1], "the heads are in the opposite order."),
    ],
    hint=lambda x, h: (
        f"B, T, C is {', '.join(map(str, x.shape))} here, so the result should have shape "
        f"{_split(x, h).shape}."
    ),
    differ=_at("sequence", "head", "position", "feature"),
)

MERGE_HEADS = Exercise(
    right=_merge,
    make_cases=_merge_cases,
    mistakes=[
        Mistake(
            lambda x: x.reshape(_merge(x).shape),
            "this is a reshape alone, which mixes positions. Swap h and T first: (B, h, T, D) to "
            "(B, T, h, D), then reshape.",
        ),
        Mistake(
            lambda x: x.transpose(0, 2, 3, 1).reshape(_merge(x).shape),
            "the heads are interleaved. Head 0 should fill the first features.",
        ),
        Mistake(
            lambda x: x.swapaxes(1, 2),
            "the heads are still apart: reshape to (B, T, h * D).",
        ),
        Mistake(
            lambda x: x.sum(axis=1),
            "the heads are added up. Put them side by side: h * D features.",
        ),
        Mistake(
            lambda x: x.mean(axis=1),
            "the heads are averaged. Put them side by side: h * D features.",
        ),
        Mistake(lambda x: _merge(x[:, ::-1]), "the heads are in the opposite order."),
    ],
    hint=lambda x: (
        f"B, h, T, D is {', '.join(map(str, x.shape))} here, so the result should have shape "
        f"{_merge(x).shape}."
    ),
    differ=_at("sequence", "position", "feature"),
)
