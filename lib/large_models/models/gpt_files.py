"""A GPT's files as Hugging Face has GPT-2's: config.json, names and layout of tensors.

`models.gpt` reads and writes them. Chapter: 3_4_transformer.
"""

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from large_models.models import hub
from large_models.models.transformer import BlockConfig

# The names of activations in GPT-2's config.json, and `Block`'s for them.
ACTIVATIONS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu"}
ACTIVATIONS["relu"] = "relu"
# What a config.json may say that this model does not do.
PLAIN = {"scale_attn_by_inverse_layer_idx": False, "scale_attn_weights": True}
PLAIN |= {"tie_word_embeddings": True, "add_cross_attention": False}


@dataclass(frozen=True)
class GPTConfig:
    """Sizes of a `GPT`, by the names of GPT-2's config.json.

    Raises:
        ValueError: for a size less than 1, heads that do not divide n_embd, a dropout outside 0..1,
            or an activation unknown here.
    """

    vocab_size: int = 1024
    n_positions: int = 128  # the longest text, in tokens
    n_embd: int = 128  # features of a token
    n_layer: int = 4
    n_head: int = 4
    n_inner: int | None = None  # features inside the feed-forward network; None for 4 * n_embd
    activation_function: str = "gelu_new"
    layer_norm_epsilon: float = 1e-5
    dropout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("vocab_size", "n_positions", "n_layer"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if self.activation_function not in ACTIVATIONS:
            words = ", ".join(ACTIVATIONS)
            raise ValueError(
                f"activation_function: expected one of {words}, got {self.activation_function!r}"
            )
        _ = self.block

    @property
    def block(self) -> BlockConfig:
        """The same as the settings of a `Block`."""
        return BlockConfig(
            hidden_size=self.n_embd,
            num_heads=self.n_head,
            feed_forward_size=4 * self.n_embd if self.n_inner is None else self.n_inner,
            dropout=self.dropout,
            activation=ACTIVATIONS[self.activation_function],
            norm_first=True,
            layer_norm_eps=self.layer_norm_epsilon,
        )


NAMES = (  # ours, transformers'
    ("tokens.", "wte."),
    ("positions.", "wpe."),
    ("norm.", "ln_f."),
    ("blocks.", "h."),
    (".self_attn.in_proj_", ".attn.c_attn."),
    (".self_attn.out_proj.", ".attn.c_proj."),
    (".linear1.", ".mlp.c_fc."),
    (".linear2.", ".mlp.c_proj."),
    (".norm1.", ".ln_1."),
    (".norm2.", ".ln_2."),
)


def turn(name: str, tensor: Tensor) -> Tensor:
    """GPT-2 keeps its linear layers' matrices as (in, out), torch as (out, in)."""
    return tensor.T if re.search(r"\.c_\w+\.weight$", name) and tensor.ndim == 2 else tensor


def read_config(path: Path) -> GPTConfig:
    """The sizes in a config.json.

    Raises:
        FileNotFoundError, ValueError: as `hub.read_config`, and for sizes that make no GPT.
    """
    raw = hub.read_config(path, "gpt2", PLAIN)
    drops = {raw.get(f"{part}_pdrop", 0.1) for part in ("embd", "attn", "resid")}
    # Dropout only acts in training; where the three differ, the largest is as good as any.
    known = {f.name: raw[f.name] for f in fields(GPTConfig) if f.name in raw}
    settings: dict[str, Any] = GPT2_DEFAULTS | known | {"dropout": max(drops)}
    return GPTConfig(**settings)


# What transformers takes for what a config.json leaves out.
GPT2_DEFAULTS = {"vocab_size": 50257, "n_positions": 1024, "n_embd": 768}
GPT2_DEFAULTS |= {"n_layer": 12, "n_head": 12}
