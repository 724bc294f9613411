"""What pretraining is worth: accuracy against the number of labels, four ways.

    python -m lib.training.learning_curves packages    # weights/bert-docs/curves-packages.json

Ways: bags of words with logistic regression; the same network from random weights; pretrained and
fine-tuned whole; pretrained and frozen under a new head. Each number of labels a class is drawn
with several seeds, which also start the head. All ways see the same examples, and are judged on the
same part of the test files. Learning rates and steps were chosen on the validation side with
another seed. Chapter: 2_concepts.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from lib.data import docstrings, tokenizer
from lib.models.bert import BertConfig, BertForSequenceClassification
from lib.training import finetune
from lib.training.checkpoint import write_whole
from lib.training.finetune import Labelled

WAYS = ("bag of words", "from scratch", "fine-tuned", "frozen")
PER_CLASS = (10, 50, 200, 500)  # the rarest label has 558
STEPS = {10: 100, 50: 200, 200: 400, 500: 600}
RATES = {"from scratch": 1e-3, "fine-tuned": 5e-4, "frozen": 5e-3}
SEEDS = 5
JUDGED = 3000  # texts of the held-out side, drawn once


def learner(way: str, pretrained: Path, names: tuple[str, ...], seed: int):
    """A model before it has seen a label.

    Raises:
        ValueError: for another way, or the one that needs no network.
    """
    if way not in RATES:
        raise ValueError(f"way: expected one of {', '.join(RATES)}, got {way!r}")
    torch.manual_seed(seed)
    if way != "from scratch":
        return BertForSequenceClassification.from_pretrained(pretrained, names)
    config = json.loads((pretrained / "config.json").read_text("utf-8"))
    sizes = {name: config[name] for name in BertConfig.__dataclass_fields__ if name in config}
    return BertForSequenceClassification(BertConfig(**sizes, dropout=0.0), names)


def accuracy(
    way: str, few: Labelled, judged: Labelled, pretrained: Path, seed: int, steps: int
) -> dict[str, float]:
    """Train one way on a few examples; `finetune.judge` of the held-out texts."""
    if way == "bag of words":
        return finetune.judge(finetune.bag_of_words(few, judged), judged)
    model = learner(way, pretrained, few.names, seed)
    finetune.train(
        model, few, steps, frozen=way == "frozen", rate=RATES[way], seed=seed, progress_bar=False
    )
    return finetune.judge(finetune.predict(model, judged).argmax(1), judged)


def some(data: Labelled, number: int, seed: int = 0) -> Labelled:
    """So many texts, drawn once."""
    rows = np.random.default_rng(seed).permutation(len(data))[:number]
    return Labelled(tuple(data.texts[i] for i in rows), data.labels[rows], data.names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("task", choices=finetune.TASKS)
    parser.add_argument("--pretrained", type=Path, default=Path("weights/bert-docs"))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds: expected at least 1, got {arguments.seeds}")
    torch.set_num_threads(1)
    task, pretrained = arguments.task, arguments.pretrained
    tokens = tokenizer.load(pretrained)
    train = finetune.load(task, "train", tokens)
    judged = some(finetune.load(task, arguments.split, tokens), JUDGED)
    start = time.process_time()
    rows = []
    for per_class in PER_CLASS:
        for seed in range(arguments.seeds):
            few = train.take(per_class, seed)
            for way in WAYS:
                found = accuracy(way, few, judged, pretrained, seed, STEPS[per_class])
                rows.append({"way": way, "per_class": per_class, "seed": seed} | found)
                print(json.dumps(rows[-1]), flush=True)
    summary = {
        "command": f"python -m lib.training.learning_curves {task}",
        "split": arguments.split,
        "texts_judged": len(judged),
        "corpus_sha256": docstrings.corpus_hash("train"),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": round(time.process_time() - start),
        "most_frequent": float(np.bincount(judged.labels).max() / len(judged)),
        "results": rows,
    }
    write_whole(pretrained / f"curves-{task}.json", json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
