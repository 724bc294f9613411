"""bpe.js against Hugging Face `tokenizers`: whole numbers, so exactly equal."""

import json
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from large_models.data import docstrings
from large_models.data.tokenizer import END_OF_TEXT, train_bpe

SHIPPED = Path(__file__).parents[2] / "weights" / "gpt-docs" / "tokenizer.json"
START = """async (text) => {
  const {bpeTokenizer} = await import("/engine/bpe.js");
  window.tokenizer = bpeTokenizer(JSON.parse(text));
}"""


def trained():
    """Trained on text of several scripts, so that merges cross characters' bytes."""
    texts = [*docstrings.load("validation").sentences[:400], "机器学习 模型 学习 学到 习题 " * 9]
    texts += [
        "été naïve coöperate 😀😀 😁 🤖🤖 the the",
        "don't we'll they're I'm you'd  \n\n\t  x",
    ]
    return train_bpe(texts, 700)


@pytest.fixture(scope="module", params=["shipped", "trained"])
def tokenizer(request, engine):
    tokenizer = Tokenizer.from_file(str(SHIPPED)) if request.param == "shipped" else trained()
    engine.run(START, tokenizer.to_str())
    return tokenizer


ALPHABETS = {
    "ascii": [chr(i) for i in range(128)],
    "words": [
        *"the of return axis's don't we'LL 'S 1 23 4.5 x_y __init__ <= >>> \n    ".split(" ")
    ],
    "spaces": [*" \t\n\r\v\f\x1c\x85\xa0\u1680\u2003\u200b\u2028\u202f\u3000\ufeff", "a", "1", "."],
    "chinese": [*"的一是在机器学习模型，。？ 12ab"],
    "emoji": ["😀", "🤖", "👨‍👩‍👧", "🇨🇳", "❤️", " ", "a"],
    "marks": ["e\u0301", "\u0301", "a\u0308\u0304", "\u20dd", "ก็", "नि", " ", "x"],
    "special": [END_OF_TEXT, "<|endof", "text|>", "<|", "|>", " ", "a", "\n"],
    "odd": ["\x00", "\uffff", "\U0010ffff", "\ue000", "½", "Ⅷ", "²", "٣", "ß", "ſ", "İ", "'", "s"],
}


def texts(count=60):
    rng = np.random.default_rng(5)
    made = ["", " ", "  ", "\n", END_OF_TEXT, END_OF_TEXT * 2, "a" * 300, "é" * 40]
    for alphabet in [*ALPHABETS.values(), [c for a in ALPHABETS.values() for c in a]]:
        made += [
            "".join(rng.choice(alphabet, size=rng.integers(1, 30)).tolist()) for _ in range(count)
        ]
    return made + list(docstrings.load("validation").sentences[:100])


def test_encodes_and_decodes_as_tokenizers_does(engine, tokenizer):
    given = texts()
    got = engine.run(
        "(texts) => texts.map((t) => { const ids = tokenizer.encode(t);"
        " return {ids, text: tokenizer.decode(ids)}; })",
        given,
    )
    for text, answer in zip(given, got, strict=True):
        assert answer["ids"] == tokenizer.encode(text).ids, repr(text)
        assert answer["text"] == text


def long_words():
    """Pieces of thousands of bytes: one letter, few letters, many merges, wide characters."""
    rng = np.random.default_rng(8)
    words = "".join(docstrings.load("validation").sentences[:400])
    run = "".join(c for c in words if c.isascii() and c.isalpha())
    return [
        "a" * 20_000,
        "ab" * 5_000 + "a",
        "".join(rng.choice(list("aeinrst"), 20_000)),
        run[:20_000],
        "".join(rng.choice(list("机器学习模型"), 4_000)),
        "😀" * 3_000,
        " " * 9_000 + "x",
        "=" * 9_999,
        "7" * 9_999,
    ]


def test_long_words_are_cut_as_tokenizers_does(engine, tokenizer):
    given = long_words()
    got = engine.run("(texts) => texts.map((t) => tokenizer.encode(t))", given)
    for text, ids in zip(given, got, strict=True):
        assert ids == tokenizer.encode(text).ids, f"{text[:10]}... of {len(text)}"


