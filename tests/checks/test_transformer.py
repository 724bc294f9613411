"""The checks of chapter 3_4_transformer: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from large_models import checks
from large_models.checks import transformer
from large_models.models.gpt import filter_logits
from large_models.models.transformer import Rotary


def norm(x, weight, bias, eps, axis=1, ddof=0, divide=lambda var, eps: np.sqrt(var + eps)):
    centred = x - x.mean(axis=axis, keepdims=True)
    return centred / divide(x.var(axis=axis, ddof=ddof, keepdims=True), eps) * weight + bias


def norm_torch(x, weight, bias, eps):
    x, weight, bias = (torch.from_numpy(a).float() for a in (x, weight, bias))
    return F.layer_norm(x, weight.shape, weight, bias, eps)


@pytest.mark.parametrize("function", [norm, norm_torch, lambda *a: norm(*a).tolist()])
def test_a_right_layer_norm_passes(function, says):
    result, said = says(checks.transformer.layer_norm, function)
    assert result is True and said.startswith("Right in all 5 cases")


def forgets_keepdims(x, weight, bias, eps):
    return (x - x.mean(axis=1)) / np.sqrt(x.var(axis=1) + eps) * weight + bias


def rms_norm(x, weight, bias, eps):
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + eps) * weight + bias


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (
            lambda x, w, b, e: norm(x, w, b, e if x.var(1).all() else 0),
            "x 2 x 3, eps 0.01, the first row all 2",
            "expected finite numbers. A row whose numbers are all alike",
        ),
        (rms_norm, "x 1 x 2", "this is RMSNorm"),
        (forgets_keepdims, "x 2 x 3", "They should be a column (T, 1): keepdims=True."),
        (lambda *a: norm(*a)[0], "x 1 x 2", "should have shape (1, 2), but it has (2,)"),
        (lambda *a: norm(*a) + 9, "x 1 x 2", "token 0, feature 0: expected"),
        # Right on rows without a negative number, and no mistake on the list.
        (lambda x, *a: norm(np.abs(x), *a), "x", ": expected"),
    ],
)
def test_a_wrong_layer_norm_is_told_so(mistake, case, remark, says):
    result, said = says(checks.transformer.layer_norm, mistake)
    assert result is False and said.startswith(case) and remark.lower() in said.lower()


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
    assert result is True and said.startswith("Right in all 6 cases")


def each(probabilities, bound):
    kept = np.where(probabilities >= bound, probabilities, 0)
    return kept / kept.sum()


def two_of_them(probabilities, p):
    bound = np.sort(probabilities)[-2]
    return each(probabilities, bound)


FIRST, SECOND = "probabilities [0.55, 0.25, 0.15, 0.05]", "probabilities [0.25, 0.05, 0.55, 0.15]"


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (
            lambda *a: top_p(*a, put_back=False),
            SECOND,
            "the result is sorted. Put each probability back",
        ),
        (
            lambda *a: top_p(*a, put_back=False, divide=False),
            FIRST,
            "token 0: expected",
        ),
        (
            lambda *a: top_p(*a, stays=lambda before, after, p: before <= p),
            "probabilities [0.0625, 0.25, 0.5, 0.0625, 0.125], p 0.75",
            "one token too many",
        ),
        # It agrees with others in the first two cases, and is no listed mistake.
        (two_of_them, "probabilities [0.1, 0.7, 0.2], p 0.4", "token 1: expected 1, got 0.7778."),
        (lambda x, p: x[x > p], FIRST, "should have shape (4,), but it has (0,)"),
        (lambda x, p: x[7], FIRST, "raised IndexError: "),
        (lambda x, p: x + 1, FIRST, "token 0: expected 0.6875, got 1.55"),
    ],
)
def test_a_wrong_top_p_is_told_so(mistake, case, remark, says):
    result, said = says(checks.transformer.top_p, mistake)
    assert result is False and said.startswith(case) and remark in said


def test_the_nucleus_is_the_models():
    # filter_logits draws from what is left: the same tokens, with the same probabilities.
    exercise = transformer.TOP_P
    for made, expected in zip(exercise.cases, exercise.expected, strict=True):
        np.testing.assert_allclose(expected, top_p_torch(*made.make()), atol=1e-6)


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
    assert result is True and said.startswith("Right in all 5 cases")


def in_place(x):
    angles = np.arange(len(x))[:, None] * 10000.0 ** (-np.arange(0, x.shape[1], 2) / x.shape[1])
    x = x.copy()
    x[:, ::2] = x[:, ::2] * np.cos(angles) - x[:, 1::2] * np.sin(angles)
    x[:, 1::2] = x[:, ::2] * np.sin(angles) + x[:, 1::2] * np.cos(angles)
    return x


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (in_place, "x 2 x 2", "computed from the first after that one has been turned"),
        (
            lambda x: rotary(x, halves=True, sign=1 if x.shape[1] == 2 else -1),
            "x 2 x 4",
            "position 1, feature 0: expected",
        ),
        (lambda x: rotary(x, first=2), "x 1 x 2", "position 0, feature 0: expected"),
        (lambda x: rotary(x)[0], "x 1 x 2", "should have shape (1, 2), but it has (2,)"),
        (lambda x: x @ x, "x 1 x 2", "raised ValueError: "),
        (lambda x: (x[:, ::2] + 1j) * 1j, "x 1 x 2", "returned an array of complex128, expected"),
    ],
)
def test_a_wrong_rotary_encoding_is_told_so(mistake, case, remark, says):
    result, said = says(checks.transformer.rotary, mistake)
    assert result is False and said.startswith(case) and remark in said


# --- a prediction, and a mixture ----------------------------------------------------------------


def test_a_prediction_is_answered_with_the_truth(says):
    for guess, right in ((1.53, True), (1.2, False), (torch.tensor(1.5), True)):
        result, said = says(checks.transformer.short_context, guess, 1.535, 1.48)
        assert result is right and "1.535" in said and "Counting has 1.48" in said
    assert says(checks.transformer.short_context, None, 1.535, 1.48)[0] is None


@pytest.fixture
def two_models():
    """Probabilities of 1,000 tokens; each model is good where the other one is bad."""
    good = np.where(np.arange(1000) % 3 > 0, 0.6, 0.01)
    return good, np.where(np.arange(1000) % 3 > 0, 0.02, 0.5), 3000


@pytest.mark.parametrize(
    ("weight", "right", "remark"),
    [
        (0.6, True, "bits per byte on text that played no part"),
        ([0.6], True, "the GPT alone has 0."),
        (torch.tensor(0.6, requires_grad=True), True, "counting alone 1."),
        (1, False, "A share of 1 means one of the two alone."),
        (0.9999, False, "by at least 0.07"),
        (60, False, "that looks like a percentage"),
        (-0.1, False, "Expected a share from 0 to 1, got -0.1."),
        ([0.4, 0.6], False, "Expected one number, got an array of shape (2,)."),
        ("half", False, "The weight is a str"),
    ],
)
def test_a_mixture_is_judged(weight, right, remark, two_models, says):
    result, said = says(checks.transformer.mixture, weight, *two_models)
    assert result is right and remark in said


def test_no_mixture_yet(two_models, says):
    assert says(checks.transformer.mixture, ..., *two_models)[0] is None


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
