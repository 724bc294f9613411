"""GPT in NumPy: embeddings, blocks with a causal mask, and the embedding again to score tokens.

    x_t = E[token_t] + P[t];   x = Block(...Block(x));   logits = Norm(x) E^T

The weights are an argument, by the names of transformers' GPT2LMHeadModel; `models.gpt.GPT` is the
same in torch, to train. Source: Radford et al. 2019. Chapter: 3_4_transformer.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from large_models.formulas import attention, transformer


def forward(
    weights: Mapping[str, NDArray[np.float32]], ids: Sequence[int], num_heads: int, eps: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What may follow each token of a text, and where each head looks.

    Args:
        weights: "transformer.wte.weight" (V, C), "transformer.wpe.weight" (longest, C),
            "transformer.h.0.ln_1.weight" (C,), and so on.
        ids: T tokens, at least one, at most as many as there are positions.
        num_heads: h of each block.
        eps: of the layer norms.

    Returns:
        scores of the token after each, (T, V); attention weights (layers, h, T, T).
    """
    w, layers = weights, sum(name.endswith(".ln_1.weight") for name in weights)
    x = (w["transformer.wte.weight"][ids] + w["transformer.wpe.weight"][: len(ids)])[None]
    maps = []
    for layer in range(layers):
        of = {n.split(".", 3)[3]: a for n, a in w.items() if f"transformer.h.{layer}." in n}
        x, seen = transformer.block(
            x,
            _parts(of),
            num_heads,
            is_causal=True,
            activation="gelu_tanh",
            norm_first=True,
            eps=eps,
        )
        maps.append(seen[0])
    norm = [w[f"transformer.ln_f.{kind}"] for kind in ("weight", "bias")]
    x = transformer.layer_norm(x[0], *norm, eps)
    return x @ w["transformer.wte.weight"].T, np.stack(maps)


def _parts(of: Mapping[str, NDArray]) -> transformer.Weights:
    """A block's weights. GPT-2 keeps its matrices as (in, out), `block` wants (out, in)."""
    pairs = [
        (of[f"{part}.weight"].T, of[f"{part}.bias"])
        for part in ("attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj")
    ]
    norms = [of[f"{part}.{kind}"] for part in ("ln_1", "ln_2") for kind in ("weight", "bias")]
    return transformer.Weights(
        attention.Weights(*pairs[0], *pairs[1]), *pairs[2], *pairs[3], *norms
    )
