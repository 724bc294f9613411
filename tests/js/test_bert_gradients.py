"""A BERT forward and back in the page (bert_gradients.js), against torch on the shipped weights."""

import base64
import json

import numpy as np
import pytest
import torch

from large_models.data import tokenizer
from large_models.experiments import explanation as explaining
from large_models.models import explanation as explain
from large_models.models.bert import BertForMaskedLM
from large_models.widgets.assets import ASSETS, WEIGHTS

TEXTS = (
    "Returns True if the node is in the graph, False otherwise.",
    "axis",
    "The window (a tuple of int) over which the spectral density of x is estimated by `welch`.",
)
START = """async ([body, head]) => {
  const {unpack} = await import("/engine/packed.js");
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  window.body = unpack(bytes(body));
  window.head = unpack(bytes(head));
}"""
RUN = """async ({config, rows, label}) => {
  const {bertFromEmbeddings, bertBackward} = await import("/engine/bert_gradients.js");
  const x = Float32Array.from(JSON.parse(rows));
  const found = bertFromEmbeddings(window.body, window.head, config, x);
  return JSON.stringify({
    scores: [...found.scores], gradient: [...bertBackward(found, label)],
    attentions: found.attentions.map((a) => [...a]),
  });
}"""


@pytest.fixture(scope="module")
def model():
    """The weights as the page has them: of float16."""
    model = explaining.classifier(WEIGHTS / "bert-docs")
    other = explaining.classifier(WEIGHTS / "bert-docs")
    half = BertForMaskedLM.from_pretrained(WEIGHTS / "bert-docs/checkpoints/024000")
    other.bert.load_state_dict(half.bert.state_dict())
    assert not torch.equal(model.bert.tokens.weight, other.bert.tokens.weight)
    return other


@pytest.fixture(scope="module")
def run(engine):
    names = ("bert-docs-024000", "bert-docs-packages")
    engine.run(START, [base64.b64encode(ASSETS[name]()).decode() for name in names])
    config = json.loads((WEIGHTS / "bert-docs/config.json").read_text("utf-8"))

    def call(rows, label):
        given = {"config": config, "rows": json.dumps(rows.ravel().tolist()), "label": label}
        return json.loads(engine.run(RUN, given))

    return call


@pytest.mark.heavy
@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("label", [0, 5])
def test_scores_attention_and_gradients_are_torchs(model, run, text, label):
    ids = torch.tensor(tokenizer.load(WEIGHTS / "bert-docs").encode(text).ids)
    rows = model.bert.tokens.weight.detach()[ids] * 0.7  # on the way from nothing to the text
    found = run(rows.numpy(), label)
    scores = explain.from_embeddings(model)
    np.testing.assert_allclose(found["scores"], scores(rows[None])[0], atol=1e-4)
    expected = explain.gradient(scores, rows[None], label)[0]
    assert expected.abs().max() > 0.1
    np.testing.assert_allclose(np.reshape(found["gradient"], expected.shape), expected, atol=1e-4)
    found = run(model.bert.tokens.weight.detach()[ids].numpy(), label)
    maps = model.bert.attentions(ids[None])[:, 0]
    np.testing.assert_allclose(np.reshape(found["attentions"], maps.shape), maps, atol=1e-5)


@pytest.mark.parametrize(
    ("tokens", "label", "message"),
    [(0, 0, "rows of 128 numbers"), (65, 0, "at most 64 tokens"), (3, 8, "label from 0 to 7")],
)
def test_bad_input_is_named(run, tokens, label, message):
    with pytest.raises(Exception, match=message):
        run(np.zeros((tokens, 128)), label)
