"""The checks of chapter 1_background: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
from scipy import stats

from lib.checks import background


def right_time(t0, y0, t1, y1):
    return (t1 - t0) * np.log(2) / np.log(y1 / y0)


def right_fit(times, values):
    return 1 / stats.linregress(times, np.log2(values)).slope


def right_operations(parameters, active, tokens):
    used = [a or p for p, a in zip(parameters, active, strict=True)]
    return [6 * n * d for n, d in zip(used, tokens, strict=True)]


RIGHT = {
    "doubling_time": right_time,
    "doubling_fit": right_fit,
    "operations": right_operations,
}


@pytest.mark.parametrize("check", RIGHT)
def test_right_answers_pass(says, check):
    found, line = says(getattr(background, check), RIGHT[check])
    assert found is True and line.startswith("Right, in 3 cases")


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("doubling_time", lambda a, x, b, y: (b - a) / np.log(y / x), "by a factor of e"),
        ("doubling_time", lambda a, x, b, y: (b - a) / np.log10(y / x), "grow tenfold"),
        ("doubling_time", lambda a, x, b, y: np.log2(y / x) / (b - a), "Turn it round"),
        ("doubling_time", lambda a, x, b, y: 12 * right_time(a, x, b, y), "these are months"),
        ("doubling_fit", lambda t, y: np.polyfit(t, np.log2(y), 1)[0], "this is the slope"),
        ("doubling_fit", lambda t, y: 1 / np.polyfit(t, np.log(y), 1)[0], "natural logarithm"),
        ("doubling_fit", lambda t, y: np.polyfit(np.log2(y), t, 1)[0], "times are fitted"),
        ("doubling_fit", lambda t, y: right_time(t[0], y[0], t[-1], y[-1]), "first and the last"),
        ("operations", lambda n, a, d: 6 * n * d, "only those work"),
        ("operations", lambda n, a, d: 6 * a * d, "an active of 0"),
        ("operations", lambda n, a, d: 2 * np.where(a > 0, a, n) * d, "the way forward"),
        ("operations", lambda n, a, d: sum(right_operations(n, a, d)), "this is the sum"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(background, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", RIGHT)
def test_a_stub_is_not_yet_and_nonsense_is_told(says, check, stub, nonsense):
    found, line = says(getattr(background, check), stub)
    assert found is None and "Not yet" in line
    answer, remark = nonsense
    found, line = says(getattr(background, check), answer)
    assert found is False and remark in line


@pytest.mark.parametrize("name", ["_two_points", "_lines", "_trainings"])
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(background, name)())[-1]])
