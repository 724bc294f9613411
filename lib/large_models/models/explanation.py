r"""Explanations by gradient and by hiding, for a network of pictures and for one of sentences.

    saliency                 |dF/dx_i|
    gradient x input         (x_i - b_i) dF/dx_i
    integrated gradients     (x_i - b_i) * mean of dF/dx_i on the way from b to x
    occlusion                F(x) - F(x with part i hidden)

F is the score of one class before the softmax, b what stands for "nothing": blank paper, or a
sentence of [MASK]. A sentence is explained at its token embeddings, and a token's part is the sum
over its features. Heads are taken out of a BERT by `without_heads`, or made to look at all tokens
alike by `without_looking`.

Sources: Simonyan et al. 2013; Sundararajan et al. 2017; Zeiler and Fergus 2014; Michel et al. 2019
(heads). The same to read: lib/large_models/formulas/explanation.py. Chapter: 5_2_3_explanation.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from large_models.formulas import explanation
from large_models.models.bert import BertForMaskedLM, BertForSequenceClassification

Scores = Callable[[Tensor], Tensor]  # inputs (N, ...) to scores (N, K)
BATCH = 512  # inputs at a time


def gradient(model: Scores, x: Tensor, target: Tensor | int) -> Tensor:
    """Of each input's score of its target, with respect to the input: of x's shape.

    Args:
        model: inputs to scores; one input must not change another's.
        x: (N, ...).
        target: (N,) of whole numbers, or one for all.

    Raises:
        ValueError: if a target is no class of the model, or there is not one for each input.
    """
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        return torch.autograd.grad(_pick(model(x), target).sum(), x)[0]


def saliency(model: Scores, x: Tensor, target: Tensor | int) -> Tensor:
    """The size of the gradient, in x's shape: where a small change would change the score most."""
    return gradient(model, x, target).abs()


def gradient_times_input(
    model: Scores, x: Tensor, target: Tensor | int, baseline: Tensor | float = 0.0
) -> Tensor:
    """The gradient times how far the input is from the baseline, in the shape of x."""
    return (x - baseline) * gradient(model, x, target)


def integrated_gradients(
    model: Scores,
    x: Tensor,
    target: Tensor | int,
    steps: int = 32,
    baseline: Tensor | float = 0.0,
) -> Tensor:
    """The mean gradient on the straight way from the baseline, times its length: in the shape of x.

    The way is cut into equal pieces, and each is measured in its middle.

    Raises:
        ValueError: as `gradient`, and for steps below 1.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps: expected a whole number of at least 1, got {steps!r}")
    total = torch.zeros_like(x)
    for step in range(steps):
        total += gradient(model, baseline + (step + 0.5) / steps * (x - baseline), target)
    return (x - baseline) * total / steps


@torch.no_grad()
def occlusion(
    model: Scores,
    x: Tensor,
    target: Tensor | int,
    size: int,
    stride: int = 1,
    fill: float = 0.0,
) -> Tensor:
    """What each picture's score loses when a window is filled, by pixel: (N, C, H, W).

    Args:
        x: (N, C, H, W).
        size, stride: as `formulas.explanation.occlusion`.

    Raises:
        ValueError: as `gradient`, or if the window does not fit.
    """
    covers = torch.from_numpy(
        explanation.windows((x.shape[-2], x.shape[-1]), size, stride)
    )  # (M, H, W)
    whole = _pick(model(x), target)
    found = []
    for i, picture in enumerate(x):
        hidden = picture.masked_fill(covers[:, None], fill)  # (M, C, H, W)
        goal = target if isinstance(target, int) else int(target[i])
        rest = torch.cat([_pick(model(part), goal) for part in hidden.split(BATCH)])
        lost = torch.tensordot(whole[i] - rest, covers.to(x), 1) / covers.sum(0)  # (H, W)
        found.append(lost.expand_as(picture))
    return torch.stack(found)


def _pick(scores: Tensor, target: Tensor | int) -> Tensor:
    N, K = scores.shape
    target = torch.as_tensor(target)
    if target.ndim and target.shape != (N,):
        raise ValueError(f"target: expected one for each of {N} inputs, got {tuple(target.shape)}")
    if target.is_floating_point() or target.min() < 0 or target.max() >= K:
        raise ValueError(f"target: expected whole numbers from 0 to {K - 1}, got {target}")
    return scores.gather(1, target.expand(N)[:, None])[:, 0]


# --- sentences ----------------------------------------------------------------------------------


def from_embeddings(model: BertForSequenceClassification) -> Scores:
    """The model from its tokens' embeddings (N, T, C) on, before the positions are added."""

    def scores(x: Tensor) -> Tensor:
        body = model.bert
        x = body.encoder(body.norm(body.positions(x) + body.types.weight[0]))
        return model.classifier(torch.tanh(model.pooler(x[:, 0])))

    return scores


