"""The checks of chapter 3_3_self_attention: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from large_models import checks
from large_models.checks import attention


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
        "Right in all 4 cases. The last: T = 5, D = 9, value 5 x 3.\n",
    )


def everywhere(T):
    return np.ones((T, T), dtype=bool)


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        # They agree with a listed mistake in the first cases, and with none in all.
        (
            lambda q, k, v: causal(q, k, v, mask=lambda T: np.tri(T, k=2, dtype=bool)),
            "T = 2",
            "position 0, feature 0: expected",
        ),
        (lambda q, k, v: causal(q, k, v, scale=np.sqrt(len(q) + 1)), "T = 2", "position 1"),
        (lambda q, k, v: q @ k @ v, "T = 1", "raised ValueError: "),
        (lambda q, k, v: q @ k @ v, "T = 1", "key.T has shape (4, 1) here"),
        (
            lambda q, k, v: causal(q, k, v) + 1,
            "T = 1",
            "position 0, feature 0: expected 2, got 3.",
        ),
        (lambda q, k, v: causal(q, k, v)[0], "T = 1", "should have shape (1, 2), but it has (2,)"),
        (
            lambda q, k, v: causal(q, k, v)[:1],
            "T = 2",
            "Where the two overlap, its values are right",
        ),
    ],
)
def test_other_causal_attention_is_told_what_was_expected(mistake, case, remark, says):
    result, said = says(checks.attention.causal_attention, mistake)
    assert result is False and said.startswith(case) and remark in said
    assert "mask" not in said and "divided" not in said


def one_ahead(query, key, value):
    return causal(query, key, value, mask=lambda T: np.tri(T, k=1, dtype=bool))


def by_tokens(query, key, value):
    return causal(query, key, value, scale=np.sqrt(len(query)))


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (one_ahead, "the mask ends one place too late"),
        (by_tokens, "divided by the root of T"),
        (lambda *a: causal(*a, mask=everywhere), "there is no mask: position 0"),
        (lambda *a: causal(*a, scale=1), "the scores are not divided."),
    ],
)
def test_neighbours_are_told_apart(mistake, remark, says):
    result, said = says(checks.attention.causal_attention, mistake)
    assert result is False and remark in said


# --- a leak -------------------------------------------------------------------------------------


@pytest.mark.parametrize("letter", attention.LEAKS)
def test_one_of_four_leaks(letter, says):
    result, said = says(checks.attention.leak, letter)
    assert result is (letter == "c") and attention.LEAKS[letter] in said


def test_no_answer_yet_about_the_leak(says):
    assert says(checks.attention.leak, ...)[0] is None
    assert says(checks.attention.leak, "e")[0] is False


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
    assert result is True and said.startswith("Right in all 7 cases")


def one_score_less(blocks):
    return streaming((scores[1:], values[1:]) for scores, values in blocks)


ONE, DOWN = "1 block of 3", "scores from 1000 down"


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda b: streaming(b, own=True), DOWN, "the largest score is that of the latest block"),
        (one_score_less, ONE, "feature 0: expected"),
        (lambda b: len(b), ONE, "raised TypeError: "),
        (lambda b: len(b), ONE, "blocks yields pairs of scores (n,) and values (n, D)"),
        (lambda b: streaming(b)[0], ONE, "should have shape (1,), but it has ()"),
        (lambda b: streaming(b) + 100, ONE, "feature 0: expected"),
    ],
)
def test_wrong_streaming_is_told_so(mistake, case, remark, says):
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
        "Right: split_heads and merge_heads.\n",
    )


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1), "this is a reshape alone"),
        (lambda x, h: split(x, h)[0], "should have shape (1, 2, 3, 3), but it has (2, 3, 3)"),
        (
            lambda x, h: split(x, h) + 1,
            "sequence 0, head 0, position 0, feature 0: expected 1, got 2.",
        ),
        (lambda x, h: x.reshape(h), "raised ValueError: cannot reshape"),
    ],
)
def test_wrong_splitting_is_told_so(mistake, remark, says):
    result, said = says(checks.attention.heads, mistake, merge)
    assert result is False and said.startswith("split_heads: x 1 x 3 x 6, 2 heads: ")
    assert remark in said


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (lambda x: x.reshape(x.shape[0], x.shape[2], -1), "this is a reshape alone"),
        (lambda x: merge(x)[..., :2], "Where the two overlap, its values are right"),
    ],
)
def test_wrong_merging_is_told_so(mistake, remark, says):
    result, said = says(checks.attention.heads, split, mistake)
    assert result is False and remark in said
    assert said.startswith("split_heads is right. merge_heads: x 1 x 2 x 3 x 3: ")


def test_the_second_function_may_come_later(says):
    result, said = says(checks.attention.heads, split, None)
    assert result is None and said.startswith("split_heads is right. merge_heads is still missing")


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
