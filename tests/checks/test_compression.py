"""The checks of chapter 5_2_2_compression: right answers in several styles, and a smaller LeNet."""

import numpy as np
import pytest
import torch

from large_models import checks
from large_models.checks import compression
from large_models.formulas import compression as formulas
from large_models.models.lora import LowRank
from large_models.widgets import Compressor


def right_row(row, bits):
    return formulas.dequantize(*formulas.quantize(row, bits, "tensor"))


def with_a_quantile(weight, share):
    limit = np.quantile(np.abs(weight), share) if share < 1 else np.inf
    return np.where(np.abs(weight) >= limit, weight, 0)


def right_merge(weight, A, B, alpha):
    product = LowRank(weight.shape, len(A), alpha)
    with torch.no_grad():
        product.A.copy_(torch.tensor(A))
        product.B.copy_(torch.tensor(B))
        return product(torch.tensor(weight, dtype=torch.float32)).numpy()


@pytest.mark.parametrize(
    ("check", "function"),
    [
        ("quantize_row", right_row),
        ("prune", formulas.prune),
        ("prune", with_a_quantile),
        ("merge", right_merge),
    ],
)
def test_right_answers_pass(says, check, function):
    found, line = says(getattr(checks.compression, check), function)
    assert found is True and line.startswith("Right in all "), line


def test_a_row_of_zeros_is_explained(says):
    def careless(row, bits):
        scale = np.abs(row).max() / (2 ** (bits - 1) - 1)
        return np.round(row / scale) * scale

    found, line = says(checks.compression.quantize_row, careless)
    assert found is False and "A row of zeros has the scale 0" in line


GOOD = {"conv1": (4, 0), "conv2": (3, 20), "hidden": (3, 60), "output": (4, 0)}


class TestSmaller:
    def test_what_it_counts_is_what_the_widget_counts(self):
        kilobytes, read = compression.shrink(compression.BASELINE)
        shown = Compressor(bits=3, per="row")
        assert kilobytes == pytest.approx(shown.kilobytes)
        assert read["held-out"] == pytest.approx(shown.accuracy)

    def test_better_than_the_baseline_passes(self, says):
        found, line = says(compression.smaller, GOOD)
        assert found is True and "Of the held-out digits, which must not guide" in line

    def test_the_baseline_itself_does_not(self, says):
        found, line = says(compression.smaller, compression.BASELINE)
        assert found is False and "6.89 KB" in line

    def test_too_few_digits_or_no_settings_are_told(self, says):
        found, line = says(compression.smaller, dict.fromkeys(compression.LAYERS, (2, 0)))
        assert found is False and "at least 98%" in line
        assert says(compression.smaller, None)[0] is None
        assert says(compression.smaller, ...)[0] is None
        for bad, part in [
            ([3, 3, 3, 3], "got a list"),
            ({"conv1": (3, 0)}, "a setting for each of conv1, conv2, hidden, output"),
            (GOOD | {"conv1": 3}, "Conv1: expected (bits, percent pruned)"),
            (GOOD | {"conv1": (9, 0)}, "Conv1: expected (bits, percent pruned)"),
            (GOOD | {"conv1": (3, 101)}, "Conv1: expected (bits, percent pruned)"),
        ]:
            found, line = says(compression.smaller, bad)
            assert found is False and part in line, line
