"""Every NumPy formula that torch has too, held to torch: types, NaN and infinity, masks, gradients.

An operation is declared once: how its arguments are drawn, the formula, torch's own, the formula's
gradients if it has them, and how far apart the two may be. One test then runs each of them over

    type       float16, float32, float64; int8, uint8, int64 and bool, which are computed as float64
    values     ordinary; with NaN; with infinity; some at the upper end of float16; all so large
               that their squares are beyond it; with zeros and ties
    masks      none, some, whole rows; NaN in the places that are masked

and compares values, where NaN and infinity stand, types, and gradients, which torch finds by
autograd. NumPy has no bfloat16: there the models of `models`, which are torch, are held to it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.formulas import attention, cnn, privacy, rnn, spectrogram, training
from large_models.formulas import transformer as block
from large_models.models import attention as torch_attention
from large_models.models import transformer as torch_block

FLOATS = (np.float16, np.float32, np.float64)
WHOLE = (np.int8, np.uint8, np.int64, np.bool_)
VALUES = ("ordinary", "NaN", "infinity", "large", "wide", "ties")
# Shares of the largest number of an array: a few units in the last place, sums taken in any order.
CLOSE = {np.dtype(np.float16): 4e-3, np.dtype(np.float32): 4e-6, np.dtype(np.float64): 1e-12}

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Operation:
    """One formula and torch's.

    Attributes:
        shapes: draws a dict: shapes of the arrays by name, and under "options" the other arguments.
        mine, torchs: called with the arrays (or tensors) by name, and with the options.
        backward: called with grad_output first; gives the gradients of the arrays in their order,
            None for one that has none.
        values: which kinds make sense.
        types: which it takes.
        times: by how much further apart than `CLOSE` the two may be, and why it is so.
    """

    name: str
    shapes: Callable[[Callable], dict]
    mine: Callable[..., Any]
    torchs: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    values: tuple[str, ...] = VALUES
    types: tuple[type, ...] = FLOATS + WHOLE
    times: dict[type, float] = field(default_factory=dict)


def sizes(draw, *names: str, most: int = 5) -> list[int]:
    return [draw(st.integers(1, most), label=name) for name in names]


# --- how arguments are drawn --------------------------------------------------------------------


def any_shape(draw):
    return {"x": tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))}


def rows(draw):
    return {"x": (*draw(st.lists(st.integers(1, 3), max_size=2)), draw(st.integers(1, 9)))}


def norm(draw):
    shape = (*draw(st.lists(st.integers(1, 3), max_size=2)), draw(st.integers(2, 9)))
    eps = draw(st.sampled_from([1e-5, 0.1]))
    return {"x": shape, "weight": shape[-1:], "bias": shape[-1:], "options": {"eps": eps}}


def dense(draw):
    B, I, O = sizes(draw, "B", "I", "O")
    return {"x": (B, 2, I), "weight": (O, I), "bias": (O,)}


def scores(draw):
    B, K = sizes(draw, "B", "K", most=6)
    targets = draw(st.lists(st.integers(0, K - 1), min_size=B, max_size=B))
    return {"logits": (B, K), "options": {"targets": np.array(targets)}}


def convolution(draw):
    G, I, O, K, L = sizes(draw, "G", "I", "O", "K", "L", most=3)
    H, W = K + draw(st.integers(0, 4)) + 2, L + draw(st.integers(0, 4)) + 2
    options = {
        "stride": draw(st.integers(1, 3)),
        "padding": draw(st.integers(0, 2)),
        "dilation": draw(st.integers(1, 2)),
        "groups": G,
    }
    return {"x": (2, G * I, H, W), "weight": (G * O, I, K, L), "bias": (G * O,), "options": options}


def pooling(draw, average: bool):
    K, L = sizes(draw, "K", "L", most=3)
    H, W = K + draw(st.integers(0, 5)), L + draw(st.integers(0, 5))
    options = {
        "kernel_size": (K, L),
        "stride": draw(st.sampled_from([None, 1, 2, 3])),
        "padding": (draw(st.integers(0, K // 2)), draw(st.integers(0, L // 2))),
        "ceil_mode": draw(st.booleans()),
    }
    if average:
        options["count_include_pad"] = draw(st.booleans())
        options["divisor_override"] = draw(st.sampled_from([None, 1, 3, -2]))
    shape = (2, 3, H, W)[draw(st.integers(0, 1)) :]
    return {"x": shape, "options": options}


def lookup(draw, gqa: bool = True):
    B, h, L, S, D, V = sizes(draw, "B", "h", "L", "S", "D", "V", most=4)
    groups = draw(st.sampled_from([n for n in (1, 2, 3, 4) if h % n == 0])) if gqa else h
    options: dict[str, Any] = {"enable_gqa": gqa} if gqa else {}
    mask = draw(st.sampled_from(["none", "causal", "bool", "numbers", "row"]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if mask == "causal":
        options["is_causal"] = True
    elif mask != "none":
        allowed = rng.random((B, 1, L, S)) < 0.6
        allowed[..., 0] |= mask != "row"  # else a row may attend nowhere
        numbers = np.where(allowed, rng.normal(size=allowed.shape), -np.inf)
        options["attn_mask"] = numbers if mask == "numbers" else allowed
    if draw(st.booleans()):
        # With a negative one and a causal mask torch's own kernel gives NaN.
        options["scale"] = draw(st.sampled_from([0.3, 1.0] + [-0.5] * (mask != "causal")))
    return {
        "query": (B, h, L, D),
        "key": (B, groups, S, D),
        "value": (B, groups, S, V),
        "options": options,
    }


def recurrent(gates: int):
    def shapes(draw):
        B, T, C, H = sizes(draw, "B", "T", "C", "H", most=4)
        G = gates * H
        given = {"x": (B, T, C), "w_ih": (G, C), "w_hh": (G, H), "b_ih": (G,), "b_hh": (G,)}
        given["h"] = (B, H)
        if gates == 4:
            given["c"] = (B, H)
        # Padding behind the end, as torch's packed sequences have it.
        lengths = draw(st.lists(st.integers(1, T), min_size=B, max_size=B))
        mask = np.arange(T) < np.array(lengths)[:, None]
        return given | {"options": {"mask": None if mask.all() else mask}}

    return shapes


# --- torch's side, where it is more than one call -------------------------------------------------


def sdpa(query, key, value, attn_mask=None, **options):
    """In bool masks a row may attend nowhere: torch gives 0 there in its own way."""
    if attn_mask is not None and attn_mask.dtype != torch.bool:
        attn_mask = attn_mask.to(query.dtype)
    return F.scaled_dot_product_attention(query, key, value, attn_mask, **options)


def softmax_or_nothing(x):
    """A row of nothing but -infinity gives zeros in attention, where torch's softmax gives NaN."""
    nowhere = (x == -torch.inf).all(dim=-1, keepdim=True)
    return x.masked_fill(nowhere, 0).softmax(dim=-1).masked_fill(nowhere, 0)


