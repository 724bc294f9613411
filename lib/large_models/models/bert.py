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
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.files import write_whole
from large_models.models import hub, transformer
from large_models.models.masks import as_bool
from large_models.models.transformer import BlockConfig, Encoder, LayerNorm, LearnedPositions
from large_models.tensors import load_into, load_tensors, modern, save_tensors

# The names of activations in BERT's config.json, and `Block`'s for them.
ACTIVATIONS = {"gelu": "gelu", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh"}
ACTIVATIONS["relu"] = "relu"
# What a config.json may say that this model does not do.
PLAIN = {"is_decoder": False, "add_cross_attention": False, "position_embedding_type": "absolute"}


@dataclass(frozen=True)
class BertConfig:
    """Sizes of a BERT, by the names of its config.json.

    `dropout` is one number for hidden_dropout_prob and attention_probs_dropout_prob; the block
    applies it inside the feed-forward network as well, as torch's layer does.

    Raises:
        ValueError: for a size less than 1, heads that do not divide hidden_size, a dropout outside
            0..1, or an activation unknown here.
    """

    vocab_size: int = 4096
    hidden_size: int = 128
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    intermediate_size: int = 512
    hidden_act: str = "gelu"
    dropout: float = 0.1
    max_position_embeddings: int = 128  # the longest text, in tokens
    type_vocab_size: int = 2  # first and second text of a pair
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0
    tie_word_embeddings: bool = True

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "num_hidden_layers", "max_position_embeddings", "type_vocab_size")
        for name in sizes:
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if self.hidden_act not in ACTIVATIONS:
            words = ", ".join(ACTIVATIONS)
            raise ValueError(f"hidden_act: expected one of {words}, got {self.hidden_act!r}")
        _ = self.block

    @property
    def block(self) -> BlockConfig:
        """The same as the settings of a `Block`."""
        return BlockConfig(
            hidden_size=self.hidden_size,
            num_heads=self.num_attention_heads,
            feed_forward_size=self.intermediate_size,
            dropout=self.dropout,
            activation=ACTIVATIONS[self.hidden_act],
            layer_norm_eps=self.layer_norm_eps,
        )


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

    def _read(self, ids: Tensor, mask: Tensor | None, types: Tensor | None):
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
    def hidden_states(self, input_ids: Tensor, attention_mask=None, token_type_ids=None) -> Tensor:
        """What goes into the first block and comes out of each: (layers + 1, B, T, C)."""
        layers = self._layers(input_ids, attention_mask, token_type_ids)
        return torch.stack([x for x, _ in layers])

    @torch.no_grad()
    def attentions(self, input_ids: Tensor, attention_mask=None, token_type_ids=None) -> Tensor:
        """Where every head of every layer looks: (layers, B, h, T, T)."""
        layers = self._layers(input_ids, attention_mask, token_type_ids)
        return torch.stack([w for _, w in layers][1:])

    def _layers(self, ids, mask, types):
        x, mask = self._read(ids, mask, types)
        yield x, None
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
        model = cls(_read_config(directory / "config.json"))
        model._load(directory)
        return model.eval()

    def _load(self, directory: Path) -> None:
        path = directory / "model.safetensors"
        found = load_tensors(path)[0]
        load_into(self, _wanted(from_hub(found), self), path, _in_file(found))

    def save_pretrained(self, directory: str | Path, tokenizer: Tokenizer | None = None) -> None:
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
            named = {f"{name}_token": f"[{name.upper()}]" for name in _SPECIAL}
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
        config = _read_config(directory / "config.json")
        model = cls(config, _read_labels(directory / "config.json") if labels is None else labels)
        if labels is not None:
            fresh = model.state_dict()
            tensors = {n: t for n, t in tensors.items() if n.startswith("bert.")}
            tensors |= {n: fresh[n] for n in fresh if not n.startswith("bert.")}
        load_into(model, _wanted(tensors, model), path, _in_file(found))
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
    if hasattr(module, "in_proj_weight"):
        nn.init.normal_(module.in_proj_weight, std=0.02)


def check_tokenizer(tokenizer: Tokenizer, config: BertConfig) -> None:
    """Make sure that a model knows all tokens of a tokenizer, and that the padding is the same.

    Raises:
        ValueError: if not.
    """
    size, padding = tokenizer.get_vocab_size(), tokenizer.token_to_id("[PAD]")
    if size > config.vocab_size:
        raise ValueError(
            f"tokenizer: expected at most the model's {config.vocab_size} tokens, got {size}"
        )
    if padding != config.pad_token_id:
        raise ValueError(
            f"tokenizer: expected [PAD] to be the model's {config.pad_token_id}, got {padding}"
        )


def _check_ids(name: str, ids: Tensor, size: int) -> None:
    if ids.ndim != 2 or ids.dtype not in (torch.int64, torch.int32) or not ids.numel():
        raise ValueError(
            f"{name}: expected (B, T) of whole numbers, got {tuple(ids.shape)} of {ids.dtype}"
        )
    if ids.min() < 0 or ids.max() >= size:
        raise ValueError(
            f"{name}: expected 0 to {size - 1}, got {ids.min().item()} to {ids.max().item()}"
        )


