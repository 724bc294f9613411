"""Draw a digit and watch every layer of the shipped LeNet answer.

The page runs the whole network itself (engine/lenet.js) on the drawing (kit/paper.js and
engine/digits.js). What travels:
the weights, and a few held-out digits. Chapter: 3_1_cnn.
"""

import json
from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models import files
from large_models.data import digits
from large_models.formulas import lenet
from large_models.tensors import load_arrays
from large_models.widgets.base import BookWidget, Checked, whole, yes_or_no

WEIGHTS = files.WEIGHTS / "lenet-digits"
LARGEST = 100  # of an edited weight
FIRST = 4  # the digit that is there before the first click
OPENING = 270  # a held-out 4, read as 0 without the seventh channel


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """The shipped LeNet's weights and biases by name."""
    return load_arrays(WEIGHTS / "model.safetensors")


def forward(
    counts: NDArray, kernels: NDArray | None = None, off: list[int] | None = None
) -> dict[str, NDArray]:
    """The network in NumPy, with the first layer as the reader has changed it.

    Args:
        counts: (N, 8, 8) ink counts, 0 to 16.
        kernels: (8, 5, 5) in place of the trained ones.
        off: first-layer channels that give zero.

    Returns:
        every layer's output by name, (N, ...), from "input" to "probabilities".
    """
    w = weights()
    if kernels is not None:
        w = w | {"conv1.weight": np.asarray(kernels, np.float32)[:, None]}
    return lenet.forward(w, digits.to_input(counts), off or ())


@cache
def examples() -> tuple[list[int], list[int]]:
    """Which held-out digits the page carries: a right one of each class, the first of most, and of
    the 4s one for which a single channel matters; then all that the network gets wrong.

    Returns:
        their places among `load_digits().test_images`, and the network's answers.
    """
    data = digits.load_digits()
    answers = forward(data.test_images)["probabilities"].argmax(axis=1)
    right = answers == data.test_labels
    chosen = [int(np.flatnonzero(right & (data.test_labels == digit))[0]) for digit in range(10)]
    chosen[FIRST] = OPENING
    chosen += np.flatnonzero(~right).tolist()
    return chosen, answers[chosen].tolist()


def _array(value: Any, shape: tuple[int, ...], what: str, least: float, most: float) -> list:
    wanted = f"expected {what} of shape {shape} with numbers from {least} to {most}"
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}, got {value!r}") from None
    if array.shape != shape:
        raise ValueError(f"{wanted}, got shape {array.shape}")
    wrong = array[~((array >= least) & (array <= most))]  # NaN is wrong too
    if wrong.size:
        raise ValueError(f"{wanted}, got {wrong[0]}")
    return array.tolist()


def _counts(value: Any) -> list[list[float]]:
    return _array(value, (8, 8), "ink counts", 0, 16)


def _kernels(value: Any) -> list[list[list[float]]]:
    trained = weights()["conv1.weight"][:, 0]
    value = trained if value is None else value
    return _array(value, trained.shape, "kernels", -LARGEST, LARGEST)


def _off(value: Any) -> list[int]:
    try:
        channels = list(value)
    except TypeError:
        raise ValueError(f"expected a list of channels, got {value!r}") from None
    check = whole(0, len(weights()["conv1.weight"]) - 1)
    return sorted({check(channel) for channel in channels})


def _drawing(value: Any) -> list[list[list[float]]]:
    try:
        strokes = [list(stroke) for stroke in value]
    except TypeError:
        raise ValueError(f"expected strokes, each a list of points, got {value!r}") from None
    if not all(strokes):
        raise ValueError("expected strokes of at least one point, got one of none")
    return [_array(stroke, (len(stroke), 2), "a stroke", 0, 100) for stroke in strokes]


def _digit_index(value: Any) -> int | None:
    return None if value is None else whole(0, len(digits.load_digits().test_labels) - 1)(value)


class ConvLive(BookWidget):
    """Draw a digit, see every layer and the ten probabilities; change the first layer.

    Every setting goes both ways: the page follows `live.off = [3]`, and `live.counts` is what the
    reader drew.

    Args:
        counts: 8x8 ink counts, 0 to 16: what the network gets. All zero is an empty page.
        drawing: the strokes on the paper, each a list of points (x, y), as percentages of the
            paper's side, from the left and from the top. The page turns them into counts.
        digit_index: which of the held-out digits, `load_digits().test_images`, is shown; None if
            none of them is. Setting it sets the counts.
        normalize: whether a drawing takes the road of the data: cut out, straightened, rescaled.
            If not, it is only made small.
        kernels: the first layer's 8 kernels of 5x5; None for the trained ones.
        off: first-layer channels that are switched off. Here they count from 0, as arrays do; the
            page counts from 1.
        channel: the first-layer channel whose kernel is open.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    counts = Checked(_counts, np.zeros((8, 8)).tolist()).tag(sync=True)
    drawing = Checked(_drawing, []).tag(sync=True)
    digit_index = Checked(_digit_index, None).tag(sync=True)
    normalize = Checked(yes_or_no, True).tag(sync=True)
    kernels = Checked(_kernels, None).tag(sync=True)
    off = Checked(_off, []).tag(sync=True)
    channel = Checked(whole(0, 7), 0).tag(sync=True)

    _truth = traitlets.Int(None, allow_none=True).tag(sync=True)  # of a held-out digit
    _weights = traitlets.Bytes().tag(sync=True)
    _shapes = traitlets.Unicode().tag(sync=True)
    _digits = traitlets.Bytes().tag(sync=True)
    _indices = traitlets.List().tag(sync=True)
    _labels = traitlets.List().tag(sync=True)
    _answers = traitlets.List().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        data, (indices, answers) = digits.load_digits(), examples()
        w = weights()
        if not {"counts", "drawing", "digit_index"} & set(settings):
            settings["digit_index"] = indices[FIRST]  # alive before the first click
        super().__init__(**{"kernels": None} | settings)
        with self.hold_sync():
            self._weights = b"".join(w[name].astype("<f4").tobytes() for name in sorted(w))
            self._shapes = json.dumps({name: w[name].shape for name in sorted(w)})
            self._digits = data.test_images[indices].astype(np.uint8).tobytes()
            self._indices, self._answers = indices, answers
            self._labels = data.test_labels[indices].tolist()

    @traitlets.observe("digit_index")
    def _show_digit(self, change: dict) -> None:
        index = change["new"]
        if index is None:
            self._truth = None
            return
        data = digits.load_digits()
        self._truth = int(data.test_labels[index])
        self.counts, self.drawing = data.test_images[index], []

    @traitlets.observe("counts")
    def _forget_digit(self, change: dict) -> None:
        index = self.digit_index
        if index is not None and change["new"] != digits.load_digits().test_images[index].tolist():
            self.digit_index = None

    @property
    def probabilities(self) -> NDArray[np.float32] | None:
        """(10,): the network's answer, with the first layer as it is set; None without ink."""
        if not np.any(self.counts):
            return None
        return forward(np.array([self.counts]), self.kernels, self.off)["probabilities"][0]

    @property
    def prediction(self) -> int | None:
        """The digit with the largest probability; None without ink."""
        return None if self.probabilities is None else int(self.probabilities.argmax())