def torch_recurrent(kind: type[nn.Module]):
    def run(x, w_ih, w_hh, b_ih, b_hh, h, c=None, mask=None):
        layer = kind(x.shape[2], h.shape[1], batch_first=True, dtype=x.dtype)
        first = h[None] if c is None else (h[None], c[None])
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        weights = dict(zip(names, (w_ih, w_hh, b_ih, b_hh), strict=True))
        if mask is None:
            out, last = torch.func.functional_call(layer, weights, (x, first))
        else:
            packed = nn.utils.rnn.pack_padded_sequence(
                x, mask.sum(1), batch_first=True, enforce_sorted=False
            )
            out, last = torch.func.functional_call(layer, weights, (packed, first))
            out, _ = nn.utils.rnn.pad_packed_sequence(
                out, batch_first=True, total_length=x.shape[1]
            )
        return (out, last[0]) if c is None else (out, last[0][0], last[1][0])

    return run


def my_recurrent(formula):
    def run(x, w_ih, w_hh, b_ih, b_hh, h, c=None, mask=None):
        weights = rnn.Weights(w_ih, w_hh, b_ih, b_hh)
        if c is None:
            return formula(x, weights, h, mask=mask)[:2]
        out, last, *_ = formula(x, weights, h, c, mask=mask)
        return out, *last

    return run


