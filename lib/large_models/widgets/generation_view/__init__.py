"""A text grows token by token in the page: the next token's probabilities, and where heads look.

The page runs the shipped GPT itself (transformer.js, bpe.js) on weights of a byte a number, which
it loads on first use; `probabilities` is the same computation in NumPy. Chapter: 3_4_transformer.
"""

import json
from collections.abc import Callable
from functools import cache
from math import isfinite
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.data import tokenizer
from large_models.files import WEIGHTS
from large_models.formulas import gpt, training
from large_models.widgets.assets import ASSETS
from large_models.widgets.base import BadValue, BookWidget, Checked, any_text, whole, yes_or_no
from large_models.widgets.packed import unpack

NAME = "gpt-docs"
START = tokenizer.END_OF_TEXT  # what an empty beginning stands for
SHOWN = 12  # tokens whose text the page gets for its first picture


@cache
def weights() -> dict[str, NDArray[np.float32]]:
    """The shipped GPT's weights as the page has them, by GPT2LMHeadModel's names."""
    return unpack(ASSETS[NAME]())


@cache
def config() -> dict[str, Any]:
    """The shipped GPT's config.json: `n_layer`, `n_head`, `n_positions`, ..."""
    return json.loads((WEIGHTS / NAME / "config.json").read_text("utf-8"))


@cache
def tokens() -> tokenizer.Tokens:
    """The shipped GPT's tokenizer."""
    return tokenizer.load(WEIGHTS / NAME)


def forward(ids: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The shipped GPT in NumPy.

    Args:
        ids: T tokens, 1 to n_positions.

    Returns:
        scores of the token after each, (T, V); attention weights (layers, h, T, T).
    """
    c = config()
    return gpt.forward(weights(), ids, c["n_head"], c["layer_norm_epsilon"])


def _number(more_than: float, most: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or not isfinite(value) or not more_than < float(value) <= most:
            raise ValueError(f"expected a number above {more_than}, at most {most}, got {value!r}")
        return float(value)

    return check


def _or_none(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else check(value)


def _token_ids(value: Any) -> list[int]:
    return [whole(0, config()["vocab_size"] - 1)(token) for token in value]


class GenerationView(BookWidget):
    """Type a beginning, let the shipped GPT go on, see each token's probability and attention.

    Every setting goes both ways: the page follows `view.temperature = 2`, and `view.text` is what
    has been written.

    Args:
        prompt: the beginning; an empty one stands for "<|endoftext|>", which was before each file.
        text: what comes after it, empty at first. Set it to "" to start anew.
        temperature: divides the scores; above 0, at most 5.
        top_k: draw from so many of the most probable tokens only; None for all.
        top_p: draw from the most probable tokens up to the one with which their sum reaches top_p;
            None or 1 for all. Looks at what top_k has left.
        greedy: take the most probable token instead of drawing one.
        seed: of the draws, 0 to 2^32 - 1: the same seed and settings write the same text.
        layer, head: whose attention is shown, from 0 (the page counts from 1); a head of None is
            the mean of the layer's, a layer of None the mean of all.

    Raises:
        ValueError: for any other value, saying what was expected, and if prompt and text are more
            tokens than the model can read, 128.
    """

    _shown = ("prompt",)

    prompt = Checked(any_text, "Returns the number of").tag(sync=True)
    text = Checked(any_text, "").tag(sync=True)
    temperature = Checked(_number(0, 5), 1.0).tag(sync=True)
    top_k = Checked(_or_none(whole(1)), None).tag(sync=True)
    top_p = Checked(_or_none(_number(0, 1)), None).tag(sync=True)
    greedy = Checked(yes_or_no, False).tag(sync=True)
    seed = Checked(whole(0, 2**32 - 1), 0).tag(sync=True)
    layer = Checked(_or_none(lambda v: whole(0, config()["n_layer"] - 1)(v)), None).tag(sync=True)
    head = Checked(_or_none(lambda v: whole(0, config()["n_head"] - 1)(v)), None).tag(sync=True)

    # The tokens of `text`: a text can be cut into tokens in more ways than one.
    _ids = Checked(_token_ids, []).tag(sync=True)
    _config = traitlets.Dict().tag(sync=True)
    # What the page shows before it has the model: {prompt, ids of all tokens, start: how many of
    # them are the prompt's, bytes: id -> hex}, the scores of the next token (V,), and the last
    # token's attention (layers, h, T).
    _first = traitlets.Dict().tag(sync=True)
    _first_scores = traitlets.Bytes().tag(sync=True)
    _first_look = traitlets.Bytes().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        ids = self.token_ids
        scores, maps = forward(ids)
        probable = np.argsort(-scores[-1], kind="stable")[:SHOWN].tolist()
        with self.hold_sync():
            names = ("n_layer", "n_head", "n_embd", "n_positions", "vocab_size")
            names += ("activation_function", "layer_norm_epsilon")
            self._config = {name: config()[name] for name in names}
            self._config |= {"parameters": sum(array.size for array in weights().values())}
            self._first = {
                "prompt": self.prompt,
                "start": len(ids) - len(self._ids),
                "ids": ids,
                "bytes": {str(token): _bytes(token).hex() for token in {*ids, *probable}},
            }
            self._first_scores = scores[-1].astype("<f4").tobytes()
            self._first_look = maps[:, :, -1].astype("<f4").tobytes()

    @property
    def token_ids(self) -> list[int]:
        """The tokens of the whole text, at least one."""
        return _encode(self.prompt or START) + self._ids

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """(V,): of the next token, at temperature 1 and with all tokens in the draw."""
        return training.softmax(forward(self.token_ids)[0][-1])

    @traitlets.validate("prompt", "text")
    def _fits(self, proposal: dict[str, Any]) -> str:
        name, value = proposal["trait"].name, proposal["value"]
        both = {"prompt": self.prompt, "text": self.text} | {name: value}
        count = len(_encode(both["prompt"] or START)) + len(self._tokens_of(both["text"]))
        most = config()["n_positions"]
        if count > most:
            raise BadValue(
                f"{type(self).__name__}.{name}: expected at most {most} tokens in prompt and text, "
                f"got {count}"
            )
        return value

    @traitlets.observe("text")
    def _cut(self, change: dict[str, Any]) -> None:
        self._ids = self._tokens_of(change["new"])

    def _tokens_of(self, text: str) -> list[int]:
        """Those that wrote it, if it is the text that they wrote."""
        written = tokens().decode(self._ids, skip_special_tokens=False)
        return self._ids if written == text else _encode(text)


def _encode(text: str) -> list[int]:
    return tokens().encode(text).ids


def _bytes(token: int) -> bytes:
    """The bytes that a token stands for."""
    content = str(tokens().id_to_token(token))
    if content == START:
        return content.encode()
    return bytes(_LETTERS.index(letter) for letter in content)


def _letters() -> str:
    """Byte-level BPE's printable character for each byte: itself, or the next free from U+0100."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return "".join(chr(b if b in printable else 256 + others.index(b)) for b in range(256))


_LETTERS = _letters()
