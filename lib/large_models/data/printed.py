"""Digits as the fonts that come with Matplotlib print them: forms that 13 writers did not use.

A 1 with a foot, an open 4, a 7 without a bar. Added to the handwriting when the shipped LeNet is
trained; nothing is tested on them.
"""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from large_models.data.digits import count_ink, normalize_drawing

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "cmr10",
    "cmb10",
    "cmss10",
    "cmtt10",
)


@cache
def printed_digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Each digit in each font.

    Returns:
        ink counts (150, 8, 8), 0 to 16; labels (150,).
    """
    counts = np.concatenate([printed_characters("0123456789", font) for font in FONTS])
    return counts, np.tile(np.arange(10), len(FONTS))


def printed_characters(characters: str, font: str = FONTS[0]) -> NDArray[np.float32]:
    """Characters as a font prints them, on the road that drawings take to the network.

    Args:
        characters: one or more, each with ink.
        font: one of FONTS.

    Returns:
        ink counts (N, 8, 8), 0 to 16.

    Raises:
        ValueError: if there are no characters, or the font is unknown.
    """
    if not characters or font not in FONTS:
        raise ValueError(f"expected characters and one of {', '.join(FONTS)}, got {font!r}")
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
    letters = ImageFont.truetype(str(path), 96)
    counts = []
    for character in characters:
        page = Image.new("L", (160, 160))
        ImageDraw.Draw(page).text((80, 80), character, font=letters, fill=255, anchor="mm")
        counts.append(count_ink(normalize_drawing(np.asarray(page) / 255)))
    return np.stack(counts)
