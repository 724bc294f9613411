"""Learning curves: every way sees the same examples, and pretraining is what differs."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from large_models.data import docstrings, tokenizer
from large_models.experiments import finetune, learning_curves

WEIGHTS = Path(__file__).parents[2] / "weights" / "bert-docs"


@pytest.fixture(scope="module")
def packages():
    return finetune.load("packages", "validation", tokenizer.load(WEIGHTS))


def test_pretraining_helps_where_labels_are_few(packages):
    few, judged = packages.take(10, 0), learning_curves.some(packages, 600, 1)
    found = {
        way: learning_curves.learned(way, few, judged, WEIGHTS, seed=0, steps=60)["macro"]
        for way in ("bag of words", "from scratch", "fine-tuned")
    }
    assert found["fine-tuned"] > max(found["bag of words"], found["from scratch"]) + 0.05


def test_the_ways_differ_by_their_body_only():
    scratch, tuned = (
        learning_curves.learner(way, WEIGHTS, ("a", "b"), 3) for way in ("from scratch", "frozen")
    )
    shipped = learning_curves.learner("fine-tuned", WEIGHTS, ("a", "b"), 4)
    name = "bert.encoder.layers.0.linear1.weight"
    assert torch.equal(tuned.state_dict()[name], shipped.state_dict()[name])
    assert not torch.equal(tuned.state_dict()[name], scratch.state_dict()[name])
    assert scratch.state_dict().keys() == tuned.state_dict().keys()
    again = learning_curves.learner("from scratch", WEIGHTS, ("a", "b"), 3)
    assert torch.equal(scratch.state_dict()[name], again.state_dict()[name])


def test_a_summary_is_json_with_a_result_a_line():
    rows = [{"way": "a", "confusion": [[1, 2], [3, 4]]}, {"way": "b", "confusion": []}]
    text = learning_curves.as_text({"split": "test", "results": rows})
    assert json.loads(text) == {"split": "test", "results": rows}
    assert sum(line.startswith('{"way"') for line in text.splitlines()) == 2


def test_what_does_not_fit(monkeypatch, capsys):
    with pytest.raises(ValueError, match="way: expected one of .*, got 'luck'"):
        learning_curves.learner("luck", WEIGHTS, ("a", "b"), 0)
    monkeypatch.setattr(sys, "argv", ["learning_curves", "packages", "--seeds", "0"])
    with pytest.raises(SystemExit):
        learning_curves.main()
    assert "--seeds: expected at least 1, got 0" in capsys.readouterr().err


@pytest.mark.parametrize("task", finetune.TASKS)
def test_shipped_curves_are_whole(task):
    shipped = json.loads((WEIGHTS / f"curves-{task}.json").read_text())
    assert shipped["corpus_sha256"] == docstrings.corpus_hash("train")
    rows = shipped["results"]
    seen = {(row["way"], row["per_class"], row["seed"]) for row in rows}
    expected = len(learning_curves.WAYS) * len(learning_curves.PER_CLASS) * learning_curves.SEEDS
    assert len(rows) == len(seen) == expected + len(learning_curves.WITHOUT)
    for row in rows:
        table = np.array(row["confusion"])
        assert table.shape == (8, 8) and table.sum() == shipped["texts_judged"]
        assert row["accuracy"] == pytest.approx(table.trace() / table.sum())
        assert row["macro"] == pytest.approx((table.diagonal() / table.sum(axis=1)).mean())

    def mean(way, per_class):
        return np.mean([r["macro"] for r in rows if (r["way"], r["per_class"]) == (way, per_class)])

    for way in learning_curves.WAYS:  # more labels help each way
        assert mean(way, 500) > mean(way, 10)
    # With few labels words are enough for sections; with more, pretraining wins both.
    assert (mean("fine-tuned", 10) > mean("bag of words", 10)) == (task == "packages")
    assert mean("fine-tuned", 500) > mean("bag of words", 500) > mean("from scratch", 500)
    # No label and a trained model: as good as ten labels of each, or better.
    raw, calibrated = (mean(way, 0) for way in learning_curves.WITHOUT)
    assert calibrated > raw > 1 / 8
    assert calibrated > max(mean(way, 10) for way in learning_curves.WAYS)
    # The sections are unequal: all of them teach less about the rare ones than 500 of each.
    assert (mean("fine-tuned", "all") > mean("fine-tuned", 500)) == (task == "packages")
