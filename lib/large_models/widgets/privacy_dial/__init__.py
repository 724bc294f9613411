"""Members or not? Two attacks on every way of training that `experiments.membership` has run, with
the share of false alarms held fixed. Chapter: 5_2_1_privacy."""

import json
import math
from functools import cache
from typing import Any

import numpy as np
import traitlets

from large_models.files import WEIGHTS
from large_models.formulas import privacy
from large_models.widgets.base import BookWidget, Checked, one_of

WAYS = (
    "overfitted",
    "stopped early",
    "not clipped",
    *(f"noise {noise}" for noise in ("0", "0.5", "1", "2", "4", "8")),
)
ATTACKS = ("loss", "lira")
WHOSE = ("all", "odd")


@cache
def results() -> dict[str, Any]:
    """What the script has written."""
    return json.loads((WEIGHTS / "privacy-digits/metrics.json").read_text("utf-8"))


def summary(way: str) -> dict[str, Any]:
    """Of one way: epsilon (None without a promise), and mean and spread of the accuracy."""
    values = results()["accuracy"][way]
    return {
        "epsilon": results()["epsilon"].get(way),
        "accuracy": [float(np.mean(values)), float(np.std(values))],
    }


def _false_alarms(value: Any) -> float:
    least = results()["false"][0]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= 1:
        raise ValueError(f"expected a share from {least:g} to 1, got {value!r}")
    return float(value)


class PrivacyDial(BookWidget):
    """Who was in the training set? Choose the attack and its false alarms, and turn the noise.

    Args:
        way: how the network was trained: "overfitted", "stopped early", "not clipped" (as many
            steps of plain descent as those that follow), or "noise 0" (each gradient is clipped),
            "noise 0.5", "noise 1", "noise 2", "noise 4", "noise 8".
        attack: "loss", a threshold on the loss, or "lira", a likelihood ratio from other networks.
        whose: "all" digits, or the "odd" ones, whose label is wrong.
        false_alarms: the share of the others who may be called members, 0.001 to 1; the nearest
            of 61 steps is shown.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("way", "attack", "whose", "false_alarms")

    way = Checked(one_of(WAYS), "overfitted").tag(sync=True)
    attack = Checked(one_of(ATTACKS), "loss").tag(sync=True)
    whose = Checked(one_of(WHOSE), "all").tag(sync=True)
    false_alarms = Checked(_false_alarms, 0.01).tag(sync=True)

    _ways = traitlets.List(list(WAYS)).tag(sync=True)
    _summaries = traitlets.Dict().tag(sync=True)
    _attacks = traitlets.Dict().tag(sync=True)
    _false = traitlets.List().tag(sync=True)
    _range = traitlets.Dict().tag(sync=True)
    _delta = traitlets.Float().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        found = results()
        self._summaries = {way: summary(way) for way in WAYS}
        self._attacks = {way: found["attacks"][way] for way in WAYS}
        self._false, self._range, self._delta = found["false"], found["range"], found["delta"]

    @property
    def _step(self) -> int:
        return int(np.abs(np.log(np.divide(self._false, self.false_alarms))).argmin())

    @property
    def found(self) -> float:
        """The share of members found at these false alarms."""
        return self._attacks[self.way][self.attack][self.whose]["found"][self._step]

    @property
    def auc(self) -> float:
        """Area under the ROC, mean over the networks."""
        return self._attacks[self.way][self.attack][self.whose]["auc"][0]

    @property
    def most_found(self) -> float:
        """What no attack exceeds at these false alarms."""
        epsilon = self._summaries[self.way]["epsilon"]
        false = np.array(self._false[self._step])
        bound = math.inf if epsilon is None else epsilon
        return float(privacy.most_found(false, bound, self._delta))
