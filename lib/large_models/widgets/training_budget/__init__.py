"""A training run on paper: memory on each GPU, operations, days and cost, beside published runs.
Formulas: large_models.formulas.budget. Chapter: 5_1_trends."""

from dataclasses import asdict, fields
from typing import Any

import traitlets

from large_models.data.training_runs import RUNS
from large_models.formulas import budget
from large_models.widgets.base import BookWidget, Checked, one_of, whole

START = "BLOOM 176B"
# What the sliders reach; numbers that are typed, too. The page reads them from here.
RANGES = {
    "parameters": (1e5, 1e14),
    "tokens": (1e5, 1e15),
    "layers": (1, 1000),
    "hidden_size": (16, 131_072),
    "heads": (1, 1024),
    "seq_len": (16, 1_048_576),
    "micro_batch": (1, 1024),
    "count": (1, 1_000_000),
    "utilisation": (0.01, 1.0),
    "price": (0.0, 1e6),
    "batch": (1024.0, 1e9),
    "link": (0.1, 1000.0),
}


def _number(name: str) -> Checked:
    low, high = RANGES[name]

    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"expected a number, got {value!r}")
        if not low <= value <= high:
            raise ValueError(f"expected {low:g} to {high:g}, got {value:g}")
        return float(value)

    return Checked(check, float(getattr(RUNS[START].plan, name))).tag(sync=True)


def _count(name: str) -> Checked:
    return Checked(whole(*RANGES[name]), getattr(RUNS[START].plan, name)).tag(sync=True)


class TrainingBudget(BookWidget):
    """How much memory, how long, how much money?

    Args:
        published: a name in `data.training_runs.RUNS`, whose published figures are shown beside
            the plan's; "" for none. To take over its settings too, use `like` or `set_as`. The page
            calls a plan by this name only as long as it has all of that run's settings.
        settings: those of `formulas.budget.Run`.

    Raises:
        ValueError: for a value out of range. Values that do not fit each other (GPUs that do not
            divide into groups) are told in the page, and by `run`.
    """

    _shown = ("published", "machine", "count")

    parameters = _number("parameters")
    tokens = _number("tokens")
    utilisation = _number("utilisation")
    price = _number("price")
    batch = _number("batch")
    link = _number("link")
    layers = _count("layers")
    hidden_size = _count("hidden_size")
    heads = _count("heads")
    seq_len = _count("seq_len")
    micro_batch = _count("micro_batch")
    count = _count("count")
    tensor = Checked(whole(1, 1024), 1).tag(sync=True)
    pipeline = Checked(whole(1, 1024), 1).tag(sync=True)
    zero = Checked(whole(0, 3), 0).tag(sync=True)
    machine = Checked(one_of(tuple(budget.MACHINES)), "A100 80 GB").tag(sync=True)
    precision = Checked(one_of(tuple(budget.STATES)), "bf16").tag(sync=True)
    recompute = Checked(one_of(budget.RECOMPUTE), "none").tag(sync=True)
    published = Checked(one_of(("", *RUNS)), START).tag(sync=True)

    _ranges = traitlets.Dict().tag(sync=True)
    _machines = traitlets.Dict().tag(sync=True)
    _runs = traitlets.Dict().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**(asdict(RUNS[START].plan) | settings))
        self._ranges = {name: list(ends) for name, ends in RANGES.items()}
        self._machines = {name: asdict(machine) for name, machine in budget.MACHINES.items()}
        self._runs = {
            run.name: {
                "plan": asdict(run.plan),
                "hours": run.hours,
                "operations": run.operations,
                "stated": bool(run.stated),
                "count_known": run.count_known,
            }
            for run in RUNS.values()
        }

    @classmethod
    def like(cls, name: str, **changes: Any) -> "TrainingBudget":
        """The plan of a published run, with changes.

        Raises:
            ValueError: for a name that is not in `RUNS`.
        """
        return cls(**({"published": name} | _plan(name) | changes))

    def set_as(self, name: str) -> None:
        """Take over the settings of a published run.

        Raises:
            ValueError: for a name that is not in `RUNS`.
        """
        plan = _plan(name)
        with self.hold_sync():
            for key, value in plan.items():
                setattr(self, key, value)
            self.published = name

    @property
    def run(self) -> budget.Run:
        """The plan that is shown, for `formulas.budget`'s functions.

        Raises:
            ValueError: if its values do not fit each other.
        """
        return budget.Run(**{f.name: getattr(self, f.name) for f in fields(budget.Run)})


def _plan(name: str) -> dict[str, Any]:
    if name not in RUNS:
        raise ValueError(f"expected one of {', '.join(RUNS)}, got {name!r}")
    return asdict(RUNS[name].plan)
