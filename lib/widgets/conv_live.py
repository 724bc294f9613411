"""Draw a digit and watch every layer of the shipped LeNet answer.

The page runs the whole network itself (nn.js) on the drawing (digits.js). What travels: the
weights, and a few held-out digits. Chapter: 3_1_cnn.
"""

import json
from functools import cache
from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray
from safetensors.numpy import load_file

from lib.data import digits
from lib.formulas import cnn, training
from lib.widgets.base import BookWidget, Checked

WEIGHTS = Path(__file__).parents[2] / "weights" / "lenet-digits"
LAYERS = ("conv1", "conv2", "hidden", "output")
_LARGEST = 100  # of an edited weight


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """The shipped LeNet's weights and biases by name."""
    return load_file(WEIGHTS / "model.safetensors")


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
    first = w["conv1.weight"] if kernels is None else np.float32(kernels)[:, None]
    out = {"input": digits.to_input(counts)}
    out["relu1"] = cnn.relu(cnn.conv2d(out["input"], first, w["conv1.bias"]))
    out["relu1"][:, off or []] = 0
    out["pool1"] = cnn.max_pool2d(out["relu1"], 2)
    out["relu2"] = cnn.relu(cnn.conv2d(out["pool1"], w["conv2.weight"], w["conv2.bias"]))
    out["pool2"] = cnn.max_pool2d(out["relu2"], 2)
    flat = out["pool2"].reshape(len(counts), -1)
    out["hidden"] = cnn.relu(training.linear(flat, w["hidden.weight"], w["hidden.bias"]))
    scores = training.linear(out["hidden"], w["output.weight"], w["output.bias"])
    out["probabilities"] = training.softmax(scores)
    return out


@cache
def examples() -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Held-out digits: the first right one of each class, then all that the network gets wrong.

    Returns:
        ink counts (N, 8, 8), true labels (N,), the network's answers (N,).
    """
    data = digits.load_digits()
    answers = forward(data.test_images)["probabilities"].argmax(axis=1)
    right = answers == data.test_labels
    chosen = [int(np.flatnonzero(right & (data.test_labels == digit))[0]) for digit in range(10)]
    chosen += np.flatnonzero(~right).tolist()
    return data.test_images[chosen], data.test_labels[chosen], answers[chosen]


def _counts(value: Any) -> list[list[float]]:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"expected 8x8 ink counts, got {value!r}") from None
    if array.shape != (8, 8) or not np.all((array >= 0) & (array <= 16)):
        raise ValueError(f"expected 8x8 ink counts from 0 to 16, got shape {array.shape}")
    return array.tolist()


def _kernels(value: Any) -> list[list[list[float]]]:
    if value is None:
        value = weights()["conv1.weight"][:, 0]
    shape = weights()["conv1.weight"][:, 0].shape
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"expected kernels of shape {shape}, got {value!r}") from None
    if array.shape != shape or not np.all(np.abs(array) <= _LARGEST):
        raise ValueError(
            f"expected kernels of shape {shape} with numbers from -{_LARGEST} to {_LARGEST}, "
            f"got shape {array.shape}"
        )
    return array.tolist()


def _off(value: Any) -> list[int]:
    channels = len(weights()["conv1.weight"])
    try:
        chosen = sorted({channel.__index__() for channel in value})
    except (TypeError, AttributeError):
        raise ValueError(f"expected a list of channels, got {value!r}") from None
    if any(not 0 <= channel < channels for channel in chosen):
        raise ValueError(f"expected channels from 0 to {channels - 1}, got {value!r}")
    return chosen


def _probabilities(value: Any) -> list[float]:
    if len(value) not in (0, 10) or not all(isinstance(v, Real) and isfinite(v) for v in value):
        raise ValueError(f"expected ten probabilities, or none for an empty page, got {value!r}")
    return [float(v) for v in value]


class ConvLive(BookWidget):
    """Draw a digit, see every layer and the ten probabilities; change the first layer.

    Every setting goes both ways: the page follows `live.off = [3]`, and `live.counts` is what the
    reader drew.

    Args:
        counts: 8x8 ink counts, 0 to 16; all zero is an empty page.
        kernels: the first layer's 8 kernels of 5x5; None for the trained ones.
        off: first-layer channels that are switched off.
        channel: the first-layer channel whose kernel is open.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ()

    counts = Checked(_counts, None).tag(sync=True)
    kernels = Checked(_kernels, None).tag(sync=True)
    off = Checked(_off, []).tag(sync=True)
    channel = traitlets.Int(0, min=0, max=7).tag(sync=True)
    # Written by the page: it has computed them.
    probabilities = Checked(_probabilities, []).tag(sync=True)

    _weights = traitlets.Bytes().tag(sync=True)
    _shapes = traitlets.Unicode().tag(sync=True)
    _digits = traitlets.Bytes().tag(sync=True)
    _labels = traitlets.List().tag(sync=True)
    _answers = traitlets.List().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        images, labels, answers = examples()
        # A digit is there before the first click.
        settings = {"counts": images[2], "kernels": None, "off": []} | settings
        settings.setdefault(
            "probabilities",
            forward(
                np.array([_counts(settings["counts"])]),
                np.array(_kernels(settings["kernels"])),
                _off(settings["off"]),
            )["probabilities"][0].tolist()
            if np.any(settings["counts"])
            else [],
        )
        super().__init__(**settings)
        w = weights()
        with self.hold_sync():
            self._weights = b"".join(
                np.ascontiguousarray(w[name], "<f4").tobytes() for name in sorted(w)
            )
            self._shapes = json.dumps({name: w[name].shape for name in sorted(w)})
            self._digits = images.astype(np.uint8).tobytes()
            self._labels, self._answers = labels.tolist(), answers.tolist()

    @property
    def prediction(self) -> int | None:
        """The digit with the largest probability; None for an empty page."""
        return int(np.argmax(self.probabilities)) if self.probabilities else None
