"""What the browser tests of BertLive and CheckpointScrubber share.

The oracle has the float16 weights that the page has. A probability is shown to a tenth of a
percent, so it is right within 1e-3; its bar within 1e-4.
"""

import pytest
import torch
from transformers import BertForMaskedLM

from large_models.widgets import BertLive, CheckpointScrubber
from large_models.widgets.assets import WEIGHTS
from large_models.widgets.bert_panel import tokens
from tests.browser.harness import settle as drawn

BOTH = [BertLive, CheckpointScrubber]
OWN = "Plot a line with the given colour."
PLEASE = len(tokens().encode("Please", add_special_tokens=False).ids)


def oracle(step):
    directory = WEIGHTS / "bert-docs" / "checkpoints" / f"{step:06}"
    return BertForMaskedLM.from_pretrained(directory, dtype=torch.float32).eval()


def settle(page):
    """Wait until nothing is being loaded, and the frame after the last change is drawn."""
    page.wait_for_function("() => !document.querySelector('.bp-message').textContent")
    drawn(page)


def wake(page):
    page.locator(".lw").dispatch_event("pointerdown")
    settle(page)


def chip(page, at):
    return page.locator(".bp-token").nth(at)


def shown(page, part=".bp-answers"):
    """[(name, length of the bar)] as they are shown."""
    settle(page)
    rows = page.locator(f"{part} .bp-bar:not(.bp-none)")
    names = rows.locator(".lw-bar-name").all_text_contents()
    script = "(nodes) => nodes.map((n) => parseFloat(n.style.inlineSize) / 100)"
    lengths = rows.locator(".lw-bar-fill").evaluate_all(script)
    texts = rows.locator(".lw-bar-value").all_text_contents()
    for text, length in zip(texts, lengths, strict=True):
        limit = {"<0.1%": length < 5e-4, ">99.9%": length >= 0.9995}
        assert limit.get(text) or float(text[:-1]) / 100 == pytest.approx(length, abs=6e-4)
    return list(zip(names, lengths, strict=True))


@torch.no_grad()
def check(page, text, masked, step=24_000):
    """The five answers, the verdict, and the chosen head's map are those of transformers."""
    ids = tokens().encode(text).ids
    was = ids[masked]
    ids[masked] = tokens().token_to_id("[MASK]")
    p = oracle(step)(torch.tensor([ids])).logits[0, masked].softmax(0)
    best = p.topk(5)
    found = shown(page)
    assert [length for _, length in found] == pytest.approx(best.values.tolist(), abs=1e-4)
    expected = [tokens().id_to_token(i) for i in best.indices.tolist()]
    if best.values.diff().abs().min() > 1e-4:
        assert [name for name, _ in found] == expected
    verdict = page.locator(".bp-answers .bp-verdict").inner_text()
    assert tokens().id_to_token(was) in verdict
    if best.values[0] > 0.05:
        assert f"rank {int((p > p[was]).sum()) + 1}," in verdict
    hidden = page.locator(".bp-token[aria-pressed=true]")
    assert hidden.count() == 1 and hidden.inner_text().startswith("[MASK]")


def later(page):
    """Hold back the files of the model until the returned function is called."""
    held = []
    page.route("**/assets/**", lambda route: held.append(route))

    def come():
        page.unroute("**/assets/**")
        for route in held:
            route.fallback()

    return come
