"""Twelve other draws of ten labels: what is shipped is what the script would do."""

import json

import numpy as np

from large_models.data import docstrings, tokenizer
from large_models.experiments import few_labels, finetune, learning_curves
from large_models.files import weights


def test_what_is_shipped_is_what_the_script_says():
    shipped = json.loads((weights("bert-docs") / "few-labels.json").read_text("utf-8"))
    assert shipped["corpus_sha256"] == docstrings.corpus_hash("train")
    assert shipped["texts_judged"] == learning_curves.JUDGED
    found = {(row["way"], row["seed"]): row["macro"] for row in shipped["results"]}
    assert set(found) == {(way, seed) for way in few_labels.WAYS for seed in few_labels.SEEDS}
    assert all(1 / 8 < share < 0.5 for share in found.values())


def test_its_seeds_are_none_of_the_curves():
    path = weights("bert-docs") / f"curves-{few_labels.TASK}.json"
    rows = json.loads(path.read_text("utf-8"))["results"]
    assert {row["seed"] for row in rows}.isdisjoint(few_labels.SEEDS)


def test_one_seed_again():
    """Counting needs no training: the first seed's result comes out again, to the digit."""
    tokens = tokenizer.load(weights("bert-docs"))
    few = finetune.load(few_labels.TASK, "train", tokens).take(
        few_labels.PER_CLASS, few_labels.SEEDS[0]
    )
    judged = learning_curves.some(
        finetune.load(few_labels.TASK, "test", tokens), learning_curves.JUDGED
    )
    found = finetune.judge(finetune.bag_of_words(few, judged), judged)["macro"]
    shipped = json.loads((weights("bert-docs") / "few-labels.json").read_text("utf-8"))
    row = next(row for row in shipped["results"] if row["way"] == "bag of words")
    np.testing.assert_allclose(found, row["macro"], atol=0.003)