def test_a_word_ten_times_as_long_takes_little_more_than_ten_times_the_steps(engine, tokenizer):
    """Counted are the pairs that are looked up; it was a hundred times before there was a heap."""
    words = [text for text in long_words() if text.isascii() and text.isalpha()]
    counts = engine.run(
        """(words) => {
          const get = Map.prototype.get;
          let count = 0;
          Map.prototype.get = function (key) { count += 1; return get.call(this, key); };
          try {
            return words.map((word) => [1000, 10000].map((size) => {
              count = 0;
              tokenizer.encode(word.slice(-size));
              return count;
            }));
          } finally { Map.prototype.get = get; }
        }""",
        words,
    )
    assert len(counts) == 4
    for short, long in counts:
        assert 1000 < short < long < 12 * short


@pytest.mark.heavy
def test_every_character_is_a_letter_a_number_a_space_or_a_sign_as_there(engine, tokenizer):
    """Each character that this Python's Unicode knows, between spaces, letters and numbers."""
    # Characters of younger Unicode versions count as what the browser or the library knows.
    known = [c for c in map(chr, range(sys.maxunicode + 1))
             if unicodedata.category(c) not in ("Cs", "Cn")]  # fmt: skip
    sample = known[:4000] + known[4000::23]
    lines = [
        "".join(f"a{c}1{c} {c}!" for c in sample[i : i + 50]) for i in range(0, len(sample), 50)
    ]
    got = engine.run("(texts) => texts.map((t) => tokenizer.encode(t))", lines)
    for line, ids, encoded in zip(lines, got, tokenizer.encode_batch(lines), strict=True):
        assert ids == encoded.ids, [c for c in line if tokenizer.encode(c).ids]


def test_any_ids_can_be_decoded(engine, tokenizer):
    """Tokens that are parts of characters, in any order: the same U+FFFD as there."""
    rng = np.random.default_rng(6)
    size = tokenizer.get_vocab_size()
    ids = [rng.integers(0, size, rng.integers(1, 12)).tolist() for _ in range(300)]
    raw = [rng.integers(1, 257, rng.integers(1, 12)).tolist() for _ in range(300)]  # single bytes
    got = engine.run("(lists) => lists.map((ids) => tokenizer.decode(ids))", ids + raw)
    assert got == [tokenizer.decode(i, skip_special_tokens=False) for i in ids + raw]


def test_a_token_has_its_bytes_and_its_text(engine, tokenizer):
    ids = tokenizer.encode("机 😀 é the").ids
    pieces = engine.run("(ids) => ids.map((id) => [...tokenizer.bytesOf(id)])", ids)
    assert bytes(b for piece in pieces for b in piece).decode() == "机 😀 é the"
    texts = engine.run("(ids) => ids.map((id) => tokenizer.textOf(id))", ids)
    for piece, text in zip(pieces, texts, strict=True):
        try:
            assert text == bytes(piece).decode()
        except UnicodeDecodeError:
            assert text is None
    assert engine.run(f"() => tokenizer.idOf('{END_OF_TEXT}')") == 0
    assert engine.run("() => tokenizer.size") == tokenizer.get_vocab_size()


def test_a_lone_surrogate_is_no_character(engine, tokenizer):
    got = engine.run(r"() => tokenizer.encode('a\ud83d!')")
    assert got == tokenizer.encode("a\ufffd!").ids


def test_merges_may_be_pairs_or_strings(engine, tokenizer):
    content = json.loads(tokenizer.to_str())
    merges = [m if isinstance(m, str) else " ".join(m) for m in content["model"]["merges"]]
    for written in (merges, [m.split(" ") for m in merges]):
        content["model"]["merges"] = written
        engine.run(START, json.dumps(content))
        got = engine.run("() => tokenizer.encode('Returns the number')")
        assert got == tokenizer.encode("Returns the number").ids


@pytest.mark.parametrize(
    "change",
    [
        {"model": {"type": "WordPiece"}},
        {"pre_tokenizer": None},
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True}},
        {"normalizer": {"type": "Lowercase"}},
    ],
)
def test_another_kind_of_tokenizer_is_refused(engine, change):
    content = json.loads(SHIPPED.read_text("utf-8")) | change
    script = (
        f"async (text) => {{ try {{ await ({START})(text); }} catch (e) {{ return e.message; }} }}"
    )
    assert "expected a tokenizer.json of byte-level BPE" in engine.run(script, json.dumps(content))
