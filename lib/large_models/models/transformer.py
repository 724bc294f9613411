r"""The transformer: attention moves between tokens, a feed-forward network works on each alone.

    pre-norm    x = x + Attention(Norm(x));   x = x + FeedForward(Norm(x))
    post-norm   x = Norm(x + Attention(x));   x = Norm(x + FeedForward(x))

    Norm(x)        = (x - mean(x)) / sqrt(var(x) + eps) * w + b         over the features of a token
    FeedForward(x) = W_2 phi(W_1 x + b_1) + b_2,   phi = ReLU or GELU

An encoder's block is this; a decoder's has a causal mask, and between the two a third part that
attends to the encoder's output. One class, `Block`, is both, and the GPT of `models.gpt`
besides. It loads the state dict of torch.nn.TransformerEncoderLayer, or with `cross_attention` that
of torch.nn.TransformerDecoderLayer. Attention knows no order: positions are added to the tokens
(sinusoidal, learned) or turn queries and keys (rotary).

Sources: Vaswani et al. 2017; Ba et al. 2016 (layer norm); Hendrycks and Gimpel 2016 (GELU); Xiong
et al. 2020 (pre- and post-norm); Su et al. 2021 (rotary). Chapter: 3_4_transformer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.models.attention import KeyValueCache, MultiHeadAttention


def gelu(x: Tensor) -> Tensor:
    """x, of any shape, times the probability that a standard normal number is less than x."""
    return F.gelu(x)


def gelu_tanh(x: Tensor) -> Tensor:
    """GELU, of any shape, with GPT-2's tanh for the probability; within 0.0005 of `gelu`."""
    return F.gelu(x, approximate="tanh")


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
}


@dataclass(frozen=True)
class BlockConfig:
    """Sizes and kinds of a `Block`; the defaults are torch's, but for the sizes.

    Raises:
        ValueError: for a size less than 1, heads that do not divide hidden_size, a dropout outside
            0..1, or another activation.
    """

    hidden_size: int = 128
    num_heads: int = 4
    feed_forward_size: int = 512
    dropout: float = 0.1
    activation: str = "relu"  # "relu", "gelu" or "gelu_tanh"
    norm_first: bool = False  # pre-norm
    bias: bool = True
    layer_norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("hidden_size", "num_heads", "feed_forward_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if self.hidden_size % self.num_heads:
            raise ValueError(
                f"num_heads: expected a divisor of hidden_size {self.hidden_size}, "
                f"got {self.num_heads}"
            )
        if not 0 <= self.dropout <= 1:
            raise ValueError(f"dropout: expected a probability from 0 to 1, got {self.dropout!r}")
        if self.activation not in ACTIVATIONS:
            words = ", ".join(ACTIVATIONS)
            raise ValueError(f"activation: expected one of {words}, got {self.activation!r}")
        if not self.layer_norm_eps > 0:
            raise ValueError(f"layer_norm_eps: expected more than 0, got {self.layer_norm_eps!r}")


# --- positions ----------------------------------------------------------------------------------


def sinusoidal_positions(seq_len: int, hidden_size: int, first: int = 0) -> Tensor:
    """Sines and cosines of the position, in wavelengths from 2 pi to 10000 * 2 pi.

    Returns:
        (seq_len, hidden_size): sin at even features, cos at odd ones.

    Raises:
        ValueError: if hidden_size is odd.

    Source: Vaswani et al. 2017, section 3.5.
    """
    angles = _angles(torch.arange(first, first + seq_len), hidden_size)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).float()


class SinusoidalPositions(nn.Module):
    """Adds `sinusoidal_positions` to tokens (B, T, C), whose first has the position `first`."""

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        _, T, C = x.shape
        return x + sinusoidal_positions(T, C, first).to(x)


class LearnedPositions(nn.Module):
    """Adds a learned vector for each position; there are `seq_len` of them.

    Raises:
        ValueError: from `forward`, if a position is beyond the last.
    """

    def __init__(self, seq_len: int, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(seq_len, hidden_size))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        T, most = first + x.shape[1], self.weight.shape[0]
        if T > most:
            raise ValueError(f"expected at most {most} positions, got {T}")
        return x + self.weight[first:T]


class Rotary(nn.Module):
    """Turns each pair of features by an angle that grows with the position.

    The product of a query and a key then depends on how far apart they are, and not on where.
    Feature 2i is paired with 2i + 1. For `MultiHeadAttention(rotate=...)`: x is (B, h, T, D), and D
    is even. Source: Su et al. 2021, section 3.2.
    """

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        T, D = x.shape[-2:]
        angles = _angles(torch.arange(first, first + T), D).to(x.device)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)  # (T, D / 2)
        even, odd = x[..., ::2], x[..., 1::2]
        turned = [even * cos - odd * sin, even * sin + odd * cos]
        return torch.stack(turned, dim=-1).flatten(-2)


def _angles(positions: Tensor, size: int) -> Tensor:
    """(T, size / 2) in radians: position t times 10000^(-2i / size); in float64, for long texts."""
    if size % 2:
        raise ValueError(f"expected an even number of features, got {size}")
    steps = torch.arange(0, size, 2, dtype=torch.float64)
    return positions[:, None] * torch.exp(steps * (-math.log(10000) / size))


