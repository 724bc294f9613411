"""Drag through the training of the shipped BERT. Chapter: 4_1_train_bert."""

import json
from typing import Any

import traitlets

from large_models.files import WEIGHTS
from large_models.widgets.assets import BERT_STEPS
from large_models.widgets.base import Checked
from large_models.widgets.bert_panel import NAME, BertWidget, answers, read


def _step(value: Any) -> int:
    if value not in BERT_STEPS or isinstance(value, bool):
        raise ValueError(f"expected one of {', '.join(map(str, BERT_STEPS))}, got {value!r}")
    return int(value)


class CheckpointScrubber(BertWidget):
    __doc__ = (
        str(BertWidget.__doc__)
        .replace(
            "Base class: a text, a hidden token, whose attention is shown.",
            "What a BERT answers, and where it looks, at five points of its training.",
        )
        .replace(
            "    Args:\n", "    Args:\n        step: of training: 0, 100, 1000, 10000 or 24000.\n"
        )
    )

    _asset_steps = BERT_STEPS

    step = Checked(_step, BERT_STEPS[0]).tag(sync=True)

    _steps = traitlets.List(list(BERT_STEPS)).tag(sync=True)
    # [step, share found], of the held-out tokens where [MASK] stands.
    _curve = traitlets.List().tag(sync=True)
    _most_frequent = traitlets.Float().tag(sync=True)  # the share of them that one answer finds

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        metrics = json.loads((WEIGHTS / NAME / "metrics.json").read_text("utf-8"))
        judged = json.loads((WEIGHTS / NAME / "plateau.json").read_text("utf-8"))["checkpoints"]
        with self.hold_sync():
            self._curve = [[entry["step"], entry["[MASK]"]] for entry in judged]
            self._most_frequent = metrics["baselines"]["validation, [MASK] only"]["unigram"]

    @property
    def guesses(self) -> dict[int, str]:
        """The most probable token for each hidden place."""
        found = read(self.text, self.masked, self.step)
        return dict(zip(found.places, found.guesses, strict=True))

    @property
    def answers(self) -> list[tuple[str, float]]:
        """The five most probable tokens for the hidden place, at this step."""
        return answers(read(self.text, self.masked, self.step))
