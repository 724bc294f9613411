"""Does a start that reaches far back learn the adding problem? Recurrent networks and their starts.

    python -m lib.training.adding_starts      # weights/adding-starts, about 40 minutes on one core

`lib.training.train_rnn` compares an LSTM whose forget gates start open with a plain RNN that starts
as PyTorch starts it. Several things differ there at once: the gates, the start, and the number of
parameters. Here each is changed alone, at two learning rates and from five seeds each, with the
recipe otherwise the same. Beside each error stands how far the gradient reached *before* training.

The plain RNN of 66 units has slightly more parameters than the LSTM of 32. Its starts: PyTorch's; a
rotation, which keeps lengths; the identity, which keeps the state itself, with tanh and with ReLU
(Le, Jaitly and Hinton 2015). The results file grows run by run, and a run that it has is not
repeated. Nothing was chosen on the sequences that judge. Chapter: 3_2_rnn.
"""

import argparse
import json
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lib.data.sequences import adding_problem
from lib.models.cnn import num_parameters
from lib.models.sequence import SequenceConfig, SequenceModel
from lib.training import train_rnn
from lib.training.checkpoint import write_whole
from lib.training.learning_curves import as_text

STEPS = train_rnn.ADDING_STEPS
RATES = (5e-3, 1e-3)
SEEDS = range(5)
UNITS = {"rnn": (32, 66), "lstm": (32,), "gru": (32,)}
STARTS = {
    "rnn": ("default", "rotation", "identity", "identity, ReLU"),
    "lstm": ("default", "keep 1", "keep 3"),
    "gru": ("default", "keep 3"),
}


@dataclass(frozen=True)
class Start:
    """A network before training: its kind, how many units, and the name of its start."""

    kind: str
    units: int
    start: str

    def model(self, seed: int) -> SequenceModel:
        """The network, all randomness from `seed`.

        Raises:
            ValueError: for a start that this kind does not have.
        """
        if self.start not in STARTS.get(self.kind, ()):
            raise ValueError(f"start: {self.kind} has {STARTS.get(self.kind)}, got {self.start!r}")
        torch.manual_seed(seed)
        model = SequenceModel(SequenceConfig(self.kind, 2, self.units, 1))
        name, _, bias = self.start.partition(" ")
        if name == "keep":
            _keep(model, float(bias))
        elif name == "rotation":
            nn.init.orthogonal_(model.rnn.weight_hh_l0)
        elif name.startswith("identity"):
            nn.init.eye_(model.rnn.weight_hh_l0)
            nn.init.zeros_(model.rnn.bias_ih_l0)
            nn.init.zeros_(model.rnn.bias_hh_l0)
            if bias:
                model.rnn.nonlinearity = "relu"
        return model


def _keep(model: SequenceModel, bias: float) -> None:
    """Let the LSTM's forget gates, or the GRU's update gates, start at sigmoid(bias)."""
    H = model.config.hidden_size
    with torch.no_grad():  # rows H to 2H belong to the gate that keeps, in both
        model.rnn.bias_ih_l0[H : 2 * H] = bias
        model.rnn.bias_hh_l0[H : 2 * H] = 0


def all_starts() -> list[Start]:
    """Every network of the comparison, the plain ones first, which are the quickest."""
    return [
        Start(kind, units, start)
        for kind, starts in STARTS.items()
        for units in UNITS[kind]
        for start in starts
    ]


def reach(model: SequenceModel, seed: int = 1) -> tuple[float, float]:
    """Size of d(last state) / d(input) at the last step and at the first, before any training."""
    x = torch.from_numpy(adding_problem(64, train_rnn.LENGTH, seed)[0]).requires_grad_()
    model.rnn(x)[0][:, -1].sum().backward()
    model.zero_grad()
    sizes = x.grad.norm(dim=2).mean(dim=0)  # (T,)
    return float(sizes[-1]), float(sizes[0])


# --- five seeds at once -------------------------------------------------------------------------
# A step of one small network is over before it has been asked for. Networks of one kind and size
# take it together, stacked along a first axis; each has its own data, gradient norm and update.


def stacked(models: Sequence[SequenceModel]) -> dict[str, nn.Parameter]:
    """The parameters of S networks of one kind and size: (S, ...) by name."""
    states = [model.state_dict() for model in models]
    return {name: nn.Parameter(torch.stack([s[name] for s in states])) for name in states[0]}


