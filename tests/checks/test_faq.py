"""The checks of chapter 6_faq: right answers in several styles, and the choice of an experiment."""

import numpy as np
import pytest
from scipy.special import softmax

from large_models.checks import faq


def bits(losses, num_bytes):
    return float(np.log2(np.exp(losses)).sum()) / num_bytes


def weights(scores, may):
    out = np.zeros(len(scores))
    out[may] = softmax(scores[may])
    return out


def with_a_large_negative_number(scores, may):
    return softmax(np.where(may, scores, -1e9))


def gap(own, new):
    return (own.mean() - new.mean()) / np.sqrt(own.var() / len(own) + new.var() / len(new))


@pytest.mark.parametrize(
    ("check", "function"),
    [
        ("bits_per_byte", bits),
        ("masked_weights", weights),
        ("masked_weights", with_a_large_negative_number),
        ("gap_in_errors", gap),
    ],
)
def test_right_answers_pass(says, check, function):
    found, line = says(getattr(faq, check), function)
    assert found is True and line.startswith("Right in all ")


def test_exponentials_that_overflow_are_explained(says):
    def plain(scores, may):
        exponentials = np.where(may, np.exp(scores), 0)
        return exponentials / exponentials.sum()

    found, line = says(faq.masked_weights, plain)
    assert found is False and "subtract from all scores the largest" in line


def test_one_experiment_tells_the_explanations_apart(says):
    assert says(faq.experiment, ...)[0] is None
    assert says(faq.experiment, "C")[0] is True
    for letter in "abd":
        found, line = says(faq.experiment, letter)
        assert found is False and faq.EXPERIMENTS[letter] in line
    assert says(faq.experiment, "e")[0] is False
