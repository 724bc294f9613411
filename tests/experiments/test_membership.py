"""The attacks' results are those of the shipped confidences, and these are the networks'."""

import json
import sys

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from large_models.experiments import membership
from large_models.experiments.train_lenet import data_hash
from large_models.files import weights
from large_models.formulas import privacy
from large_models.training import privacy as private

SHIPPED = weights("privacy-digits")
RESULTS = json.loads((SHIPPED / "metrics.json").read_text("utf-8"))
LONG = (private.CLIPPED_LONG, private.UNCLIPPED_LONG)


@pytest.fixture(scope="module")
def everybody():
    return private.people()


def toy(seed=0, networks=12, people=40, shift=2.0):
    rng = np.random.default_rng(seed)
    inside = rng.random((networks, people)) < 0.5
    phi = rng.normal(size=(networks, people)) + shift * inside + 6 * rng.normal(size=people)
    return membership.Shadows(phi, inside, rng.random(people) < 0.3)


def test_lira_is_the_ratio_of_two_normal_densities():
    data = toy()
    for m, row in enumerate(membership.lira(data)):
        rest = np.arange(len(data.phi)) != m
        phi, inside = data.phi[rest], data.inside[rest]
        logs = []
        for side in (inside, ~inside):
            mean = np.array([phi[side[:, n], n].mean() for n in range(phi.shape[1])])
            away = (phi - mean)[side]
            spread = np.sqrt((away**2).sum() / (side.sum() - phi.shape[1]))
            logs.append(norm.logpdf(data.phi[m], mean, spread))
        np.testing.assert_allclose(row, logs[0] - logs[1], atol=1e-9)


def test_lira_finds_what_one_threshold_cannot():
    data = toy(shift=2.5)
    areas = {
        attack: roc_auc_score(data.inside.ravel(), membership.scores(data, attack).ravel())
        for attack in membership.ATTACKS
    }
    assert areas["lira"] > 0.85 > 0.7 > areas["loss"]


def test_lira_without_a_difference_is_a_guess():
    data = toy(networks=40, people=200, shift=0.0)
    assert roc_auc_score(data.inside.ravel(), membership.lira(data).ravel()) == pytest.approx(
        0.5, abs=0.03
    )


def test_found_at_is_scikit_learns_curve():
    data = toy(3)
    false, found, _ = roc_curve(data.inside.ravel(), data.phi.ravel(), drop_intermediate=False)
    for share in (0.0, 0.004, 0.01, 0.1, 0.35, 1.0):
        threshold, ours = membership.found_at(data.phi, data.inside, share)
        assert ours.shape == (len(data.phi),)
        reached = data.phi >= threshold
        assert reached[~data.inside].mean() <= share + 1e-12
        weights = data.inside.sum(axis=1)
        overall = (ours * weights).sum() / weights.sum()
        assert overall == pytest.approx(found[false <= share + 1e-12].max())
        assert overall == pytest.approx(reached[data.inside].mean())


def test_equal_scores_fall_together():
    scores = np.array([[3.0, 2.0, 2.0, 1.0]])
    inside = np.array([[True, True, False, False]])
    threshold, found = membership.found_at(scores, inside, 0.0)
    assert threshold == 3.0 and found == pytest.approx([0.5])
    assert membership.found_at(scores, inside, 0.5)[1] == pytest.approx([1.0])


def test_a_summary_is_json_with_a_result_a_line():
    found = {"auc": [0.5, 0.1], "found": [0.1, 0.2]}
    summary = {"first": 1, "accuracy": {"a": [0.9]}, "attacks": {"a": {"loss": {"all": found}}}}
    text = membership.as_text(summary)
    assert json.loads(text) == summary
    assert '"all": {"auc": [0.5, 0.1], "found": [0.1, 0.2]}' in text


def test_shipped_results_are_whole():
    assert list(RESULTS["accuracy"]) == list(RESULTS["attacks"]) == list(private.ways())
    assert RESULTS["data_sha256"] == data_hash()
    settings = ("MEMBERS", "DELTA", "RATE", "STEPS", "LIMIT", "LEARNING_RATE")
    assert all(RESULTS[name.lower()] == getattr(private, name) for name in settings)
    for noise in private.NOISES[1:]:
        for name, exact in (("epsilon", False), ("epsilon_exact", True)):
            got = private.epsilon(noise, exact=exact)
            assert RESULTS[name][f"noise {noise:g}"] == pytest.approx(got, rel=0.01)


