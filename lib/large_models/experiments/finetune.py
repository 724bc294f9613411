"""Fine-tune a pretrained BERT on labels: which library a sentence documents, or which section.

    python -m large_models.experiments.finetune packages             # minutes
    # weights/bert-docs/head-packages.*
    python -m large_models.experiments.finetune packages --frozen

The body is trained along (full), or stays as pretraining left it (frozen), and only the head
learns; then the head alone is written, the shipped one beside its body. Both are judged beside
bags of words and logistic regression, which need no network.
Chapters: 2_concepts, 4_1_train_bert. Recipe: Devlin et al. 2019, section 4.
"""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn import functional as F

from large_models.data import docstrings, masking, tokenizer
from large_models.data.tokenizer import Tokens
from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.models.bert import BertForSequenceClassification
from large_models.models.bert_files import to_hub
from large_models.tensors import save_tensors
from large_models.training.loop import Batches, fit
from large_models.training.metrics import confusion

TASKS = {"packages": docstrings.PACKAGES, "sections": docstrings.SECTIONS}
STEPS = 3000
BUDGET = 1024  # tokens of a batch
LEARNING_RATE = {False: 5e-4, True: 5e-3}  # full, frozen
WEIGHT_DECAY = 0.01
CLIP_NORM = 1.0


@dataclass(frozen=True)
class Labelled:
    """N texts "[CLS] ... [SEP]" as token ids, and the number of each one's label (N,)."""

    texts: tuple[NDArray[np.int64], ...]
    labels: NDArray[np.int64]
    names: tuple[str, ...]  # of the labels

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, per_class: int, seed: int = 0) -> "Labelled":
        """So many examples of each label, drawn with a seed.

        Raises:
            ValueError: if a label has fewer, or per_class is below 1.
        """
        rng, chosen = np.random.default_rng(seed), []
        for label, name in enumerate(self.names):
            of = np.flatnonzero(self.labels == label)
            if not 1 <= per_class <= len(of):
                raise ValueError(
                    f"per_class: expected 1 to {len(of)} for {name!r}, got {per_class}"
                )
            chosen.append(rng.permutation(of)[:per_class])
        rows = np.concatenate(chosen)
        return Labelled(tuple(self.texts[i] for i in rows), self.labels[rows], self.names)


def load(task: str, split: str, tokens: Tokens, length: int = 64) -> Labelled:
    """A side of the corpus with one kind of label.

    Args:
        task: "packages" or "sections".
        split: of `data.docstrings`.
        tokens: the model's tokenizer.
        length: longer texts are cut to so many tokens.

    Raises:
        ValueError: for another task or split.
    """
    if task not in TASKS:
        raise ValueError(f"task: expected one of {', '.join(TASKS)}, got {task!r}")
    data = docstrings.load(split)
    encoded = cast(Any, tokens).encode_batch(list(data.sentences))
    ids = (np.array(e.ids) for e in encoded)
    texts = (np.append(t[: length - 1], masking.SEP) if len(t) > length else t for t in ids)
    return Labelled(tuple(texts), getattr(data, task), TASKS[task])


def batches(data: Labelled, budget: int = BUDGET) -> Batches:
    """One epoch's batches for `fit`: ids, mask, labels; texts of one length together."""

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, ...]]:
        seed = int(torch.randint(2**31, (1,), generator=generator))
        yield from _batches(data, np.random.default_rng(seed), budget)

    return epoch


