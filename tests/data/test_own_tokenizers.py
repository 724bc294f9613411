"""WordPiece and BPE in plain Python against Hugging Face `tokenizers`: whole numbers, so equal."""

import builtins
import json
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from large_models.data import bpe, docstrings, tokenizer
from large_models.data.tokenizer import BERT_TOKENS, END_OF_TEXT, train_bpe, train_wordpiece
from large_models.data.wordpiece import WordPiece
from large_models.files import weights

MORE = ["机器学习 模型 学习 学到 习题 " * 9, "été naïve coöperate 😀😀 😁 🤖🤖 the the",
        "don't we'll they're I'm you'd  \n\n\t  x"]  # fmt: skip
# The characters of Unicode 3.2: of younger ones, BERT's part of the library does not know the kind.
OLD = [c for c in map(chr, range(0x110000))
       if unicodedata.ucd_3_2_0.category(c) not in ("Cs", "Cn")]  # fmt: skip
KNOWN = st.sampled_from(OLD)
ODD = st.sampled_from(
    [*BERT_TOKENS, END_OF_TEXT, "<|endof", "text|>", "[MA", "SK]", "'ll", "'re", "'ve", "the"]
    + [*"'sS'tTdm  \n\t\r\v\x1c\x85\xa0\u200b\u2028\u3000\ufeff\ufffd\0机的，😀İßΣſǅ각½Ⅷ٣§$+ﬁ豈"]
    + ["👨\u200d👩\u200d👧", "e\u0301", "\u0301", "a\u0308\u0304", "\u0327\u0301", "a\u0301\u0327"]
    + ["ก็", "नि", "\u1100\u1161", "Returns", "##s", "\ue000", "\U0010ffff", "\U0002f800"]
)
TEXTS = st.lists(ODD | KNOWN | st.sampled_from("abcdefgh 0123.,"), max_size=40).map("".join)


@pytest.fixture(scope="module")
def sentences():
    return docstrings.load("validation").sentences[:400]


@pytest.fixture(scope="module", params=["gpt-docs", "bert-docs", "a BPE", "a WordPiece"])
def both(request, sentences):
    """Theirs and ours; two are trained on several scripts, so that merges cross characters."""
    if request.param in ("gpt-docs", "bert-docs"):
        path = weights(request.param) / "tokenizer.json"
        return Tokenizer.from_file(str(path)), tokenizer.own(path)
    train, ours, size = {
        "a BPE": (train_bpe, bpe.ByteLevelBPE, 700),
        "a WordPiece": (train_wordpiece, WordPiece, 400),
    }[request.param]
    theirs = train([*sentences, *MORE], size)
    return theirs, ours(json.loads(theirs.to_str()))


def same(both, text):
    theirs, ours = (one.encode(text) for one in both)
    assert ours.ids == theirs.ids, repr(text)
    assert ours.tokens == theirs.tokens
    assert ours.offsets == theirs.offsets, repr(text)
    for skip in (True, False):
        back = [one.decode(theirs.ids, skip_special_tokens=skip) for one in both]
        assert back[0] == back[1], repr(text)


def test_the_corpus(both, sentences):
    for text in sentences:
        same(both, text)


@pytest.mark.heavy
@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
@example(text="")
@example(text="a" * 101 + " " + "é" * 101)
@example(text="x" * 100 + "\u0301")
def test_any_text(both, text):
    same(both, text)


def test_every_character_is_of_the_same_kind(both):
    sample = OLD[:3000] + OLD[3000::67]
    lines = ["".join(f"a{c}1{c} {c}!" for c in sample[i : i + 40])
             for i in range(0, len(sample), 40)]  # fmt: skip
    for line, encoded in zip(lines, both[0].encode_batch(lines), strict=True):
        assert both[1].encode(line).ids == encoded.ids, repr(line)


def test_any_ids_can_be_decoded(both):
    rng = np.random.default_rng(6)
    size = both[0].get_vocab_size()
    assert both[1].get_vocab_size() == size
    for _ in range(200):
        ids = rng.integers(0, size, rng.integers(1, 12)).tolist()
        for skip in (True, False):
            theirs, ours = (one.decode(ids, skip_special_tokens=skip) for one in both)
            assert ours == theirs
    for number in (0, 4, size - 1, size):
        assert both[1].id_to_token(number) == both[0].id_to_token(number)
    for token in ("[MASK]", END_OF_TEXT, "the", "nothing of the kind"):
        assert both[1].token_to_id(token) == both[0].token_to_id(token)


def test_long_words_are_cut_in_about_n_log_n_steps():
    path = weights("gpt-docs") / "tokenizer.json"
    theirs, ours = Tokenizer.from_file(str(path)), tokenizer.own(path)

    class Counted(dict):
        looked = 0

        def get(self, *key):
            Counted.looked += 1
            return super().get(*key)

    ours.ranks = Counted(ours.ranks)
    letters = np.random.default_rng(8).choice(list("aeinrst"), 20_000)
    for word in ("a" * 20_000, "".join(letters), "😀" * 3000, " " * 9000 + "x"):
        assert ours.encode(word).ids == theirs.encode(word).ids
    counts = []
    for size in (1000, 10_000):
        Counted.looked = 0
        ours.encode("".join(letters[-size:]) + "x")
        counts.append(Counted.looked)
    assert 1000 < counts[0] < counts[1] < 12 * counts[0]


def test_a_vocabulary_alone_is_enough_for_bert(sentences):
    theirs = tokenizer.load(weights("bert-docs"))
    ours = WordPiece.from_vocab(weights("bert-docs") / "vocab.txt")
    for text in sentences[:50]:
        assert ours.encode(text).ids == theirs.encode(text).ids


def test_ours_serves_where_theirs_is_missing(monkeypatch):
    assert isinstance(tokenizer.load(weights("bert-docs")), Tokenizer)
    real = builtins.__import__

    def without(name, *rest):
        if name == "tokenizers":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert isinstance(tokenizer.load(weights("bert-docs")), WordPiece)
    assert isinstance(tokenizer.load(weights("gpt-docs")), bpe.ByteLevelBPE)


@pytest.mark.parametrize(
    "name, change",
    [
        ("bert-docs", {"model": {"type": "BPE", "vocab": {}, "merges": []}}),
        ("bert-docs", {"normalizer": {"type": "BertNormalizer", "lowercase": False}}),
        ("bert-docs", {"pre_tokenizer": None}),
        ("gpt-docs", {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}}),
        ("gpt-docs", {"normalizer": {"type": "Lowercase"}}),
        ("gpt-docs", {"model": {"type": "Unigram"}}),
        ("gpt-docs", {"model": None}),
    ],
)
def test_another_kind_is_refused(tmp_path, name, change):
    content = json.loads((weights(name) / "tokenizer.json").read_text("utf-8")) | change
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match="expected"):
        tokenizer.own(tmp_path / "tokenizer.json")
