"""Does a start that reaches far back learn the adding problem? Recurrent networks and their starts.

    # weights/adding-starts, about 40 minutes on one core
    python -m large_models.experiments.adding_starts

`experiments.train_rnn` compares an LSTM whose forget gates start open with a plain RNN that starts
as PyTorch starts it. Several things differ there at once: the gates, the start, and the number of
parameters. Here each is changed alone, at two learning rates and from five seeds each, with the
recipe otherwise the same. Beside each error stands how far the gradient reached *before* training.

The plain RNN of 66 units has slightly more parameters than the LSTM of 32. Its starts: PyTorch's; a
rotation, which keeps lengths; the identity, which keeps the state itself, with tanh and with ReLU
(Le, Jaitly and Hinton 2015). The results file grows run by run, and a run that it has is not
repeated. What is shipped is all that was run: a part of the plan, at the recipe's rate. Nothing
was chosen on the sequences that judge. Chapter: 3_2_rnn.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from large_models.data.sequences import adding_problem
from large_models.experiments import outputs, train_rnn
from large_models.experiments.learning_curves import as_text
from large_models.files import WEIGHTS, weights, write_whole
from large_models.models.cnn import num_parameters
from large_models.models.rnn import SequenceConfig, SequenceModel
from large_models.training.many_recurrent import Stack, clip

STEPS = train_rnn.ADDING_STEPS
RATES = (5e-3, 1e-3)
SEEDS = range(5)
STARTS = {
    ("rnn", 32): ("default", "rotation", "identity", "identity, ReLU"),
    ("lstm", 32): ("default", "keep 1", "keep 3"),
    ("gru", 32): ("default", "keep 3"),
    ("rnn", 66): ("default", "rotation", "identity", "identity, ReLU"),
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
        starts = STARTS.get((self.kind, 32), ())
        if self.start not in starts:
            raise ValueError(f"start: {self.kind} has {starts}, got {self.start!r}")
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

    def row(self, seed: int, rate: float, error: float | None, seconds: float) -> dict:
        """A row of the results; the reach is measured before any training."""
        model = self.model(seed)
        last, first = reach(model)
        return {
            "kind": self.kind,
            "units": self.units,
            "start": self.start,
            "rate": rate,
            "seed": seed,
            "parameters": num_parameters(model),
            "reach_last": last,
            "reach_first": first,
            "error": error,
            "cpu_seconds": seconds,
        }


def _keep(model: SequenceModel, bias: float) -> None:
    """Let the LSTM's forget gates, or the GRU's update gates, start at sigmoid(bias)."""
    H = model.config.hidden_size
    with torch.no_grad():  # rows H to 2H belong to the gate that keeps, in both
        model.rnn.bias_ih_l0[H : 2 * H] = bias
        model.rnn.bias_hh_l0[H : 2 * H] = 0


def all_starts() -> list[Start]:
    """Every network of the comparison."""
    return [Start(*network, start) for network, starts in STARTS.items() for start in starts]


def plan() -> list[tuple[Start, float]]:
    """All trainings, the most wanted first: the recipe's rate before the smaller one, PyTorch's
    starts before the others, and plain networks before those with gates, which take longer."""
    return [
        (start, rate)
        for rate in RATES
        for start in sorted(all_starts(), key=lambda s: (s.start != "default", s.kind != "rnn"))
    ]


def reach(model: SequenceModel, seed: int = 1) -> tuple[float, float]:
    """Size of d(last state) / d(input) at the last step and at the first, before any training."""
    x = torch.from_numpy(adding_problem(64, train_rnn.LENGTH, seed)[0]).requires_grad_()
    model.rnn(x)[0][:, -1].sum().backward()
    model.zero_grad()
    assert x.grad is not None
    sizes = x.grad.norm(dim=2).mean(dim=0)  # (T,)
    return float(sizes[-1]), float(sizes[0])


def train(
    models: Sequence[SequenceModel], rate: float, seeds: Sequence[int], steps: int = STEPS
) -> None:
    """Train networks of one kind and size in place, each as `fit` would by itself."""
    stack = Stack(models)
    optimizer = torch.optim.Adam(stack.weights.values(), rate)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    batches = train_rnn.adding_batches()
    for _ in range(steps):
        drawn = [next(iter(batches(generator))) for generator in generators]
        with torch.no_grad():
            stack.gradients(*map(torch.stack, zip(*drawn, strict=True)))
        clip(stack.weights.values(), train_rnn.CLIP_NORM)
        optimizer.step()
    stack.unstack(models)


def run(start: Start, rate: float, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> list[dict]:
    """Train a network from each seed and judge it: rows of the results. One whose loss was no
    longer a number has no error."""
    began = time.process_time()
    models = [start.model(seed) for seed in seeds]
    train(models, rate, seeds, steps)
    number, held_out = train_rnn.HELD_OUT
    errors = [train_rnn.adding_error(m, number, train_rnn.LENGTH, held_out) for m in models]
    seconds = round((time.process_time() - began) / len(models), 1)
    return [
        start.row(seed, rate, error if math.isfinite(error) else None, seconds)
        for seed, error in zip(seeds, errors, strict=True)
    ]


def shipped() -> list[dict]:
    """The rows that `train_rnn` has made before, with the same recipe and seeds: the LSTM whose
    forget gates start open."""
    path = weights("adding-lstm") / "metrics.json"
    metrics, start = json.loads(path.read_text("utf-8")), Start("lstm", 32, "keep 3")
    errors = metrics["mean_squared_error_by_seed"]
    seconds = round(metrics["cpu_seconds"] / len(errors), 1)
    return [
        start.row(seed, train_rnn.ADDING_RATE, error, seconds) for seed, error in enumerate(errors)
    ]


def key(row: dict) -> tuple:
    """What tells one run from another."""
    return tuple(row[name] for name in ("kind", "units", "start", "rate", "seed"))


def main() -> None:
    parser = outputs.parser(__doc__)
    arguments = parser.parse_args()
    arguments.output = outputs.folder(parser, arguments, "adding-starts", WEIGHTS / "adding-starts")
    torch.set_num_threads(1)
    path = arguments.output / "results.json"
    targets = adding_problem(train_rnn.HELD_OUT[0], train_rnn.LENGTH, train_rnn.HELD_OUT[1])[1]
    summary = {
        "command": "python -m large_models.experiments.adding_starts",
        "steps": STEPS,
        "length": train_rnn.LENGTH,
        "batch": train_rnn.BATCH,
        "clip_norm": train_rnn.CLIP_NORM,
        "guessing_the_mean": float(targets.var()),
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    rows = json.loads(path.read_text("utf-8"))["results"] if path.exists() else shipped()
    done = {key(row) for row in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    for start, rate in plan():
        if all((start.kind, start.units, start.start, rate, seed) in done for seed in SEEDS):
            continue
        rows += run(start, rate)
        for row in rows[-len(SEEDS) :]:
            print(*key(row), row["error"], f"{row['cpu_seconds']} s", flush=True)
        spent = round(sum(row["cpu_seconds"] for row in rows))
        write_whole(path, as_text(summary | {"cpu_seconds": spent, "results": rows}))


if __name__ == "__main__":
    main()
