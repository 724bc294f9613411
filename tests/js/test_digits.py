"""digits.js against lib/large_models/data/digits.py: whole numbers, so exactly
equal."""

import base64
import json

import numpy as np
import pytest

from large_models.data import digits, strokes

RUN = """async (drawings) => {
  const d = await import("/engine/digits.js");
  return JSON.stringify(drawings.map(({bytes, H, W}) => {
    const ink = new Float32Array(Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)).buffer);
    const bitmap = d.normalizeDrawing(ink, H, W);
    const counts = d.countInk(bitmap);
    const small = H % 32 || W % 32 ? null : [...d.shrinkDrawing(ink, H, W)];
    return {bitmap: [...bitmap], counts: [...counts], input: [...d.toInput(counts)], small};
  }));
}"""


@pytest.fixture(scope="module")
def run(engine):

    def call(drawings):
        cases = []
        for drawing in drawings:
            H, W = drawing.shape
            text = base64.b64encode(drawing.astype("<f4").tobytes()).decode()
            cases.append({"bytes": text, "H": H, "W": W})
        return json.loads(engine.run(RUN, cases))

    return call


def check(run, drawings):
    for drawing, got in zip(drawings, run(drawings), strict=True):
        bitmap = digits.normalize_drawing(drawing)
        np.testing.assert_array_equal(np.reshape(got["bitmap"], (32, 32)), bitmap)
        counts = digits.count_ink(bitmap)
        np.testing.assert_array_equal(np.reshape(got["counts"], (8, 8)), counts)
        # Sums of two products in another order, stored as float32.
        expected = digits.to_input(counts)[0]
        np.testing.assert_allclose(np.reshape(got["input"], (28, 28)), expected, atol=1e-6)


def test_drawings_take_the_same_road(run):
    drawings, _ = strokes.draw_digits(30, seed=3)
    check(run, drawings)


def test_drawings_are_made_small_alike(run):
    rng = np.random.default_rng(1)
    drawings = [rng.random((64, 96)), np.pad(np.ones((40, 9)), ((50, 38), (70, 49)))]
    for drawing, got in zip(drawings, run(drawings), strict=True):
        small = digits.shrink_drawing(drawing.astype(np.float32))
        np.testing.assert_array_equal(np.reshape(got["small"], (32, 32)), small)
        assert 0 < small.sum() < 1024


def test_odd_drawings_take_the_same_road(run):
    rng = np.random.default_rng(0)
    dot, line, bar, slanted = np.zeros((4, 30, 50))
    dot[7, 9] = line[3, 4:40] = bar[2:28, 5] = 1
    slanted[np.arange(30), np.arange(30) + 10] = 1
    noise = [rng.random((h, w), dtype=np.float32) for h, w in [(1, 1), (5, 90), (64, 64), (33, 17)]]
    check(run, [dot, line, bar, slanted, np.zeros((8, 8)), np.full((8, 8), 0.5), *noise])
