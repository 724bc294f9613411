"""A BERT's files as Hugging Face's transformers has them: config.json, names and layout of tensors.

`models.bert` reads and writes them. Chapters: 4_1_train_bert, 4_2_infer_bert.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from large_models.data.tokenizer import Tokens
from large_models.models import hub
from large_models.models.transformer import BlockConfig
from large_models.tensors import modern

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


def check_tokenizer(tokenizer: Tokens, config: BertConfig) -> None:
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


SPECIAL = ("pad", "unk", "cls", "sep", "mask")
NAMES = (  # ours, transformers'
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
PARTS = ("query", "key", "value")  # the order of rows in in_proj_weight


def to_hub(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our names and layout to those of transformers: queries, keys and values stand apart there."""
    tensors = {}
    for name, tensor in state.items():
        fused = re.fullmatch(r"bert\.encoder\.layers\.(\d+)\.self_attn\.in_proj_(\w+)", name)
        if fused:
            for part, rows in zip(PARTS, tensor.chunk(3), strict=True):
                path = f"bert.encoder.layer.{fused[1]}.attention.self.{part}.{fused[2]}"
                tensors[path] = rows
        else:
            tensors[hub.to_theirs(name, NAMES)] = tensor
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
        if found and found[2] in PARTS:
            apart[found[1], found[3], found[2]] = tensor.float()
        else:
            state[hub.to_ours(name, NAMES)] = tensor.float()
    # Where the decoder is not tied, its own bias is the one that is added.
    state["bias"] = state.pop("cls.predictions.decoder.bias", state.get("bias"))
    if state["bias"] is None:
        del state["bias"]
    for layer, kind, _ in list(apart):
        parts = [p for part in PARTS if (p := apart.get((layer, kind, part))) is not None]
        if len(parts) == len(PARTS):
            state[f"bert.encoder.layers.{layer}.self_attn.in_proj_{kind}"] = torch.cat(parts)
    return state


def in_file(found: Collection[str]) -> Callable[[str], str]:
    """Our name of a tensor to what it is called, or should be, in a file with the names `found`."""
    called = {modern(name, "bert."): name for name in found}
    bare = "bert." if any(not n.startswith("bert.") and m != n for m, n in called.items()) else ""

    def called_there(name: str) -> str:
        theirs = list(to_hub({name: torch.empty(3, 1)}))
        missing = [name for name in theirs if name not in called]
        return ", ".join(called.get(n, n.removeprefix(bare)) for n in missing or theirs)

    return called_there


def wanted(tensors: Mapping[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Without what belongs to other heads: a pooler, next sentences, copies of what is tied."""
    others = r"pooler\.|cls\.seq_relationship\.|decoder$"
    others += r"|.*position_ids$|transform\.|norm\.|bias$|classifier\."
    mine = model.state_dict().keys()
    return {n: t for n, t in tensors.items() if n in mine or not re.match(others, n)}


def read_config(path: Path) -> BertConfig:
    """The sizes in a config.json.

    Raises:
        FileNotFoundError, ValueError: as `hub.read_config`, and for sizes that make no BERT.
    """
    raw = hub.read_config(path, "bert", PLAIN)
    drops = {raw.get(f"{part}_dropout_prob", 0.1) for part in ("hidden", "attention_probs")}
    # Dropout only acts in training; where the two differ, the larger is as good as any.
    known = {f.name: raw[f.name] for f in fields(BertConfig) if f.name in raw}
    settings: dict[str, Any] = BERT_DEFAULTS | known | {"dropout": max(drops)}
    return BertConfig(**settings)


def read_labels(path: Path) -> list[str]:
    """The labels that a config.json names, two without a name if it names none."""
    names = hub.read_config(path, "bert", PLAIN).get("id2label", {})
    return [names[key] for key in sorted(names, key=int)] if names else ["LABEL_0", "LABEL_1"]


# What transformers takes for what a config.json leaves out.
BERT_DEFAULTS = {"vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 12}
BERT_DEFAULTS |= {"num_attention_heads": 12, "intermediate_size": 3072}
BERT_DEFAULTS |= {"max_position_embeddings": 512}
