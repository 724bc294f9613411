"""The checks of chapter 3_3_self_attention: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lib import checks
from lib.checks import attention


def softmax(scores, axis=-1):
    exponentials = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def causal(query, key, value, scale=None, mask=None, hidden=-np.inf, axis=-1):
    T, D = query.shape
    scores = query @ key.T / (np.sqrt(D) if scale is None else scale)
    mask = np.tri(T, dtype=bool) if mask is None else mask(T)
    return softmax(np.where(mask, scores, hidden), axis) @ value


def with_torch(query, key, value):
    tensors = (torch.from_numpy(x).float() for x in (query, key, value))
    return F.scaled_dot_product_attention(*tensors, is_causal=True)


@pytest.mark.parametrize("function", [causal, with_torch, lambda *a: causal(*a).tolist()])
def test_right_causal_attention_passes(function, says):
    assert says(checks.attention.causal_attention, function) == (
        True,
        "Right, in 4 cases up to T = 5, D = 9, value 5 x 3.\n",
    )


def masks_after(query, key, value):
    return np.tril(softmax(query @ key.T / np.sqrt(query.shape[1]))) @ value


def transposed(query, key, value):
    scores = query @ key.T / np.sqrt(query.shape[1])
    weights = softmax(np.where(np.tri(len(query), dtype=bool), scores, -np.inf))
    return weights.T @ value


def all_together(query, key, value):
    scores = query @ key.T / np.sqrt(query.shape[1])
    scores = np.where(np.tri(len(query), dtype=bool), scores, -np.inf)
    return np.exp(scores) / np.exp(scores).sum() @ value


def everywhere(T):
    return np.ones((T, T), dtype=bool)


def later(T):
    return np.tri(T, dtype=bool).T


def strictly_before(T):
    return np.tri(T, k=-1, dtype=bool)


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda *a: causal(*a, scale=1), "T = 2, D = 4", "the scores are not divided"),
        (lambda *a: causal(*a, scale=a[0].shape[1]), "T = 2, D = 4", "are divided by D = 4, not"),
        (lambda *a: causal(*a, mask=everywhere), "T = 2", "there is no mask"),
        (masks_after, "T = 2", "the mask comes after the softmax"),
        (lambda *a: causal(*a, mask=later), "T = 2", "the mask is the wrong triangle"),
        (lambda *a: causal(*a, hidden=0), "T = 2", "masked scores are 0"),
        (lambda *a: causal(*a, axis=0), "T = 2", "the softmax runs over the queries"),
        (transposed, "T = 2", "the weights are transposed"),
        (all_together, "T = 2", "all weights together add up to 1"),
        (lambda *a: causal(*a, mask=strictly_before), "T = 1", "position t may attend to itself"),
        (lambda q, k, v: q @ k @ v, "T = 1", "raised ValueError: "),
        (lambda q, k, v: q @ k @ v, "T = 1", "key.T has shape (4, 1) here"),
        (lambda q, k, v: causal(q, k, v) + 1, "T = 1", "at row 0, column 0 expected 2, got 3."),
        (lambda q, k, v: causal(q, k, v)[0], "T = 1", "should have shape (1, 2), it has (2,)"),
        (
            lambda q, k, v: causal(q, k, v)[:1],
            "T = 2",
            "Where the two overlap its values are right",
        ),
    ],
)
def test_mistakes_in_causal_attention_are_named(mistake, case, remark, says):
    result, said = says(checks.attention.causal_attention, mistake)
    assert result is False and said.startswith(case) and remark in said


# --- streaming ----------------------------------------------------------------------------------


def streaming(blocks, shrink_total=True, shrink_out=True, own=False, grow=False, divide=True):
    largest, total, out = -np.inf, 0.0, 0.0
    for scores, values in blocks:
        new = scores.max() if own else max(largest, scores.max())
        shrink = np.exp(largest - new)
        if grow and np.isfinite(largest):
            shrink = 1 / shrink
        exponentials = np.exp(scores - new)
        total = total * (shrink if shrink_total else 1) + exponentials.sum()
        out = out * (shrink if shrink_out else 1) + exponentials @ values
        largest = new
    return out / total if divide else out


def with_copies(blocks):
    scores, values = zip(*[(s.copy(), v.copy()) for s, v in blocks], strict=True)
    return softmax(np.concatenate(scores)) @ np.concatenate(values)


def one_by_one(blocks):
    """Largest, sum and mean, score by score: the running mean needs no division at the end."""
    largest, total, mean = -np.inf, 0.0, 0.0
    for scores, values in blocks:
        for score, value in zip(scores, values, strict=True):
            new = max(largest, score)
            total = total * np.exp(largest - new) + np.exp(score - new)
            mean = mean + (value - mean) * np.exp(score - new) / total
            largest = new
    return mean


@pytest.mark.parametrize("function", [streaming, with_copies, one_by_one])
def test_right_streaming_passes(function, says):
    result, said = says(checks.attention.streaming, function)
    assert result is True and said.startswith("Right, in 6 cases")


def naive(blocks):
    total, out = 0.0, 0.0
    for scores, values in blocks:
        total, out = total + np.exp(scores).sum(), out + np.exp(scores) @ values
    return out / total


def first_largest(blocks):
    """Takes off the first block's largest score for ever: right until a later one overflows."""
    largest, total, out = None, 0.0, 0.0
    for scores, values in blocks:
        largest = scores.max() if largest is None else largest
        total += np.exp(scores - largest).sum()
        out = out + np.exp(scores - largest) @ values
    return out / total


def keeps_all(blocks):
    scores, values = zip(*blocks, strict=True)
    return softmax(np.concatenate(scores)) @ np.concatenate(values)


