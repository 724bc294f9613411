"""What an operation of the three engines is, and how its arguments are drawn.

An operation is declared once, in table.py: how its arguments are drawn, NumPy's formula, torch's
own, JavaScript's, the formula's gradients if it has them, and how far apart they may be.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

FLOATS = (np.float16, np.float32, np.float64)
WHOLE = (np.int8, np.uint8, np.int64, np.bool_)
VALUES = ("ordinary", "NaN", "infinity", "large", "wide", "ties")


@dataclass(frozen=True)
class Operation:
    """One operation in each engine.

    Attributes:
        shapes: draws a dict: shapes of the arrays by name, and under "options" the other arguments.
        mine, torchs: called with the arrays (or tensors) by name, and with the options.
        backward: called with grad_output first; gives the gradients of the arrays in their order,
            None for one that has none.
        script: the same in JavaScript, an expression of `js` (the engine), `a` (tensors by name),
            `w` (a recurrent layer's weights) and `o` (the options, in camelCase): a tensor, or a
            list of them; None where the engine has no such operation.
        script_backward: its gradients, an expression that has `g` too, the gradient of the first
            tensor it gave: a list in the order of the arrays, null for one that has none.
        script_shapes: what is drawn for it, where it takes less than `shapes` draws.
        values: which kinds make sense.
        types: which it takes.
        times: by how much further apart than `CLOSE` the two may be, and why it is so.
        difference: the answer is a difference of numbers as large as the arguments', which may be
            far larger than itself: they, not it, say how large a rounding error is.
    """

    name: str
    shapes: Callable[[Callable], dict]
    mine: Callable[..., Any]
    torchs: Callable[..., Any]
    backward: Callable[..., Any] | None = None
    script: str | None = None
    script_backward: str | None = None
    script_shapes: Callable[[Callable], dict] | None = None
    values: tuple[str, ...] = VALUES
    types: tuple[type, ...] = FLOATS + WHOLE
    times: dict[type, float] = field(default_factory=dict)
    difference: bool = False


def sizes(draw, *names: str, most: int = 5) -> list[int]:
    return [draw(st.integers(1, most), label=name) for name in names]


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


def pooling(draw, average: bool, divisor: bool = True):
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
        if divisor:
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


def recurrent(gates: int, padded: bool = True):
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
        return given | {"options": {"mask": None if mask.all() or not padded else mask}}

    return shapes
