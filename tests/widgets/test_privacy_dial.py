"""PrivacyDial's Python side: it shows what the script has written."""

import json

import numpy as np
import pytest

from large_models.files import weights
from large_models.formulas import privacy
from large_models.training import privacy as private
from large_models.widgets import PrivacyDial
from large_models.widgets.privacy_dial import ATTACKS, WAYS, WHOSE

RESULTS = json.loads((weights("privacy-digits") / "metrics.json").read_text("utf-8"))


def test_the_ways_are_those_of_the_script():
    assert tuple(private.ways())[: len(WAYS)] == WAYS
    assert all("3,000" in way for way in tuple(private.ways())[len(WAYS) :])


@pytest.mark.parametrize("way", WAYS)
def test_numbers_are_those_of_the_file(way):
    widget = PrivacyDial(way=way)
    values = RESULTS["accuracy"][way]
    assert widget._summaries[way]["accuracy"] == pytest.approx([np.mean(values), np.std(values)])
    epsilon = widget._summaries[way]["epsilon"]
    assert epsilon == RESULTS["epsilon"].get(way)
    for attack, whose in ((a, w) for a in ATTACKS for w in WHOSE):
        widget.attack, widget.whose = attack, whose
        shown = RESULTS["attacks"][way][attack][whose]
        assert widget.auc == shown["auc"][0]
        for place in (0, 17, 60):
            widget.false_alarms = RESULTS["false"][place]
            assert widget.found == shown["found"][place]
            bound = np.inf if epsilon is None else epsilon
            most = privacy.most_found(np.array(RESULTS["false"][place]), bound, RESULTS["delta"])
            assert widget.most_found == pytest.approx(float(most))


def test_a_share_between_two_steps_is_the_nearest():
    widget = PrivacyDial(attack="lira")
    for share, place in ((0.0101, 20), (0.012, 22), (0.9, 59), (1, 60)):
        widget.false_alarms = share
        assert widget.found == RESULTS["attacks"]["overfitted"]["lira"]["all"]["found"][place]


@pytest.mark.parametrize("way", WAYS)
def test_the_first_task_shows_something_except_where_noise_hides_everybody(way):
    """Changing the attack changes the members found, at the same false alarms."""
    loss, lira = (PrivacyDial(way=way, attack=attack) for attack in ATTACKS)
    assert loss.false_alarms == lira.false_alarms == 0.01
    if way == "noise 8":
        assert abs(lira.found - loss.found) < 0.005
    else:
        assert lira.found > 1.3 * loss.found


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("way", "noise 3", "expected one of 'overfitted', .*, got 'noise 3'"),
        ("whose", "mine", "expected one of 'all', 'odd', got 'mine'"),
        ("attack", "guess", "expected one of 'loss', 'lira', got 'guess'"),
        ("false_alarms", 0, "expected a share from 0.001 to 1, got 0"),
        ("false_alarms", True, "got True"),
        ("false_alarms", float("nan"), "got nan"),
    ],
)
def test_bad_values_are_told(key, value, message):
    with pytest.raises(ValueError, match=f"PrivacyDial.{key}: .*{message}|{message}"):
        setattr(PrivacyDial(), key, value)


def test_state_is_small():
    widget = PrivacyDial()
    assert len(json.dumps([widget._attacks, widget._summaries])) < 60_000
