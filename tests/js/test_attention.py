"""attention.js against NumPy (large_models.formulas.attention) and torch.

Tolerance 1e-5, relative and absolute: JavaScript sums in double
precision and stores float32, whose rounding is below 1e-6 of the values met here.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from large_models.formulas import attention

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}

# In JavaScript: arrays travel as {data, shape, bool}; an Error becomes its message.
RUN = """async (calls) => {
  const js = await import("/engine/attention.js");
  const {tensor} = await import("/engine/nn.js");
  const read = (v) => {
    if (!v || typeof v !== "object") return v;
    if (!v.data) return Object.fromEntries(Object.entries(v).map(([k, w]) => [k, read(w)]));
    // JSON has no infinities: they travel as text.
    return v.bool ? {data: Uint8Array.from(v.data), shape: v.shape}
      : tensor(Float32Array.from(v.data, Number), v.shape);
  };
  const write = ({data, shape}) => ({data: [...data].map(String), shape});
  return calls.map(({name, args}) => {
    try {
      const made = js[name](...args.map(read));
      if (made.data) return write(made);
      return Object.fromEntries(Object.entries(made).map(([k, v]) => [k, write(v)]));
    } catch (error) {
      return {error: error.message};
    }
  });
}"""


def send(value):
    if isinstance(value, dict):
        return {key: send(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        flag = value.dtype == bool
        data = (
            value.ravel().astype(int).tolist()
            if flag
            else [str(v).replace("inf", "Infinity") for v in value.ravel()]
        )
        return {"data": data, "shape": value.shape, "bool": flag}
    return value


def receive(answer):
    if "error" in answer:
        return answer["error"]
    if "data" in answer:
        return np.array(answer["data"], dtype=np.float32).reshape(answer["shape"])
    return {key: receive(part) for key, part in answer.items()}


@pytest.fixture(scope="module")
def run(engine):
    """Call functions of attention.js: [(name, args), ...] -> [arrays or error message, ...]."""

    def call(cases):
        sent = [{"name": name, "args": [send(a) for a in args]} for name, args in cases]
        return [receive(answer) for answer in engine.run(RUN, sent)]

    return call


def random(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def core_case(rng):
    """Query, key, value and options: every kind of mask, no or several axes before the last two."""
    L, S, D, Dv = (int(n) for n in rng.integers(1, 6, 4))
    batch = [int(n) for n in rng.integers(1, 4, rng.integers(0, 3))]
    made = [random(rng, *batch, *last) for last in ((L, D), (S, D), (S, Dv))]
    options = {} if rng.random() < 0.5 else {"scale": float(rng.uniform(-1, 2))}
    kind = rng.choice(["none", "causal", "bool", "numbers"])
    # Some axes of the mask are 1 or absent, and so broadcast.
    full = [*batch, L, S]
    part = [n if rng.random() < 0.7 else 1 for n in full][int(rng.integers(0, len(batch) + 1)) :]
    if kind == "causal":
        options["isCausal"] = True
    elif kind == "bool":
        options["attnMask"] = rng.random(part) < 0.6
    elif kind == "numbers":
        options["attnMask"] = np.where(rng.random(part) < 0.2, -np.inf, random(rng, *part))
    return *made, options


@pytest.fixture(scope="module")
def core(run):
    """Random cases with JavaScript's answers."""
    rng = np.random.default_rng(33)
    made = [core_case(rng) for _ in range(200)]
    return list(zip(made, run([("scaledDotProductAttention", case) for case in made]), strict=True))


PYTHON = {"attnMask": "attn_mask", "isCausal": "is_causal", "scale": "scale"}


def python_options(options):
    return {PYTHON[key]: value for key, value in options.items()}


def test_output_and_weights_as_the_formulas(core):
    for (q, k, v, options), answer in core:
        what = f"{q.shape} {k.shape} {v.shape} {list(options)}"
        assert not isinstance(answer, str), f"{what}: {answer}"
        given = python_options(options)
        weights = attention.attention_weights(q, k, v, **given)
        output = attention.scaled_dot_product_attention(q, k, v, **given)
        np.testing.assert_allclose(answer["weights"], weights, **TOLERANCE, err_msg=what)
        np.testing.assert_allclose(answer["output"], output, **TOLERANCE, err_msg=what)


def test_output_as_torch(core):
    for (q, k, v, options), answer in core:
        given = {
            key: torch.from_numpy(np.asarray(value, None if value.dtype == bool else q.dtype))
            if isinstance(value, np.ndarray)
            else value
            for key, value in python_options(options).items()
        }
        if "attn_mask" in given:  # torch lets a mask broadcast, but not in every version's checks
            given["attn_mask"] = given["attn_mask"].broadcast_to(
                *q.shape[:-2], q.shape[-2], k.shape[-2]
            )
        wanted = F.scaled_dot_product_attention(*map(torch.from_numpy, (q, k, v)), **given).numpy()
        nowhere = answer["weights"].sum(-1) == 0  # of these torch's answer depends on its version
        np.testing.assert_allclose(answer["output"][~nowhere], wanted[~nowhere], **TOLERANCE)
        assert not answer["output"][nowhere].any()


def test_random_cases_hold_rows_that_may_attend_nowhere(core):
    assert any((answer["weights"].sum(-1) == 0).any() for _, answer in core)


