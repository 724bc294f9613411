"""The page's explanations (explanation.js), against NumPy's and torch's."""

import json

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.files import weights as shipped
from large_models.formulas import explanation
from large_models.models import explanation as explain
from large_models.models.cnn import LeNet
from large_models.widgets.conv_live import weights

LOAD = """(text) => {
  window.w = Object.fromEntries(Object.entries(JSON.parse(text)).map(([name, {data, shape}]) => (
    [name, {data: Float32Array.from(data), shape}])));
}"""
DIGIT = """async ({pixels, target, steps, size, stride}) => {
  const {integratedGradients, occlusionMap} = await import("/engine/explanation.js");
  const {lenetGradient, lenetScores} = await import("/engine/gradients.js");
  const end = (work) => {
    for (;;) {
      const {done, value} = work.next();
      if (done) return [...value];
    }
  };
  const x = Float32Array.from(JSON.parse(pixels));
  const gradient = (at) => lenetGradient(window.w, at, target).gradient;
  const score = (at) => lenetScores(window.w, at).data[target];
  return JSON.stringify({
    integrated: end(integratedGradients(gradient, x, new Float32Array(784), steps)),
    occlusion: end(occlusionMap(score, x, 28, size, stride)),
  });
}"""


@pytest.mark.parametrize(
    ("index", "target", "steps", "size", "stride"),
    [(0, 6, 1, 5, 2), (3, 3, 8, 4, 2), (4, 9, 3, 1, 1), (5, 2, 8, 11, 2)],
)
def test_maps_are_torchs(engine, index, target, steps, size, stride):
    w = {k: {"data": v.ravel().tolist(), "shape": v.shape} for k, v in weights().items()}
    engine.run(LOAD, json.dumps(w))
    x = torch.from_numpy(digits.to_input(digits.load_digits().test_images[index : index + 1]))
    given = {"pixels": json.dumps(x.ravel().tolist()), "target": target, "steps": steps}
    found = json.loads(engine.run(DIGIT, given | {"size": size, "stride": stride}))
    model = LeNet.from_pretrained(shipped("lenet-digits"))
    expected = explain.integrated_gradients(model, x, target, steps).ravel()
    np.testing.assert_allclose(found["integrated"], expected, atol=1e-4)
    expected = explain.occlusion(model, x, target, size, stride).ravel()
    np.testing.assert_allclose(found["occlusion"], expected, atol=1e-4)


def test_rollout_is_numpys(engine):
    maps = np.random.default_rng(0).dirichlet(np.ones(6), (3, 2, 6))
    layers = [layer.ravel().tolist() for layer in maps]
    found = engine.run(
        """async (layers) => {
          const {attentionRollout} = await import("/engine/explanation.js");
          return [...attentionRollout(layers, 2, 6)];
        }""",
        layers,
    )
    expected = explanation.rollout(maps)
    np.testing.assert_allclose(np.reshape(found, (6, 6)), expected, atol=1e-12)


def test_order_and_what_is_left(engine):
    numbers = [1, 3, 2, 3, -5]
    order, left = engine.run(
        """async (numbers) => {
          const {strongestFirst, without} = await import('/engine/explanation.js');
          const order = strongestFirst(numbers);
          return [order, [...without([1, 2, 3, 4, 5], order, 2, 9)]];
        }""",
        numbers,
    )
    assert order == np.argsort(-np.array(numbers), kind="stable").tolist()
    assert left == [1, 9, 3, 9, 5]


def test_seeded_numbers_are_spread_and_the_same_again(engine):
    found = engine.run(
        """async () => {
          const {seededRandom} = await import('/engine/explanation.js');
          return [5, 5, 6].map((seed) => Array.from({length: 4000}, seededRandom(seed)));
        }"""
    )
    assert found[0] == found[1] != found[2]
    counts = np.histogram(found[0], 10, (0, 1))[0]
    assert counts.sum() == 4000 and counts.min() > 320  # 400 expected, spread 19


def test_work_is_done_in_frames_and_new_work_ends_the_old(engine):
    found = engine.run(
        """async () => {
          const {inFrames} = await import('/explainer/parts.js');
          globalThis.requestAnimationFrame ??= (f) => setTimeout(f, 16);
          globalThis.cancelAnimationFrame ??= clearTimeout;
          const cleanups = [];
          const run = inFrames({onCleanup: (f) => cleanups.push(f), guard: (f) => f});
          const seen = [];
          function* work(name, pieces) {
            for (let i = 0; i < pieces; i++) {
              const end = performance.now() + 4;
              while (performance.now() < end);
              seen.push(name);
              yield;
            }
            seen.push(`${name} done`);
          }
          run(work("old", 40));
          const atOnce = seen.length;
          await new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)));
          run(work("new", 5));
          await new Promise((f) => setTimeout(f, 600));
          const before = seen.length;
          run(work("last", 400));
          cleanups.forEach((f) => f());
          await new Promise((f) => setTimeout(f, 100));
          return {atOnce, seen, before};
        }"""
    )
    assert 1 <= found["atOnce"] < 20  # a frame's worth, not all of it
    assert "old done" not in found["seen"] and "new done" in found["seen"]
    assert "last done" not in found["seen"]
    tail = found["seen"][found["seen"].index("new") :]
    assert "old" not in tail
