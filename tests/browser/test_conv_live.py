"""ConvLive on a bare page: drawing, choosing a digit, changing the first layer."""

import numpy as np

from large_models.data import digits
from large_models.widgets import ConvLive
from large_models.widgets.conv_live import examples, weights
from tests.browser.harness import new_page, show
from tests.browser.live import (
    SEVEN,
    assert_shows,
    bars,
    draw,
    of_model,
    paper_points,
    press,
    set_model,
    settle,
    story,
    tile,
)

IMAGES, LABELS = digits.load_digits().test_images, digits.load_digits().test_labels


# --- drawing --------------------------------------------------------------------------------------


def test_alive_before_the_first_click_and_drawn_with_the_mouse(page):
    root = show(page, ConvLive())
    assert root.get_attribute("data-state") == "ready"
    assert assert_shows(page) == 4
    assert page.locator(".cl-remark").inner_text() == "right"
    first, second, third = paper_points(page, SEVEN)
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*second, steps=5)
    half = bars(page)
    page.mouse.move(*third, steps=5)
    assert bars(page) != half, "the answer follows while the pen is down"
    page.mouse.up()
    assert assert_shows(page) == 7
    assert of_model(page, "digit_index") is None and page.locator(".cl-remark").inner_text() == ""
    (stroke,) = page.evaluate("() => saved.drawing")
    np.testing.assert_allclose([stroke[0], stroke[-1]], [[25, 20], [45, 85]], atol=0.6)


