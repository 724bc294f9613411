"""What an LSTM's gates do, step by step, on trained weights; each gate can be held at 0 or 1.

Source of the operation: lib.formulas.rnn. Chapter: 3_2_rnn. The page computes it with rnn.js;
nothing here needs torch.
"""

import re
from functools import lru_cache
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray
from safetensors.numpy import load_file

from lib.data.sequences import CHARACTERS, to_indices
from lib.formulas.rnn import Weights, lstm_step, rnn
from lib.widgets.assets import ASSETS, WEIGHTS
from lib.widgets.base import BookWidget, Checked, one_of, whole, yes_or_no
from lib.widgets.packed import unpack

LENGTH = 100  # steps of the adding problem, as in training
LONGEST = 60  # characters of a text: more would be too narrow to read on a phone
_PARTS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
_CLAMP = re.compile(r"([ifo])(0|[1-9]\d{0,2})?")

Clamps = dict[str, int | None]
Network = tuple[Weights, tuple[NDArray[np.float32], NDArray[np.float32]]]


def sequence(seed: int) -> tuple[list[float], list[int]]:
    """One sequence of the adding problem: values of two decimals, and the two marked steps.

    The page draws the same one from the same seed, so it uses a generator of a few lines that both
    sides have (mulberry32), not NumPy's.

    Args:
        seed: 0 to 2**32 - 1.

    Returns:
        100 values from 0 to 1; a step from 0 to 49 and one from 50 to 99.
    """
    state = seed

    def draw() -> float:
        nonlocal state
        state = (state + 0x6D2B79F5) % 2**32
        t = ((state ^ state >> 15) * (state | 1)) % 2**32
        t ^= (t + (t ^ t >> 7) * (t | 61)) % 2**32
        return ((t ^ t >> 14) % 2**32) / 2**32

    values = [int(101 * draw()) / 100 for _ in range(LENGTH)]
    return values, [int(LENGTH / 2 * draw()), LENGTH // 2 + int(LENGTH / 2 * draw())]


def _values(value: Any) -> list[float]:
    try:
        numbers = list(value)
    except TypeError:
        raise ValueError(f"expected {LENGTH} numbers from 0 to 1, got {value!r}") from None
    if len(numbers) != LENGTH:
        raise ValueError(f"expected {LENGTH} numbers from 0 to 1, got {len(numbers)} of them")
    for step, number in enumerate(numbers):
        real = isinstance(number, Real) and not isinstance(number, bool)
        if not real or not isfinite(number) or not 0 <= number <= 1:
            raise ValueError(f"expected numbers from 0 to 1, got {number!r} at step {step}")
    return [float(number) for number in numbers]


def _markers(value: Any) -> list[int]:
    half = LENGTH // 2
    wanted = f"a step from 0 to {half - 1} and one from {half} to {LENGTH - 1}"
    try:
        first, second = value
        return [whole(0, half - 1)(first), whole(half, LENGTH - 1)(second)]
    except (TypeError, ValueError):
        raise ValueError(f"expected {wanted}, got {value!r}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST:
        raise ValueError(f"expected a text of 1 to {LONGEST} characters, got {value!r}")
    to_indices(value)
    return value


def _clamps(value: Any) -> Clamps:
    if not isinstance(value, dict):
        raise ValueError(f'expected a dict such as {{"f": 0, "i7": 1}}, got {value!r}')
    for key, number in value.items():
        if not isinstance(key, str) or not _CLAMP.fullmatch(key):
            raise ValueError(
                f"expected a gate, i, f or o, perhaps with a unit's number, got {key!r}"
            )
        if isinstance(number, bool) or not (number is None or number in (0, 1)):
            raise ValueError(f"expected 0, 1 or None (the gate's own value), got {number!r}")
    return {key: None if number is None else int(number) for key, number in value.items()}


class GateExplorer(BookWidget):
    """Follow a trained LSTM through a sequence, and hold its gates.

    Every setting goes both ways: the page follows `explorer.clamps = {"f": 0}`, and
    `explorer.clamps` is what the reader made of it.

    Args:
        job: "adding", the sum of two marked numbers among 100, or "chars", a text's next character.
        seed: 0 to 9999; another one draws other `values` and `markers`.
        values: adding: the 100 numbers, from 0 to 1.
        markers: adding: the two marked steps, one in each half.
        text: chars: 1 to 60 characters of `lib.data.sequences.CHARACTERS`.
        step: from 0; beyond the last one counts as the last.
        unit: from 0; beyond the last one counts as the last.
        clamps: gates held at 0 or 1: {"f": 0} for all units, {"f7": 1} for unit 7, which goes
            first; None gives a unit its own value back. What the network has no unit for is unused.
        compare: show the plain RNN on the same input.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("job",)

    job = Checked(one_of(("adding", "chars")), "adding").tag(sync=True)
    seed = Checked(whole(0, 9999), 1).tag(sync=True)
    values = Checked(_values, sequence(1)[0]).tag(sync=True)
    markers = Checked(_markers, sequence(1)[1]).tag(sync=True)
    text = Checked(_text, "Returns the sum of the values along the given ").tag(sync=True)
    step = Checked(whole(0), LENGTH - 1).tag(sync=True)
    unit = Checked(whole(0, 127), 0).tag(sync=True)
    clamps = Checked(_clamps, {}).tag(sync=True)
    compare = Checked(yes_or_no, True).tag(sync=True)

    # The adding networks' float32 numbers, in the order of `_PARTS` and the output's two.
    _lstm = traitlets.Bytes().tag(sync=True)
    _rnn = traitlets.Bytes().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        if "seed" in settings:
            values, markers = sequence(type(self).seed.validate(self, settings["seed"]))
            settings = {"values": values, "markers": markers, **settings}
        super().__init__(**settings)
        self._lstm, self._rnn = (
            b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in (*layer, *output))
            for layer, output in (_network("adding-lstm"), _network("adding-rnn"))
        )
        self.observe(self._renew, "seed")

    def _renew(self, change: dict[str, Any]) -> None:
        self.values, self.markers = sequence(change["new"])

    @property
    def prediction(self) -> float | NDArray[np.float64]:
        """What the LSTM answers, with its gates as they are held: a sum, or probabilities.

        adding: the sum it reads from its state after the last step. chars: (96,), the probability
        of each of CHARACTERS to follow the chosen step's one.
        """
        answers = self._answers(_network(f"{self.job}-lstm"))
        return float(answers[-1, 0]) if self.job == "adding" else _softmax(answers[self._last])

    @property
    def prediction_rnn(self) -> float | NDArray[np.float64]:
        """What the plain RNN answers to the same input, as `prediction`."""
        layer, (weight, bias) = _network(f"{self.job}-rnn")
        states, _ = rnn(self._input()[None], layer)
        answers = states[0] @ weight.T + bias
        return float(answers[-1, 0]) if self.job == "adding" else _softmax(answers[self._last])

    @property
    def _last(self) -> int:
        return min(self.step, len(self._input()) - 1)

    def _input(self) -> NDArray[np.float64]:
        """(T, C): value and mark of each step, or the one-hot characters."""
        if self.job == "chars":
            return np.eye(len(CHARACTERS))[to_indices(self.text)]
        marks = np.zeros(LENGTH)
        marks[self.markers] = 1
        return np.stack([self.values, marks], axis=-1)

    def _answers(self, network: Network) -> NDArray[np.float64]:
        """(T, outputs): what is read from the LSTM's state after each step."""
        layer, (weight, bias) = network
        H = layer.w_hh.shape[1]
        held = {gate: self._held(gate, H) for gate in "ifo"}
        h, c = np.zeros((1, H)), np.zeros((1, H))
        states = []
        for x in self._input():
            *_, gates = lstm_step(x[None], h, c, layer)
            i, f, o = (
                np.where(np.isnan(held[gate]), getattr(gates, gate), held[gate]) for gate in "ifo"
            )
            c = f * c + i * gates.g
            h = o * np.tanh(c)
            states.append(h[0])
        return np.array(states) @ weight.T + bias

    def _held(self, gate: str, units: int) -> NDArray[np.float64]:
        """(H,): what a gate is held at, NaN where it has its own value."""
        everywhere = self.clamps.get(gate)
        held = [self.clamps.get(f"{gate}{unit}", everywhere) for unit in range(units)]
        return np.array(held, dtype=float)  # None becomes NaN


@lru_cache
def _network(name: str) -> Network:
    """A layer and its output's weight and bias, the numbers that the page computes with."""
    if name in ASSETS:
        tensors = unpack(ASSETS[name]())
    else:
        tensors = load_file(WEIGHTS / name / "model.safetensors")
    layer = Weights(*(tensors[f"rnn.{part}"] for part in _PARTS))
    return layer, (tensors["output.weight"], tensors["output.bias"])


def _softmax(x: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(x - x.max())
    return exponentials / exponentials.sum()
