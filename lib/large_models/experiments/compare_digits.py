"""A convolutional network against dense ones on the same digits: equal data, tuning and care.

    python -m large_models.experiments.compare_digits  # weights/digits-comparison, about 10 minutes

Four models, each from the pictures as they are and from pictures bent anew in every epoch, at three
learning rates and from five seeds. A seed draws the weights, the order, and which fifth of the
training part is the validation part, that says when to stop. Of the learning rates the one counts
whose mean validation accuracy is highest (`chosen`). The held-out part, as it is and moved to the
right, is read after each run, and decides nothing. The wide dense network has ten times as many
parameters as the CNN: a control for size. What is shipped are the first three seeds at the first
rate; the command goes on from there. Chapter: 3_1_cnn.
"""

import itertools
import json
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.data import digits
from large_models.experiments import outputs, train_lenet
from large_models.experiments.learning_curves import as_text
from large_models.files import WEIGHTS, write_whole
from large_models.models.cnn import LeNet, num_parameters
from large_models.training import metrics
from large_models.training.loop import fit

RATES = (3e-3, 1e-3, 1e-2)
SEEDS = range(5)
EPOCHS = 40
PATIENCE = 12  # epochs without a new best
BATCH = train_lenet.BATCH
MOVES = (0, 1, 2, 3)  # pixels to the right


def dense(hidden: int) -> nn.Module:
    """One hidden layer."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 10))


MODELS: dict[str, Callable[[], nn.Module]] = {
    "logistic regression": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10)),
    "dense network": lambda: dense(26),
    "wide dense network": lambda: dense(256),
    "CNN": LeNet,
}


def parts(seed: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Pictures (N, 1, 28, 28) and labels to learn from, and those of the validation part."""
    data = digits.load_digits()
    order = np.random.default_rng(seed).permutation(len(data.train_labels))
    fifth = len(order) // 5
    pictures = digits.to_input(data.train_images)
    learned, kept = (
        (torch.from_numpy(pictures[rows]), torch.from_numpy(data.train_labels[rows]))
        for rows in (order[fifth:], order[:fifth])
    )
    return learned, kept


def moved(pictures: Tensor, pixels: int) -> Tensor:
    """Pictures moved to the right; what leaves at the right is lost, paper enters at the left."""
    return F.pad(pictures, (pixels, 0))[..., : pictures.shape[-1]]


def accuracy(model: nn.Module, pictures: Tensor, labels: Tensor) -> float:
    """Share of pictures that are read right."""
    return metrics.accuracy(metrics.predict(model, pictures).argmax(1), labels)


def train(
    name: str, bent: bool, rate: float, seed: int, epochs: int = EPOCHS
) -> tuple[nn.Module, list[dict]]:
    """One model trained, the weights of its best epoch put back, and what `fit` returns.

    Raises:
        ValueError: for a name that is not in MODELS.
    """
    if name not in MODELS:
        raise ValueError(f"model: expected one of {', '.join(MODELS)}, got {name!r}")
    learn, validate = parts(seed)
    torch.manual_seed(seed)
    model = MODELS[name]()
    epoch = -(-len(learn[1]) // BATCH)
    history = fit(
        model,
        train_lenet.batches(*learn, bent=bent),
        train_lenet.loss,
        torch.optim.Adam(model.parameters(), rate),
        steps=epoch * epochs,
        generator=torch.Generator().manual_seed(seed),
        evaluate=lambda model: accuracy(model, *validate),
        evaluate_every=epoch,
        patience=PATIENCE,
        description=f"{name}, {'bent' if bent else 'plain'}",
        progress_bar=False,
    )
    return model, history


def run(name: str, bent: bool, rate: float, seed: int) -> dict:
    """A row of the results."""
    began = time.process_time()
    model, history = train(name, bent, rate, seed)
    data = digits.load_digits()
    held_out = torch.from_numpy(digits.to_input(data.test_images))
    truth = torch.from_numpy(data.test_labels.copy())
    return {
        "model": name,
        "bent": bent,
        "rate": rate,
        "seed": seed,
        "parameters": num_parameters(model),
        "epochs": len(history),
        "validation": max(entry["score"] for entry in history),
        "test": [accuracy(model, moved(held_out, pixels), truth) for pixels in MOVES],
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def chosen(rows: Sequence[dict], name: str, bent: bool) -> list[dict]:
    """The rows of one model, one for each seed, at the learning rate that its validation parts
    prefer. A rate that has not been tried with all seeds does not count.

    Raises:
        ValueError: if there is no such row.
    """
    of_model = [row for row in rows if row["model"] == name and row["bent"] == bent]
    if not of_model:
        raise ValueError(f"no row of {name!r}, {'bent' if bent else 'plain'}")

    by_rate = {rate: [r for r in of_model if r["rate"] == rate] for rate in RATES}
    most = max(map(len, by_rate.values()))
    tried = [same for same in by_rate.values() if len(same) == most]
    return max(tried, key=lambda same: np.mean([row["validation"] for row in same]))


def key(row: dict) -> tuple:
    """What tells one run from another."""
    return tuple(row[name] for name in ("model", "bent", "rate", "seed"))


def main() -> None:
    parser = outputs.parser(__doc__)
    arguments = parser.parse_args()
    arguments.output = outputs.folder(
        parser, arguments, "digits-comparison", WEIGHTS / "digits-comparison"
    )
    torch.set_num_threads(1)
    path = arguments.output / "results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    summary = {
        "command": "python -m large_models.experiments.compare_digits",
        "data_sha256": train_lenet.data_hash(),
        "epochs": EPOCHS,
        "patience": PATIENCE,
        "batch": BATCH,
        "moves": list(MOVES),
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    rows = json.loads(path.read_text("utf-8"))["results"] if path.exists() else []
    done = {key(row) for row in rows}
    for rate, seed, bent, name in itertools.product(RATES, SEEDS, (False, True), MODELS):
        if (name, bent, rate, seed) in done:
            continue
        rows.append(run(name, bent, rate, seed))
        print(*key(rows[-1]), rows[-1]["test"], rows[-1]["cpu_seconds"], flush=True)
        spent = round(sum(row["cpu_seconds"] for row in rows))
        write_whole(path, as_text(summary | {"cpu_seconds": spent, "results": rows}))


if __name__ == "__main__":
    main()
