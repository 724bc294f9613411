"""PrivacyDial's Python side: it shows what the script has written."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lib.training import private
from lib.widgets import PrivacyDial
from lib.widgets.assets import WEIGHTS
from lib.widgets.privacy_dial import WAYS

RESULTS = json.loads((WEIGHTS / "privacy-digits/metrics.json").read_text("utf-8"))


def test_the_ways_are_those_of_the_script():
    assert tuple(private.ways()) == WAYS


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_those_of_the_file(way):
    widget = PrivacyDial(way=way)
    rows = [row for row in RESULTS["results"] if row["way"] == way]
    for name in ("accuracy", "auc", "auc_odd"):
        values = [row[name] for row in rows]
        assert widget._summaries[way][name] == pytest.approx([np.mean(values), np.std(values)])
    assert widget._summaries[way]["epsilon"] == RESULTS["epsilon"].get(way)
    for whose in ("all", "odd"):
        widget.whose = whose
        members, others = widget.losses()
        truth = np.repeat([1, 0], [len(members), len(others)])
        assert widget.auc == pytest.approx(roc_auc_score(truth, -np.r_[members, others]))
        widget.threshold = 0.5
        assert widget.rates == ((members <= 0.5).mean(), (others <= 0.5).mean())
        promised = widget._summaries[way]["epsilon"] is not None
        assert (widget.most_found < 1) == promised or widget.most_found == pytest.approx(1)
        assert widget.rates[0] <= widget.most_found + 1 / len(members)
    assert len(members) == len(RESULTS["odd"]["members"])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("way", "noise 3", "expected one of 'overfitted', .*, got 'noise 3'"),
        ("whose", "mine", "expected one of 'all', 'odd', got 'mine'"),
        ("threshold", 0, "expected a loss from 1e-05 to 100, got 0"),
        ("threshold", True, "got True"),
        ("threshold", float("nan"), "got nan"),
    ],
)
def test_bad_values_are_told(key, value, message):
    with pytest.raises(ValueError, match=f"PrivacyDial.{key}: .*{message}|{message}"):
        setattr(PrivacyDial(), key, value)


def test_state_is_small():
    widget = PrivacyDial()
    assert len(json.dumps([widget._losses, widget._odd, widget._summaries])) < 110_000
