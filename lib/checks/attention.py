"""Checks for the exercises of chapter 3_3_self_attention: causal attention, streaming, heads.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from lib.checks.calls import report
from lib.checks.cases import Case, Mistakes, make_case, try_cases, try_parts
from lib.formulas.attention import scaled_dot_product_attention, softmax


def causal_attention(function: Callable) -> bool | None:
    """Check `function(query, key, value)`: query and key (T, D), value (T, Dv).

    It should return attention's output (T, Dv), scores divided by sqrt(D), where position t
    attends to the positions 0 to t only.
    """
    return report(lambda answer: try_cases(answer, list(_causal_cases())), function)


def streaming(function: Callable) -> bool | None:
    """Check `function(blocks)`: an iterator over pairs of scores (n,) and values (n, D).

    It should return the mean of all values weighted by the softmax of all scores, (D,). The blocks
    can be gone through once, and each overwrites the memory of the one before.
    """
    return report(lambda answer: try_cases(answer, list(_streaming_cases())), function)


def heads(split_heads: Callable, merge_heads: Callable) -> bool | None:
    """Check two functions that give each head its features, and put them together again.

    `split_heads(x, num_heads)` should turn (B, T, C) into (B, num_heads, T, C / num_heads), head i
    with the i-th group of neighbouring features; `merge_heads(x)` should turn that back.
    """
    parts = [
        ("split_heads", split_heads, list(_split_cases())),
        ("merge_heads", merge_heads, list(_merge_cases())),
    ]
    return report(lambda _: try_parts(parts), None)


# --- causal attention ---------------------------------------------------------------------------


def _causal_cases() -> Iterable[Case]:
    for T, D, Dv in [(1, 4, 2), (2, 4, 3), (3, 4, 4), (5, 9, 3)]:
        random = np.random.default_rng(10 * T + D)
        query, key = random.integers(-3, 4, (2, T, D)).astype(float)
        value = random.permutation(np.arange(1.0, T * Dv + 1)).reshape(T, Dv)
        yield make_case(
            f"T = {T}, D = {D}, value {T} x {Dv}",
            (query.copy(), key.copy(), value.copy()),
            scaled_dot_product_attention(query, key, value, is_causal=True),
            _causal_mistakes(query, key, value),
            f"key.T has shape {key.T.shape} here, the result should have {value.shape}.",
            not_finite="A softmax over nothing divides 0 by 0: position t may attend to itself.",
        )


def _causal_mistakes(query: np.ndarray, key: np.ndarray, value: np.ndarray) -> Mistakes:
    T, D = query.shape
    products = query @ key.T
    scores, past = products / np.sqrt(D), np.tri(T, dtype=bool)
    hidden = np.where(past, scores, -np.inf)
    right = "Masked scores become -infinity, before the softmax."
    yield softmax(np.where(past, products, -np.inf)) @ value, "the scores are not divided."
    yield (
        softmax(np.where(past, products / D, -np.inf)) @ value,
        f"the scores are divided by D = {D}, not by its root.",
    )
    if T == 1:
        return
    yield softmax(scores) @ value, "there is no mask: position 0 sees what comes later."
    yield (
        (softmax(scores) * past) @ value,
        f"the mask comes after the softmax, so the rows do not add up to 1. {right}",
    )
    yield (
        softmax(np.where(past.T, scores, -np.inf)) @ value,
        "the mask is the wrong triangle: each position sees itself and what comes later. Row t may "
        "attend to the columns 0 to t.",
    )
    yield (
        softmax(scores * past) @ value,
        f"masked scores are 0, and the exponential of 0 is 1, not 0. {right}",
    )
    yield (
        softmax(hidden.T).T @ value,
        "the softmax runs over the queries, its columns add up to 1. Each row is to add up to 1: "
        "axis=-1, with keepdims=True.",
    )
    yield softmax(hidden).T @ value, "the weights are transposed: rows ask, columns are asked."
    exponentials = np.exp(hidden - hidden.max())
    yield (
        exponentials / exponentials.sum() @ value,
        "all weights together add up to 1. Each row is to add up to 1: axis=-1, keepdims=True.",
    )


# --- streaming ----------------------------------------------------------------------------------


def _streaming_cases() -> Iterable[Case]:
    cases = {
        "1 block of 3 scores": [[0.0, 1, 2]],
        "2 blocks, the largest score in the first": [[3.0, 2], [0, 1, -1]],
        "3 blocks, the largest score in the second": [[0.0, 1], [3, 2, 1], [2, 0]],
        "scores of about 1000": [[1000.0, 999], [1002, 1001, 1000], [998, 1000]],
        "scores of about -1000": [[-1000.0, -999], [-998, -1001, -999], [-1002, -1000]],
        "scores from -1000 to 1000": [[0.0, 1], [1000, 999, 998], [-1000, -1001]],
    }
    for number, (name, lists) in enumerate(cases.items()):
        random = np.random.default_rng(number)
        scores = [np.array(values) for values in lists]
        count, D = sum(map(len, scores)), 1 + number % 3
        values = random.permutation(np.arange(1.0, count * D + 1)).reshape(count, D) ** 2
        values = np.split(values, np.cumsum([len(s) for s in scores])[:-1])
        yield make_case(
            f"{name}, D = {D}",
            (_through_one_memory(scores, values),),
            softmax(np.concatenate(scores)) @ np.concatenate(values),
            _streaming_mistakes(scores, values),
            f"blocks gives pairs of scores (n,) and values (n, {D}), once.",
            not_finite="Exponentials overflow, or all become 0. Take off the largest score of all "
            "blocks so far, not only of this one or of the first.",
        )


def _through_one_memory(
    scores: list[np.ndarray], values: list[np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The blocks, each written over the one before, as a stream's are."""
    longest = max(map(len, scores))
    memory = np.empty(longest), np.empty((longest, values[0].shape[1]))
    for block in zip(scores, values, strict=True):
        n = len(block[0])
        for place, part in zip(memory, block, strict=True):
            place[:n] = part
        yield memory[0][:n], memory[1][:n]


