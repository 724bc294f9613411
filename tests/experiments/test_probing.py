"""Probes: against scikit-learn, and what is asked of them."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from large_models.data import tokenizer
from large_models.experiments import probing
from large_models.files import weights
from large_models.models.bert import BertForMaskedLM

BERT = weights("bert-docs")


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(BERT)


@pytest.fixture(scope="module")
def data(tokens):
    return probing.load("test", tokens, 40, seed=0)


def test_inside_is_between_parentheses():
    ids = np.array([9, 1, 8, 1, 7, 2, 6, 2, 5])  # 9 ( 8 ( 7 ) 6 ) 5
    found = probing.inside(ids, 1, 2)
    assert found.tolist() == [False, False, True, False, True, True, True, False, False]


def test_half_of_the_places_are_inside_and_none_is_a_parenthesis(data, tokens):
    assert data.inside.mean() == 0.5 and len(data.inside) > 200
    signs = [tokens.token_to_id(sign) for sign in "()"]
    for (text, place), token, inside in zip(data.places, data.ids, data.inside, strict=True):
        ids = data.texts[text]
        assert ids[place] == token and 0 < place < len(ids) - 1 and token not in signs
        assert probing.inside(ids, *signs)[place] == inside
    assert len(np.unique(data.places, axis=0)) == len(data.places)


def test_states_are_the_models_of_each_place(data):
    model = BertForMaskedLM.from_pretrained(BERT)
    found = probing.states(model, data)
    assert found.shape == (4, len(data.ids), 128)
    for row in (0, 3, 77, len(data.ids) - 1):
        text, place = data.places[row]
        ids = torch.from_numpy(data.texts[text])[None]
        expected = model.bert.hidden_states(ids)[:, 0, place]
        np.testing.assert_allclose(found[:, row], expected, atol=1e-4)  # padded or not


def test_the_control_is_one_label_a_token(data):
    labels = probing.random_labels(data, seed=1)
    for token in np.unique(data.ids):
        assert len(set(labels[data.ids == token])) == 1
    assert 0.3 < labels.mean() < 0.7
    assert (labels != probing.random_labels(data, seed=2)).any()


def test_the_probe_is_ridge_regression():
    rng = np.random.default_rng(0)
    x, new = rng.normal(3, 2, (200, 7)), rng.normal(3, 2, (90, 7))
    labels = x @ rng.normal(size=7) > 4
    # With as many of each label as of the other, scikit-learn's free intercept is ours.
    rows = np.r_[np.flatnonzero(labels)[:60], np.flatnonzero(~labels)[:60]]
    mean, spread = x[rows].mean(0), x[rows].std(0)
    ridge = Ridge(alpha=1.0).fit((x[rows] - mean) / spread, 2.0 * labels[rows] - 1)
    expected = ridge.predict((new - mean) / spread) > 0
    np.testing.assert_array_equal(probing.probe(x[rows], labels[rows], new), expected)
    with pytest.raises(ValueError, match="expected x"):
        probing.probe(x, labels[:-1], new)


def test_training_put_it_there(tokens):
    train = probing.load("train", tokens, 150, seed=0)
    test = probing.load("test", tokens, 100, seed=1)
    trained, control = probing.accuracies(BertForMaskedLM.from_pretrained(BERT), train, test, 3)
    newborn = BertForMaskedLM.from_pretrained(BERT / "checkpoints/000000")
    assert trained.shape == (4,) and control.shape == (4, 3)
    assert control.std(axis=1).min() > 0  # each draw has labels of its own
    assert trained[2] > control[2].mean() + 0.05
    assert trained[2] > probing.accuracies(newborn, train, test, 1)[0][2] + 0.1
