"""A picture and the maps that explain it: one colour means one thing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from large_models.plots.style import MAGNITUDE, show_images

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def show_explanations(
    picture: np.ndarray, maps: Sequence[np.ndarray], titles: Sequence[str], signed: Sequence[bool]
) -> "Figure":
    """A picture in grey, then its maps, each on its own scale.

    Args:
        picture: (H, W).
        maps: (H, W) each.
        titles: one a map.
        signed: for each map, whether it has signs: red speaks for, blue against. A map without
            signs is drawn from dark (nothing) to yellow (most), so that no red is read as "for".

    Raises:
        ValueError: if titles or signs are not one a map.
    """
    if not len(maps) == len(titles) == len(signed):
        raise ValueError(
            f"expected a title and a sign for each of {len(maps)} maps, "
            f"got {len(titles)} and {len(signed)}"
        )
    fig = show_images([picture, *maps], ["input", *titles], signed=True, shared=False)
    drawn = [ax.images[0] for ax in fig.axes]
    drawn[0].set(cmap="gray", clim=(float(np.min(picture)), float(np.max(picture))))
    for image, values, sign in zip(drawn[1:], maps, signed, strict=True):
        if not sign:
            image.set(cmap=MAGNITUDE, clim=(0.0, float(np.max(values))))
    return fig
