"""Byte-level BPE in plain Python, for where `tokenizers` cannot be: the same ids, more slowly.

A text is cut at the special tokens, then into words, numbers and runs of signs and spaces. The
bytes of each piece in UTF-8 are written as one printable character a byte, and neighbours are
merged in the order in which training found the merges. Source: Radford et al. 2019, section 2.2.
The page has the same in JavaScript. Chapter: 3_4_transformer.
"""

import heapq
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

ENDINGS = re.compile("'s|'t|'re|'ve|'m|'ll|'d")
# Unicode's White_Space; Python's str.isspace has the four separators U+001C to U+001F too.
SPACES = frozenset(
    map(chr, (*range(9, 14), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029,
              0x202F, 0x205F, 0x3000))
)  # fmt: skip


class Encoding(NamedTuple):
    """A text of T tokens."""

    ids: list[int]  # T
    tokens: list[str]  # T
    offsets: list[tuple[int, int]]  # T: from where to where a token stands in the text


class Cut:
    """Cuts a text at the special tokens of a tokenizer.json: what both kinds begin with."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        vocab = content["model"]["vocab"]
        self.special = {t["content"]: t["id"] for t in content.get("added_tokens") or ()}
        self.ids: dict[str, int] = vocab | self.special
        self.names = {number: token for token, number in self.ids.items()}
        longest_first = sorted(self.special, key=len, reverse=True)
        self.at = re.compile("|".join(map(re.escape, longest_first)) or "(?!)")

    def parts(self, text: str) -> Iterator[tuple[int, str, bool]]:
        """Each part: where it begins, its text, whether it is a special token."""
        start = 0
        for found in self.at.finditer(text):
            yield start, text[start : found.start()], False
            yield found.start(), found[0], True
            start = found.end()
        yield start, text[start:], False

    def encode(self, text: str, /, add_special_tokens: bool = True) -> Encoding:
        """A text's tokens, with those that stand around every text or without."""
        raise NotImplementedError

    def encode_batch(
        self, texts: Sequence[str], /, add_special_tokens: bool = True
    ) -> list[Encoding]:
        """Each text's tokens."""
        return [self.encode(text, add_special_tokens) for text in texts]

    def id_to_token(self, id: int, /) -> str | None:
        """What an id stands for; None for one that there is not."""
        return self.names.get(int(id))

    def token_to_id(self, token: str, /) -> int | None:
        """The id of a token; None for one that there is not."""
        return self.ids.get(token)

    def get_vocab_size(self) -> int:
        """How many tokens there are, special ones included."""
        return len(self.ids)


class ByteLevelBPE(Cut):
    """A byte-level BPE such as GPT-2's, from the content of its tokenizer.json.

    Raises:
        ValueError: if it is of another kind.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        model, splitter = content["model"], content.get("pre_tokenizer") or {}
        byte_level = splitter.get("type") == "ByteLevel" and splitter.get("use_regex", True)
        prefix = splitter.get("add_prefix_space")
        if model["type"] != "BPE" or not byte_level or prefix or content.get("normalizer"):
            raise ValueError("expected a byte-level BPE with no space in front and no normalizer")
        super().__init__(content)
        pairs = (m.split(" ") if isinstance(m, str) else m for m in model["merges"])
        self.ranks = {(first, second): rank for rank, (first, second) in enumerate(pairs)}
        self.known: dict[str, list[str]] = {}  # words repeat

    def encode(self, text: str, /, add_special_tokens: bool = True) -> Encoding:
        """A text's tokens. A token that is a part of a character stands where that one does."""
        del add_special_tokens  # a GPT's tokenizer has none to add
        found = Encoding([], [], [])
        for start, part, special in self.parts(text):
            if special:
                found.tokens.append(part)
                found.offsets.append((start, start + len(part)))
                continue
            for piece in pieces(part):
                owner = [i for i, letter in enumerate(piece, start) for _ in letter.encode()]
                first = 0
                for token in self._merged(piece):
                    last = first + len(token)
                    found.tokens.append(token)
                    found.offsets.append((owner[first], owner[last - 1] + 1))
                    first = last
                start += len(piece)
        found.ids.extend(self.ids[token] for token in found.tokens)
        return found

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = True) -> str:
        """The text of ids; bytes that are no character become U+FFFD."""
        tokens = [self.names[int(number)] for number in ids if int(number) in self.names]
        data = bytearray()
        for token in tokens:
            if token not in self.special:
                data += bytes(BYTES[letter] for letter in token)
            elif not skip_special_tokens:
                data += token.encode()
        return data.decode(errors="replace")

    def _merged(self, piece: str) -> list[str]:
        if piece not in self.known:
            self.known[piece] = merge([LETTERS[byte] for byte in piece.encode()], self.ranks)
        return self.known[piece]


def merge(symbols: list[str], ranks: Mapping[tuple[str, str], int]) -> list[str]:
    """Merges neighbours, always the pair that training merged first, of equals the leftmost.

    The pairs wait in a heap, ordered by rank and place, so a piece of n bytes takes about n log n
    steps. A merge takes the place of its left part and unlinks the right one; a pair in the heap
    whose parts have changed since is passed over.
    """
    parts = list(symbols)  # "" where a part has been merged into the one before
    n = len(parts)
    before, after = list(range(-1, n - 1)), list(range(1, n + 1))

    def rank(i: int) -> int | None:
        return ranks.get((parts[i], parts[after[i]])) if 0 <= i and after[i] < n else None

    heap = [(found, i) for i in range(n) if (found := rank(i)) is not None]
    heapq.heapify(heap)
    while heap:
        least, i = heapq.heappop(heap)
        if not parts[i] or rank(i) != least:
            continue
        gone = after[i]
        parts[i], parts[gone] = parts[i] + parts[gone], ""
        after[i] = after[gone]
        if after[i] < n:
            before[after[i]] = i
        for place in (before[i], i):
            if (found := rank(place)) is not None:
                heapq.heappush(heap, (found, place))
    return [part for part in parts if part]


def pieces(text: str) -> list[str]:
    r"""A text in words, numbers, runs of signs and runs of spaces, as GPT-2 cuts it.

    's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    """
    kinds, n = [kind(letter) for letter in text], len(text)
    found, start = [], 0
    while start < n:
        ending = ENDINGS.match(text, start) if text[start] == "'" else None
        if ending:
            end = ending.end()
        else:
            # One space may stand in front of what is none.
            first = start + (text[start] == " " and start + 1 < n and kinds[start + 1] != "space")
            end = first + 1
            while end < n and kinds[end] == kinds[first]:
                end += 1
            # Of several spaces the last one goes with what follows, or stands alone.
            if kinds[first] == "space" and end < n and end - first > 1:
                end -= 1
        found.append(text[start:end])
        start = end
    return found


@cache
def kind(letter: str) -> str:
    """Which of GPT-2's four kinds a character is: space, letter, number or sign."""
    if letter in SPACES:
        return "space"
    category = unicodedata.category(letter)[0]
    return {"L": "letter", "N": "number"}.get(category, "sign")


def _letters() -> str:
    """A printable character for each byte: itself where it is one, or the next from U+0100."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return "".join(chr(b if b in printable else 256 + others.index(b)) for b in range(256))


LETTERS = _letters()
BYTES = {letter: byte for byte, letter in enumerate(LETTERS)}
