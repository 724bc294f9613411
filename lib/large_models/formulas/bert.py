r"""BERT's forward pass in NumPy: from token ids to hidden states, attention and scores.

    x_t = Norm(E[token_t] + P[t] + S[type_t]);   x = Block(...Block(x))       (post-norm)
    logits = Norm(phi(x W^T + b)) E^T + c

It reads the files of transformers' BertForMaskedLM as they lie in a directory, so a model can be
used where there is no torch. `models.bert` is the same in torch, to train.
Source: Devlin et al. 2019. Chapter: 4_2_infer_bert.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from large_models.formulas import attention, transformer
from large_models.tensors import load_arrays, modern

Array = NDArray[np.floating]

# The names of activations in BERT's config.json, and the block's for them.
NAMES = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "relu": "relu"}


class Bert(NamedTuple):
    """A BERT for masked tokens: V tokens, C features, K texts of a pair, at most T tokens."""

    tokens: Array  # (V, C)
    positions: Array  # (T, C)
    types: Array  # (K, C)
    norm: tuple[Array, Array]  # weight, bias of the embeddings' norm, (C,) each
    blocks: tuple[transformer.Weights, ...]
    transform: tuple[Array, Array]  # (C, C), (C,)
    transform_norm: tuple[Array, Array]  # (C,), (C,)
    decoder: Array  # (V, C); the tokens' embedding where it is tied
    bias: Array  # (V,)
    num_heads: int
    activation: str  # as config.json names it
    eps: float


def read(directory: str | Path) -> Bert:
    """The model in a directory: config.json and model.safetensors, whole or in shards.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if it is no such model, a tensor is missing, or a number is not finite.
    """
    directory = Path(directory)
    config = json.loads((directory / "config.json").read_text("utf-8"))
    if config.get("model_type") != "bert" or config.get("hidden_act") not in NAMES:
        kind, act = config.get("model_type"), config.get("hidden_act")
        raise ValueError(
            f"{directory}: expected a bert with hidden_act one of {', '.join(NAMES)}, "
            f"got {kind!r} with {act!r}"
        )
    path = directory / "model.safetensors"
    found = {modern(name, "bert."): array for name, array in load_arrays(path).items()}

    def take(name: str) -> Array:
        if name not in found:
            raise ValueError(f"{path}: expected a tensor {name!r}")
        if not np.isfinite(found[name]).all():
            raise ValueError(f"{path}: expected finite numbers in {name!r}")
        return found[name].astype(np.float32)

    def pair(name: str) -> tuple[Array, Array]:
        return take(f"{name}.weight"), take(f"{name}.bias")

    embeddings, head = "bert.embeddings.", "cls.predictions."
    layers = range(config["num_hidden_layers"])
    tokens = take(embeddings + "word_embeddings.weight")
    tied = config.get("tie_word_embeddings", True)
    return Bert(
        tokens,
        take(embeddings + "position_embeddings.weight"),
        take(embeddings + "token_type_embeddings.weight"),
        pair(embeddings + "LayerNorm"),
        tuple(_block(pair, f"bert.encoder.layer.{i}.") for i in layers),
        pair(head + "transform.dense"),
        pair(head + "transform.LayerNorm"),
        tokens if tied else take(head + "decoder.weight"),
        take(head + "bias" if tied else head + "decoder.bias"),
        config["num_attention_heads"],
        config["hidden_act"],
        config.get("layer_norm_eps", 1e-12),
    )


def hidden_states(
    bert: Bert,
    ids: NDArray[np.integer],
    mask: NDArray[np.bool_] | None = None,
    token_types: NDArray[np.integer] | None = None,
) -> tuple[Array, Array]:
    """What goes into the first block and comes out of each, and where every head looks.

    Args:
        ids: (B, T) of whole numbers, 0 to V - 1.
        mask: (B, T), True or 1 where there is a token; all are if not given.
        token_types: (B, T), which text of a pair a token belongs to; 0 if not given.

    Returns:
        states (layers + 1, B, T, C); attention weights (layers, B, h, T, T).

    Raises:
        ValueError: if an argument is not that, or there are more than T tokens.
    """
    ids = _whole("ids", ids, len(bert.tokens), None)
    most = len(bert.positions)
    if ids.shape[1] > most:
        raise ValueError(f"ids: expected at most {most} tokens, got {ids.shape[1]}")
    if mask is not None:
        mask = np.asarray(mask)
        if mask.shape != ids.shape or mask.dtype.kind not in "biu" or (mask > 1).any():
            found = f"{mask.shape} of {mask.dtype}"
            raise ValueError(
                f"mask: expected {ids.shape} of bool, or of ones and zeros, got {found}"
            )
        mask = (mask == 1)[:, None, None]  # (B, 1, 1, T): the same for every query
    types = np.zeros_like(ids) if token_types is None else token_types
    types = _whole("token_types", types, len(bert.types), ids.shape)
    x = bert.tokens[ids] + bert.positions[: ids.shape[1]] + bert.types[types]  # (B, T, C)
    states, maps = [transformer.layer_norm(x, *bert.norm, bert.eps)], []
    for weights in bert.blocks:
        x, looks = transformer.block(
            states[-1],
            weights,
            bert.num_heads,
            attn_mask=mask,
            activation=NAMES[bert.activation],
            eps=bert.eps,
        )
        states.append(x)
        maps.append(looks)
    return np.stack(states), np.stack(maps)


def masked_logits(bert: Bert, x: Array) -> Array:
    """Scores of the token that belongs at a place, from the last hidden states.

    Args:
        x: (..., C).

    Returns:
        (..., V).

    Raises:
        ValueError: if the features are not C.
    """
    weight, bias = bert.transform
    if x.shape[-1] != weight.shape[1]:
        raise ValueError(f"x: expected {weight.shape[1]} features, got {x.shape}")
    phi = transformer.ACTIVATIONS[NAMES[bert.activation]]
    bent = phi(x @ weight.T + bias)  # (..., C)
    return transformer.layer_norm(bent, *bert.transform_norm, bert.eps) @ bert.decoder.T + bert.bias


def _block(
    pair: Callable[[str], tuple[np.ndarray, np.ndarray]], prefix: str
) -> transformer.Weights:
    parts = [pair(f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
    in_weight, in_bias = (np.concatenate(side) for side in zip(*parts, strict=True))
    # linear1, linear2, norm1, norm2
    names = ("intermediate.dense", "output.dense", "attention.output.LayerNorm", "output.LayerNorm")
    rest = [array for name in names for array in pair(prefix + name)]
    out = pair(f"{prefix}attention.output.dense")
    return transformer.Weights(attention.Weights(in_weight, in_bias, *out), *rest)


def _whole(name: str, ids: NDArray, size: int, shape: tuple | None) -> NDArray[np.integer]:
    ids = np.asarray(ids)
    if ids.ndim != 2 or not ids.size or not np.issubdtype(ids.dtype, np.integer):
        raise ValueError(
            f"{name}: expected (B, T) of whole numbers, got {ids.shape} of {ids.dtype}"
        )
    if shape is not None and ids.shape != shape:
        raise ValueError(f"{name}: expected {shape}, got {ids.shape}")
    if ids.min() < 0 or ids.max() >= size:
        raise ValueError(f"{name}: expected 0 to {size - 1}, got {ids.min()} to {ids.max()}")
    return ids
