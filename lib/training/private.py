"""Learning that bounds what one example can do: per-example gradients, clipped, plus noise.

    python -m lib.training.private      # weights/privacy-digits, about 2 minutes

    in each step:  take each example with probability q
                   g_i = gradient of example i alone
                   s   = sum of g_i * min(1, C / |g_i|)  +  N(0, (sigma C)^2)
                   w   = w - lr * s / (q N)

Source: Abadi et al., "Deep learning with differential privacy" (2016), algorithm 1. What such a
training gives away at most, epsilon, is counted by Opacus. The script trains a small network on 400
digits in several ways, and attacks each by its losses (lib.formulas.privacy). One label in ten is
wrong: people who do not fit in. Chapter: 5_2_1_privacy.
"""

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional as F

from lib.data import digits
from lib.formulas import privacy
from lib.training import metrics
from lib.training.checkpoint import write_whole
from lib.training.train_lenet import data_hash

MEMBERS = 400  # digits that are learned from
DELTA = 1e-4  # of the guarantee: well below 1 / MEMBERS
RATE, STEPS, LIMIT, LEARNING_RATE = 0.25, 100, 1.0, 1.0  # q, steps, C, lr
NOISES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # sigma
SEEDS = 10
WRONG = 0.1  # share of labels that are wrong

Parameters = dict[str, Tensor]


@dataclass(frozen=True)
class People:
    """Digits, one a person."""

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


def draw(seed: int, everybody: People, number: int = MEMBERS) -> tuple[People, People]:
    """Members, drawn at random, and all the others."""
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
        limit: C, above 0.
    """
    squares = sum((g.flatten(1) ** 2).sum(dim=1) for g in gradients.values())
    factors = limit / squares.sqrt().clamp(min=limit)  # (B,), at most 1
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
    """A network trained by clipped gradients with noise. With noise 0 there is only clipping.

    Who takes part in a step is drawn for each example by itself, since that is what the count of
    epsilon rests on; so is the division by the expected number, not by the one that was drawn.

    Raises:
        ValueError: for a rate outside 0 to 1, a limit or steps not above 0, or negative noise.
    """
    if not 0 < rate <= 1 or not limit > 0 or steps < 1 or not noise >= 0:
        raise ValueError(
            "expected a rate above 0 and up to 1, limit and steps above 0 and noise of at least 0, "
            f"got rate {rate}, limit {limit}, steps {steps}, noise {noise}"
        )
    model = network(seed)
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    generator = torch.Generator().manual_seed(seed + 1)
    for _ in range(steps):
        rows = torch.rand(len(data), generator=generator) < rate
        total = clipped_sum(each_gradient(model, parameters, data.x[rows], data.said[rows]), limit)
        for name, p in parameters.items():
            total[name] += noise * limit * torch.randn(p.shape, generator=generator)
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


def attack(model: nn.Module, members: People, others: People) -> dict[str, float]:
    """How well the losses tell members from others: of all, and of those who stand out."""
    inside, outside = losses(model, members), losses(model, others)
    odd = inside[members.odd], outside[others.odd]
    return {
        "auc": privacy.auc(inside, outside),
        "found": privacy.found_at(inside, outside, 0.01),
        "auc_odd": privacy.auc(*odd),
        "found_odd": privacy.found_at(*odd, 0.1),  # too few of them for a hundredth
    }


OVERFITTED, STOPPED = "overfitted", "stopped early"


def ways() -> dict[str, Callable[[People, int], nn.Sequential]]:
    """Every way to train, by name: two without a promise, then one for each noise."""
    found: dict[str, Callable] = {
        OVERFITTED: lambda data, seed: fit_plain(data, seed, 3000),
        STOPPED: lambda data, seed: fit_plain(data, seed, 100, weight_decay=1.0),
    }
    for noise in NOISES:
        found[f"noise {noise:g}"] = lambda data, seed, noise=noise: fit_private(data, seed, noise)
    return found


def measure(way: str, seed: int, everybody: People) -> tuple[dict, list[list[float]]]:
    """Train one way with one draw of members, and attack.

    Returns:
        the results, and the losses of members and of others.
    """
    members, others = draw(seed, everybody)
    model = ways()[way](members, seed)
    x, labels = held_out()
    row = {
        "way": way,
        "seed": seed,
        "accuracy": metrics.accuracy(metrics.predict(model, x).argmax(dim=1), labels),
    }
    sides = [[float(f"{v:.3g}") for v in losses(model, side)] for side in (members, others)]
    return row | attack(model, members, others), sides


def as_text(summary: dict) -> str:
    """JSON with a result, and a way's losses, on a line each."""
    lines = ",\n".join(json.dumps(row) for row in summary["results"])
    kept = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in summary["losses"].items())
    odd = json.dumps(summary["odd"])
    head = json.dumps(summary | {"odd": {}, "results": [], "losses": {}}, indent=2)
    head = head.replace('"odd": {}', f'"odd": {odd}')
    head = head.replace('"results": []', f'"results": [\n{lines}\n]')
    return head.replace('"losses": {}', f'"losses": {{\n{kept}\n}}') + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("weights/privacy-digits"))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds: expected at least 1, got {arguments.seeds}")
    torch.set_num_threads(1)
    start, everybody = time.process_time(), people()
    rows, kept = [], {}
    shown = dict(zip(("members", "others"), draw(0, everybody), strict=True))
    for way in ways():
        for seed in range(arguments.seeds):
            row, sides = measure(way, seed, everybody)
            rows.append({k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()})
            print(way, *(f"{k} {v}" for k, v in rows[-1].items() if k != "way"), flush=True)
            if seed == 0:
                kept[way] = {"members": sides[0], "others": sides[1]}
    summary = {
        "command": f"python -m lib.training.private --seeds {arguments.seeds}",
        "members": MEMBERS,
        "others": len(everybody) - MEMBERS,
        "delta": DELTA,
        "rate": RATE,
        "steps": STEPS,
        "limit": LIMIT,
        "learning_rate": LEARNING_RATE,
        "epsilon": {f"noise {s:g}": round(epsilon(s), 3) for s in NOISES if s},
        "epsilon_exact": {f"noise {s:g}": round(epsilon(s, exact=True), 3) for s in NOISES if s},
        "data_sha256": data_hash(),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": round(time.process_time() - start),
        "odd": {name: np.flatnonzero(side.odd).tolist() for name, side in shown.items()},
        "results": rows,
        "losses": kept,
    }
    write_whole(arguments.output / "metrics.json", as_text(summary))


if __name__ == "__main__":
    main()
