"""Pairs of sentences, their segment ids, and the two ways to judge them; the shipped results."""

import json

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import Texts
from large_models.experiments import next_sentence
from large_models.experiments.finetune import Labelled
from large_models.files import weights
from large_models.models.bert import BertConfig, BertForSequenceClassification


@pytest.fixture(scope="module")
def texts():
    return Texts("validation", tokenizer.load(weights("bert-docs")))


def halves(text):
    middle = int(np.flatnonzero(text == masking.SEP)[0])
    return text[1:middle].tolist(), text[middle + 1 : -1].tolist()


@pytest.mark.parametrize("same_file", [False, True])
def test_half_are_neighbours_and_half_come_from_where_they_should(texts, same_file):
    data = next_sentence.pairs(texts, same_file, 200, seed=0)
    assert abs(data.labels.mean() - 0.5) < 0.05 and len(data) > 190
    where = {}
    for i, sentence in enumerate(texts.sentences):
        where.setdefault(tuple(sentence[: next_sentence.PIECES]), set()).add(i)
    for text, label in zip(data.texts, data.labels, strict=True):
        firsts, seconds = (where[tuple(half)] for half in halves(text))
        follows = any(i + 1 in seconds for i in firsts)
        together = any(texts.files[i] == texts.files[j] for i in firsts for j in seconds)
        assert follows if label else together or not same_file
        if not label and not same_file:
            assert any(texts.files[i] != texts.files[j] for i in firsts for j in seconds)
        assert len(text) <= 2 * next_sentence.PIECES + 3


def test_a_seed_gives_the_same_pairs_and_another_others(texts):
    one, same, other = (next_sentence.pairs(texts, False, 20, seed) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(one.texts, same.texts, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one.texts, other.texts, strict=True))


def test_segment_ids_are_those_of_transformers():
    cut = AutoTokenizer.from_pretrained(weights("bert-docs"))
    found = cut(["Draw a line.", "One."], ["The number of nodes.", "Two lines."], padding=True)
    ids = np.array(found["input_ids"])
    expected = found["token_type_ids"]
    np.testing.assert_array_equal(next_sentence.segments(ids), expected)


def test_the_segments_reach_the_model():
    """They change what the model says, and training uses them."""
    rng = np.random.default_rng(0)
    made, labels = [], rng.integers(0, 2, 64)
    for label in labels:
        a, b = rng.integers(5, 20, 3), rng.integers(5, 20, 3)
        (b if label else a)[1] = 30
        made.append(np.concatenate([[2], a, [3], b, [3]]))
    data = Labelled(tuple(made), labels, next_sentence.NAMES)
    config = BertConfig(32, 16, 1, 2, 32, max_position_embeddings=16)
    torch.manual_seed(0)
    model = BertForSequenceClassification(config, next_sentence.NAMES)
    with torch.no_grad():
        for parameter in model.parameters():  # away from a start at which little happens
            parameter.mul_(20)
    model.eval()
    told = next_sentence.tensors(data, range(8), True)
    silent = next_sentence.tensors(data, range(8), False)
    assert (told[2] == 1).sum() == 8 * 4 and not silent[2].any()
    assert not torch.allclose(model(*told[:3]), model(*silent[:3]), atol=1e-3)
    before = model.classifier.weight.clone()
    next_sentence.train(model, data, 3)
    assert not torch.equal(before, model.classifier.weight)


def test_counting():
    texts = [[2, 7, 8, 8, 3, 8, 9, 3], [2, 7, 3, 7, 3], [2, 5, 3, 6, 6, 6, 3]]
    data = Labelled(tuple(map(np.array, texts)), np.array([1, 1, 0]), next_sentence.NAMES)
    np.testing.assert_allclose(next_sentence.shared_tokens(data), [0.5, 1, 0])
    assert next_sentence.by_counting(data, data) == 1.0
    upside_down = Labelled(data.texts, 1 - data.labels, data.names)
    assert next_sentence.by_counting(data, upside_down) == 0.0


def test_share_right():
    config = BertConfig(32, 16, 1, 2, 32, max_position_embeddings=16)
    model = BertForSequenceClassification(config, next_sentence.NAMES).eval()
    with torch.no_grad():
        model.classifier.bias += torch.tensor([0.0, 100.0])  # always "next"
    texts = tuple(np.array([2, 7, 3, 8, 3]) for _ in range(4))
    data = Labelled(texts, np.array([1, 1, 1, 0]), next_sentence.NAMES)
    assert next_sentence.share_right(model, data) == 0.75


def test_what_is_shipped_is_what_the_script_says():
    shipped = json.loads((weights("bert-docs") / "next-sentence.json").read_text("utf-8"))
    assert shipped["corpus_sha256"] == docstrings.corpus_hash("train")
    assert (shipped["pairs"], shipped["steps"]) == (next_sentence.PAIRS, next_sentence.STEPS)
    settings = {(r["same_file"], r["segments"], r["seed"]) for r in shipped["results"]}
    seeds = range(next_sentence.SEEDS)
    assert settings == {(s, g, n) for s in (False, True) for g in (False, True) for n in seeds}