def answers(model: SequenceModel, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """What S networks say after the last step.

    Args:
        model: one of them, for the kind.
        weights: as `stacked` gives them.
        x: (S, B, T, C), sequences for each.

    Returns:
        (S, B).
    """
    (S, B, T, _), H = x.shape, model.config.hidden_size
    w_ih, w_hh, b_ih, b_hh = (
        weights[f"rnn.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    together = model.config.kind != "gru"  # the GRU's reset gate stands between the two biases
    first, second = (b_ih + b_hh, torch.zeros_like(b_hh)) if together else (b_ih, b_hh)
    steps = torch.baddbmm(first[:, None], x.flatten(1, 2), w_ih.mT)  # (S, B * T, G * H)
    steps = steps.view(S, B, T, -1).movedim(2, 0).contiguous().unbind(0)
    w_hh, second = w_hh.mT, second[:, None]
    h = c = x.new_zeros(S, B, H)
    relu = model.config.kind == "rnn" and model.rnn.nonlinearity == "relu"
    for step in steps:
        if model.config.kind == "rnn":
            a = torch.baddbmm(step, h, w_hh)
            h = torch.relu(a) if relu else torch.tanh(a)
        elif model.config.kind == "lstm":
            i, f, g, o = torch.baddbmm(step, h, w_hh).chunk(4, dim=2)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        else:
            x_rz, x_n = step.split([2 * H, H], dim=2)
            h_rz, h_n = torch.baddbmm(second, h, w_hh).split([2 * H, H], dim=2)
            r, z = torch.sigmoid(x_rz + h_rz).chunk(2, dim=2)
            h = torch.lerp(torch.tanh(x_n + r * h_n), h, z)
    output = torch.baddbmm(weights["output.bias"][:, None], h, weights["output.weight"].mT)
    return output[..., 0]


def clip(parameters: Iterable[nn.Parameter], max_norm: float) -> None:
    """Shorten each network's gradient to a norm, by itself."""
    parameters = list(parameters)
    squares = torch.stack([p.grad.flatten(1).square().sum(dim=1) for p in parameters])
    factor = (max_norm / (squares.sum(dim=0).sqrt() + 1e-6)).clamp(max=1)  # (S,)
    for p in parameters:
        p.grad *= factor.view(-1, *[1] * (p.ndim - 1))


def train(
    models: Sequence[SequenceModel], rate: float, seeds: Sequence[int], steps: int = STEPS
) -> None:
    """Train networks of one kind and size in place, each as `fit` would by itself."""
    weights = stacked(models)
    optimizer = torch.optim.Adam(weights.values(), rate)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    batches = train_rnn.adding_batches()
    for _ in range(steps):
        drawn = [next(iter(batches(generator))) for generator in generators]
        x, y = map(torch.stack, zip(*drawn, strict=True))  # (S, B, T, 2), (S, B)
        optimizer.zero_grad()
        (answers(models[0], weights, x) - y).square().mean(dim=1).sum().backward()
        clip(weights.values(), train_rnn.CLIP_NORM)
        optimizer.step()
    for n, model in enumerate(models):
        model.load_state_dict({name: p[n].detach() for name, p in weights.items()})


def run(start: Start, rate: float, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> list[dict]:
    """Train a network from each seed and judge it: rows of the results. One whose loss was no
    longer a number has no error."""
    began = time.process_time()
    models = [start.model(seed) for seed in seeds]
    reaches = [reach(model) for model in models]
    train(models, rate, seeds, steps)
    number, held_out = train_rnn.HELD_OUT
    errors = [train_rnn.adding_error(m, number, train_rnn.LENGTH, held_out) for m in models]
    seconds = round((time.process_time() - began) / len(models), 1)
    return [
        {
            "kind": start.kind,
            "units": start.units,
            "start": start.start,
            "rate": rate,
            "seed": seed,
            "parameters": num_parameters(model),
            "reach_last": last,
            "reach_first": first,
            "error": error if math.isfinite(error) else None,
            "cpu_seconds": seconds,
        }
        for seed, model, (last, first), error in zip(seeds, models, reaches, errors, strict=True)
    ]


def key(row: dict) -> tuple:
    """What tells one run from another."""
    return tuple(row[name] for name in ("kind", "units", "start", "rate", "seed"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("weights/adding-starts"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    path = arguments.output / "results.json"
    targets = adding_problem(train_rnn.HELD_OUT[0], train_rnn.LENGTH, train_rnn.HELD_OUT[1])[1]
    summary = {
        "command": "python -m lib.training.adding_starts",
        "steps": STEPS,
        "length": train_rnn.LENGTH,
        "batch": train_rnn.BATCH,
        "clip_norm": train_rnn.CLIP_NORM,
        "guessing_the_mean": float(targets.var()),
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    rows = json.loads(path.read_text("utf-8"))["results"] if path.exists() else []
    done = {key(row) for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    for rate in RATES:
        for start in all_starts():
            if all((start.kind, start.units, start.start, rate, seed) in done for seed in SEEDS):
                continue
            rows += run(start, rate)
            for row in rows[-len(SEEDS) :]:
                print(*key(row), row["error"], f"{row['cpu_seconds']} s", flush=True)
            spent = round(sum(row["cpu_seconds"] for row in rows))
            write_whole(path, as_text(summary | {"cpu_seconds": spent, "results": rows}))


if __name__ == "__main__":
    main()
