r"""Attention in torch: `formulas.attention` again, where autograd finds the gradients.

    O = softmax(Q K^T / sqrt(D) + mask) V                 for each head
    MultiHead(X) = [O_1 ... O_h] W_o,   Q, K, V = X W_q, X W_k, X W_v

In a mask True means "may attend", as in torch.nn.functional; torch.nn.MultiheadAttention has it the
other way round. A row that may attend nowhere gives zeros, and gradients of zero.

Sources: Vaswani et al. 2017, section 3.2; Ainslie et al. 2023 (several heads of queries to one of
keys); Milakov and Gimelshein 2018 and Dao et al. 2022 (attention in pieces).
Chapter: 3_3_self_attention.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.models.masks import as_bool
from large_models.shapes import scores_shape


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Attention, from queries (..., L, D), keys (..., S, D) and values (..., S, Dv): (..., L, Dv).

    Arguments as torch.nn.functional's, which `formulas.attention` explains, and:

    Args:
        dropout_p: probability of zeroing a weight, always applied.

    Raises:
        ValueError: if shapes do not fit each other, or there is a mask and is_causal.
    """
    weights = attention_weights(query, key, value, attn_mask, is_causal, scale, enable_gqa)
    return F.dropout(weights, dropout_p) @ _repeat(value, query, enable_gqa)


