"""engine/compression.js against large_models.formulas.compression, bit for bit; and the LeNet."""

import json

import numpy as np
import pytest

from large_models.data import digits
from large_models.formulas import compression
from large_models.widgets.conv_live import forward, weights

RUN = """async (text) => {
  const {weight, shape, calls} = JSON.parse(text);
  const c = await import("/engine/compression.js");
  const {tensor} = await import("/engine/nn.js");
  const w = tensor(weight, shape);
  return JSON.stringify(calls.map((how) => {
    const left = c.compressed(w, how, c.smallestFirst(w));
    return {data: [...left.data], bits: c.storedBits(left, how.bits, how.per)};
  }));
}"""
SCORES = """async (text) => {
  const {scoresOf, argmax} = await import("/engine/compression.js");
  const {toInput} = await import("/engine/digits.js");
  const {tensor} = await import("/engine/nn.js");
  const {weights, counts} = JSON.parse(text);
  const w = Object.fromEntries(Object.entries(weights).map(([n, {data, shape}]) => [n, tensor(data, shape)]));
  return JSON.stringify(counts.map((each) => {
    const first = scoresOf(w, toInput(each));
    const again = scoresOf(w, new Float32Array(784), {pool1: first.pool1, pool2: null});
    const last = scoresOf(w, new Float32Array(784), first);
    return [first, again, last].map(({scores}) => [...scores]).concat(argmax(first.scores));
  }));
}"""  # noqa: E501
HOW = [
    {"bits": bits, "per": per, "share": share, "limit": limit}
    for bits in (32, *compression.BITS)
    for per in compression.PER
    for share in (0.0, 0.29, 0.9)
    for limit in (1.0, 0.35)
]


@pytest.mark.heavy
@pytest.mark.parametrize(
    "name", ["conv1.weight", "hidden.weight", "output.weight", "zeros", "ties"]
)
def test_weights_and_sizes_are_pythons(engine, name):
    made = {
        "zeros": np.zeros((3, 4), np.float32),
        "ties": np.array([[0.5, -0.5, 1.5], [2.5, -2.5, 7.0]], np.float32),
    }
    weight = made[name] if name in made else weights()[name]
    given = {"weight": weight.ravel().tolist(), "shape": weight.shape, "calls": HOW}
    for how, got in zip(HOW, json.loads(engine.run(RUN, json.dumps(given))), strict=True):
        expected = compression.compress(weight, **how)
        np.testing.assert_array_equal(np.float32(got["data"]), expected.ravel(), err_msg=str(how))
        assert got["bits"] == compression.stored_bits(expected, how["bits"], how["per"]), how


def test_scores_are_numpys_from_wherever_they_start(engine):
    counts = digits.load_digits().test_images[:15]
    w = {k: {"data": v.ravel().tolist(), "shape": v.shape} for k, v in weights().items()}
    given = {"weights": w, "counts": counts.reshape(-1, 64).tolist()}
    found = json.loads(engine.run(SCORES, json.dumps(given)))
    expected = forward(counts)["scores"]
    for i, (*runs, answer) in enumerate(found):
        for scores in runs:
            np.testing.assert_allclose(scores, expected[i], atol=2e-5)
        assert answer == expected[i].argmax()
