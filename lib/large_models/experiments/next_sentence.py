"""Next-sentence prediction, tried on the shipped BERT beside counting.

    python -m large_models.experiments.next_sentence    # weights/bert-docs/next-sentence.json

Half of the pairs are neighbours in their file; in the other half the second sentence comes from
any other file, or from elsewhere in the same file. The baseline is the share of tokens that the
two have in common, with the limit that is best on the training pairs. A seed draws the pairs and
starts the head; the test pairs are always the same.
Source: Devlin et al. 2019, section 3.1. Chapter: 4_1_train_bert.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import Texts
from large_models.experiments import outputs
from large_models.experiments.finetune import Labelled
from large_models.files import WEIGHTS, weights, write_whole
from large_models.models.bert import BertForSequenceClassification
from large_models.training.loop import fit

NAMES = ("other", "next")
PIECES = 30  # of a sentence that go into a pair
BUDGET = 1024  # tokens of a batch
RATE = 5e-4
TEST = 2000  # pairs to judge on
PAIRS, STEPS, SEEDS = 3_000, 70, 3


def pairs(texts: Texts, same_file: bool, number: int, seed: int) -> Labelled:
    """Half true neighbours (label 1), half not: "[CLS] a [SEP] b [SEP]".

    Args:
        texts: of a split.
        same_file: whether a wrong second sentence comes from the file of the first, or from
            another one.
        number: of pairs; a few less, where a file has no third sentence.
        seed: of the choice.
    """
    rng = np.random.default_rng(seed)
    files = np.unique(texts.files, return_inverse=True)[1]  # a number for each file
    first = rng.permutation(np.flatnonzero(files[:-1] == files[1:]))[:number]
    made, labels = [], []
    for i, is_next in zip(first, np.arange(len(first)) % 2, strict=True):
        where = files == files[i] if same_file else files != files[i]
        where[[i, i + 1]] = False
        if not where.any():  # a file of two sentences
            continue
        other = i + 1 if is_next else rng.choice(np.flatnonzero(where))
        a, b = (texts.sentences[j][:PIECES] for j in (i, other))
        made.append(np.concatenate([[masking.CLS], a, [masking.SEP], b, [masking.SEP]]))
        labels.append(is_next)
    return Labelled(tuple(made), np.array(labels), NAMES)


def segments(ids: NDArray[np.integer]) -> NDArray[np.int64]:
    """Which sentence each token belongs to: 0 up to the first [SEP], then 1; padding is 0.

    Args:
        ids: (B, T).

    Returns:
        (B, T).
    """
    before = np.cumsum(ids == masking.SEP, axis=1) - (ids == masking.SEP)  # [SEP]s before a place
    return ((before == 1) & (ids != masking.PAD)).astype(np.int64)


def tensors(
    data: Labelled, rows: Sequence[int] | NDArray[np.int64], with_segments: bool
) -> tuple[Tensor, ...]:
    """Some pairs as ids, mask, segments, labels."""
    ids = masking.pad([data.texts[i] for i in rows])
    types = segments(ids) if with_segments else np.zeros_like(ids)
    return tuple(map(torch.from_numpy, (ids, ids != masking.PAD, types, data.labels[rows])))


def train(
    model: BertForSequenceClassification,
    data: Labelled,
    steps: int,
    *,
    with_segments: bool = True,
    seed: int = 0,
) -> None:
    """Fine-tune a model on pairs, in place."""
    sizes = np.array([len(text) for text in data.texts])

    def epoch(generator: torch.Generator) -> Iterable[tuple[Tensor, ...]]:
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        for rows in masking.groups(sizes, rng, BUDGET):
            yield tensors(data, rows, with_segments)

    def loss(model: BertForSequenceClassification, batch: tuple[Tensor, ...]) -> Tensor:
        return F.cross_entropy(model(*batch[:3]), batch[3])

    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, steps, pct_start=max(0.1, 2 / steps), cycle_momentum=False
    )
    fit(
        model,
        epoch,
        loss,
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        scheduler=scheduler,
        clip_norm=1.0,
        progress_bar=False,
    )


@torch.no_grad()
def share_right(
    model: BertForSequenceClassification, data: Labelled, *, with_segments: bool = True
) -> float:
    """The share of pairs that a model labels rightly."""
    sizes, right = np.array([len(text) for text in data.texts]), 0
    for rows in masking.groups(sizes, np.random.default_rng(0), 4 * BUDGET):
        *given, labels = tensors(data, rows, with_segments)
        right += int((model(*given).argmax(dim=1) == labels).sum())
    return right / len(data)


def shared_tokens(data: Labelled) -> NDArray[np.float64]:
    """Of the different tokens of the sentence that has fewer, the share in the other: (N,)."""
    found = []
    for text in data.texts:
        middle = int(np.flatnonzero(text == masking.SEP)[0])
        a, b = set(text[1:middle]), set(text[middle + 1 : -1])
        found.append(len(a & b) / max(1, min(len(a), len(b))))
    return np.array(found)


def by_counting(train_pairs: Labelled, test: Labelled) -> float:
    """The share right of "next if they share more than a limit", the limit chosen in training."""
    known, asked = shared_tokens(train_pairs), shared_tokens(test)
    limits = np.linspace(0, 1, 51)
    best = max(limits, key=lambda limit: ((known > limit) == train_pairs.labels).mean())
    return float(((asked > best) == test.labels).mean())


def trained(
    pretrained: Path, data: Labelled, steps: int, seed: int, with_segments: bool = True
) -> BertForSequenceClassification:
    """The pretrained body under a fresh head, fine-tuned on pairs."""
    torch.manual_seed(seed)
    model = BertForSequenceClassification.from_pretrained(pretrained, NAMES)
    train(model, data, steps, with_segments=with_segments, seed=seed)
    return model


def main() -> None:
    parser = outputs.parser(__doc__)
    arguments = parser.parse_args()
    arguments.output = outputs.folder(parser, arguments, "next-sentence", WEIGHTS / "bert-docs")
    torch.set_num_threads(1)
    pretrained = weights("bert-docs")
    tokens = tokenizer.load(pretrained)
    texts = {split: Texts(split, tokens) for split in ("train", "test")}
    rows = []
    tests = {same: pairs(texts["test"], same, TEST, 1000) for same in (False, True)}
    for seed in range(SEEDS):
        for same_file in (False, True):
            data = pairs(texts["train"], same_file, PAIRS, seed)
            counted = by_counting(data, tests[same_file])
            for with_segments in (True, False):
                model = trained(pretrained, data, STEPS, seed, with_segments)
                found = share_right(model, tests[same_file], with_segments=with_segments)
                rows.append(
                    {
                        "same_file": same_file,
                        "segments": with_segments,
                        "seed": seed,
                        "bert": found,
                        "counting": counted,
                    }
                )
                print(rows[-1], flush=True)
            summary = {
                "command": "python -m large_models.experiments.next_sentence",
                "pairs": PAIRS,
                "steps": STEPS,
                "corpus_sha256": docstrings.corpus_hash("train"),
                "torch": torch.__version__.split("+")[0],
                "test_pairs": {str(same): len(test) for same, test in tests.items()},
                "results": rows,
            }
            write_whole(
                arguments.output / "next-sentence.json", json.dumps(summary, indent=2) + "\n"
            )


if __name__ == "__main__":
    main()
