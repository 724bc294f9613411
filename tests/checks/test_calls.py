"""A reader's function is called safely, and what it did is said in words."""

import numpy as np
import pytest

from lib.checks.calls import NotYet, Remark, call, first_difference, numbers


def erases(x):
    x[:] = 0


def test_a_function_that_changes_its_input_and_returns_nothing_is_told_so():
    with pytest.raises(
        Remark, match="changed its input and returned None. Return the result"
    ) as raised:
        call(erases, "a case", np.ones(3))
    assert not isinstance(raised.value, NotYet)


def test_one_that_returns_nothing_and_changes_nothing_is_a_stub():
    for argument in (np.ones(3), [np.ones(2)], iter([1, 2]), (i for i in range(2))):
        with pytest.raises(NotYet):
            call(lambda x: None, "a case", argument)


def test_numbers_that_are_not_finite_bring_their_own_hint():
    with pytest.raises(
        Remark, match=r"returned nan at \(1,\), expected finite numbers. Try this.$"
    ):
        call(lambda: [1, float("nan")], "a case", not_finite="Try this.")
    with pytest.raises(Remark, match=r"expected finite numbers.$"):
        numbers(np.inf, "It is")


def test_what_came_back_may_be_read_in_another_way():
    assert call(lambda: {"a": 3}, "a case", read=lambda value, *_: np.array(value["a"])) == 3


@pytest.mark.parametrize(
    ("shape", "place", "says"),
    [
        ((), (), "expected 0, got 1."),
        ((3,), (2,), "at place 2 expected 0, got 1."),
        ((2, 3), (1, 2), "at row 1, column 2 expected 0, got 1."),
        ((2, 3, 2), (1, 0, 1), "at (1, 0, 1) expected 0, got 1."),
    ],
)
def test_the_first_difference_is_located_in_any_shape(shape, place, says):
    got = np.zeros(shape)
    got[place] = 1
    assert first_difference(got, np.zeros(shape)) == says