def my_recurrent_backward(formula):
    def run(grad, x, w_ih, w_hh, b_ih, b_hh, h, c=None, mask=None):
        weights = rnn.Weights(w_ih, w_hh, b_ih, b_hh)
        if c is None:
            grad_x, grads, grad_h = formula(grad, x, weights, h, mask=mask)
            return grad_x, *grads, grad_h
        grad_x, grads, states = formula(grad, x, weights, h, c, mask=mask)
        return grad_x, *grads, *states

    return run


def one_step(formula):
    def run(x, w_ih, w_hh, b_ih, b_hh, h, c=None, mask=None):
        weights = rnn.Weights(w_ih, w_hh, b_ih, b_hh)
        found = formula(x[:, 0], h, weights) if c is None else formula(x[:, 0], h, c, weights)
        return found if isinstance(found, np.ndarray) else found[: 1 + (c is not None)]

    return run


def torch_step(kind: type[nn.Module]):
    def run(x, w_ih, w_hh, b_ih, b_hh, h, c=None, mask=None):
        cell = kind(x.shape[2], h.shape[1], dtype=x.dtype)
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = dict(zip(names, (w_ih, w_hh, b_ih, b_hh), strict=True))
        state = h if c is None else (h, c)
        return torch.func.functional_call(cell, weights, (x[:, 0], state))

    return run


def renorm(gradients, limit):
    return gradients * (limit / gradients.norm(dim=1, keepdim=True).clamp(min=limit)).clamp(max=1)


def fake_quantize(weight):
    largest = weight.detach().abs().amax(1)
    scale = torch.where(largest > 0, largest / 127, 1)
    zero = torch.zeros(len(scale), dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -127, 127)


def flat(x):
    return x.reshape(x.shape[0], -1)