@pytest.mark.parametrize("way", private.ways())
def test_shipped_results_are_those_of_the_shipped_confidences(way):
    data = membership.shadows(way)
    number = membership.LONG_SEEDS if way in LONG else membership.SEEDS
    assert data.phi.shape == data.inside.shape == (number, len(data.odd))
    assert np.isfinite(data.phi).all() and len(RESULTS["accuracy"][way]) == number
    assert list(RESULTS["attacks"][way]) == list(membership.ATTACKS)[: 1 if way in LONG else 2]
    for attack, found in RESULTS["attacks"][way].items():
        assert json.loads(json.dumps(membership.measure(data, attack))) == found
        assert found["all"]["found"][-1] == 1.0
        assert sum(found["all"]["members"]) == number * private.MEMBERS


def test_no_attack_finds_more_than_epsilon_allows():
    for way, epsilon in RESULTS["epsilon"].items():
        most = privacy.most_found(np.array(RESULTS["false"]), epsilon, RESULTS["delta"])
        for found in RESULTS["attacks"][way].values():
            assert (np.array(found["all"]["found"]) <= most + 0.002).all()  # 19,200 members counted


def test_one_shipped_run_again(everybody):
    phi = private.confidences(private.fit("noise 1", private.draw(0, everybody)[0], 0), everybody)
    shipped = membership.shadows("noise 1").phi[0]
    # float16, and another processor may round otherwise
    assert np.abs(phi - shipped).mean() < 0.05


def test_an_unknown_way_is_told():
    with pytest.raises(ValueError, match="shadows: expected one of noise 0, .*, got 'noise 3'"):
        membership.shadows("noise 3")


@pytest.mark.parametrize("flag", ["--seeds", "--long-seeds"])
def test_a_command_that_makes_no_sense(monkeypatch, capsys, flag):
    monkeypatch.setattr(sys, "argv", ["membership", flag, "3"])
    with pytest.raises(SystemExit):
        membership.main()
    assert f"{flag}: expected at least 4, got 3" in capsys.readouterr().err


def test_a_whole_run_and_one_that_goes_on(tmp_path, monkeypatch, everybody):
    short = {"noise 1": {"noise": 1.0, "steps": 3}, "noise 0": {"noise": 0.0, "steps": 3}}
    monkeypatch.setattr(private, "ways", lambda: short)
    monkeypatch.setattr("large_models.training.many.ways", lambda: short)
    monkeypatch.setattr(membership, "SEEDS", 8)
    arguments = ["membership", "--seeds", "8", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    membership.main()
    first = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    (tmp_path / "parts/noise-0.safetensors").unlink()  # as if it had been cut short
    membership.main()
    again = json.loads((tmp_path / "metrics.json").read_text("utf-8"))
    assert first["attacks"] == again["attacks"] and first["accuracy"] == again["accuracy"]
    assert membership.shadows("noise 0", tmp_path).phi.shape == (8, len(everybody))


def test_the_card_says_what_was_measured():
    card = (SHIPPED / "README.md").read_text("utf-8")
    assert RESULTS["command"] in card and RESULTS["data_sha256"] in card
    for way in private.ways():
        by = RESULTS["attacks"][way]
        epsilon = RESULTS["epsilon"].get(way)
        cells = ["none" if epsilon is None else f"{epsilon:.2f}"]
        values = RESULTS["accuracy"][way]
        cells.append(f"{np.mean(values):.3f} ± {np.std(values):.3f}")
        for attack in membership.ATTACKS:
            for whose, key in (("all", "found_at_1"), ("odd", "auc")):
                told = by[attack][whose][key] if attack in by else None
                cells.append("" if told is None else f"{told[0]:.3f} ± {told[1]:.3f}")
        assert f"| {way} | {' | '.join(cells)} |" in card, way
