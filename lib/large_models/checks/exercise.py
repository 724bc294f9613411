"""An exercise: the right function, the cases it is tried on, and the usual mistakes.

A mistake is a *wrong function*, not a wrong number. An answer is told that it is a mistake only if
it does what the mistake does in every case, and no other mistake does the same. Every other wrong
answer is told what was expected and what came, in the first case where the two differ.

Cases go from small to large, so that the first one that fails can be worked out on paper; together
they separate the right function from every mistake, and the mistakes from each other
(tests/checks/test_every_exercise.py).
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from large_models.checks.calls import (
    NOT_YET,
    NotYet,
    Outcome,
    Remark,
    call,
    echo,
    equal,
    first_difference,
    numbers,
    report,
)

Words = str | Callable[..., str]  # a sentence, or a function of a case's arguments that makes one


class Case(NamedTuple):
    """One call of the reader's function."""

    name: str  # its arguments, in words
    make: Callable[[], tuple]  # the arguments, made anew for each call


class Mistake(NamedTuple):
    """A usual mistake: what it computes, and what to say of it (without the case's name)."""

    function: Callable
    remark: Words


def case(name: str, *arguments: Any) -> Case:
    """A case with these arguments; each call gets a copy of its own."""
    return Case(name, lambda: copy.deepcopy(arguments))


@dataclass(frozen=True)
class Exercise:
    """What a check knows about one function that a reader writes.

    Attributes:
        right: the right function. The library's, where it has one.
        make_cases: gives the cases, from small to large.
        mistakes: the usual ones.
        hint: added where the function raises or has the wrong shape: what shapes there are.
        not_finite: added where the result has NaN or infinity.
        read: makes an array of what came back, as `numbers` does.
        differ: says where two arrays (got, expected) of one shape differ, in the exercise's terms.
    """

    right: Callable
    make_cases: Callable[[], Iterable[Case]]
    mistakes: Sequence[Mistake]
    hint: Words = ""
    not_finite: Words = ""
    read: Callable[[Any, str], np.ndarray] = numbers
    differ: Callable[[np.ndarray, np.ndarray], str] = first_difference

    @cached_property
    def cases(self) -> list[Case]:
        return list(self.make_cases())

    @cached_property
    def expected(self) -> list[np.ndarray]:
        """The right results."""
        outcomes = self.outcomes(self.right)
        found = [outcome.array for outcome in outcomes if outcome.array is not None]
        assert len(found) == len(outcomes), "the right function fails on its cases"
        return found

    @cached_property
    def _mistaken(self) -> list[tuple[Mistake, list[Outcome]]]:
        """Each mistake and what it gives; found once, when the first wrong answer comes."""
        return [(mistake, self.outcomes(mistake.function)) for mistake in self.mistakes]

    def outcomes(self, function: Callable) -> list[Outcome]:
        """What a function gives in each case; the rest is left out where one has run too long."""
        found: list[Outcome] = []
        for made in self.cases:
            found.append(call(function, made.make(), self.read))
            if found[-1].missing or "still running" in found[-1].fault:
                break
        return found

    def named(self, outcomes: list[Outcome]) -> Mistake | None:
        """The one mistake that does the same in every case, or None."""
        with_these = [m for m, found in self._mistaken if _same(found, outcomes)]
        return with_these[0] if len(with_these) == 1 else None

    def judge(self, answer: Any) -> str:
        """Praise, if the answer is right in all cases.

        Raises:
            NotYet: if there is no answer yet.
            Remark: about the first case in which it is wrong.
        """
        outcomes = self.outcomes(answer)
        wrong = [
            index
            for index, (outcome, expected) in enumerate(zip(outcomes, self.expected, strict=False))
            if outcome.array is None or not equal(outcome.array, expected)
        ]
        if not wrong:
            return f"Right in all {len(self.cases)} cases. The last: {self.cases[-1].name}."
        outcome, made = outcomes[wrong[0]], self.cases[wrong[0]]
        said = echo(outcome.printed)
        if outcome.missing:
            raise NotYet(NOT_YET)
        mistake = self.named(outcomes)
        if mistake:
            about = _words(mistake.remark, made)
        else:
            about = self._about(outcome, made, self.expected[wrong[0]])
        raise Remark(f"{said}{made.name}: {about}")

    def _about(self, outcome: Outcome, made: Case, expected: np.ndarray) -> str:
        got = outcome.array
        hint = _words(self.hint, made)
        if got is None:
            return f"{outcome.fault} {hint if 'raised' in outcome.fault else ''}".strip()
        if not outcome.finite and np.isfinite(expected).all():
            place = tuple(np.argwhere(~np.isfinite(got))[0].tolist())
            where = f" at {place}" if place else ""
            said = f"the function returned {got[place]}{where}, expected finite numbers."
            return f"{said} {_words(self.not_finite, made)}".strip()
        if got.shape == expected.shape:
            return self.differ(got, expected)
        said = f"the result should have shape {expected.shape}, but it has {got.shape}."
        overlap = tuple(map(slice, map(min, got.shape, expected.shape)))
        if got.ndim == expected.ndim and got.size and equal(got[overlap], expected[overlap]):
            return f"{said} Where the two overlap, its values are right: only the size is off."
        return f"{said} {hint}".strip()

    def check(self, answer: Any) -> bool | None:
        """Print the verdict: True if right, False if wrong, None if nothing is filled in yet."""
        return report(self.judge, answer)


def check_parts(parts: Sequence[tuple[str, Any, Exercise]]) -> bool | None:
    """The verdict on an exercise of several functions: name, answer and exercise of each."""

    def judge(_: None) -> str:
        praise = ""
        for name, answer, exercise in parts:
            try:
                exercise.judge(answer)
            except NotYet as remark:
                missing = f"{name} is still missing: fill it in, then run this cell again."
                raise NotYet(f"{praise}{missing}" if praise else str(remark)) from None
            except Remark as remark:
                raise Remark(f"{praise}{name}: {remark}") from None
            praise += f"{name} is right. "
        return f"Right: {' and '.join(name for name, _, _ in parts)}."

    return report(judge, None)


def _words(words: Words, made: Case) -> str:
    return words if isinstance(words, str) else words(*made.make())


def _same(these: list[Outcome], those: list[Outcome]) -> bool:
    """Whether two functions did the same in every case."""
    return len(these) == len(those) and all(
        (a.array is None and b.array is None)
        or (a.array is not None and b.array is not None and equal(a.array, b.array))
        for a, b in zip(these, those, strict=True)
    )
