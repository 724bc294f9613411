"""Text to numbers and back: WordPiece for BERT, byte-level BPE for GPT, both trained from text.

WordPiece ("Google's Neural Machine Translation System") writes a word as the longest pieces that it
knows, those inside a word marked "##". Byte-level BPE ("Neural Machine Translation of Rare Words
with Subword Units"; on bytes: "Language Models are Unsupervised Multitask Learners") starts from
the 256 bytes and merges frequent neighbours, so no text is unknown to it. Training and encoding are
Hugging Face `tokenizers`', and so is the format of the files.
Chapters: 3_4_transformer, 4_1_train_bert.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from large_models.data import bpe, wordpiece

if TYPE_CHECKING:
    from tokenizers import Tokenizer, models

BERT_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # their ids: 0 to 4
END_OF_TEXT = "<|endoftext|>"  # id 0; GPT-2's name for it
FILE = "tokenizer.json"


class Tokens(Protocol):
    """What the book asks of a tokenizer: of Hugging Face's, or of `wordpiece` and `bpe`."""

    def encode(self, sequence: str, /) -> Any:
        """The `ids` of a text, its `tokens`, and from where to where each stands, `offsets`."""

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids."""
        ...

    def id_to_token(self, id: int, /) -> str | None:
        """What an id stands for."""

    def token_to_id(self, token: str, /) -> int | None:
        """The id of a token."""

    def get_vocab_size(self) -> int:
        """How many tokens there are."""
        ...


def train_wordpiece(texts: Iterable[str], vocab_size: int = 4096) -> "Tokenizer":
    """BERT's tokenizer: lower case, accents off, words split at spaces and punctuation.

    An encoded text is "[CLS] ... [SEP]"; a pair "[CLS] ... [SEP] ... [SEP]", type ids 0 and 1. The
    same texts, in any order, give the same ids.

    Args:
        texts: such as the sentences of `data.docstrings.load("train")`.
        vocab_size: at most so many tokens, the five special ones included.

    Raises:
        ValueError: if the special tokens and the characters of the texts alone are more, or if
            texts is one string.
    """
    from tokenizers import models, processors, trainers

    texts = _listed(texts)
    tokenizer = _bert(models.WordPiece(unk_token="[UNK]"))
    first, inside = set(), set()
    for text in texts:
        normal = tokenizer.normalizer.normalize_str(text)
        for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(normal):
            first.add(word[0])
            inside.update(word[1:])
    # The library numbers pieces such as "##a" in the order of a hash table, another one at each
    # run, and ties between merges go by number (huggingface/tokenizers, issue 1794). What is named
    # as special is numbered first, in the order given; a fresh tokenizer then takes the result.
    named = [*BERT_TOKENS, *(f"##{character}" for character in sorted(inside))]
    _check_size(vocab_size, len(named) + len(first | inside))
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocab_size, special_tokens=named, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    trained = _bert(tokenizer.model)
    trained.add_special_tokens(list(BERT_TOKENS))
    trained.post_processor = processors.BertProcessing(
        ("[SEP]", BERT_TOKENS.index("[SEP]")), ("[CLS]", BERT_TOKENS.index("[CLS]"))
    )
    return trained


def train_bpe(texts: Iterable[str], vocab_size: int = 1024) -> "Tokenizer":
    """GPT-2's tokenizer: bytes, and merges of neighbours inside words. Any text comes back as is.

    Only "<|endoftext|>" itself is read as the special token.

    Raises:
        ValueError: if vocab_size is below 257 (the bytes and the end of text), or if texts is one
            string.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    texts = _listed(texts)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    _check_size(vocab_size, len(alphabet) + 1)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save(tokenizer: "Tokenizer", directory: str | Path) -> None:
    """Write tokenizer.json into a directory, which is made if need be."""
    Path(directory).mkdir(parents=True, exist_ok=True)
    (Path(directory) / FILE).write_text(tokenizer.to_str(pretty=True), "utf-8")


def load(directory: str | Path) -> Tokens:
    """The tokenizer in a directory's tokenizer.json: Hugging Face's, the book's own without it.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if the file is not a tokenizer.
    """
    path = Path(directory) / FILE
    content = path.read_text("utf-8")
    try:
        from tokenizers import Tokenizer

        return Tokenizer.from_str(content)
    except ImportError:
        return own(path)
    except Exception as error:  # the library raises nothing more precise
        raise ValueError(f"{path}: expected a tokenizer of Hugging Face: {error}") from error


def own(path: str | Path) -> Tokens:
    """The book's own reader of a tokenizer.json, in plain Python: the same ids, more slowly.

    Raises:
        ValueError: if the file is neither a WordPiece as BERT's nor a byte-level BPE as GPT-2's.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
        kind = content["model"]["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: expected a tokenizer of Hugging Face: {error!r}") from error
    makers = {"WordPiece": wordpiece.WordPiece, "BPE": bpe.ByteLevelBPE}
    if kind not in makers:
        raise ValueError(f"{path}: expected one of {', '.join(makers)}, got {kind}")
    return makers[kind](content)


def _bert(model: "models.WordPiece") -> "Tokenizer":
    from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers

    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _listed(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, str):  # a string is a sequence of strings too, and would train on letters
        raise ValueError("texts: expected several strings, such as a list of them, got one string")
    return list(texts)


def _check_size(vocab_size: int, least: int) -> None:
    if vocab_size < least:
        raise ValueError(f"vocab_size: expected at least {least} for these texts, got {vocab_size}")
