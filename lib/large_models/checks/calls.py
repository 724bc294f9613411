"""Calling a reader's function so that nothing it does breaks the notebook.

A function may return nothing, print instead of returning, change its input, run for ever, flood
the page, raise, or try to leave Python: each becomes a sentence, not a traceback. It runs in the
reader's own notebook, to help, so it is not safe against a reader who wants to cheat.
"""

import contextlib
import dis
import io
import pickle
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

NOT_YET = "Not yet: fill in the answer, then run this cell again."
SECONDS = 4.0  # of processor time, which one call may take: a busy machine accuses nobody
WAITING = 10  # times as long, if it computes nothing and waits
SHOWN_LINES = 5  # of what a function prints


class Remark(Exception):
    """A sentence for the reader: what is wrong with the answer."""


class NotYet(Remark):
    """A sentence for the reader: there is no answer yet."""


class _TooLong(BaseException):
    """Ends a call from inside; no `except Exception` of the reader's stops it."""


class Outcome(NamedTuple):
    """What one call gave: an array, or a sentence about why there is none."""

    array: np.ndarray | None
    fault: str = ""
    printed: str = ""
    missing: bool = False  # a stub: nothing has been filled in

    @property
    def finite(self) -> bool:
        return self.array is not None and bool(np.isfinite(self.array).all())


def report(check: Callable[..., str], answer: Any) -> bool | None:
    """Print what `check` says of the answer: True if right, False if wrong, None if missing."""
    try:
        print(check(answer))
        return True
    except NotYet as remark:
        print(remark)
        return None
    except Remark as remark:
        print(remark)
        return False


def numbers(value: Any, what: str) -> np.ndarray:
    """`value` as an array of float64: from a number, a list, an array, or a tensor of any float.

    `what` opens the sentence if it is none. NaN and infinity pass.

    Raises:
        Remark: if it is anything else.
    """
    try:
        plain = _plain(value)
    except KeyboardInterrupt:
        raise
    except BaseException:
        raise Remark(f"{what} {kind(value)}, expected an array of numbers.") from None
    try:
        array = np.asarray(plain)
    except ValueError:
        raise Remark(
            f"{what} a list whose parts differ in length, expected an array of numbers."
        ) from None
    if array.dtype.kind not in "biuf":
        raise Remark(f"{what} {kind(value)}, expected an array of numbers.")
    return array.astype(np.float64)


def _plain(value: Any) -> Any:
    """Tensors as arrays, also inside lists: detached, on the CPU, wide enough for NumPy."""
    if hasattr(value, "detach") and hasattr(value, "is_complex"):
        tensor = value.detach().cpu()
        return (tensor if tensor.is_complex() else tensor.double()).numpy()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return np.asarray(value)


