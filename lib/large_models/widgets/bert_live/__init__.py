"""Type a sentence, hide a word: the shipped BERT answers in the page. Chapter: 4_2_infer_bert."""

from typing import Any

import traitlets

from large_models.widgets.bert_panel import NAME, TASK, BertWidget, answers, labels, read


class BertLive(BertWidget):
    __doc__ = str(BertWidget.__doc__).replace(
        "Base class: a text, a hidden token, whose attention is shown.",
        "A sentence of your own, what belongs at a hidden place, and which library it is from.",
    )

    _labels = traitlets.List().tag(sync=True)
    _asset = traitlets.Unicode().tag(sync=True)  # the weights'
    _head = traitlets.Unicode(f"{NAME}-{TASK}").tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        with self.hold_sync():
            self._labels = labels()
            self._asset = self._first[0]["asset"]

    @property
    def guesses(self) -> dict[int, str]:
        """The most probable token for each hidden place."""
        found = read(self.text, self.masked)
        return dict(zip(found.places, found.guesses, strict=True))

    @property
    def answers(self) -> list[tuple[str, float]]:
        """The five most probable tokens for the hidden place, each with its probability."""
        return answers(read(self.text, self.masked))

    @property
    def label_probabilities(self) -> dict[str, float]:
        """How probable each library is, says the classifier."""
        found = read(self.text, self.masked).labels
        return dict(zip(labels(), map(float, found), strict=True))
