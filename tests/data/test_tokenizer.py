"""Both tokenizers on a small sample: the same at every run, exact round trips, bad input named."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from large_models.data import docstrings
from large_models.data.tokenizer import (
    BERT_TOKENS,
    END_OF_TEXT,
    load,
    save,
    train_bpe,
    train_wordpiece,
)

SAMPLE = docstrings.load("validation").sentences[::8]
EDGES = [
    "",
    " ",
    "😀👩‍👩‍👧",
    "中文分词",
    "e\u0301a\u0308",
    "naïve Erdős",
    "\u200b\ufeff",
    "\x00\x07",
    "a\n\tb",
    "x" * 200,
]


@pytest.fixture(scope="module")
def wordpiece():
    return train_wordpiece(SAMPLE, 600)


@pytest.fixture(scope="module")
def bpe():
    return train_bpe(SAMPLE, 400)


@pytest.mark.parametrize(("train", "size"), [(train_wordpiece, 400), (train_bpe, 400)])
def test_training_is_deterministic(train, size):
    """Twice here and once in another process, the texts in another order: the same file."""
    texts = SAMPLE[:300]
    once = train(texts, size).to_str()
    assert train(reversed(texts), size).to_str() == once
    code = (
        "import sys; from large_models.data import docstrings, tokenizer;"
        'texts = docstrings.load("validation").sentences[::8][:300];'
        f"sys.stdout.write(tokenizer.{train.__name__}(texts, {size}).to_str())"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert other.stdout == once, other.stderr


def test_ties_do_not_depend_on_chance():
    """All pairs are rare here: the library alone gives another vocabulary at nearly each run."""
    texts = ["Wel come to the Tok en izers libr ary."]
    assert len({train_wordpiece(texts, 45).to_str() for _ in range(20)}) == 1


def test_wordpiece_is_berts(wordpiece):
    assert [wordpiece.id_to_token(i) for i in range(5)] == list(BERT_TOKENS)
    assert wordpiece.get_vocab_size() == 600
    assert sorted(wordpiece.get_vocab().values()) == list(range(600))
    encoded = wordpiece.encode("The Array, é.", "Of it.")
    assert encoded.tokens[0] == "[CLS]" and encoded.tokens[-1] == "[SEP]"
    assert encoded.tokens.count("[SEP]") == 2
    first = encoded.tokens.index("[SEP]") + 1
    assert encoded.type_ids == [0] * first + [1] * (len(encoded) - first)
    assert wordpiece.decode(encoded.ids) == "the array, e. of it."
    # Pieces inside a word are no special tokens: such text is taken apart like any other.
    assert wordpiece.encode("##a", add_special_tokens=False).tokens == ["[UNK]", "[UNK]", "a"]
    assert wordpiece.encode("a [MASK] b").tokens[2] == "[MASK]"


def test_wordpiece_knows_what_it_was_trained_on(wordpiece):
    """No unknown token, and lower case with its spaces back: all but those around punctuation."""
    for text, encoded in zip(SAMPLE, wordpiece.encode_batch(list(SAMPLE)), strict=True):
        assert "[UNK]" not in encoded.tokens
        assert wordpiece.decode(encoded.ids).replace(" ", "") == text.lower().replace(" ", "")


def test_bpe_is_gpt2s(bpe):
    assert bpe.get_vocab_size() == 400
    assert bpe.token_to_id(END_OF_TEXT) == 0
    assert bpe.encode(f"a{END_OF_TEXT}b").ids.count(0) == 1
    assert bpe.encode("x of the").tokens == ["x", "Ġof", "Ġthe"]


@pytest.mark.parametrize("text", [*EDGES, *SAMPLE[:50]])
def test_bpe_round_trip(bpe, text):
    assert bpe.decode(bpe.encode(text).ids) == text


@settings(max_examples=50)
@given(st.text(max_size=60))
def test_any_text(wordpiece, bpe, text):
    """No text crashes them; BPE gives it back, WordPiece keeps its ends."""
    assert bpe.decode(bpe.encode(text).ids) == text
    encoded = wordpiece.encode(text)
    assert encoded.tokens[0] == "[CLS]" and encoded.tokens[-1] == "[SEP]"
    assert len(encoded.tokens) == len(encoded.offsets) == len(encoded.type_ids)


@pytest.mark.parametrize("text", EDGES)
def test_wordpiece_edges(wordpiece, text):
    tokens = wordpiece.encode(text, add_special_tokens=False).tokens
    expected = {
        "": [], " ": [], "中文分词": ["[UNK]"] * 4, "e\u0301a\u0308": None, "\u200b\ufeff": [],
        "\x00\x07": [], "x" * 200: ["[UNK]"], "a\n\tb": ["a", "b"], "naïve Erdős": None,
    }  # fmt: skip
    if expected.get(text) is not None:
        assert tokens == expected[text]
    elif text in expected:  # accents are off
        plain = {"e\u0301a\u0308": "ea", "naïve Erdős": "naive erdos"}[text]
        assert tokens == wordpiece.encode(plain, add_special_tokens=False).tokens


@pytest.mark.parametrize("train", [train_wordpiece, train_bpe])
def test_save_and_load(train, tmp_path):
    trained = train(SAMPLE[:50], 400)
    save(trained, tmp_path / "new")
    again = load(tmp_path / "new")
    assert again.to_str() == trained.to_str()
    assert again.encode(SAMPLE[0]).ids == trained.encode(SAMPLE[0]).ids


@pytest.mark.parametrize("content", ["", "{}", '{"model": 1}', "not json"])
def test_load_something_else(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ValueError, match=r"tokenizer\.json: expected a tokenizer"):
        load(tmp_path)


def test_bad_input(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path)
    with pytest.raises(ValueError, match="expected at least 257 for these texts, got 256"):
        train_bpe(["a"], 256)
    with pytest.raises(ValueError, match="expected at least 8 for these texts, got 7"):
        train_wordpiece(["ab"], 7)  # five special ones, a, b, ##b
    assert train_wordpiece(["ab"], 8).get_vocab_size() == 8
    for train in (train_wordpiece, train_bpe):
        with pytest.raises(ValueError, match="got one string"):
            train("a string")


def test_nothing_to_train_on():
    assert train_wordpiece([], 10).get_vocab_size() == 5
    assert train_bpe([""], 300).encode("é").tokens == ["Ã", "©"]
