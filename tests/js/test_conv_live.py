"""The network as the page runs it (engine/lenet.js), against NumPy and torch on shipped weights."""

import json

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.files import weights as shipped
from large_models.models.cnn import LeNet
from large_models.widgets.conv_live import forward, weights

# As text.
RUN = """async (text) => {
  const {weights, counts, kernels, off} = JSON.parse(text);
  const {lenetForward} = await import("/engine/lenet.js");
  const w = Object.fromEntries(Object.entries(weights).map(([name, {data, shape}]) => (
    [name, {data: Float32Array.from(data), shape}])));
  return JSON.stringify(counts.map((each) => Object.fromEntries(
    Object.entries(lenetForward(w, each, kernels, off))
      .map(([name, map]) => [name, [...map.data]]))));
}"""
LAYERS = ("input", "conv1", "pool1", "conv2", "pool2", "hidden", "scores", "probabilities")


@pytest.fixture(scope="module")
def run(engine):

    def call(counts, kernels, off=()):
        w = {k: {"data": v.ravel().tolist(), "shape": v.shape} for k, v in weights().items()}
        counts = counts.reshape(len(counts), 64).tolist()
        given = {"weights": w, "counts": counts, "kernels": kernels.tolist(), "off": list(off)}
        found = json.loads(engine.run(RUN, json.dumps(given)))
        return {name: np.array([each[name] for each in found]) for name in LAYERS}

    return call


def assert_same(got, expected):
    for name, values in expected.items():
        if name in got:
            values = np.asarray(values).reshape(len(values), -1)
            # Sums of up to 256 float32 products in another order, values up to 20.
            np.testing.assert_allclose(got[name], values, atol=2e-5, err_msg=name)


def test_every_layer_is_numpys_and_torchs(run):
    counts = digits.load_digits().test_images[:12]
    got = run(counts, weights()["conv1.weight"][:, 0])
    expected = forward(counts)
    assert set(expected) == set(got)
    assert_same(got, expected)
    with torch.no_grad():
        theirs = LeNet.from_pretrained(shipped("lenet-digits")).activations(
            torch.from_numpy(digits.to_input(counts))
        )
    assert_same(got, theirs)
    np.testing.assert_allclose(got["probabilities"], theirs["scores"].softmax(1), atol=1e-5)


def test_edited_kernels_and_channels_off(run):
    rng = np.random.default_rng(1)
    kernels = rng.normal(size=(8, 5, 5)).astype(np.float32) / 3
    counts = rng.integers(0, 17, (5, 8, 8)).astype(np.float32)
    assert_same(run(counts, kernels, [0, 3, 7]), forward(counts, kernels, [0, 3, 7]))
    assert_same(run(counts, kernels, range(8)), forward(counts, kernels, list(range(8))))
