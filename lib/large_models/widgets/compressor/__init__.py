"""How much of a network can be thrown away? The shipped LeNet with fewer bits and fewer weights.

The page compresses the weights (engine/compression.js) and reads all held-out digits anew with
them. What travels: the weights, the 449 digits, their labels. Chapter: 5_2_2_compression.
"""

import json
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.data import digits
from large_models.formulas import compression, lenet
from large_models.widgets.base import BookWidget, Checked, one_of, whole
from large_models.widgets.conv_live import weights

LAYERS = ("conv1", "conv2", "hidden", "output")
CHOICES = ("all", *LAYERS)


def read(w: dict[str, NDArray], counts: NDArray) -> NDArray[np.int64]:
    """The network's answers with the given weights: counts (N, 8, 8) to (N,)."""
    return lenet.forward(w, digits.to_input(counts))["scores"].argmax(axis=1)


def _bits(value: Any) -> int:
    if isinstance(value, bool) or value not in (compression.PLAIN, *compression.BITS):
        raise ValueError(f"expected 32, or 8 to 2, got {value!r}")
    return int(value)


class Compressor(BookWidget):
    """Drag bits and sparsity; the page reads 449 held-out digits with what is left.

    Args:
        bits: of a weight: 32 (as trained), or 8 to 2.
        per: "tensor" for one scale per layer, "row" for one per kernel or output.
        sparsity: 0 to 95 percent of a layer's weights, the smallest, are set to 0.
        clip: weights beyond so many percent (100 to 5) of their layer's largest are set to that.
        layer: which layer's weights: "all", "conv1", "conv2", "hidden" or "output".

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("bits", "per", "sparsity", "clip", "layer")

    bits = Checked(_bits, compression.PLAIN).tag(sync=True)
    per = Checked(one_of(compression.PER), "tensor").tag(sync=True)
    sparsity = Checked(whole(0, 95), 0).tag(sync=True)
    clip = Checked(whole(5, 100), 100).tag(sync=True)
    layer = Checked(one_of(CHOICES), "all").tag(sync=True)

    _weights = traitlets.Bytes().tag(sync=True)
    _shapes = traitlets.Unicode().tag(sync=True)
    _digits = traitlets.Bytes().tag(sync=True)
    _labels = traitlets.Bytes().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        data, w = digits.load_digits(), weights()
        self._weights = b"".join(w[name].astype("<f4").tobytes() for name in sorted(w))
        self._shapes = json.dumps({name: w[name].shape for name in sorted(w)})
        self._digits = data.test_images.astype(np.uint8).tobytes()
        self._labels = data.test_labels.astype(np.uint8).tobytes()

    @property
    def compressed(self) -> dict[str, NDArray[np.float32]]:
        """The weights and biases by name, as the page uses them."""
        how = (self.bits, self.per, self.sparsity / 100, self.clip / 100)
        chosen = LAYERS if self.layer == "all" else (self.layer,)
        names = [f"{layer}.weight" for layer in chosen]
        return weights() | {name: compression.compress(weights()[name], *how) for name in names}

    @property
    def answers(self) -> NDArray[np.int64]:
        """(449,): what is read in each held-out digit."""
        return read(self.compressed, digits.load_digits().test_images)

    @property
    def accuracy(self) -> float:
        """Share of the held-out digits that are read right."""
        return float((self.answers == digits.load_digits().test_labels).mean())

    @property
    def kilobytes(self) -> float:
        """What the network needs in store, 1,000 bytes each; biases as they are."""
        bits = 0
        for name, w in self.compressed.items():
            chosen = name.endswith(".weight") and self.layer in ("all", name.split(".")[0])
            how = (self.bits, self.per) if chosen else ()
            bits += compression.stored_bits(w, *how) if w.ndim > 1 else 32 * w.size
        return bits / 8000

    @property
    def zeros(self) -> float:
        """Share of all four layers' weights that are 0."""
        matrices = [w for w in self.compressed.values() if w.ndim > 1]
        return sum(int((w == 0).sum()) for w in matrices) / sum(w.size for w in matrices)
