"""Scaling laws of our own: many small GPTs, each trained once on so much text, and none tuned.

    python -m large_models.experiments.scaling  # weights/scaling-docs, about 12 minutes on one core

Every run has a learning rate that rises and falls over its own length, so its end is the end of a
whole run; what a longer run has reached on the way is not (its rate is still high), and is kept
apart as its curve. Runs are of four kinds:

    grid        8 models on four amounts of text, as far as a budget goes: what the law is fitted to
    large       two runs beyond that budget, to see whether the law predicts them
    repeated    a little text, read several times, three of the four with two seeds
    again       the shorter half of the grid, the large ones, and what the repeated ones are
                compared with, with another seed: the spread

The results file grows run by run, and a run that it has is not repeated: what was interrupted goes
on. Judged on the validation side, of which nothing was learned; learning rates were chosen on it.
Chapter: 5_1_trends. The law: `formulas.scaling`.
"""

import json
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from large_models.data import docstrings, tokenizer
from large_models.experiments import outputs, train_gpt
from large_models.experiments.learning_curves import as_text
from large_models.files import WEIGHTS, write_whole
from large_models.models.gpt import GPT, GPTConfig
from large_models.training.loop import fit

VOCAB = 512
LENGTH = 64  # tokens of a text
BATCH = 4  # texts of a step
MODELS = {  # layers x features: none, from 3,280 to 335,520 parameters in their blocks
    f"{layers} x {features}": (layers, features)
    for layers, features in (
        *((1, 16), (1, 24), (1, 32), (2, 32)),
        *((2, 48), (2, 64), (4, 64), (3, 96), (3, 128)),
    )
}
GRID = tuple(MODELS)[:-1]
TOKENS = (2**17, 2**18, 2**19, 2**20)
BUDGET = 1.3e12  # the most that a run of the grid may cost, as 6 N D
LARGE = (("3 x 96", 2**20), ("3 x 128", 3 * 2**19))
REPEATED = ("2 x 32", "3 x 96")
HELD_OUT = 1024  # texts
EVALUATE_EVERY = 2**18  # tokens


