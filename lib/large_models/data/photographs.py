"""Three photographs that come with the libraries the book installs.

Grey and square, as the widgets and the CNN chapter use them.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from large_models.data import borrowed

# name -> (package, file in it, credit). scikit-learn's README names danielbuechele for the flower
# too, but its links lead to vultilion's page.
_SOURCES = {
    "china": (
        "sklearn.datasets.images",
        "china.jpg",
        "China, by danielbuechele on Flickr, CC BY 2.0, from scikit-learn",
    ),
    "flower": (
        "sklearn.datasets.images",
        "flower.jpg",
        "Flower, by vultilion on Flickr, CC BY 2.0, from scikit-learn",
    ),
    "portrait": (
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        "Grace Hopper in 1984, a U.S. Navy photograph (public domain), from Matplotlib",
    ),
}
PHOTOGRAPHS = tuple(_SOURCES)


def photograph(name: str, size: int = 256) -> NDArray[np.uint8]:
    """A photograph in grey, its largest square from the middle, reduced.

    Args:
        name: one of PHOTOGRAPHS.
        size: side in pixels, at most 400.

    Returns:
        (size, size), 0 black to 255 white.

    Raises:
        ValueError: for an unknown name, or a size that is not from 1 to 400.
    """
    if name not in _SOURCES:
        raise ValueError(f"name: expected one of {', '.join(PHOTOGRAPHS)}, got {name!r}")
    if size not in range(1, 401):
        raise ValueError(f"size: expected 1 to 400 pixels, got {size!r}")
    return _load(name, size).copy()


def credit(name: str) -> str:
    """Who made a photograph, under which licence, and which library brings it."""
    if name not in _SOURCES:
        raise ValueError(f"name: expected one of {', '.join(PHOTOGRAPHS)}, got {name!r}")
    return _SOURCES[name][2]


@cache
def _load(name: str, size: int) -> NDArray[np.uint8]:
    from PIL import Image

    package, file, _ = _SOURCES[name]
    lent = borrowed.folder_of(file)
    image = Image.open((lent or _folder(name, package)) / file).convert("L")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))


def _folder(name: str, package: str) -> Path:
    """Found without importing the package, which takes longer than the picture."""
    top, *inner = package.split(".")
    library = find_spec(top)
    if library is None or not library.submodule_search_locations:
        raise ModuleNotFoundError(
            f"the photograph {name!r} comes with {top}: install that first", name=top
        )
    return Path(library.submodule_search_locations[0], *inner)
