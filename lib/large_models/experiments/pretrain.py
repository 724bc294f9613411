"""Pretrain the BERT that the book ships, and count what it has to beat.

    python -m large_models.experiments.pretrain  # weights/bert-docs, about 50 minutes on one core

Texts are sentences of the documentation, alone or several that follow on each other in their file.
Choices were made on the validation split; the test split is read once, at the end.
Chapter: 4_1_train_bert. Recipe: Devlin et al. 2019, but for next-sentence prediction and dropout,
which are left out.
"""

import copy
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import MaskedBatch, Texts
from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.formulas.ngram import TwoSided
from large_models.models.bert import BertConfig, BertForMaskedLM
from large_models.models.cnn import num_parameters
from large_models.training.loop import Batches, fit

STEPS = 24_000
BUDGET = 2048  # tokens of a batch
LEARNING_RATE = 2e-3
WARM_UP = 0.05
WEIGHT_DECAY = 0.01
CLIP_NORM = 1.0
EVALUATE_EVERY = 500
SNAPSHOTS = (0, 100, 1000, 10_000)  # steps whose weights are kept, besides the last
SHIPPED = BertConfig(num_hidden_layers=3, dropout=0.0, max_position_embeddings=64)


def batches(
    texts: Texts,
    budget: int = BUDGET,
    share: float = 0.15,
    inside: NDArray[np.bool_] | None = None,
) -> Batches:
    """One epoch's batches for `fit`: hidden ids, mask (empty if nothing is padded), at, targets.

    Arguments are those of `data.masking.batches`.
    """

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, ...]]:
        seed = int(torch.randint(2**31, (1,), generator=generator))
        for batch in masking.batches(texts, np.random.default_rng(seed), budget, share, inside):
            yield tensors(batch)

    return epoch


def tensors(batch: MaskedBatch) -> tuple[Tensor, ...]:
    """A batch as ids, mask, at, targets; the mask is (B, 0) where nothing is padded."""
    mask = batch.mask[:, :0] if batch.mask.all() else batch.mask
    return tuple(map(torch.from_numpy, (batch.ids, mask, batch.at, batch.targets)))


def scores(model: BertForMaskedLM, batch: tuple[Tensor, ...]) -> Tensor:
    """(N, V), at the hidden places only."""
    ids, mask, at, _ = batch
    with torch.autocast("cuda", torch.bfloat16, enabled=ids.is_cuda):
        return model(ids, mask if mask.shape[1] else None, at=at).float()


def loss(model: BertForMaskedLM, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy of the hidden tokens, in nats per token."""
    return F.cross_entropy(scores(model, batch), batch[3][batch[2]])


def divide(
    accumulate: int = 1, rank: int = 0, processes: int = 1
) -> Callable[[Any], list[tuple[Any, float]]]:
    """`fit`'s `split`: the texts of a batch, dealt out to processes and there in several goes.

    Each part counts by its hidden tokens, so that neither changes the gradient of the batch.
    """

    def split(batch: tuple[Tensor, ...]) -> list[tuple[tuple[Tensor, ...], float]]:
        hidden = batch[2].sum()
        rows = torch.arange(len(batch[0]), device=hidden.device).tensor_split(
            processes * accumulate
        )
        parts = [tuple(t[r] for t in batch) for r in rows[rank::processes]]
        shares = [float(part[2].sum() / hidden) for part in parts]
        return [(part, share) for part, share in zip(parts, shares, strict=True) if share]

    return split


def add_up(model: torch.nn.Module, value: Tensor) -> Tensor:
    """`fit`'s `join`: sum gradients and loss over all processes, in one message."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    message = torch.cat([g.flatten() for g in gradients] + [value.view(1)])
    torch.distributed.all_reduce(message)
    *parts, value = message.split([p.numel() for p in parameters] + [1])
    for parameter, part in zip(parameters, parts, strict=True):
        parameter.grad = part.view_as(parameter).clone()
    return value[0]


def recipe(
    model: BertForMaskedLM, steps: int = STEPS, rate: float = LEARNING_RATE
) -> dict[str, Any]:
    """The optimizer and schedule of the shipped run: AdamW, one cycle.

    Returns:
        keyword arguments for `fit`.
    """
    optimizer = torch.optim.AdamW(
        model.parameters(), rate, betas=(0.9, 0.98), weight_decay=WEIGHT_DECAY, fused=True
    )
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, steps, pct_start=max(WARM_UP, 2 / steps), cycle_momentum=False
    )
    return {"optimizer": optimizer, "scheduler": scheduler, "clip_norm": CLIP_NORM}


def held_out(texts: Texts, seed: int = 0, most: int | None = None) -> list[MaskedBatch]:
    """The same masks each time, to judge with.

    Args:
        most: take only so many batches, in random order; all if not given.
    """
    found = masking.batches(texts, np.random.default_rng(seed))
    return [batch for _, batch in zip(range(most or 10**9), found, strict=False)]


def hidden_only(judged: list[MaskedBatch]) -> list[MaskedBatch]:
    """The places where [MASK] stands, without those where the answer was left in sight.

    A model sees a token that was left as it was, and counting does not: only here do both know the
    same.
    """
    return [replace(batch, at=batch.at & (batch.ids == masking.MASK)) for batch in judged]


def baselines(counts: TwoSided, judged: list[MaskedBatch]) -> dict[str, float]:
    """Accuracies of the most frequent token, and of counting with both sides in view."""
    answers = np.concatenate([batch.targets[batch.at] for batch in judged])
    filled = np.concatenate([counts.fill(batch.ids, batch.at) for batch in judged])
    most_frequent = counts.fill(np.array([[masking.MASK]]), np.array([[True]]))
    return {
        "unigram": float((answers == most_frequent).mean()),
        "both sides": float((answers == filled).mean()),
    }


