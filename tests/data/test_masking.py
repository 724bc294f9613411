"""data.masking: what is hidden, how often, and that nothing is lost or wasted on the way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import CLS, MASK, PAD, SEP, SPECIAL, Texts, groups, mask_tokens, pad


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.train_wordpiece(docstrings.load("validation").sentences[:3000], 800)


@pytest.fixture(scope="module")
def texts(tokens):
    return Texts("validation", tokens, 32)


def test_special_tokens_are_the_tokenizers(tokens):
    names = [tokens.id_to_token(i) for i in (PAD, masking.UNKNOWN, CLS, SEP, MASK)]
    assert names == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


# --- hiding -------------------------------------------------------------------------------------


def test_shares_are_those_of_the_recipe():
    """200,000 tokens: a share's standard deviation is below 0.003 of those chosen."""
    ids = np.random.default_rng(0).integers(SPECIAL, 1000, (2000, 100))
    hidden, at = mask_tokens(ids, np.random.default_rng(1), 1000)
    assert abs(at.mean() - 0.15) < 0.003
    assert (hidden[~at] == ids[~at]).all()
    masked = (hidden[at] == MASK).mean()
    kept = (hidden[at] == ids[at]).mean()
    assert abs(masked - 0.8) < 0.01 and abs(kept - 0.1) < 0.01
    random = hidden[at & (hidden != MASK) & (hidden != ids)]
    assert random.min() >= SPECIAL and len(np.unique(random)) > 900  # of 995, in 3,000 draws


@settings(max_examples=30)
@given(share=st.floats(0, 1), seed=st.integers(0, 1000))
def test_special_tokens_are_never_chosen(share, seed):
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 12, (4, 9))
    before = ids.copy()
    hidden, at = mask_tokens(ids, rng, 12, share)
    assert not at[ids < SPECIAL].any() and (hidden[ids < SPECIAL] == ids[ids < SPECIAL]).all()
    np.testing.assert_array_equal(ids, before)


def test_nothing_and_everything():
    ids = np.arange(SPECIAL, 20)[None]
    hidden, at = mask_tokens(ids, np.random.default_rng(0), 20, 0.0)
    assert not at.any() and (hidden == ids).all()
    assert mask_tokens(ids, np.random.default_rng(0), 20, 1.0)[1].all()


def test_whole_words_are_chosen_together():
    inside = np.zeros(40, dtype=bool)
    inside[20:] = True  # "##" pieces
    rng = np.random.default_rng(0)
    ids = rng.integers(SPECIAL, 40, (200, 30))
    ids[:, 0] = CLS
    _, at = mask_tokens(ids, rng, 40, 0.3, inside)
    goes_on = inside[ids[:, 1:]] & (ids[:, :-1] >= SPECIAL)
    assert (at[:, 1:] == at[:, :-1])[goes_on].all() and at.any()
    _, alone = mask_tokens(ids, rng, 40, 0.3)
    assert not (alone[:, 1:] == alone[:, :-1])[goes_on].all()


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(share=1.5), "share: expected 0 to 1, got 1.5"),
        (dict(vocab_size=5), "vocab_size: expected more than 5, got 5"),
        (dict(ids=np.array([[30]])), "ids: expected 0 to 29, got 30 to 30"),
        (dict(ids=np.array([[-1]])), "got -1 to -1"),
    ],
)
def test_bad_input_is_named(wrong, message):
    arguments = dict(ids=np.array([[7]]), rng=np.random.default_rng(0), vocab_size=30) | wrong
    with pytest.raises(ValueError, match=message):
        mask_tokens(**arguments)


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("alone", [0.0, 0.3, 1.0])
def test_every_sentence_once_whole_and_in_order(texts, alone):
    made = texts.texts(np.random.default_rng(0), alone)
    inside = np.concatenate([text[1:-1] for text in made])
    np.testing.assert_array_equal(inside, np.concatenate(texts.sentences))
    assert all(text[0] == CLS and text[-1] == SEP and len(text) <= 32 for text in made)
    assert (len(made) == len(texts.sentences)) == (alone == 1.0)


def test_a_text_keeps_to_one_file(texts):
    made = texts.texts(np.random.default_rng(0), 0.0)
    at = 0
    for text in made:
        size, files = 0, set()
        while size < len(text) - 2:
            size += len(texts.sentences[at])
            files.add(texts.files[at])
            at += 1
        assert size == len(text) - 2 and len(files) == 1


@pytest.mark.heavy
def test_long_sentences_are_cut(tokens):
    short = Texts("validation", tokens, 6)
    assert max(map(len, short.sentences)) == 4
    with pytest.raises(ValueError, match="length: expected at least 3, got 2"):
        Texts("validation", tokens, 2)


# --- batches ------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=40), budget=st.integers(12, 60))
def test_batches_hold_every_text_within_the_budget(sizes, budget):
    made = [np.full(size, SPECIAL + i) for i, size in enumerate(sizes)]
    seen = []
    for rows in groups(sizes, np.random.default_rng(0), budget):
        ids = pad([made[row] for row in rows])
        assert ids.size <= budget
        for row in ids:
            there = row[row != PAD]
            assert (row[: len(there)] == there).all()  # padding stands at the end
            seen.append(tuple(there))
    assert sorted(seen) == sorted(map(tuple, made))


def test_hardly_any_padding(texts):
    rng = np.random.default_rng(0)
    made = texts.texts(rng)
    found = [pad([made[i] for i in rows]) for rows in groups([len(t) for t in made], rng)]
    padding = sum((ids == PAD).sum() for ids in found) / sum(ids.size for ids in found)
    assert padding < 0.02
    naive = [len(text) for text in texts.texts(rng)]  # in batches as they come
    rows = [naive[i : i + 64] for i in range(0, len(naive), 64)]
    assert 1 - sum(naive) / sum(len(r) * max(r) for r in rows) > 5 * padding


def test_epochs_differ_and_a_seed_repeats_them(texts):
    first, other, again = (
        next(masking.batches(texts, np.random.default_rng(seed))) for seed in (0, 1, 0)
    )
    assert first.ids.shape != other.ids.shape or (first.ids != other.ids).any()
    for name in ("ids", "targets", "mask", "at"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert (first.ids != first.targets)[first.at].any()
    assert (first.ids == first.targets)[~first.at].all()
    assert not first.at[~first.mask].any() and (first.mask == (first.targets != PAD)).all()


def test_a_budget_that_makes_no_sense():
    with pytest.raises(ValueError, match="at least 1 token, got 0"):
        next(groups([1], np.random.default_rng(0), 0))
    with pytest.raises(ValueError, match="at least 1 token"):
        next(groups([3, 0], np.random.default_rng(0)))
