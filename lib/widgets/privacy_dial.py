"""Members or not? Losses, a threshold and its ROC for every way of training that the script
`lib.training.private` has run. Chapter: 5_2_1_privacy."""

import json
import math
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from lib.formulas import privacy
from lib.widgets.assets import WEIGHTS
from lib.widgets.base import BookWidget, Checked, one_of

WAYS = (
    "overfitted",
    "stopped early",
    *(f"noise {noise}" for noise in ("0", "0.5", "1", "2", "4", "8")),
)
WHOSE = ("all", "odd")
LEAST, MOST = 1e-5, 1e2  # of the threshold


@cache
def results() -> dict[str, Any]:
    """What the script has written."""
    return json.loads((WEIGHTS / "privacy-digits/metrics.json").read_text("utf-8"))


def summary(way: str) -> dict[str, Any]:
    """Of one way: epsilon (None without a promise), and mean and spread over the seeds of the
    accuracy and of the two areas under the ROC."""
    rows = [row for row in results()["results"] if row["way"] == way]
    found: dict[str, Any] = {"epsilon": results()["epsilon"].get(way)}
    for name in ("accuracy", "auc", "auc_odd"):
        values = [row[name] for row in rows]
        found[name] = [float(np.mean(values)), float(np.std(values))]
    return found


def _threshold(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not LEAST <= value <= MOST:
        raise ValueError(f"expected a loss from {LEAST:g} to {MOST:g}, got {value!r}")
    return float(value)


class PrivacyDial(BookWidget):
    """Who was in the training set? Turn the noise, move the threshold.

    Args:
        way: how it was trained: "overfitted", "stopped early", or "noise 0" (each gradient is
            clipped), "noise 0.5", "noise 1", "noise 2", "noise 4", "noise 8".
        whose: "all" digits, or the "odd" ones, whose label is wrong.
        threshold: the attack says "member" if the loss is at most this: 0.00001 to 100.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("way", "whose", "threshold")

    way = Checked(one_of(WAYS), "overfitted").tag(sync=True)
    whose = Checked(one_of(WHOSE), "all").tag(sync=True)
    threshold = Checked(_threshold, 0.1).tag(sync=True)

    _ways = traitlets.List(list(WAYS)).tag(sync=True)
    _summaries = traitlets.Dict().tag(sync=True)
    _losses = traitlets.Dict().tag(sync=True)
    _odd = traitlets.Dict().tag(sync=True)
    _delta = traitlets.Float().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        found = results()
        self._summaries = {way: summary(way) for way in WAYS}
        self._losses, self._odd, self._delta = found["losses"], found["odd"], found["delta"]

    def losses(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of members and of others, in the one run that is shown."""
        sides = []
        for side in ("members", "others"):
            values = np.array(self._losses[self.way][side])
            sides.append(values if self.whose == "all" else values[self._odd[side]])
        return sides[0], sides[1]

    @property
    def rates(self) -> tuple[float, float]:
        """Shares of members, and of others, whose loss is at most the threshold."""
        return privacy.rates(*self.losses(), self.threshold)

    @property
    def auc(self) -> float:
        """Area under the ROC of the run that is shown."""
        return privacy.auc(*self.losses())

    @property
    def most_found(self) -> float:
        """What no attack exceeds at this share of false alarms."""
        epsilon = self._summaries[self.way]["epsilon"]
        return float(
            privacy.most_found(self.rates[1], math.inf if epsilon is None else epsilon, self._delta)
        )
