"""Cases are tried in their order, and the first one that fails is spoken of."""

import numpy as np
import pytest

from lib.checks.calls import NotYet, Remark
from lib.checks.cases import make_case, try_cases, try_parts


def case(n, **options):
    """The function should double its argument."""
    x = np.arange(1.0, n + 1)
    mistakes = [(x, "it is not doubled."), (x * np.inf, "it is divided by 0.")]
    return make_case(f"n = {n}", (x,), 2 * x, mistakes, **options)


def double(x):
    return 2 * x


def test_all_right():
    assert try_cases(double, [case(1), case(3)]) == "Right, in 2 cases up to n = 3."


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: x, "^n = 1: it is not doubled.$"),
        (lambda x: 2 * x[:2], r"^n = 3: .* shape \(3,\), it has \(2,\). Where the two overlap"),
        (lambda x: 3 * x[:2], r"^n = 1: at place 0 expected 2, got 3.$"),
        (lambda x: x[None], r"^n = 1: the result should have shape \(1,\), it has \(1, 1\).$"),
        (
            lambda x: x[2],
            r"^n = 1: the function raised IndexError: .* should have shape \(1,\) here.$",
        ),
        (
            lambda x: x / 0,
            r"^n = 1: the function returned inf at \(0,\), expected finite numbers.$",
        ),
    ],
)
def test_the_first_case_that_fails_is_spoken_of(function, says):
    with pytest.raises(Remark, match=says):
        try_cases(function, [case(1), case(3)])


def test_mistakes_that_give_no_finite_numbers_are_left_out():
    assert [remark for _, remark in case(2).mistakes] == ["it is not doubled."]


def test_hints_reach_the_reader():
    with pytest.raises(Remark, match="raised ZeroDivisionError: division by zero. Think.$"):
        try_cases(lambda x: 1 / 0, [case(1, hint="Think.")])
    with pytest.raises(Remark, match="expected finite numbers. Beware.$"):
        try_cases(lambda x: x * np.nan, [case(1, not_finite="Beware.")])


def test_parts_are_tried_one_after_the_other():
    def parts(first, second):
        return [("first", first, [case(1)]), ("second", second, [case(2)])]

    assert try_parts(parts(double, double)) == "Right: first and second, in 1 cases each."
    for first, second, error, says in [
        (None, double, NotYet, "^Not yet: fill in"),
        (double, None, NotYet, "^first is right. second is not there yet: fill it in"),
        (lambda x: x, None, Remark, "^n = 1: it is not doubled.$"),
        (double, lambda x: x, Remark, "^first is right. n = 2: it is not doubled.$"),
    ]:
        with pytest.raises(error, match=says) as raised:
            try_parts(parts(first, second))
        assert raised.type is error
