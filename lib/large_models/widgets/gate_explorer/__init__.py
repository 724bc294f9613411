"""Watch the gates of a trained LSTM through a sequence, hold them, and see the answer change.

Two jobs: adding two marked numbers among a hundred (large_models.data.sequences), and predicting
the next character of a text that the reader types. Source of the cells: large_models.formulas.rnn.
Chapter: 3_2_rnn. The page computes all of it with rnn.js; nothing here needs torch.
"""

from collections.abc import Callable, Mapping
from functools import cache
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.data.sequences import CHARACTERS, to_indices
from large_models.files import WEIGHTS
from large_models.formulas import rnn, training
from large_models.widgets.assets import ASSETS
from large_models.widgets.base import BookWidget, Checked, one_of, whole, yes_or_no
from large_models.widgets.packed import unpack

JOBS = ("adding", "chars")
KINDS = ("lstm", "rnn")
STEPS = 100  # of a sequence to add up
LONGEST = 64  # characters of a text: what a phone's width can show
TEXT = "Return the indices of the elements that "
LAST_SEED = 9999

Clamps = dict[str, dict[str, int | None]]


def sequence(seed: int) -> tuple[list[float], list[int]]:
    """The numbers and marked steps that a seed stands for, the same as in the page.

    Args:
        seed: 0 to 9999.

    Returns:
        100 numbers from 0 to 1 of two decimals; one marked step in each half.
    """
    draw = _mulberry32(seed)
    values = [int(101 * draw()) / 100 for _ in range(STEPS)]
    half = STEPS // 2
    return values, [int(half * draw()), half + int(half * draw())]


def _mulberry32(state: int) -> Callable[[], float]:
    """Numbers from 0 to 1: a generator of four lines, so that the page can have the same one."""

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) % 2**32
        mixed = (state ^ state >> 15) * (state | 1) % 2**32
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % 2**32
        return (mixed ^ mixed >> 14) / 2**32

    return draw


@cache
def network(job: str, kind: str) -> tuple[rnn.Weights, NDArray, NDArray]:
    """A shipped network as the page has it; of "chars", a byte for each number of a matrix.

    Returns:
        the recurrent layer's weights; the output's weight (V, H) and bias (V,).

    Raises:
        FileNotFoundError: if the weights are not there.
    """
    tensors = unpack(_bytes(job, kind))
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    layer = rnn.Weights(*(tensors[f"rnn.{name}_l0"] for name in names))
    return layer, tensors["output.weight"], tensors["output.bias"]


def _bytes(job: str, kind: str) -> bytes:
    path = WEIGHTS / f"{job}-{kind}" / "model.safetensors"
    if not path.is_file():
        raise FileNotFoundError(
            f"GateExplorer expected trained weights in {path.parent.name}/{path.name} of "
            f"{WEIGHTS}; `python -m large_models.experiments.train_rnn {job}` makes them"
        )
    return path.read_bytes() if job == "adding" else ASSETS[f"{job}-{kind}"]()


@cache
def _loudest(job: str) -> int:
    """The unit that the LSTM's output listens to most: it has the largest of the output's weights.
    0 where there is no LSTM yet; that is an error only once it is used."""
    try:
        return int(np.abs(network(job, "lstm")[1]).max(axis=0).argmax())
    except FileNotFoundError:
        return 0


def held(weights: rnn.Weights, clamps: Clamps) -> rnn.Weights:
    """An LSTM's weights, changed so that its gates stand at what `clamps` says.

    A gate whose weights are 0 and whose bias is huge is 0 or 1 whatever comes in.
    """
    w_ih, w_hh, b_ih, b_hh = (part.copy() for part in weights)
    H = w_hh.shape[1]
    for gate, units in clamps.items():
        for unit in range(H):
            value = units.get(str(unit), units.get("all"))
            if value is not None:
                row = "ifgo".index(gate) * H + unit
                w_ih[row], w_hh[row], b_hh[row], b_ih[row] = 0, 0, 0, 1e4 if value else -1e4
    return rnn.Weights(w_ih, w_hh, b_ih, b_hh)


# --- what the settings may be -------------------------------------------------------------------


def _values(value: Any) -> list[float]:
    wanted = f"expected {STEPS} numbers from 0 to 1"
    try:
        numbers = list(value)
    except TypeError:
        raise ValueError(f"{wanted}, got {value!r}") from None
    if len(numbers) != STEPS:
        raise ValueError(f"{wanted}, got {len(numbers)}")
    for step, number in enumerate(numbers):
        real = isinstance(number, Real) and not isinstance(number, bool)
        if not real or not 0 <= float(number) <= 1:  # NaN is wrong too
            raise ValueError(f"{wanted}, got {number!r} at step {step}")
    return [float(number) for number in numbers]


def _markers(value: Any) -> list[int]:
    wanted = f"expected two steps from 0 to {STEPS - 1}, the earlier one first"
    try:
        steps = [whole(0, STEPS - 1)(step) for step in value]
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}, got {value!r}") from None
    if len(steps) != 2 or steps[0] >= steps[1]:
        raise ValueError(f"{wanted}, got {value!r}")
    return steps


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        got = f"{len(value)} characters" if isinstance(value, str) else repr(value)
        raise ValueError(f"expected a text of 1 to {LONGEST} characters, got {got}")
    to_indices(value)  # raises where a character is not among those that the networks know
    return value


