"""wordpiece.js against Hugging Face `tokenizers`: whole numbers, so equal."""

import json

import numpy as np
import pytest

from large_models.data import docstrings
from large_models.data.tokenizer import BERT_TOKENS, train_bpe, train_wordpiece

START = """async (text) => {
  const {wordpieceTokenizer} = await import("/engine/wordpiece.js");
  window.tokenizer = wordpieceTokenizer(JSON.parse(text));
}"""
ALPHABETS = {
    "ascii": [chr(i) for i in range(128)],
    "words": [*"the Return of AXIS's don't 1 23 4.5 x_y __init__ <= >>> \n naïve    ".split(" ")],
    "spaces": [*" \t\n\r\v\f\x1c\x85\xa0\u1680\u2003\u200b\u2028\u202f\u3000\ufeff", "a", "1", "."],
    "chinese": [*"的一是在机器学习模型，。？「」 12ab㐀豈\U00020000\U0002b820\U0002f800"],
    "emoji": ["😀", "🤖", "👨‍👩‍👧", "🇨🇳", "❤️", " ", "a"],
    "marks": ["e\u0301", "\u0301", "a\u0308\u0304", "\u20dd", "ก็", "नि", "é", "ñ", " ", "x"],
    "special": [*BERT_TOKENS, "[mask]", "[MAS", "K]", "[", "]", " ", "a", "\n"],
    "odd": ["\x00", "\ufffd", "\ue000", "½", "Ⅷ", "²", "٣", *"ßſİIıΣς's"],
    "signs": [*"$+<=>^`|~¿§¶·—“”…€°©", "a", " ", "٪", "։"],
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer(engine):
    """Trained on text of several scripts, so that not all is unknown."""
    texts = [
        *docstrings.load("validation").sentences[:2000],
        "机器学习 模型 的一是在 été naïve ß ı",
    ]
    texts += ["".join(alphabet) for alphabet in ALPHABETS.values()]
    tokenizer = train_wordpiece(texts, 1200)
    engine.run(START, tokenizer.to_str())
    return tokenizer


def texts(count=60):
    rng = np.random.default_rng(5)
    made = ["", " ", "\n", "[MASK]", "[MASK][MASK]", "a" * 100, "a" * 101, "é" * 120, "x [MASK]."]
    for alphabet in [*ALPHABETS.values(), [c for a in ALPHABETS.values() for c in a]]:
        made += [
            "".join(rng.choice(alphabet, size=rng.integers(1, 30)).tolist()) for _ in range(count)
        ]
    return made + list(docstrings.load("validation").sentences[:300])


def test_ids_equal_those_of_tokenizers(engine, tokenizer):
    made = texts()
    found = engine.run("(all) => all.map((text) => tokenizer.encode(text))", made)
    wrong = [
        (text, ids, tokenizer.encode(text).ids)
        for text, ids in zip(made, found, strict=True)
        if ids != tokenizer.encode(text).ids
    ]
    assert wrong == []


@pytest.mark.heavy
def test_every_character_of_the_first_plane_and_the_emoji(engine, tokenizer):
    """Each between two letters, so that it is seen whether it stays, splits, changes or goes."""
    codes = [c for c in range(0x10000) if not 0xD800 <= c < 0xE000]
    codes += list(range(0x1F300, 0x1F6D0)) + list(range(0x20000, 0x20010))
    made = [f"a{chr(c)}b" for c in codes]
    found = engine.run("(all) => all.map((text) => tokenizer.encode(text))", made)
    encoded = tokenizer.encode_batch(made)
    wrong = [hex(c) for c, ids, e in zip(codes, found, encoded, strict=True) if ids != e.ids]
    # 146 of 64,512: letters and signs that are younger than the library's table of Unicode.
    assert len(wrong) <= 300, wrong


def test_names_of_tokens(engine, tokenizer):
    names = engine.run("Array.from({length: tokenizer.size}, (_, i) => tokenizer.textOf(i))")
    assert names == [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    assert engine.run("tokenizer.idOf('[MASK]')") == 4
    assert engine.run("tokenizer.idOf('no such piece') === undefined")


def test_another_kind_is_refused(engine, tokenizer):
    cased = json.loads(tokenizer.to_str())
    cased["normalizer"]["lowercase"] = False
    bpe = train_bpe(["a b"], 257).to_str()
    for text in (json.dumps(cased), bpe, "{}", "null"):
        with pytest.raises(Exception, match="expected a tokenizer.json of WordPiece"):
            engine.run(START, text)
    engine.run(START, tokenizer.to_str())
