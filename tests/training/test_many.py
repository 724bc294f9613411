"""Many networks at once are the single runs, one by one."""

import math

import numpy as np
import pytest
import torch

from large_models.training import many
from large_models.training import privacy as private

SEEDS = (0, 1, 5)


@pytest.fixture(scope="module")
def data():
    everybody = private.people()
    return [private.draw(seed, everybody, 80)[0] for seed in SEEDS]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("fit_plain", {"steps": 40, "weight_decay": 0.5}),
        ("fit_private", {"noise": 1.0, "steps": 8}),
        ("fit_private", {"noise": 0.0, "steps": 8, "limit": 0.3, "rate": 0.5}),
        ("fit_private", {"noise": 0.0, "steps": 8, "limit": math.inf, "learning_rate": 0.5}),
    ],
)
def test_each_is_its_single_run(data, name, settings):
    stack = getattr(many, name)(data, SEEDS, **settings)
    for m, (people, seed) in enumerate(zip(data, SEEDS, strict=True)):
        one = getattr(private, name)(people, seed, **settings)
        for p, q in zip(one.parameters(), many.single(stack, m).parameters(), strict=True):
            torch.testing.assert_close(p, q, atol=2e-6, rtol=1e-5)


def test_a_way_has_the_same_settings(data):
    stack = many.fit("stopped early", data, SEEDS)
    one = private.fit("stopped early", data[1], SEEDS[1])
    for p, q in zip(one.parameters(), many.single(stack, 1).parameters(), strict=True):
        torch.testing.assert_close(p, q, atol=1e-5, rtol=1e-4)


def test_scores_are_the_single_networks(data):
    stack = many.stacked(SEEDS)
    x = torch.stack([people.x for people in data])
    for m in range(len(SEEDS)):
        torch.testing.assert_close(many.scores(stack, x)[m], many.single(stack, m)(x[m]))


def test_data_of_two_sizes_are_refused(data):
    with pytest.raises(ValueError, match="expected data of one size, got"):
        many.fit_plain([data[0], data[1].take(np.arange(10))], (0, 1), 1)
