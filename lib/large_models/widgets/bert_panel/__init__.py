"""The shipped BERT reads a sentence: what BertLive and CheckpointScrubber have in common.

The page runs the model itself (bert_panel/model.js) on weights of float16, which it loads on first
use; here the same computation is in NumPy, `formulas.bert`.
"""

import json
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.data import tokenizer
from large_models.files import WEIGHTS
from large_models.formulas import bert
from large_models.formulas.training import softmax
from large_models.tensors import load_arrays
from large_models.widgets.assets import BERT_STEPS
from large_models.widgets.attention_explorer import head_pair
from large_models.widgets.base import BadValue, BookWidget, Checked, any_text, one_of, whole

NAME = "bert-docs"
TASK = "packages"  # of the classifier
MASK = "[MASK]"
ANSWERS = 5
EXAMPLE = "Returns True if the node is in the graph, False otherwise."


class Reading(NamedTuple):
    """What a BERT makes of a text of T tokens."""

    tokens: list[str]  # as they were given
    places: list[int]  # of the hidden ones
    place: int | None  # of the one that is asked for; None if none is hidden
    probabilities: NDArray[np.float32] | None  # (V,): of the token that belongs there
    guesses: list[str]  # the most probable token for each hidden place
    attentions: NDArray[np.float32]  # (layers, h, T, T)
    labels: NDArray[np.float32]  # (K,): probability of each library


@cache
def tokens() -> tokenizer.Tokens:
    """The shipped BERT's tokenizer."""
    return tokenizer.load(WEIGHTS / NAME)


@cache
def model(step: int) -> bert.Bert:
    """The shipped BERT after so many steps, as the page has it."""
    return bert.read(WEIGHTS / NAME / "checkpoints" / f"{step:06}")


@cache
def labels() -> list[str]:
    """The libraries that the classifier knows."""
    return json.loads((WEIGHTS / NAME / f"head-{TASK}.json").read_text("utf-8"))["labels"]


def read(text: str, masked: int | None, step: int = BERT_STEPS[-1]) -> Reading:
    """Read a text with the token at `masked` hidden, and those that are [MASK] in it.

    Asked for is the one at `masked`, else the first.
    """
    ids = np.array([tokens().encode(text).ids])  # (1, T)
    given = [str(tokens().id_to_token(token)) for token in ids[0]]
    if masked is not None:
        ids[0, masked] = tokens().token_to_id(MASK)
    places = np.flatnonzero(ids[0] == tokens().token_to_id(MASK)).tolist()
    place = masked if masked is not None else places[0] if places else None
    states, maps = bert.hidden_states(model(step), ids)
    last = states[-1, 0]  # (T, C)
    scores = bert.masked_logits(model(step), last[places])  # (places, V)
    p = None if place is None else softmax(scores[places.index(place)])
    guesses = [str(tokens().id_to_token(int(best))) for best in scores.argmax(axis=-1)]
    head = load_arrays(WEIGHTS / NAME / f"head-{TASK}.safetensors")
    pooled = np.tanh(last[0] @ head["bert.pooler.dense.weight"].T + head["bert.pooler.dense.bias"])
    labelled = pooled @ head["classifier.weight"].T + head["classifier.bias"]
    return Reading(given, places, place, p, guesses, maps[:, 0], softmax(labelled))


def _place(value: Any) -> int | None:
    return None if value is None else whole(1)(value)


class BertWidget(BookWidget):
    """Base class: a text, a hidden token, whose attention is shown.

    Every setting goes both ways: the page follows `widget.masked = 3`, and `widget.text` is what
    the reader has typed.

    Args:
        text: at most 62 tokens; "[MASK]" in it hides what stands there. Of several, the answers
            are those for the first, or for the one at `masked`.
        masked: the place of the token to hide, from 1 (0 is [CLS]) to the last before [SEP]; None
            for none, also if a new text has no such place.
        layer, head, query: which head is shown, and which token looks, from 0.
        compare: (layer, head) of a second one to show beside it, or None.
        view: "matrix" or "lines".

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("text",)
    _asset_steps: tuple[int, ...] = BERT_STEPS[-1:]  # whose first reading comes with the page

    text = Checked(any_text, EXAMPLE).tag(sync=True)
    masked = Checked(_place, 9).tag(sync=True)
    layer = Checked(whole(0), 2).tag(sync=True)
    head = Checked(whole(0), 0).tag(sync=True)
    query = Checked(whole(0), 9).tag(sync=True)
    compare = Checked(head_pair, None).tag(sync=True)
    view = Checked(one_of(("matrix", "lines")), "matrix").tag(sync=True)

    _config = traitlets.Dict().tag(sync=True)
    # What the page shows before it has the model: readings, and their maps as bytes.
    _first = traitlets.List().tag(sync=True)
    _first_maps = traitlets.Bytes().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        config = json.loads((WEIGHTS / NAME / "config.json").read_text("utf-8"))
        names = ("num_hidden_layers", "num_attention_heads", "hidden_size", "vocab_size")
        names += ("max_position_embeddings", "hidden_act", "layer_norm_eps", "tie_word_embeddings")
        metrics = json.loads((WEIGHTS / NAME / "metrics.json").read_text("utf-8"))
        readings = [read(self.text, self.masked, step) for step in self._asset_steps]
        with self.hold_sync():
            self._config = {name: config[name] for name in names}
            self._config |= {"parameters": metrics["parameters"]}
            self._first = [
                self._for_page(step, reading)
                for step, reading in zip(self._asset_steps, readings, strict=True)
            ]
            self._first_maps = b"".join(
                np.rint(255 * reading.attentions).astype(np.uint8).tobytes() for reading in readings
            )

    def _for_page(self, step: int, reading: Reading) -> dict[str, Any]:
        found = {"asset": f"{NAME}-{step:06}", "text": self.text, "masked": self.masked}
        found |= {"tokens": reading.tokens, "places": reading.places, "place": reading.place}
        found |= {"guesses": reading.guesses}
        found |= {"answers": answers(reading), "hidden": None, "labels": reading.labels.tolist()}
        if reading.place is not None and reading.tokens[reading.place] != MASK:
            p = reading.probabilities
            token = reading.tokens[reading.place]
            assert p is not None  # there is a place
            own = p[tokens().token_to_id(token) or 0]
            rank = int((p > own).sum()) + 1
            found["hidden"] = {"token": token, "rank": rank, "probability": float(own)}
        return found

    @traitlets.validate("text", "masked")
    def _fits(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        count = len(tokens().encode(value if name == "text" else self.text).ids)
        most = model(BERT_STEPS[-1]).positions.shape[0]
        problem = None
        if name == "text" and count > most:
            problem = f"expected at most {most} tokens with [CLS] and [SEP], got {count}"
        elif name == "masked" and value is not None and value > count - 2:
            problem = f"expected None or a place from 1 to {count - 2}, got {value}"
        if problem:
            raise BadValue(f"{type(self).__name__}.{name}: {problem}")
        return value

    @traitlets.observe("text")
    def _show_all(self, change: dict[str, Any]) -> None:
        count = len(tokens().encode(change["new"]).ids)
        if self.masked is not None and self.masked > count - 2:
            self.masked = None


def answers(reading: Reading) -> list[tuple[str, float]]:
    """The most probable tokens for the hidden place; none if nothing is hidden."""
    if reading.probabilities is None:
        return []
    best = np.argsort(-reading.probabilities, kind="stable")[:ANSWERS]
    return [(str(tokens().id_to_token(int(i))), float(reading.probabilities[i])) for i in best]