# --- the block ----------------------------------------------------------------------------------


class LayerNorm(nn.Module):
    """Mean 0 and variance 1 over the features of each token, then a learned scale and shift.

    The variance divides by C, not by C - 1. Written out in `formulas.transformer`.
    """

    def __init__(self, hidden_size: int, eps: float = 1e-5, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(hidden_size))
        self.bias = nn.Parameter(torch.zeros(hidden_size)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)


class Block(nn.Module):
    """Attention and feed-forward network, each with its norm and its way around (residual).

    Args:
        config: sizes and kinds.
        cross_attention: whether there is a third part, which attends to another sequence.
        rotate: turns queries and keys of the self-attention by their positions, as `Rotary`.
    """

    def __init__(
        self,
        config: BlockConfig,
        cross_attention: bool = False,
        rotate: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.config = c = config
        C, heads = c.hidden_size, c.num_heads
        self.self_attn = MultiHeadAttention(C, heads, c.dropout, c.bias, rotate=rotate)
        if cross_attention:
            self.multihead_attn = MultiHeadAttention(C, heads, c.dropout, c.bias)
        self.linear1 = nn.Linear(C, c.feed_forward_size, bias=c.bias)
        self.linear2 = nn.Linear(c.feed_forward_size, C, bias=c.bias)
        self.norm1 = LayerNorm(C, c.layer_norm_eps, c.bias)
        self.norm2 = LayerNorm(C, c.layer_norm_eps, c.bias)
        if cross_attention:
            self.norm3 = LayerNorm(C, c.layer_norm_eps, c.bias)
        self.cross_attention = cross_attention

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        *,
        mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        is_causal: bool = False,
        memory_mask: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """One layer's work on all tokens.

        Args:
            x: (B, T, C).
            memory: (B, S, C) that the cross-attention attends to.
            mask: (B, T), True or 1 where there is a token.
            attn_mask: broadcasts to (B, h, T, T), as in `MultiHeadAttention`.
            is_causal: a token may attend to itself and those before it only.
            memory_mask: (B, S), True or 1 where there is a token.
            cache: of the tokens before x; masks then speak of all.

        Returns:
            (B, T, C).

        Raises:
            ValueError: if shapes do not fit, or memory is missing or not expected.
        """
        if (memory is not None) != self.cross_attention:
            wanted = "a memory" if self.cross_attention else "no memory"
            raise ValueError(
                f"expected {wanted}, as the block was made with cross_attention = "
                f"{self.cross_attention}"
            )

        def attend(x: Tensor) -> Tensor:
            return self.self_attn(x, None, None, mask, attn_mask, is_causal, cache=cache)[0]

        def look_up(x: Tensor) -> Tensor:
            return self.multihead_attn(x, memory, memory, memory_mask)[0]

        if memory is None:
            parts = [(attend, self.norm1), (self.feed_forward, self.norm2)]
        else:
            parts = [(attend, self.norm1), (look_up, self.norm2), (self.feed_forward, self.norm3)]
        for part, norm in parts:
            if self.config.norm_first:
                x = x + self._drop(part(norm(x)))
            else:
                x = norm(x + self._drop(part(x)))
        return x

    def feed_forward(self, x: Tensor) -> Tensor:
        """Each token by itself: (..., C) to (..., C)."""
        phi = ACTIVATIONS[self.config.activation]
        return self.linear2(self._drop(phi(self.linear1(x))))

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.config.dropout, self.training)


class Encoder(nn.Module):
    """Blocks on each other; loads the state dict of `torch.nn.TransformerEncoder`.

    Args:
        config: of each block.
        num_layers: how many blocks.
        norm: whether a layer norm follows the last; pre-norm blocks need one.
        rotate: as in `Block`.

    Raises:
        ValueError: for less than one layer.
    """

    cross_attention = False

    def __init__(
        self,
        config: BlockConfig,
        num_layers: int,
        norm: bool = False,
        rotate: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"num_layers: expected at least 1, got {num_layers}")
        blocks = (Block(config, self.cross_attention, rotate) for _ in range(num_layers))
        self.layers = nn.ModuleList(blocks)
        eps = config.layer_norm_eps
        self.norm = LayerNorm(config.hidden_size, eps, config.bias) if norm else None

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        """(B, T, C) to (B, T, C); options as `Block.forward`'s."""
        for layer in self.layers:
            x = layer(x, **options)
        return x if self.norm is None else self.norm(x)


class Decoder(Encoder):
    """Blocks that also attend to an encoder's output, given as `memory`, and with a causal mask
    unless told otherwise; loads the state dict of `torch.nn.TransformerDecoder`."""

    cross_attention = True

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]  a decoder needs a memory
        self, x: Tensor, memory: Tensor, is_causal: bool = True, **options: Any
    ) -> Tensor:
        """(B, T, C) and memory (B, S, C) to (B, T, C); options as `Block.forward`'s."""
        return super().forward(x, memory=memory, is_causal=is_causal, **options)
