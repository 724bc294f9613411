"""What the tests of AttentionExplorer share: what it shows, and what may be on the page."""

import numpy as np

from large_models.widgets.attention_explorer import AttentionExplorer
from tests.browser.harness import model, settle

# A cell of a matrix shows two digits, a weight two after the point.
SHOWN = {"rtol": 0.051, "atol": 5.1e-3}
# What is read out is said once things rest, so it may say other things before.
SAID = "(text) => document.querySelector('[aria-live]').textContent.startsWith(text)"
SETTINGS = ["tokens", "features", "vectors", "w_q", "w_k", "w_v", "scale", "causal"]
SETTINGS += ["double_softmax", "temperature"]
RANDOM = np.random.default_rng(1)
OWN = {
    "tokens": ["a", "b", "c", "d", "e"],
    "vectors": RANDOM.normal(size=(5, 3)).round(2),
    "w_q": RANDOM.normal(size=(3, 4)).round(2),
    "w_k": RANDOM.normal(size=(3, 4)).round(2),
    "w_v": RANDOM.normal(size=(3, 1)).round(2),
}
TOKENS = ["The", "cat", " sat", "on", "\n", "<b>mat</b>", "because", "it"]


def maps(T, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(3, 4, T, T)) * 2
    made = np.exp(scores) * np.tri(T)
    made /= made.sum(-1, keepdims=True)
    made[2, 3, 4] = 0  # may look nowhere
    return made


SENTENCES = [(TOKENS, maps(8)), (["one", "two", "three", "four", "five"], maps(5, 1))]


def watching(**settings):
    return AttentionExplorer(mode="model", sentences=SENTENCES, **settings)


def widget(mode, **settings):
    return watching(**settings) if mode == "model" else AttentionExplorer(**settings)


def parse(text):
    """A number as a cell shows it; a weight below 0.005 or above 0.995 says only that."""
    rough = {"<.01": 0.0, ">.99": 1.0}
    return rough[text] if text in rough else float(text.replace("−", "-").replace("∞", "inf"))


def cells(page, name):
    """What a matrix of the small mode shows."""
    settle(page)
    found = page.locator(f".ax-{name} .ax-cell")
    columns = page.locator(f".ax-{name} .ax-cells").evaluate(
        "(node) => getComputedStyle(node).gridTemplateColumns.split(' ').length"
    )
    texts = found.evaluate_all("(nodes) => nodes.map((n) => n.value ?? n.textContent)")
    return np.array([parse(text) for text in texts]).reshape(-1, columns)


def twin(page):
    """A Python explorer with the page's settings."""
    return AttentionExplorer(**{name: model(page, name) for name in SETTINGS})


def how(page):
    settle(page)
    return page.locator(".ax-how").inner_text()


def top(page):
    """Where the page goes on, from its beginning."""
    settle(page)
    return page.evaluate(
        "() => document.getElementById('after').getBoundingClientRect().top + scrollY"
    )


def cell(page, name, row, col):
    columns = cells(page, name).shape[1]
    return page.locator(f".ax-{name} .ax-cell").nth(row * columns + col)


def answers(page):
    settle(page)
    return page.locator(".ax-panel:visible .ax-answer").all_inner_texts()


def strip(page):
    """The numbers under the words; a weight below 0.01 has none."""
    settle(page)
    texts = page.locator(".ax-word > span").all_inner_texts()
    return np.array([float(text or 0) for text in texts])


def alpha(page, selector):
    """The weights that a canvas shows: how opaque its pixels are."""
    settle(page)
    return np.array(
        page.locator(selector).evaluate(
            """(canvas) => {
              const pen = canvas.getContext("2d", {willReadFrequently: true});
              const {data} = pen.getImageData(0, 0, canvas.width, canvas.height);
              return [...data].filter((_, i) => i % 4 === 3);
            }"""
        )
    )
