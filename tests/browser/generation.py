"""What the tests of GenerationView share. The oracle is GPT2LMHeadModel with the page's weights.

A probability is shown to a tenth of a percent, so it is right within 1e-3.
"""

from functools import cache

import numpy as np
import torch
from transformers import GPT2LMHeadModel

from large_models.models.gpt import filter_logits
from large_models.widgets.assets import WEIGHTS
from large_models.widgets.generation_view import tokens, weights
from tests.browser.harness import settle


@cache
def oracle():
    """The shipped GPT in transformers."""
    model = GPT2LMHeadModel.from_pretrained(WEIGHTS / "gpt-docs", attn_implementation="eager")
    state = {name: torch.from_numpy(array) for name, array in weights().items()}
    model.load_state_dict(state, strict=False)
    return model.eval()


@torch.no_grad()
def scores_of(ids):
    return oracle()(torch.tensor([ids])).logits[0].double()


def wake(page):
    """Wait until the model is there: it is fetched when the reader first touches the widget."""
    page.locator(".lw").dispatch_event("pointerdown")
    page.wait_for_function(
        "() => !document.querySelector('.gv-message').textContent", polling="raf"
    )
    settle(page)


def visible(text):
    return text.replace(" ", "␣").replace("\n", "⏎")


def chips(page):
    settle(page)
    return page.locator(".gv-token").all_text_contents()[:-1]


def shares(text):
    return [0.0005 if t.startswith("<") else float(t[:-1]) / 100 for t in text]


def lengths(page, part):
    """Of the bars ("drawn") or their lines ("said"), as shares."""
    what = {"drawn": ("lw-bar-fill", "inline-size"), "said": ("gv-said", "--share")}[part]
    script = "(nodes, name) => nodes.map((n) => parseFloat(n.style.getPropertyValue(name)))"
    return np.array(page.locator(f".gv-bar .{what[0]}").evaluate_all(script, what[1])) / 100


def bars(page):
    """[(token, probability)] as they are shown."""
    settle(page)
    names = page.locator(".gv-bars .lw-bar-name").all_text_contents()
    return list(
        zip(names, shares(page.locator(".gv-bars .lw-bar-value").all_text_contents()), strict=True)
    )


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def step(page, times=1):
    wake(page)
    button(page, "Step").evaluate(
        "(node, times) => { for (let i = 0; i < times; i++) node.click(); }", times
    )
    settle(page)


def title(page):
    settle(page)
    return page.locator(".gv-next .gv-title").inner_text()


def check_bars(page, scores, **settings):
    """The ten bars are the ten most probable tokens with the probabilities that are drawn."""
    temperature = settings.pop("temperature", 1)
    drawn = filter_logits(scores / temperature, **settings).softmax(-1)
    order = scores.argsort(descending=True)[:10].tolist()
    shown = bars(page)
    # The lengths are exact: 1e-4, since torch sums in float32.
    np.testing.assert_allclose(lengths(page, "drawn"), drawn[order], atol=1e-4)
    np.testing.assert_allclose([p for _, p in shown], drawn[order], atol=6e-4)
    names = [visible(tokens().decode([i], skip_special_tokens=False)) for i in order]
    for (name, _), expected in zip(shown, names, strict=True):
        assert name == expected or "\ufffd" in expected or len(name) > 3
    return shown
