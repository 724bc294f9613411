"""Private training: gradients and clipping are Opacus', and so is the count of epsilon."""

import math

import numpy as np
import pytest
import torch
from opacus import GradSampleModule
from opacus.accountants import PRVAccountant, RDPAccountant
from opacus.optimizers import DPOptimizer
from torch.nn import functional as F

from large_models.formulas import privacy
from large_models.training import privacy as private


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


def test_drawn_is_draw(everybody):
    for seed, number in ((0, 400), (7, 33)):
        inside = private.drawn(seed, len(everybody), number)
        members, others = private.draw(seed, everybody, number)
        assert inside.sum() == number == len(members)
        for side, people in ((inside, members), (~inside, others)):
            ours = everybody.x[torch.from_numpy(side)].sum(dim=1).sort().values
            torch.testing.assert_close(ours, people.x.sum(dim=1).sort().values)


def test_confidence_and_loss_say_the_same(everybody):
    model = private.fit_plain(everybody.take(np.arange(100)), 0, 200)
    phi = private.confidences(model, everybody)
    np.testing.assert_allclose(np.logaddexp(0, -phi), private.losses(model, everybody), atol=1e-9)
    p = model(everybody.x).double().softmax(dim=1).gather(1, everybody.said[:, None])[:, 0]
    np.testing.assert_allclose(phi, torch.logit(p).detach().numpy(), rtol=1e-4, atol=1e-4)


def test_without_a_limit_it_is_plain_descent_and_noise_is_refused(everybody):
    data = everybody.take(np.arange(20))
    loose, none = (
        private.fit_private(data, 0, 0.0, limit=limit, rate=1.0, steps=3)
        for limit in (1e6, math.inf)
    )
    for p, q in zip(loose.parameters(), none.parameters(), strict=True):
        torch.testing.assert_close(p, q)
    with pytest.raises(ValueError, match="a finite limit where there is noise"):
        private.fit_private(data, 0, 1.0, limit=math.inf)


def test_a_way_is_its_settings(everybody):
    data = everybody.take(np.arange(30))
    for way, settings in (("noise 2", {"noise": 2.0}), ("not clipped", {"limit": math.inf})):
        ours = private.fit(way, data, 3)
        theirs = private.fit_private(data, 3, **{"noise": 0.0} | settings)
        assert all(map(torch.equal, ours.parameters(), theirs.parameters()))
    with pytest.raises(ValueError, match="fit: expected one of overfitted, .*, got 'noise 3'"):
        private.fit("noise 3", data, 0)


@pytest.mark.parametrize(
    "wrong", [{"rate": 0.0}, {"rate": 1.5}, {"limit": 0.0}, {"steps": 0}, {"noise": -1.0}]
)
def test_what_does_not_fit(everybody, wrong):
    settings = {"noise": 1.0} | wrong
    with pytest.raises(ValueError, match="expected a rate above 0 and up to 1"):
        private.fit_private(everybody, 0, **settings)
