"""Some fifty learning machines against time: size, data, work, and how fast they grow.
Chapter: 1_background."""

from dataclasses import asdict
from typing import Any

import traitlets

from large_models.data.milestones import (
    FIELDS,
    IMAGES,
    MILESTONES,
    QUANTITIES,
    SOURCES,
    TEXT,
    Figure,
    Milestone,
    figure_of,
    find,
)
from large_models.formulas.growth import Growth, fit_growth
from large_models.widgets.base import BookWidget, Checked, one_of, whole

ALL = "all"
FIRST, LAST = 1958, 2022  # years from which a line may be fitted
VIEWS = ("picture", "table")
SPANS = ("all", "2010")


def _row(milestone: Milestone) -> dict[str, Any]:
    def figure(value: Figure | None) -> list | None:
        return value and [value.value, value.how, value.source, value.unit]

    row = asdict(milestone) | {"time": milestone.time}
    for name in ("parameters", "data", "compute", "active"):
        row[name] = figure(getattr(milestone, name))
    return row


def _name(value: Any) -> str:
    return find(value).name


class Timeline(BookWidget):
    """When did which learning machine come, and how large was it?

    Args:
        quantity: what is up the axis: "parameters", "text" or "images" (training data in words and
            tokens, or in pictures), "compute" (floating-point operations of the training).
        field: "all", "vision", "language", "speech", "games", "multimodal" or "other".
        since: the year from which the line is fitted, 1958 to 2022.
        model: whose details are shown.
        span: "all" years, or only those since "2010".
        view: "picture" or "table".

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("quantity", "field", "since", "model")

    quantity = Checked(one_of(QUANTITIES), "parameters").tag(sync=True)
    field = Checked(one_of((ALL, *FIELDS)), ALL).tag(sync=True)
    since = Checked(whole(FIRST, LAST), 2012).tag(sync=True)
    model = Checked(_name, "AlexNet").tag(sync=True)
    span = Checked(one_of(SPANS), ALL).tag(sync=True)
    view = Checked(one_of(VIEWS), "picture").tag(sync=True)

    _rows = traitlets.List().tag(sync=True)
    _sources = traitlets.Dict().tag(sync=True)
    _units = traitlets.Dict({"text": [*TEXT], "images": [*IMAGES]}).tag(sync=True)
    _years = traitlets.List([FIRST, LAST]).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._rows = [_row(milestone) for milestone in MILESTONES]
        self._sources = {key: [source.label, source.url] for key, source in SOURCES.items()}

    @property
    def points(self) -> tuple[list[float], list[float]]:
        """Times and values of what the line is fitted to."""
        shown = [
            (milestone.time, figure.value)
            for milestone in MILESTONES
            if self.field in (ALL, milestone.field)
            and milestone.time >= self.since
            and (figure := figure_of(milestone, self.quantity))
        ]
        return [time for time, _ in shown], [value for _, value in shown]

    @property
    def growth(self) -> Growth | None:
        """The line, or None where there are fewer than three points."""
        times, values = self.points
        return fit_growth(times, values) if len(times) > 2 else None
