"""The exercise of chapter 3_3_self_attention that reads keys and values block by block.

Each exercise is the right function, its cases, and the usual mistakes: see `checks.exercise`.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from large_models.checks.differences import at
from large_models.checks.exercise import Case, Exercise, Mistake
from large_models.formulas.attention import softmax

Array = np.ndarray
Block = tuple[Array, Array]  # scores (n,) and values (n, D)


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
    differ=at("feature"),
)
