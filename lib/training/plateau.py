"""What the shipped BERT finds as it trains: where [MASK] stands, and where the answer is in sight.

    python -m lib.training.plateau    # weights/bert-docs/plateau.json

Of the chosen tokens 80 % become [MASK], 10 % another token, and 10 % stay. A share found over all
of them mixes guessing with reading, so the three are judged apart here, on the validation texts:
for each checkpoint that is shipped, and every 100 steps of the recipe's first 2,000 steps, run
again from the same seed. Chapter: 4_1_train_bert.
"""

import argparse
import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lib.data import docstrings, masking, tokenizer
from lib.data.masking import MaskedBatch, Texts
from lib.files import weights
from lib.models.bert import BertForMaskedLM
from lib.training import pretrain
from lib.training.checkpoint import write_whole
from lib.training.loop import fit

STEPS, EVERY = 2_000, 100
CHECKPOINTS = (*pretrain.SNAPSHOTS, pretrain.STEPS)


KINDS = ("all", "[MASK]", "in sight", "another")


def apart(batch: MaskedBatch) -> dict[str, NDArray[np.bool_]]:
    """Of the chosen places (N,): all, where [MASK] stands, the token stayed, it is another."""
    shown, was = batch.ids[batch.at], batch.targets[batch.at]
    masked, stayed = shown == masking.MASK, shown == was
    return dict(zip(KINDS, (np.ones_like(masked), masked, stayed, ~masked & ~stayed), strict=True))


@torch.no_grad()
def found(model: BertForMaskedLM, judged: list[MaskedBatch]) -> dict[str, float]:
    """The share of tokens found at each kind of place."""
    right, total = Counter(), Counter()
    for batch in judged:
        best = pretrain.scores(model, pretrain.tensors(batch)).argmax(dim=-1).numpy()
        for kind, places in apart(batch).items():
            right[kind] += int((best == batch.targets[batch.at])[places].sum())
            total[kind] += int(places.sum())
    return {kind: round(right[kind] / total[kind], 6) for kind in KINDS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=weights("bert-docs") / "plateau.json")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--state", type=Path, help="file to go on from, if it is interrupted")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    shipped = weights("bert-docs")
    tokens = tokenizer.load(shipped)
    judged = pretrain.held_out(Texts("validation", tokens), most=20)
    kept = {}
    for step in CHECKPOINTS:
        model = BertForMaskedLM.from_pretrained(shipped / "checkpoints" / f"{step:06d}")
        kept[step] = found(model, judged)
        print(step, kept[step], flush=True)
    start = time.process_time()
    torch.manual_seed(0)
    model = BertForMaskedLM(pretrain.SHIPPED)
    curve = [{"step": 0} | found(model, judged)]
    if arguments.output.exists() and arguments.state and arguments.state.exists():
        curve = json.loads(arguments.output.read_text("utf-8"))["again"]

    def score(model: BertForMaskedLM) -> float:
        curve.append({"step": curve[-1]["step"] + EVERY} | found(model, judged))
        summary = {
            "command": "python -m lib.training.plateau",
            "seed": 0,
            "corpus_sha256": docstrings.corpus_hash("train"),
            "torch": torch.__version__.split("+")[0],
            "cpu_seconds": round(time.process_time() - start),
            "places": {kind: sum(int(apart(b)[kind].sum()) for b in judged) for kind in KINDS},
            "checkpoints": [{"step": step} | shares for step, shares in kept.items()],
            "again": curve,
        }
        write_whole(arguments.output, json.dumps(summary, indent=2) + "\n")
        print(curve[-1], flush=True)
        return curve[-1]["all"]

    fit(
        model,
        pretrain.batches(Texts("train", tokens)),
        pretrain.loss,
        steps=arguments.steps,
        generator=torch.Generator().manual_seed(0),
        evaluate=score,
        evaluate_every=EVERY,
        checkpoint=arguments.state,
        checkpoint_every=EVERY if arguments.state else None,
        progress_bar=False,
        **pretrain.recipe(model, pretrain.STEPS),
    )


if __name__ == "__main__":
    main()
