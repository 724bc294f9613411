"""What the shipped BERT finds as it trains: where [MASK] stands, and where the answer is in sight.

    python -m large_models.experiments.plateau    # weights/bert-docs/plateau.json

Of the chosen tokens 80 % become [MASK], 10 % another token, and 10 % stay. A share found over all
of them mixes guessing with reading, so the three are judged apart here, for each checkpoint that is
shipped, on the validation texts that its training was judged on. Chapter: 4_1_train_bert.
"""

import json
from collections import Counter

import numpy as np
import torch
from numpy.typing import NDArray

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import MaskedBatch, Texts
from large_models.experiments import outputs, pretrain
from large_models.files import WEIGHTS, weights, write_whole
from large_models.models.bert import BertForMaskedLM

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
    parser = outputs.parser(__doc__)
    arguments = parser.parse_args()
    arguments.output = outputs.folder(parser, arguments, "plateau", WEIGHTS / "bert-docs")
    torch.set_num_threads(1)
    shipped = weights("bert-docs")
    judged = pretrain.held_out(Texts("validation", tokenizer.load(shipped)), most=20)
    rows = []
    for step in CHECKPOINTS:
        model = BertForMaskedLM.from_pretrained(shipped / "checkpoints" / f"{step:06d}")
        rows.append({"step": step} | found(model, judged))
    summary = {
        "command": "python -m large_models.experiments.plateau",
        "corpus_sha256": docstrings.corpus_hash("train"),
        "torch": torch.__version__.split("+")[0],
        "places": {kind: sum(int(apart(b)[kind].sum()) for b in judged) for kind in KINDS},
        "checkpoints": rows,
    }
    write_whole(arguments.output / "plateau.json", json.dumps(summary, indent=2) + "\n")
    print(rows)


if __name__ == "__main__":
    main()
