"""transformer.js against torch and transformers.GPT2LMHeadModel.

Parts within 1e-5, relative and absolute: double precision inside, stored as float32; the erf of the
exact GELU is within 1.5e-7. Whole models within 1e-4 absolute of logits of about 10: torch sums
thousands of products in float32.
"""

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from large_models.widgets import packed

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}
WHOLE = {"rtol": 1e-4, "atol": 1e-4}
SHIPPED = Path(__file__).parents[2] / "weights" / "gpt-docs"

PARTS = """async ([name, args]) => {
  const lib = await import("/engine/transformer.js");
  const {tensor} = await import("/engine/nn.js");
  try {
    const {data, shape} = lib[name](...args.map((v) => (v?.data ? tensor(v.data, v.shape) : v)));
    return {data: [...data].map(String), shape};
  } catch (error) { return {error: error.message}; }
}"""
LOAD = """async ([text, config]) => {
  window.lib = await import("/engine/transformer.js");
  const {tensor} = await import("/engine/nn.js");
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const {unpack} = await import("/engine/packed.js");
  window.config = config;
  window.weights = unpack(raw);
}"""
# runs: the ids of each call, one after the other into one cache, or each by itself.
RUN = """([runs, cached, allLogits]) => {
  const cache = cached ? lib.gptCache(config) : null;
  return runs.map((ids) => {
    const {logits, attentions} = lib.gptForward(weights, config, ids, cache, {allLogits});
    return {logits: [...logits.data], attentions: [...attentions.data],
      shapes: [logits.shape, attentions.shape], length: cache?.length};
  });
}"""


def call(engine, name, *args):
    sent = [
        {"data": a.ravel().tolist(), "shape": a.shape} if isinstance(a, np.ndarray) else a
        for a in args
    ]
    answer = engine.run(PARTS, [name, sent])
    if "error" in answer:
        return answer["error"]
    return np.array(answer["data"], dtype=np.float32).reshape(answer["shape"])


# --- the parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "eps"), [((5,), 1e-5), ((3, 7), 1e-3), ((2, 4, 128), 1e-5), ((2, 1), 1.0)]
)
def test_layer_norm(engine, shape, eps):
    rng = np.random.default_rng(len(shape))
    x = (3 + 10 * rng.normal(size=shape)).astype(np.float32)
    weight, bias = rng.normal(size=(2, shape[-1])).astype(np.float32)
    tensors = map(torch.from_numpy, (weight, bias))
    expected = F.layer_norm(torch.from_numpy(x), shape[-1:], *tensors, eps)
    np.testing.assert_allclose(
        call(engine, "layerNorm", x, weight, bias, eps), expected, **TOLERANCE
    )


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu(engine, approximate):
    x = np.concatenate([np.linspace(-12, 12, 400), [0, 1e-8, -1e-8, 100, -100, 5e3, -5e3]])
    x = x.astype(np.float32).reshape(11, 37)
    expected = F.gelu(torch.from_numpy(x), approximate=approximate)
    got = call(engine, "gelu", x, {"approximate": approximate})
    np.testing.assert_allclose(got, expected, **TOLERANCE)
    if approximate == "none":
        np.testing.assert_array_equal(call(engine, "gelu", x), got)


def test_embedding(engine):
    weight = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
    np.testing.assert_array_equal(
        call(engine, "embedding", [3, 0, 8, 3], weight), weight[[3, 0, 8, 3]]
    )


W = np.ones(4, np.float32)


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("layerNorm", [np.ones((2, 5), np.float32), W, W], "expected x (..., C) with weight"),
        ("gelu", [W, {"approximate": "erf"}], 'approximate must be "none" or "tanh", got "erf"'),
        ("gelu", [W, {"exact": True}], 'no option "exact"'),
        ("embedding", [[4], np.ones((4, 2), np.float32)], "whole numbers from 0 to 3, got 4"),
        ("embedding", [[0.5], np.ones((4, 2), np.float32)], "whole numbers from 0 to 3, got 0.5"),
        ("embedding", [[], np.ones((4, 2), np.float32)], "at least one id"),
    ],
)
def test_bad_input_is_told_in_a_sentence(engine, name, args, message):
    answer = call(engine, name, *args)
    assert isinstance(answer, str), "no error"
    assert message in answer


# --- the whole model ------------------------------------------------------------------------------


def load(engine, model, prefix="transformer."):
    """Give the page a model, through the packed format; returns the model with what is left."""
    state = {
        name: tensor.numpy()
        for name, tensor in model.state_dict().items()
        if name != "lm_head.weight"
    }
    data = packed.pack(state)
    left = {name: torch.from_numpy(array) for name, array in packed.unpack(data).items()}
    model.load_state_dict(left, strict=False)
    if not prefix:
        data = packed.pack(
            {name.removeprefix("transformer."): v.numpy() for name, v in left.items()}
        )
    engine.run(LOAD, [base64.b64encode(data).decode(), model.config.to_dict()])
    return model.eval()


