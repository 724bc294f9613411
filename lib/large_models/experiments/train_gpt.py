"""Train the GPT that the book ships, and count the n-grams that it has to beat.

    python -m large_models.experiments.train_gpt  # weights/gpt-docs, about 45 minutes on one core

One stream of tokens a split: the sentences of a file in their order, a line each, and
"<|endoftext|>" before each file. Choices were made on the validation split; the test split is read
once, at the end. Chapter: 3_4_transformer.
"""

import json
import math
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from large_models.data import docstrings, tokenizer
from large_models.data.tokenizer import Tokens
from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.formulas.ngram import KneserNey
from large_models.models.cnn import num_parameters
from large_models.models.gpt import GPT, GPTConfig
from large_models.training.loop import Batches, fit

STEPS = 6000
BATCH = 32  # texts of n_positions tokens each
LEARNING_RATE = 3e-3  # the peak of a one-cycle schedule
WARM_UP = 0.05  # share of the steps
WEIGHT_DECAY = 0.1
CLIP_NORM = 1.0
EVALUATE_EVERY = 50
ORDERS = (1, 2, 3, 4, 5, 6)  # of the n-grams


def encode(split: str, tokens: Tokens) -> tuple[NDArray[np.int64], int]:
    """A side of the corpus as one stream.

    Returns:
        (N,) token ids, and how many bytes of text they stand for.

    Raises:
        ValueError: for another split.
    """
    data = docstrings.load(split)
    encoded = cast(Any, tokens).encode_batch([f"{sentence}\n" for sentence in data.sentences])
    end = tokens.token_to_id(tokenizer.END_OF_TEXT)
    ids, before = [], None
    for file, sentence in zip(data.files, encoded, strict=True):
        ids += [end] * (file != before) + sentence.ids
        before = file
    return np.array(ids), sum(len(sentence) + 1 for sentence in data.sentences)


def batches(ids: NDArray[np.int64], length: int, size: int = BATCH) -> Batches:
    """One epoch's batches for `fit`: pieces of the stream, from another start each epoch.

    Args:
        ids: (N,), the stream.
        length: T, of the pieces.

    Raises:
        ValueError: if the stream is too short for one batch.
    """
    stream = torch.from_numpy(ids)
    count = (len(ids) - length) // length
    if count < size:
        raise ValueError(f"ids: expected at least {(size + 1) * length} tokens, got {len(ids)}")

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, Tensor]]:
        start = int(torch.randint(length, (1,), generator=generator))
        pieces = stream[start : start + count * length + 1].unfold(0, length + 1, length)
        order = torch.randperm(len(pieces), generator=generator)
        for rows in order.split(size):
            yield pieces[rows, :-1], pieces[rows, 1:]  # the tokens, and the next ones

    return epoch


def loss(model: torch.nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy of the next tokens, in nats per token."""
    return F.cross_entropy(model(batch[0]).flatten(0, 1), batch[1].flatten())


def recipe(model: GPT, steps: int = STEPS) -> dict[str, Any]:
    """The optimizer and schedule of the shipped run: AdamW, one cycle.

    Returns:
        keyword arguments for `fit`.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps, pct_start=WARM_UP, cycle_momentum=False
    )
    return {"optimizer": optimizer, "scheduler": scheduler, "clip_norm": CLIP_NORM}


