"""Answers that are not functions: one of several choices, or a number predicted before it is seen.

Every choice that is offered has its explanation, the wrong ones too: why one might think so, and
what speaks against it.
"""

from collections.abc import Mapping
from typing import Any

from large_models.checks.calls import NOT_YET, NotYet, Remark, kind, numbers, report, two_numbers


def choose(answer: Any, right: str, explanations: Mapping[str, str]) -> bool | None:
    """Check one choice out of `explanations`, {letter: what to say of it}; prints the sentence."""

    def judge(given: Any) -> str:
        if given is None or given is ...:
            raise NotYet(NOT_YET)
        letters = ", ".join(explanations)
        if not isinstance(given, str) or given.strip().lower() not in explanations:
            shown = repr(given) if isinstance(given, str) else kind(given)
            raise Remark(f"Expected one of the letters {letters}, in quotation marks; got {shown}.")
        letter = given.strip().lower()
        if letter == right:
            return f"Right. {explanations[letter]}"
        raise Remark(f"Not {letter}. {explanations[letter]}")

    return report(judge, answer)


def predict(answer: Any, truth: float, within: float, surprise: str, unit: str = "") -> bool | None:
    """Check a prediction: right if it is within `within` of the truth; `surprise` says what to see.

    The truth is said either way: predicting comes first, and being wrong is the lesson.
    """

    def judge(given: Any) -> str:
        if given is None or given is ...:
            raise NotYet("Not yet: predict first, then run this cell again.")
        array = numbers(given, "The prediction is")
        if array.shape not in ((), (1,)):
            raise Remark(f"Expected one number, got an array of shape {array.shape}.")
        value = float(array.reshape(()))
        said, got = two_numbers(truth, value) if value != truth else (f"{truth:.4g}",) * 2
        if abs(value - truth) <= within:
            return f"Right: it is {said}{unit}. {surprise}"
        raise Remark(f"You said {got}{unit}; it is {said}{unit}. {surprise}")

    return report(judge, answer)