def _streaming_mistakes(scores: list[np.ndarray], values: list[np.ndarray]) -> Mistakes:
    blocks = list(zip(scores, values, strict=True))
    largest = [s.max() for s in scores]
    so_far = list(np.maximum.accumulate(largest))
    own = [_sums(s, v, top) for (s, v), top in zip(blocks, largest, strict=True)]
    running = [_sums(s, v, top) for (s, v), top in zip(blocks, so_far, strict=True)]
    if len(blocks) == 1:
        yield own[0][1], "the division is missing: divide by the sum of exponentials at the end."
        return
    yield (
        _ratio(own),
        "each block has its own largest score taken off, and the sums just add up. Keep the "
        "largest of all so far, and shrink both sums by exp(old - new) when it grows.",
    )
    shrinks = np.exp(-np.diff(so_far))
    if (shrinks < 1).any():
        yield (
            _ratio(running),
            "the sums are not shrunk when a larger score turns up. Multiply both by "
            "exp(old largest - new largest).",
        )
        for i, (kept, forgotten) in enumerate(
            [
                ("weighted sum of values", "sum of exponentials"),
                ("sum of exponentials", "weighted sum of values"),
            ]
        ):
            yield (
                _carried(running, shrinks, (i == 1, i == 0)),
                f"the {kept} is shrunk, the {forgotten} is not. Both belong to the old largest "
                "score.",
            )
        yield (
            _carried(running, 1 / shrinks, (True, True)),
            "the sums grow where they should shrink: the factor is exp(old - new), at most 1.",
        )
    yield (
        np.mean([total[1] / total[0] for total in own], axis=0),
        "each block has a softmax of its own, and the results are averaged. A block with larger "
        "scores counts more.",
    )
    yield own[-1][1] / own[-1][0], "only the last block is left. Add to what was there before."
    yield (
        _carried(running, shrinks, (True, True), divide=False),
        "the division is missing: divide by the sum of exponentials at the end.",
    )
    again = _replayed(scores), _replayed(values)
    yield (
        softmax(np.concatenate(again[0])) @ np.concatenate(again[1]),
        "all blocks were kept until the end, but each one overwrites the one before. Keep only the "
        "largest score and the two sums.",
    )


