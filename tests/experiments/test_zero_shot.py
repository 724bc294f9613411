"""Zero-shot by a gap: the scores are transformers' own, and calibration takes off what it says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM as Theirs

from large_models.data import tokenizer
from large_models.experiments import finetune, learning_curves, zero_shot
from large_models.experiments.finetune import Labelled
from large_models.models.bert import BertForMaskedLM

WEIGHTS = Path(__file__).parents[2] / "weights" / "bert-docs"


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(WEIGHTS)


@pytest.fixture(scope="module")
def model():
    return BertForMaskedLM.from_pretrained(WEIGHTS)


def labelled(tokens, *texts):
    ids = tuple(np.array(tokens.encode(text).ids) for text in texts)
    return Labelled(ids, np.zeros(len(ids), int), ("numpy", "scikit-learn", "torch"))


@torch.no_grad()
@pytest.mark.parametrize("prompt", ["{text} see [MASK] .", "import [MASK] . {text}"])
def test_scores_are_those_of_transformers(tokens, model, prompt):
    texts = ["draw a line .", "the number of nodes in a graph , or none ."]
    found = zero_shot.fit_of_names(model, tokens, labelled(tokens, *texts), prompt)
    theirs = Theirs.from_pretrained(WEIGHTS).eval()
    for text, row in zip(texts, found, strict=True):
        ids = torch.tensor([tokens.encode(prompt.format(text=text)).ids])
        logs = theirs(ids).logits[ids == tokens.token_to_id("[MASK]")].log_softmax(-1)[0]
        names = [
            tokens.encode(n, add_special_tokens=False).ids[0] for n in ("numpy", "sci", "torch")
        ]
        np.testing.assert_allclose(row, logs[names], atol=1e-4)


def test_a_long_text_is_cut_and_the_prompt_is_not(tokens, model):
    found = zero_shot.fit_of_names(
        model, tokens, labelled(tokens, "x " * 62, "x"), "{text} this is in [MASK] ."
    )
    assert found.shape == (2, 3) and np.isfinite(found).all()


def test_calibration_takes_off_what_fits_everywhere():
    rng = np.random.default_rng(0)
    scores, liked = rng.normal(size=(50, 4)), np.array([0, 3, -2, 9])
    plain = zero_shot.calibrate(scores, scores)
    np.testing.assert_allclose(zero_shot.calibrate(scores + liked, scores + liked), plain)
    np.testing.assert_allclose(plain.mean(axis=0), 0, atol=1e-12)


def test_names_are_found_without_a_label(tokens, model):
    """Against guessing (1/8) and always the most frequent (1/8 as the mean over labels)."""
    data = finetune.load("packages", "validation", tokens)
    judged = learning_curves.some(data, 400)
    scores = zero_shot.fit_of_names(model, tokens, judged, zero_shot.PROMPTS["packages"])
    found = zero_shot.calibrate(scores, scores).argmax(axis=1)
    assert finetune.judge(found, judged)["macro"] > 0.4


@pytest.mark.parametrize(
    "prompt", ["{text}", "[MASK]", "{text} [MASK] [MASK]", "{text} {text} [MASK]"]
)
def test_a_prompt_needs_one_text_and_one_gap(tokens, model, prompt):
    with pytest.raises(ValueError, match="prompt: expected one {text} and one .MASK. in it, got"):
        zero_shot.fit_of_names(model, tokens, labelled(tokens, "x"), prompt)


def test_names_that_begin_alike(tokens, model):
    data = Labelled((np.array([2, 9, 3]),), np.array([0]), ("scikit-learn", "scikit-image"))
    with pytest.raises(ValueError, match="names: expected different first pieces, got"):
        zero_shot.fit_of_names(model, tokens, data, "{text} [MASK]")
