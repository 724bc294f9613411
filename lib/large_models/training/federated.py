"""Federated averaging: the data stay where they are, models travel.

    in each round:  every client starts from the common model and learns on its own data;
                    the common model becomes the clients' mean, weighted by their examples

Source: McMahan et al., "Communication-efficient learning of deep networks from decentralized data"
(2017), algorithm 1, here with every client in every round. Chapter: 5_2_1_privacy.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

State = dict[str, Tensor]


def mixed(labels: NDArray, clients: int, seed: int = 0) -> list[NDArray[np.int64]]:
    """Each client's rows, drawn at random: all have some of everything."""
    return np.array_split(np.random.default_rng(seed).permutation(len(labels)), clients)


def sorted_apart(labels: NDArray, clients: int, seed: int = 0) -> list[NDArray[np.int64]]:
    """Each client's rows: two pieces of the data sorted by label, so about two kinds of digits."""
    pieces = np.array_split(np.argsort(labels, kind="stable"), 2 * clients)
    order = np.random.default_rng(seed).permutation(2 * clients)
    return [np.concatenate([pieces[i] for i in pair]) for pair in order.reshape(clients, 2)]


def learn(
    model: nn.Module, x: Tensor, y: Tensor, epochs: int, learning_rate: float, seed: int
) -> None:
    """Train in place on batches of 20, by plain gradient descent."""
    optimizer = torch.optim.SGD(model.parameters(), learning_rate)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for rows in torch.randperm(len(y), generator=generator).split(20):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()


def average(states: Sequence[State], counts: Sequence[int]) -> State:
    """The mean of the models, weighted by how many examples each has learned from."""
    total = sum(counts)
    return {
        name: torch.as_tensor(
            sum(n / total * state[name] for n, state in zip(counts, states, strict=True))
        )
        for name in states[0]
    }


def federate(
    model: nn.Module,
    clients: Sequence[tuple[Tensor, Tensor]],
    evaluate: Callable[[nn.Module], float],
    *,
    rounds: int,
    epochs: int = 5,
    learning_rate: float = 0.1,
    seed: int = 0,
) -> list[float]:
    """Train `model` in place on data that no two clients share.

    Args:
        clients: inputs and labels of each.
        evaluate: gives a number after every round.
        epochs: of each client in each round.

    Returns:
        the numbers, one per round.

    Raises:
        ValueError: if there is no client, or one has no data.
    """
    counts = [len(y) for _, y in clients]
    if not counts or min(counts) < 1:
        raise ValueError(f"expected clients with at least one example each, got {counts}")
    scores = []
    for number in range(rounds):
        common = {name: p.detach().clone() for name, p in model.state_dict().items()}
        states = []
        for k, (x, y) in enumerate(clients):
            model.load_state_dict(common)
            own = 1_000_000 * seed + 1_000 * number + k  # no two clients shuffle alike
            learn(model, x, y, epochs, learning_rate, own)
            states.append({name: p.detach().clone() for name, p in model.state_dict().items()})
        model.load_state_dict(average(states, counts))
        scores.append(evaluate(model))
    return scores