NO_NAN = ("ordinary", "ties")  # refused, or what follows means nothing
STEPS = {np.float16: 4.0}  # several operations, each rounded by torch
OPERATIONS = [
    Operation("relu", any_shape, cnn.relu, F.relu, cnn.relu_backward),
    Operation("block relu", any_shape, block.relu, F.relu),
    # Of infinity torch's vectorised gelu makes NaN in float32, and infinity in float64.
    Operation("gelu", any_shape, block.gelu, F.gelu, values=("ordinary", "NaN", "large", "ties")),
    Operation("gelu_tanh", any_shape, block.gelu_tanh, lambda x: F.gelu(x, approximate="tanh")),
    Operation("sigmoid", any_shape, rnn.sigmoid, torch.sigmoid),
    Operation("softmax", rows, training.softmax, lambda x: x.softmax(-1)),
    Operation("log_softmax", rows, training.log_softmax, lambda x: x.log_softmax(-1)),
    Operation("attention softmax", rows, attention.softmax, softmax_or_nothing),
    Operation(
        "layer_norm", norm, block.layer_norm,
        lambda x, weight, bias, eps: F.layer_norm(x, x.shape[-1:], weight, bias, eps),
        lambda grad, x, weight, bias, eps: block.layer_norm_backward(grad, x, weight, eps),
        times={np.float16: 4, np.float32: 50, np.float64: 50},  # variances near 0
        values=("ordinary", "NaN", "infinity", "wide", "ties"),
    ),
    Operation("linear", dense, training.linear, F.linear,
              lambda grad, x, weight, bias: training.linear_backward(grad, x, weight)),
    Operation(
        "feed_forward", lambda draw: {"x": (2, 3), "w1": (5, 3), "b1": (5,), "w2": (3, 5),
                                      "b2": (3,)},
        lambda x, w1, b1, w2, b2: block.feed_forward(x, w1, b1, w2, b2, "gelu"),
        lambda x, w1, b1, w2, b2: F.linear(F.gelu(F.linear(x, w1, b1)), w2, b2), times=STEPS,
        values=("ordinary", "NaN", "ties"),
    ),
    Operation(
        "cross_entropy", scores, training.cross_entropy,
        lambda logits, targets: F.cross_entropy(logits, targets),
        lambda grad, logits, targets: (training.cross_entropy_backward(logits, targets) * grad,),
        values=("ordinary", "NaN", "infinity", "wide", "ties"),
    ),
    Operation(
        "conv2d", convolution, cnn.conv2d, F.conv2d,
        lambda grad, x, weight, bias, **o: cnn.conv2d_backward(grad, x, weight, **o),
        values=("ordinary", "ties", "pixel"),
    ),
    Operation("conv2d_loops", convolution, cnn.conv2d_loops, F.conv2d, values=NO_NAN),
    Operation("max_pool2d", lambda draw: pooling(draw, False), cnn.max_pool2d, F.max_pool2d,
              cnn.max_pool2d_backward),
    Operation("avg_pool2d", lambda draw: pooling(draw, True), cnn.avg_pool2d, F.avg_pool2d,
              cnn.avg_pool2d_backward),
    Operation("attention", lookup, attention.scaled_dot_product_attention, sdpa,
              attention.scaled_dot_product_attention_backward, times=STEPS,
              values=("ordinary", "ties", "padding")),
    Operation("attention in blocks", lookup,
              lambda *args, **o: attention.attention_streaming(*args, **o, block_size=2), sdpa,
              times=STEPS, values=("ordinary", "ties", "wide", "padding")),
    *(
        Operation(name, recurrent(gates), my_recurrent(formula), torch_recurrent(kind),
                  my_recurrent_backward(back), values=("ordinary", "ties", "padding"),
                  times=STEPS)
        for name, gates, formula, back, kind in (
            ("rnn", 1, rnn.rnn, rnn.rnn_backward, nn.RNN),
            ("lstm", 4, rnn.lstm, rnn.lstm_backward, nn.LSTM),
            ("gru", 3, rnn.gru, rnn.gru_backward, nn.GRU),
        )
    ),
    *(
        Operation(name, recurrent(gates), one_step(formula), torch_step(kind), times=STEPS,
                  values=("ordinary", "NaN", "infinity", "ties"))
        for name, gates, formula, kind in (
            ("rnn_step", 1, rnn.rnn_step, nn.RNNCell),
            ("lstm_step", 4, rnn.lstm_step, nn.LSTMCell),
            ("gru_step", 3, rnn.gru_step, nn.GRUCell),
        )
    ),
    Operation("clip_rows", lambda draw: {"gradients": tuple(sizes(draw, "B", "P"))},
              lambda gradients: privacy.clip_rows(gradients, 0.5),
              lambda gradients: renorm(gradients, 0.5), values=("ordinary", "ties", "wide")),
    Operation("stft", lambda draw: {"x": (2, draw(st.integers(8, 20)))},
              lambda x: np.abs(spectrogram.stft(x, 8, 3)),
              lambda x: torch.stft(x, 8, 3, window=torch.hann_window(8, dtype=x.dtype),
                                   center=False, return_complex=True).abs().mT,
              types=(np.float64, *WHOLE), values=("ordinary", "ties")),
]  # fmt: skip