@torch.no_grad()
def judge(model: BertForMaskedLM, judged: list[MaskedBatch]) -> dict[str, float]:
    """Share of hidden tokens whose most probable answer is right, and the mean loss in nats."""
    right = total = nats = 0
    device = model.bias.device
    for batch in (tuple(t.to(device) for t in tensors(batch)) for batch in judged):
        found = scores(model, batch)
        answers = batch[3][batch[2]]
        right += int((found.argmax(-1) == answers).sum())
        nats += float(F.cross_entropy(found, answers, reduction="sum"))
        total += len(answers)
    return {"accuracy": right / total, "loss": nats / total, "tokens": total}


def join_processes() -> tuple[int, int]:
    """Meet the other processes that torchrun has started; alone if there are none.

    Returns:
        this one's rank, and how many there are.
    """
    if "RANK" not in os.environ:
        return 0, 1
    torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return torch.distributed.get_rank(), torch.distributed.get_world_size()


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--accumulate", type=int, default=1, help="parts of a batch, in turn")
    parser.add_argument("--whole-words", action="store_true", help="hide all pieces of a word")
    arguments = parser.parse_args()
    for name in ("steps", "threads", "accumulate"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: expected at least 1, got {getattr(arguments, name)}")
    torch.set_num_threads(arguments.threads)
    rank, processes = join_processes()
    output = outputs.folder(parser, arguments, "bert-docs", WEIGHTS / "bert-docs")
    steps = arguments.steps
    device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if torch.cuda.is_available() else "cpu"

    tokens = tokenizer.train_wordpiece(docstrings.load("train").sentences, SHIPPED.vocab_size)
    texts = {split: Texts(split, tokens) for split in docstrings.SPLITS}
    pieces = [str(tokens.id_to_token(i)).startswith("##") for i in range(tokens.get_vocab_size())]
    inside = np.array(pieces) if arguments.whole_words else None
    judged = held_out(texts["validation"], most=20)
    torch.manual_seed(0)
    model = BertForMaskedLM(SHIPPED).to(device)
    settings = recipe(model, steps)
    settings["split"] = divide(arguments.accumulate, rank, processes)
    settings["join"] = add_up if processes > 1 else None
    generator = torch.Generator().manual_seed(0)
    state = output / "state-0.safetensors"
    if processes > 1:  # all go on from one state: theirs may be of another step
        if rank and state.exists():
            shutil.copy(state, output / f"state-{rank}.safetensors")
        torch.distributed.barrier()
    spent = output / "cpu_seconds.txt"  # of a run that was interrupted, up to its state
    earlier = float(spent.read_text()) if state.exists() and spent.exists() else 0.0
    start = time.process_time() - earlier

    def score(model: BertForMaskedLM) -> float:
        found = judge(model, judged)["accuracy"]
        if rank == 0:
            write_whole(spent, f"{time.process_time() - start:.1f}\n")
        return found

    history: list[dict[str, float]] = []
    for last in sorted({*(s for s in SNAPSHOTS if s < steps), steps}):
        if last:  # a run that was interrupted goes on from its state
            history = fit(
                model,
                batches(texts["train"], inside=inside),
                loss,
                steps=last,
                generator=generator,
                evaluate=score,
                evaluate_every=EVALUATE_EVERY,
                checkpoint=output / f"state-{rank}.safetensors",
                checkpoint_every=EVALUATE_EVERY,
                description="BERT",
                progress_bar=rank == 0,
                **settings,
            )
        kept = output / "checkpoints" / f"{last:06d}"
        if rank == 0 and not kept.exists():
            copy.deepcopy(model).half().save_pretrained(kept)  # to look at, so small
    if rank:
        return
    model.save_pretrained(output, tokens)
    asked = {split: held_out(texts[split]) for split in ("validation", "test")}
    asked |= {f"{split}, [MASK] only": hidden_only(found) for split, found in asked.items()}
    made = texts["train"].texts(np.random.default_rng(0))
    sizes = np.array([len(text) for text in made])
    places = sum(len(g) * sizes[g].max() for g in masking.groups(sizes, np.random.default_rng(0)))
    together = texts["train"].texts(np.random.default_rng(0), alone=0.0)
    counts = TwoSided(together, SHIPPED.vocab_size)
    summary = {
        "command": f"python -m large_models.experiments.pretrain --steps {steps}"
        + f" --accumulate {arguments.accumulate}" * (arguments.accumulate > 1)
        + " --whole-words" * arguments.whole_words,
        "processes": processes,
        "seed": 0,
        "steps": steps,
        "config": asdict(SHIPPED),
        "parameters": num_parameters(model),
        "corpus_sha256": docstrings.corpus_hash("train"),
        "train_tokens": sum(map(len, texts["train"].sentences)),
        "padding": round(1 - float(sizes.sum() / places), 4),
        "torch": torch.__version__.split("+")[0],
        "threads": torch.get_num_threads(),
        "cpu_seconds": round(float(spent.read_text())) if spent.exists() else None,
        "held_out": {split: judge(model, batches) for split, batches in asked.items()},
        "baselines": {split: baselines(counts, batches) for split, batches in asked.items()},
        "start": judge(BertForMaskedLM.from_pretrained(output / "checkpoints/000000"), judged),
        "history": history,
    }
    write_whole(output / "metrics.json", json.dumps(summary, indent=2) + "\n")
    print(output, summary["held_out"], summary["baselines"])


if __name__ == "__main__":
    main()