def random_model(**settings):
    torch.manual_seed(3)
    config = {
        **{"vocab_size": 50, "n_positions": 24, "n_embd": 32, "n_layer": 3, "n_head": 4},
        **settings,
    }
    model = GPT2LMHeadModel(GPT2Config(**config, attn_implementation="eager"))
    with torch.no_grad():
        for parameter in model.parameters():  # far from the start: norms and biases matter
            parameter.normal_(std=0.3).add_(0.1)
    return model


def run(engine, runs, cached=False, all_logits=False):
    answers = engine.run(RUN, [runs, cached, all_logits])
    return [
        tuple(
            np.array(answer[key], dtype=np.float32).reshape(shape)
            for key, shape in zip(("logits", "attentions"), answer["shapes"], strict=True)
        )
        for answer in answers
    ]


@torch.no_grad()
def by_transformers(model, ids):
    out = model(torch.tensor([ids]), output_attentions=True)
    return out.logits[0].numpy(), torch.stack(out.attentions)[:, 0].numpy()


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"activation_function": "gelu", "n_head": 1, "n_layer": 1, "layer_norm_epsilon": 0.1},
        {"n_inner": 41, "n_head": 6, "n_embd": 30, "activation_function": "gelu_pytorch_tanh"},
    ],
)
def test_whole_forward(engine, settings):
    model = load(engine, random_model(**settings), prefix="" if settings else "transformer.")
    ids = np.random.default_rng(1).integers(0, 50, 24).tolist()
    logits, attentions = by_transformers(model, ids)
    ((got, maps),) = run(engine, [ids], all_logits=True)
    np.testing.assert_allclose(got, logits, **WHOLE)
    np.testing.assert_allclose(maps, attentions, **TOLERANCE)
    ((got, _),) = run(engine, [ids])
    np.testing.assert_allclose(got, logits[-1], **WHOLE)
    ((got, maps),) = run(engine, [ids[:1]])
    np.testing.assert_allclose(got, logits[0], **WHOLE)
    np.testing.assert_array_equal(maps, np.ones((model.config.n_layer, model.config.n_head, 1, 1)))


def test_the_cache_changes_nothing(engine):
    model = load(engine, random_model())
    ids = np.random.default_rng(2).integers(0, 50, 20).tolist()
    logits, attentions = by_transformers(model, ids)
    pieces = [ids[:7], *[[token] for token in ids[7:12]], ids[12:]]
    at = 0
    for (got, maps), piece in zip(
        run(engine, pieces, cached=True, all_logits=True), pieces, strict=True
    ):
        end = at + len(piece)
        np.testing.assert_allclose(got, logits[at:end], **WHOLE)
        np.testing.assert_allclose(maps, attentions[:, :, at:end, :end], **TOLERANCE)
        at = end


def test_a_cache_forgets(engine):
    model = load(engine, random_model())
    logits, _ = by_transformers(model, [5, 6, 9])
    got = engine.run(
        """() => {
          const cache = lib.gptCache(config);
          lib.gptForward(weights, config, [5, 6, 7, 8], cache);
          cache.length = 2;
          return [...lib.gptForward(weights, config, [9], cache).logits.data];
        }"""
    )
    np.testing.assert_allclose(got, logits[-1], **WHOLE)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("lib.gptForward(weights, config, [50])", "whole numbers from 0 to 49, got 50"),
        ("lib.gptForward(weights, config, [])", "at least one id"),
        ("lib.gptForward(weights, config, Array(25).fill(1))", "at most 24 tokens, got 25"),
        (
            """const cache = lib.gptCache(config);
               lib.gptForward(weights, config, Array(24).fill(1), cache);
               lib.gptForward(weights, config, [1], cache)""",
            "at most 24 tokens, got 25",
        ),
        ("lib.gptForward({}, config, [1])", "no weights “wte.weight”"),
        (
            "lib.gptForward(weights, {...config, activation_function: 'relu6'}, [1])",
            "no activation “relu6”",
        ),
        ("lib.gptForward(weights, {...config, n_head: 5}, [1])", "5 heads do not divide 32"),
        ("lib.gptForward(weights, config, [1], null, {all: true})", 'no option "all"'),
    ],
)
def test_what_a_model_cannot_do_is_told(engine, script, message):
    load(engine, random_model())
    got = engine.run(f"() => {{ try {{ {script} }} catch (error) {{ return error.message; }} }}")
    assert message in got


# --- the shipped model ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped(engine):
    model = GPT2LMHeadModel.from_pretrained(SHIPPED, attn_implementation="eager")
    return load(engine, model)


@pytest.mark.heavy
def test_the_shipped_weights(engine, shipped):
    ids = np.random.default_rng(4).integers(0, shipped.config.vocab_size, 128).tolist()
    logits, attentions = by_transformers(shipped, ids)
    ((got, maps),) = run(engine, [ids], all_logits=True)
    np.testing.assert_allclose(got, logits, **WHOLE)
    np.testing.assert_allclose(maps, attentions, **TOLERANCE)
    steps = run(engine, [ids[:100], *[[token] for token in ids[100:]]], cached=True)
    np.testing.assert_allclose([row for row, _ in steps], logits[99:], **WHOLE)
