"""formulas.privacy: equal to Opacus, scikit-learn and torch, and to its own definitions."""

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from large_models.formulas import privacy
from large_models.training import federated


def losses(seed, number=(80, 120), digits=2):
    """Members and others with many equal losses."""
    rng = np.random.default_rng(seed)
    return tuple(
        rng.exponential(s, n).round(digits) for s, n in zip((0.5, 1.0), number, strict=True)
    )


def test_each_row_is_clipped_as_torch_clips_one_gradient():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(9, 7)) * rng.uniform(0.01, 3, size=(9, 1))
    rows[3] = 0
    clipped = privacy.clip_rows(rows, 1.5)
    for row, got in zip(rows, clipped, strict=True):
        one = torch.zeros(7, dtype=torch.float64, requires_grad=True)
        one.grad = torch.tensor(row)
        torch.nn.utils.clip_grad_norm_([one], 1.5)
        # torch divides by the norm plus 1e-6
        np.testing.assert_allclose(got, one.grad.numpy(), atol=3e-6)
    assert np.linalg.norm(clipped, axis=1).max() <= 1.5 + 1e-12


def test_one_row_moves_the_sum_by_at_most_the_limit():
    rng = np.random.default_rng(1)
    for scale in (1e-3, 1, 1e6):
        rows = rng.normal(size=(20, 5)) * scale
        moved = privacy.clip_rows(rows, 0.7).sum(0) - privacy.clip_rows(rows[1:], 0.7).sum(0)
        assert np.linalg.norm(moved) <= 0.7 + 1e-9


def test_the_noise_has_the_size_that_is_promised():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(4, 20_000))
    off = privacy.noisy_sum(rows, 2.0, 1.5, rng) - privacy.clip_rows(rows, 2.0).sum(0)
    assert off.std() == pytest.approx(3.0, rel=0.03)  # 20,000 draws: 0.5 %
    assert abs(off.mean()) < 0.1
    nobody = privacy.noisy_sum(np.zeros((0, 20_000)), 2.0, 1.5, rng)
    assert nobody.std() == pytest.approx(3.0, rel=0.03)
    np.testing.assert_array_equal(
        privacy.noisy_sum(rows, 2.0, 0.0, rng), privacy.clip_rows(rows, 2.0).sum(0)
    )


@pytest.mark.parametrize("seed", range(4))
def test_roc_and_area_are_those_of_sklearn(seed):
    members, others = losses(seed)
    truth = np.repeat([1, 0], [len(members), len(others)])
    scores = -np.concatenate([members, others])
    assert privacy.auc(members, others) == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
    false, found, _ = roc_curve(truth, scores, drop_intermediate=False)
    ours = privacy.roc(members, others)
    np.testing.assert_allclose(ours[0], false)
    np.testing.assert_allclose(ours[1], found)
    pairs = (members[:, None] < others) + (members[:, None] == others) / 2
    assert privacy.auc(members, others) == pytest.approx(pairs.mean(), abs=1e-12)


def test_rates_lie_on_the_roc_and_count_equal_losses():
    members, others = losses(5)
    false, found = privacy.roc(members, others)
    for threshold in np.unique(np.concatenate([members, others])):
        rate = privacy.rates(members, others, threshold)
        assert np.isclose(false, rate[1])[np.isclose(found, rate[0])].any()
    assert privacy.rates(np.array([1.0, 2.0]), np.array([1.0]), 1.0) == (0.5, 1.0)


def test_found_at_is_the_best_with_so_few_false_alarms():
    members, others = losses(6)
    for most in (0.0, 0.01, 0.2, 1.0):
        all_rates = [
            privacy.rates(members, others, t) for t in [-1, *np.unique(np.r_[members, others])]
        ]
        best = max(found for found, false in all_rates if false <= most)
        assert privacy.found_at(members, others, most) == best


@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 0.0), (0.3, 0.0), (1.0, 1e-3), (4.0, 1e-5)])
def test_the_bound_is_both_inequalities_and_randomised_response_reaches_it(epsilon, delta):
    false = np.linspace(0, 1, 201)
    most = privacy.most_found(false, epsilon, delta)
    assert (most <= np.exp(epsilon) * false + delta + 1e-12).all()
    # The opposite attack finds others: 1 - false <= e^epsilon (1 - found) + delta.
    assert (1 - false <= np.exp(epsilon) * (1 - most) + delta + 1e-9).all()
    assert (np.diff(most) >= -1e-12).all() and (most >= false - 1e-12).all()
    # Telling the truth with e^eps / (1 + e^eps) is (eps, 0)-private, and lies on the bound.
    truth = np.exp(epsilon) / (1 + np.exp(epsilon))
    assert privacy.most_found(np.array(1 - truth), epsilon, 0.0) == pytest.approx(truth)


