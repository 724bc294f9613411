"""The LeNet's backward pass in the page (gradients.js), against torch on the shipped weights."""

import json

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.files import weights as shipped
from large_models.models import explanation as explain
from large_models.models.cnn import LeNet
from large_models.widgets.conv_live import weights

# As text.
RUN = """async (text) => {
  const {weights, pictures, targets} = JSON.parse(text);
  const {lenetGradient} = await import("/engine/gradients.js");
  const w = Object.fromEntries(Object.entries(weights).map(([name, {data, shape}]) => (
    [name, {data: Float32Array.from(data), shape}])));
  return JSON.stringify(pictures.map((each, i) => {
    const {scores, gradient} = lenetGradient(w, Float32Array.from(each), targets[i]);
    return {scores: [...scores.data], gradient: [...gradient]};
  }));
}"""


def run(engine, pictures, targets):
    w = {k: {"data": v.ravel().tolist(), "shape": v.shape} for k, v in weights().items()}
    pictures = pictures.reshape(len(pictures), -1).tolist()
    given = {"weights": w, "pictures": pictures, "targets": targets}
    found = json.loads(engine.run(RUN, json.dumps(given)))
    return [np.array([each[name] for each in found]) for name in ("scores", "gradient")]


def test_gradients_are_torchs_for_every_digit_and_every_output(engine):
    model = LeNet.from_pretrained(shipped("lenet-digits"))
    counts = digits.load_digits().test_images[:30]
    x = torch.from_numpy(np.concatenate([digits.to_input(counts)] * 2))
    # A picture between paper and ink, where integrated gradients look.
    x[30:] *= torch.rand(30, 1, 1, 1, generator=torch.Generator().manual_seed(0))
    targets = [i % 10 for i in range(60)]
    scores, gradient = run(engine, x.numpy(), targets)
    with torch.no_grad():
        np.testing.assert_allclose(scores, model(x), atol=2e-5)
    expected = explain.gradient(model, x, torch.tensor(targets)).reshape(60, -1)
    assert expected.abs().max() > 1  # 1e-4 is small beside it
    np.testing.assert_allclose(gradient, expected, atol=1e-4)


def test_blank_paper_has_a_gradient_too(engine):
    model = LeNet.from_pretrained(shipped("lenet-digits"))
    x = torch.zeros(1, 1, 28, 28)
    _, gradient = run(engine, x.numpy(), [7])
    np.testing.assert_allclose(gradient, explain.gradient(model, x, 7).reshape(1, -1), atol=1e-4)


@pytest.mark.parametrize("target", [-1, 10, 1.5])
def test_another_target_is_named(engine, target):
    with pytest.raises(Exception, match=f"expected a target from 0 to 9, got {target}"):
        run(engine, np.zeros((1, 784)), [target])
