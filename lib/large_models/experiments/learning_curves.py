"""What pretraining is worth: accuracy against the number of labels, and what none at all can do.

    # weights/bert-docs/curves-packages.json
    python -m large_models.experiments.learning_curves packages

Ways: bags of words with logistic regression; the same network from random weights; pretrained and
fine-tuned whole; pretrained and frozen under a new head. Each number of labels per class is drawn
with several seeds, which also start the head; "all" is the whole training split, as unequal as it
is. All ways see the same examples, and are judged on the same part of the test files. With no
label: the pretrained model fills in the label's name, as it is and calibrated. Learning rates and
steps were chosen on the validation side with another seed. Chapter: 2_concepts.
"""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from large_models.data import docstrings, tokenizer
from large_models.experiments import finetune, outputs, zero_shot
from large_models.experiments.finetune import Labelled
from large_models.files import WEIGHTS, write_whole
from large_models.models.bert import BertConfig, BertForMaskedLM, BertForSequenceClassification
from large_models.training.metrics import confusion

WAYS = ("bag of words", "from scratch", "fine-tuned", "frozen")
WITHOUT = ("zero-shot", "zero-shot, calibrated")
ALL = "all"
PER_CLASS = (10, 50, 200, 500, ALL)  # the rarest label has 558
STEPS = {10: 100, 50: 200, 200: 400, 500: 600, ALL: 2000}
RATES = {"from scratch": 1e-3, "fine-tuned": 5e-4, "frozen": 5e-3}
SEEDS = 5
JUDGED = 3000  # texts of the held-out side, drawn once
UNLABELLED = 3000  # training texts to calibrate on


def learner(way: str, pretrained: Path, names: tuple[str, ...], seed: int) -> Any:
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


def judge(predicted: NDArray[np.int64], judged: Labelled) -> dict:
    """`finetune.judge`, and what was taken for what: rows are true labels, columns answers."""
    table = confusion(predicted, judged.labels, len(judged.names))
    return finetune.judge(predicted, judged) | {"confusion": table.tolist()}


def learned(
    way: str, few: Labelled, judged: Labelled, pretrained: Path, seed: int, steps: int
) -> dict:
    """Train one way on a few examples; `judge` of the held-out texts."""
    if way == "bag of words":
        return judge(finetune.bag_of_words(few, judged), judged)
    model = learner(way, pretrained, few.names, seed)
    finetune.train(
        model, few, steps, frozen=way == "frozen", rate=RATES[way], seed=seed, progress_bar=False
    )
    return judge(finetune.predict(model, judged).argmax(1), judged)


def without_labels(
    task: str, unlabelled: Labelled, judged: Labelled, pretrained: Path
) -> dict[str, Any]:
    """`judge` of each way of WITHOUT; of the unlabelled texts only the tokens are used."""
    model = BertForMaskedLM.from_pretrained(pretrained).eval()
    tokens, prompt = tokenizer.load(pretrained), zero_shot.PROMPTS[task]
    scores, on_average = (
        zero_shot.fit_of_names(model, tokens, texts, prompt) for texts in (judged, unlabelled)
    )
    calibrated = zero_shot.calibrate(scores, on_average)
    return {
        way: judge(found.argmax(1), judged)
        for way, found in zip(WITHOUT, (scores, calibrated), strict=True)
    }


def some(data: Labelled, number: int, seed: int = 0) -> Labelled:
    """So many texts, drawn once."""
    rows = np.random.default_rng(seed).permutation(len(data))[:number]
    return Labelled(tuple(data.texts[i] for i in rows), data.labels[rows], data.names)


def as_text(summary: dict) -> str:
    """JSON with one result per line."""
    rows = ",\n".join(json.dumps(row) for row in summary["results"])
    head = json.dumps(summary | {"results": []}, indent=2)
    return head.replace('"results": []', f'"results": [\n{rows}\n]') + "\n"


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("task", choices=finetune.TASKS)
    parser.add_argument("--pretrained", type=Path, default=WEIGHTS / "bert-docs")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds: expected at least 1, got {arguments.seeds}")
    torch.set_num_threads(1)
    task, pretrained = arguments.task, arguments.pretrained
    output = outputs.folder(parser, arguments, f"curves-{task}", WEIGHTS / "bert-docs")
    tokens = tokenizer.load(pretrained)
    train = finetune.load(task, "train", tokens)
    judged = some(finetune.load(task, arguments.split, tokens), JUDGED)
    start = time.process_time()
    rows = []

    def keep(way: str, per_class: int | str, seed: int, found: dict) -> None:
        rows.append({"way": way, "per_class": per_class, "seed": seed} | found)
        print(way, per_class, seed, round(found["macro"], 3), flush=True)

    unlabelled = some(train, UNLABELLED)
    for way, found in without_labels(task, unlabelled, judged, pretrained).items():
        keep(way, 0, 0, found)
    for per_class in PER_CLASS:
        for seed in range(arguments.seeds):
            few = train if per_class == ALL else train.take(per_class, seed)
            for way in WAYS:
                found = learned(way, few, judged, pretrained, seed, STEPS[per_class])
                keep(way, per_class, seed, found)
    summary = {
        "command": f"python -m large_models.experiments.learning_curves {task}",
        "split": arguments.split,
        "texts_judged": len(judged),
        "labels": list(train.names),
        "texts_of_all": len(train),
        "corpus_sha256": docstrings.corpus_hash("train"),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": round(time.process_time() - start),
        "most_frequent": float(np.bincount(judged.labels).max() / len(judged)),
        "results": rows,
    }
    write_whole(output / f"curves-{task}.json", as_text(summary))


if __name__ == "__main__":
    main()
