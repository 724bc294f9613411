"""The Explainer's two models in Deno, and the random numbers that they draw."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from large_models.widgets import Explainer
from large_models.widgets.assets import ASSETS
from tests.js.engine import Engine
from tests.js.live import ASK

START = """async ({traits, weights, digits}) => {
  const {digitModel} = await import("/explainer/digit_model.js");
  const {sentenceModel} = await import("/explainer/sentence_model.js");
  window.traits = traits;
  window.digit = digitModel((key) => window.traits[key], {weights, digits});
  window.sentence = sentenceModel((key) => window.traits[key]);
  // Does all of a generator's work: how often there was news.
  window.end = (work) => [...work].filter(Boolean).length;
}"""


class Explained:
    """A widget's models: `ask` runs JavaScript with `digit`, `sentence` and `traits` at hand."""

    def __init__(self, engine: Engine, **settings: Any) -> None:
        self.widget, self.engine = Explainer(**settings), engine
        state = self.widget.get_state()
        weights, digits = (bytes(state.pop(name)) for name in ("_weights", "_digits"))
        kinds = (str, int, list, dict, type(None))
        traits = {k: v for k, v in state.items() if isinstance(v, kinds)}
        given = {
            "traits": {k: v for k, v in traits.items() if k not in ("_esm", "_css")},
            "weights": np.frombuffer(weights, np.float32),
            "digits": np.frombuffer(digits, np.uint8),
        }
        engine.run(START, given)

    def ask(self, script: str, arg: Any = None, lang: str = "en") -> Any:
        return self.engine.run(ASK % script, [arg, lang])

    def load(self) -> None:
        """The BERT's files come."""
        files = [np.frombuffer(ASSETS[name](), np.uint8) for name in self.widget._assets]
        self.ask("sentence.load(arg);", files)


def seeded(seed: int) -> Iterator[float]:
    """The numbers of engine/explanation.js' seededRandom."""
    full = 2**32
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % full
        bits = (state ^ (state >> 15)) * (state | 1) % full
        bits ^= (bits + (bits ^ (bits >> 7)) * (bits | 61)) % full
        yield ((bits ^ (bits >> 14)) % full) / full


def lots(values: list[int], draws: int) -> list[list[int]]:
    """The values in random orders, as the page draws them."""
    random = seeded(1)
    return [sorted(values, key={v: next(random) for v in values}.get) for _ in range(draws)]


def assert_colors(engine: Engine, found: list[str], scale: str, values: Any, most: float) -> None:
    """CSS colours are those of the values, but for rounding."""
    script = """async ([scale, values, most]) => {
      const {colorOf} = await import("/kit/colors.js");
      return values.map((v) => colorOf(scale, v, most));
    }"""
    wanted = engine.run(script, [scale, [float(v) for v in values], float(most)])
    shown = [[int(n) for n in color.strip("rgb()").split()] for color in found]
    np.testing.assert_allclose(shown, wanted, atol=8)
