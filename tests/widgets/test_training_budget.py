"""TrainingBudget's Python side: settings in, a plan out."""

import pytest

from large_models.data.training_runs import RUNS
from large_models.formulas import budget
from large_models.widgets import TrainingBudget


@pytest.mark.parametrize("name", list(RUNS))
def test_set_as_a_published_run(name):
    widget = TrainingBudget(count=7)
    widget.set_as(name)
    assert widget.run == RUNS[name].plan and widget.published == name
    assert TrainingBudget.like(name).run == RUNS[name].plan
    assert TrainingBudget.like(name, price=2.5).run.price == 2.5
    assert TrainingBudget.like(name, published="").published == ""


def test_the_page_gets_what_it_needs():
    widget = TrainingBudget()
    assert widget.run == RUNS["BLOOM 176B"].plan
    assert set(widget._runs) == set(RUNS) and set(widget._machines) == set(budget.MACHINES)
    assert widget._runs["BLOOM 176B"]["hours"] == 1_082_990
    for name in RUNS:  # every preset lies where the sliders reach
        for key, (low, high) in widget._ranges.items():
            assert low <= getattr(RUNS[name].plan, key) <= high
    assert len(str(widget._runs)) < 20_000


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("parameters", 0, "expected 100000 to 1e.14, got 0"),
        ("tokens", "3e11", "expected a number, got '3e11'"),
        ("utilisation", 40, "expected 0.01 to 1, got 40"),
        ("count", 1.5, "expected an integer, got 1.5"),
        ("zero", 4, "expected an integer from 0 to 3, got 4"),
        ("machine", "abacus", "expected one of 'V100 32 GB', .*, got 'abacus'"),
        ("published", "GPT-5", "expected one of .*, got 'GPT-5'"),
    ],
)
def test_bad_values_are_told(key, value, message):
    widget = TrainingBudget()
    with pytest.raises(ValueError, match=f"TrainingBudget.{key}: {message}"):
        setattr(widget, key, value)


def test_values_that_do_not_fit_each_other():
    widget = TrainingBudget(count=100)
    with pytest.raises(ValueError, match="expected a multiple of tensor x pipeline = 48, got 100"):
        _ = widget.run
    with pytest.raises(ValueError, match="expected one of GPT-3 175B, .*, got 'none'"):
        widget.set_as("none")
