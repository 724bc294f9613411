"""The shipped BERT: as good as its card, better with each checkpoint, open to transformers."""

import json
import math

import pytest
import torch

from large_models.data import docstrings, tokenizer
from large_models.data.masking import MASK, Texts
from large_models.experiments import pretrain
from large_models.files import weights
from large_models.models.bert import BertForMaskedLM

WEIGHTS = weights("bert-docs")


@pytest.fixture(scope="module")
def shipped():
    return BertForMaskedLM.from_pretrained(WEIGHTS)


@pytest.fixture(scope="module")
def metrics():
    return json.loads((WEIGHTS / "metrics.json").read_text())


@pytest.fixture(scope="module")
def validation():
    return Texts("validation", tokenizer.load(WEIGHTS))


def test_shipped_model_is_as_good_as_its_card(shipped, metrics, validation):
    assert metrics["corpus_sha256"] == docstrings.corpus_hash("train")
    recorded = metrics["held_out"]["validation"]
    found = pretrain.judge(shipped, pretrain.held_out(validation))
    assert found["tokens"] == recorded["tokens"]
    assert found["accuracy"] == pytest.approx(recorded["accuracy"], abs=2e-4)
    assert found["loss"] == pytest.approx(recorded["loss"], rel=1e-4)
    recorded = metrics["held_out"]["validation, [MASK] only"]
    found = pretrain.judge(shipped, pretrain.hidden_only(pretrain.held_out(validation)))
    assert found["tokens"] == recorded["tokens"]
    assert found["accuracy"] == pytest.approx(recorded["accuracy"], abs=2e-4)
    for split, found in metrics["held_out"].items():
        others = metrics["baselines"][split]
        assert found["accuracy"] > 0.4 and found["accuracy"] > others["both sides"] + 0.05
        assert others["both sides"] > 3 * others["unigram"]


def test_shipped_checkpoints_get_better(validation):
    judged = pretrain.held_out(validation, most=4)
    steps = sorted(int(path.name) for path in (WEIGHTS / "checkpoints").iterdir())
    assert steps[:4] == list(pretrain.SNAPSHOTS)
    scores = [
        pretrain.judge(
            BertForMaskedLM.from_pretrained(WEIGHTS / "checkpoints" / f"{step:06d}"), judged
        )
        for step in steps
    ]
    assert abs(scores[0]["loss"] - math.log(4096)) < 0.1
    assert all(a["loss"] > b["loss"] for a, b in zip(scores, scores[1:], strict=False))


def test_transformers_opens_what_is_shipped(shipped):
    import transformers

    theirs = transformers.AutoModelForMaskedLM.from_pretrained(WEIGHTS).eval()
    words = transformers.AutoTokenizer.from_pretrained(WEIGHTS)
    text = "Returns the [MASK] of nodes in the graph."
    batch = words(text, return_tensors="pt")
    ours = tokenizer.load(WEIGHTS).encode(text)
    assert batch["input_ids"][0].tolist() == ours.ids and MASK in ours.ids
    with torch.no_grad():
        scores = shipped(torch.tensor([ours.ids]))
        torch.testing.assert_close(theirs(**batch).logits, scores, rtol=1e-4, atol=1e-4)
    best = scores[0, ours.ids.index(MASK)].argmax().item()
    assert words.decode([best]) == "number"


def test_shipped_files_are_small():
    size = sum(path.stat().st_size for path in WEIGHTS.glob("*.*"))
    assert size < 8e6
