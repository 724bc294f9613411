"""Learning that bounds what one example can do: per-example gradients, clipped, plus noise.

    in each step:  take each example with probability q
                   g_i = gradient of example i alone
                   s   = sum of g_i * min(1, C / |g_i|)  +  N(0, (sigma C)^2)
                   w   = w - lr * s / (q N)

Source: Abadi et al., "Deep learning with differential privacy" (2016), algorithm 1. What such a
training gives away at most, epsilon, is counted by Opacus. A small network learns from 400 digits
in several ways; `experiments.membership` attacks what comes out. One label in ten is wrong: people
who do not fit in. Chapter: 5_2_1_privacy.
"""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from large_models.data import digits

MEMBERS = 400  # digits that are learned from
DELTA = 1e-4  # of the guarantee: well below 1 / MEMBERS
RATE, STEPS, LIMIT, LEARNING_RATE = 0.25, 100, 1.0, 1.0  # q, steps, C, lr
NOISES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # sigma
LONG = 3000  # steps, instead of 100
WRONG = 0.1  # share of labels that are wrong

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class People:
    """Digits, one per person."""

    x: Tensor  # (N, 64) ink, 0 to 1
    said: Tensor  # (N,) labels to learn from, a tenth of them wrong
    true: Tensor  # (N,) what they are
    odd: NDArray[np.bool_]  # (N,) whose label is wrong

    def __len__(self) -> int:
        return len(self.x)

    def take(self, rows: NDArray[np.int64]) -> "People":
        """Some of them."""
        return People(self.x[rows], self.said[rows], self.true[rows], self.odd[rows])


def people() -> People:
    """All digits that are not held out. Which labels are wrong, and how, was drawn once."""
    data = digits.load_digits()
    true = torch.tensor(data.train_labels)
    rng = np.random.default_rng(123)
    odd = np.zeros(len(true), dtype=bool)
    odd[rng.permutation(len(true))[: round(WRONG * len(true))]] = True
    shift = torch.from_numpy(np.where(odd, rng.integers(1, 10, len(true)), 0))
    return People(flat(data.train_images), (true + shift) % 10, true, odd)


def held_out() -> tuple[Tensor, Tensor]:
    """The held-out digits (M, 64) and their labels, all of them right."""
    data = digits.load_digits()
    return flat(data.test_images), torch.tensor(data.test_labels)


def flat(counts: NDArray) -> Tensor:
    """Ink counts (N, 8, 8) as rows (N, 64), 0 to 1."""
    return torch.tensor(counts.reshape(len(counts), -1) / 16)


def drawn(seed: int, people: int, number: int = MEMBERS) -> NDArray[np.bool_]:
    """Who of so many people is a member: (people,)."""
    inside = np.zeros(people, dtype=bool)
    inside[np.random.default_rng(seed).permutation(people)[:number]] = True
    return inside


def draw(seed: int, everybody: People, number: int = MEMBERS) -> tuple[People, People]:
    """Members, drawn at random, and all the others; the same people as `drawn` says."""
    order = np.random.default_rng(seed).permutation(len(everybody))
    return everybody.take(order[:number]), everybody.take(order[number:])


def network(seed: int, hidden: int = 128) -> nn.Sequential:
    """Digits (N, 64) to scores (N, 10) over one hidden layer."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(64, hidden), nn.Tanh(), nn.Linear(hidden, 10))


@torch.no_grad()
def losses(model: nn.Module, data: People) -> NDArray[np.float64]:
    """Each one's own loss on the label that was said: (N,). This is what the attack sees."""
    scores = model(data.x).double()  # in float32 small losses would be equal
    return F.cross_entropy(scores, data.said, reduction="none").numpy()


@torch.no_grad()
def confidences(model: nn.Module, data: People) -> NDArray[np.float64]:
    """phi = log p / (1 - p) of the label that was said: (N,). The loss is log(1 + e^-phi)."""
    scores, own = model(data.x).double(), data.said[:, None]
    rest = scores.scatter(1, own, -math.inf).logsumexp(dim=1)
    return (scores.gather(1, own)[:, 0] - rest).numpy()


def each_gradient(model: nn.Module, parameters: Parameters, x: Tensor, y: Tensor) -> Parameters:
    """The gradient of each example's own loss.

    Args:
        model: its forward is used, with `parameters` for its own.
        x, y: (B, ...) inputs and (B,) labels.

    Returns:
        by name, (B, *shape of the parameter).
    """

    def loss(parameters: Parameters, one: Tensor, label: Tensor) -> Tensor:
        scores = functional_call(model, parameters, (one[None],))
        return F.cross_entropy(scores, label[None])

    return vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)


