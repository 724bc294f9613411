"""ConvLive's model in Deno, and the same network in NumPy."""

import json
import re
from typing import Any

import numpy as np

from large_models.widgets import ConvLive
from large_models.widgets.conv_live import forward
from tests.js.engine import Engine

START = """async ({traits, weights, digits}) => {
  const {liveModel} = await import("/conv_live/model.js");
  window.traits = traits;
  window.m = liveModel((key) => window.traits[key], {weights, digits});
  m.run();
}"""
# The page's language is that of the document, which Deno has not.
ASK = """async ([arg, lang]) => {
  globalThis.document = {documentElement: {lang}};
  try {
    %s
  } finally {
    delete globalThis.document;
  }
}"""


class Live:
    """A widget's model, running: `ask` runs JavaScript with `m` and `traits` at hand."""

    def __init__(self, engine: Engine, **settings: Any) -> None:
        self.widget, self.engine = ConvLive(**settings), engine
        state = self.widget.get_state()
        weights, digits = (bytes(state.pop(name)) for name in ("_weights", "_digits"))
        traits = {k: v for k, v in state.items() if isinstance(v, (str, int, list, type(None)))}
        given = {
            "traits": {k: v for k, v in traits.items() if k not in ("_esm", "_css")},
            "weights": np.frombuffer(weights, np.float32),
            "digits": np.frombuffer(digits, np.uint8),
        }
        engine.run(START, given)

    def ask(self, script: str, arg: Any = None, lang: str = "en") -> Any:
        return self.engine.run(ASK % script, [arg, lang])

    def set(self, **changes: Any) -> None:
        """What Python or the reader sets, and the network's answer to it."""
        self.ask("Object.assign(traits, arg); m.run();", changes)

    def traits(self) -> dict[str, Any]:
        return self.ask("return traits;")

    def layers(self) -> dict[str, np.ndarray]:
        """NumPy's layers for what the traits say now."""
        now = self.traits()
        found = forward(np.array([now["counts"]]), np.array(now["kernels"]), now["off"])
        return {name: values[0] for name, values in found.items()}

    def story(self, item: dict[str, Any], lang: str = "en") -> dict[str, Any]:
        """How an item that the pointer rests on comes about."""
        return self.ask("m.hover(arg); return m.story();", item, lang)


def assert_picture(picture, values, scale, largest, atol=2e-5):
    """A canvas shows NumPy's numbers, each in its place, on the scale that is said."""
    values = np.asarray(values)
    assert (picture["shape"], picture["scale"]) == (list(values.shape), scale)
    np.testing.assert_allclose(picture["values"], values.ravel(), atol=atol)
    assert np.isclose(picture["max"], largest, atol=atol), (picture["max"], largest)


def floats(text: str) -> list[float]:
    """The numbers of a text."""
    return [float(n) for n in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def words(view: Any) -> set[str]:
    """Latin words of three letters or more in the texts of view data, keys aside."""

    def texts(part):
        if isinstance(part, dict):
            skip = ("scale", "picture", "from", "to", "background", "ink")
            return [t for k, v in part.items() if k not in skip for t in texts(v)]
        if isinstance(part, list):
            return [t for v in part for t in texts(v)]
        return [part] if isinstance(part, str) else []

    # A text's quantity (in, learned, out) says its colour and is not shown.
    found = set(re.findall(r"[A-Za-z]{3,}", json.dumps(texts(view), ensure_ascii=False)))
    return found - {"learned", "out"}
