"""Train the recurrent networks that the book ships, an LSTM and a plain RNN on each of two jobs.

    # weights/adding-lstm and -rnn, about 4 minutes
    python -m large_models.experiments.train_rnn adding
    # weights/chars-lstm and -rnn, about 10 minutes
    python -m large_models.experiments.train_rnn chars

Settings are the same for both kinds, but for the LSTM's forget gates, which start open (Gers et al.
2000). Choices were made on other seeds of the adding problem, and on the validation side of the
text; what is held out is read once, at the end. Chapter: 3_2_rnn.
"""

import json
import math
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from large_models.data import docstrings
from large_models.data.sequences import CHARACTERS, adding_problem, to_indices
from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.formulas.ngram import KneserNey
from large_models.models.cnn import num_parameters
from large_models.models.rnn import SequenceConfig, SequenceModel
from large_models.training.loop import Batches, fit

KINDS = ("lstm", "rnn")
CLIP_NORM = 1.0
BATCH = 64
# Of the forget gates at the start. What has to be kept for a hundred steps needs more than 1, with
# which some seeds had not learned to add after 1,200 steps; with 3, all five had after 1,500.
FORGET_BIAS = {"adding": 3.0, "chars": 1.0}

LENGTH = 100  # of the adding problem
ADDING_STEPS = 1500
ADDING_RATE = 5e-3
HELD_OUT = 2000, 10_000  # sequences, seed
SEEDS = range(5)  # all are trained; the first is shipped

CHARS_STEPS = 10_000
CHARS_BATCH = 32
CHARS_RATE = (
    5e-3  # reached after WARM_UP of the steps: more slowly, the LSTM's gates saturate first
)
WARM_UP = 0.005
CHARS_LENGTH = 100  # steps between two cuts of the gradient
CHARS_HELD_OUT = 200_000  # characters of a side that are judged
ORDERS = (1, 2, 3, 4, 5, 6)  # of the n-grams to compare with


def new_model(kind: str, job: str, seed: int = 0) -> SequenceModel:
    """A model as it is before training, all randomness from `seed`.

    Raises:
        ValueError: for another kind or job.
    """
    V = len(CHARACTERS)
    sizes = {"adding": (2, 32, 1), "chars": (V, 128, V)}
    if job not in sizes:
        raise ValueError(f"job: expected one of {', '.join(sizes)}, got {job!r}")
    torch.manual_seed(seed)
    model = SequenceModel(SequenceConfig(kind, *sizes[job]))
    return model.remember_by_default(FORGET_BIAS[job]) if kind == "lstm" else model


# --- the adding problem -------------------------------------------------------------------------


def adding_batches(length: int = LENGTH, size: int = BATCH) -> Batches:
    """Batches for `fit` of sequences never seen before."""

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, Tensor]]:
        seed = int(torch.randint(2**31, (1,), generator=generator))
        x, y = adding_problem(size, length, seed)
        yield torch.from_numpy(x), torch.from_numpy(y)

    return epoch


