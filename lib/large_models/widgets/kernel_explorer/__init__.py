"""A kernel slides over a photograph: every product, their sum, the whole output, then pooling.

Source of the operation: large_models.formulas.cnn (`conv2d`, `max_pool2d`, `avg_pool2d`). Chapter:
3_1_cnn. The page computes it with nn.js; nothing here needs torch.
"""

from math import isfinite
from numbers import Real
from pathlib import Path
from typing import Any

import traitlets

from large_models.files import WEIGHTS
from large_models.tensors import load_arrays
from large_models.widgets.assets import ASSETS, PICTURES, credit
from large_models.widgets.base import BookWidget, Checked, one_of, whole, yes_or_no

Kernel = list[list[float]]

OWN = "own"  # the reader's file: it stays in the page, Python never sees it

# The weights are used as they stand (cross-correlation): "sobel-x" is positive where the right
# side is brighter.
KERNELS: dict[str, Kernel] = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "blur": [[1 / 9] * 3] * 3,
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "sobel-x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel-y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "blur-5": [[1 / 25] * 5] * 5,
    "gauss-5": [[a * b / 256 for b in (1, 4, 6, 4, 1)] for a in (1, 4, 6, 4, 1)],
}

_LENET = WEIGHTS / "lenet-digits" / "model.safetensors"
_LARGEST = 1000  # of a kernel's weights: what a cell can show


def learned_kernels(checkpoint: str | Path = _LENET) -> dict[str, Kernel]:
    """The first layer's kernels of the book's LeNet, rounded to 3 decimals: {"lenet-1": ...}.

    Args:
        checkpoint: a safetensors file with `conv1.weight` of shape (O, 1, K, K).

    Returns:
        kernels by name; none where there is no such file.
    """
    if not Path(checkpoint).is_file():
        return {}
    weight = load_arrays(checkpoint)["conv1.weight"]
    return {f"lenet-{i}": w[0].round(3).astype(float).tolist() for i, w in enumerate(weight, 1)}


def _kernel(value: Any) -> Kernel:
    """A kernel's name, or its 3x3 or 5x5 numbers in anything that nests like a list."""
    if isinstance(value, str):
        known = KERNELS | learned_kernels()
        if value not in known:
            names = ", ".join(known)
            raise ValueError(f"expected a kernel's numbers or one of {names}, got {value!r}")
        value = known[value]
    try:
        rows = [list(row) for row in value]
    except TypeError:
        raise ValueError(f"expected 3x3 or 5x5 numbers, got {value!r}") from None
    sizes = [len(row) for row in rows]
    if len(rows) not in (3, 5) or any(size != len(rows) for size in sizes):
        raise ValueError(f"expected 3x3 or 5x5 numbers, got rows of {sizes}")
    for r, row in enumerate(rows):
        for c, weight in enumerate(row):
            number = isinstance(weight, Real) and not isinstance(weight, bool)
            if not number or not isfinite(weight) or abs(float(weight)) > _LARGEST:
                raise ValueError(
                    f"expected numbers from -{_LARGEST} to {_LARGEST}, got {weight!r} "
                    f"in row {r}, column {c}"
                )
    return [[w if isinstance(w, int) else float(w) for w in row] for row in rows]


class KernelExplorer(BookWidget):
    """Edit a kernel over a photograph and see what each window computes.

    Every setting goes both ways: the page follows `explorer.kernel = "sobel-y"`, and
    `explorer.kernel` is what the reader made of it. Pixels run from 0 to 255.

    Args:
        photo: "china", "flower", "portrait", "digit"; "own" is the reader's file, which stays in
            the page.
        kernel: 3x3 or 5x5 numbers, or a name of `KERNELS`, or "lenet-1" ... for a learned one.
        stride: 1 to 4.
        padding: 0 to 6 rows and columns of zeros on each side.
        dilation: 1 to 3.
        clip: show the output as a photo editor does, cut to 0..255 (else signed, zero in the
            middle of the scale).
        tab: "convolution" or "pooling" (of the convolution's output).
        pool: "max" or "average".
        pool_window, pool_stride: 2 to 4 and 1 to 4.
        row, col: the output pixel that the window is at; beyond the last one counts as the last.
            They count from 0, as arrays do; the page counts from 1.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("photo",)

    photo = Checked(one_of((*PICTURES, OWN)), "china").tag(sync=True)
    kernel = Checked(_kernel, KERNELS["sobel-x"]).tag(sync=True)
    stride = Checked(whole(1, 4), 1).tag(sync=True)
    padding = Checked(whole(0, 6), 1).tag(sync=True)
    dilation = Checked(whole(1, 3), 1).tag(sync=True)
    clip = Checked(yes_or_no, False).tag(sync=True)
    tab = Checked(one_of(("convolution", "pooling")), "convolution").tag(sync=True)
    pool = Checked(one_of(("max", "average")), "max").tag(sync=True)
    pool_window = Checked(whole(2, 4), 2).tag(sync=True)
    pool_stride = Checked(whole(1, 4), 2).tag(sync=True)
    row = Checked(whole(0), 72).tag(sync=True)
    col = Checked(whole(0), 127).tag(sync=True)

    # What the page needs for its first picture: one image as a PNG file, and the kernels to pick.
    _image = traitlets.Bytes().tag(sync=True)
    _image_name = traitlets.Unicode().tag(sync=True)
    _kernels = traitlets.Dict().tag(sync=True)
    _credits = traitlets.Dict().tag(sync=True)
    _size = Checked(whole(1), 256).tag(sync=True)  # of the image; the page tells for a file

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        first = self.photo if self.photo != OWN else PICTURES[0]
        with self.hold_sync():
            self._image_name = first
            self._image = ASSETS[f"picture-{first}"]()
            self._kernels = KERNELS | learned_kernels()
            self._credits = {name: credit(name) for name in PICTURES}

    @traitlets.observe("photo")
    def _resize(self, change: dict[str, Any]) -> None:
        if change["new"] != OWN:
            self._size = 28 if change["new"] == "digit" else 256

    @property
    def output_shape(self) -> tuple[int, int]:
        """Rows and columns of the output of the tab that is shown."""
        span = self.dilation * (len(self.kernel) - 1) + 1
        length = (self._size + 2 * self.padding - span) // self.stride + 1
        if self.tab == "pooling":
            length = (length - self.pool_window) // self.pool_stride + 1
        return length, length
