"""What a widget fetches on first use instead of carrying it in the page.

On the static page the book's own files answer (`write_assets`, called when the book is built), in
JupyterLab the kernel does (`widgets.base.BookWidget`). In the page: `loadAsset` of kit/assets.js.
"""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from large_models.files import WEIGHTS
from large_models.tensors import load_arrays
from large_models.widgets.packed import pack


def png(gray: np.ndarray) -> bytes:
    """An 8-bit grayscale PNG file, exact to the last level.

    Args:
        gray: (H, W) uint8.

    Raises:
        ValueError: if `gray` is not that.
    """
    if (
        not isinstance(gray, np.ndarray)
        or gray.dtype != np.uint8
        or gray.ndim != 2
        or not gray.size
    ):
        what = f"{gray.dtype} {gray.shape}" if isinstance(gray, np.ndarray) else type(gray).__name__
        raise ValueError(f"expected an image of shape (H, W) and type uint8, got {what}")
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(gray).save(file, "PNG", optimize=True)
    return file.getvalue()


def picture(name: str) -> np.ndarray:
    """A picture to look at through a kernel.

    Args:
        name: one of `PICTURES`. "digit" is a held-out digit as the network gets it, ink white.

    Returns:
        (256, 256) uint8, a digit (28, 28).

    Raises:
        ValueError: for another name.
    """
    if name not in PICTURES:
        raise ValueError(f"expected one of {', '.join(PICTURES)}, got {name!r}")
    if name != "digit":
        from large_models.data.photographs import photograph

        return photograph(name)
    from large_models.data.digits import load_digits, to_input

    digits = load_digits()
    three = digits.test_images[digits.test_labels.tolist().index(3)]
    return np.round(255 * to_input(three)[0]).astype(np.uint8)


def credit(name: str) -> str:
    """Who made a picture, under which licence where that is stated, and where it comes from.

    Raises:
        ValueError: if `name` is none of `PICTURES`.
    """
    if name == "digit":
        return "A digit of E. Alpaydin and C. Kaynak's data (1998), from scikit-learn"
    from large_models.data import photographs

    return photographs.credit(name)


def packed_weights(name: str) -> bytes:
    """The weights in weights/NAME, a byte for each number of a matrix
    (large_models.widgets.packed)."""
    return pack(load_arrays(WEIGHTS / name / "model.safetensors"))


def tokenizer(name: str) -> bytes:
    """The tokenizer.json in weights/NAME, without its spaces."""
    content = json.loads((WEIGHTS / name / "tokenizer.json").read_text("utf-8"))
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def checkpoint(step: int) -> bytes:
    """The shipped BERT after so many steps of training: a safetensors file of float16."""
    return (WEIGHTS / f"bert-docs/checkpoints/{step:06}/model.safetensors").read_bytes()


BERT_STEPS = (0, 100, 1000, 10_000, 24_000)
PICTURES = ("china", "flower", "portrait", "digit")

ASSETS: dict[str, Callable[[], bytes]] = {
    f"picture-{name}": lambda name=name: png(picture(name)) for name in PICTURES
}
for _name in ("chars-lstm", "chars-rnn"):
    ASSETS[_name] = lambda name=_name: packed_weights(name)
ASSETS["gpt-docs"] = lambda: packed_weights("gpt-docs")
ASSETS["gpt-docs-tokenizer"] = lambda: tokenizer("gpt-docs")
# float16 keeps the top five of 99.5 % of hidden tokens as they are; a byte a number keeps 90.6 %
for _step in BERT_STEPS:
    ASSETS[f"bert-docs-{_step:06}"] = lambda step=_step: checkpoint(step)
ASSETS["bert-docs-tokenizer"] = lambda: tokenizer("bert-docs")
ASSETS["bert-docs-packages"] = (WEIGHTS / "bert-docs/head-packages.safetensors").read_bytes


def write_assets(directory: str | Path) -> list[Path]:
    """Write every asset as a script that a page can load, from file:// too: NAME.js.

    Args:
        directory: made if it is not there.

    Returns:
        the files' paths.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, make in ASSETS.items():
        text = base64.b64encode(make()).decode("ascii")
        path = directory / f"{name}.js"
        path.write_text(f"globalThis.lwAsset({json.dumps(name)}, {json.dumps(text)});\n")
        paths.append(path)
    return paths
