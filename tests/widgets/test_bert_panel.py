"""BertLive's and CheckpointScrubber's Python side: what they accept, carry, and compute.

The oracle is transformers with the shipped files, in float32.
"""

import base64
import gzip
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertForMaskedLM, BertForSequenceClassification

import large_models.models.bert
from large_models.data import docstrings
from large_models.data.masking import Texts
from large_models.experiments import pretrain
from large_models.widgets import BertLive, CheckpointScrubber
from large_models.widgets.assets import ASSETS, BERT_STEPS, WEIGHTS
from large_models.widgets.bert_panel import EXAMPLE, NAME, labels, read, tokens

BOTH = [BertLive, CheckpointScrubber]
DIRECTORY = WEIGHTS / NAME


@pytest.fixture(scope="module")
def oracle():
    return BertForMaskedLM.from_pretrained(DIRECTORY, attn_implementation="eager").eval()


@pytest.mark.heavy
@torch.no_grad()
def test_reads_what_transformers_reads(oracle):
    """Hidden tokens of held-out sentences: the same five answers, from float16 weights in NumPy as
    from float32 weights in transformers, at 99 of 100 places."""
    sentences = docstrings.load("test").sentences
    rng = np.random.default_rng(0)
    same, changes = [], []
    for i in rng.permutation(len(sentences))[:300]:
        ids = tokens().encode(sentences[i]).ids
        if not 4 <= len(ids) <= 64:
            continue
        at = int(rng.integers(1, len(ids) - 1))
        found = read(sentences[i], at)
        ids[at] = tokens().token_to_id("[MASK]")
        out = oracle(torch.tensor([ids]), output_attentions=True)
        p = out.logits[0, at].softmax(0).numpy()
        same.append(set(np.argsort(-p)[:5]) == set(np.argsort(-found.probabilities)[:5]))
        changes.append(np.abs(p - found.probabilities).max())
        looks = torch.stack(out.attentions)[:, 0].numpy()
        np.testing.assert_allclose(found.attentions, looks, atol=5e-3)
    assert len(same) > 250
    assert np.mean(same) >= 0.99
    assert max(changes) < 5e-3


@torch.no_grad()
def test_labels_are_those_of_the_classifier_in_transformers():
    model = BertForSequenceClassification.from_pretrained(DIRECTORY, num_labels=len(labels()))
    head = load_file(DIRECTORY / "head-packages.safetensors")
    assert model.load_state_dict(head, strict=False).unexpected_keys == []
    expected = model.eval()(torch.tensor([tokens().encode(EXAMPLE).ids])).logits.softmax(-1)[0]
    found = BertLive(masked=None).label_probabilities
    assert list(found) == labels() == list(docstrings.PACKAGES)
    np.testing.assert_allclose(list(found.values()), expected, atol=5e-3)


def test_the_head_is_what_its_metrics_say():
    metrics = json.loads((DIRECTORY / "head-packages.json").read_text("utf-8"))
    assert metrics["corpus_sha256"] == docstrings.corpus_hash("train")
    test = metrics["held_out"]["test"]
    assert test["bert"]["macro"] > 0.55 > test["most frequent"]["macro"]


def test_what_is_fetched_is_small():
    """What BertLive needs on first use: at most 2.5 MB as a server sends it."""
    names = (f"{NAME}-024000", f"{NAME}-tokenizer", f"{NAME}-packages")
    sizes = [len(gzip.compress(base64.b64encode(ASSETS[name]()))) for name in names]
    assert sum(sizes) < 2_500_000


@pytest.mark.parametrize("kind", BOTH)
def test_the_page_gets_the_first_readings(kind):
    widget = kind(masked=2)
    steps = BERT_STEPS if kind is CheckpointScrubber else BERT_STEPS[-1:]
    assert [first["asset"] for first in widget._first] == [f"{NAME}-{s:06}" for s in steps]
    last = widget._first[-1]
    found = read(EXAMPLE, 2)
    assert last["tokens"] == found.tokens and last["place"] == 2
    p = found.probabilities
    assert [p for _, p in last["answers"]] == pytest.approx(sorted(p, reverse=True)[:5])
    own = p[tokens().token_to_id("true")]
    assert last["hidden"] == {
        "token": "true",
        "rank": int((p > own).sum()) + 1,
        "probability": pytest.approx(own),
    }
    size = 12 * len(found.tokens) ** 2
    maps = np.frombuffer(widget._first_maps, np.uint8)
    assert maps.size == size * len(steps)
    np.testing.assert_allclose(maps[-size:] / 255, found.attentions.ravel(), atol=0.51 / 255)
    assert len(str(widget.get_state()["_first"])) + maps.size < 60_000


