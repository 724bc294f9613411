"""Many small networks trained side by side: the numbers of single runs in a fraction of the time.

    h = tanh(x W + b),  z = h V + c          for M networks at once: (M, B, 64) -> (M, B, 10)

`training.privacy.fit_plain` and `fit_private` train one network; these train M of them, each
with its own data, its own start and its own random numbers, and come out within rounding of the M
single runs (tests/training/test_many.py). Clipping needs only the length of each example's
gradient. For a layer z = x W + b with gradient d at z it is known without the gradient itself:

    |dL/dW|^2 + |dL/db|^2 = (|x|^2 + 1) |d|^2

Source: Goodfellow, "Efficient per-example gradient computations" (arXiv:1510.01799, 2015).
Chapter: 5_2_1_privacy.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.training.privacy import LEARNING_RATE, LIMIT, RATE, STEPS, People, network, ways

Stack = list[Tensor]  # of M networks: weights (M, out, in) and biases (M, out) of both layers


def scores(stack: Stack, x: Tensor) -> Tensor:
    """(M, B, 64) to (M, B, 10)."""
    return layers(stack, x)[1]


def layers(stack: Stack, x: Tensor) -> tuple[Tensor, Tensor]:
    """The hidden layer (M, B, 128) and the scores (M, B, 10)."""
    w, b, v, c = stack
    h = torch.tanh(torch.baddbmm(b[:, None], x, w.mT))
    return h, torch.baddbmm(c[:, None], h, v.mT)


def stacked(seeds: Sequence[int]) -> Stack:
    """The starts that `network` gives these seeds."""
    states = [[p.detach() for p in network(seed).parameters()] for seed in seeds]
    return [torch.stack(parts) for parts in zip(*states, strict=True)]


def single(stack: Stack, m: int) -> nn.Sequential:
    """Network m by itself."""
    model = network(0)
    with torch.no_grad():
        for p, parts in zip(model.parameters(), stack, strict=True):
            p.copy_(parts[m])
    return model


def fit_plain(
    data: Sequence[People], seeds: Sequence[int], steps: int, weight_decay: float = 0.0
) -> Stack:
    """`privacy.fit_plain` of each data with each seed; all data of one size."""
    stack = [p.requires_grad_() for p in stacked(seeds)]
    x, said = _together(data)
    optimizer = torch.optim.AdamW(stack, 3e-3, weight_decay=weight_decay)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    which = torch.arange(len(seeds))[:, None]
    for _ in range(steps):
        rows = torch.stack([torch.randint(x.shape[1], (64,), generator=g) for g in generators])
        optimizer.zero_grad()
        given = scores(stack, x[which, rows]).flatten(0, 1)
        # the sum over networks: none changes another's gradient
        (F.cross_entropy(given, said[which, rows].flatten()) * len(seeds)).backward()
        optimizer.step()
    return [p.detach() for p in stack]


@torch.no_grad()
def fit_private(
    data: Sequence[People],
    seeds: Sequence[int],
    noise: float,
    *,
    limit: float = LIMIT,
    rate: float = RATE,
    steps: int = STEPS,
    learning_rate: float = LEARNING_RATE,
) -> Stack:
    """`privacy.fit_private` of each data with each seed; all data of one size."""
    stack = stacked(seeds)
    x, said = _together(data)
    M, N, _ = x.shape
    right = F.one_hot(said, 10).float()  # (M, N, 10)
    size = (x**2).sum(dim=-1) + 1  # (M, N)
    spread = noise * limit if noise else 0.0
    generators = [torch.Generator().manual_seed(seed + 1) for seed in seeds]
    for _ in range(steps):
        taken = torch.stack([torch.rand(N, generator=g) for g in generators]) < rate  # (M, N)
        h, z = layers(stack, x)
        at_z = z.softmax(dim=-1) - right  # (M, N, 10)
        at_h = at_z @ stack[2] * (1 - h**2)  # (M, N, 128)
        squares = size * (at_h**2).sum(-1) + ((h**2).sum(-1) + 1) * (at_z**2).sum(-1)
        share = (taken * (limit / squares.sqrt()).clamp(max=1.0))[..., None]
        at_h, at_z = share * at_h, share * at_z
        totals = [at_h.mT @ x, at_h.sum(dim=1), at_z.mT @ h, at_z.sum(dim=1)]
        for number, total in enumerate(totals):
            if spread:
                total += spread * torch.stack(
                    [torch.randn(total.shape[1:], generator=g) for g in generators]
                )
            stack[number] = stack[number] - learning_rate * total / (rate * N)
    return stack


def fit(way: str, data: Sequence[People], seeds: Sequence[int]) -> Stack:
    """`privacy.fit` of each data with each seed."""
    settings: dict[str, Any] = ways()[way]
    return (fit_private if "noise" in settings else fit_plain)(data, seeds, **settings)


def _together(data: Sequence[People]) -> tuple[Tensor, Tensor]:
    if len({len(people) for people in data}) != 1:
        raise ValueError(f"expected data of one size, got {[len(people) for people in data]}")
    return torch.stack([d.x for d in data]), torch.stack([d.said for d in data])
