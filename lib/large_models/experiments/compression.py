"""How much of a network can be thrown away: the fine-tuned BERT made smaller in every way.

    python -m large_models.experiments.compression  # weights/bert-docs-packages, about 10 minutes
    # adds other seeds to what is there, as long again
    python -m large_models.experiments.compression --more-seeds

A BERT is fine-tuned to tell which library a sentence documents. Then, each judged on the same test
sentences: its matrices with fewer bits; with zeros, before and after more training; clipped; a
small student that learns from its answers, beside the same student that has the labels only; and
LoRA of several ranks, beside the head alone. The rates of LoRA and of retraining were chosen on the
validation split, the first of two, the second of four; nothing else was tuned.

Chapter: 5_2_2_compression. Sources: Han et al. 2015; Hinton et al. 2015; Hu et al. 2021.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from large_models.data import docstrings, tokenizer
from large_models.experiments import finetune, outputs
from large_models.experiments.compression_ways import (
    RETRAIN_STEPS,
    STUDENT_STEPS,
    changed,
    distil,
    head_of,
    pruned,
    retrained,
    stored_bits,
    student,
    teach,
    with_lora,
    zeros,
)
from large_models.experiments.finetune import Labelled
from large_models.experiments.learning_curves import JUDGED, as_text, some
from large_models.files import WEIGHTS, write_whole
from large_models.formulas import compression
from large_models.models.bert import BertForSequenceClassification
from large_models.models.bert_files import to_hub
from large_models.models.cnn import num_parameters
from large_models.tensors import save_tensors

SHARES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # of the weights that go
RETRAINED = (0.0, 0.8, 0.9, 0.95)  # 0: the same training with nothing pruned
BOTH = 0.8, 4  # pruned to this share, retrained, then to so many bits
LIMITS = (0.5, 0.3, 0.2, 0.1, 0.05)  # of the largest weight
RANKS = (1, 4, 16)
SHIPPED_RANK = 4
STEPS = 800  # of fine-tuning, full, LoRA or head alone
SEEDS = 3  # of the students
MORE_SEEDS = {"student": (3, 4), "other": (1,)}  # what --more-seeds adds


def judge(model: Any, data: Labelled) -> dict[str, float]:
    """`finetune.judge` of a model's answers."""
    return finetune.judge(finetune.predict(model, data).argmax(1), data)


def ratios(ways: dict[str, Callable], rounds: int = 30) -> dict[str, float]:
    """How long each way takes, as a multiple of the first: processor time, the least of all rounds.

    The ways take turns, so that what else the machine does meets all of them.
    """
    least = dict.fromkeys(ways, float("inf"))
    with torch.no_grad():
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.process_time()
                way()
                least[name] = min(least[name], time.process_time() - start)
    first = least[next(iter(ways))]
    return {name: seconds / first for name, seconds in least.items()}


def shipped(directory: str | Path, way: str, **what: Any) -> list[dict]:
    """The rows of compression.json of one way, and with these settings, in their order."""
    rows = json.loads((Path(directory) / "compression.json").read_text("utf-8"))["results"]
    return [row for row in rows if {"way": way, **what}.items() <= row.items()]


def fresh(pretrained: Path, names: tuple[str, ...], seed: int = 0) -> BertForSequenceClassification:
    """The pretrained body under a new head."""
    torch.manual_seed(seed)
    return BertForSequenceClassification.from_pretrained(pretrained, names)


def save(model: BertForSequenceClassification, directory: Path) -> None:
    """In float16, in the hub's format; then the model is what was written."""
    model.save_pretrained(directory)
    halves = {name: tensor.half() for name, tensor in to_hub(model.state_dict()).items()}
    save_tensors(directory / "model.safetensors", halves)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.half().float())


