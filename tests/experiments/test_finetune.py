"""Fine-tuning: labels follow their texts, the body learns or stays, and judging is counting."""

import sys

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score

from large_models.data import docstrings, masking, tokenizer
from large_models.experiments import finetune
from large_models.experiments.finetune import Labelled
from large_models.models.bert import BertConfig, BertForSequenceClassification

SMALL = BertConfig(
    vocab_size=800, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=32, dropout=0.0, max_position_embeddings=32,
)  # fmt: skip
NAMES = ("even", "odd")


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.train_wordpiece(docstrings.load("validation").sentences[:3000], 800)


def easy(number=400, seed=0):
    """Texts whose first word is an even or an odd number."""
    rng = np.random.default_rng(seed)
    texts = [
        np.array([masking.CLS, *rng.integers(10, 50, rng.integers(1, 12)), masking.SEP])
        for _ in range(number)
    ]
    return Labelled(tuple(texts), np.array([text[1] % 2 for text in texts]), NAMES)


def small(seed=0):
    torch.manual_seed(seed)
    return BertForSequenceClassification(SMALL, NAMES)


@pytest.mark.parametrize("task", finetune.TASKS)
def test_labels_are_those_of_the_corpus(tokens, task):
    data = docstrings.load("validation")
    found = finetune.load(task, "validation", tokens, 20)
    assert len(found) == len(data) and found.names == finetune.TASKS[task]
    np.testing.assert_array_equal(found.labels, getattr(data, task))
    for i in (0, 100, 5000):
        ids = tokens.encode(data.sentences[i]).ids
        expected = ids if len(ids) <= 20 else [*ids[:19], masking.SEP]
        assert found.texts[i].tolist() == expected
    assert max(map(len, found.texts)) == 20


def test_so_many_of_each_label():
    data = easy()
    few = data.take(7, seed=1)
    assert np.bincount(few.labels).tolist() == [7, 7]
    known = {(text.tobytes(), label) for text, label in zip(data.texts, data.labels, strict=True)}
    assert all(
        (text.tobytes(), label) in known for text, label in zip(few.texts, few.labels, strict=True)
    )
    same, other = data.take(7, seed=1), data.take(7, seed=2)
    assert all((a == b).all() for a, b in zip(few.texts, same.texts, strict=True))
    assert any(
        a.shape != b.shape or (a != b).any() for a, b in zip(few.texts, other.texts, strict=True)
    )
    with pytest.raises(ValueError, match="per_class: expected 1 to .* 'even', got 0"):
        data.take(0)
    with pytest.raises(ValueError, match="got 100000"):
        data.take(100_000)


def test_an_epoch_holds_every_text_with_its_label():
    data = easy(100)
    seen = []
    for ids, mask, labels in finetune.batches(data, 60)(torch.Generator().manual_seed(0)):
        assert torch.equal(mask, ids != masking.PAD)
        seen += [(row[there].numpy().tobytes(), label.item())
                 for row, there, label in zip(ids, mask, labels, strict=True)]  # fmt: skip
    expected = [(t.tobytes(), label) for t, label in zip(data.texts, data.labels, strict=True)]
    assert sorted(seen) == sorted(expected)


def test_full_fine_tuning_learns_what_a_probe_cannot():
    data, unseen = easy(600), easy(300, seed=1)
    scores = {}
    for frozen in (False, True):
        model = small()
        before = {n: p.clone() for n, p in model.named_parameters()}
        finetune.train(model, data, 200, frozen=frozen, rate=5e-3, progress_bar=False)
        moved = {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}
        body = {n for n in before if n.startswith("bert.")}
        assert moved & body == (set() if frozen else moved & body)
        assert {"pooler.weight", "classifier.weight"} <= moved and (frozen or moved & body)
        assert all(p.requires_grad for p in model.parameters())
        predicted = finetune.predict(model, unseen).argmax(1)
        scores[frozen] = finetune.judge(predicted, unseen)["accuracy"]
    assert scores[False] > 0.9 > scores[True]


def test_stops_early_with_the_best_weights():
    """Scores that fall after the second evaluation; patience 2 gives four in all."""
    scores, kept, model = iter([0.1, 0.9, 0.5, 0.4, 0.3]), [], small()

    def evaluate(model):
        kept.append(model.classifier.weight.clone())
        return next(scores)

    history = finetune.train(
        model, easy(), 100, evaluate=evaluate, evaluate_every=5, patience=2, progress_bar=False
    )
    assert [entry["score"] for entry in history] == [0.1, 0.9, 0.5, 0.4]
    assert torch.equal(model.classifier.weight, kept[1]) and not torch.equal(kept[1], kept[3])


def test_predictions_keep_the_order_of_the_texts():
    model, data = small().eval(), easy(50)
    found = finetune.predict(model, data)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    for i in (0, 17, 49):
        with torch.no_grad():
            alone = model(torch.from_numpy(data.texts[i])[None]).softmax(-1)[0]
        np.testing.assert_allclose(found[i], alone, atol=1e-6)


def test_judging_equals_scikit_learns():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 3, (2, 200))
    data = Labelled(tuple([np.array([2, 3])] * 200), labels, ("a", "b", "c", "never there"))
    found = finetune.judge(predicted, data)
    assert found["accuracy"] == pytest.approx((labels == predicted).mean())
    assert found["macro"] == pytest.approx(balanced_accuracy_score(labels, predicted))


def test_bag_of_words_knows_words_and_no_order():
    rng = np.random.default_rng(0)
    texts = [np.array([masking.CLS, *rng.permutation([10 + i % 2, 20, 30]), masking.SEP])
             for i in range(100)]  # fmt: skip
    data = Labelled(tuple(texts), np.arange(100) % 2, NAMES)
    assert (finetune.bag_of_words(data, data) == data.labels).all()


def test_what_does_not_fit(tokens, monkeypatch, capsys):
    with pytest.raises(ValueError, match="task: expected one of packages, sections, got 'files'"):
        finetune.load("files", "validation", tokens)
    monkeypatch.setattr(sys, "argv", ["finetune", "packages", "--steps", "0"])
    with pytest.raises(SystemExit):
        finetune.main()
    assert "--steps: expected at least 1, got 0" in capsys.readouterr().err
