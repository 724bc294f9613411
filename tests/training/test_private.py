"""Private training: gradients and clipping are Opacus', the count of epsilon too, and the shipped
results are whole."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from opacus import GradSampleModule
from opacus.accountants import PRVAccountant, RDPAccountant
from opacus.optimizers import DPOptimizer
from torch.nn import functional as F

from lib.formulas import privacy
from lib.training import private
from lib.training.train_lenet import data_hash

SHIPPED = Path(__file__).parents[2] / "weights/privacy-digits"
RESULTS = json.loads((SHIPPED / "metrics.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def everybody():
    return private.people()


def gradients_of(model, data):
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    return private.each_gradient(model, parameters, data.x, data.said)


@pytest.mark.filterwarnings("ignore:Full backward hook")
def test_gradients_and_their_clipped_sum_are_those_of_opacus(everybody):
    data = everybody.take(np.arange(12))
    ours = gradients_of(private.network(0), data)
    limit = 3.4  # some are longer, some shorter
    total = private.clipped_sum(ours, limit)
    theirs = GradSampleModule(private.network(0))
    optimizer = DPOptimizer(
        torch.optim.SGD(theirs.parameters(), 1.0),
        noise_multiplier=0.0,
        max_grad_norm=limit,
        expected_batch_size=12,
    )
    F.cross_entropy(theirs(data.x), data.said, reduction="mean").backward()
    norms = torch.sqrt(sum((g.flatten(1) ** 2).sum(1) for g in ours.values()))
    assert norms.min() < limit < norms.max()
    named = dict(theirs._module.named_parameters())
    for name, g in ours.items():
        torch.testing.assert_close(named[name].grad_sample, g, atol=1e-5, rtol=1e-4)
    optimizer.clip_and_accumulate()
    for name, g in total.items():
        # Opacus divides by the norm plus 1e-6
        torch.testing.assert_close(named[name].summed_grad, g, atol=1e-5, rtol=1e-4)


def test_the_clipped_sum_is_the_formula(everybody):
    ours = gradients_of(private.network(1), everybody.take(np.arange(30)))
    rows = torch.cat([g.flatten(1) for g in ours.values()], dim=1).double().numpy()
    expected = privacy.clip_rows(rows, 0.8).sum(axis=0)
    total = private.clipped_sum(ours, 0.8)
    got = torch.cat([g.flatten() for g in total.values()]).numpy()
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_nobody_in_a_step_is_no_gradient(everybody):
    nobody = everybody.take(np.arange(0))
    total = private.clipped_sum(gradients_of(private.network(0), nobody), 1.0)
    assert all(not g.any() for g in total.values())


def test_without_noise_and_with_everyone_it_is_plain_descent(everybody):
    data = everybody.take(np.arange(20))
    got = private.fit_private(data, 0, 0.0, limit=1e6, rate=1.0, steps=3, learning_rate=0.2)
    model = private.network(0)
    for _ in range(3):
        model.zero_grad()
        F.cross_entropy(model(data.x), data.said).backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= 0.2 * p.grad
    for a, b in zip(got.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_noise_has_its_size_and_its_seed(everybody):
    data = everybody.take(np.arange(20))
    settings = {"rate": 1.0, "steps": 1, "learning_rate": 20.0, "limit": 0.5}
    clear, noisy, again, other = (
        private.fit_private(data, 0, noise, **settings)[0].weight for noise in (0.0, 2.0, 2.0, 3.0)
    )
    # lr / (q N) = 1: what differs is the noise itself, sigma C = 1
    assert (noisy - clear).std().item() == pytest.approx(1.0, rel=0.05)
    assert torch.equal(noisy, again) and not torch.equal(noisy, other)


def test_epsilon_is_that_of_opacus_step_by_step():
    accountant = RDPAccountant()
    for _ in range(7):
        accountant.step(noise_multiplier=1.1, sample_rate=0.1)
    ours = private.epsilon(1.1, 0.1, 7, 1e-5)
    assert ours == pytest.approx(accountant.get_epsilon(delta=1e-5))
    exact = private.epsilon(1.1, 0.1, 7, 1e-5, exact=True)
    tight = PRVAccountant()
    tight.history = [(1.1, 0.1, 7)]
    assert exact == pytest.approx(tight.get_epsilon(delta=1e-5))
    assert exact < ours
    assert private.epsilon(0.0) == math.inf
    assert private.epsilon(2.0) < private.epsilon(1.0) < private.epsilon(1.0, steps=200)


def test_people_and_draws(everybody):
    odd = everybody.odd
    assert len(everybody) == 1348 and odd.sum() == 135
    differs = (everybody.said != everybody.true).numpy()
    np.testing.assert_array_equal(differs, odd)
    members, others = private.draw(3, everybody)
    assert len(members) == private.MEMBERS and len(members) + len(others) == len(everybody)
    both = torch.cat([members.x, others.x]).sum(dim=1).sort().values
    torch.testing.assert_close(both, everybody.x.sum(dim=1).sort().values)
    other, _ = private.draw(4, everybody)
    assert not torch.equal(members.x, other.x)


def test_learning_by_heart_gives_members_away_and_clipping_does_not(everybody):
    members, others = private.draw(0, everybody)
    heart = private.attack(private.fit_plain(members, 0, 1000), members, others)
    clipped = private.attack(private.fit_private(members, 0, 2.0), members, others)
    assert heart["auc_odd"] > 0.9 and heart["auc"] > clipped["auc"] + 0.03
    assert clipped["auc_odd"] < 0.7


@pytest.mark.parametrize(
    "wrong", [{"rate": 0.0}, {"rate": 1.5}, {"limit": 0.0}, {"steps": 0}, {"noise": -1.0}]
)
def test_what_does_not_fit(everybody, wrong):
    settings = {"noise": 1.0} | wrong
    with pytest.raises(ValueError, match="expected a rate above 0 and up to 1"):
        private.fit_private(everybody, 0, **settings)


def test_a_command_that_makes_no_sense(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["private", "--seeds", "0"])
    with pytest.raises(SystemExit):
        private.main()
    assert "--seeds: expected at least 1, got 0" in capsys.readouterr().err


def test_a_summary_is_json_with_a_result_a_line():
    summary = {"odd": {"members": [1]}, "results": [{"way": "a"}], "losses": {"a": {"x": [1.5]}}}
    text = private.as_text({"first": 1} | summary)
    assert json.loads(text) == {"first": 1} | summary
    assert '\n{"way": "a"}\n' in text


def test_shipped_results_are_whole():
    rows = RESULTS["results"]
    seen = {(row["way"], row["seed"]) for row in rows}
    assert len(rows) == len(seen) == len(private.ways()) * private.SEEDS
    assert set(RESULTS["losses"]) == set(private.ways())
    assert RESULTS["data_sha256"] == data_hash()
    settings = ("MEMBERS", "DELTA", "RATE", "STEPS", "LIMIT", "LEARNING_RATE")
    assert all(RESULTS[name.lower()] == getattr(private, name) for name in settings)
    first = {row["way"]: row for row in rows if row["seed"] == 0}
    for way, sides in RESULTS["losses"].items():
        members, others = np.array(sides["members"]), np.array(sides["others"])
        assert (len(members), len(others)) == (RESULTS["members"], RESULTS["others"])
        # losses are written with three digits
        assert privacy.auc(members, others) == pytest.approx(first[way]["auc"], abs=2e-3)
        odd = members[RESULTS["odd"]["members"]], others[RESULTS["odd"]["others"]]
        assert privacy.auc(*odd) == pytest.approx(first[way]["auc_odd"], abs=2e-3)
    for noise in private.NOISES[1:]:
        for name, exact in (("epsilon", False), ("epsilon_exact", True)):
            got = private.epsilon(noise, exact=exact)
            assert RESULTS[name][f"noise {noise:g}"] == pytest.approx(got, rel=0.01)


def test_one_shipped_run_again(everybody):
    row, _ = private.measure("noise 1", 0, everybody)
    shipped = next(r for r in RESULTS["results"] if (r["way"], r["seed"]) == ("noise 1", 0))
    for name in ("accuracy", "auc", "auc_odd"):  # another CPU may turn a few digits
        assert row[name] == pytest.approx(shipped[name], abs=0.03)


def test_the_card_says_what_was_measured():
    card = (SHIPPED / "README.md").read_text("utf-8")
    assert RESULTS["command"] in card and RESULTS["data_sha256"] in card
    for way in private.ways():
        rows = [row for row in RESULTS["results"] if row["way"] == way]
        cells = [
            f"{np.mean([row[k] for row in rows]):.3f} ± {np.std([row[k] for row in rows]):.3f}"
            for k in ("accuracy", "auc", "auc_odd")
        ]
        epsilon = RESULTS["epsilon"].get(way)
        told = "none" if epsilon is None else f"{epsilon:.2f}"
        assert f"| {way} | {told} | {' | '.join(cells)} |" in card
