"""GateExplorer fetches the networks for text when they are wanted, and does not wait for them."""

import base64

import numpy as np

from large_models.widgets.assets import ASSETS
from large_models.widgets.gate_explorer import GateExplorer
from tests.browser.gate_page import CLOSE, hold, most_likely, shown_chars
from tests.browser.harness import model, new_page, saved, settle, show, told


def test_networks_for_text_come_when_they_are_wanted(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    show(page, GateExplorer())
    settle(page)
    assert not [name for name in asked if name.startswith("chars")]
    page.get_by_text("next character").click()
    shown_chars(page)
    assert sorted(name for name in asked if name.startswith("chars")) == [
        "chars-lstm.js",
        "chars-rnn.js",
    ]
    assert saved(page, "job") == "chars" and model(page, "clamps") == {}


def answer(page, *kinds):
    """Play the kernel that sends the networks."""
    for kind in kinds:
        page.evaluate(
            "([name, text]) => model.answer({type: 'asset', name}, text)",
            [f"chars-{kind}", base64.b64encode(ASSETS[f"chars-{kind}"]()).decode()],
        )


def test_what_is_pressed_before_they_are_there_counts(page):
    """A step, a gate: the text and the traits tell what they mean, the networks come later."""
    show(page, GateExplorer(job="chars", text="Return the sum"), with_assets=False)
    page.wait_for_function("() => sent.length === 2")
    for name in ("to the start", "one step on", "one step on"):
        page.get_by_role("button", name=name).click()
    settle(page)
    assert page.locator(".ge-chosen").first.inner_text() == "t", "the third character"
    told(page, step=2)
    hold(page, "forget gate", "0")
    page.get_by_text("this unit", exact=True).click()
    hold(page, "output gate", "1")
    unit = model(page, "unit")
    clamps = {"f": {"all": 0}, "o": {str(unit): 1}}
    assert saved(page, "clamps") == clamps
    answer(page, "lstm", "rnn")
    shown = shown_chars(page)
    explorer = GateExplorer(job="chars", text="Return the sum", step=2, clamps=clamps)
    expected = most_likely(explorer.prediction)
    np.testing.assert_allclose(list(shown.values()), list(expected.values()), **CLOSE)
    assert page.locator(".ge-where").inner_text().startswith("step 2: “t”")
    assert page.locator(".ge-life .ge-title").inner_text() == f"The life of unit {unit}"
    assert page.locator(".lw-message").inner_text() == ""


@new_page
def test_networks_that_do_not_come_are_said(page):
    page.clock.install()
    show(page, GateExplorer(job="chars"), with_assets=False)
    page.wait_for_function("() => sent.length === 2")
    assert "on their way" in page.locator(".lw-message").inner_text()
    page.clock.run_for(20_100)
    page.get_by_text("could not be loaded").wait_for()
    page.get_by_text("add two numbers").click()
    page.clock.run_for(100)
    assert page.locator(".lw-message").inner_text() == ""
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    page.get_by_text("next character").click()
    page.wait_for_function("() => sent.length === 4")
    page.clock.run_for(20_100)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_function("() => sent.length === 6")
    answer(page, "lstm", "rnn")
    page.wait_for_function("() => document.querySelector('.lw-message').textContent === ''")
    page.clock.run_for(100)
    assert len(shown_chars(page)) == 8


def test_networks_that_come_for_another_task_are_not_shown(page):
    show(page, GateExplorer(job="chars"), with_assets=False)
    page.wait_for_function("() => sent.length === 2")
    page.get_by_text("add two numbers").click()
    answer(page, "lstm", "rnn")
    settle(page)
    labels = page.locator(".ge-bars > li:not([hidden]) .ge-bar-label").all_inner_texts()
    assert labels == ["true sum", "LSTM", "gates held", "plain RNN"]
    assert page.locator(".lw-message").inner_text() == ""
