"""Timeline's Python side: it shows the milestones, and fits what it shows."""

import numpy as np
import pytest

from large_models.data.milestones import MILESTONES, SOURCES, figure_of
from large_models.formulas.growth import fit_growth
from large_models.widgets.timeline import Timeline


def test_rows_are_the_milestones():
    widget = Timeline()
    assert [row["name"] for row in widget._rows] == [m.name for m in MILESTONES]
    for row, milestone in zip(widget._rows, MILESTONES, strict=True):
        assert row["time"] == milestone.time
        for name in ("parameters", "data", "compute", "active"):
            figure = getattr(milestone, name)
            if figure is None:
                assert row[name] is None
            else:
                assert row[name] == [figure.value, figure.how, figure.source, figure.unit]
                assert figure.source in widget._sources
    assert widget._sources == {key: [s.label, s.url] for key, s in SOURCES.items()}


def test_the_line_is_fitted_to_what_is_shown():
    widget = Timeline(quantity="text", field="language", since=2018)
    chosen = [
        m
        for m in MILESTONES
        if m.field == "language" and m.time >= 2018 and figure_of(m, "text") is not None
    ]
    times, values = widget.points
    assert times == [m.time for m in chosen]
    assert values == [m.data.value for m in chosen]
    assert widget.growth == fit_growth(times, values)
    assert Timeline(quantity="images", field="games").growth is None


def test_growth_since_2012_is_faster_than_from_the_start():
    for quantity in ("parameters", "compute"):
        since_2012 = Timeline(quantity=quantity).growth
        from_start = Timeline(quantity=quantity, since=1958).growth
        assert since_2012.doublings[1] < from_start.doublings[0]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("quantity", "size", "expected one of 'parameters', .*, got 'size'"),
        ("field", "cooking", "expected one of 'all', 'vision', .*, got 'cooking'"),
        ("since", 1957, "expected an integer from 1958 to 2022, got 1957"),
        ("since", 2012.5, "expected an integer, got 2012.5"),
        ("model", "HAL 9000", "expected one of Perceptron, .*, got 'HAL 9000'"),
        ("span", "1990", "expected one of 'all', '2010', got '1990'"),
        ("view", "film", "expected one of 'picture', 'table', got 'film'"),
    ],
)
def test_bad_values_are_told(key, value, message):
    widget = Timeline()
    with pytest.raises(ValueError, match=f"Timeline.{key}: .*{message}"):
        setattr(widget, key, value)
    with pytest.raises(ValueError, match=message):
        Timeline(**{key: value})


def test_numpys_integers_are_welcome():
    assert Timeline(since=np.int64(2000)).since == 2000


def test_state_is_small():
    widget = Timeline()
    assert len(str(widget._rows)) + len(str(widget._sources)) < 30_000


def test_repr():
    assert repr(Timeline()) == (
        "Timeline(quantity='parameters', field='all', since=2012, model='AlexNet')"
    )