# --- the one test -------------------------------------------------------------------------------


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


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NaN and infinity are meant
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name.replace(" ", "-"))
@given(data=st.data())
def test_values_types_and_gradients_are_torchs(operation, data):
    given_shapes = operation.shapes(data.draw)
    options = given_shapes.pop("options", {})
    dtype = data.draw(st.sampled_from(operation.types))
    kind = data.draw(st.sampled_from(operation.values))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**16), label="seed"))
    arrays = {name: values(rng, shape, dtype, kind) for name, shape in given_shapes.items()}
    there = dict(arrays)
    if np.dtype(dtype).kind == "f":
        arrays, there = spoiled(arrays, options, kind)
    floats = np.dtype(dtype) if np.dtype(dtype).kind == "f" else np.dtype(np.float64)
    leaves = {n: torch.from_numpy(a.astype(floats)).requires_grad_() for n, a in there.items()}
    settings = {
        n: torch.from_numpy(o) if isinstance(o, np.ndarray) else o for n, o in options.items()
    }
    expected = operation.torchs(*leaves.values(), **settings)
    got = operation.mine(*arrays.values(), **options)
    times = operation.times.get(floats.type, 1)
    what = f"{operation.name}, {np.dtype(dtype)}, {kind}"
    outs, mine = (r if isinstance(r, tuple) else (r,) for r in (expected, got))
    for one, other in zip(mine, outs, strict=True):
        close(one, other, times, what)
        if isinstance(one, np.ndarray):
            assert one.dtype == floats, f"{one.dtype} for {what}"
    if operation.backward is None:
        return
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


# --- bfloat16 -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@given(data=st.data())
def test_the_models_attention_is_torchs_in_narrow_types(dtype, data):
    """Values and gradients, of random shapes and masks."""
    shapes = lookup(data.draw, gqa=False)
    options = shapes.pop("options")
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    arrays = [torch.from_numpy(rng.normal(size=s)).to(dtype) for s in shapes.values()]
    if "attn_mask" in options:
        options["attn_mask"] = torch.from_numpy(options["attn_mask"])
        if options["attn_mask"].is_floating_point():
            options["attn_mask"] = options["attn_mask"].to(dtype)
    found = []
    for function in (torch_attention.scaled_dot_product_attention, sdpa):
        leaves = [a.clone().requires_grad_() for a in arrays]
        out = function(*leaves, **options)
        assert out.dtype == dtype
        out.backward(torch.ones_like(out))
        found.append([out.detach(), *(leaf.grad for leaf in leaves)])
    share = {torch.float16: 0.01, torch.bfloat16: 0.06}[dtype]  # a few of their rounding steps
    for mine, theirs in zip(*found, strict=True):
        assert mine.dtype == dtype
        most = max(1.0, theirs.abs().max().item())
        torch.testing.assert_close(mine, theirs, rtol=share, atol=share * most)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("norm_first", [False, True])
def test_the_models_block_is_torchs_in_narrow_types(dtype, norm_first):
    theirs = nn.TransformerEncoderLayer(
        8, 2, 16, 0.0, batch_first=True, norm_first=norm_first, dtype=dtype
    )
    mine = torch_block.Block(torch_block.BlockConfig(8, 2, 16, 0.0, norm_first=norm_first))
    mine = mine.to(dtype)
    mine.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(0)).to(dtype)
    share = {torch.float16: 0.01, torch.bfloat16: 0.06}[dtype]
    torch.testing.assert_close(mine(x), theirs(x), rtol=share, atol=share)


# --- what torch refuses ---------------------------------------------------------------------------

IMAGE = np.zeros((1, 1, 49), np.float32)
# The inputs that torch's own tests expect to be refused (torch.testing, error_inputs_avg_pool2d,
# error_inputs_max_pool2d and error_inputs_conv2d), and some that only our types have.
REFUSED = {
    "pad must not be negative": lambda pool: pool(IMAGE, 2, 50, padding=-1),
    "nor in a pair": lambda pool: pool(IMAGE, (3, 2), 50, padding=-1),
    "pad of more than half the window": lambda pool: pool(IMAGE, 2, 50, padding=4),
    "in a pair": lambda pool: pool(IMAGE, (3, 2), 50, padding=4),
    "empty images": lambda pool: pool(np.zeros((1, 0, 10)), 1),
    "empty images in a batch": lambda pool: pool(np.zeros((2, 1, 10, 0)), 1),
    "a window larger than the image": lambda pool: pool(np.zeros((1, 1, 4)), 2),
    "no window": lambda pool: pool(IMAGE, 0),
    "a step of nothing": lambda pool: pool(IMAGE, 1, 0),
    "too few axes": lambda pool: pool(np.zeros((4, 4)), 1),
    "too many axes": lambda pool: pool(np.zeros((1, 1, 1, 4, 4)), 1),
    "complex numbers": lambda pool: pool(np.zeros((1, 4, 4), complex), 2),
    "texts": lambda pool: pool(np.full((1, 4, 4), "a"), 2),
    "rows of unequal length": lambda pool: pool([[[1, 2], [3]]], 1),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=[n.replace(" ", "-") for n in REFUSED])
