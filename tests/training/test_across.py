"""Across libraries: the sentences are those asked for, the means those of single texts."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lib.data import docstrings, tokenizer
from lib.models.bert import BertForMaskedLM
from lib.training import across

BERT = Path(__file__).parents[2] / "weights/bert-docs"


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(BERT)


@pytest.fixture(scope="module")
def model():
    return BertForMaskedLM.from_pretrained(BERT).eval()


@pytest.fixture(scope="module")
def sides(tokens):
    names = ("numpy", "sympy")
    return [across.sentences(split, names, tokens, 150) for split in ("validation", "test")]


def test_sentences_are_of_their_library_and_section(tokens, sides):
    data = docstrings.load("test")
    for name, found in sides[1].items():
        assert len(found) == 150
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


def test_home_is_easier_and_labels_matter(model, sides):
    found = across.crossed(model, *sides)
    for table in found.values():
        assert table.shape == (2, 2) and 0.25 < table.min() and table.max() < 0.9
    assert found["BERT"].mean() > found["words"].mean()


def test_another_library_is_refused(tokens):
    with pytest.raises(ValueError, match="packages: expected some of .*, got 'pandas'"):
        across.sentences("test", ["pandas"], tokens, 5)
