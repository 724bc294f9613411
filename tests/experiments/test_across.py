"""Across libraries: the sentences are those asked for, the means those of single texts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from large_models.data import docstrings, tokenizer
from large_models.experiments import across
from large_models.models.bert import BertForMaskedLM

BERT = Path(__file__).parents[2] / "weights/bert-docs"


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(BERT)


@pytest.fixture(scope="module")
def model():
    return BertForMaskedLM.from_pretrained(BERT).eval()


@pytest.fixture(scope="module")
def sides(tokens):
    names = ("numpy", "torch")
    return [across.sentences(split, names, tokens, 300) for split in ("validation", "test")]


def test_sentences_are_of_their_library_and_section(tokens, sides):
    data = docstrings.load("test")
    for name, found in sides[1].items():
        assert len(found) == 300
        of = data.packages == docstrings.PACKAGES.index(name)
        texts = {}
        for i in np.flatnonzero(of):
            texts[tuple(tokens.encode(data.sentences[i]).ids)[:63]] = data.sections[i]
        for text, label in zip(found.texts, found.labels, strict=True):
            section = docstrings.SECTIONS[texts[tuple(text[:63])]]
            assert section == across.SECTIONS[label]


def test_means_are_those_of_single_texts(model, sides):
    texts = sides[1]["numpy"].texts[:9]
    found = across.means(model, texts)
    for text, row in zip(texts, found, strict=True):
        x = model.bert.hidden_states(torch.from_numpy(text[None]))[-1]
        np.testing.assert_allclose(row, x[0].mean(dim=0).detach(), atol=1e-4)


def test_labels_matter_and_pretraining_does(model, sides):
    untrained = BertForMaskedLM.from_pretrained(BERT / "checkpoints/000000").eval()
    words = across.crossed_words(*sides)
    before, after = (across.crossed(each, *sides) for each in (untrained, model))
    for table in (words, before, after):
        assert table.shape == (2, 2) and 0.25 < table.min() and table.max() < 0.9
    assert after.mean() > max(before.mean(), words.mean()) + 0.01


def test_rows_are_learned_on_and_columns_asked_about(model, sides):
    """With the sections of one library's labels shuffled, its row is at chance, not its column."""
    train, test = sides
    rng = np.random.default_rng(0)
    spoiled = {
        name: replace(data, labels=rng.permutation(data.labels)) if name == "numpy" else data
        for name, data in train.items()
    }
    before, after = (across.crossed(model, each, test) for each in (train, spoiled))
    np.testing.assert_array_equal(after[1], before[1])
    assert after[0].mean() < before[0].mean() - 0.08


def test_another_library_is_refused(tokens):
    with pytest.raises(ValueError, match="packages: expected some of .*, got 'pandas'"):
        across.sentences("test", ["pandas"], tokens, 5)
