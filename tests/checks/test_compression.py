"""The checks of chapter 5_2_2_compression: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch

from lib import checks
from lib.checks import compression
from lib.formulas import compression as formulas
from lib.models.lora import LowRank


def right_row(row, bits):
    return formulas.dequantize(*formulas.quantize(row, bits, "tensor"))


def right_merge(weight, A, B, alpha):
    product = LowRank(weight.shape, len(A), alpha)
    with torch.no_grad():
        product.A.copy_(torch.tensor(A))
        product.B.copy_(torch.tensor(B))
        return product(torch.tensor(weight, dtype=torch.float32)).numpy()


def test_right_answers_pass(says):
    for check, function in [
        (checks.compression.quantize_row, right_row),
        (checks.compression.prune, formulas.prune),
        (checks.compression.merge, right_merge),
    ]:
        found, line = says(check, function)
        assert found is True and line.startswith("Right, in 4 cases"), line


def scaled(levels, to=np.round):
    def function(row, bits):
        scale = np.abs(row).max() / levels(bits)
        return to(row / scale) * scale if scale else row

    return function


def cut(weight, share):
    limit = np.quantile(np.abs(weight), 1 - share, method="lower")
    return np.clip(weight, -limit, limit)


def keep_share(weight, share):
    return formulas.prune(weight, 1 - share)


def signed(weight, share):
    left = weight.copy()
    left[left <= np.sort(weight, axis=None)[int(share * weight.size) - 1]] = 0
    return left


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("quantize_row", scaled(lambda b: 2**b - 1), "twice as many steps"),
        ("quantize_row", scaled(lambda b: 2 ** (b - 1)), "one less"),
        ("quantize_row", scaled(lambda b: 2 ** (b - 1) - 1, np.floor), "rounded down"),
        ("quantize_row", scaled(lambda b: 2 ** (b - 1) - 1, np.trunc), "cut off"),
        (
            "quantize_row",
            lambda row, b: np.round(row / (np.abs(row).max() / (2 ** (b - 1) - 1))),
            "these are the whole numbers",
        ),
        (
            "quantize_row",
            lambda row, b: (
                np.round(row / (np.abs(row).max() / (2 ** (b - 1) - 1)))
                * (np.abs(row).max() / (2 ** (b - 1) - 1))
            ),
            "A row of zeros",
        ),
        ("prune", signed, "Compare magnitudes"),
        ("prune", keep_share, "It should be what goes"),
        ("prune", cut, "that is clipping"),
        ("merge", lambda w, A, B, alpha: w + B @ A, "counts alpha / r times"),
        ("merge", lambda w, A, B, alpha: w + alpha * B @ A, "not divided by r"),
        ("merge", lambda w, A, B, alpha: alpha / len(A) * B @ A, "product alone"),
        ("merge", lambda w, A, B, alpha: w + alpha / len(w) * B @ A, "not of B's"),
        ("merge", lambda w, A, B, alpha: w + alpha / len(A) * A @ B, "this adds A B"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks.compression, check), mistake)
    assert found is False and remark in line, line


@pytest.mark.parametrize("check", ["quantize_row", "prune", "merge"])
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(checks.compression, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("name", ["_quantize_cases", "_prune_cases", "_merge_cases"])
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(compression, name)())[-1]])