def loss(model: BertForSequenceClassification, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy of the labels."""
    ids, mask, labels = batch
    return F.cross_entropy(model(ids, mask), labels)


@torch.no_grad()
def predict(model: BertForSequenceClassification, data: Labelled) -> NDArray[np.float64]:
    """Probability of each label for each text: (N, K), in the order of the texts."""
    found = np.empty((len(data), len(data.names)))
    sizes = np.array([len(text) for text in data.texts])
    for rows in masking.groups(sizes, np.random.default_rng(0), 4 * BUDGET):
        ids = torch.from_numpy(masking.pad([data.texts[i] for i in rows]))
        ids = ids.to(model.classifier.weight.device)
        found[rows] = model(ids, ids != masking.PAD).softmax(dim=-1).double().cpu().numpy()
    return found


def judge(predicted: NDArray[np.int64], data: Labelled) -> dict[str, float]:
    """Accuracy, and its mean over the labels, which does not favour the frequent ones."""
    table = confusion(predicted, data.labels, len(data.names)).astype(float)
    there = table.sum(axis=1) > 0
    per_label = table.diagonal()[there] / table.sum(axis=1)[there]
    return {"accuracy": float(table.trace() / table.sum()), "macro": float(per_label.mean())}


def train(
    model: BertForSequenceClassification,
    data: Labelled,
    steps: int = STEPS,
    *,
    frozen: bool = False,
    rate: float | None = None,
    seed: int = 0,
    **fit_settings: Any,
) -> list[dict[str, float]]:
    """Train a model in place; gives what `fit` returns.

    Args:
        frozen: only the head learns, on what the body gives.
        rate: the peak of the learning rate; 5e-4 full, 5e-3 frozen if not given.
        fit_settings: `fit`'s, such as evaluate, evaluate_every and patience.
    """
    rate = LEARNING_RATE[frozen] if rate is None else rate
    model.bert.requires_grad_(not frozen)
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, rate, weight_decay=WEIGHT_DECAY)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, steps, pct_start=max(0.1, 2 / steps), cycle_momentum=False
    )
    try:
        return fit(
            model,
            batches(data),
            loss,
            optimizer,
            steps=steps,
            generator=torch.Generator().manual_seed(seed),
            scheduler=scheduler,
            **{"clip_norm": CLIP_NORM, "description": "fine-tuning"} | fit_settings,
        )
    finally:
        model.bert.requires_grad_(True)


def bag_of_words(train_split: Labelled, data: Labelled) -> NDArray[np.int64]:
    """Labels by which tokens a text has, rare ones counting more (tf-idf), and logistic regression:
    (N,) for the texts of `data`."""
    words = TfidfVectorizer(analyzer=cast(Any, list), binary=True)
    learner = LogisticRegression(max_iter=1000)
    learner.fit(words.fit_transform(train_split.texts), train_split.labels)
    return np.asarray(learner.predict(words.transform(data.texts)))


def _batches(
    data: Labelled, rng: np.random.Generator, budget: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    sizes = np.array([len(text) for text in data.texts])
    for rows in masking.groups(sizes, rng, budget):
        ids = torch.from_numpy(masking.pad([data.texts[i] for i in rows]))
        yield ids, ids != masking.PAD, torch.from_numpy(data.labels[rows])


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--pretrained", type=Path, default=WEIGHTS / "bert-docs")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--frozen", action="store_true", help="train the head only")
    arguments = parser.parse_args()
    if arguments.steps < 1:
        parser.error(f"--steps: expected at least 1, got {arguments.steps}")
    torch.set_num_threads(1)
    task, frozen = arguments.task, arguments.frozen
    ships = frozen and task == "packages"
    parser.set_defaults(frozen=frozen)  # with it and without are two recipes
    name = f"bert-docs-{task}" + "-frozen" * frozen
    output = outputs.folder(parser, arguments, name, WEIGHTS / "bert-docs" if ships else None)
    tokens = tokenizer.load(arguments.pretrained)
    data = {split: load(task, split, tokens) for split in docstrings.SPLITS}
    torch.manual_seed(0)
    model = BertForSequenceClassification.from_pretrained(arguments.pretrained, TASKS[task])
    start = time.process_time()
    history = train(
        model,
        data["train"],
        arguments.steps,
        frozen=arguments.frozen,
        evaluate=lambda model: judge(
            predict(model, data["validation"]).argmax(1), data["validation"]
        )["macro"],
        evaluate_every=500,
    )
    seconds = round(time.process_time() - start)
    metrics = output / "metrics.json"
    if arguments.frozen:
        metrics = output / f"head-{task}.json"
        head = {n: t for n, t in model.state_dict().items() if not n.startswith("bert.")}
        save_tensors(output / f"head-{task}.safetensors", to_hub(head))
    else:
        model.save_pretrained(output, tokens)
    held_out = {}
    for split in ("validation", "test"):
        side = data[split]
        most_frequent = np.bincount(data["train"].labels).argmax()
        held_out[split] = {
            "bert": judge(predict(model, side).argmax(1), side),
            "bag of words": judge(bag_of_words(data["train"], side), side),
            "most frequent": judge(np.full(len(side), most_frequent), side),
        }
    summary = {
        "command": f"python -m large_models.experiments.finetune {task} --steps {arguments.steps}"
        + " --frozen" * arguments.frozen,
        "seed": 0,
        "corpus_sha256": docstrings.corpus_hash("train"),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": seconds,
        "labels": list(TASKS[task]),
        "held_out": held_out,
        "history": history,
    }
    write_whole(metrics, json.dumps(summary, indent=2) + "\n")
    print(output, held_out)


if __name__ == "__main__":
    main()