@torch.no_grad()
def nats(model: GPT, ids: NDArray[np.int64], stride: int | None = None) -> NDArray[np.float64]:
    """How surprised the model is by each token of a stream after the first.

    Windows of n_positions overlap so that, but for the first ones, each token is judged with at
    least n_positions - stride tokens before it.

    Args:
        ids: (N,), N at least 2.
        stride: of the windows; half of n_positions if not given.

    Returns:
        (N - 1,): -ln p(token | those before it in its window).

    Raises:
        ValueError: for fewer tokens or a stride outside 1 to n_positions.
    """
    T = model.config.n_positions
    stride = max(1, T // 2) if stride is None else stride
    if len(ids) < 2 or not 1 <= stride <= T:
        raise ValueError(
            f"expected at least 2 tokens and a stride from 1 to {T}, got {len(ids)} and {stride}"
        )
    stream = torch.from_numpy(np.asarray(ids))
    out = np.empty(len(ids) - 1)
    ends = [*range(min(T, len(out)), len(out), stride), len(out)]
    done = 0
    for group in range(0, len(ends), BATCH):
        chosen = ends[group : group + BATCH]
        starts = [max(0, end - T) for end in chosen]
        width = min(T, len(out))
        inputs = torch.stack([stream[s : s + width] for s in starts])
        targets = torch.stack([stream[s + 1 : s + width + 1] for s in starts])
        found = F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten(), reduction="none")
        for row, s, end in zip(found.view(-1, width), starts, chosen, strict=True):
            out[done:end] = row[done - s : end - s]
            done = end
    return out


def bits_per_byte(surprises: NDArray[np.float64], num_bytes: int) -> float:
    """Sum of nats over a text, as bits per byte of it."""
    return float(np.sum(surprises) / math.log(2) / num_bytes)


def train(
    ids: NDArray[np.int64],
    steps: int = STEPS,
    seed: int = 0,
    config: GPTConfig | None = None,
    **fit_settings: Any,
) -> tuple[GPT, list[dict[str, float]]]:
    """A GPT trained on a stream, all randomness from `seed`; and what `fit` returns."""
    torch.manual_seed(seed)
    model = GPT(config)
    history = fit(
        model,
        batches(ids, model.config.n_positions),
        loss,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        evaluate_every=EVALUATE_EVERY,
        **recipe(model, steps) | fit_settings,
    )
    return model, history


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--checkpoint", type=Path, help="go on from here, and keep the state here")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    for name in ("steps", "threads"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: expected at least 1, got {getattr(arguments, name)}")
    torch.set_num_threads(arguments.threads)
    output = outputs.folder(parser, arguments, "gpt-docs", WEIGHTS / "gpt-docs")

    tokens = tokenizer.train_bpe(docstrings.load("train").sentences, GPTConfig().vocab_size)
    tokenizer.save(tokens, output)
    streams = {split: encode(split, tokens) for split in docstrings.SPLITS}
    ids = streams["train"][0]
    part = streams["validation"][0][:16_384]
    start = time.process_time()
    model, history = train(
        ids,
        arguments.steps,
        evaluate=lambda model: -float(nats(model, part, stride=model.config.n_positions).mean()),
        checkpoint=arguments.checkpoint,
        checkpoint_every=500 if arguments.checkpoint else None,
        description="GPT",
    )
    seconds = time.process_time() - start
    model.save_pretrained(output)
    V = model.config.vocab_size
    results = {}
    for split in ("validation", "test"):
        stream, size = streams[split]
        results[split] = {
            "gpt": bits_per_byte(nats(model, stream), size),
            **{
                f"{order}-gram": bits_per_byte(
                    -np.log(KneserNey(ids, order, V).probabilities(stream)[1:]), size
                )
                for order in ORDERS
            },
        }
    summary = {
        "command": f"python -m large_models.experiments.train_gpt --steps {arguments.steps}",
        "seed": 0,
        "config": asdict(model.config),
        "parameters": num_parameters(model),
        "steps": arguments.steps,
        "tokens_a_step": BATCH * model.config.n_positions,
        "tokens": {split: len(stream) for split, (stream, _) in streams.items()},
        "bytes": {split: size for split, (_, size) in streams.items()},
        "corpus_sha256": {split: docstrings.corpus_hash(split) for split in docstrings.SPLITS},
        "torch": torch.__version__.split("+")[0],
        "threads": arguments.threads,
        "cpu_seconds": round(seconds),
        "bits_per_byte": results,
        "history": history,
    }
    write_whole(output / "metrics.json", json.dumps(summary, indent=2) + "\n")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
