"""Digits drawn by a pen that nobody holds: what readers' drawings may look like.

Every digit has a few ways of being written (a 7 with or without its bar, a 4 open or closed). A way
is one or more strokes, each a smooth curve or a chain of lines through a few points in a unit
square. Points tremble, then the whole is slanted, turned, stretched, scaled, moved, and drawn with
a round pen of some width. Nothing here is used in training: it is a test that comes from elsewhere.
"""

# ruff: noqa: E501 - a stroke reads best on one line

import numpy as np
from numpy.typing import NDArray

SIDE = 128  # of a drawing, pixels
_OVERSAMPLE = 3  # drawn larger, then averaged: soft edges, as on a canvas

# Points (x, y), x to the right and y down. "~": smooth curve; "/": straight lines.
Stroke = tuple[str, list[tuple[float, float]]]
WAYS: dict[int, list[list[Stroke]]] = {
    0: [
        [("~", [(0.5, 0), (0.1, 0.2), (0, 0.5), (0.1, 0.82), (0.5, 1), (0.9, 0.8), (1, 0.5), (0.9, 0.18), (0.5, 0)])],
        [("~", [(0.6, 0.02), (0.2, 0.12), (0.02, 0.5), (0.2, 0.9), (0.55, 1), (0.9, 0.75), (0.95, 0.35), (0.7, 0.04), (0.45, 0.03)])],
    ],
    1: [
        [("/", [(0.5, 0), (0.5, 1)])],
        [("/", [(0.15, 0.3), (0.55, 0), (0.55, 1)])],
        [("/", [(0.15, 0.25), (0.5, 0), (0.5, 1)]), ("/", [(0.15, 1), (0.85, 1)])],
    ],
    2: [
        [("~", [(0.05, 0.25), (0.25, 0.03), (0.65, 0), (0.92, 0.22), (0.8, 0.5), (0.4, 0.78), (0.02, 1)]), ("/", [(0.02, 1), (1, 1)])],
        [("~", [(0.08, 0.2), (0.4, 0), (0.85, 0.1), (0.85, 0.4), (0.45, 0.75), (0.1, 0.95), (0.1, 0.8), (0.35, 0.85), (0.65, 1), (1, 0.93)])],
    ],
    3: [
        [("~", [(0.05, 0.12), (0.45, 0), (0.88, 0.15), (0.8, 0.4), (0.4, 0.48), (0.85, 0.57), (0.98, 0.78), (0.6, 1), (0.02, 0.9)])],
        [("/", [(0.05, 0), (0.9, 0), (0.4, 0.42)]), ("~", [(0.4, 0.42), (0.8, 0.48), (0.97, 0.72), (0.7, 0.98), (0.3, 1), (0, 0.87)])],
    ],
    4: [
        [("/", [(0.3, 0), (0.02, 0.6), (1, 0.6)]), ("/", [(0.7, 0.25), (0.68, 1)])],
        [("/", [(0.75, 1), (0.75, 0), (0, 0.68), (1, 0.68)])],
        [("/", [(0.05, 0), (0.05, 0.5), (0.85, 0.5)]), ("/", [(0.85, 0), (0.85, 1)])],
    ],
    5: [
        [("/", [(0.9, 0), (0.15, 0), (0.1, 0.45)]), ("~", [(0.1, 0.45), (0.5, 0.36), (0.9, 0.5), (0.95, 0.78), (0.6, 1), (0.02, 0.92)])],
        [("/", [(0.15, 0.02), (0.12, 0.42)]), ("~", [(0.12, 0.42), (0.6, 0.38), (0.95, 0.65), (0.7, 0.97), (0.05, 0.93)]), ("/", [(0.15, 0.02), (0.95, 0)])],
    ],
    6: [
        [("~", [(0.8, 0), (0.35, 0.2), (0.05, 0.6), (0.15, 0.92), (0.55, 1), (0.92, 0.82), (0.8, 0.55), (0.45, 0.5), (0.1, 0.7)])],
        [("~", [(0.55, 0), (0.15, 0.35), (0.02, 0.75), (0.35, 1), (0.85, 0.92), (0.9, 0.65), (0.5, 0.55), (0.1, 0.78)])],
    ],
    7: [
        [("/", [(0, 0), (1, 0), (0.4, 1)])],
        [("/", [(0, 0), (1, 0), (0.45, 1)]), ("/", [(0.3, 0.5), (0.95, 0.5)])],
        [("~", [(0, 0.15), (0.1, 0), (0.5, 0.06), (1, 0), (0.7, 0.4), (0.5, 1)])],
    ],
    8: [
        [("~", [(0.85, 0.12), (0.5, 0), (0.12, 0.15), (0.25, 0.4), (0.75, 0.58), (0.9, 0.85), (0.5, 1), (0.08, 0.85), (0.25, 0.58), (0.75, 0.38), (0.85, 0.12)])],
        [("~", [(0.5, 0.46), (0.15, 0.3), (0.2, 0.06), (0.5, 0), (0.82, 0.08), (0.83, 0.3), (0.5, 0.46)]), ("~", [(0.5, 0.46), (0.05, 0.65), (0.1, 0.93), (0.5, 1), (0.9, 0.92), (0.95, 0.65), (0.5, 0.46)])],
    ],
    9: [
        [("~", [(0.88, 0.25), (0.6, 0), (0.15, 0.1), (0.08, 0.38), (0.45, 0.5), (0.85, 0.3), (0.9, 0.2)]), ("/", [(0.9, 0.2), (0.82, 1)])],
        [("~", [(0.9, 0.2), (0.55, 0), (0.1, 0.2), (0.3, 0.48), (0.75, 0.4), (0.92, 0.15), (0.88, 0.6), (0.65, 0.95), (0.2, 0.97)])],
        [("~", [(0.85, 0.25), (0.5, 0), (0.08, 0.2), (0.3, 0.5), (0.8, 0.35), (0.85, 0.2), (0.7, 0.6), (0.4, 1)])],
    ],
}  # fmt: skip


