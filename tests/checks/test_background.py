"""The checks of chapter 1_background: right answers in other styles pass, choices are explained."""

import numpy as np
import pytest
from scipy import stats

from large_models.checks import background


def right_fit(times, values):
    return stats.linregress(times, np.log2(values)).slope ** -1


def right_operations(parameters, active, tokens):
    used = [a or p for p, a in zip(parameters, active, strict=True)]
    return [6 * n * d for n, d in zip(used, tokens, strict=True)]


RIGHT = {"doubling_fit": right_fit, "operations": right_operations}


@pytest.mark.parametrize("check", RIGHT)
def test_right_answers_pass(says, check):
    found, line = says(getattr(background, check), RIGHT[check])
    assert found is True and line.startswith("Right in all ")


@pytest.mark.parametrize("check", RIGHT)
def test_a_stub_is_not_yet_and_nonsense_is_told(says, check, stub, nonsense):
    found, line = says(getattr(background, check), stub)
    assert found is None and "Not yet" in line
    answer, remark = nonsense
    found, line = says(getattr(background, check), answer)
    assert found is False and remark in line


def test_a_wrong_line_with_one_right_case_is_not_accused(says):
    """The median of the slopes between neighbours is right in the smallest case, and no mistake
    that is listed."""

    def median(times, values):
        slopes = np.diff(np.log2(values)) / np.diff(times)
        return 1 / np.median(slopes)

    found, line = says(background.doubling_fit, median)
    assert found is False and "expected" in line and "got" in line


def test_the_slip_is_found_and_each_wrong_letter_explained(says):
    assert says(background.slip, "C ")[0] is True
    for letter in "abd":
        found, line = says(background.slip, letter)
        assert found is False and line.startswith(f"Not {letter}. ")
    assert says(background.slip, ...)[0] is None
    assert "Expected one of the letters a, b, c, d" in says(background.slip, 3)[1]


def test_what_the_list_lacks_is_predicted(says):
    assert says(background.with_the_missing, ...)[0] is None
    found, line = says(background.with_the_missing, 5.5)
    assert found is True and "without them it says 6.2 months" in line
    found, line = says(background.with_the_missing, 8)
    assert found is False and line.startswith("You said 8 months; it is 5.6")
