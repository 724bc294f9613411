"""pixels.js: photographs exactly as they were written, strokes as a pen that covers each point."""

import io

import numpy as np
import pytest
from PIL import Image

from large_models.widgets.assets import PICTURES, picture, png

READ = """async (bytes) => {
  const { width, height, gray } = await (await import("/engine/pixels.js")).readGrayPng(bytes);
  return { width, height, gray };
}"""
DRAW = """async ({ strokes, side, pen }) => {
  const { drawStrokes } = await import("/engine/pixels.js");
  const left = new Float32Array(side * side).fill(0.3); // of an earlier drawing
  return drawStrokes(strokes, side, pen, left);
}"""


def read(engine, content: bytes) -> np.ndarray:
    got = engine.run(READ, np.frombuffer(content, np.uint8))
    return np.reshape(got["gray"], (got["height"], got["width"]))


@pytest.mark.parametrize("name", PICTURES)
def test_a_photograph_is_read_exactly(engine, name):
    np.testing.assert_array_equal(read(engine, png(picture(name))), picture(name))


def test_every_filter_of_png_is_undone(engine):
    rng = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(40) ** 2 // 9, 5 * np.arange(31)) % 256
    noise = rng.integers(0, 256, (23, 57))
    kinds = set()
    for image in (smooth, noise, np.zeros((1, 1)), np.full((3, 2), 255)):
        image = image.astype(np.uint8)
        np.testing.assert_array_equal(read(engine, png(image)), image)
    for kind in range(5):  # the same image with each filter for all its rows
        content = filtered(smooth.astype(np.uint8), kind)
        np.testing.assert_array_equal(Image.open(io.BytesIO(content)), smooth)
        np.testing.assert_array_equal(read(engine, content), smooth)
        kinds.add(content)
    assert len(kinds) == 5


def filtered(image: np.ndarray, kind: int) -> bytes:
    """A PNG file whose rows all use one filter, in two IDAT chunks."""
    import struct
    import zlib

    height, width = image.shape
    padded = np.zeros((height + 1, width + 1), int)
    padded[1:, 1:] = image
    left, above, corner = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    guess = left + above - corner
    near = np.abs(np.stack([left, above, corner]) - guess).argmin(0)
    paeth = np.choose(near, [left, above, corner])
    taken = [np.zeros_like(left), left, above, (left + above) // 2, paeth][kind]
    rows = np.concatenate([np.full((height, 1), kind), (image - taken) % 256], 1)
    packed = zlib.compress(rows.astype(np.uint8).tobytes())
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", packed[:50]), (b"IDAT", packed[50:]), (b"IEND", b"")]
    out = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        checked = struct.pack(">I", zlib.crc32(name + body))
        out += struct.pack(">I", len(body)) + name + body + checked
    return out


def test_another_kind_of_file_is_an_error(engine):
    colour = io.BytesIO()
    Image.new("RGB", (4, 4)).save(colour, "PNG")
    with pytest.raises(Exception, match="expected a PNG file of 8-bit greyscale"):
        read(engine, colour.getvalue())


STROKES = [[[50.0, 20.0], [50.0, 80.0]], [[10.3, 90.1], [33.7, 61.9], [90.0, 97.5]], [[80.0, 12.0]]]


def covered(strokes: list, side: int, pen: float, fine: int = 12) -> np.ndarray:
    """The share of each pixel that the pen covers: counted at fine x fine points."""
    at = (np.arange(side * fine) + 0.5) * 100 / (side * fine)
    points = np.stack(np.meshgrid(at, at), -1)
    hit = np.zeros(points.shape[:2], bool)
    for stroke in strokes:
        for a, b in zip(stroke[:1] + stroke[:-1], stroke, strict=True):
            a, b = np.array(a), np.array(b)
            along = np.clip(((points - a) @ (b - a)) / max(1e-9, (b - a) @ (b - a)), 0, 1)
            hit |= np.hypot(*np.moveaxis(points - a - along[..., None] * (b - a), -1, 0)) <= pen / 2
    return hit.reshape(side, fine, side, fine).mean((1, 3))


def ink(engine, strokes: list, side: int = 64) -> np.ndarray:
    return np.reshape(engine.run(DRAW, {"strokes": strokes, "side": side, "pen": 8}), (side, side))


@pytest.mark.parametrize("stroke", [STROKES[0], STROKES[1][:2], STROKES[1][1:], STROKES[2]])
def test_a_straight_stroke_covers_what_the_pen_covers(engine, stroke):
    got = ink(engine, [stroke])
    # A pixel at a slanting edge is covered up to 0.1 otherwise than its middle's distance says.
    np.testing.assert_allclose(got, covered([stroke], 64, 8), atol=0.13)
    assert (got == 1).any() and ((got > 0.1) & (got < 0.9)).any()


@pytest.mark.heavy
def test_ink_is_where_the_pen_covers_half_a_pixel(engine):
    """No more than that reaches the network, bends and all."""
    got, expected = ink(engine, STROKES, 128) >= 0.5, covered(STROKES, 128, 8) >= 0.5
    assert (got != expected).mean() < 0.001 and 1000 < got.sum() < 3000


def test_no_stroke_no_ink_and_strokes_may_leave_the_paper(engine):
    blank = engine.run(DRAW, {"strokes": [], "side": 32, "pen": 8})
    assert not np.any(blank)
    edge = ink(engine, [[[0, 0], [0, 100]]], 32)
    np.testing.assert_allclose(edge, covered([[[0, 0], [0, 100]]], 32, 8), atol=0.13)