def attention_weights(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """The weights (..., L, S) of `scaled_dot_product_attention`, before any dropout.

    Each row sums to 1, or to 0 if it may attend nowhere.
    """
    shape = _check(query, key, value, attn_mask, is_causal, enable_gqa)
    scores = (query * _scale(query, scale)) @ _repeat(key, query, enable_gqa).transpose(-1, -2)
    if is_causal:  # every row may attend to key 0
        causal = torch.ones(shape[-2:], dtype=torch.bool, device=query.device).tril()
        return scores.masked_fill(~causal, -torch.inf).softmax(dim=-1)
    if attn_mask is None:
        return scores.softmax(dim=-1)
    scores = _masked(scores, attn_mask)
    # The softmax of nothing but -infinity is NaN, and so is its gradient: such rows go around it.
    nowhere = (scores == -torch.inf).all(dim=-1, keepdim=True)
    return scores.masked_fill(nowhere, 0).softmax(dim=-1).masked_fill(nowhere, 0)


def attention_streaming(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    block_size: int = 128,
) -> Tensor:
    """The same as `scaled_dot_product_attention`, never holding more than L x block_size scores.

    Gives (..., L, Dv); `formulas.attention.attention_streaming` says how, and which ValueErrors it
    raises. Autograd keeps every block for its way back: the memory is saved where no gradients are
    asked for.
    """
    if block_size < 1:
        raise ValueError(f"block_size: expected at least 1, got {block_size}")
    shape = _check(query, key, value, attn_mask, is_causal, enable_gqa)
    L, S = shape[-2:]
    keys, values = (_repeat(x, query, enable_gqa) for x in (key, value))
    query = query * _scale(query, scale)
    largest = query.new_full((*shape[:-1], 1), -torch.inf)
    total, out = torch.zeros_like(largest), query.new_zeros((*shape[:-1], value.shape[-1]))
    rows, columns = torch.arange(L, device=query.device)[:, None], torch.arange(S).to(query.device)
    for start in range(0, S, block_size):
        block = slice(start, start + block_size)
        scores = query @ keys[..., block, :].transpose(-1, -2)  # (..., L, block)
        if attn_mask is not None:
            scores = _masked(scores, attn_mask.broadcast_to(shape)[..., block])
        elif is_causal:
            scores = _masked(scores, columns[block] <= rows)
        new = torch.maximum(largest, scores.detach().amax(dim=-1, keepdim=True))
        finite = new.masked_fill(new == -torch.inf, 0)  # -inf - -inf would be NaN
        shrink, exponentials = (largest - finite).exp(), (scores - finite).exp()
        total = total * shrink + exponentials.sum(dim=-1, keepdim=True)
        out = out * shrink + exponentials @ values[..., block, :]
        largest = new
    return out / total.masked_fill(total == 0, 1)


class KeyValueCache:
    """Keys and values of the tokens that one attention layer has seen: (B, h, T, D) each."""

    def __init__(self) -> None:
        self.key: Tensor | None = None
        self.value: Tensor | None = None

    def __len__(self) -> int:
        return 0 if self.key is None else self.key.shape[-2]

    def append(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add those of new tokens, (B, h, T, D) each; returns all so far."""
        if self.key is not None and self.value is not None:
            key, value = torch.cat([self.key, key], -2), torch.cat([self.value, value], -2)
        self.key, self.value = key, value
        return key, value


class MultiHeadAttention(nn.Module):
    """Attention by several heads; loads the state dict of `torch.nn.MultiheadAttention`.

    Args:
        embed_dim: E, features in and out.
        num_heads: h, a divisor of E.
        dropout: probability of zeroing a weight, in training.
        bias: whether the projections have biases.
        kdim, vdim: features of keys and values, if other than E.
        rotate: turns queries and keys (B, h, T, D) by their positions: called with them and the
            position of the first (`models.transformer.Rotary`).

    Raises:
        ValueError: for a size less than 1, heads that do not divide E, or a dropout outside 0..1.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        rotate: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        kdim, vdim = kdim or embed_dim, vdim or embed_dim
        if min(embed_dim, num_heads, kdim, vdim) < 1 or embed_dim % num_heads:
            raise ValueError(
                f"expected sizes of at least 1, and num_heads that divides embed_dim, got "
                f"embed_dim {embed_dim}, num_heads {num_heads}, kdim {kdim}, vdim {vdim}"
            )
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: expected a probability from 0 to 1, got {dropout!r}")
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.rotate = rotate
        E = embed_dim
        self.out_proj = nn.Linear(E, E, bias=bias)
        if kdim == vdim == E:
            self.in_proj_weight = nn.Parameter(torch.empty(3 * E, E))
        else:
            self.q_proj_weight = nn.Parameter(torch.empty(E, E))
            self.k_proj_weight = nn.Parameter(torch.empty(E, kdim))
            self.v_proj_weight = nn.Parameter(torch.empty(E, vdim))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * E)) if bias else None
        for name, parameter in self.named_parameters():
            if name.endswith("proj_weight"):
                nn.init.xavier_uniform_(parameter)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        key_mask: Tensor | None = None,
        attn_mask: Tensor | None = None,
        is_causal: bool = False,
        need_weights: bool = False,
        cache: KeyValueCache | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Let each query gather from the values.

        Args:
            query: (B, L, E).
            key: (B, S, kdim); the query if not given (self-attention).
            value: (B, S, vdim); the key if not given.
            key_mask: (B, S), True or 1 where there is a token, False or 0 for padding.
            attn_mask: broadcasts to (B, h, L, S); of bool, True where a query may attend to a key,
                or of numbers, added to the scores.
            is_causal: a query may attend to keys up to its own position only.
            need_weights: whether to return each head's weights.
            cache: of the tokens before these ones; theirs are added. Masks then speak of all keys.

        Returns:
            output (B, L, E); each head's weights (B, h, L, S) before dropout, or None.

        Raises:
            ValueError: if shapes do not fit each other.
        """
        key = query if key is None else key
        value = key if value is None else value
        q, k, v = self._project(query, key, value)  # (B, h, T, D)
        seen = 0 if cache is None else len(cache)
        if self.rotate is not None:
            q, k = self.rotate(q, seen), self.rotate(k, seen)
        if cache is not None:
            k, v = cache.append(k, v)
        mask, is_causal = self._mask(q, k, key_mask, attn_mask, is_causal, seen)
        if need_weights:
            weights = attention_weights(q, k, v, mask, is_causal)  # (B, h, L, S)
            out = F.dropout(weights, self.dropout, self.training) @ v  # (B, h, L, D)
        else:  # the same in one kernel, which never holds all weights
            _check(q, k, v, mask, is_causal, False)
            weights, dropout = None, self.dropout if self.training else 0.0
            out = F.scaled_dot_product_attention(q, k, v, mask, dropout, is_causal)
        out = self.out_proj(out.transpose(1, 2).flatten(2))  # (B, L, E)
        return out, weights

    def _project(self, *inputs: Tensor) -> list[Tensor]:
        if hasattr(self, "in_proj_weight"):
            weights = self.in_proj_weight.chunk(3)
        else:
            weights = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        for name, x, w in zip(("query", "key", "value"), inputs, weights, strict=True):
            if x.ndim != 3 or x.shape[2] != w.shape[1]:
                raise ValueError(f"{name}: expected (B, T, {w.shape[1]}), got {tuple(x.shape)}")
        query, key, value = inputs
        if query is key is value and hasattr(self, "in_proj_weight"):  # one product for the three
            parts = F.linear(query, self.in_proj_weight, self.in_proj_bias).chunk(3, dim=-1)
        else:
            biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
            parts = map(F.linear, inputs, weights, biases)
        return [part.unflatten(2, (self.num_heads, -1)).transpose(1, 2) for part in parts]

    def _mask(
        self,
        q: Tensor,
        k: Tensor,
        key_mask: Tensor | None,
        attn_mask: Tensor | None,
        is_causal: bool,
        seen: int,
    ) -> tuple[Tensor | None, bool]:
        """All masks as one, and whether the plain causal one is left to attention itself."""
        B, (L, S) = q.shape[0], (q.shape[-2], k.shape[-2])
        if key_mask is None and attn_mask is None and not (is_causal and seen):
            return None, is_causal
        mask = attn_mask
        if is_causal:
            if attn_mask is not None:
                raise ValueError("expected attn_mask or is_causal, got both")
            mask = torch.ones(L, S, dtype=torch.bool, device=q.device).tril(seen)
        if key_mask is not None:
            there = as_bool("key_mask", key_mask, (B, S))[:, None, None]  # (B, 1, 1, S)
            if mask is None:
                mask = there
            elif mask.dtype == torch.bool:
                mask = mask & there
            else:
                mask = mask.masked_fill(~there, -torch.inf)
        return mask, False


def _check(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    is_causal: bool,
    enable_gqa: bool,
) -> tuple[int, ...]:
    """Check all shapes; returns that of the scores."""
    if (
        attn_mask is not None
        and attn_mask.dtype != torch.bool
        and not attn_mask.is_floating_point()
    ):
        raise ValueError(f"mask: expected bool or floating point numbers, got {attn_mask.dtype}")
    mask_shape = None if attn_mask is None else attn_mask.shape
    return scores_shape(query.shape, key.shape, value.shape, mask_shape, is_causal, enable_gqa)


def _masked(scores: Tensor, mask: Tensor) -> Tensor:
    return scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask


def _scale(query: Tensor, scale: float | None) -> float:
    return query.shape[-1] ** -0.5 if scale is None else scale


def _repeat(x: Tensor, query: Tensor, enable_gqa: bool) -> Tensor:
    return x.repeat_interleave(query.shape[-3] // x.shape[-3], dim=-3) if enable_gqa else x
