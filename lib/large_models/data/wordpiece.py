"""WordPiece in plain Python, for where `tokenizers` cannot be: the same ids, more slowly.

A text is cut at the special tokens, cleaned, spaced around Chinese characters, stripped of its
accents, put in lower case and split at spaces and signs; each word is then the longest pieces that
the vocabulary has, or [UNK]. Sources: Devlin et al. 2019, section 3; Wu et al. 2016.
The page has the same in JavaScript. Chapters: 4_1_train_bert, 4_2_infer_bert.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from large_models.data.bpe import SPACES, Cut, Encoding

CHINESE = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
Letters = list[tuple[str, int]]  # characters, each with where it stands in the text


class WordPiece(Cut):
    """A WordPiece such as BERT's, from the content of its tokenizer.json.

    Raises:
        ValueError: if it is of another kind.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        model, plain = content["model"], content.get("normalizer") or {}
        reads = plain.get("type") == "BertNormalizer" and plain.get("strip_accents") is not False
        reads = reads and all(plain[k] for k in ("lowercase", "clean_text", "handle_chinese_chars"))
        splits = (content.get("pre_tokenizer") or {}).get("type") == "BertPreTokenizer"
        if model["type"] != "WordPiece" or not reads or not splits:
            raise ValueError("expected a WordPiece in lower case, with BERT's normalizer")
        super().__init__(content)
        self.unknown = model["unk_token"]
        self.prefix = model.get("continuing_subword_prefix", "##")
        self.longest = model.get("max_input_chars_per_word", 100)

    @classmethod
    def from_vocab(cls, path: str | Path) -> "WordPiece":
        """From a vocab.txt, one token per line, as BERT's first files have it."""
        lines = Path(path).read_text("utf-8").splitlines()
        vocab = {token: number for number, token in enumerate(lines)}
        names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
        plain = {"lowercase": True, "clean_text": True, "handle_chinese_chars": True}
        return cls({
            "added_tokens": [{"content": name, "id": vocab[name]} for name in names],
            "normalizer": {"type": "BertNormalizer", **plain},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocab},
        })  # fmt: skip

    def encode(self, text: str, /, add_special_tokens: bool = True) -> Encoding:
        """A text's tokens, [CLS] in front and [SEP] behind, or without the two."""
        found = Encoding([], ["[CLS]"], [(0, 0)])
        for start, part, special in self.parts(text):
            if special:
                found.tokens.append(part)
                found.offsets.append((start, start + len(part)))
                continue
            for word in words(part, start):
                for token, first, last in self._pieces(word):
                    found.tokens.append(token)
                    found.offsets.append((word[first][1], word[last - 1][1] + 1))
        found.tokens.append("[SEP]")
        found.offsets.append((0, 0))
        found.ids.extend(self.ids[token] for token in found.tokens)
        if add_special_tokens:
            return found
        return Encoding(found.ids[1:-1], found.tokens[1:-1], found.offsets[1:-1])

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids, as far as WordPiece has kept it."""
        tokens = [self.names[int(number)] for number in ids if int(number) in self.names]
        if skip_special_tokens:
            tokens = [token for token in tokens if token not in self.special]
        joined = ""
        for place, token in enumerate(tokens):
            inside = place and token.startswith(self.prefix)
            part = token.removeprefix(self.prefix) if inside else " " * bool(place) + token
            for old, new in _TIDIED:
                part = part.replace(old, new)
            joined += part
        return joined

    def _pieces(self, word: Letters) -> Iterator[tuple[str, int, int]]:
        """The longest pieces of a word: each with its first letter and the one after its last."""
        letters = "".join(letter for letter, _ in word)
        found, start = [], 0
        while start < len(letters) <= self.longest:
            for end in range(len(letters), start, -1):
                token = (self.prefix if start else "") + letters[start:end]
                if token in self.ids:
                    found.append((token, start, end))
                    start = end
                    break
            else:
                break
        whole = start == len(letters)
        yield from found if whole else [(self.unknown, 0, len(word))]


_TIDIED = (
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
    (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
)  # fmt: skip


def words(text: str, start: int = 0) -> list[Letters]:
    """A text's words and signs as BERT reads them; `start` is where the text begins."""
    found: list[Letters] = []
    inside = False  # whether the last word may go on
    for letter, place in _normal(text, start):
        if letter in SPACES:
            inside = False
        elif is_sign(letter):
            found.append([(letter, place)])
            inside = False
        elif inside:
            found[-1].append((letter, place))
        else:
            found.append([(letter, place)])
            inside = True
    return found


def _normal(text: str, start: int) -> Letters:
    """The characters that are left, in lower case, each with where it comes from."""
    spaced: Letters = []
    for place, letter in enumerate(text, start):
        if letter in SPACES:
            if letter in "\t\n\r" or not is_control(letter):
                spaced.append((" ", place))
        elif letter not in "\0\ufffd" and not is_control(letter):
            around = [(" ", place)] if is_chinese(letter) else []
            spaced += [*around, (letter, place), *around]
    apart = _sorted([(part, place) for letter, place in spaced for part in _apart(letter)])
    kept = [(part, place) for part, place in apart if unicodedata.category(part) != "Mn"]
    return [(low, place) for part, place in kept for low in part.lower()]


@cache
def _apart(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)


def _sorted(letters: Letters) -> Letters:
    """Marks in the order of their classes, as Unicode's canonical ordering has them."""
    found, marks = [], []
    for letter in letters:
        if unicodedata.combining(letter[0]):
            marks.append(letter)
            continue
        found += sorted(marks, key=lambda mark: unicodedata.combining(mark[0]))
        found.append(letter)
        marks = []
    return found + sorted(marks, key=lambda mark: unicodedata.combining(mark[0]))


@cache
def is_control(letter: str) -> bool:
    """Whether BERT drops a character: controls, formats and those for private use."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Co")


@cache
def is_sign(letter: str) -> bool:
    """Whether a character is a token of its own: ASCII's signs, and Unicode's punctuation."""
    signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    return letter in signs or unicodedata.category(letter).startswith("P")


def is_chinese(letter: str) -> bool:
    """Whether a character gets spaces around it."""
    return any(first <= ord(letter) <= last for first, last in CHINESE)