@new_page
def test_a_finger_draws_and_the_page_stays(page):
    page.set_viewport_size({"width": 390, "height": 500})
    show(page, ConvLive())
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    points = paper_points(page, SEVEN)
    path = [
        np.add(a, np.subtract(b, a) * k / 8)
        for a, b in zip(points, points[1:], strict=False)
        for k in range(9)
    ]
    for number, (x, y) in enumerate(path):
        session.send(
            "Input.dispatchTouchEvent",
            {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": x, "y": y}]},
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert assert_shows(page) == 7
    assert page.evaluate("() => scrollY") == 0
    # A finger on the hidden layer chooses a number, and the page does not follow it sideways.
    hidden = page.locator(".cl-hidden")
    hidden.scroll_into_view_if_needed()
    box = hidden.bounding_box()
    for number in range(9):
        x = box["x"] + (number + 0.5) / 9 * box["width"]
        session.send(
            "Input.dispatchTouchEvent",
            {
                "type": "touchMove" if number else "touchStart",
                "touchPoints": [{"x": x, "y": box["y"] + 0.75 * box["height"]}],
            },
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert story(page)[0] == f"Hidden layer, number {32 + int(8.5 / 9 * 32) + 1}"


def test_a_digit_drawn_with_the_keyboard_is_read(page):
    show(page, ConvLive())
    page.locator(".lw-paper").focus()
    press(page, "ArrowUp", *["ArrowUp"] * 5, " ", *["ArrowDown"] * 12, " ", "ArrowLeft")
    assert assert_shows(page) == 1
    np.testing.assert_array_equal(of_model(page, "drawing")[0][0], [50, 20])
    np.testing.assert_array_equal(of_model(page, "drawing")[0][-1], [50, 80])
    assert page.locator(".lw-paper-pen").is_visible()
    press(page, "Backspace")
    assert bars(page) == []


def test_two_arrow_keys_draw_a_slanted_line_and_the_pen_is_lifted_when_the_focus_goes(page):
    show(page, ConvLive())
    page.locator(".lw-paper").focus()
    press(page, " ")
    page.keyboard.down("ArrowDown")
    page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowDown")
    page.keyboard.up("ArrowLeft")
    press(page, "Shift+ArrowRight", " ")  # a small step
    slanted = [[50, 50], [50, 55], [45, 60], [46, 60]]
    assert of_model(page, "drawing") == [slanted]
    press(page, " ", "ArrowDown")
    press(page, "Tab")
    assert_shows(page)
    assert page.evaluate("() => saved.drawing") == [slanted, [[46, 60], [46, 65]]]
    assert not page.locator(".lw-paper-pen").is_visible()


def test_undo_and_clear(page):
    show(page, ConvLive())
    draw(page)
    before = of_model(page, "counts")
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    assert of_model(page, "counts") != before
    page.get_by_role("button", name="undo").click()
    assert_shows(page)
    assert of_model(page, "counts") == before
    page.get_by_role("button", name="clear").click()
    assert bars(page) == []
    assert page.locator(".lw-paper-empty").is_visible()
    assert page.locator(".cl-winner").inner_text() == "?"
    assert page.locator(".cl-remark").inner_text() == "no ink, no answer"
    saved = page.evaluate("() => [saved.counts, saved.drawing]")
    assert not np.any(saved[0]) and saved[1] == []
    page.get_by_role("button", name="undo").click()  # brings back what was cleared
    settle(page)
    assert of_model(page, "counts") == before


def test_a_drawing_may_be_only_made_small(page):
    show(page, ConvLive())
    draw(page, [(0.1, 0.1), (0.3, 0.12), (0.2, 0.4)])  # small, and in a corner
    straightened = of_model(page, "counts")
    page.get_by_label("cut out, straighten, rescale").uncheck()
    assert_shows(page)
    assert page.evaluate("() => saved.normalize") is False
    small = np.array(of_model(page, "counts"))
    assert small.tolist() != straightened and not small[4:].any() and not small[:, 4:].any()
    assert "shrunk" in page.locator(".cl-seen").inner_text()
    set_model(page, normalize=True)
    assert_shows(page)
    assert of_model(page, "counts") == straightened
    assert page.get_by_label("cut out, straighten, rescale").is_checked()
    # A held-out digit has taken its road already: the switch changes nothing.
    page.locator(".cl-example").first.click()
    before = of_model(page, "counts")
    page.get_by_label("cut out, straighten, rescale").uncheck()
    assert_shows(page)
    assert of_model(page, "counts") == before


def test_held_out_digits_right_and_wrong(page):
    show(page, ConvLive())
    draw(page)
    indices, answers = examples()
    for number in (4, len(indices) - 1):
        button = page.locator(".cl-example").nth(number)
        button.click()
        assert assert_shows(page) == answers[number]
        np.testing.assert_array_equal(of_model(page, "counts"), IMAGES[indices[number]])
        assert page.evaluate("() => [saved.digit_index, saved._truth, saved.drawing]") == [
            indices[number], LABELS[indices[number]], []
        ]  # fmt: skip
        assert button.get_attribute("aria-pressed") == "true"
        assert page.locator(".cl-example[aria-pressed=true]").count() == 1
    article = "an" if LABELS[indices[-1]] == 8 else "a"
    remark = f"wrong: it is {article} {LABELS[indices[-1]]}"
    assert page.locator(".cl-remark").inner_text() == remark


# --- the first layer ------------------------------------------------------------------------------


def test_a_channel_switched_off(page):
    show(page, ConvLive())
    before = bars(page)
    page.get_by_label("channel 3 on").uncheck()
    assert_shows(page, off=[2])
    assert page.evaluate("() => saved.off") == [2]
    assert tile(page, 1, 2).get_attribute("aria-label") == "channel 3, switched off"
    tile(page, 1, 5).click()
    page.get_by_label("on", exact=True).uncheck()  # the editor's own switch
    assert_shows(page, off=[2, 5])
    assert not page.get_by_label("channel 6 on").is_checked()
    assert "cl-off" in tile(page, 1, 5).get_attribute("class")
    for channel in {*range(8)} - {2, 5}:
        page.get_by_label(f"channel {channel + 1} on").uncheck()
    assert_shows(page, off=list(range(8)))
    assert bars(page) != before
    page.get_by_role("button", name="restore").click()
    assert_shows(page)
    assert page.evaluate("() => saved.off") == []


def test_an_edited_kernel(page):
    show(page, ConvLive())
    tile(page, 1, 3).click()
    assert page.locator(".cl-editor .cl-title").inner_text() == "Kernel of channel 4"
    kernels = weights()["conv1.weight"][:, 0].copy()
    cells = page.locator(".cl-cell")
    shown = [float(cell.input_value().replace("−", "-")) for cell in cells.all()]
    np.testing.assert_allclose(shown, kernels[3].ravel(), atol=0.0051)
    cells.nth(7).fill("-2.5")
    kernels[3, 1, 2] = -2.5
    assert_shows(page, kernels=kernels)
    assert cells.nth(7).input_value() == "-2.5", "what is being typed is left alone"
    cells.nth(7).press("ArrowUp")
    kernels[3, 1, 2] = -2.4
    assert_shows(page, kernels=kernels)
    np.testing.assert_allclose(page.evaluate("() => saved.kernels"), kernels, atol=1e-6)
    tile(page, 1, 0).click()
    cells.nth(0).fill("1/2")
    kernels[0, 0, 0] = 0.5
    assert_shows(page, kernels=kernels)
    page.get_by_role("button", name="reset").click()  # this one, not the other
    kernels[0] = weights()["conv1.weight"][0, 0]
    assert_shows(page, kernels=kernels)
    page.get_by_role("button", name="restore").click()
    assert_shows(page)
    assert page.get_by_role("button", name="restore").get_attribute("aria-disabled") == "true"


def test_a_bad_weight_is_said_and_the_last_good_one_stays(page):
    show(page, ConvLive())
    before = of_model(page, "kernels")
    cell, problem = page.locator(".cl-cell").nth(0), page.locator(".cl-problem")
    shown = cell.input_value()
    for bad in ("", "x", "NaN", "1e9", "--1", "101", "<img src=x>"):
        cell.fill(bad)
        assert cell.get_attribute("aria-invalid") == "true", bad
        assert "from −100 to 100" in problem.inner_text()
        assert of_model(page, "kernels") == before
        assert_shows(page)
        cell.blur()
        assert cell.input_value() == shown and cell.get_attribute("aria-invalid") == "false"
        assert problem.inner_text() == ""
    # Another kernel that is opened, and one that Python sets, put the cell right too.
    cell.fill("x")
    set_model(page, channel=2)
    expected = weights()["conv1.weight"][2, 0, 0, 0]
    assert float(cell.input_value().replace("−", "-")) == np.float32(expected).round(6)
    assert cell.get_attribute("aria-invalid") == "false" and problem.inner_text() == ""


def test_the_keyboard_reaches_all_of_it(page):
    show(page, ConvLive())
    tile(page, 1, 0).focus()
    press(page, "ArrowDown", "ArrowDown", "Enter")
    assert page.locator(".cl-editor .cl-title").inner_text() == "Kernel of channel 3"
    focus = "() => document.activeElement"
    assert "cl-cell" in page.evaluate(f"{focus}.className")
    press(page, "Escape")
    assert page.evaluate(f"{focus}.ariaLabel").startswith("channel 3, up to")
    tile(page, 2, 0).focus()
    press(page, "ArrowDown", "ArrowRight")
    assert story(page)[0].startswith("Layer 2, map 4,")
    title = story(page)[0]
    press(page, "Shift+ArrowLeft" if "column 8" in title else "Shift+ArrowRight")
    assert story(page)[0].startswith("Layer 2, map 4,") and story(page)[0] != title
    page.locator(".cl-hidden").focus()
    press(page, "End", "ArrowLeft")
    assert story(page)[0] == "Hidden layer, number 63"
    assert page.locator(".cl-hidden").get_attribute("aria-valuenow") == "63"
    page.locator(".cl-bar").nth(0).focus()
    press(page, "ArrowDown")
    assert story(page)[0].startswith("What speaks for a 1")
