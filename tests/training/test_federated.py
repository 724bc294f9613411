"""Federated averaging: equal to central descent where it must be, and worse on unlike clients."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from large_models.training import federated, metrics
from large_models.training import privacy as private


@pytest.fixture(scope="module")
def everybody():
    return private.people()


def state(model):
    return {name: p.clone() for name, p in model.state_dict().items()}


def test_every_row_has_one_client(everybody):
    labels = everybody.true.numpy()
    for split in (federated.mixed, federated.sorted_apart):
        rows = split(labels, 10, seed=1)
        assert sorted(np.concatenate(rows)) == list(range(len(labels)))
        assert len(rows) == 10
    kinds = [len(np.unique(labels[r])) for r in federated.sorted_apart(labels, 10, seed=1)]
    assert max(kinds) <= 4 and np.mean(kinds) < 3.5
    assert min(len(np.unique(labels[r])) for r in federated.mixed(labels, 10, seed=1)) == 10


def test_one_step_of_each_client_is_one_step_on_all_the_data(everybody):
    """Clients with one batch of 20 each: the mean of their steps is the step of the mean."""
    clients = [(everybody.x[i : i + 20], everybody.true[i : i + 20]) for i in (0, 20, 40)]
    model, central = private.network(0), private.network(0)
    federated.federate(model, clients, lambda m: 0.0, rounds=1, epochs=1, learning_rate=0.3)
    F.cross_entropy(central(everybody.x[:60]), everybody.true[:60]).backward()
    for p, q in zip(model.parameters(), central.parameters(), strict=True):
        torch.testing.assert_close(p, q - 0.3 * q.grad, atol=1e-5, rtol=1e-4)


def test_a_client_counts_as_much_as_it_has_examples(everybody):
    big, small = (
        (everybody.x[:60], everybody.true[:60]),
        (everybody.x[60:65], everybody.true[60:65]),
    )
    together = private.network(0)
    federated.federate(together, [big, small], lambda m: 0.0, rounds=1, epochs=1)
    alone = []
    for k, (x, y) in enumerate((big, small)):
        model = private.network(0)
        federated.learn(model, x, y, 1, 0.1, k)
        alone.append(state(model))
    for name, p in state(together).items():
        expected = (60 * alone[0][name] + 5 * alone[1][name]) / 65
        torch.testing.assert_close(p, expected)


def test_mixed_clients_learn_faster_than_sorted_ones(everybody):
    x, y = private.held_out()

    def evaluate(model):
        return metrics.accuracy(metrics.predict(model, x).argmax(dim=1), y)

    scores = {}
    for split in (federated.mixed, federated.sorted_apart):
        rows = split(everybody.true.numpy(), 10)
        clients = [(everybody.x[r], everybody.true[r]) for r in rows]
        scores[split] = federated.federate(private.network(0), clients, evaluate, rounds=3)
    assert len(scores[federated.mixed]) == 3
    assert scores[federated.mixed][0] > scores[federated.sorted_apart][0] + 0.08


def test_what_does_not_fit(everybody):
    for clients in ([], [(everybody.x[:0], everybody.true[:0])]):
        with pytest.raises(ValueError, match="at least one example each"):
            federated.federate(private.network(0), clients, lambda m: 0.0, rounds=1)