@pytest.mark.parametrize("pool", [cnn.avg_pool2d, cnn.max_pool2d])
def test_pooling_refuses_what_torch_refuses(pool, call):
    with pytest.raises(ValueError, match="pool2d|expected"):
        call(pool)


@pytest.mark.parametrize("divisor", [0, 1.5, True, "2", np.float64(2)])
def test_average_pooling_divides_by_a_whole_number_that_is_not_zero(divisor):
    with pytest.raises(ValueError, match="divisor_override: expected a whole number other than 0"):
        cnn.avg_pool2d(np.zeros((3, 3, 3)), 2, divisor_override=divisor)
    with pytest.raises(ValueError, match="divisor_override"):
        cnn.avg_pool2d_backward(
            np.zeros((3, 1, 1)), np.zeros((3, 3, 3)), 2, divisor_override=divisor
        )


CONVOLUTIONS = {
    "complex bias": ((2, 4, 4), (3, 2, 3, 3), {"bias": np.zeros(3, complex)}),
    "negative step": ((1, 1, 4, 4), (1, 2, 2, 3), {"stride": (-1,)}),
    "negative padding": ((1, 1, 4, 3), (1, 2, 2, 4), {"padding": (-1,)}),
    "negative dilation": ((1, 1, 4, 2), (1, 1, 2, 5), {"dilation": (-1,)}),
    "bias of another size": ((1, 1, 4, 4), (1, 1, 3, 2), {"bias": np.zeros(2)}),
    "kernel of fewer axes": ((1, 1, 4, 3), (1, 2, 2), {"padding": "same"}),
    "fewer kernels than groups": ((2, 2, 4, 3), (2, 2, 1, 3), {"groups": 3}),
    "the same, padded": ((2, 2, 4, 3), (2, 2, 1, 3), {"groups": 3, "padding": "same"}),
    "no group": ((1, 1, 4, 3), (1, 1, 2, 2), {"groups": 0}),
    "padding by another word": ((1, 1, 4, 3), (1, 1, 2, 2), {"padding": "same one"}),
    "same with a step": ((1, 1, 4, 3), (1, 1, 2, 2), {"padding": "same", "stride": 2}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolution_refuses_what_torch_refuses(name):
    x, weight, options = CONVOLUTIONS[name]
    with pytest.raises(ValueError, match="conv2d: "):
        cnn.conv2d(np.zeros(x), np.zeros(weight), **options)


def test_the_examples_of_reports():
    """Each was wrong once: float16 whose squares overflow, and whole numbers."""
    x = np.array([[300.0, -300.0, 500.0, 10.0]], np.float16)
    ones, zeros = np.ones(4, np.float16), np.zeros(4, np.float16)
    got = block.layer_norm(x, ones, zeros)
    expected = F.layer_norm(torch.from_numpy(x), (4,))
    np.testing.assert_allclose(got, expected.numpy(), rtol=2e-3)
    assert got.dtype == np.float16 and np.abs(got).min() > 0.1
    whole = np.array([-2, -1, 0, 1, 2])
    np.testing.assert_allclose(block.gelu(whole), F.gelu(torch.tensor(whole).double()), rtol=1e-12)
    assert block.gelu(np.array([np.inf], np.float32)) == np.inf
    assert rnn.sigmoid(np.array([200], np.uint8)) == pytest.approx(1.0)
    bright = np.full((1, 10, 30), 200, np.uint8)
    assert cnn.avg_pool2d(bright, 10).tolist() == [[[200.0] * 3]]
