"""The operations that more than one engine has, each declared once."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from large_models.formulas import attention, cnn, privacy, rnn, spectrogram, training
from large_models.formulas import transformer as block
from tests.engines.operations import (
    WHOLE,
    Operation,
    any_shape,
    convolution,
    dense,
    lookup,
    norm,
    pooling,
    recurrent,
    rows,
    scores,
    sizes,
)

# --- torch's side and NumPy's, where they are more than one call ----------------------------------


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


NO_NAN = ("ordinary", "ties")  # refused, or what follows means nothing
STEPS = {np.float16: 4.0}  # several operations, each rounded by torch
OPERATIONS = [
    Operation("relu", any_shape, cnn.relu, F.relu, cnn.relu_backward, "js.relu(a.x)",
              "[js.reluBackward(g, a.x)]"),
    Operation("block relu", any_shape, block.relu, F.relu),
    # Of infinity torch's vectorised gelu makes NaN in float32, and infinity in float64.
    Operation("gelu", any_shape, block.gelu, F.gelu, script="js.gelu(a.x)",
              values=("ordinary", "NaN", "large", "ties")),
    Operation("gelu_tanh", any_shape, block.gelu_tanh, lambda x: F.gelu(x, approximate="tanh"),
              script="js.gelu(a.x, {approximate: 'tanh'})"),
    Operation("sigmoid", any_shape, rnn.sigmoid, torch.sigmoid),
    Operation("softmax", rows, training.softmax, lambda x: x.softmax(-1),
              script="js.softmax(a.x)"),
    Operation("log_softmax", rows, training.log_softmax, lambda x: x.log_softmax(-1)),
    Operation("attention softmax", rows, attention.softmax, softmax_or_nothing,
              script="js.attentionSoftmax(a.x)"),
    Operation(
        "layer_norm", norm, block.layer_norm,
        lambda x, weight, bias, eps: F.layer_norm(x, x.shape[-1:], weight, bias, eps),
        lambda grad, x, weight, bias, eps: block.layer_norm_backward(grad, x, weight, eps),
        "js.layerNorm(a.x, a.weight, a.bias, o.eps)",
        "Object.values(js.layerNormBackward(g, a.x, a.weight, o.eps))",
        times={np.float16: 4, np.float32: 50, np.float64: 50},  # variances near 0
        values=("ordinary", "NaN", "infinity", "wide", "ties"),
    ),
    Operation("linear", dense, training.linear, F.linear,
              lambda grad, x, weight, bias: training.linear_backward(grad, x, weight),
              "js.linear(a.x, a.weight, a.bias)",
              "Object.values(js.linearBackward(g, a.x, a.weight))"),
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
        "js.tensor([js.crossEntropy(a.logits, o.targets.data).loss], [])",
        "[scaled(js.crossEntropy(a.logits, o.targets.data).grad, g)]",
        values=("ordinary", "NaN", "infinity", "wide", "ties"), difference=True,
    ),
    Operation(
        "conv2d", convolution, cnn.conv2d, F.conv2d,
        lambda grad, x, weight, bias, **o: cnn.conv2d_backward(grad, x, weight, **o),
        "js.conv2d(a.x, a.weight, a.bias, o)",
        "Object.values(js.conv2dBackward(g, a.x, a.weight, o))",
        values=("ordinary", "ties", "pixel"),
    ),
    Operation("conv2d_loops", convolution, cnn.conv2d_loops, F.conv2d, values=NO_NAN),
    Operation("max_pool2d", lambda draw: pooling(draw, False), cnn.max_pool2d, F.max_pool2d,
              cnn.max_pool2d_backward, "js.maxPool2d(a.x, o)",
              "[js.maxPool2dBackward(g, a.x, o)]"),
    Operation("avg_pool2d", lambda draw: pooling(draw, True), cnn.avg_pool2d, F.avg_pool2d,
              cnn.avg_pool2d_backward, "js.avgPool2d(a.x, o)",
              "[js.avgPool2dBackward(g, a.x, o)]",
              lambda draw: pooling(draw, True, divisor=False)),
    Operation("attention", lookup, attention.scaled_dot_product_attention, sdpa,
              attention.scaled_dot_product_attention_backward,
              "js.scaledDotProductAttention(a.query, a.key, a.value, o).output",
              "Object.values(js.scaledDotProductAttentionBackward("
              "g, a.query, a.key, a.value, o))",
              lambda draw: lookup(draw, gqa=False), times=STEPS,
              values=("ordinary", "ties", "padding")),
    Operation("attention in blocks", lookup,
              lambda *args, **o: attention.attention_streaming(*args, **o, block_size=2), sdpa,
              times=STEPS, values=("ordinary", "ties", "wide", "padding")),
    *(
        Operation(name, recurrent(gates), my_recurrent(formula), torch_recurrent(kind),
                  my_recurrent_backward(back), script,
                  script_shapes=recurrent(gates, padded=False),
                  values=("ordinary", "ties", "padding"),
                  times=STEPS)
        for name, gates, formula, back, kind, script in (
            ("rnn", 1, rnn.rnn, rnn.rnn_backward, nn.RNN,
             "((r) => [r.h, last(r.h)])(js.rnn(a.x, w, {h: a.h}))"),
            ("lstm", 4, rnn.lstm, rnn.lstm_backward, nn.LSTM,
             "((r) => [r.h, last(r.h), last(r.c)])(js.lstm(a.x, w, {h: a.h, c: a.c}))"),
            ("gru", 3, rnn.gru, rnn.gru_backward, nn.GRU,
             "((r) => [r.h, last(r.h)])(js.gru(a.x, w, {h: a.h}))"),
        )
    ),
    *(
        Operation(name, recurrent(gates), one_step(formula), torch_step(kind), None, script,
                  times=STEPS, values=("ordinary", "NaN", "infinity", "ties"))
        for name, gates, formula, kind, script in (
            ("rnn_step", 1, rnn.rnn_step, nn.RNNCell, "js.rnnStep(first(a.x), a.h, w).h"),
            ("lstm_step", 4, rnn.lstm_step, nn.LSTMCell,
             "((r) => [r.h, r.c])(js.lstmStep(first(a.x), a.h, a.c, w))"),
            ("gru_step", 3, rnn.gru_step, nn.GRUCell, "js.gruStep(first(a.x), a.h, w).h"),
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
