"""The shipped GPT: its stream, its yardstick, and that its weights give what its card records."""

import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from large_models.data import docstrings, tokenizer
from large_models.experiments import train_gpt
from large_models.formulas.ngram import KneserNey
from large_models.models.cnn import num_parameters
from large_models.models.gpt import GPT, GPTConfig

WEIGHTS = Path(__file__).parents[2] / "weights" / "gpt-docs"
METRICS = json.loads((WEIGHTS / "metrics.json").read_text())


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(WEIGHTS)


@pytest.fixture(scope="module")
def validation(tokens):
    return train_gpt.encode("validation", tokens)


def small(seed=0, **settings):
    torch.manual_seed(seed)
    sizes = dict(vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2) | settings
    return GPT(GPTConfig(**sizes)).eval()


def test_the_stream_is_the_text_with_a_mark_before_each_file(tokens, validation):
    ids, size = validation
    data = docstrings.load("validation")
    assert size == len(docstrings.text("validation"))
    assert (ids == 0).sum() == len(set(data.files))
    first = data.files.count(data.files[0])
    ends = np.flatnonzero(ids == 0)
    expected = "".join(f"{sentence}\n" for sentence in data.sentences[:first])
    assert tokens.decode(ids[1 : ends[1]].tolist()) == expected
    with pytest.raises(ValueError, match="split"):
        train_gpt.encode("all", tokens)


def test_an_epoch_shows_each_piece_once_with_what_comes_next():
    ids = np.arange(1000)
    make = train_gpt.batches(ids, 10, size=8)
    generator = torch.Generator().manual_seed(0)
    epoch = list(make(generator))
    pieces = torch.cat([x for x, _ in epoch])
    assert pieces.shape == (99, 10)
    assert all(torch.equal(x + 1, y) for x, y in epoch)
    starts = sorted(pieces[:, 0].tolist())
    assert np.diff(starts).tolist() == [10] * 98 and starts[0] < 10
    again = torch.cat([x for x, _ in make(generator)])
    assert sorted(again[:, 0].tolist()) != starts  # cut at other places
    with pytest.raises(ValueError, match="at least 90 tokens, got 89"):
        train_gpt.batches(np.arange(89), 10, size=8)


@torch.no_grad()
@pytest.mark.parametrize("N", [2, 8, 9, 10, 30, 700])
@pytest.mark.parametrize("stride", [1, 3, 8])
def test_surprise_is_that_of_each_window(N, stride):
    model = small()
    for parameter in model.parameters():
        parameter.normal_(std=0.5)
    ids = np.random.default_rng(N).integers(0, 20, N)
    found = train_gpt.nats(model, ids, stride)
    ends = [*range(min(8, N - 1), N - 1, stride), N - 1]
    expected, done = [], 0
    for end in ends:  # one window at a time
        start = max(0, end - 8)
        logs = model(torch.tensor(ids[None, start:end])).log_softmax(-1)[0]
        expected += [-logs[t - start, ids[t + 1]].item() for t in range(done, end)]
        done = end
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_bits_per_byte_of_a_coin():
    assert train_gpt.bits_per_byte(np.full(16, math.log(2)), 2) == pytest.approx(8)


def test_bad_input():
    with pytest.raises(ValueError, match="at least 2 tokens and a stride from 1 to 8, got 1"):
        train_gpt.nats(small(), np.array([3]))
    with pytest.raises(ValueError, match="got 5 and 9"):
        train_gpt.nats(small(), np.arange(5), stride=9)


def test_it_learns_what_repeats_and_again_the_same():
    ids = np.tile(np.arange(20), 60)

    def losses():
        config = small(n_embd=16).config
        _, history = train_gpt.train(ids, 150, seed=1, config=config, progress_bar=False)
        return [entry["loss"] for entry in history]

    first = losses()
    assert first == losses()
    assert first[-1] < 1 < 2 < first[0]


def test_the_recorded_sizes_are_those_of_the_weights():
    shipped = GPT.from_pretrained(WEIGHTS)
    assert shipped.config == GPTConfig(**METRICS["config"])
    assert num_parameters(shipped) == METRICS["parameters"]


def test_the_shipped_weights_give_the_recorded_score(validation):
    ids, _ = validation
    model = GPT.from_pretrained(WEIGHTS)
    part = ids[:16_384]
    score = -train_gpt.nats(model, part, stride=model.config.n_positions).mean()
    # float32 in another order
    assert score == pytest.approx(METRICS["history"][-1]["score"], abs=1e-4)
    assert METRICS["history"][-1]["step"] == METRICS["steps"]


def test_the_shipped_weights_give_about_the_recorded_bits(tokens, validation):
    """On a tenth of the validation text, where they and the recorded mean may differ a little."""
    ids, _ = validation
    start = int(np.flatnonzero(ids == 0)[np.searchsorted(np.flatnonzero(ids == 0), 200_000)])
    part = ids[start : start + 40_000]
    size = len(tokens.decode(part.tolist()))  # special tokens are left out
    found = train_gpt.bits_per_byte(train_gpt.nats(GPT.from_pretrained(WEIGHTS), part), size)
    assert found == pytest.approx(METRICS["bits_per_byte"]["validation"]["gpt"], abs=0.15)


def test_the_ngrams_give_the_recorded_bits(tokens, validation):
    ids, size = validation
    train = train_gpt.encode("train", tokens)[0]
    p = KneserNey(train, 3, METRICS["config"]["vocab_size"]).probabilities(ids)[1:]
    found = train_gpt.bits_per_byte(-np.log(p), size)
    assert found == pytest.approx(METRICS["bits_per_byte"]["validation"]["3-gram"], rel=1e-9)


def test_trained_on_the_corpus_that_is_shipped():
    for split, value in METRICS["corpus_sha256"].items():
        assert docstrings.corpus_hash(split) == value


def test_the_tokenizer_is_the_one_that_the_corpus_gives(tokens):
    trained = tokenizer.train_bpe(docstrings.load("train").sentences, 1024)
    assert trained.get_vocab() == tokens.get_vocab()


def test_the_card_says_what_was_measured():
    card = (WEIGHTS / "README.md").read_text()
    for split in ("validation", "test"):
        bits = METRICS["bits_per_byte"][split]
        row = " | ".join(f"{bits[name]:.3f}" for name in ("gpt", "6-gram", "3-gram", "1-gram"))
        assert re.search(rf"\| {split} .*\| {row} \|", card)
    assert f"{METRICS['parameters']:,}" in card
    assert METRICS["command"] in card
    assert METRICS["corpus_sha256"]["train"] in card


def test_the_shipped_model_beats_counting():
    for bits in METRICS["bits_per_byte"].values():
        best = min(value for name, value in bits.items() if name.endswith("gram"))
        assert bits["gpt"] < best


def test_a_wrong_option_is_a_message(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["train_gpt", "--steps", "0"])
    with pytest.raises(SystemExit):
        train_gpt.main()
    assert "--steps: expected at least 1, got 0" in capsys.readouterr().err
