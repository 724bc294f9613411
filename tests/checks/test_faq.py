"""The checks of chapter 6_faq: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
from scipy.special import softmax

from lib.checks import faq


def bits(losses, num_bytes):
    return float(np.log2(np.exp(losses)).sum()) / num_bytes


def weights(scores, may):
    out = np.zeros(len(scores))
    out[may] = softmax(scores[may])
    return out


def gap(own, new):
    return (own.mean() - new.mean()) / np.sqrt(own.var() / len(own) + new.var() / len(new))


@pytest.mark.parametrize(
    ("check", "function"),
    [("bits_per_byte", bits), ("masked_weights", weights), ("gap_in_errors", gap)],
)
def test_right_answers_pass(says, check, function):
    found, line = says(getattr(faq, check), function)
    assert found is True and line.startswith("Right, in 3 cases")


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("bits_per_byte", lambda losses, n: losses.sum() / n, "nats a byte"),
        ("bits_per_byte", lambda losses, n: np.log2(np.exp(losses)).mean(), "bits a token"),
        ("masked_weights", lambda s, may: softmax(s * may), "exp(0) is 1"),
        ("masked_weights", lambda s, may: softmax(s) * may, "no longer add up"),
        ("masked_weights", lambda s, may: 1 / 0, "ZeroDivisionError"),
        ("gap_in_errors", lambda own, new: own.mean() - new.mean(), "this is the gap itself"),
        ("gap_in_errors", lambda own, new: -gap(own, new), "the sign is turned"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(faq, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", ["bits_per_byte", "masked_weights", "gap_in_errors"])
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(faq, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("name", ["_bits_cases", "_mask_cases", "_gap_cases"])
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(faq, name)())[-1]])
