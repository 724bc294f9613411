"""The checks of chapter 3_4_transformer: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lib import checks
from lib.checks import transformer
from lib.models.gpt import filter_logits
from lib.models.transformer import Rotary


def norm(x, weight, bias, eps, axis=1, ddof=0, divide=lambda var, eps: np.sqrt(var + eps)):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / divide(x.var(axis=axis, ddof=ddof, keepdims=True), eps) * weight + bias


def norm_torch(x, weight, bias, eps):
    x, weight, bias = (torch.from_numpy(a).float() for a in (x, weight, bias))
    return F.layer_norm(x, weight.shape, weight, bias, eps)


@pytest.mark.parametrize("function", [norm, norm_torch, lambda *a: norm(*a).tolist()])
def test_a_right_layer_norm_passes(function, says):
    result, said = says(checks.transformer.layer_norm, function)
    assert result is True and said.startswith("Right, in 5 cases")


def outside(var, eps):
    return np.sqrt(var) + eps


def forgets_keepdims(x, weight, bias, eps):
    return (x - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps) * weight + bias


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda *a: norm(*a, ddof=1), "x 1 x 2", "the variance is divided by C - 1"),
        (lambda *a: norm(*a, divide=outside), "x 1 x 2", "eps is added outside of the root."),
        (
            lambda *a: norm(*a, divide=outside, ddof=1),
            "x 1 x 2",
            "eps is added outside of the root, and the variance is divided by C - 1",
        ),
        (lambda x, w, b, eps: norm(x, w, b, 0), "x 1 x 2", "eps is not used"),
        (lambda *a: norm(*a, divide=lambda v, e: v + e), "x 1 x 2", "the root is missing"),
        (
            lambda x, w, b, e: norm(x, w, b, e if x.var(1).all() else 0),
            "x 2 x 3, eps 0.01, the first row all 2",
            "expected finite numbers. A row whose numbers are all alike",
        ),
        (lambda *a: norm(*a, axis=0), "x 1 x 2", "each feature is normalized over the tokens"),
        (lambda *a: norm(*a, axis=(0, 1)), "x 2 x 3", "one mean and variance is taken for all"),
        (
            lambda x, w, b, e: x / np.sqrt(x.var(1, keepdims=True) + e) * w + b,
            "x 1 x 2",
            "the mean is not taken off",
        ),
        (lambda x, w, b, e: norm(x, 1, 0, e), "x 1 x 2", "weight and bias are missing"),
        (lambda x, w, b, e: norm(x, w, 0, e), "x 1 x 2", "the bias is missing"),
        (lambda x, w, b, e: norm(x, 1, b, e), "x 1 x 2", "the weight is missing"),
        (lambda x, w, b, e: norm(x, w, w * b, e), "x 1 x 2", "first times weight, then plus bias"),
        (lambda x, w, b, e: norm(x, b, w, e), "x 1 x 2", "weight and bias are swapped"),
        (forgets_keepdims, "x 2 x 3", "raised ValueError: operands could not be broadcast"),
        (forgets_keepdims, "x 2 x 3", "should have shape (2, 1) here: keepdims=True."),
        (lambda *a: norm(*a)[0], "x 1 x 2", "should have shape (1, 2), it has (2,)"),
        (lambda *a: norm(*a) + 9, "x 1 x 2", "at row 0, column 0 expected"),
    ],
)
def test_mistakes_in_a_layer_norm_are_named(mistake, case, remark, says):
    result, said = says(checks.transformer.layer_norm, mistake)
    assert result is False and said.startswith(case) and remark in said


# --- top-p --------------------------------------------------------------------------------------


def top_p(probabilities, p, stays=lambda before, after, p: before < p, divide=True, put_back=True):
    order = np.argsort(-probabilities)
    ordered = probabilities[order]
    after = np.cumsum(ordered)
    kept = np.where(stays(after - ordered, after, p), ordered, 0)
    kept = kept / kept.sum() if divide else kept
    if put_back:
        kept[order] = kept.copy()
    return kept


def top_p_torch(probabilities, p):
    return filter_logits(torch.from_numpy(probabilities).float().log(), top_p=p).softmax(dim=-1)


def top_p_loop(probabilities, p):
    result, total = [0.0] * len(probabilities), 0.0
    for token in sorted(range(len(probabilities)), key=lambda i: -probabilities[i]):
        if total >= p:
            break
        result[token] = probabilities[token]
        total += probabilities[token]
    return [value / total for value in result]


@pytest.mark.parametrize("function", [top_p, top_p_torch, top_p_loop])
def test_a_right_top_p_passes(function, says):
    result, said = says(checks.transformer.top_p, function)
    assert result is True and said.startswith("Right, in 6 cases")


def too_few(before, after, p):
    return after <= p


def rising(probabilities, p):
    order = np.argsort(probabilities)
    ordered = probabilities[order]
    kept = np.zeros_like(probabilities)
    kept[order] = np.where(np.cumsum(ordered) - ordered < p, ordered, 0)
    return kept / kept.sum()


def unsorted(probabilities, p):
    kept = np.where(np.cumsum(probabilities) - probabilities < p, probabilities, 0)
    return kept / kept.sum()


def each(probabilities, bound):
    kept = np.where(probabilities >= bound, probabilities, 0)
    return kept / kept.sum()


FIRST, SECOND = "probabilities [0.55, 0.25, 0.15, 0.05]", "probabilities [0.25, 0.05, 0.55, 0.15]"


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda *a: top_p(*a, divide=False), FIRST, "the probabilities left do not add up to 1"),
        (lambda *a: top_p(*a, put_back=False), SECOND, "the result is sorted. Put each one back"),
        (
            lambda *a: top_p(*a, put_back=False, divide=False),
            FIRST,
            "the probabilities left do not add up to 1",
        ),
        (lambda *a: top_p(*a, stays=too_few), FIRST, "one token too few. The token with which"),
        (
            lambda *a: top_p(*a, stays=too_few, divide=False),
            FIRST,
            "one token too few, not divided",
        ),
        (
            lambda *a: top_p(*a, stays=lambda before, after, p: before <= p),
            "probabilities [0.0625, 0.25, 0.5, 0.0625, 0.125], p 0.75",
            "one token too many",
        ),
        (rising, FIRST, "the least probable tokens are kept"),
        (unsorted, SECOND, "the probabilities are added up as they come"),
        (each, FIRST, "Nothing was left to divide by"),
        (lambda x, p: each(x, 1 - p), "probabilities [0.05, ", "is compared on its own"),
        (lambda x, p: x[x > p], FIRST, "should have shape (4,), it has (0,)"),
        (lambda x, p: x[7], FIRST, "raised IndexError: "),
        (lambda x, p: x + 1, FIRST, "at place 0 expected 0.6875, got 1.55"),
    ],
)
def test_mistakes_in_top_p_are_named(mistake, case, remark, says):
    result, said = says(checks.transformer.top_p, mistake)
    assert result is False and said.startswith(case) and remark in said


def test_the_nucleus_is_the_models():
    # filter_logits draws from what is left: the same tokens, with the same probabilities.
    for case in transformer._top_p_cases():
        probabilities, p = case.arguments
        np.testing.assert_allclose(case.expected, top_p_torch(probabilities, p), atol=1e-6)


# --- rotary -------------------------------------------------------------------------------------


def turn(x, y, angles):
    return x * np.cos(angles) - y * np.sin(angles), x * np.sin(angles) + y * np.cos(angles)


def rotary(x, first=0, sign=1, halves=False, back=True, exponent=lambda i, D: -2 * i / D):
    T, D = x.shape
    angles = np.arange(first, first + T)[:, None] * 10000.0 ** exponent(np.arange(D // 2), D)
    pairs = (x[:, : D // 2], x[:, D // 2 :]) if halves else (x[:, ::2], x[:, 1::2])
    turned = turn(*pairs, sign * angles)
    if halves or not back:
        return np.concatenate(turned, axis=1)
    return np.stack(turned, axis=2).reshape(T, D)


def with_complex_numbers(x):
    T, D = x.shape
    angles = np.arange(T)[:, None] * 10000.0 ** (-np.arange(0, D, 2) / D)
    turned = (x[:, ::2] + 1j * x[:, 1::2]) * np.exp(1j * angles)
    return np.stack([turned.real, turned.imag], axis=-1).reshape(T, D)


@pytest.mark.parametrize(
    "function", [rotary, with_complex_numbers, lambda x: Rotary()(torch.from_numpy(x).float())]
)
def test_a_right_rotary_encoding_passes(function, says):
    result, said = says(checks.transformer.rotary, function)
    assert result is True and said.startswith("Right, in 5 cases")


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda x: rotary(x, halves=True), "x 2 x 4", "the first half is paired with the second"),
        (
            lambda x: rotary(x, halves=True, sign=1 if x.shape[1] == 2 else -1),
            "x 2 x 4",
            "Besides, everything is turned the other way round",
        ),
        (
            lambda x: rotary(x, halves=True, first=0 if x.shape[1] == 2 else 1),
            "x 2 x 4",
            "Besides, positions start at 1",
        ),
        (lambda x: rotary(x, back=False), "x 2 x 4", "the turned pairs stand behind each other"),
        (lambda x: rotary(x, sign=-1), "x 2 x 2", "everything is turned the other way round"),
        (lambda x: rotary(x, first=1), "x 1 x 2", "positions start at 1"),
        (
            lambda x: rotary(x, exponent=lambda i, D: -i / D),
            "x 2 x 4",
            "the exponent is -i / D, it should be",
        ),
        (lambda x: rotary(x, exponent=lambda i, D: 0 * i), "x 2 x 4", "turn by the same angle"),
        (lambda x: rotary(x, exponent=lambda i, D: 2 * i / D), "x 2 x 4", "lacks its minus"),
        (lambda x: rotary(x, exponent=lambda i, D: -2 * i), "x 2 x 4", "is not divided by D"),
        (lambda x: rotary(x)[0], "x 1 x 2", "should have shape (1, 2), it has (2,)"),
        (lambda x: rotary(x) + 1, "x 1 x 2", "at row 0, column 0 expected"),
        (lambda x: x @ x, "x 1 x 2", "raised ValueError: "),
        (lambda x: (x[:, ::2] + 1j) * 1j, "x 1 x 2", "returned an array of complex128, expected"),
    ],
)
def test_mistakes_in_a_rotary_encoding_are_named(mistake, case, remark, says):
    result, said = says(checks.transformer.rotary, mistake)
    assert result is False and said.startswith(case) and remark in said


# --- all three ----------------------------------------------------------------------------------

CHECKS = [transformer.layer_norm, transformer.top_p, transformer.rotary]


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
    assert_distinct(transformer._norm_cases())
    assert_distinct(transformer._top_p_cases())
    assert_distinct(transformer._rotary_cases())
