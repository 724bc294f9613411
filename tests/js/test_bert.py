"""bert.js against the torch model, itself held equal to transformers'.

Within 1e-4: torch sums in float32, the page in double precision.
"""

import base64
import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from large_models.data import docstrings, tokenizer
from large_models.models.bert import BertConfig, BertForMaskedLM
from large_models.widgets.assets import ASSETS, WEIGHTS

SIZES = [
    dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16),
    dict(hidden_size=12, num_hidden_layers=1, num_attention_heads=3, hidden_act="relu",
         intermediate_size=20, layer_norm_eps=1e-3, tie_word_embeddings=False),
    dict(hidden_size=6, num_hidden_layers=3, num_attention_heads=1, hidden_act="gelu_new",
         intermediate_size=10),
]  # fmt: skip
RUN = """async ([tensors, config, ids, options]) => {
  const {bertForward} = await import("/engine/bert.js");
  const {tensor} = await import("/engine/nn.js");
  const weights = Object.fromEntries(Object.entries(tensors).map(
    ([name, {data, shape}]) => [name, tensor(Float32Array.from(data), shape)]));
  try {
    const found = bertForward(weights, config, ids, options);
    return Object.fromEntries(Object.entries(found).map(
      ([name, {data, shape}]) => [name, {data: [...data], shape}]));
  } catch (error) { return {error: error.message}; }
}"""


def model(tmp_path, sizes):
    """A model, and its files as the page gets them."""
    torch.manual_seed(0)
    ours = BertForMaskedLM(BertConfig(vocab_size=40, max_position_embeddings=16, **sizes)).eval()
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.normal_(0, 0.3)
    ours.save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    sent = {n: {"data": t.ravel().tolist(), "shape": t.shape} for n, t in tensors.items()}
    return ours, sent, json.loads((tmp_path / "config.json").read_text())


def array(found):
    return np.array(found["data"], dtype=np.float32).reshape(found["shape"])


@pytest.mark.parametrize("T", [1, 7, 16])
@pytest.mark.parametrize("sizes", SIZES)
def test_equals_the_torch_model(engine, tmp_path, sizes, T):
    ours, tensors, config = model(tmp_path, sizes)
    ids = np.random.default_rng(T).integers(0, 40, T).tolist()
    at = sorted({0, T // 2, T - 1})
    found = engine.run(RUN, [tensors, config, ids, {"at": at}])
    batch = torch.tensor([ids])
    close = {"rtol": 1e-4, "atol": 1e-4}
    with torch.no_grad():
        np.testing.assert_allclose(array(found["logits"]), ours(batch)[0, at], **close)
        np.testing.assert_allclose(array(found["hidden"]), ours.bert(batch)[0], **close)
    np.testing.assert_allclose(
        array(found["attentions"]), ours.bert.attentions(batch)[:, 0], **close
    )


def test_without_places_no_scores(engine, tmp_path):
    _, tensors, config = model(tmp_path, SIZES[0])
    assert engine.run(RUN, [tensors, config, [1, 2], {}])["logits"]["shape"] == [0, 40]


@pytest.mark.parametrize(
    ("ids", "options", "change", "message"),
    [
        ([], {}, {}, "at least one id"),
        ([40], {}, {}, "from 0 to 39, got 40"),
        ([1.5], {}, {}, "got 1.5"),
        ([1] * 17, {}, {}, "at most 16 tokens, got 17"),
        ([1, 2], {"at": [2]}, {}, "places from 0 to 1, got 2"),
        ([1, 2], {"where": [0]}, {}, 'no option "where"'),
        ([1, 2], {}, {"hidden_act": "swish"}, "no activation “swish”"),
        ([1, 2], {}, {"num_attention_heads": 3}, "3 heads do not divide 8"),
        ([1, 2], {}, {"num_hidden_layers": 3}, "no weights “bert.encoder.layer.2"),
    ],
)
def test_what_does_not_fit_is_named(engine, tmp_path, ids, options, change, message):
    _, tensors, config = model(tmp_path, SIZES[0])
    found = engine.run(RUN, [tensors, config | change, ids, options])
    assert message in found["error"] and found["error"].startswith("bertForward: ")


READ_SHIPPED = """async ([file, config, texts]) => {
  const {bertForward} = await import("/engine/bert.js");
  const {unpack} = await import("/engine/packed.js");
  const weights = unpack(Uint8Array.from(atob(file), (c) => c.charCodeAt(0)));
  return texts.map(([ids, at]) => [...bertForward(weights, config, ids, {at: [at]}).logits.data]);
}"""


@pytest.mark.heavy
@torch.no_grad()
def test_the_shipped_model_answers_as_torch_does(engine):
    """On hidden tokens of 100 held-out sentences, with the float16 weights that the page gets: the
    scores are torch's within 1e-3, and 99 of 100 places have float32's five answers."""
    directory = WEIGHTS / "bert-docs"
    tokens = tokenizer.load(directory)
    sentences, rng = docstrings.load("test").sentences, np.random.default_rng(1)
    texts = []
    for i in rng.permutation(len(sentences))[:220]:
        ids = tokens.encode(sentences[i]).ids
        if 4 <= len(ids) <= 64:
            at = int(rng.integers(1, len(ids) - 1))
            ids[at] = tokens.token_to_id("[MASK]")
            texts.append((ids, at))
    assert len(texts) >= 200
    config = json.loads((directory / "config.json").read_text())
    file = base64.b64encode(ASSETS["bert-docs-024000"]()).decode()
    found = np.array(engine.run(READ_SHIPPED, [file, config, texts]))
    halves = BertForMaskedLM.from_pretrained(directory / "checkpoints" / "024000").float()
    whole = BertForMaskedLM.from_pretrained(directory)
    same = []
    for row, (ids, at) in zip(found, texts, strict=True):
        expected = halves(torch.tensor([ids]))[0, at].numpy()
        np.testing.assert_allclose(row, expected, atol=1e-3)
        best = whole(torch.tensor([ids]))[0, at].topk(5).indices.tolist()
        same.append(set(np.argsort(-row)[:5].tolist()) == set(best))
    assert np.mean(same) >= 0.99
