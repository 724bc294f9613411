"""GateExplorer's gates are held, and its input is changed; from Python too."""

import numpy as np
import pytest

from large_models.widgets.gate_explorer import GateExplorer, sequence
from tests.browser.gate_page import CLOSE, bars, hold, most_likely, shown_chars
from tests.browser.harness import model, saved, set_from_python, settle, show


def test_without_its_memory_the_sum_vanishes(page):
    """What the reader is told to try first."""
    show(page, GateExplorer())
    before = bars(page)
    assert abs(before["LSTM"] - before["true sum"]) < 0.1
    hold(page, "forget gate", "0")
    assert saved(page, "clamps") == {"f": {"all": 0}}
    after = bars(page)
    assert abs(after["gates held"] - after["true sum"]) > 0.5
    expected = GateExplorer(clamps={"f": {"all": 0}}).prediction
    assert after["gates held"] == pytest.approx(expected, abs=1e-4)
    assert page.locator(".ge-held").inner_text() == "held: f = 0"


def test_one_unit_apart_from_the_others(page):
    show(page, GateExplorer(unit=7))
    hold(page, "forget gate", "0")
    page.get_by_text("this unit", exact=True).click()
    hold(page, "forget gate", "own")
    assert model(page, "clamps") == {"f": {"all": 0, "7": None}}
    hold(page, "forget gate", "1")
    assert model(page, "clamps") == {"f": {"all": 0, "7": 1}}
    expected = GateExplorer(clamps={"f": {"all": 0, 7: 1}}).prediction
    assert bars(page)["gates held"] == pytest.approx(expected, abs=1e-4)
    hold(page, "forget gate", "0")
    assert model(page, "clamps") == {"f": {"all": 0}}, "what says nothing of its own is not kept"
    page.get_by_role("button", name="release all gates").click()
    settle(page)
    assert model(page, "clamps") == {}
    assert np.isnan(bars(page)["gates held"])


def test_python_can_set_everything(page):
    show(page, GateExplorer())
    values, markers = sequence(5)
    clamps = {"o": {"3": 0}}
    set_from_python(
        page, seed=5, values=values, markers=markers, clamps=clamps, step=12, unit=3, compare=False
    )
    expected = GateExplorer(seed=5, clamps=clamps)
    shown = bars(page)
    assert shown["gates held"] == pytest.approx(expected.prediction, abs=1e-4)
    assert "plain RNN" not in shown and not page.locator(".ge-panel-rnn").is_visible()
    assert page.get_by_text("The life of unit 3").is_visible()
    assert page.locator(".ge-where").inner_text().startswith("step 12:")


def test_another_seed_is_pythons_sequence(page):
    show(page, GateExplorer())
    page.get_by_role("button", name="more sequence").click()
    settle(page)
    assert (saved(page, "values"), saved(page, "markers")) == sequence(1)
    assert saved(page, "seed") == 1
    assert bars(page)["LSTM"] == pytest.approx(GateExplorer(seed=1).prediction, abs=1e-4)


def test_marks_move_by_keys_and_hand(page):
    show(page, GateExplorer(markers=[20, 60]))
    mark = page.get_by_role("slider", name="first mark")
    mark.focus()
    for key, step in [("ArrowRight", 21), ("Shift+ArrowLeft", 11), ("PageUp", 21), ("End", 59)]:
        page.keyboard.press(key)
        assert model(page, "markers") == [step, 60], key
    page.keyboard.press("ArrowRight")
    assert model(page, "markers") == [59, 60], "marks do not pass each other"
    page.keyboard.press("Home")
    assert mark.get_attribute("aria-valuenow") == "0" and saved(page, "markers") == [0, 60]
    rail = page.locator(".ge-rail").bounding_box()
    box = page.get_by_role("slider", name="second mark").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(rail["x"] + rail["width"] * 0.855, rail["y"] + 5, steps=3)
    page.mouse.up()
    assert model(page, "markers") == [0, 85]
    explorer = GateExplorer(markers=[0, 85])
    assert bars(page)["LSTM"] == pytest.approx(explorer.prediction, abs=1e-4)


def test_a_marked_value_can_be_typed(page):
    show(page, GateExplorer(markers=[20, 60]))
    box = page.get_by_label("value at the second mark")
    for text, value in [("0.25", 0.25), ("0,5", 0.5), ("1/4", 0.25), ("1", 1)]:
        box.fill(text)
        assert model(page, "values")[60] == value, text
    box.press("ArrowDown")
    assert model(page, "values")[60] == 0.9 and box.input_value() == "0.9"
    values = list(sequence(0)[0])
    values[60] = 0.9
    expected = GateExplorer(markers=[20, 60], values=values).prediction
    assert bars(page)["LSTM"] == pytest.approx(expected, abs=1e-4)
    for text in ["", "abc", "1.5", "-1", "<b>1</b>"]:
        box.fill(text)
        assert box.get_attribute("aria-invalid") == "true", text
        said = page.locator(f"#{box.get_attribute('aria-describedby')}").inner_text()
        assert said == (
            f"value at the second mark: “{text}” is not a number from 0 to 1; 0.9 still counts."
        )
        assert model(page, "values")[60] == 0.9
    box.press("Escape")
    assert box.input_value() == "0.9" and box.get_attribute("aria-invalid") == "false"


def test_what_is_typed_is_read(page):
    show(page, GateExplorer(job="chars"))
    shown_chars(page)
    box = page.get_by_label("text that the network reads")
    box.fill("Parameters")
    assert saved(page, "text") == "Parameters"
    expected = most_likely(GateExplorer(job="chars", text="Parameters").prediction)
    shown = shown_chars(page)
    np.testing.assert_allclose(list(shown.values()), list(expected.values()), **CLOSE)
    for text, message in [
        ("", "at least one character"),
        ("é", "“é” is not among the network's 96 characters"),
        ("x" * 65, "At most 64 characters, not 65"),
    ]:
        box.fill(text)
        assert box.get_attribute("aria-invalid") == "true", text
        assert message in page.locator(".ge-message:not(.lw-message)").inner_text()
        assert model(page, "text") == "Parameters" and shown_chars(page) == shown
        assert box.input_value() == text, "what was typed is not lost"
    box.fill("ok")
    assert (
        page.locator(".ge-message:not(.lw-message)").inner_text() == ""
        and model(page, "text") == "ok"
    )
