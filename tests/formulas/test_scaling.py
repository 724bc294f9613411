"""The scaling law: a law that made the runs is found again, and PyTorch counts the same work."""

import numpy as np
import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from large_models.formulas import scaling
from large_models.models.gpt import GPT, GPTConfig

LAW = scaling.Law(E=1.7, A=40.0, alpha=0.35, B=400.0, beta=0.4)
N, D = (x.ravel() for x in np.meshgrid(np.geomspace(3e3, 3e5, 6), np.geomspace(1e5, 1e6, 4)))


def test_finds_the_law_that_made_the_runs():
    law = scaling.fit(N, D, scaling.loss(LAW, N, D))
    np.testing.assert_allclose(law, LAW, rtol=1e-3)


def test_one_run_that_went_astray_hardly_matters():
    losses = scaling.loss(LAW, N, D)
    losses[7] *= 1.5
    there = scaling.loss(LAW, 1e6, 4e6)
    assert scaling.loss(scaling.fit(N, D, losses), 1e6, 4e6) == pytest.approx(there, rel=0.02)


@pytest.mark.heavy
def test_bootstrap_spreads_with_the_noise():
    rng = np.random.default_rng(0)
    spread = []
    for noise in (0.001, 0.02):
        losses = scaling.loss(LAW, N, D) * np.exp(rng.normal(0, noise, len(N)))
        laws = scaling.bootstrap(N, D, losses, count=15)
        spread.append(np.std([scaling.loss(law, 1e6, 4e6) for law in laws]))
    assert 0 < spread[0] < spread[1] / 3


def test_best_split_is_the_least_on_its_budget():
    best_N, best_D = scaling.best_split(LAW, 1e13)
    assert 6 * best_N * best_D == pytest.approx(1e13)
    least = scaling.loss(LAW, best_N, best_D)
    for factor in (0.8, 1.25):
        assert scaling.loss(LAW, best_N * factor, best_D / factor) > least


def test_work_is_what_pytorch_counts():
    layers, features, length, vocab_size = 2, 32, 16, 64
    model = GPT(GPTConfig(vocab_size, length, features, layers, 2))
    ids = torch.zeros(3, length, dtype=torch.int64)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as count:
        model(ids).sum().backward()
    work = scaling.training_flops(layers, features, length, vocab_size)
    assert work * ids.numel() == count.get_total_flops()


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ((N[:4], D[:4], D[:4]), "R at least 5"),
        ((N, D[:-1], D), "of one shape"),
        ((N, D, 0 * D), "losses: expected positive"),
        ((N * 0 + 5, D, D), "N: expected different values"),
    ],
)
def test_bad_runs_are_told(runs, message):
    with pytest.raises(ValueError, match=message):
        scaling.fit(*runs)
