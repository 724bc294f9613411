r"""BERT: the transformer's block without a causal mask, trained to fill gaps.

    x_t = Norm(E[token_t] + P[t] + S[type_t]);   x = Block(...Block(x))       (post-norm)
    logits = Norm(phi(W x + b)) E^T + c              at the places that were masked

Every token sees those before and after it, so the model reads; it does not write. Pretraining hides
some tokens and asks for them (`BertForMaskedLM`); fine-tuning puts a small head on the first token,
[CLS], and asks for a label (`BertForSequenceClassification`).

Files are those of BertForMaskedLM and BertForSequenceClassification in Hugging Face's transformers,
in both directions. Source: Devlin et al. 2019. Chapters: 4_1_train_bert, 4_2_infer_bert.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.files import write_whole
from large_models.models import hub, transformer
from large_models.models.bert_files import (
    PLAIN,
    SPECIAL,
    BertConfig,
    check_tokenizer,
    from_hub,
    in_file,
    read_config,
    read_labels,
    to_hub,
    wanted,
)
from large_models.models.masks import as_bool
from large_models.models.transformer import Encoder, LayerNorm, LearnedPositions
from large_models.tensors import load_into, load_tensors, save_tensors

if TYPE_CHECKING:
    pass


class BertModel(nn.Module):
    """Token ids (B, T) to hidden states (B, T, C)."""

    def __init__(self, config: BertConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or BertConfig()
        self.tokens = nn.Embedding(c.vocab_size, c.hidden_size)
        self.positions = LearnedPositions(c.max_position_embeddings, c.hidden_size)
        self.types = nn.Embedding(c.type_vocab_size, c.hidden_size)
        self.norm = LayerNorm(c.hidden_size, c.layer_norm_eps)
        self.encoder = Encoder(c.block, c.num_hidden_layers)
        self.apply(start)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """The last layer's hidden states. The arguments are named as a tokenizer names what it
        gives, so `model(**tokenizer(text, return_tensors="pt"))` works.

        Args:
            input_ids: (B, T) of whole numbers, 0 to V - 1.
            attention_mask: (B, T), True or 1 where there is a token; all are if not given.
            token_type_ids: (B, T), which text of a pair a token belongs to; 0 if not given.

        Returns:
            (B, T, C); what stands in the padding means nothing.

        Raises:
            ValueError: if an argument is not that, or T is more than max_position_embeddings.
        """
        x, mask = self._read(input_ids, attention_mask, token_type_ids)
        return self.encoder(x, mask=mask)

    def embed(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """What goes into the first block: (B, T, C). Arguments and errors as `forward`."""
        return self._read(input_ids, attention_mask, token_type_ids)[0]

    def _read(
        self, ids: Tensor, mask: Tensor | None, types: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """What goes into the first block, and the mask as bool."""
        c = self.config
        _check_ids("input_ids", ids, c.vocab_size)
        if ids.shape[1] > c.max_position_embeddings:
            raise ValueError(
                f"expected at most {c.max_position_embeddings} tokens, got {ids.shape[1]}"
            )
        if mask is not None:
            mask = as_bool("attention_mask", mask, ids.shape)
        if types is None:
            x = self.types.weight[0]
        else:
            _check_ids("token_type_ids", types, c.type_vocab_size)
            if types.shape != ids.shape:
                raise ValueError(
                    f"token_type_ids: expected {tuple(ids.shape)}, got {tuple(types.shape)}"
                )
            x = self.types(types)
        x = self.positions(self.tokens(ids)) + x  # (B, T, C)
        return F.dropout(self.norm(x), c.dropout, self.training), mask

    @torch.no_grad()
    def hidden_states(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """What goes into the first block and comes out of each: (layers + 1, B, T, C)."""
        layers = self._layers(input_ids, attention_mask, token_type_ids)
        return torch.stack([x for x, _ in layers])

    @torch.no_grad()
    def attentions(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Where every head of every layer looks: (layers, B, h, T, T)."""
        layers = self._layers(input_ids, attention_mask, token_type_ids)
        return torch.stack([w for _, w in layers][1:])

    def _layers(
        self, ids: Tensor, mask: Tensor | None, types: Tensor | None
    ) -> Iterator[tuple[Tensor, Any]]:
        x, mask = self._read(ids, mask, types)
        yield x, None
        block: Any
        for block in self.encoder.layers:
            weights = block.self_attn(x, key_mask=mask, need_weights=True)[1]
            x = block(x, mask=mask)
            yield x, weights