def draw_digits(
    count: int, seed: int, side: int = SIDE
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw digits, the ten classes in turn, each in a way, slant, size, place and pen of its own.

    Args:
        count: how many.
        seed: of the random numbers; the same seed draws the same digits.
        side: of a drawing, pixels.

    Returns:
        drawings (count, side, side), ink 1 and paper 0; labels (count,).

    Raises:
        ValueError: if count or side is too small to draw.
    """
    if count < 1 or side < 16:
        raise ValueError(f"expected count >= 1 and side >= 16, got {count} and {side}")
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    drawings = np.stack([_draw(int(label), rng, side) for label in labels])
    return drawings, labels


def _draw(digit: int, rng: np.random.Generator, side: int) -> NDArray[np.float32]:
    ways = WAYS[digit]
    way = ways[rng.integers(len(ways))]
    slant, turn = rng.uniform(-0.35, 0.35), rng.uniform(-0.12, 0.12)  # per height; radians
    height = rng.uniform(0.35, 0.8)  # of the drawing's side
    aspect = rng.uniform(0.5, 0.85)  # width / height before slanting
    pen = rng.uniform(0.05, 0.16) * height  # width, of the drawing's side
    tremble = rng.uniform(0.0, 0.035)

    strokes = []
    for kind, points in way:
        points = np.array(points) + rng.normal(scale=tremble, size=(len(points), 2))
        path = _smooth(points) if kind == "~" else points
        x, y = (path - 0.5).T
        x = aspect * x - slant * y
        turned = np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y
        strokes.append(np.stack(turned, axis=1) * height)
    ink = np.concatenate(strokes)
    low, high = ink.min(axis=0) - pen, ink.max(axis=0) + pen
    # Somewhere where it fits; if it is too wide to fit, in the middle.
    room = np.maximum(1 - (high - low), 0)
    corner = np.where(room > 0, rng.uniform(size=2) * room, (1 - (high - low)) / 2)

    from PIL import Image, ImageDraw

    scale = side * _OVERSAMPLE
    canvas = Image.new("L", (scale, scale), 0)
    brush, radius = ImageDraw.Draw(canvas), pen * scale / 2
    for stroke in strokes:
        path = (stroke - low + corner) * scale
        brush.line([tuple(p) for p in path], fill=255, width=max(1, round(2 * radius)))
        for x, y in path:  # round ends and joints
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    pixels = np.asarray(canvas, dtype=np.float32) / 255
    return pixels.reshape(side, _OVERSAMPLE, side, _OVERSAMPLE).mean(axis=(1, 3))


def _smooth(points: NDArray, steps: int = 12) -> NDArray:
    """A Catmull-Rom curve through the points (Catmull and Rom 1974), each end doubled."""
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = [
        0.5
        * (
            2 * b
            + (c - a) * t
            + (2 * a - 5 * b + 4 * c - d) * t**2
            + (3 * b - a - 3 * c + d) * t**3
        )
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.concatenate([*parts, points[-1:]])
