"""experiments.train_rnn: both jobs learn, and what is shipped is as good as it says."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from large_models.data import docstrings
from large_models.data.sequences import CHARACTERS, adding_problem, to_indices
from large_models.experiments import train_rnn
from large_models.models.rnn import SequenceModel
from large_models.training.loop import fit

WEIGHTS = Path(__file__).parent.parent.parent / "weights"
TEXT = to_indices("the cat sat on the mat and the dog sat on the log.\n" * 200)


def test_an_lstm_learns_to_add_in_short_sequences():
    torch.manual_seed(0)
    model = train_rnn.new_model("lstm", "adding")
    before = train_rnn.adding_error(model, 500, 10, seed=1)
    fit(model, train_rnn.adding_batches(10), train_rnn.adding_loss,
        torch.optim.Adam(model.parameters(), 1e-2), steps=250, clip_norm=1.0,
        generator=torch.Generator().manual_seed(0), progress_bar=False)  # fmt: skip
    after = train_rnn.adding_error(model, 500, 10, seed=1)
    assert before > 0.15 and after < 0.03  # guessing the mean: 0.167


def test_adding_error_is_that_of_the_last_answer():
    model = train_rnn.new_model("rnn", "adding")
    x, y = adding_problem(20, 7, 3)
    with torch.no_grad():
        answers = model(torch.from_numpy(x))[0][:, -1, 0].numpy()
    expected = np.mean((answers - y) ** 2)
    assert train_rnn.adding_error(model, 20, 7, seed=3) == pytest.approx(expected, rel=1e-5)


def test_every_batch_is_new_and_a_seed_repeats_it():
    batches = train_rnn.adding_batches(5, 3)
    generator = torch.Generator().manual_seed(0)
    (first,), (second,) = list(batches(generator)), list(batches(generator))
    (again,) = list(batches(torch.Generator().manual_seed(0)))
    assert not torch.equal(first[0], second[0]) and torch.equal(first[0], again[0])


def test_character_batches_are_pieces_of_the_text_and_what_follows():
    batches = train_rnn.chars_batches(TEXT, length=10, size=4)
    stream = torch.from_numpy(TEXT)
    seen = list(batches(torch.Generator().manual_seed(0)))
    for x, y in seen[:5]:
        assert x.shape[1:] == y.shape[1:] == (10,)
        assert torch.equal(x[:, 1:], y[:, :-1])
    windows = {tuple(w.tolist()) for w in stream.unfold(0, 11, 1)}
    assert all((*x.tolist(), y[-1].item()) in windows for x, y in zip(*seen[0], strict=True))
    # One epoch reads (nearly) everything once; another one starts elsewhere.
    assert sum(x.numel() for x, _ in seen) > len(TEXT) - 20
    other = list(batches(torch.Generator().manual_seed(1)))
    assert not torch.equal(seen[0][0], other[0][0])


def test_a_text_too_short_for_a_batch():
    with pytest.raises(ValueError, match="expected at least 50 characters, got 30"):
        train_rnn.chars_batches(TEXT[:30], length=10, size=4)


def test_bits_of_a_model_that_knows_nothing():
    model = train_rnn.new_model("rnn", "chars")
    with torch.no_grad():
        model.output.weight.zero_()
        model.output.bias.zero_()
    bits = train_rnn.bits_per_character(model, TEXT)
    assert bits == pytest.approx(np.log2(len(CHARACTERS)), rel=1e-5)
    with pytest.raises(ValueError, match="expected at least 51 characters, got 20"):
        train_rnn.bits_per_character(model, TEXT[:20])


def test_bits_equal_the_sum_by_hand():
    """Over pieces of 500, with the state carried on: as in one go."""
    model = train_rnn.new_model("lstm", "chars")
    text = TEXT[:1201]
    x = F.one_hot(torch.from_numpy(text[:-1]), len(CHARACTERS)).float()[None]
    with torch.no_grad():
        nats = F.cross_entropy(model(x)[0][0], torch.from_numpy(text[1:])).item()
    bits = train_rnn.bits_per_character(model, text, streams=1)
    assert bits == pytest.approx(nats / np.log(2), rel=1e-5)


def test_characters_are_learned():
    model, history = train_rnn.train_chars("rnn", TEXT, steps=60, progress_bar=False)
    # Counting single characters of this text costs 3.7 bits each.
    assert history[0]["loss"] > history[-1]["loss"]
    assert train_rnn.bits_per_character(model, TEXT) < 2.5


@pytest.mark.parametrize("kind, job", [("rnn", "sorting"), ("tcn", "adding")])
def test_unknown_names(kind, job):
    with pytest.raises(ValueError, match="expected one of"):
        train_rnn.new_model(kind, job)


# --- what is shipped ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", train_rnn.KINDS)
def test_shipped_adders_are_as_good_as_their_card(kind):
    directory = WEIGHTS / f"adding-{kind}"
    model = SequenceModel.from_pretrained(directory)
    error = train_rnn.adding_error(model, 2000, 100, seed=10_000)
    recorded = json.loads((directory / "metrics.json").read_text())["mean_squared_error"]
    assert error == pytest.approx(recorded, rel=1e-3)
    assert error < 0.005 if kind == "lstm" else error > 0.15


@pytest.mark.parametrize("kind", train_rnn.KINDS)
def test_shipped_readers_are_as_good_as_their_card(kind):
    directory = WEIGHTS / f"chars-{kind}"
    metrics = json.loads((directory / "metrics.json").read_text())
    assert metrics["corpus_sha256"] == docstrings.corpus_hash("train")
    model = SequenceModel.from_pretrained(directory)
    text = to_indices(docstrings.text("test"))[: metrics["held_out_characters"]]
    recorded = metrics["bits_per_character"]["test"]
    assert train_rnn.bits_per_character(model, text) == pytest.approx(recorded[kind], rel=1e-4)
    assert recorded["5-gram"] < recorded[kind] < recorded["4-gram"]
