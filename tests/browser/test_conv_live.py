"""ConvLive on a bare page: what it shows against NumPy, and every way to move it."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from lib.data import digits
from lib.widgets import ConvLive
from lib.widgets.conv_live import examples, forward, weights
from tests.browser.harness import show

SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(5000)
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda m: page.problems.append(m.text) if m.type in ("error", "warning") else None,
    )
    yield page
    context.close()
    assert page.problems == []


def settle(page):
    """Wait until the frames after the last change are drawn, and Python has heard of it."""
    page.evaluate(
        """async () => {
          for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
        }"""
    )


def bars(page):
    """The ten probabilities that the page shows, 0 to 1; empty where there is no answer."""
    settle(page)
    texts = page.locator(".cl-value").all_inner_texts()
    return [float(text.removesuffix(" %")) / 100 for text in texts if text]


def of_model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def assert_shows(page, **changes):
    """What is shown, and what Python hears, is NumPy's answer to the counts in the page."""
    shown = bars(page)
    counts = np.array([of_model(page, "counts")])
    expected = forward(counts, **changes)["probabilities"][0]
    np.testing.assert_allclose(shown, expected, atol=6e-4)  # a tenth of a percent is shown
    np.testing.assert_allclose(of_model(page, "probabilities"), expected, atol=1e-5)