def adding_loss(model: SequenceModel, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean squared error of the answer after the last step."""
    return F.mse_loss(model(batch[0])[0][:, -1, 0], batch[1])


@torch.no_grad()
def adding_error(model: SequenceModel, number: int, length: int, seed: int) -> float:
    """Mean squared error on sequences of a seed."""
    x, y = adding_problem(number, length, seed)
    return float(adding_loss(model, (torch.from_numpy(x), torch.from_numpy(y))))


def train_adding(
    kind: str, steps: int = ADDING_STEPS, seed: int = 0, **fit_settings: Any
) -> tuple[SequenceModel, list[dict[str, float]]]:
    """A model trained on the adding problem, and what `fit` returns."""
    model = new_model(kind, "adding", seed)
    optimizer = torch.optim.Adam(model.parameters(), ADDING_RATE)
    settings = {"clip_norm": CLIP_NORM, "evaluate_every": 50, "description": f"adding, {kind}"}
    history = fit(
        model,
        adding_batches(),
        adding_loss,
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        **settings | fit_settings,
    )
    return model, history


# --- characters ---------------------------------------------------------------------------------


def chars_batches(
    indices: NDArray[np.int64], length: int = CHARS_LENGTH, size: int = CHARS_BATCH
) -> Batches:
    """One epoch's batches for `fit`: pieces of the text, from another start each epoch.

    Raises:
        ValueError: if the text is too short for one batch.
    """
    stream = torch.from_numpy(indices)
    count = (len(indices) - length) // length
    if count < size:
        raise ValueError(f"expected at least {(size + 1) * length} characters, got {len(indices)}")

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, Tensor]]:
        start = int(torch.randint(length, (1,), generator=generator))
        pieces = stream[start : start + count * length + 1].unfold(0, length + 1, length)
        for rows in torch.randperm(count, generator=generator).split(size):
            yield pieces[rows, :-1], pieces[rows, 1:]

    return epoch


def chars_loss(model: SequenceModel, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy of the next character, in nats."""
    x = F.one_hot(batch[0], len(CHARACTERS)).float()  # (B, T, V)
    return F.cross_entropy(model(x)[0].flatten(0, 1), batch[1].flatten())


@torch.no_grad()
def bits_per_character(
    model: SequenceModel, indices: NDArray[np.int64], streams: int = 50
) -> float:
    """Surprise at each character of a text after the first, in bits per character.

    The text is cut into streams that are read side by side, each from an empty memory.

    Raises:
        ValueError: for less than two characters a stream.
    """
    T = (len(indices) - 1) // streams
    if T < 1:
        raise ValueError(f"expected at least {streams + 1} characters, got {len(indices)}")
    text = torch.from_numpy(indices[: streams * T + 1])
    x, y = text[:-1].view(streams, T), text[1:].view(streams, T)
    total, state = 0.0, None
    for piece, following in zip(x.split(500, dim=1), y.split(500, dim=1), strict=True):
        logits, state = model(F.one_hot(piece, len(CHARACTERS)).float(), state)
        total += F.cross_entropy(logits.flatten(0, 1), following.flatten(), reduction="sum").item()
    return total / (streams * T) / math.log(2)


def train_chars(
    kind: str,
    indices: NDArray[np.int64],
    steps: int = CHARS_STEPS,
    seed: int = 0,
    **fit_settings: Any,
) -> tuple[SequenceModel, list[dict[str, float]]]:
    """A model trained on a text, and what `fit` returns."""
    model = new_model(kind, "chars", seed)
    optimizer = torch.optim.Adam(model.parameters(), CHARS_RATE)
    history = fit(
        model,
        chars_batches(indices),
        chars_loss,
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        scheduler=torch.optim.lr_scheduler.OneCycleLR(
            optimizer, CHARS_RATE, CHARS_STEPS, pct_start=WARM_UP, cycle_momentum=False
        ),
        **{"clip_norm": CLIP_NORM, "evaluate_every": 50, "description": f"characters, {kind}"}
        | fit_settings,
    )
    return model, history


# --- the command --------------------------------------------------------------------------------


def _record(model: SequenceModel, output: Path, command: str, start: float, **more: Any) -> None:
    model.save_pretrained(output)
    summary = {
        "command": command,
        "seed": 0,
        "config": asdict(model.config),
        "parameters": num_parameters(model),
        "torch": torch.__version__.split("+")[0],
        "threads": torch.get_num_threads(),
        "cpu_seconds": round(time.process_time() - start),
        **more,
    }
    write_whole(output / "metrics.json", json.dumps(summary, indent=2) + "\n")
    print(output, {k: v for k, v in more.items() if k != "history"}, flush=True)


def _adding(output: Path, command: str) -> None:
    targets = adding_problem(HELD_OUT[0], LENGTH, HELD_OUT[1])[1]
    for kind in KINDS:
        start = time.process_time()
        trained = [train_adding(kind, seed=seed) for seed in SEEDS]
        errors = [adding_error(model, HELD_OUT[0], LENGTH, HELD_OUT[1]) for model, _ in trained]
        model, history = trained[0]
        _record(
            model,
            output / f"adding-{kind}",
            command,
            start,
            steps=ADDING_STEPS,
            length=LENGTH,
            mean_squared_error=errors[0],
            mean_squared_error_by_seed=errors,
            guessing_the_mean=float(targets.var()),
            history=history,
        )


def _chars(output: Path, command: str) -> None:
    texts = {split: to_indices(docstrings.text(split)) for split in docstrings.SPLITS}
    held_out = {split: texts[split][:CHARS_HELD_OUT] for split in ("validation", "test")}
    ngrams = {}
    for order in ORDERS:
        counts = KneserNey(texts["train"], order, len(CHARACTERS))
        for split, text in held_out.items():
            bits = -np.log2(counts.probabilities(text)[1:]).mean()
            ngrams.setdefault(split, {})[f"{order}-gram"] = float(bits)
    for kind in KINDS:
        start = time.process_time()
        model, history = train_chars(kind, texts["train"])
        bits = {split: bits_per_character(model, text) for split, text in held_out.items()}
        _record(
            model,
            output / f"chars-{kind}",
            command,
            start,
            steps=CHARS_STEPS,
            corpus_sha256=docstrings.corpus_hash("train"),
            held_out_characters=CHARS_HELD_OUT,
            bits_per_character={s: {kind: bits[s], **ngrams[s]} for s in held_out},
            history=history,
        )


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("job", choices=("adding", "chars"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run = {"adding": _adding, "chars": _chars}[arguments.job]
    run(
        outputs.folder(parser, arguments, "rnn", WEIGHTS),
        f"python -m large_models.experiments.train_rnn {arguments.job}",
    )


if __name__ == "__main__":
    main()
