"""The checks of chapter 5_1_trends: right answers pass, each usual mistake is named."""

import numpy as np
import pytest

from lib.checks import trends


def slope(size, loss, floor):
    return -np.polyfit(np.log(size), np.log(loss - floor), 1)[0]


def count(T, window):
    return int(np.tril(np.triu(np.ones((T, T)), 1 - window)).sum())


@pytest.mark.parametrize(("check", "function"), [("power", slope), ("window_scores", count)])
def test_right_answers_pass(says, check, function):
    found, line = says(getattr(trends, check), function)
    assert found is True and line.startswith("Right, in")


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("power", lambda n, y, floor: slope(n, y, 0 * floor), "the floor is not taken off"),
        ("power", lambda n, y, floor: -slope(n, y, floor), "the sign is turned"),
        ("window_scores", lambda T, window: T * window, "fewer before them"),
        ("window_scores", lambda T, window: T**2, "without mask or window"),
        ("window_scores", lambda T, window: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(trends, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", ["power", "window_scores"])
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(trends, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("name", ["_power_cases", "_window_cases"])
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(trends, name)())[-1]])