def more_seeds(
    pretrained: Path,
    output: Path,
    data: Labelled,
    judged: Labelled,
    steps: tuple[int, int, int],
) -> None:
    """Train again with other seeds what was trained with one, and add how it did to the results.

    The shipped network is the teacher, and what is pruned; a seed is that of a new head, of the
    products, of a student's start, and of the order of the sentences. Rows that are there stay.

    Args:
        steps: of fine-tuning (head, LoRA, all), of training on after pruning, of a student.
    """
    path = output / "compression.json"
    summary = json.loads(path.read_text("utf-8"))
    rows, start = summary["results"], time.process_time()
    teacher = BertForSequenceClassification.from_pretrained(output)
    scores = teach(teacher, data)
    vocab_size = teacher.config.vocab_size

    def keep(way: str, seed: int, train: Callable[[], nn.Module], **what: Any) -> None:
        row = {"way": way, "seed": seed} | what
        if any(row.items() <= there.items() for there in rows):
            return
        row["kilobytes"] = round(stored_bits(made := train()) / 8e3, 1)
        rows.append(row | judge(made, judged))
        summary["more_seeds_cpu_seconds"] = round(time.process_time() - start)
        write_whole(path, as_text(summary))
        print(
            f"{time.process_time() - start:5.0f} s ", *row.values(), rows[-1]["macro"], flush=True
        )

    def tuned(seed: int, frozen: bool) -> nn.Module:
        model = fresh(pretrained, data.names, seed)
        finetune.train(model, data, steps[0], frozen=frozen, seed=seed, progress_bar=False)
        return model

    def thin(seed: int, rank: int) -> nn.Module:
        model = fresh(pretrained, data.names, seed)
        with_lora(model, rank, data, steps[0], seed)
        return model

    def taught(seed: int, given: NDArray[np.float32] | None) -> nn.Module:
        model = student(data.names, vocab_size, seed)
        distil(model, data, given, steps[2], seed)
        return model

    for seed in MORE_SEEDS["student"]:
        keep("student, labels", seed, lambda: taught(seed, None))  # noqa: B023
        keep("student, teacher", seed, lambda: taught(seed, scores))  # noqa: B023
    for seed in MORE_SEEDS["other"]:
        keep("head alone", seed, lambda: tuned(seed, True))  # noqa: B023
        for rank in RANKS:
            keep("LoRA", seed, lambda: thin(seed, rank), rank=rank)  # noqa: B023
        keep("fine-tuned", seed, lambda: tuned(seed, False))  # noqa: B023
        for share in RETRAINED:
            again = lambda: retrained(teacher, share, data, steps[1], seed=seed)  # noqa: B023, E731
            keep("retrained", seed, again, share=share)


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--pretrained", type=Path, default=WEIGHTS / "bert-docs")
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--shorten", type=int, default=1, help="divide all steps by this: a trial")
    parser.add_argument("--more-seeds", action="store_true", help="add seeds, write no weights")
    arguments = parser.parse_args()
    if arguments.shorten < 1:
        parser.error(f"--shorten: expected at least 1, got {arguments.shorten}")
    arguments.output = outputs.folder(
        parser,
        arguments,
        "bert-docs-packages",
        WEIGHTS / "bert-docs-packages",
        apart=["more_seeds"],
    )
    torch.set_num_threads(1)
    pretrained, output = arguments.pretrained, arguments.output
    steps, more, student_steps = (
        max(2, n // arguments.shorten) for n in (STEPS, RETRAIN_STEPS, STUDENT_STEPS)
    )
    tokens = tokenizer.load(pretrained)
    data = finetune.load("packages", "train", tokens)
    judged = some(finetune.load("packages", arguments.split, tokens), JUDGED)
    start, rows = time.process_time(), []
    if arguments.more_seeds:
        more_seeds(pretrained, output, data, judged, (steps, more, student_steps))
        return

    def keep(way: str, model: nn.Module, **what: Any) -> None:
        how = {key: what[key] for key in ("bits", "per") if key in what}
        row = {"way": way} | what | {"kilobytes": round(stored_bits(model, **how) / 8e3, 1)}
        rows.append(row | judge(model, judged))
        told = " ".join(f"{key} {value}" for key, value in what.items())
        seconds = time.process_time() - start
        print(f"{seconds:5.0f} s  {way} {told}: {rows[-1]['macro']:.3f}", flush=True)

    teacher = fresh(pretrained, data.names)
    full = num_parameters(teacher)
    finetune.train(teacher, data, steps, progress_bar=False)
    save(teacher, output)
    keep("fine-tuned", teacher, trained=full)
    for bits in compression.BITS:
        for per in compression.PER:
            smaller = changed(teacher, lambda w: compression.compress(w, bits, per))  # noqa: B023
            keep("quantised", smaller, bits=bits, per=per)
    for share in SHARES:
        keep("pruned", pruned(teacher, share), share=share)
    for limit in LIMITS:
        clipped = changed(teacher, lambda w: compression.clip(w, limit))  # noqa: B023
        keep("clipped", clipped, limit=limit, zeros=zeros(clipped))
    for share in RETRAINED:
        smaller = retrained(teacher, share, data, more)
        keep("retrained", smaller, share=share)
        if share == BOTH[0]:
            smaller = changed(smaller, lambda w: compression.compress(w, BOTH[1]))
            keep("retrained, quantised", smaller, share=share, bits=BOTH[1])

    head = fresh(pretrained, data.names)
    finetune.train(head, data, steps, frozen=True, progress_bar=False)
    sizes = {name: p.numel() for name, p in head.named_parameters()}
    keep("head alone", head, trained=sum(sizes[name] for name in head_of(head)))
    for rank in RANKS:
        model = fresh(pretrained, data.names)
        count, products = with_lora(model, rank, data, steps)
        keep("LoRA", model, rank=rank, trained=count)
        if rank == SHIPPED_RANK:
            save_tensors(output / f"lora-{rank}.safetensors", products)

    scores = teach(teacher, data)
    for seed in range(SEEDS):
        for way, given in (("student, labels", None), ("student, teacher", scores)):
            model = student(data.names, tokens.get_vocab_size(), seed)
            distil(model, data, given, student_steps, seed)
            keep(way, model, seed=seed, trained=num_parameters(model))
    words = finetune.judge(finetune.bag_of_words(data, judged), judged)
    summary = {
        "command": "python -m large_models.experiments.compression",
        "split": arguments.split,
        "texts_judged": len(judged),
        "texts_learned": len(data),
        "parameters": full,
        "steps": {"fine-tuning": steps, "retraining": more, "student": student_steps},
        "corpus_sha256": docstrings.corpus_hash("train"),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": round(time.process_time() - start),
        "bag_of_words": words,
        "results": rows,
    }
    write_whole(output / "compression.json", as_text(summary))


if __name__ == "__main__":
    main()