def test_nothing_hidden_and_a_mask_in_the_text():
    assert BertLive(masked=None).answers == []
    typed = BertLive(text="Returns the [MASK] of elements.", masked=None)
    assert typed.answers[0][0] == "number"
    assert typed._first[0]["hidden"] is None and typed._first[0]["place"] == 3


def test_several_masks(oracle):
    """Each hidden place has its best token; the answers are those of the one asked for."""
    text = "The [MASK] of a [MASK] matrix."
    with torch.no_grad():
        best = oracle(torch.tensor([tokens().encode(text).ids])).logits[0].argmax(-1)
    found = read(text, None)
    assert found.places == [2, 5] and found.place == 2
    assert found.guesses == [tokens().id_to_token(int(best[at])) for at in (2, 5)]
    assert read(text, 5).place == 5 and read(text, 5).guesses == found.guesses
    for masked, nth in ((None, 0), (5, 1)):
        assert BertLive(text=text, masked=masked).answers[0][0] == found.guesses[nth]
    assert read(text, 6).places == [2, 5, 6]
    assert read("Nothing hidden.", None).guesses == []


def test_training_is_seen():
    scrubber = CheckpointScrubber()
    assert scrubber.step == 0
    before = scrubber.answers
    scrubber.step = 24_000
    assert before[0][1] < 0.01 < 0.2 < scrubber.answers[0][1]
    assert [step for step, _ in scrubber._curve] == [0, 100, 1000, 10_000, 24_000]


@pytest.mark.heavy
def test_the_curve_is_the_share_found_where_mask_stands():
    """The numbers drawn are those described: without the tokens left in sight."""
    texts = Texts("validation", tokens())
    judged = pretrain.hidden_only(pretrain.held_out(texts, most=20))
    for step, share in CheckpointScrubber()._curve:
        model = large_models.models.bert.BertForMaskedLM.from_pretrained(
            DIRECTORY / "checkpoints" / f"{step:06}"
        )
        assert pretrain.judge(model, judged)["accuracy"] == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("text", 3, "expected a text, got 3"),
        ("text", "\ud800", "expected a text that UTF-8 can hold"),
        ("text", "word " * 63, "expected at most 64 tokens with .CLS. and .SEP., got 65"),
        ("text", "word " * 10_000, "expected at most 64 tokens"),
        ("masked", 0, "of at least 1, got 0"),
        ("masked", 14, "expected None or a place from 1 to 13, got 14"),
        ("masked", True, "expected an integer, got True"),
        ("layer", -1, "of at least 0, got -1"),
        ("compare", 3, "expected None or .layer, head., got 3"),
        ("view", "3d", "expected one of 'matrix', 'lines', got '3d'"),
    ],
)
def test_bad_values_are_told_and_change_nothing(kind, key, value, message):
    widget = kind()
    before = getattr(widget, key)
    with pytest.raises(ValueError, match=f"{kind.__name__}.{key}: .*{message}"):
        setattr(widget, key, value)
    assert getattr(widget, key) == before
    with pytest.raises(ValueError, match=message):
        kind(**{key: value})


def test_a_step_that_was_not_kept():
    with pytest.raises(ValueError, match="step: expected one of 0, 100, .*, got 50"):
        CheckpointScrubber(step=50)
    with pytest.raises(ValueError, match="expected one of 0, 100, .*, got True"):
        CheckpointScrubber().step = True


@pytest.mark.parametrize("kind", BOTH)
def test_texts_of_every_length(kind):
    widget = kind(text="", masked=None)
    assert widget._first[0]["tokens"] == ["[CLS]", "[SEP]"]
    widget = kind(text="word " * 62, masked=62)
    assert len(widget._first[0]["tokens"]) == 64
    widget.text = "short"
    assert widget.masked is None
    widget.text = "机器学习 🙂"
    assert kind(text="机器学习 🙂", masked=5)._first[0]["tokens"][1:-1].count("[UNK]") == 5
