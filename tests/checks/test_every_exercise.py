"""What every exercise owes its reader: each mistake gets its own sentence, and nobody another's."""

import importlib
import pkgutil

import numpy as np
import pytest
import torch

from large_models import checks
from large_models.checks.calls import Remark, equal
from large_models.checks.exercise import Exercise

EXERCISES = {}
for module in pkgutil.iter_modules(checks.__path__):
    for name, value in vars(importlib.import_module(f"large_models.checks.{module.name}")).items():
        if isinstance(value, Exercise) and value not in EXERCISES.values():  # imported elsewhere
            EXERCISES[f"{module.name}.{name}"] = value
MISTAKES = [
    pytest.param(exercise, mistake, id=f"{name}-{index}")
    for name, exercise in EXERCISES.items()
    for index, mistake in enumerate(exercise.mistakes)
]


def verdict(exercise, function):
    with pytest.raises(Remark) as raised:
        exercise.judge(function)
    return str(raised.value)


def remarks(exercise, mistake):
    """What may be said of a mistake: its sentence, as each case makes it."""
    if isinstance(mistake.remark, str):
        return {mistake.remark}
    return {mistake.remark(*made.make()) for made in exercise.cases}


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=list(EXERCISES))
class TestEveryExercise:
    def test_the_right_function_passes_also_as_a_list_or_a_tensor(self, exercise):
        assert exercise.judge(exercise.right).startswith("Right")
        if all(array.size for array in exercise.expected) and exercise.read.__name__ == "numbers":
            assert exercise.judge(lambda *a: np.asarray(exercise.right(*a)).tolist())
            assert exercise.judge(
                lambda *a: torch.tensor(
                    np.asarray(exercise.right(*a), dtype=np.float32), requires_grad=True
                )
            )

    def test_a_wrong_answer_that_is_no_listed_mistake_is_not_accused(self, exercise):
        if exercise.read.__name__ != "numbers":
            return
        said = verdict(exercise, lambda *a: np.asarray(exercise.right(*a)) + 1.2345)
        assert "expected" in said and "got" in said
        for mistake in exercise.mistakes:
            assert not any(remark in said for remark in remarks(exercise, mistake))

    def test_stubs_and_slips(self, exercise):
        def forgets(*arguments):
            exercise.right(*arguments)

        def prints(*arguments):
            print(3.5)

        assert "Is a return missing" in verdict(exercise, forgets)
        assert "printed '3.5' and returned nothing" in verdict(exercise, prints)
        assert verdict(exercise, lambda *a: None).startswith("Not yet")


@pytest.mark.parametrize(("exercise", "mistake"), MISTAKES)
def test_each_mistake_gets_its_own_sentence(exercise, mistake):
    outcomes = exercise.outcomes(mistake.function)
    assert any(
        outcome.array is None or not equal(outcome.array, expected)
        for outcome, expected in zip(outcomes, exercise.expected, strict=True)
    ), "the cases cannot tell this mistake from the right answer"
    said = verdict(exercise, mistake.function)
    own = remarks(exercise, mistake)
    assert any(said.endswith(remark) for remark in own), said
    assert all(remark.endswith(".") for remark in own)