def _sums(scores: np.ndarray, values: np.ndarray, top: float) -> tuple[float, np.ndarray]:
    exponentials = np.exp(scores - top)
    return exponentials.sum(), exponentials @ values


def _ratio(sums: list[tuple[float, np.ndarray]]) -> np.ndarray:
    return sum(s[1] for s in sums) / sum(s[0] for s in sums)


def _carried(sums: list, shrinks: np.ndarray, which: tuple, divide: bool = True) -> np.ndarray:
    """The streaming sums, where only those of `which` (total, values) are shrunk."""
    total, out = sums[0]
    for (more_total, more_out), shrink in zip(sums[1:], shrinks, strict=True):
        total = total * (shrink if which[0] else 1) + more_total
        out = out * (shrink if which[1] else 1) + more_out
    return out / total if divide else out


def _replayed(parts: list[np.ndarray]) -> list[np.ndarray]:
    """What is left of blocks that went through one memory, if nobody copied them."""
    memory = np.empty((max(map(len, parts)), *parts[0].shape[1:]))
    for part in parts:
        memory[: len(part)] = part
    return [memory[: len(part)] for part in parts]


# --- heads --------------------------------------------------------------------------------------

_SIZES = [(1, 3, 4, 2), (2, 4, 6, 3), (2, 3, 8, 4)]  # B, T, C, h; T is not h


def _split(x: np.ndarray, h: int) -> np.ndarray:
    B, T, C = x.shape
    return x.reshape(B, T, h, C // h).swapaxes(1, 2)


def _split_cases() -> Iterable[Case]:
    for B, T, C, h in _SIZES:
        x = np.arange(1.0, B * T * C + 1).reshape(B, T, C)
        D = C // h
        neighbours = f"Head 0 is to get the features 0 to {D - 1} of every position."
        mistakes = [
            (
                x.reshape(B, h, T, D),
                "this is a reshape alone, which cuts the sequence, not the features. Reshape to "
                f"(B, T, h, D), then swap T and h. {neighbours}",
            ),
            (
                x.reshape(B, T, h, D),
                "T and h still have to be swapped: (B, T, h, D) to (B, h, T, D).",
            ),
            (
                x.reshape(B, T, D, h).transpose(0, 3, 1, 2),
                f"each head gets features that lie {h} apart. {neighbours}",
            ),
            (_split(x, h).swapaxes(2, 3), "T and D are swapped."),
        ]
        yield make_case(
            f"split_heads, x {B} x {T} x {C}, {h} heads", (x.copy(), h), _split(x, h), mistakes
        )


def _merge_cases() -> Iterable[Case]:
    for B, T, C, h in _SIZES:
        D = C // h
        merged = np.arange(1.0, B * T * C + 1).reshape(B, T, C)
        x = _split(merged, h)
        mistakes = [
            (
                x.reshape(B, T, C),
                "this is a reshape alone, which mixes positions. Swap h and T first: (B, h, T, D) "
                "to (B, T, h, D), then reshape.",
            ),
            (
                x.transpose(0, 2, 3, 1).reshape(B, T, C),
                "the heads are interleaved. Head 0 is to fill the first features.",
            ),
            (x.swapaxes(1, 2), "the heads are still apart: reshape to (B, T, h * D)."),
        ]
        yield make_case(f"merge_heads, x {B} x {h} x {T} x {D}", (x.copy(),), merged, mistakes)