def config(name: str) -> GPTConfig:
    """The sizes of a model, by its name in MODELS.

    Raises:
        ValueError: for another name.
    """
    if name not in MODELS:
        raise ValueError(f"model: expected one of {', '.join(MODELS)}, got {name!r}")
    layers, features = MODELS[name]
    return GPTConfig(VOCAB, LENGTH, features, layers, max(1, features // 16))


def rate(name: str) -> float:
    """The peak of a model's learning rate: smaller models take larger steps."""
    return 0.2 / MODELS[name][1]


def start(name: str, seed: int) -> GPT:
    """A model before training. GPT-2's start is made for hundreds of features: with a few dozen,
    four times larger tables of tokens and positions spare the small models a slow beginning."""
    torch.manual_seed(seed)
    model = GPT(config(name))
    for table in (model.tokens.weight, model.positions.weight):
        table.data.mul_(4)
    return model


def parameters(model: GPT) -> int:
    """Numbers in the blocks, the N of the law: without the tables of tokens and positions."""
    return sum(p.numel() for p in model.blocks.parameters())


def texts(split: str, tokens: Any, seed: int = 0) -> Tensor:
    """A side of the corpus in texts of LENGTH tokens and the one that follows, in random order.

    Returns:
        (N, LENGTH + 1).
    """
    stream = torch.from_numpy(train_gpt.encode(split, tokens)[0])
    return shuffled(stream.unfold(0, LENGTH + 1, LENGTH), seed)


def shuffled(pieces: Tensor, seed: int) -> Tensor:
    """The rows in the order that a seed gives."""
    return pieces[torch.from_numpy(np.random.default_rng(seed).permutation(len(pieces)))]


@torch.no_grad()
def held_out_loss(model: GPT, judged: Tensor) -> float:
    """Mean surprise in nats per token; a token has 0 to LENGTH - 1 others before it in its text."""
    losses = [
        train_gpt.loss(model, (part[:, :-1], part[:, 1:])).item() * len(part)
        for part in judged.split(64)
    ]
    return sum(losses) / len(judged)


def run(
    name: str,
    tokens: int,
    train: Tensor,
    judged: Tensor,
    *,
    seed: int = 0,
    unique: int | None = None,
) -> dict:
    """Train one model and judge it.

    Args:
        name: of MODELS.
        tokens: D, how many to learn from; a multiple of LENGTH * BATCH.
        train: (N, LENGTH + 1), in the order that `seed` gives; the first ones are taken.
        judged: (M, LENGTH + 1), held out.
        seed: of the weights and of the order in each epoch.
        unique: so many different tokens, read again and again; all different if not given.

    Returns:
        a row of the results.

    Raises:
        ValueError: if there is too little text, or the sizes do not divide.
    """
    unique = tokens if unique is None else unique
    step = LENGTH * BATCH
    for what, number in (("tokens", tokens), ("unique", unique)):
        if number < step or number % step:
            raise ValueError(f"{what}: expected a multiple of {step}, got {number}")
    if unique > LENGTH * len(train):
        raise ValueError(f"unique: expected at most {LENGTH * len(train)} tokens, got {unique}")
    model = start(name, seed)
    pieces = train[: unique // LENGTH]

    def batches(generator: torch.Generator) -> Iterable[tuple[Tensor, Tensor]]:
        for rows in torch.randperm(len(pieces), generator=generator).split(BATCH):
            yield pieces[rows, :-1], pieces[rows, 1:]

    steps = tokens // step
    optimizer = torch.optim.AdamW(
        model.parameters(), betas=(0.9, 0.98), weight_decay=0.1, fused=True
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate(name), total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    began = time.process_time()
    history = fit(
        model,
        batches,
        train_gpt.loss,
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        scheduler=scheduler,
        clip_norm=1.0,
        evaluate=lambda model: -held_out_loss(model, judged),
        evaluate_every=EVALUATE_EVERY // step,
        progress_bar=False,
    )
    return {
        "model": name,
        "parameters": parameters(model),
        "tokens": tokens,
        "unique": unique,
        "seed": seed,
        "held_out": round(-history[-1]["score"], 5),
        "curve": [[e["step"] * step, round(-e["score"], 5)] for e in history],
        "cpu_seconds": round(time.process_time() - began, 1),
    }


def plan() -> list[dict]:
    """All runs, the most wanted first: their kind, and the arguments of `run`."""
    grid = [
        {"kind": "grid", "name": name, "tokens": tokens, "seed": 0}
        for tokens in TOKENS
        for name in GRID
        if 6 * parameters(GPT(config(name))) * tokens < BUDGET
    ]
    large = [{"kind": "large", "name": name, "tokens": tokens, "seed": 0} for name, tokens in LARGE]
    repeated = [
        {"kind": "repeated", "name": name, "tokens": tokens, "seed": seed, "unique": TOKENS[0]}
        for seed in (0, 1)
        for name in REPEATED
        for tokens in TOKENS[1:3]
        if not (seed and name == REPEATED[1] and tokens == TOKENS[2])  # the most expensive: once
    ]
    short = [job for job in grid if job["tokens"] in TOKENS[:2]]
    again = [job | {"kind": "again", "seed": 1} for job in large + short]
    longer = next(j for j in grid if (j["name"], j["tokens"]) == (REPEATED[0], TOKENS[2]))
    again.append(longer | {"kind": "again", "seed": 1})  # on new text, beside the repeated one
    return grid + large + repeated + again


def key(row: dict) -> tuple:
    """What tells one run from another."""
    name = row.get("name", row.get("model"))
    return row["kind"], name, row["tokens"], row["seed"]


def main() -> None:
    parser = outputs.parser(__doc__)
    arguments = parser.parse_args()
    arguments.output = outputs.folder(parser, arguments, "scaling-docs", WEIGHTS / "scaling-docs")
    torch.set_num_threads(1)
    output, path = arguments.output, arguments.output / "results.json"
    pieces = tokenizer.train_bpe(docstrings.load("train").sentences, VOCAB)
    tokenizer.save(pieces, output)
    judged = texts("validation", pieces)[:HELD_OUT]
    unordered = torch.from_numpy(train_gpt.encode("train", pieces)[0])
    unordered = unordered.unfold(0, LENGTH + 1, LENGTH)
    summary = {
        "command": "python -m large_models.experiments.scaling",
        "corpus_sha256": docstrings.corpus_hash("train"),
        "vocab_size": VOCAB,
        "length": LENGTH,
        "tokens_a_step": LENGTH * BATCH,
        "train_tokens": LENGTH * len(unordered),
        "held_out_tokens": LENGTH * len(judged),
        "torch": torch.__version__.split("+")[0],
        "threads": 1,
    }
    rows = json.loads(path.read_text())["results"] if path.exists() else []
    done = {key(row) for row in rows}
    for job in plan():
        if key(job) in done:
            continue
        kind, settings = job["kind"], {k: v for k, v in job.items() if k != "kind"}
        train = shuffled(unordered, job["seed"])
        row = {"kind": kind} | run(train=train, judged=judged, **settings)
        rows.append(row)
        print(*key(row), row["held_out"], f"{row['cpu_seconds']:.0f} s", flush=True)
        spent = round(sum(row["cpu_seconds"] for row in rows))
        write_whole(path, as_text(summary | {"cpu_seconds": spent, "results": rows}))


if __name__ == "__main__":
    main()