def _clamps(value: Any) -> Clamps:
    wanted = 'expected clamps as in {"f": {"all": 0, 7: 1}}'
    if not isinstance(value, Mapping):
        raise ValueError(f"{wanted}, got {value!r}")
    checked: Clamps = {}
    for gate, units in value.items():
        if gate not in ("i", "f", "o"):
            raise ValueError(f"{wanted}: a gate is 'i', 'f' or 'o', got {gate!r}")
        if not isinstance(units, Mapping):
            raise ValueError(f"{wanted}: expected units for {gate!r}, got {units!r}")
        for unit, at in units.items():
            if unit != "all":
                try:
                    unit = str(whole(0, 127)(int(unit) if isinstance(unit, str) else unit))
                except ValueError:
                    raise ValueError(
                        f"{wanted}: a unit is 'all' or a number from 0 to 127, got {unit!r}"
                    ) from None
            if at is not None and (isinstance(at, bool) or at not in (0, 1)):
                raise ValueError(f"{wanted}: a gate is held at 0, 1 or None, got {at!r}")
            checked.setdefault(gate, {})[unit] = None if at is None else int(at)
    return checked


class GateExplorer(BookWidget):
    """An LSTM reads a sequence: its gates, cell and hidden state, beside a plain RNN's.

    Every setting goes both ways: the page follows `explorer.clamps = {"f": {"all": 0}}`, and
    `explorer.values` is what the reader made of them. Steps and units count from 0.

    Args:
        job: "adding" or "chars". Another job starts with no clamps, at its last step.
        seed: which sequence to add up; sets `values` and `markers`.
        values: 100 numbers from 0 to 1.
        markers: the two steps whose numbers are added.
        text: 1 to 64 characters that the networks know: printable ASCII and line feeds.
        step, unit: which are looked at; beyond the last one counts as the last.
        clamps: gates that are held, {"i" | "f" | "o": {"all" or a unit: 0 | 1 | None}}. A unit's
            own entry counts before "all"; None leaves the unit its own value. Units come back as
            text. A unit that the network does not have changes nothing.
        compare: whether a plain RNN reads the same.
        order: "number", or "memory": units in the order of their mean forget gate.

    Raises:
        ValueError: for any other value, saying what was expected.
        FileNotFoundError: if the trained weights are not there.
    """

    _shown = ("job",)

    job = Checked(one_of(JOBS), "adding").tag(sync=True)
    seed = Checked(whole(0, LAST_SEED), 0).tag(sync=True)
    values = Checked(_values, sequence(0)[0]).tag(sync=True)
    markers = Checked(_markers, sequence(0)[1]).tag(sync=True)
    text = Checked(_text, TEXT).tag(sync=True)
    step = Checked(whole(0, STEPS - 1), STEPS - 1).tag(sync=True)
    unit = Checked(whole(0, 127), 0).tag(sync=True)
    clamps = Checked(_clamps, {}).tag(sync=True)
    compare = Checked(yes_or_no, True).tag(sync=True)
    order = Checked(one_of(("number", "memory")), "number").tag(sync=True)

    # The networks that add, as the files that were shipped; those that read come when wanted.
    _lstm = traitlets.Bytes().tag(sync=True)
    _rnn = traitlets.Bytes().tag(sync=True)
    _units = traitlets.Dict().tag(sync=True)  # which unit to look at first, by job

    def __init__(self, **settings: Any) -> None:
        # What a job or a seed brings along comes first, so that what is asked for stays.
        first = {name: settings.pop(name) for name in ("job", "seed") if name in settings}
        super().__init__(clamps={}, **first)
        with self.hold_sync():
            self._lstm, self._rnn = _bytes("adding", "lstm"), _bytes("adding", "rnn")
            self._units = {job: _loudest(job) for job in JOBS}
            self._start({"new": self.job})
            for name, value in settings.items():
                if name not in self.trait_names():
                    raise ValueError(f"{type(self).__name__} has no setting {name}")
                setattr(self, name, value)

    @traitlets.observe("job")
    def _start(self, change: dict[str, Any]) -> None:
        if self._units:
            self.clamps, self.step, self.unit = {}, STEPS - 1, self._units[change["new"]]

    @traitlets.observe("seed")
    def _draw(self, change: dict[str, Any]) -> None:
        self.values, self.markers = sequence(change["new"])

    def answers(self, kind: str = "lstm", clamped: bool = True) -> NDArray[np.float32]:
        """What a network would answer if the sequence ended at each of its steps.

        Args:
            kind: "lstm" or "rnn".
            clamped: whether the LSTM's gates are held as `clamps` says.

        Returns:
            the sum (T,), or the probability of each of `CHARACTERS` to come next (T, 96).

        Raises:
            ValueError: for another kind.
        """
        kind = one_of(KINDS)(kind)
        layer, weight, bias = network(self.job, kind)
        if self.job == "adding":
            marks = np.zeros(STEPS)
            marks[self.markers] = 1
            x = np.stack([self.values, marks], axis=1)  # (T, 2)
        else:
            x = np.eye(len(CHARACTERS))[to_indices(self.text)]  # (T, V)
        if kind == "lstm":
            layer = held(layer, self.clamps) if clamped else layer
            h = rnn.lstm(x[None].astype(np.float32), layer)[0][0]
        else:
            h = rnn.rnn(x[None].astype(np.float32), layer)[0][0]
        scores = training.linear(h, weight, bias)  # (T, V)
        return scores[:, 0] if self.job == "adding" else training.softmax(scores)

    @property
    def prediction(self) -> float | NDArray[np.float32]:
        """What the LSTM answers, its gates held as they are: the sum after the last step, or the
        probabilities (96,) of the character that follows the chosen step's."""
        answers = self.answers()
        if self.job == "adding":
            return float(answers[-1])
        return answers[min(self.step, len(answers) - 1)]
