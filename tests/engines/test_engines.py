"""NumPy and JavaScript held to torch: types, NaN and infinity, masks, gradients.

Each operation of table.py runs over

    type       float16, float32, float64; int8, uint8, int64 and bool, which are computed as float64
    values     ordinary; with NaN; with infinity; some at the upper end of float16; all so large
               that their squares are beyond it; with zeros and ties
    masks      none, some, whole rows; NaN in the places that are masked

and compares values, where NaN and infinity stand, types, and gradients, which torch finds by
autograd. NumPy has no bfloat16: there the models of `models`, which are torch, are held to it
(tests/formulas/test_narrow_types.py).
JavaScript takes float32, computes in double precision and stores float32: it is held to torch's
float64 of the same numbers.
"""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.operations import Operation
from tests.engines.table import OPERATIONS
from tests.js.engine import Deno, Engine

# Shares of the largest number of an array: a few units in the last place, sums taken in any order.
CLOSE = {np.dtype(np.float16): 4e-3, np.dtype(np.float32): 4e-6, np.dtype(np.float64): 1e-12}

Arrays = dict[str, np.ndarray]


def values(rng: np.random.Generator, shape: tuple[int, ...], dtype: type, kind: str) -> np.ndarray:
    """An array of one kind of values."""
    if np.dtype(dtype) == bool:
        return rng.random(shape) < 0.5
    if np.dtype(dtype).kind in "iu":
        info, small = np.iinfo(dtype), kind == "ordinary"
        low, high = (max(info.min, -5), 6) if small else (max(info.min, -200), min(info.max, 200))
        return rng.integers(low, high, shape, dtype=dtype)
    x = rng.normal(size=shape)
    if kind == "ties":
        x = np.round(x)
    if kind == "large":  # near the end of float16, 65,504
        x = np.where(rng.random(shape) < 0.5, rng.choice([-1, 1], shape) * 6e4, x)
    if kind == "wide":
        x *= 1000
    if kind == "NaN":
        x[rng.random(shape) < 0.15] = np.nan
    if kind == "infinity":
        x = np.where(rng.random(shape) < 0.2, rng.choice([-np.inf, np.inf], shape), x)
    return x.astype(dtype)


def spoiled(arrays: Arrays, options: dict, kind: str) -> tuple[Arrays, Arrays]:
    """The arrays for the formula, with NaN where it must not matter, and for torch, with 0 there.

    torch's own attention gives NaN for a masked key that is NaN; its packed sequences hold no
    padding. A pixel that is NaN is the same for both.
    """
    mine, theirs = dict(arrays), dict(arrays)

    def spoil(name: str, where: np.ndarray) -> None:
        mine[name] = np.where(where, mine[name].dtype.type(np.nan), mine[name])
        theirs[name] = np.where(where, theirs[name].dtype.type(0), theirs[name])

    mask = options.get("mask", options.get("attn_mask"))
    if kind == "padding" and mask is not None and mask.dtype == bool:
        if "key" in arrays:
            unseen = ~mask.any(axis=-2)[..., None]  # (B, 1, S, 1)
            spoil("key", np.broadcast_to(unseen, arrays["key"].shape))
            spoil("value", np.broadcast_to(unseen, arrays["value"].shape))
        else:
            spoil("x", np.broadcast_to(~mask[..., None], arrays["x"].shape))
    if kind == "pixel":
        mine["x"].flat[mine["x"].size // 2] = np.nan
    return mine, theirs


def not_finite_as_nan(x):
    return (
        torch.where(x.isfinite(), x, torch.nan)
        if isinstance(x, torch.Tensor)
        else np.where(np.isfinite(x), x, x.dtype.type(np.nan))
    )


def close(got: Any, expected: torch.Tensor, times: float, what: str, least: float = 0) -> None:
    expected = expected.detach().numpy()
    got = np.asarray(got)
    assert got.shape == expected.shape, what
    dtype = expected.dtype
    finite = np.abs(expected[np.isfinite(expected)], dtype=np.float64)
    share = CLOSE[dtype] * times
    # With numbers at the end of float16, sums in one order pass it and in another do not.
    np.testing.assert_allclose(
        got.astype(np.float64), expected.astype(np.float64), rtol=share,
        atol=share * finite.max(initial=max(least, np.finfo(dtype).tiny)), err_msg=what,
    )  # fmt: skip


def drawn(data, operation: Operation, shapes) -> tuple[Arrays, Arrays, dict, str, str]:
    """The arrays, those for torch, the options, the kind of values, and what to call it all."""
    given_shapes = shapes(data.draw)
    options = given_shapes.pop("options", {})
    dtype = data.draw(st.sampled_from(operation.types))
    kind = data.draw(st.sampled_from(operation.values))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16), label="seed"))
    arrays = {name: values(rng, shape, dtype, kind) for name, shape in given_shapes.items()}
    there = dict(arrays)
    if np.dtype(dtype).kind == "f":
        arrays, there = spoiled(arrays, options, kind)
    return arrays, there, options, kind, f"{operation.name}, {np.dtype(dtype)}, {kind}"


