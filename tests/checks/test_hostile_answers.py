"""Whatever a reader's function does or raises, its check answers with one sentence."""

import sys

import numpy as np
import pytest
import torch

from large_models import checks


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError


class Rude:
    def __array__(self, *_, **__):
        raise SystemExit


def raising(error):
    def function(*_):
        raise error

    return function


def changes_its_input(x, *rest):
    x[:] = 0
    return x


def recursive(*arguments):
    return recursive(*arguments)


HOSTILE = {
    "an error": (raising(ZeroDivisionError("division by zero")), "ZeroDivisionError: division by"),
    "no message": (raising(KeyError()), "raised KeyError."),
    "a message that raises": (raising(Unspeakable()), "raised Unspeakable."),
    "many lines": (raising(ValueError("first\nsecond")), "raised ValueError: first. "),
    "leaving": (lambda *_: sys.exit(3), "raised SystemExit: 3."),
    "no base class": (raising(BaseException("odd")), "raised BaseException: odd."),
    "no end": (recursive, "raised RecursionError"),
    "NaN": (lambda x, *_: x * np.nan, "returned nan at (0, 0), expected finite numbers."),
    "infinity": (lambda *_: float("inf"), "returned inf, expected finite"),
    "text": (lambda *_: "text", "returned a str, expected an array of numbers."),
    "ragged": (lambda *_: [[1], [2, 3]], "a list whose parts differ in length"),
    "objects": (lambda *_: np.array([None]), "returned an array of object"),
    "complex": (lambda x, *_: x + 1j, "returned an array of complex128"),
    "a generator": (lambda *_: (i for i in range(3)), "returned a generator"),
    "a tensor with a graph": (lambda *_: torch.ones(2, requires_grad=True), "it has (2,)"),
    "no array at all": (lambda *_: Rude(), "returned a Rude"),
    "nothing in it": (lambda *_: [], "(0,)"),
    "not a function": (np.ones(3), "Expected a function, got an array of float64"),
    "called by mistake": (7, "Expected a function, got an int"),
    "input changed": (changes_its_input, "the function changed its input"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("check", [checks.cnn.dilated_convolution, checks.cnn.avg_pool_backward])
def test_whatever_a_function_does_is_a_sentence(check, name, capsys):
    function, says = HOSTILE[name]
    assert check(function) is False
    said = capsys.readouterr().out
    assert says in said and said.strip().endswith(".") and said.count("\n") == 1


def test_a_right_answer_that_changes_its_input_is_told_so(capsys):
    def right_but_rude(x, kernel, dilation):
        y = checks.cnn.DILATED.right(x, kernel, dilation)
        x[:] = kernel[:] = 0
        return y

    assert checks.cnn.dilated_convolution(right_but_rude) is False
    assert "changed its input. Work on a copy" in capsys.readouterr().out


def test_a_reader_may_stop_a_check():
    with pytest.raises(KeyboardInterrupt):
        checks.cnn.dilated_convolution(raising(KeyboardInterrupt()))
