r"""GPT: the transformer's block with a causal mask, trained to say which token comes next.

    x_t = E[token_t] + P[t];   x = Block(...Block(x));   logits = Norm(x) E^T

Each token attends to itself and those before it, so one pass over a text gives a prediction at
every position at once. The embedding E is used twice, to read tokens and to score them. While a
text grows, keys and values of the old tokens stay what they were: kept in a cache, they are not
computed again.

Files are those of GPT2LMHeadModel in Hugging Face's transformers, in both directions.
Sources: Radford et al. 2018, 2019 (GPT, GPT-2); Press and Wolf 2017 (the tied embedding); Fan et
al. 2018 (top-k); Holtzman et al. 2020 (top-p). Chapter: 3_4_transformer.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.files import model_folder, write_whole
from large_models.models import hub
from large_models.models.attention import KeyValueCache
from large_models.models.gpt_files import NAMES, PLAIN, GPTConfig, read_config, turn
from large_models.models.masks import as_bool
from large_models.models.transformer import Block, LayerNorm, LearnedPositions
from large_models.tensors import load_into, load_tensors, save_tensors


class GPT(nn.Module):
    """Token ids (B, T) to scores of the token that follows each (B, T, V)."""

    def __init__(self, config: GPTConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or GPTConfig()
        self.tokens = nn.Embedding(c.vocab_size, c.n_embd)
        self.positions = LearnedPositions(c.n_positions, c.n_embd)
        self.blocks = nn.ModuleList(Block(c.block) for _ in range(c.n_layer))
        self.norm = LayerNorm(c.n_embd, c.layer_norm_epsilon)
        self.apply(self._start)

    def _start(self, module: nn.Module) -> None:
        """GPT-2's start: small weights, and smaller ones where a block adds to the residual."""
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        if isinstance(module, Block):
            nn.init.normal_(module.self_attn.in_proj_weight, std=0.02)
            for last in (module.self_attn.out_proj, module.linear2):
                nn.init.normal_(last.weight, std=0.02 / math.sqrt(2 * self.config.n_layer))

    def forward(
        self,
        input_ids: Tensor,
        cache: list[KeyValueCache] | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Scores before the softmax. The arguments are named as a tokenizer names what it gives, so
        `model(**tokenizer(text, return_tensors="pt"))` works.

        Args:
            input_ids: (B, T) of whole numbers, 0 to V - 1.
            cache: of the tokens before these, from `new_cache`; grows by these.
            attention_mask: (B, T), with a cache (B, all tokens so far), True or 1 where there is a
                token; nobody attends to the others, and what stands there means nothing.
            token_type_ids: (B, T) of tokens whose embeddings are added too, as GPT-2 has it.

        Returns:
            (B, T, V).

        Raises:
            ValueError: if an argument is not that, or cache and ids are longer than n_positions.
        """
        seen = len(cache[0]) if cache else 0
        x, mask = self._embed(input_ids, seen), None
        if token_type_ids is not None:
            self._check_ids("token_type_ids", token_type_ids)
            if token_type_ids.shape != input_ids.shape:
                shapes = f"{tuple(input_ids.shape)}, got {tuple(token_type_ids.shape)}"
                raise ValueError(f"token_type_ids: expected {shapes}")
            x = x + self.tokens(token_type_ids)
        if attention_mask is not None:
            B, T = input_ids.shape
            mask = as_bool("attention_mask", attention_mask, (B, seen + T))
        for i, block in enumerate(self.blocks):
            x = block(x, mask=mask, is_causal=True, cache=cache[i] if cache else None)
        return F.linear(self.norm(x), self.tokens.weight)  # (B, T, V)

    def new_cache(self) -> list[KeyValueCache]:
        """An empty cache: one per layer."""
        return [KeyValueCache() for _ in self.blocks]

    @torch.no_grad()
    def attentions(self, input_ids: Tensor) -> Tensor:
        """Where every head of every layer looks: (B, T) to (layers, B, h, T, T)."""
        x, maps = self._embed(input_ids, 0), []
        block: Any
        for block in self.blocks:
            maps.append(block.self_attn(block.norm1(x), is_causal=True, need_weights=True)[1])
            x = block(x, is_causal=True)
        return torch.stack(maps)

    def _embed(self, ids: Tensor, first: int) -> Tensor:
        self._check_ids("input_ids", ids)
        self._check_length(first + ids.shape[1])
        return self.positions(self.tokens(ids), first)  # (B, T, C)

    def _check_length(self, tokens: int) -> None:
        if tokens > self.config.n_positions:
            raise ValueError(f"expected at most {self.config.n_positions} tokens, got {tokens}")

    def _check_ids(self, name: str, ids: Tensor) -> None:
        V = self.config.vocab_size
        if ids.ndim != 2 or ids.dtype not in (torch.int64, torch.int32) or not ids.numel():
            raise ValueError(
                f"{name}: expected (B, T) of whole numbers, got {tuple(ids.shape)} of {ids.dtype}"
            )
        if ids.min() < 0 or ids.max() >= V:
            raise ValueError(
                f"{name}: expected 0 to {V - 1}, got {ids.min().item()} to {ids.max().item()}"
            )

    def stream(
        self,
        input_ids: Tensor,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        generator: torch.Generator | None = None,
        use_cache: bool = True,
    ) -> Iterator[Tensor]:
        """Go on with a text, token after token, until n_positions.

        Args:
            input_ids: (B, T), the beginning; one of n_positions tokens leaves no room for another.
            temperature: divides the scores; 0 always takes the most probable token.
            top_k, top_p: see `filter_logits`.
            generator: of the draws.
            use_cache: False computes everything again for each token, which gives the same.

        Yields:
            (B,): the next token of each text.

        Raises:
            ValueError: at once, if a setting makes no sense or input_ids does not fit.
        """
        if not 0 <= temperature < math.inf:
            raise ValueError(f"temperature: expected 0 or more, got {temperature}")
        _check_filter(top_k, top_p)
        self._check_ids("input_ids", input_ids)
        self._check_length(input_ids.shape[1])
        return self._stream(input_ids, temperature, top_k, top_p, generator, use_cache)

    @torch.no_grad()
    def _stream(
        self,
        ids: Tensor,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        generator: torch.Generator | None,
        use_cache: bool,
    ) -> Iterator[Tensor]:
        cache = self.new_cache() if use_cache else None
        new = ids
        while ids.shape[1] < self.config.n_positions:
            logits = self(new if use_cache else ids, cache)[:, -1]  # (B, V)
            logits = filter_logits(logits / (temperature or 1), top_k, top_p)
            if temperature == 0:
                token = logits.argmax(dim=-1)
            else:
                probabilities = logits.softmax(dim=-1)
                token = torch.multinomial(probabilities, 1, generator=generator)[:, 0]
            yield token
            new = token[:, None]
            ids = torch.cat([ids, new], dim=1)

    def generate(self, input_ids: Tensor, max_new_tokens: int, **settings: Any) -> Tensor:
        """The beginning and so many new tokens: (B, T) to (B, T + max_new_tokens).

        Args:
            settings: `stream`'s.

        Raises:
            ValueError: as `stream`, and if the result would be longer than n_positions.
        """
        total, most = input_ids.shape[-1] + max_new_tokens, self.config.n_positions
        if max_new_tokens < 1 or total > most:
            raise ValueError(
                f"expected at least 1 new token and {most} in all, got {max_new_tokens} and {total}"
            )
        stream = self.stream(input_ids, **settings)
        new = [next(stream) for _ in range(max_new_tokens)]
        return torch.cat([input_ids, torch.stack(new, dim=1)], dim=1)

    @classmethod
    def from_pretrained(cls, source: str | Path) -> "GPT":
        """Read config.json and model.safetensors of a GPT2LMHeadModel; in evaluation mode.

        Args:
            source: a folder, or the name of a shipped one: "gpt-docs".

        Raises:
            FileNotFoundError: if a file is missing.
            ValueError: if a file is damaged, asks for what this model does not do, or the two do
                not fit each other.
        """
        directory = model_folder(source)
        model = cls(read_config(directory / "config.json"))
        path = directory / "model.safetensors"
        tensors, called, prefix = {}, {}, ""
        for full, tensor in load_tensors(path)[0].items():
            name = full.removeprefix("transformer.")
            prefix = prefix or full.removesuffix(name)
            # The first files carried the causal mask too; the head is the embedding.
            if not re.search(r"\.attn\.(masked_)?bias$|^lm_head\.weight$", name):
                ours = hub.to_ours(name, NAMES)
                tensors[ours], called[ours] = turn(name, tensor.float()), full

        def in_file(name: str) -> str:
            return called.get(name, prefix + hub.to_theirs(name, NAMES))

        load_into(model, tensors, path, in_file)
        return model.eval()

    def save_pretrained(self, directory: str | Path) -> None:
        """Write what GPT2LMHeadModel.from_pretrained reads, each file whole or not at all."""
        directory, c = Path(directory), self.config
        config = {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]} | PLAIN
        config |= {f.name: getattr(c, f.name) for f in fields(c) if f.name != "dropout"}
        config |= {f"{part}_pdrop": c.dropout for part in ("embd", "attn", "resid")}
        config |= {"bos_token_id": 0, "eos_token_id": 0}  # large_models.data.tokenizer.END_OF_TEXT
        write_whole(directory / "config.json", json.dumps(config, indent=2) + "\n")
        tensors = {}
        for name, tensor in self.state_dict().items():
            name = hub.to_theirs(name, NAMES)
            tensors[f"transformer.{name}"] = turn(name, tensor)
        save_tensors(directory / "model.safetensors", tensors)


def filter_logits(logits: Tensor, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """Take tokens out of a draw: those that stay keep their scores, the others get -inf.

    Args:
        logits: (..., V).
        top_k: keep so many of the highest; equals of the last one stay too.
        top_p: keep the most probable tokens up to the one with which their sum reaches top_p, so
            at least one. Looks at what top_k has left.

    Raises:
        ValueError: for a top_k below 1 or a top_p outside 0 < p <= 1.
    """
    _check_filter(top_k, top_p)
    if top_k is not None:
        least = logits.topk(min(top_k, logits.shape[-1])).values[..., -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if top_p is not None:
        ordered, order = logits.softmax(dim=-1).sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(dim=-1) - ordered  # the sum before each token
        out = (before >= top_p) if top_p < 1 else torch.zeros_like(before, dtype=torch.bool)
        logits = logits.masked_fill(torch.zeros_like(out).scatter(-1, order, out), -torch.inf)
    return logits


def _check_filter(top_k: int | None, top_p: float | None) -> None:
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k: expected at least 1, got {top_k}")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p: expected more than 0, at most 1, got {top_p}")
