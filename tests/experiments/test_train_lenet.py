"""The shipped LeNet: its recorded metrics are what its weights give, and the card says the same."""

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from large_models.data import digits, strokes
from large_models.data.printed import FONTS
from large_models.experiments import train_lenet
from large_models.models.cnn import LeNet, num_parameters

WEIGHTS = Path(__file__).parents[2] / "weights" / "lenet-digits"
METRICS = json.loads((WEIGHTS / "metrics.json").read_text())


def test_bent_pictures_are_other_pictures_of_the_same_kind():
    pictures = torch.from_numpy(digits.to_input(digits.load_digits().train_images[:32]))
    bent = train_lenet.bend(pictures, torch.Generator().manual_seed(0))
    assert bent.shape == pictures.shape and bent.min() >= 0 and bent.max() <= 1
    assert (bent - pictures).abs().mean() > 0.02
    again = train_lenet.bend(pictures, torch.Generator().manual_seed(0))
    other = train_lenet.bend(pictures, torch.Generator().manual_seed(1))
    assert torch.equal(bent, again) and not torch.equal(bent, other)
    # Still the same digits: most of the ink stays where it was.
    both = torch.stack([bent.flatten(1), pictures.flatten(1)])
    overlap = torch.cosine_similarity(*both, dim=1)
    assert overlap.mean() > 0.6


def test_an_epoch_shows_each_picture_once():
    pictures, labels = torch.arange(150.0).reshape(150, 1, 1, 1), torch.arange(150)
    epoch = list(train_lenet.batches(pictures, labels, bent=False)(torch.Generator()))
    assert sorted(torch.cat([y for _, y in epoch]).tolist()) == list(range(150))
    assert all(torch.equal(x.flatten().long(), y) for x, y in epoch)
    assert [len(y) for _, y in epoch] == [64, 64, 22]


def test_a_few_steps_reduce_the_loss():
    pictures, labels = train_lenet.training_part()
    before = train_lenet.train(0, pictures[:64], labels[:64], epochs=1)
    after = train_lenet.train(0, pictures[:64], labels[:64], epochs=40)
    with torch.no_grad():
        losses = [train_lenet.loss(m, (pictures[:64], labels[:64])) for m in (before, after)]
    assert losses[1] < 0.5 * losses[0]


def test_the_shipped_weights_give_the_recorded_metrics(monkeypatch):
    model = LeNet.from_pretrained(WEIGHTS)
    recorded = METRICS["accuracy_by_seed"][METRICS["shipped_seed"]]
    monkeypatch.setattr(train_lenet, "DRAWINGS", 300)  # the first of the 2,000, to be quick
    parts = train_lenet.held_out()
    got = train_lenet.evaluate(model, parts)
    # Another CPU may turn one digit round.
    assert got["test"] == pytest.approx(recorded["test"], abs=1.5 / 449)
    # 0.6 % of all drawings are misread; 2 % of these few would be more than chance.
    assert got["drawings"] == pytest.approx(recorded["drawings"], abs=0.015)
    assert num_parameters(model) == METRICS["parameters"]
    assert asdict(model.config) == METRICS["config"]
    sizes = {"train": len(train_lenet.training_part()[1])}
    sizes |= {name: len(y) for name, (_, y) in parts.items()}
    assert METRICS["examples"] == sizes | {"drawings": 2000}


def test_one_channel_is_dead_as_the_card_says():
    pictures = (
        train_lenet.training_part()[0][:1348],
        torch.from_numpy(digits.to_input(digits.load_digits().test_images)),
    )
    model = LeNet.from_pretrained(WEIGHTS)
    with torch.no_grad():
        relu1 = model.activations(torch.cat(pictures))["relu1"]
    assert (relu1.amax(dim=(0, 2, 3)) == 0).sum() == 1


def test_five_seeds_reach_what_the_book_promises():
    results = METRICS["accuracy_by_seed"]
    assert len(results) == 5 and METRICS["command"].endswith("--seeds 5")
    for part, least in (("test", 0.99), ("drawings", 0.95)):
        values = [result[part] for result in results]
        assert np.mean(values) == pytest.approx(METRICS["mean"][part], abs=1e-4)
        assert np.std(values) == pytest.approx(METRICS["standard_deviation"][part], abs=1e-4)
        assert np.mean(values) >= least and min(values) >= least - 0.02


def test_the_baseline_is_what_it_says():
    assert train_lenet.baseline() == pytest.approx(METRICS["logistic_regression_test"], abs=0.005)
    assert METRICS["mean"]["test"] > METRICS["logistic_regression_test"]


@pytest.mark.parametrize("name", ["seeds", "epochs", "threads"])
def test_a_command_that_makes_no_sense(monkeypatch, capsys, tmp_path, name):
    command = ["train_lenet", "--output", str(tmp_path), f"--{name}", "0"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        train_lenet.main()
    assert f"--{name}: expected at least 1, got 0" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_data_are_those_that_it_was_trained_on():
    assert train_lenet.data_hash() == METRICS["data_sha256"]


def test_drawings_of_another_seed_are_read_too():
    drawings, labels = strokes.draw_digits(200, seed=77)
    counts = np.stack([digits.count_ink(digits.normalize_drawing(d)) for d in drawings])
    part = {"new": (torch.from_numpy(digits.to_input(counts)), torch.from_numpy(labels))}
    assert train_lenet.evaluate(LeNet.from_pretrained(WEIGHTS), part)["new"] > 0.95


def test_the_card_says_what_was_measured():
    card = " ".join((WEIGHTS / "README.md").read_text().split())
    for part in ("test", "drawings"):
        mean, spread = METRICS["mean"][part], METRICS["standard_deviation"][part]
        shipped = METRICS["accuracy_by_seed"][0][part]
        assert f"| {shipped:.4f} | {mean:.4f} ± {spread:.4f} |" in card
    assert f"{METRICS['logistic_regression_test']:.4f}" in card
    assert f"{METRICS['epochs']} epochs; torch {METRICS['torch']}" in card
    assert f"seed {train_lenet.DRAWINGS_SEED}" in card and f"in {len(FONTS)} fonts" in card
    sizes = METRICS["examples"]
    assert f"digits ({sizes['test']})" in card and f"drawings ({sizes['drawings']:,})" in card
    assert METRICS["command"] in card and METRICS["data_sha256"] in card
    assert re.search(rf"\b{METRICS['parameters']:,}\b", card)
