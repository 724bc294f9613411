"""Ten labels per section: do counts of words beat a pretrained network, or was it the draw?

    python -m large_models.experiments.few_labels    # weights/bert-docs/few-labels.json

The curves of `experiments.learning_curves` have five seeds, too few to tell two ways apart that
lie 0.02 from each other. Here are twelve others. A seed draws the ten examples of each section and
starts the head, and all ways get the same examples, so that the ways can be compared in pairs.
Settings, and the test sentences judged, are those of the curves. Chapter: 2_concepts.
"""

import json

import torch

from large_models.data import docstrings, tokenizer
from large_models.experiments import finetune, learning_curves, outputs
from large_models.files import WEIGHTS, weights, write_whole

TASK, PER_CLASS = "sections", 10
SEEDS = range(5, 17)  # the curves have 0 to 4
WAYS = ("bag of words", "frozen", "fine-tuned")


def main() -> None:
    parser = outputs.parser(__doc__)
    arguments = parser.parse_args()
    arguments.output = outputs.folder(parser, arguments, "few-labels", WEIGHTS / "bert-docs")
    torch.set_num_threads(1)
    pretrained = weights("bert-docs")
    tokens = tokenizer.load(pretrained)
    train = finetune.load(TASK, "train", tokens)
    judged = learning_curves.some(finetune.load(TASK, "test", tokens), learning_curves.JUDGED)
    rows = []
    for seed in SEEDS:
        few = train.take(PER_CLASS, seed)
        for way in WAYS:
            found = learning_curves.learned(
                way, few, judged, pretrained, seed, learning_curves.STEPS[PER_CLASS]
            )
            rows.append({"way": way, "seed": seed, "macro": found["macro"]})
            print(rows[-1], flush=True)
        summary = {
            "command": "python -m large_models.experiments.few_labels",
            "task": TASK,
            "per_class": PER_CLASS,
            "texts_judged": len(judged),
            "corpus_sha256": docstrings.corpus_hash("train"),
            "torch": torch.__version__.split("+")[0],
            "results": rows,
        }
        write_whole(arguments.output / "few-labels.json", json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
