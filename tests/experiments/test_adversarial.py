"""Attacks stay in their box and do harm; the shipped robust network is what its file says."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from large_models.experiments import adversarial, train_lenet
from large_models.models.cnn import LeNet

WEIGHTS = Path(__file__).parents[2] / "weights"
METRICS = json.loads((WEIGHTS / "robust-digits/metrics.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def digits():
    x, y = train_lenet.held_out()["test"]
    return x[:150], y[:150]


@pytest.fixture(scope="module")
def lenet():
    return LeNet.from_pretrained(WEIGHTS / "lenet-digits")


def loss(model, x, y):
    with torch.no_grad():
        return F.cross_entropy(model(x), y).item()


def test_on_a_linear_model_one_step_is_the_worst_in_the_box():
    """The loss of two classes falls with w x: its maximum over the box is at a corner, known."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    x = torch.rand(8, 1, 4, 4) * 0.4 + 0.3  # the box of 0.2 stays within 0 and 1
    y = torch.randint(2, (8,))
    weight = model[1].weight.detach()
    away = torch.where(y == 1, 1.0, -1.0)[:, None] * (weight[0] - weight[1])  # raises the loss
    corner = x + 0.2 * away.sign().view(8, 1, 4, 4)
    torch.testing.assert_close(adversarial.fgsm(model, x, y, 0.2), corner)
    torch.testing.assert_close(adversarial.pgd(model, x, y, 0.2), corner)


def test_attacks_stay_in_their_box_and_hurt_more_than_noise(lenet, digits):
    x, y = digits
    chance = torch.Generator().manual_seed(1)
    changed = {
        "noise": adversarial.random_signs(x, 0.1, chance),
        "one": adversarial.fgsm(lenet, x, y, 0.1),
        "ten": adversarial.pgd(lenet, x, y, 0.1),
        "drawn": adversarial.pgd(lenet, x, y, 0.1, generator=chance),
    }
    for moved in changed.values():
        assert (moved - x).abs().max() <= 0.1 + 1e-6
        assert moved.min() >= 0 and moved.max() <= 1 and not moved.requires_grad
    hurt = {name: loss(lenet, moved, y) for name, moved in changed.items()}
    assert loss(lenet, x, y) <= hurt["noise"] + 0.05 < hurt["one"] < hurt["ten"]
    assert hurt["one"] < hurt["drawn"]


def test_no_step_at_all_is_no_attack(lenet, digits):
    x, y = digits
    torch.testing.assert_close(adversarial.pgd(lenet, x, y, 0.0), x)
    for wrong in ({"eps": -0.1}, {"eps": 0.1, "steps": 0}):
        with pytest.raises(ValueError, match="expected eps of at least 0"):
            adversarial.pgd(lenet, x, y, **wrong)


def test_training_on_attacks_learns_and_is_repeatable(digits):
    x, y = (part[:64] for part in digits)
    before, again, after = (adversarial.train(0, x, y, epochs=n, eps=0.05) for n in (1, 1, 20))
    assert loss(after, x, y) < 0.8 * loss(before, x, y)
    for p, q in zip(before.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_the_control_is_trained_on_changes_of_the_same_size_by_chance(lenet, digits, monkeypatch):
    x, y = (part[:64] for part in digits)
    seen = []
    monkeypatch.setattr(adversarial, "random_signs", lambda x, eps, chance: seen.append(eps) or x)
    adversarial.train(0, x, y, epochs=1, eps=0.07, attacked=False)
    assert seen == [0.07] and not adversarial.pgd(lenet, x, y, 0.1).equal(x)


def test_who_survives_the_worst_survives_each(lenet, digits):
    x, y = (part[:60] for part in digits)
    one, both = (adversarial.survives(lenet, x, y, 0.08, 10, starts) for starts in (1, 2))
    assert 0 < both <= one < 1
    assert adversarial.survives(lenet, x, y, 0.0, 1, 1) == (
        (lenet(x).argmax(dim=1) == y).double().mean().item()
    )


@pytest.mark.parametrize(
    ("name", "folder"), [("plain", "lenet-digits"), ("robust", "robust-digits")]
)
def test_the_shipped_numbers_are_those_of_the_weights(name, folder):
    x, y = train_lenet.held_out()["test"]
    model = LeNet.from_pretrained(WEIGHTS / folder)
    for eps in (0.0, 0.1):
        got = adversarial.accuracies(model, x, y, eps)
        for way, share in got.items():
            shipped = METRICS["accuracy"][name][f"{eps:g}"][METRICS["shipped_seed"]][way]
            assert share == pytest.approx(shipped, abs=0.015), (eps, way)  # another CPU: 7 of 449


def test_robustness_is_bought_with_accuracy_and_noise_does_not_buy_it():
    by = adversarial.shipped()
    assert by == METRICS["accuracy"] and set(by) == {"plain", "noise", "robust"}
    for seed in range(METRICS["seeds"]):
        ten, worst = ({n: by[n]["0.1"][seed][k] for n in by} for k in ("ten steps", "worst"))
        assert ten["robust"] > max(ten["plain"], ten["noise"]) + 0.3
        assert worst["robust"] > max(worst["plain"], worst["noise"]) + 0.3
        assert all(worst[name] <= ten[name] + 0.02 for name in by)
        clean = {name: by[name]["0"][seed]["noise"] for name in by}
        assert clean["robust"] < min(clean["plain"], clean["noise"])
    assert METRICS["data_sha256"] == train_lenet.data_hash()
    assert METRICS["trained_with"] == adversarial.TRAINED_WITH
    assert METRICS["seeds"] == adversarial.SEEDS


def test_the_card_says_what_was_measured():
    card = (WEIGHTS / "robust-digits/README.md").read_text("utf-8")
    assert METRICS["command"] in card and METRICS["data_sha256"] in card
    by = METRICS["accuracy"]
    for eps in by["plain"]:
        cells = [
            f"{np.mean([row[way] for row in by[name][eps]]):.3f}"
            for name in by
            for way in ("noise", "ten steps")
        ]
        assert f"| {float(eps):.2f} | {' | '.join(cells)} |" in card
    worst = {name: np.mean([row["worst"] for row in by[name]["0.1"]]) for name in by}
    assert all(f"{name} {share:.3f}" in card for name, share in worst.items())


def test_a_command_that_makes_no_sense(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["adversarial", "--epochs", "0"])
    with pytest.raises(SystemExit):
        adversarial.main()
    assert "--epochs: expected at least 1, got 0" in capsys.readouterr().err