def paper_points(page, points):
    box = page.locator(".cl-paper").bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page, points=SEVEN):
    first, *others = paper_points(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()
    settle(page)


def test_alive_before_the_first_click(page):
    root = show(page, ConvLive())
    assert root.get_attribute("data-state") == "ready"
    np.testing.assert_allclose(
        bars(page), forward(np.array([of_model(page, "counts")]))["probabilities"][0], atol=6e-4
    )
    assert page.locator(".cl-verdict").inner_text().startswith("a 2")


def test_a_digit_drawn_with_the_mouse_is_read(page):
    show(page, ConvLive())
    draw(page)
    assert_shows(page)
    assert np.argmax(bars(page)) == 7
    assert page.locator(".cl-verdict").inner_text().startswith("a 7")


def test_maps_show_what_the_layers_compute(page):
    show(page, ConvLive())
    draw(page)
    expected = forward(np.array([of_model(page, "counts")]))
    for layer, name in ((1, "relu1"), (2, "relu2")):
        tiles = page.locator(f".cl-tiles-{layer} .cl-tile")
        assert tiles.count() == expected[name].shape[1]
        for channel in range(tiles.count()):
            label = tiles.nth(channel).get_attribute("aria-label")
            said = float(re.search(r"largest value ([\d.]+)", label)[1])
            assert said == pytest.approx(expected[name][0, channel].max(), abs=0.006)


def test_a_finger_draws_and_the_page_stays(page):
    show(page, ConvLive())
    session = page.context.new_cdp_session(page)
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
    assert_shows(page)
    assert np.argmax(bars(page)) == 7
    assert page.evaluate("scrollY") == 0


def test_a_digit_drawn_with_the_keyboard_is_read(page):
    show(page, ConvLive())
    page.locator(".cl-paper").focus()
    page.keyboard.press("ArrowUp")
    for key, times in (("ArrowUp", 5), (" ", 1), ("ArrowDown", 12), (" ", 1)):
        for _ in range(times):
            page.keyboard.press(key)
    assert_shows(page)
    assert np.argmax(bars(page)) == 1


def test_undo_and_clear(page):
    show(page, ConvLive())
    draw(page)
    before = of_model(page, "counts")
    draw(page, [(0.3, 0.5), (0.7, 0.5)])
    assert of_model(page, "counts") != before
    page.get_by_role("button", name="undo").click()
    settle(page)
    assert of_model(page, "counts") == before
    page.get_by_role("button", name="clear").click()
    assert bars(page) == []
    assert page.locator(".cl-empty").is_visible()
    assert page.locator(".cl-verdict").inner_text() == "no ink, no answer"
    assert of_model(page, "probabilities") == []


def test_held_out_digits_right_and_wrong(page):
    show(page, ConvLive())
    images, labels, answers = examples()
    for number in (4, len(labels) - 1):
        button = page.locator(".cl-example").nth(number)
        button.click()
        assert_shows(page)
        np.testing.assert_array_equal(of_model(page, "counts"), images[number])
        assert np.argmax(bars(page)) == answers[number]
        assert button.get_attribute("aria-pressed") == "true"
    said = page.locator(".cl-verdict").inner_text()
    assert said.startswith(f"a {answers[-1]}") and said.endswith(f"it is a {labels[-1]}")


def test_a_channel_switched_off(page):
    show(page, ConvLive())
    page.locator(".cl-tiles-1 .cl-tile").nth(2).click()
    page.get_by_label("channel on").uncheck()
    assert_shows(page, off=[2])
    assert of_model(page, "off") == [2]
    tile = page.locator(".cl-tiles-1 .cl-tile").nth(2)
    assert tile.get_attribute("aria-label") == "channel 2, switched off"
    page.get_by_role("button", name="restore").click()
    assert_shows(page)


def test_an_edited_kernel(page):
    show(page, ConvLive())
    page.locator(".cl-tiles-1 .cl-tile").nth(3).click()
    cell = page.locator(".cl-cell").nth(7)
    cell.fill("-2.5")
    kernels = weights()["conv1.weight"][:, 0].copy()
    kernels[3, 1, 2] = -2.5
    assert_shows(page, kernels=kernels)
    cell.press("ArrowUp")
    kernels[3, 1, 2] = -2.4
    assert_shows(page, kernels=kernels)


@pytest.mark.parametrize("bad", ["", "x", "NaN", "1e9", "--1", "<b>1</b>"])
def test_a_bad_weight_is_said_and_the_last_good_one_stays(page, bad):
    show(page, ConvLive())
    before = of_model(page, "kernels")
    cell = page.locator(".cl-cell").nth(0)
    shown = cell.input_value()
    cell.fill(bad)
    assert cell.get_attribute("aria-invalid") == "true"
    assert "number from" in page.locator(".cl-problem").inner_text()
    assert of_model(page, "kernels") == before
    cell.blur()
    assert cell.input_value() == shown
    assert page.locator(".cl-problem").inner_text() == ""


def test_python_sets_and_the_page_follows(page):
    show(page, ConvLive())
    draw(page)
    counts = digits.load_digits().test_images[5]
    page.evaluate("(counts) => model.set('counts', counts)", counts.tolist())
    assert_shows(page)
    np.testing.assert_array_equal(of_model(page, "counts"), counts)
    page.evaluate("model.set('off', [0, 3])")
    assert_shows(page, off=[0, 3])


def test_what_made_a_pixel(page):
    show(page, ConvLive())
    expected = forward(np.array([of_model(page, "counts")]))
    tile = page.locator(".cl-tiles-1 .cl-tile").nth(2)
    tile.focus()
    settle(page)
    story = page.locator(".cl-story").inner_text()
    value = expected["relu1"][0, 2]
    row, column = np.unravel_index(value.argmax(), value.shape)
    assert f"row {row}, column {column}" in story
    assert float(story.split("ReLU → ")[1]) == pytest.approx(value.max(), abs=0.006)
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "channel 3" in page.locator(".cl-story").inner_text()
    map_ = page.locator(".cl-tiles-2 .cl-tile").nth(6).locator("canvas").first
    box = map_.bounding_box()
    page.mouse.move(box["x"] + 3.5 / 8 * box["width"], box["y"] + 5.5 / 8 * box["height"])
    settle(page)
    story = page.locator(".cl-story").inner_text()
    assert "Layer 2, channel 6, row 5, column 3" in story
    shown = float(story.split("ReLU → ")[1])
    assert shown == pytest.approx(expected["relu2"][0, 6, 5, 3], abs=0.006)


def test_nothing_moves_the_page(page):
    root = show(page, ConvLive())
    height = root.bounding_box()["height"]
    draw(page)
    page.locator(".cl-tiles-1 .cl-tile").nth(6).click()
    page.locator(".cl-cell").nth(0).fill("x")
    page.locator(".cl-tiles-2 .cl-tile").nth(3).focus()
    settle(page)
    assert root.bounding_box()["height"] == height


@pytest.mark.parametrize("width", [390, 360])
def test_fits_a_phone(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, ConvLive())
    draw(page)
    assert_shows(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(
    ("theme", "lang", "width"),
    [("light", "en", 1280), ("dark", "zh-CN", 390), ("dark", "en", 1280)],
)
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width, "height": 1000})
    show(page, ConvLive(off=[1]), lang=lang, theme=theme)
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []


def test_in_chinese(page):
    root = show(page, ConvLive(), lang="zh-CN")
    assert "先试试" in root.inner_text()
    # Formulas, names and numbers aside, no English is left.
    assert re.findall(r"[A-Za-z]{3,}", root.inner_text().replace("ReLU", "")) == []


def test_the_clean_up_leaves_nothing(page):
    show(page, ConvLive())
    page.evaluate("window.end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("model.listening()") == 0
