"""What tests/engines does not ask of the way back: embeddings, and arguments that do not fit."""

import numpy as np
import pytest
import torch

from tests.js.engine import ScriptError

CALL = """async ([name, ...given]) => {
  const js = await import("/engine/mod.js");
  const {data, shape} = js[name](...given.map((g) => (g?.shape ? js.tensor(g.data, g.shape) : g)));
  return [data, shape];
}"""


def sent(array):
    return {"data": array.astype(np.float32).ravel(), "shape": list(array.shape)}


def test_a_row_looked_up_twice_gets_both_gradients(engine):
    rng = np.random.default_rng(0)
    weight, grad, ids = rng.normal(size=(5, 3)), rng.normal(size=(4, 3)), [1, 4, 1, 0]
    leaf = torch.from_numpy(weight.astype(np.float32)).requires_grad_()
    out = torch.nn.functional.embedding(torch.tensor(ids), leaf)
    out.backward(torch.from_numpy(grad.astype(np.float32)))
    data, shape = engine.run(CALL, ["embeddingBackward", sent(grad), ids, sent(weight)])
    np.testing.assert_allclose(data.reshape(shape), leaf.grad.numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["reluBackward", sent(np.ones((2, 3))), sent(np.ones(6))],
         r"reluBackward: expected a gradient of \(6\), got \(2, 3\)"),
        (["linearBackward", sent(np.ones((2, 3))), sent(np.ones((2, 4))), sent(np.ones((2, 4)))],
         r"linearBackward: expected a gradient of \(2, 2\), got \(2, 3\)"),
        (["embeddingBackward", sent(np.ones((2, 3))), [0], sent(np.ones((4, 3)))],
         r"embeddingBackward: expected a gradient of \(1, 3\), got \(2, 3\)"),
        (["crossEntropy", sent(np.ones((2, 3))), [0, 3]],
         r"crossEntropy: expected logits \(B, K\) and B targets from 0 to K - 1, got .* 2: 3"),
        (["embeddingBackward", sent(np.ones((1, 3))), [4], sent(np.ones((4, 3)))],
         "embeddingBackward: expected ids below 4, got 4"),
        (["maxPool2dBackward", sent(np.ones((1, 2, 2))), sent(np.ones((1, 3, 3))),
          {"kernelSize": 3}],
         r"maxPool2dBackward: expected a gradient of \(1, 1, 1\), got \(1, 2, 2\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(engine, call, message):
    with pytest.raises(ScriptError, match=message):
        engine.run(CALL, call)