def averages(blocks):
    return np.mean([softmax(scores) @ values for scores, values in blocks], axis=0)


def only_last(blocks):
    for scores, values in blocks:
        result = softmax(scores) @ values
    return result


TWO, THREE = "2 blocks, the largest score in the first", "3 blocks, the largest score in the second"


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (
            lambda b: streaming(b, False, False, own=True),
            TWO,
            "each block has its own largest score taken off",
        ),
        (lambda b: streaming(b, False, False), THREE, "the sums are not shrunk"),
        (
            lambda b: streaming(b, shrink_total=False),
            THREE,
            "the weighted sum of values is shrunk, the sum of exponentials is not",
        ),
        (
            lambda b: streaming(b, shrink_out=False),
            THREE,
            "the sum of exponentials is shrunk, the weighted sum of values is not",
        ),
        (lambda b: streaming(b, grow=True), THREE, "the sums grow where they should shrink"),
        (lambda b: streaming(b, divide=False), "1 block of 3", "the division is missing"),
        (averages, TWO, "each block has a softmax of its own"),
        (only_last, TWO, "only the last block is left"),
        (keeps_all, TWO, "all blocks were kept until the end, but each one overwrites"),
        (
            lambda b: streaming(b, own=True),
            "scores from -1000 to 1000",
            "of all blocks so far, not only of this one or of the first",
        ),
        (first_largest, "scores from -1000 to 1000", "expected finite numbers"),
        (naive, "scores of about 1000", "expected finite numbers. Exponentials overflow"),
        (lambda b: len(b), "1 block of 3", "raised TypeError: "),
        (lambda b: len(b), "1 block of 3", "blocks gives pairs of scores (n,) and values (n, 1)"),
        (lambda b: streaming(b)[0], "1 block of 3", "should have shape (1,), it has ()"),
        (lambda b: streaming(b) + 100, "1 block of 3", "at place 0 expected"),
    ],
)
def test_mistakes_in_streaming_are_named(mistake, case, remark, says):
    result, said = says(checks.attention.streaming, mistake)
    assert result is False and said.startswith(case) and remark in said


# --- heads --------------------------------------------------------------------------------------


def split(x, h):
    B, T, C = x.shape
    return x.reshape(B, T, h, C // h).swapaxes(1, 2)


def merge(x):
    B, h, T, D = x.shape
    return x.swapaxes(1, 2).reshape(B, T, h * D)


def split_torch(x, h):
    return torch.stack(torch.from_numpy(x).chunk(h, dim=-1), dim=1)


def merge_torch(x):
    return torch.cat(torch.from_numpy(x).unbind(dim=1), dim=-1)


@pytest.mark.parametrize("functions", [(split, merge), (split_torch, merge_torch)])
def test_right_heads_pass(functions, says):
    assert says(checks.attention.heads, *functions) == (
        True,
        "Right: split_heads and merge_heads, in 3 cases each.\n",
    )


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (
            lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1),
            "this is a reshape alone, which cuts the sequence",
        ),
        (lambda x, h: x.reshape(*x.shape[:2], h, -1), "T and h still have to be swapped"),
        (
            lambda x, h: x.reshape(*x.shape[:2], -1, h).transpose(0, 3, 1, 2),
            "each head gets features that lie 2 apart",
        ),
        (lambda x, h: split(x, h).swapaxes(2, 3), "T and D are swapped"),
        (lambda x, h: split(x, h)[0], "should have shape (1, 2, 3, 2), it has (2, 3, 2)"),
        (lambda x, h: split(x, h) + 1, "at (0, 0, 0, 0) expected 1, got 2."),
        (lambda x, h: x.reshape(h), "raised ValueError: cannot reshape"),
    ],
)
def test_mistakes_in_splitting_are_named(mistake, remark, says):
    result, said = says(checks.attention.heads, mistake, merge)
    assert result is False and said.startswith("split_heads, x 1 x 3 x 4, 2 heads: ")
    assert remark in said


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (
            lambda x: x.reshape(x.shape[0], x.shape[2], -1),
            "this is a reshape alone, which mixes positions",
        ),
        (
            lambda x: x.transpose(0, 2, 3, 1).reshape(x.shape[0], x.shape[2], -1),
            "the heads are interleaved",
        ),
        (lambda x: x.swapaxes(1, 2), "the heads are still apart"),
        (lambda x: merge(x)[..., :2], "Where the two overlap its values are right"),
    ],
)
def test_mistakes_in_merging_are_named(mistake, remark, says):
    result, said = says(checks.attention.heads, split, mistake)
    assert result is False and remark in said
    assert said.startswith("split_heads is right. merge_heads, x 1 x 2 x 3 x 2: ")


def test_the_second_function_may_come_later(says):
    result, said = says(checks.attention.heads, split, None)
    assert result is None and said.startswith("split_heads is right. merge_heads is not there yet")


# --- all three ----------------------------------------------------------------------------------

CHECKS = [
    attention.causal_attention,
    attention.streaming,
    lambda f: attention.heads(f, merge),
]


@pytest.mark.parametrize("check", CHECKS)
def test_a_stub_is_not_yet_an_answer(check, stub, says):
    result, said = says(check, stub)
    assert result is None and said.startswith("Not yet")


@pytest.mark.parametrize("check", CHECKS)
def test_nonsense_gets_a_sentence(check, nonsense, says):
    answer, remark = nonsense
    result, said = says(check, answer)
    assert result is False and remark in said


def test_no_two_mistakes_look_alike(assert_distinct):
    assert_distinct(attention._causal_cases())
    assert_distinct(attention._streaming_cases())
    assert_distinct(attention._split_cases())
    assert_distinct(attention._merge_cases())
