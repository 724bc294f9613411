"""GateExplorer's cursor is moved: by mouse, finger and keys, step by step and playing."""

import numpy as np

from large_models.widgets.gate_explorer import GateExplorer
from tests.browser.gate_page import colors
from tests.browser.harness import model, saved, settle, show, told


def test_keys_move_the_cursor(page):
    show(page, GateExplorer(step=50, unit=10))
    page.locator(".ge-panel-c .ge-map").focus()
    for key, place in [
        ("ArrowRight", (10, 51)),
        ("ArrowUp", (9, 51)),
        ("Shift+ArrowLeft", (9, 41)),
        ("End", (9, 99)),
        ("PageDown", (19, 99)),
        ("ArrowRight", (19, 99)),
    ]:
        page.keyboard.press(key)
        settle(page)
        assert page.locator(".ge-life .ge-title").inner_text() == f"The life of unit {place[0]}"
        assert page.locator(".ge-where").inner_text().startswith(f"step {place[1]}:"), key
    told(page, unit=19, step=99)
    # Keys may come so slowly that an earlier place is said first.
    page.wait_for_function(
        "(start) => document.querySelector('[aria-live]').textContent.startsWith(start)",
        arg="unit 19, step 99: c ",
    )


def test_the_mouse_looks_and_a_press_stays(page):
    show(page, GateExplorer())
    map_ = page.locator(".ge-panel-h .ge-map")
    where = page.locator(".ge-where")
    map_.scroll_into_view_if_needed()
    box = map_.bounding_box()
    x, y = box["x"] + box["width"] * 0.305, box["y"] + box["height"] * 5.5 / 32
    page.mouse.move(x, y)
    settle(page)
    assert where.inner_text().startswith("step 30:")
    page.mouse.move(1, 1)
    settle(page)
    assert where.inner_text().startswith("step 99:") and page.evaluate("() => saved") == {}
    page.mouse.click(x, y)
    page.mouse.move(1, 1)
    told(page, unit=5, step=30)


def test_plays_from_the_start_once_it_is_through(page):
    show(page, GateExplorer())
    page.get_by_text("fast").click()
    page.get_by_role("button", name="play").click()
    page.wait_for_function(
        "() => /^step [3-9]:/.test(document.querySelector('.ge-where').textContent)"
    )
    page.get_by_role("button", name="pause").click()
    settle(page)
    stopped = page.locator(".ge-where").inner_text()
    page.wait_for_timeout(150)
    assert page.locator(".ge-where").inner_text() == stopped
    page.get_by_role("button", name="to the start").click()
    page.get_by_role("button", name="one step on").click()
    settle(page)
    assert page.locator(".ge-where").inner_text().startswith("step 1:")


def test_units_in_the_order_of_their_memory(page):
    show(page, GateExplorer())
    by_number = colors(page, "f") @ [0.299, 0.587, 0.114]
    page.get_by_text("memory", exact=True).click()
    assert saved(page, "order") == "memory"
    means = (colors(page, "f") @ [0.299, 0.587, 0.114]).mean(axis=1)
    assert (np.diff(means) < 0.5).all(), "the longest memory comes first"
    np.testing.assert_allclose(np.sort(means), np.sort(by_number.mean(axis=1)))
    # The rows are 4 pixels high: a press on the second is at the second longest memory.
    page.locator(".ge-panel-f .ge-map").click(position={"x": 50, "y": 6})
    assert saved(page, "unit") == by_number.mean(axis=1).argsort()[-2]


def test_the_plain_rnns_units_are_others(page):
    """Its map stays by number, and a press there chooses no unit."""
    show(page, GateExplorer(unit=4))
    by_number = colors(page, "rnn")
    page.get_by_text("memory", exact=True).click()
    np.testing.assert_array_equal(colors(page, "rnn"), by_number)
    page.locator(".ge-panel-rnn .ge-map").click(position={"x": 50, "y": 100})
    assert saved(page, "step") < 99 and model(page, "unit") == 4
    page.keyboard.press("ArrowDown")
    settle(page)
    assert page.locator(".ge-life .ge-title").inner_text() == "The life of unit 4"