def with_gap(ids: Tensor, mask_id: int) -> Tensor:
    """A sentence (T,) "[CLS] ... [SEP]" with nothing between the two but [MASK]."""
    gap = torch.full_like(ids, mask_id)
    gap[0], gap[-1] = ids[0], ids[-1]
    return gap


TOKEN_METHODS = ("saliency", "gradient x input", "integrated gradients")


def of_tokens(
    model: BertForSequenceClassification,
    ids: Tensor,
    target: int,
    mask_id: int,
    method: str,
    steps: int = 32,
) -> Tensor:
    """A gradient method for a sentence: what each token adds to the score, (T,).

    "Nothing" is the sentence of [MASK]; [CLS] and [SEP] are not explained but by saliency.

    Args:
        ids: (T,).
        method: one of `TOKEN_METHODS`.

    Raises:
        ValueError: for another method, or as `gradient`.
    """
    if method not in TOKEN_METHODS:
        raise ValueError(f"method: expected one of {', '.join(TOKEN_METHODS)}, got {method!r}")
    scores, table = from_embeddings(model), model.bert.tokens.weight.detach()
    x, baseline = table[ids][None], table[with_gap(ids, mask_id)][None]  # (1, T, C)
    if method == "saliency":
        return gradient(scores, x, target)[0].norm(dim=-1)
    if method == "gradient x input":
        return gradient_times_input(scores, x, target, baseline)[0].sum(dim=-1)
    shares = (torch.arange(steps) + 0.5)[:, None, None] / steps
    mean = gradient(scores, baseline + shares * (x - baseline), target).mean(dim=0)
    return ((x - baseline)[0] * mean).sum(dim=-1)


@torch.no_grad()
def hide_each(
    model: BertForSequenceClassification, ids: Tensor, target: int, mask_id: int
) -> Tensor:
    """Occlusion for a sentence: what the probability loses when [MASK] takes a token's place.

    Returns:
        (T,): 0 for [CLS] and [SEP], which stay.
    """
    T = len(ids)
    hidden = ids.repeat(T, 1)  # one text for each token
    inner = torch.arange(1, T - 1)
    hidden[inner, inner] = mask_id
    p = model(hidden).softmax(dim=-1)[:, target]  # the first text is whole
    return p[0] - p


@contextmanager
def without_heads(
    model: BertForSequenceClassification | BertForMaskedLM, heads: Iterable[tuple[int, int]]
) -> Iterator[None]:
    """Inside, some heads hand over nothing: pairs (layer, head), from 0.

    Raises:
        ValueError: if there is no such head.
    """
    with _changed(model, heads) as rows:
        for attention, features in rows:
            attention.out_proj.weight[:, features] = 0
        yield


@contextmanager
def without_looking(
    model: BertForSequenceClassification | BertForMaskedLM, heads: Iterable[tuple[int, int]]
) -> Iterator[None]:
    """Inside, some heads look at all tokens alike: they still hand over, but do not choose.

    Raises:
        ValueError: if there is no such head.
    """
    with _changed(model, heads) as rows:
        for attention, features in rows:  # queries of zero fit every key alike
            attention.in_proj_weight[features] = 0
            attention.in_proj_bias[features] = 0
        yield


@contextmanager
def _changed(model: Any, heads: Any) -> Iterator[list[tuple[Any, slice]]]:
    """The attention and the features of each head, whose weights may be changed inside."""
    blocks = model.bert.encoder.layers
    H = model.config.num_attention_heads
    D = model.config.hidden_size // H
    heads = list(heads)
    for layer, head in heads:
        if not (0 <= layer < len(blocks) and 0 <= head < H):
            raise ValueError(
                f"heads: expected layers 0 to {len(blocks) - 1}, heads 0 to {H - 1}, "
                f"got ({layer}, {head})"
            )
    kept = {name: weight.clone() for name, weight in model.bert.encoder.state_dict().items()}
    try:
        with torch.no_grad():
            yield [(blocks[i].self_attn, slice(j * D, (j + 1) * D)) for i, j in heads]
    finally:
        model.bert.encoder.load_state_dict(kept)


def random_start(model: torch.nn.Module, names: Iterable[str], seed: int = 0) -> None:
    """Give some layers new random weights, each as large as the ones that it had; in place.

    Args:
        names: of the layers, such as "conv1".

    Raises:
        ValueError: if there is no such layer.
    """
    rng = np.random.default_rng(seed)
    there = dict(model.named_modules())
    for name in names:
        if name not in there:
            raise ValueError(f"names: expected layers of the model, got {name!r}")
        with torch.no_grad():
            for weight in there[name].parameters():
                drawn = rng.normal(0, max(float(weight.std(correction=0)), 1e-8), weight.shape)
                weight.copy_(torch.from_numpy(drawn))