# --- the hub's files ----------------------------------------------------------------------------

_SPECIAL = ("pad", "unk", "cls", "sep", "mask")
_NAMES = (  # ours, transformers'
    ("bert.tokens.", "bert.embeddings.word_embeddings."),
    ("bert.positions.", "bert.embeddings.position_embeddings."),
    ("bert.types.", "bert.embeddings.token_type_embeddings."),
    ("bert.norm.", "bert.embeddings.LayerNorm."),
    ("bert.encoder.layers.", "bert.encoder.layer."),
    (".self_attn.out_proj.", ".attention.output.dense."),
    (".norm1.", ".attention.output.LayerNorm."),
    (".linear1.", ".intermediate.dense."),
    (".linear2.", ".output.dense."),
    (".norm2.", ".output.LayerNorm."),
    ("transform.", "cls.predictions.transform.dense."),
    ("norm.", "cls.predictions.transform.LayerNorm."),
    ("bias", "cls.predictions.bias"),
    ("decoder", "cls.predictions.decoder.weight"),
    ("pooler.", "bert.pooler.dense."),
)
_PARTS = ("query", "key", "value")  # the order of rows in in_proj_weight


def to_hub(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names and layout to those of transformers: queries, keys and values stand apart there."""
    tensors = {}
    for name, tensor in state.items():
        fused = re.fullmatch(r"bert\.encoder\.layers\.(\d+)\.self_attn\.in_proj_(\w+)", name)
        if fused:
            for part, rows in zip(_PARTS, tensor.chunk(3), strict=True):
                path = f"bert.encoder.layer.{fused[1]}.attention.self.{part}.{fused[2]}"
                tensors[path] = rows
        else:
            tensors[hub.to_theirs(name, _NAMES)] = tensor
    if "decoder" in state and "bias" in state:
        tensors["cls.predictions.decoder.bias"] = state["bias"]
    return tensors


def from_hub(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Transformers' names and layout to ours; what it does not know keeps its name.

    A bare BertModel's files have no "bert." before their names.
    """
    state, apart = {}, {}
    for name, tensor in tensors.items():
        name = modern(name, "bert.")
        found = re.fullmatch(r"bert\.encoder\.layer\.(\d+)\.attention\.self\.(\w+)\.(\w+)", name)
        if found and found[2] in _PARTS:
            apart[found[1], found[3], found[2]] = tensor.float()
        else:
            state[hub.to_ours(name, _NAMES)] = tensor.float()
    # Where the decoder is not tied, its own bias is the one that is added.
    state["bias"] = state.pop("cls.predictions.decoder.bias", state.get("bias"))
    if state["bias"] is None:
        del state["bias"]
    for layer, kind, _ in list(apart):
        parts = [apart.get((layer, kind, part)) for part in _PARTS]
        if all(part is not None for part in parts):
            state[f"bert.encoder.layers.{layer}.self_attn.in_proj_{kind}"] = torch.cat(parts)
    return state


def _in_file(found: Collection[str]) -> Callable[[str], str]:
    """Our name of a tensor to what it is called, or should be, in a file with the names `found`."""
    called = {modern(name, "bert."): name for name in found}
    bare = "bert." if any(not n.startswith("bert.") and m != n for m, n in called.items()) else ""

    def in_file(name: str) -> str:
        theirs = list(to_hub({name: torch.empty(3, 1)}))
        missing = [name for name in theirs if name not in called]
        return ", ".join(called.get(n, n.removeprefix(bare)) for n in missing or theirs)

    return in_file


def _wanted(tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Without what belongs to other heads: a pooler, next sentences, copies of what is tied."""
    others = r"pooler\.|cls\.seq_relationship\.|decoder$"
    others += r"|.*position_ids$|transform\.|norm\.|bias$|classifier\."
    mine = model.state_dict().keys()
    return {n: t for n, t in tensors.items() if n in mine or not re.match(others, n)}


def _read_config(path: Path) -> BertConfig:
    raw = hub.read_config(path, "bert", PLAIN)
    drops = {raw.get(f"{part}_dropout_prob", 0.1) for part in ("hidden", "attention_probs")}
    # Dropout only acts in training; where the two differ, the larger is as good as any.
    known = {f.name: raw[f.name] for f in fields(BertConfig) if f.name in raw}
    return BertConfig(**BERT_DEFAULTS | known | {"dropout": max(drops)})


def _read_labels(path: Path) -> list[str]:
    names = hub.read_config(path, "bert", PLAIN).get("id2label", {})
    return [names[key] for key in sorted(names, key=int)] if names else ["LABEL_0", "LABEL_1"]


# What transformers takes for what a config.json leaves out.
BERT_DEFAULTS = {"vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12}
BERT_DEFAULTS |= {"num_attention_heads": 12, "intermediate_size": 3072}
BERT_DEFAULTS |= {"max_position_embeddings": 512}
