"""A reader's function is called safely, and what it did is said in words."""

import signal
import threading
import time

import numpy as np
import pytest
import torch

from large_models.checks.calls import (
    NotYet,
    Remark,
    call,
    echo,
    first_difference,
    numbers,
    two_numbers,
)


def erases(x):
    x[:] = 0


def doubles(x):
    x *= 2
    return x


def for_ever(x):
    while True: pass  # noqa: E701  # fmt: skip


def stubborn(x):
    while True:
        try:
            x + 1
        except BaseException:  # noqa: BLE001  what a stubborn answer does
            pass


def floods(x):
    for i in range(100_000):
        print("line", i)
    return x


def test_a_function_that_changes_its_input_is_told_so():
    said = call(erases, (np.ones(3),))
    assert "changed its input and returned None. Return the result" in said.fault
    assert not said.missing
    assert "changed its input. Work on a copy" in call(doubles, (np.ones(3),)).fault


@pytest.mark.parametrize("argument", [np.ones(3), [np.ones(2)], iter([1, 2])])
def test_a_stub_is_told_from_a_forgotten_return(argument):
    def stub(x):
        """Nothing yet."""

    def forgets(x):
        np.sum(3)

    assert call(stub, (argument,)).missing
    assert call(lambda x: None, (argument,)).missing
    assert "Is a return missing?" in call(forgets, (argument,)).fault
    assert "printed 'one' and returned nothing" in call(lambda x: print("one"), (argument,)).fault


@pytest.mark.parametrize("function", [for_ever, stubborn])
def test_an_endless_loop_ends(function):
    assert "still running after 0.2 seconds" in call(function, (1,), seconds=0.2).fault


def test_the_limit_is_of_processor_time(monkeypatch):
    """A machine that is busy with something else makes nobody slow; one who waits has longer."""
    asked = {}
    real = signal.setitimer

    def note(timer, seconds, interval=0.0):
        asked.setdefault(timer, seconds)
        return real(timer, seconds, interval)

    monkeypatch.setattr(signal, "setitimer", note)
    assert call(lambda x: x, (1.0,), seconds=3).array == 1
    assert asked == {signal.ITIMER_PROF: 3, signal.ITIMER_REAL: 30}


def test_waiting_for_ever_ends():
    assert "still running" in call(lambda x: time.sleep(60), (1.0,), seconds=0.02).fault


def test_an_endless_loop_ends_where_there_are_no_signals():
    found = []
    thread = threading.Thread(target=lambda: found.append(call(for_ever, (1,), seconds=0.2)))
    thread.start()
    thread.join(60)
    assert "still running" in found[0].fault


def test_a_flood_is_cut():
    said = call(floods, (1,))
    assert said.array == 1
    assert echo(said.printed).count("\n") == 7 and "line 4" in echo(said.printed)
    assert echo("") == ""


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(2, requires_grad=True),
        torch.ones(2, dtype=torch.bfloat16),
        [torch.tensor(1.0, requires_grad=True), 1],
        (1, 1.0),
        np.ones(2, dtype=np.float16),
        torch.ones(2, dtype=torch.int64),
    ],
)
def test_numbers_of_every_kind_pass(value):
    np.testing.assert_array_equal(numbers(value, "It is"), [1, 1])


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([[1, 2], [3]], "a list whose parts differ in length, expected an array"),
        ("text", "a str, expected an array"),
        ({}, "a dict, expected"),
        (np.array([1j]), "an array of complex128, expected"),
        ((i for i in range(3)), "a generator, expected"),
    ],
)
def test_what_is_no_array_of_numbers_is_named(value, says):
    with pytest.raises(Remark, match=says):
        numbers(value, "It is")


def test_no_function():
    with pytest.raises(NotYet):
        call(None, ())
    with pytest.raises(Remark, match="Expected a function, got an int"):
        call(7, ())


def test_two_numbers_differ_when_they_are_said():
    assert two_numbers(13.8123, 13.8147) == ("13.812", "13.815")
    assert two_numbers(1.0, 2.0) == ("1", "2")


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


def test_where_there_are_neither_timers_nor_a_threads_clock_a_loop_still_ends(monkeypatch):
    """As in a browser."""
    monkeypatch.delattr(signal, "setitimer")
    monkeypatch.delattr(time, "thread_time")
    assert call(lambda: 3.0, ()).array == 3.0

    def endless():
        while True:
            pass

    assert "still running" in call(endless, (), seconds=0.2).fault
