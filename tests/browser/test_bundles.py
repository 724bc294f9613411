"""The module that a page gets computes what the engine's sources compute."""

import numpy as np
import pytest

from large_models.widgets.conv_live import ConvLive, weights
from tests.browser.harness import settle, show
from tests.js.engine import Deno, Engine

ENGINE = """async ({weights, counts, kernels, off}) => {
  const {lenetForward} = await import("/engine/lenet.js");
  const {probability} = await import("/kit/mod.js");
  const tensors = Object.entries(weights).map(([name, [data, shape]]) => [name, {data, shape}]);
  const w = Object.fromEntries(tensors);
  return [...lenetForward(w, counts.flat(), kernels, off).probabilities.data].map(probability);
}"""


@pytest.fixture
def engine():
    deno = Deno()
    yield Engine(deno)
    deno.close()


@pytest.mark.parametrize("off", [[], [6], [0, 3, 7]])
def test_the_bundle_in_the_page_is_the_same_code(page, engine, off):
    """The minified LeNet in Chromium, read off the widget, and its sources in Deno."""
    noise = np.random.default_rng(len(off)).integers(0, 9, (8, 8))  # read as several digits
    widget = ConvLive(off=off, counts=noise.tolist())
    show(page, widget)
    settle(page)
    shown = page.locator(".lw-bar-value").all_inner_texts()
    flat = {name: [np.ravel(w), list(w.shape)] for name, w in weights().items()}
    given = {"weights": flat, "counts": np.asarray(widget.counts).tolist()}
    given |= {"kernels": np.asarray(widget.kernels).tolist(), "off": off}
    expected = engine.run(ENGINE, given)
    assert len(shown) == 10 and shown == expected
    assert len(set(shown)) > 2
