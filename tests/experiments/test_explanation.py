"""Explanations put to the test: orders, curves, and what the functions promise."""

import numpy as np
import pytest
import torch

from large_models.data import digits, tokenizer
from large_models.experiments import explanation as explaining
from large_models.experiments import finetune
from large_models.files import weights
from large_models.models import explanation as explain
from large_models.models.bert import BertForMaskedLM
from large_models.models.cnn import LeNet

BERT = weights("bert-docs")


@pytest.fixture(scope="module")
def lenet():
    return LeNet.from_pretrained(weights("lenet-digits"))


@pytest.fixture(scope="module")
def x():
    return torch.from_numpy(digits.to_input(digits.load_digits().test_images[:5]))


@pytest.fixture(scope="module")
def reader():
    return explaining.classifier(BERT)


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(BERT)


def test_maps_are_those_of_the_methods(lenet, x):
    to = lenet(x).argmax(1)
    maps = explaining.of_digits(lenet, x, to)
    assert [m.shape for m in maps.values()] == [(5, 28, 28)] * 4
    expected = explain.integrated_gradients(lenet, x, to, explaining.STEPS)[:, 0]
    np.testing.assert_allclose(maps["integrated gradients"], expected.detach(), atol=1e-6)


def test_a_curve_erases_the_strongest_first(lenet, x):
    maps = np.zeros((5, 28, 28))
    maps[:, 10:12] = 1  # two whole rows
    curves = explaining.deletion_curves(lenet, x, maps, [0, 56, 784])
    hidden = x.clone()
    hidden[:, :, 10:12] = 0
    with torch.no_grad():
        answers = lenet(x).argmax(1)
        for column, given in enumerate((x, hidden, torch.zeros_like(x))):
            p = lenet(given).softmax(1).gather(1, answers[:, None])[:, 0]
            np.testing.assert_allclose(curves[:, column], p, atol=1e-6)


def test_grey_fills_grey(lenet, x):
    curves = explaining.deletion_curves(lenet, x, x[:, 0].numpy(), [784], fill=0.5)
    with torch.no_grad():
        p = lenet(torch.full((1, 1, 28, 28), 0.5)).softmax(1)[0]
        answers = lenet(x).argmax(1)
    np.testing.assert_allclose(curves[:, 0], p[answers], atol=1e-6)


def test_blind_orders_know_ink_only(x):
    orders = explaining.blind_orders(x)
    assert (orders["random ink"][x[:, 0].numpy() == 0] == 0).all()
    assert (orders["random ink"][x[:, 0].numpy() > 0] > 0).all()
    np.testing.assert_array_equal(orders["most ink"], x[:, 0])


def test_random_layers_from_the_last_down(lenet):
    old = lenet.state_dict()
    for layers in range(5):
        new = explaining.randomised(lenet, layers).state_dict()
        changed = {n.split(".")[0] for n in old if not torch.equal(old[n], new[n])}
        assert changed == set(explaining.LAYERS[:layers])
    with pytest.raises(ValueError, match="layers: expected 0 to 4, got 5"):
        explaining.randomised(lenet, 5)


def test_the_classifier_is_the_shipped_body_and_head(reader, tokens):
    body = BertForMaskedLM.from_pretrained(BERT).bert.state_dict()
    for name, weight in reader.bert.state_dict().items():
        assert torch.equal(weight, body[name])
    assert not any(p.requires_grad for p in reader.parameters())
    data = finetune.load("packages", "test", tokens)
    some = finetune.Labelled(data.texts[::40], data.labels[::40], data.names)
    right = (finetune.predict(reader, some).argmax(1) == some.labels).mean()
    assert right > 0.55  # chance has 0.125; a head in the wrong place would have that
    assert explaining.right_without(reader, some, []) == right
    assert explaining.right_without(reader, some, [(0, 0), (0, 1), (0, 2), (0, 3)]) < right


def test_sentences_are_long_enough_and_sure(reader, tokens):
    found = explaining.sentences(reader, tokens, 6, least=0.7)
    assert len(found) == 6
    for ids, answer in found:
        p = reader(ids[None]).softmax(-1)[0]
        assert 10 <= len(ids) <= 40 and p.argmax() == answer and p[answer] >= 0.7


def test_a_sentences_numbers_and_their_order(reader, tokens):
    ids = torch.tensor(tokens.encode("Plot the (x, y) data.").ids)
    mask = tokens.token_to_id("[MASK]")
    found = explaining.of_sentence(reader, ids, 0, mask)
    assert {len(numbers) for numbers in found.values()} == {len(ids) - 2}
    maps = reader.bert.attentions(ids[None])[:, 0]
    np.testing.assert_allclose(
        found["last layer's attention"], maps[-1, :, 0, 1:-1].mean(0), atol=1e-6
    )
    strength = np.zeros(len(ids) - 2)
    strength[2], strength[4] = 2, 1
    p = explaining.hide_in_order(reader, ids, 0, mask, strength, [0, 1, 2])
    hidden = ids.repeat(3, 1)
    hidden[1:, 3], hidden[2, 5] = mask, mask
    np.testing.assert_allclose(p, reader(hidden).softmax(-1)[:, 0], atol=1e-6)


def test_concentration_is_the_mean_of_the_largest_weights(reader, tokens):
    texts = [torch.tensor(tokens.encode(t).ids) for t in ("Plot the data.", "axis")]
    each = [reader.bert.attentions(ids[None])[:, 0].amax(-1).mean(-1) for ids in texts]
    found = explaining.concentration(reader, texts)
    np.testing.assert_allclose(found, (each[0] + each[1]) / 2, atol=1e-6)
    assert found.shape == (3, 4) and (found > 0).all() and (found <= 1).all()


def test_gaps_filled_is_the_share_of_one_hidden_token_a_text(tokens):
    model = BertForMaskedLM.from_pretrained(BERT)
    data = finetune.load("packages", "test", tokens)
    few = finetune.Labelled(data.texts[:70], data.labels[:70], data.names)  # two batches
    mask = tokens.token_to_id("[MASK]")
    rng, right = np.random.default_rng(0), []
    for ids in few.texts:
        hidden = torch.from_numpy(ids)[None].clone()
        place = int(rng.integers(1, len(ids) - 1))
        hidden[0, place] = mask
        with torch.no_grad():
            right.append(int(model(hidden)[0, place].argmax()) == ids[place])
    assert explaining.gaps_filled(model, few, mask) == pytest.approx(np.mean(right), abs=0.02)
    assert np.mean(right) > 0.3