def test_without_a_promise_everything_is_possible():
    assert (privacy.most_found(np.array([0.0, 0.5]), np.inf, 0.0) == 1).all()


def test_the_average_of_clients_is_numpys_and_torchs():
    rng = np.random.default_rng(3)
    models = [{"w": rng.normal(size=(2, 3)), "b": rng.normal(size=3)} for _ in range(4)]
    counts = [5, 1, 0, 9]
    got = privacy.federated_average(models, counts)
    states = [{k: torch.tensor(v) for k, v in model.items()} for model in models]
    by_torch = federated.average(states, counts)
    for name in ("w", "b"):
        expected = np.average([model[name] for model in models], axis=0, weights=counts)
        np.testing.assert_allclose(got[name], expected)
        np.testing.assert_allclose(by_torch[name].numpy(), expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: privacy.clip_rows(np.zeros(3), 1), r"must be \(B, P\), got \(3,\)"),
        (lambda: privacy.clip_rows(np.zeros((2, 3)), 0), "limit must be above 0, got 0"),
        (
            lambda: privacy.noisy_sum(np.zeros((2, 3)), 1, -1, np.random.default_rng(0)),
            "at least 0, got -1",
        ),
        (lambda: privacy.rates(np.array([]), np.array([1.0]), 0), "expected losses of members"),
        (lambda: privacy.auc(np.array([np.nan]), np.array([1.0])), "none NaN"),
        (lambda: privacy.found_at(np.ones(2), np.ones(2), 2), "from 0 to 1, got 2"),
        (lambda: privacy.most_found(np.zeros(1), -1, 0), "epsilon of at least 0"),
        (lambda: privacy.federated_average([], []), "at least one, got 0 models"),
        (lambda: privacy.federated_average([{"w": np.ones(2)}], [0]), "must be positive"),
        (
            lambda: privacy.federated_average([{"w": np.ones(2)}, {"w": np.ones(3)}], [1, 1]),
            "model 1 differs",
        ),
    ],
)
def test_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def shadow_networks(rng, networks=14, people=9):
    inside = rng.random((networks, people)) < 0.5
    inside[:2], inside[2:4] = True, False  # two of each side at least
    return rng.normal(size=people), rng.normal(2, 3, (networks, people)), inside


def test_the_likelihood_ratio_is_that_of_two_normal_densities():
    target, phi, inside = shadow_networks(np.random.default_rng(0))
    sides = []
    for side in (inside, ~inside):
        means = [phi[side[:, n], n].mean() for n in range(9)]
        away = [phi[side[:, n], n] - means[n] for n in range(9)]
        free = sum(len(a) - 1 for a in away)
        spread = np.sqrt(sum((a**2).sum() for a in away) / free)
        sides.append((np.array(means), spread))
    logs = [stats.norm.logpdf(target, *side) for side in sides]
    got = privacy.likelihood_ratio(target, phi, inside)
    np.testing.assert_allclose(got, logs[0] - logs[1], atol=1e-10)
    mean, spread = sides[1]
    offline = privacy.likelihood_ratio(target, phi, inside, online=False)
    np.testing.assert_allclose(offline, (target - mean) / spread, atol=1e-10)


def test_the_likelihood_ratio_without_enough_networks_is_nan():
    target, phi, inside = shadow_networks(np.random.default_rng(1))
    inside[:, 3] = False
    inside[0, 3] = True  # one network alone has seen person 3
    online = privacy.likelihood_ratio(target, phi, inside)
    assert np.flatnonzero(np.isnan(online)).tolist() == [3]
    assert np.isfinite(privacy.likelihood_ratio(target, phi, inside, online=False)).all()


def test_the_likelihood_ratio_wants_shapes_that_fit():
    target, phi, inside = shadow_networks(np.random.default_rng(2))
    for wrong in ((target[:-1], phi, inside), (target, phi, inside[1:]), (target, phi[0], inside)):
        with pytest.raises(ValueError, match="expected target"):
            privacy.likelihood_ratio(*wrong)
