"""One answer under every method side by side: a digit's pixels, or a sentence's tokens.

The page computes all of it: the LeNet's gradients (gradients.js) from weights that it carries, the
BERT's (bert_gradients.js) from weights that it loads on first use. Chapter: 5_2_3_explanation.
"""

import json
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.data import digits
from large_models.files import WEIGHTS
from large_models.widgets.assets import BERT_STEPS
from large_models.widgets.base import (
    BadValue,
    BookWidget,
    Checked,
    any_text,
    one_of,
    whole,
    yes_or_no,
)
from large_models.widgets.bert_panel import EXAMPLE, NAME, TASK, labels, tokens
from large_models.widgets.conv_live import examples, forward, weights

STEPS = (1, 2, 4, 8, 16, 32, 64)  # of integrated gradients
MOST_WINDOW = 11  # pixels
MOST_ERASED = 200  # pixels
MOST_GONE = 8  # tokens
LONGEST = 64  # tokens of a sentence, with [CLS] and [SEP]
FIRST = 3  # the digit that is there before the first click


def _counts(value: Any) -> list[list[float]]:
    wanted = "expected ink counts of shape (8, 8) from 0 to 16"
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}, got {value!r}") from None
    if array.shape != (8, 8):
        raise ValueError(f"{wanted}, got shape {array.shape}")
    if not np.all((array >= 0) & (array <= 16)):  # NaN fails too
        raise ValueError(f"{wanted}, got {array.min()} to {array.max()}")
    return array.tolist()


def _or_none(check: Any) -> Any:
    return lambda value: None if value is None else check(value)


def _steps(value: Any) -> int:
    if isinstance(value, bool) or value not in STEPS:
        raise ValueError(f"expected one of {', '.join(map(str, STEPS))}, got {value!r}")
    return int(value)


def _hidden(value: Any) -> list[int]:
    try:
        places = list(value)
    except TypeError:
        raise ValueError(f"expected a list of places, got {value!r}") from None
    return sorted({whole(1, LONGEST - 2)(place) for place in places})


class Explainer(BookWidget):
    """Why did it say so? Four methods for a digit, four for a sentence, and what each is worth.

    Every setting goes both ways: the page follows `explainer.target = 8`, and `explainer.counts`
    is what the reader has drawn.

    Args:
        mode: "digit" or "sentence".
        counts: 8x8 ink counts, 0 to 16. All zero is an empty page.
        digit_index: which of the held-out digits, `load_digits().test_images`, is shown; None if
            none of them is. Setting it sets the counts.
        target: the digit whose score is explained; None for the network's own answer.
        steps: of integrated gradients: 1, 2, 4, ..., 64.
        window: side of occlusion's window, pixels, 1 to 11.
        erased: how many of each method's strongest pixels are taken away, 0 to 200.
        untrained: whether the network has random weights instead of the trained ones.
        text: the sentence, at most 62 tokens.
        label: the library whose score is explained; None for the classifier's own answer.
        hidden: places of tokens that the reader has hidden, from 1 (0 is [CLS]).
        gone: how many of each method's strongest tokens are hidden, 1 to 8.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("mode",)

    mode = Checked(one_of(("digit", "sentence")), "digit").tag(sync=True)
    counts = Checked(_counts, np.zeros((8, 8)).tolist()).tag(sync=True)
    digit_index = Checked(
        _or_none(lambda v: whole(0, len(digits.load_digits().test_labels) - 1)(v)), None
    ).tag(sync=True)
    target = Checked(_or_none(whole(0, 9)), None).tag(sync=True)
    steps = Checked(_steps, 8).tag(sync=True)
    window = Checked(whole(1, MOST_WINDOW), 5).tag(sync=True)
    erased = Checked(whole(0, MOST_ERASED), 40).tag(sync=True)
    untrained = Checked(yes_or_no, False).tag(sync=True)
    text = Checked(any_text, EXAMPLE).tag(sync=True)
    label = Checked(_or_none(lambda v: one_of(labels())(v)), None).tag(sync=True)
    hidden = Checked(_hidden, []).tag(sync=True)
    gone = Checked(whole(1, MOST_GONE), 2).tag(sync=True)

    _weights = traitlets.Bytes().tag(sync=True)
    _shapes = traitlets.Unicode().tag(sync=True)
    _digits = traitlets.Bytes().tag(sync=True)
    _indices = traitlets.List().tag(sync=True)
    _digit_labels = traitlets.List().tag(sync=True)
    _answers = traitlets.List().tag(sync=True)
    _labels = traitlets.List().tag(sync=True)
    _config = traitlets.Dict().tag(sync=True)
    _assets = traitlets.List(
        [f"{NAME}-tokenizer", f"{NAME}-{BERT_STEPS[-1]:06}", f"{NAME}-{TASK}"]
    ).tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        data, (indices, answers), w = digits.load_digits(), examples(), weights()
        if not {"counts", "digit_index"} & set(settings):
            settings["digit_index"] = indices[FIRST]  # alive before the first click
        super().__init__(**settings)
        config = json.loads((WEIGHTS / NAME / "config.json").read_text("utf-8"))
        names = ("num_hidden_layers", "num_attention_heads", "hidden_size")
        names += ("max_position_embeddings", "hidden_act", "layer_norm_eps")
        with self.hold_sync():
            self._weights = b"".join(w[name].astype("<f4").tobytes() for name in sorted(w))
            self._shapes = json.dumps({name: w[name].shape for name in sorted(w)})
            self._digits = data.test_images[indices].astype(np.uint8).tobytes()
            self._indices, self._answers = indices, answers
            self._digit_labels = data.test_labels[indices].tolist()
            self._labels = labels()
            self._config = {name: config[name] for name in names}

    @traitlets.observe("digit_index")
    def _show_digit(self, change: dict) -> None:
        if change["new"] is not None:
            self.counts = digits.load_digits().test_images[change["new"]]

    @traitlets.observe("counts")
    def _forget_digit(self, change: dict) -> None:
        index = self.digit_index
        if index is not None and change["new"] != digits.load_digits().test_images[index].tolist():
            self.digit_index = None

    @traitlets.validate("text")
    def _fits(self, proposal: dict[str, Any]) -> str:
        count = len(tokens().encode(proposal["value"]).ids)
        if count > LONGEST:
            raise BadValue(
                f"Explainer.text: expected at most {LONGEST} tokens with [CLS] and [SEP], "
                f"got {count}"
            )
        return proposal["value"]

    @traitlets.observe("text")
    def _show_all(self, _change: dict[str, Any]) -> None:
        self.hidden = []

    @property
    def probabilities(self) -> NDArray[np.float32] | None:
        """(10,): how likely each digit is, says the trained network; None without ink."""
        if not np.any(self.counts):
            return None
        return forward(np.array([self.counts]))["probabilities"][0]