def for_torch(options: dict) -> dict:
    return {n: torch.from_numpy(o) if isinstance(o, np.ndarray) else o for n, o in options.items()}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NaN and infinity are meant
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name.replace(" ", "-"))
@given(data=st.data())
def test_values_types_and_gradients_are_torchs(operation, data):
    arrays, there, options, kind, what = drawn(data, operation, operation.shapes)
    dtype = next(iter(arrays.values())).dtype
    floats = dtype if dtype.kind == "f" else np.dtype(np.float64)
    leaves = {n: torch.from_numpy(a.astype(floats)).requires_grad_() for n, a in there.items()}
    expected = operation.torchs(*leaves.values(), **for_torch(options))
    got = operation.mine(*arrays.values(), **options)
    times = operation.times.get(floats.type, 1)
    outs, mine = (r if isinstance(r, tuple) else (r,) for r in (expected, got))
    large = [float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in arrays.values()]
    size = max(large) if operation.difference else 0
    for one, other in zip(mine, outs, strict=True):
        close(one, other, times, what, size)
        if isinstance(one, np.ndarray):
            assert one.dtype == floats, f"{one.dtype} for {what}"
    if operation.backward is None:
        return
    rng = np.random.default_rng(outs[0].numel())
    grad = rng.normal(size=outs[0].shape).astype(floats)
    outs[0].backward(torch.from_numpy(grad))
    grads = operation.backward(grad, *arrays.values(), **options)
    grads = grads if isinstance(grads, tuple) else (grads,)
    # One of them may be nothing but rounding, as that of a norm over a single feature.
    sizes = [np.abs(leaf.grad.numpy()) for leaf in leaves.values() if leaf.grad is not None]
    least = max(float(s[np.isfinite(s)].max(initial=np.abs(grad).max())) for s in sizes)
    for (name, leaf), mine in zip(leaves.items(), grads, strict=True):
        wanted = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        if kind == "infinity":  # infinity or NaN: as the terms of a sum are grouped
            mine, wanted = not_finite_as_nan(np.asarray(mine)), not_finite_as_nan(wanted)
        close(mine, wanted, 4 * times, f"gradient of {name}: {what}", least)
        assert np.asarray(mine).dtype == floats, f"gradient of {name} for {what}"


# --- JavaScript -----------------------------------------------------------------------------------

RUN = """async ({arrays, options, script, grad}) => {
  const js = await import("/engine/mod.js");
  const read = (v) => (v?.shape ? v.whole ? {data: v.data, shape: v.shape}
    : js.tensor(v.data, v.shape) : v);
  const all = (given) => Object.fromEntries(Object.entries(given).map(([k, v]) => [k, read(v)]));
  const [a, o] = [all(arrays), all(options)];
  const w = {weightIh: a.w_ih, weightHh: a.w_hh, biasIh: a.b_ih, biasHh: a.b_hh};
  const step = (x, at) => {
    const [B, T, H] = x.shape;
    const rows = Array.from({length: B}, (_, b) => [...x.data.slice((b * T + at) * H).slice(0, H)]);
    return js.tensor(rows.flat(), [B, H]);
  };
  const [first, last] = [(x) => step(x, 0), (x) => step(x, x.shape[1] - 1)];
  const scaled = (x, by) => js.tensor(x.data.map((v) => v * by.data[0]), x.shape);
  const g = read(grad);
  const found = new Function("js", "a", "w", "o", "g", "first", "last", "scaled",
    `return ${script};`)(js, a, w, o, g, first, last, scaled);
  return [found].flat().map(({data, shape}) => [data, shape]);
}"""
NO_OPTION = {"mask", "enable_gqa"}


@pytest.fixture(scope="module")
def engine():
    deno = Deno()
    yield Engine(deno)
    deno.close()


def in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def sent(value):
    if isinstance(value, np.ndarray):
        whole = value.dtype == bool
        data = value.ravel() if whole else value.ravel().astype(np.float32)
        return {"data": data, "shape": value.shape, "whole": whole}
    return value


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if o.script], ids=lambda o: o.name.replace(" ", "-")
)
@given(data=st.data())
def test_the_page_computes_the_same(engine, operation, data):
    arrays, there, options, kind, what = drawn(
        data, operation, operation.script_shapes or operation.shapes
    )
    asked = {
        "arrays": {name: sent(array.astype(np.float32)) for name, array in arrays.items()},
        "options": {in_camel_case(n): sent(o) for n, o in options.items() if n not in NO_OPTION},
    }
    answer = engine.run(RUN, asked | {"script": operation.script, "grad": None})
    leaves = [torch.from_numpy(a.astype(np.float32)).double() for a in there.values()]
    for leaf in leaves:
        leaf.requires_grad_()
    expected = operation.torchs(*leaves, **for_torch(options))
    expected = expected if isinstance(expected, tuple) else (expected,)
    times = operation.times.get(np.float32, 1)
    large = [float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in arrays.values()]
    size = max(large) if operation.difference else 0
    for (values_, shape), one in zip(answer, expected, strict=True):
        close(values_.reshape(shape), one.float(), times, what, size)
    if operation.script_backward is None:
        return
    grad = np.random.default_rng(expected[0].numel()).normal(size=expected[0].shape)
    grad = grad.astype(np.float32)
    expected[0].backward(torch.from_numpy(grad).double())
    asked |= {"script": operation.script_backward, "grad": sent(grad)}
    grads = [values_.reshape(shape) for values_, shape in engine.run(RUN, asked)]
    sizes = [np.abs(leaf.grad.numpy()) for leaf in leaves if leaf.grad is not None]
    least = max(float(s[np.isfinite(s)].max(initial=np.abs(grad).max())) for s in sizes)
    for name, leaf, mine in zip(arrays, leaves, grads, strict=True):
        wanted = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        if kind == "infinity":
            mine, wanted = not_finite_as_nan(mine), not_finite_as_nan(wanted)
        close(mine, wanted.float(), 4 * times, f"gradient of {name}: {what}", least)