def test_scores_are_what_the_softmax_sees(core):
    for (q, k, _, options), answer in core:
        mask = options.get("attnMask")
        wanted = q @ np.swapaxes(k, -1, -2) * options.get("scale", q.shape[-1] ** -0.5)
        if options.get("isCausal"):
            mask = np.tri(*wanted.shape[-2:], dtype=bool)
        if mask is not None:
            wanted = np.where(mask, wanted, -np.inf) if mask.dtype == bool else wanted + mask
        np.testing.assert_allclose(answer["scores"], wanted, **TOLERANCE)


def test_what_is_not_a_number_stays_behind_the_mask(run):
    q, k, v = (np.ones((2, 1), np.float32) for _ in range(3))
    v[1] = np.nan
    (answer,) = run([("scaledDotProductAttention", [q, k, v, {"isCausal": True}])])
    np.testing.assert_array_equal(answer["output"], [[1.0], [np.nan]])


def test_softmax_of_large_scores_and_of_none(run):
    scores = np.array([[1000, 999], [-np.inf, -np.inf], [-np.inf, 3]], np.float32)
    (answer,) = run([("attentionSoftmax", [scores])])
    np.testing.assert_allclose(answer, attention.softmax(scores), **TOLERANCE)
    np.testing.assert_array_equal(answer[1:], [[0, 0], [0, 1]])


def heads_case(rng):
    heads, D = (int(n) for n in rng.integers(1, 5, 2))
    module = torch.nn.MultiheadAttention(
        heads * D, heads, bias=bool(rng.random() < 0.7), batch_first=True
    ).eval()
    for parameter in module.parameters():  # torch starts the biases at 0
        torch.nn.init.normal_(parameter, std=0.5)
    L, S = (int(n) for n in rng.integers(1, 6, 2))
    batch = [int(rng.integers(1, 4))] if rng.random() < 0.7 else []
    query, other = random(rng, *batch, L, heads * D), random(rng, *batch, S, heads * D)
    mask = rng.random((L, S)) < 0.7
    mask[:, 0] = True
    return module, query, other, mask if rng.random() < 0.5 else None


def test_heads_load_the_state_of_torch(run):
    torch.manual_seed(0)
    rng = np.random.default_rng(8)
    cases = [heads_case(rng) for _ in range(40)]
    calls = []
    for module, query, other, mask in cases:
        state = {name: p.detach().numpy() for name, p in module.state_dict().items()}
        options = {} if mask is None else {"attnMask": mask}
        args = [query, other, other, state, module.num_heads, options]
        calls.append(("multiHeadAttention", args))
    for (module, query, other, mask), answer in zip(cases, run(calls), strict=True):
        assert not isinstance(answer, str), answer
        q, kv = torch.from_numpy(query), torch.from_numpy(other)
        blocked = None if mask is None else ~torch.from_numpy(mask)  # there True is "may not"
        with torch.no_grad():
            output, weights = module(q, kv, kv, attn_mask=blocked, average_attn_weights=False)
        np.testing.assert_allclose(answer["output"], output.numpy(), **TOLERANCE)
        np.testing.assert_allclose(answer["weights"], weights.numpy(), **TOLERANCE)


def test_heads_as_the_formulas_with_a_causal_mask(run):
    rng = np.random.default_rng(9)
    x = random(rng, 2, 5, 6)
    weights = attention.Weights(*(random(rng, *s) for s in ((18, 6), (18,), (6, 6), (6,))))
    names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
    state = dict(zip(names, weights, strict=True))
    (answer,) = run([("multiHeadAttention", [x, x, x, state, 3, {"isCausal": True}])])
    output, maps = attention.multi_head_attention(x, x, x, weights, 3, is_causal=True)
    np.testing.assert_allclose(answer["output"], output, **TOLERANCE)
    np.testing.assert_allclose(answer["weights"], maps, **TOLERANCE)


X = np.zeros((3, 4), np.float32)
STATE = {"in_proj_weight": np.zeros((12, 4), np.float32), "out_proj.weight": X[:1].repeat(4, 0)}


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("scaledDotProductAttention", [X, X[:, :2], X], "got (3, 4), (3, 2), (3, 4)"),
        ("scaledDotProductAttention", [X, X[:2], X], "got (3, 4), (2, 4), (3, 4)"),
        ("scaledDotProductAttention", [X, X[:0], X[:0]], "D and S at least 1"),
        ("scaledDotProductAttention", [X[None], X, X], "got (1, 3, 4), (3, 4), (3, 4)"),
        ("scaledDotProductAttention", [X, X, X, {"causal": True}], 'no option "causal"'),
        (
            "scaledDotProductAttention",
            [X, X, X, {"isCausal": True, "attnMask": np.ones((3, 3), bool)}],
            "exclude each other",
        ),
        (
            "scaledDotProductAttention",
            [X, X, X, {"attnMask": np.ones((3, 2), bool)}],
            "attnMask (3, 2) does not broadcast to (3, 3)",
        ),
        ("scaledDotProductAttention", [X, X, X, {"scale": "1"}], "scale must be a number, got 1"),
        ("multiHeadAttention", [X, X, X, STATE, 3], "numHeads must divide E = 4, got 3"),
        (
            "multiHeadAttention",
            [X, X, X, STATE | {"out_proj.weight": X}, 2],
            "expected in_proj_weight (12, 4) and out_proj.weight (4, 4), got (12, 4) and (3, 4)",
        ),
        ("multiHeadAttention", [X, X, X, {}, 2], "got none and none"),
    ],
)
def test_bad_input_is_told_in_a_sentence(run, name, args, message):
    (answer,) = run([(name, args)])
    assert isinstance(answer, str), "no error"
    assert message in answer