def clipped_sum(gradients: Parameters, limit: float) -> Parameters:
    """The sum over the examples, each shortened as one long vector to the norm `limit`.

    Args:
        gradients: by name, (B, ...).
        limit: C, above 0; infinite for a sum of whole gradients.
    """
    squares = sum((g.flatten(1) ** 2).sum(dim=1) for g in gradients.values())
    factors = (limit / torch.as_tensor(squares).sqrt()).clamp(max=1.0)  # (B,)
    return {name: torch.einsum("b,b...->...", factors, g) for name, g in gradients.items()}


def fit_private(
    data: People,
    seed: int,
    noise: float,
    *,
    limit: float = LIMIT,
    rate: float = RATE,
    steps: int = STEPS,
    learning_rate: float = LEARNING_RATE,
) -> nn.Sequential:
    """DP-SGD: a network trained by clipped gradients with noise.

    With noise 0 there is only clipping; with an infinite limit too, plain gradient descent.

    Who takes part in a step is drawn for each example by itself, since that is what the count of
    epsilon rests on; so is the division by the expected number, not by the one that was drawn.

    Raises:
        ValueError: for a rate outside 0 to 1, a limit or steps not above 0, negative noise, or
            noise without a limit.
    """
    endless = noise > 0 and math.isinf(limit)
    if not 0 < rate <= 1 or not limit > 0 or steps < 1 or not noise >= 0 or endless:
        raise ValueError(
            "expected a rate above 0 and up to 1, limit and steps above 0, noise of at least 0 and "
            "a finite limit where there is noise, "
            f"got rate {rate}, limit {limit}, steps {steps}, noise {noise}"
        )
    model = network(seed)
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    generator = torch.Generator().manual_seed(seed + 1)
    spread = noise * limit if noise else 0.0
    for _ in range(steps):
        rows = torch.rand(len(data), generator=generator) < rate
        total = clipped_sum(each_gradient(model, parameters, data.x[rows], data.said[rows]), limit)
        for name, p in parameters.items():
            if spread:
                total[name] += spread * torch.randn(p.shape, generator=generator)
            parameters[name] = p - learning_rate * total[name] / (rate * len(data))
    model.load_state_dict(parameters)
    return model


def fit_plain(data: People, seed: int, steps: int, weight_decay: float = 0.0) -> nn.Sequential:
    """The same network trained as usual: Adam on batches of 64."""
    model = network(seed)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=weight_decay)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        rows = torch.randint(len(data), (64,), generator=generator)
        optimizer.zero_grad()
        F.cross_entropy(model(data.x[rows]), data.said[rows]).backward()
        optimizer.step()
    return model


def epsilon(
    noise: float, rate: float = RATE, steps: int = STEPS, delta: float = DELTA, exact: bool = False
) -> float:
    """What such a training gives away at most, by Opacus; infinite without noise.

    Args:
        exact: count with privacy-loss distributions (slower, tighter) instead of Renyi divergence.
    """
    if noise == 0:
        return math.inf
    from opacus.accountants import PRVAccountant, RDPAccountant

    accountant = PRVAccountant() if exact else RDPAccountant()
    accountant.history = [(noise, rate, steps)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a finer search could give a slightly smaller number
        return float(accountant.get_epsilon(delta=delta))


OVERFITTED, STOPPED, UNCLIPPED = "overfitted", "stopped early", "not clipped"
CLIPPED_LONG, UNCLIPPED_LONG = "noise 0, 3,000 steps", "not clipped, 3,000 steps"


def ways() -> dict[str, dict[str, float]]:
    """Every way to train, by name, with its settings: without a promise, with noise, controls."""
    clipped = {f"noise {noise:g}": {"noise": noise} for noise in NOISES}
    return {
        OVERFITTED: {"steps": LONG},
        STOPPED: {"steps": 100, "weight_decay": 1.0},
        UNCLIPPED: {"noise": 0.0, "limit": math.inf},
        **clipped,
        CLIPPED_LONG: {"noise": 0.0, "steps": LONG},
        UNCLIPPED_LONG: {"noise": 0.0, "limit": math.inf, "steps": LONG},
    }


def fit(way: str, data: People, seed: int) -> nn.Sequential:
    """A network trained in one of the `ways`.

    Raises:
        ValueError: if there is no such way.
    """
    if way not in ways():
        raise ValueError(f"fit: expected one of {', '.join(ways())}, got {way!r}")
    settings: dict[str, Any] = ways()[way]
    return (fit_private if "noise" in settings else fit_plain)(data, seed, **settings)
