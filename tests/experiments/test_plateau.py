"""Chosen places judged apart, and the shipped numbers against the shipped checkpoints."""

import json

import numpy as np
import pytest

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import MaskedBatch, Texts
from large_models.experiments import plateau, pretrain
from large_models.files import weights
from large_models.models.bert import BertForMaskedLM


def test_every_chosen_place_is_of_one_kind():
    ids = np.array([[2, masking.MASK, 9, 30, 11, 3]])
    targets = np.array([[2, 8, 9, 10, 11, 3]])
    at = np.array([[False, True, True, True, False, False]])
    places = plateau.apart(MaskedBatch(ids, targets, ids > 0, at))
    assert {kind: list(where) for kind, where in places.items()} == {
        "all": [True, True, True],
        "[MASK]": [True, False, False],
        "in sight": [False, True, False],
        "another": [False, False, True],
    }


@pytest.mark.parametrize("step", [100, 24_000])
def test_what_is_shipped_is_what_the_checkpoints_find(step):
    """With half of the texts: within 0.03, as 2,400 tokens allow."""
    shipped = json.loads((weights("bert-docs") / "plateau.json").read_text("utf-8"))
    assert shipped["corpus_sha256"] == docstrings.corpus_hash("train")
    row = next(row for row in shipped["checkpoints"] if row["step"] == step)
    texts = Texts("validation", tokenizer.load(weights("bert-docs")))
    model = BertForMaskedLM.from_pretrained(weights("bert-docs") / "checkpoints" / f"{step:06d}")
    found = plateau.found(model, pretrain.held_out(texts, most=10))
    assert found["[MASK]"] == pytest.approx(row["[MASK]"], abs=0.03)
    assert found["all"] == pytest.approx(row["all"], abs=0.03)


def test_the_parts_make_up_the_whole():
    shipped = json.loads((weights("bert-docs") / "plateau.json").read_text("utf-8"))
    places = shipped["places"]
    assert places["all"] == places["[MASK]"] + places["in sight"] + places["another"]
    history = json.loads((weights("bert-docs") / "metrics.json").read_text("utf-8"))["history"]
    along = {entry["step"]: entry["score"] for entry in history}
    for row in shipped["checkpoints"]:
        mean = sum(row[kind] * places[kind] for kind in plateau.KINDS[1:]) / places["all"]
        assert row["all"] == pytest.approx(mean, abs=1e-4)
        if row["step"] in along:  # the same places were judged along the way
            assert row["all"] == pytest.approx(along[row["step"]], abs=2e-3)