class _Pretrained(nn.Module):
    """A body, a head, and their files."""

    config: BertConfig
    _architecture: str

    @classmethod
    def from_pretrained(cls, source: str | Path) -> Self:
        """Read config.json and model.safetensors, of a directory or of a model on the hub.

        Returns:
            the model in evaluation mode.

        Raises:
            FileNotFoundError: if a file is missing.
            OSError: if the model has to come from the hub, and cannot.
            ValueError: if a file is damaged, asks for what this model does not do, or the two do
                not fit each other.
        """
        directory = hub.find(source)
        model = cls(read_config(directory / "config.json"))
        model._load(directory)
        return model.eval()

    def _load(self, directory: Path) -> None:
        path = directory / "model.safetensors"
        found = load_tensors(path)[0]
        load_into(self, wanted(from_hub(found), self), path, in_file(found))

    def save_pretrained(self, directory: str | Path, tokenizer: Any = None) -> None:
        """Write what transformers opens, each file whole or not at all.

        Args:
            tokenizer: if given, its files too, for `AutoTokenizer`.

        Raises:
            ValueError: if the tokenizer has more tokens than the model.
        """
        directory = Path(directory)
        if tokenizer is not None:
            check_tokenizer(tokenizer, self.config)
            write_whole(directory / "tokenizer.json", tokenizer.to_str(pretty=True))
            named = {f"{name}_token": f"[{name.upper()}]" for name in SPECIAL}
            named |= {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
            named |= {"model_max_length": self.config.max_position_embeddings}
            write_whole(directory / "tokenizer_config.json", json.dumps(named, indent=2) + "\n")
            ids = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
            write_whole(directory / "vocab.txt", "".join(f"{token}\n" for token, _ in ids))
        config = {"model_type": "bert", "architectures": [self._architecture]} | PLAIN
        config |= {f.name: getattr(self.config, f.name) for f in fields(BertConfig)}
        drop = config.pop("dropout")
        config |= {"hidden_dropout_prob": drop, "attention_probs_dropout_prob": drop}
        config |= self._more_config()
        write_whole(directory / "config.json", json.dumps(config, indent=2) + "\n")
        save_tensors(directory / "model.safetensors", to_hub(self.state_dict()))

    def _more_config(self) -> dict:
        return {}


class BertForMaskedLM(_Pretrained):
    """Token ids to scores of the token that belongs at each place."""

    _architecture = "BertForMaskedLM"

    def __init__(self, config: BertConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or BertConfig()
        self.bert = BertModel(c)
        self.transform = nn.Linear(c.hidden_size, c.hidden_size)
        self.norm = LayerNorm(c.hidden_size, c.layer_norm_eps)
        self.bias = nn.Parameter(torch.zeros(c.vocab_size))
        if not c.tie_word_embeddings:
            self.decoder = nn.Parameter(torch.empty(c.vocab_size, c.hidden_size))
            nn.init.normal_(self.decoder, std=0.02)
        start(self.transform)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        at: Tensor | None = None,
    ) -> Tensor:
        """Scores before the softmax.

        Args:
            input_ids, attention_mask, token_type_ids: as `BertModel.forward`.
            at: (B, T), True or 1 at the places to answer for, row by row; the head, which costs as
                much as the body in a small model, then works on no other.

        Returns:
            (B, T, V), or (N, V) for the N places of `at`.

        Raises:
            ValueError: as `BertModel.forward`, or if `at` is not that.
        """
        x = self.bert(input_ids, attention_mask, token_type_ids)
        if at is not None:
            x = x[as_bool("at", at, input_ids.shape)]  # (N, C)
        phi = transformer.ACTIVATIONS[self.config.block.activation]
        x = self.norm(phi(self.transform(x)))
        weight = self.bert.tokens.weight if self.config.tie_word_embeddings else self.decoder
        return F.linear(x, weight, self.bias)


class BertForSequenceClassification(_Pretrained):
    """Token ids (B, T) to scores of each label (B, K).

    Args:
        labels: K names, at least two.

    Raises:
        ValueError: for less than two labels, or two alike.
    """

    _architecture = "BertForSequenceClassification"

    def __init__(self, config: BertConfig, labels: Sequence[str]) -> None:
        super().__init__()
        if isinstance(labels, str) or len(labels) < 2 or len(set(labels)) < len(labels):
            raise ValueError(f"labels: expected at least two different names, got {labels!r}")
        self.config, self.labels = config, tuple(labels)
        self.bert = BertModel(config)
        self.pooler = nn.Linear(config.hidden_size, config.hidden_size)
        self.classifier = nn.Linear(config.hidden_size, len(labels))
        start(self.pooler)
        start(self.classifier)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Scores before the softmax, (B, K), from the first token; arguments as `BertModel`'s."""
        first = self.bert(input_ids, attention_mask, token_type_ids)[:, 0]
        x = torch.tanh(self.pooler(first))  # (B, C)
        return self.classifier(F.dropout(x, self.config.dropout, self.training))

    @classmethod
    def from_pretrained(cls, source: str | Path, labels: Sequence[str] | None = None) -> Self:
        """As the other models'; of a model that was not trained on labels only the body is read.

        Args:
            labels: names for a head that starts fresh; needed if the files have no head.

        Raises:
            ValueError: as the other models', and if neither the files nor the caller name labels.
        """
        directory = hub.find(source)
        path = directory / "model.safetensors"
        found = load_tensors(path)[0]
        tensors = from_hub(found)
        if labels is None and "classifier.weight" not in tensors:
            raise ValueError(f"{path}: expected a head for labels; without one, give their names")
        config = read_config(directory / "config.json")
        model = cls(config, read_labels(directory / "config.json") if labels is None else labels)
        if labels is not None:
            fresh = model.state_dict()
            tensors = {n: t for n, t in tensors.items() if n.startswith("bert.")}
            tensors |= {n: fresh[n] for n in fresh if not n.startswith("bert.")}
        load_into(model, wanted(tensors, model), path, in_file(found))
        return model.eval()

    def _more_config(self) -> dict:
        named = {"id2label": {str(i): label for i, label in enumerate(self.labels)}}
        return named | {"label2id": {label: i for i, label in enumerate(self.labels)}}


def start(module: nn.Module) -> None:
    """BERT's start: small normal weights, biases of zero; embeddings likewise."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
    if isinstance(weight := getattr(module, "in_proj_weight", None), Tensor):
        nn.init.normal_(weight, std=0.02)


def _check_ids(name: str, ids: Tensor, size: int) -> None:
    if ids.ndim != 2 or ids.dtype not in (torch.int64, torch.int32) or not ids.numel():
        raise ValueError(
            f"{name}: expected (B, T) of whole numbers, got {tuple(ids.shape)} of {ids.dtype}"
        )
    if ids.min() < 0 or ids.max() >= size:
        raise ValueError(
            f"{name}: expected 0 to {size - 1}, got {ids.min().item()} to {ids.max().item()}"
        )