def call(
    function: Callable,
    arguments: tuple,
    read: Callable[[Any, str], np.ndarray] = numbers,
    seconds: float = SECONDS,
) -> Outcome:
    """The outcome of one call of the reader's function.

    Args:
        function: the reader's.
        arguments: go into it; a change of them is a fault.
        read: makes an array of the result, as `numbers` does.
        seconds: after these the call is ended.

    Raises:
        NotYet: if the function is None or ....
        Remark: if it cannot be called.
    """
    if function is None or function is ...:
        raise NotYet(NOT_YET)
    if not callable(function):
        raise Remark(f"Expected a function, got {kind(function)}: give its name, without ( ).")
    before = _bytes(arguments)
    printed = _Kept()
    quiet = (np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"))
    try:
        with quiet[0], quiet[1], contextlib.redirect_stdout(printed), _limit(seconds):
            result = function(*arguments)
    except NotImplementedError:
        return Outcome(None, NOT_YET, printed.text, missing=True)
    except KeyboardInterrupt:  # the reader stopped it
        raise
    except _TooLong:
        fault = f"it was still running after {seconds:g} seconds: is there an endless loop?"
        return Outcome(None, fault, printed.text)
    except BaseException as error:
        return Outcome(None, f"the function raised {_message(error)}", printed.text)
    if result is None or result is ...:
        return Outcome(None, *_nothing(function, result, printed.text, _bytes(arguments) != before))
    try:
        array = read(result, "the function returned")
    except Remark as remark:
        return Outcome(None, str(remark), printed.text)
    if _bytes(arguments) != before:
        fault = "the function changed its input. Work on a copy: the original may be needed again."
        return Outcome(None, fault, printed.text)
    return Outcome(array, "", printed.text)


def _nothing(function: Callable, result: Any, printed: str, changed: bool) -> tuple:
    """Fault, what was printed, and whether there is no answer yet, of a call that gave nothing."""
    if changed:
        return "the function changed its input and returned None. Return the result.", printed
    if printed:
        first = printed.strip().split("\n")[0][:60]
        return f"the function printed {first!r} and returned nothing. Return the result.", printed
    if result is None and not _is_stub(function):
        return "the function returned None. Is a return missing?", printed
    return NOT_YET, printed, True


def _is_stub(function: Callable) -> bool:
    """Whether a function does nothing: pass, ..., a docstring, a comment."""
    code = getattr(function, "__code__", None)
    idle = {"RESUME", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE", "NOP", "POP_TOP", "CACHE"}
    return code is not None and all(step.opname in idle for step in dis.get_instructions(code))


class _Kept(io.TextIOBase):
    """A stream that keeps the first lines and forgets the flood."""

    def __init__(self) -> None:
        self.text, self.lost = "", 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if len(self.text) < 2000:
            self.text += text
        return len(text)


def echo(printed: str) -> str:
    """The first lines that a function printed, to stand before the verdict; empty if none."""
    lines = printed.rstrip().split("\n")
    if not printed.strip():
        return ""
    more = "\n  ..." if len(lines) > SHOWN_LINES or len(printed) >= 2000 else ""
    kept = "\n".join(f"  {line[:100]}" for line in lines[:SHOWN_LINES])
    return f"Your function printed:\n{kept}{more}\n"


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise `_TooLong` in the body after so many seconds: by a signal, or by tracing its steps."""
    main = threading.current_thread() is threading.main_thread()
    if hasattr(signal, "setitimer") and main:

        def end(*_: Any) -> None:
            raise _TooLong

        timers = {
            signal.SIGPROF: (signal.ITIMER_PROF, seconds),
            signal.SIGALRM: (signal.ITIMER_REAL, WAITING * seconds),
        }
        before = {number: signal.signal(number, end) for number in timers}
        for timer, after in timers.values():
            signal.setitimer(timer, after, 0.05)  # again, if something caught it
        try:
            yield
        finally:
            for number, (timer, _) in timers.items():
                signal.setitimer(timer, 0)
                signal.signal(number, before[number])
        return
    busy = getattr(time, "thread_time", time.monotonic)  # a browser has no other clock
    busy_until = busy() + seconds
    deadline = time.monotonic() + WAITING * seconds

    def trace(frame: Any, event: str, argument: Any) -> Any:
        frame.f_trace_opcodes = True  # a loop may stand on one line
        if busy() > busy_until or time.monotonic() > deadline:
            raise _TooLong
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def equal(array: np.ndarray, expected: np.ndarray) -> bool:
    """Same shape and same values, with room for float32; NaN equals NaN."""
    if array.shape != expected.shape:
        return False
    return np.allclose(array, expected, rtol=1e-4, atol=1e-4, equal_nan=True)


def first_difference(array: np.ndarray, expected: np.ndarray) -> str:
    """Where two arrays of one shape first differ, in words."""
    close = np.isclose(array, expected, rtol=1e-4, atol=1e-4)
    place = tuple(np.argwhere(~close)[0].tolist())
    where = f"at {place} "
    if len(place) == 2:
        where = f"at row {place[0]}, column {place[1]} "
    elif len(place) < 2:
        where = f"at place {place[0]} " if place else ""
    said = two_numbers(float(expected[place]), float(array[place]))
    return f"{where}expected {said[0]}, got {said[1]}."


def two_numbers(first: float, second: float) -> tuple[str, str]:
    """Two numbers that differ, with as many digits as it takes to see it."""
    said = ("", "")
    for digits in range(4, 17):
        said = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if said[0] != said[1]:
            break
    return said


def _bytes(arguments: tuple) -> bytes | None:
    """The arguments' content, to see a change; None where there is no telling."""
    try:
        return pickle.dumps(arguments)
    except Exception:
        return None


def _message(error: BaseException) -> str:
    try:
        text = str(error).strip().split("\n")[0].rstrip(".")
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}." if text else f"{type(error).__name__}."


def kind(value: Any) -> str:
    """What a value is, in words: an int, a list, an array of float64."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in tuple('aeiou') else 'a'} {name}"
