"""ConvLive on a bare page: what it shows against NumPy, and every way to move it."""

import json
import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from large_models.data import digits
from large_models.widgets import ConvLive
from large_models.widgets.conv_live import examples, forward, weights
from tests.browser.harness import show

IMAGES, LABELS = digits.load_digits().test_images, digits.load_digits().test_labels
SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(20_000)
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


def of_model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def bars(page):
    """The ten probabilities that the page shows, 0 to 1; empty where there is no answer."""
    settle(page)
    texts = page.locator(".lw-bar-value").all_inner_texts()
    return [float(text.strip("<>%")) / 100 for text in texts if text]


def assert_shows(page, **changes):
    """What is shown is NumPy's answer to what Python has heard."""
    shown = bars(page)
    assert page.evaluate("[...dirty]") == []
    expected = forward(np.array([of_model(page, "counts")]), **changes)["probabilities"][0]
    np.testing.assert_allclose(shown, expected, atol=1.1e-3)  # a tenth of a percent, or ">99.9%"
    assert page.locator(".cl-winner").inner_text() == str(expected.argmax())
    return int(expected.argmax())


def paper_points(page, points):
    box = page.locator(".lw-paper").bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page, points=SEVEN):
    first, *others = paper_points(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()
    settle(page)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def tile(page, layer, channel):
    return page.locator(f".cl-{layer} .cl-tile").nth(channel)


def story(page):
    settle(page)
    return page.locator(".cl-how .cl-title").inner_text(), page.locator(".cl-story").inner_text()


# --- drawing --------------------------------------------------------------------------------------


def test_alive_before_the_first_click(page):
    root = show(page, ConvLive())
    assert root.get_attribute("data-state") == "ready"
    assert assert_shows(page) == 4
    assert page.locator(".cl-remark").inner_text() == "right"


def test_a_digit_drawn_with_the_mouse_is_read(page):
    show(page, ConvLive())
    draw(page)
    assert assert_shows(page) == 7
    assert of_model(page, "digit_index") is None and page.locator(".cl-remark").inner_text() == ""
    (stroke,) = page.evaluate("saved.drawing")
    np.testing.assert_allclose([stroke[0], stroke[-1]], [[25, 20], [45, 85]], atol=0.6)


def test_the_answer_follows_while_the_pen_is_down(page):
    show(page, ConvLive())
    first, second, third = paper_points(page, SEVEN)
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*second, steps=5)
    half = bars(page)
    page.mouse.move(*third, steps=5)
    assert bars(page) != half
    page.mouse.up()
    assert_shows(page)


def test_a_finger_draws_and_the_page_stays(page):
    page.set_viewport_size({"width": 390, "height": 500})
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
    assert assert_shows(page) == 7
    assert page.evaluate("scrollY") == 0


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


def test_two_arrow_keys_draw_a_slanted_line(page):
    show(page, ConvLive())
    page.locator(".lw-paper").focus()
    press(page, " ")
    page.keyboard.down("ArrowDown")
    page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowDown")
    page.keyboard.up("ArrowLeft")
    press(page, "Shift+ArrowRight", " ")  # a small step
    assert of_model(page, "drawing") == [[[50, 50], [50, 55], [45, 60], [46, 60]]]


def test_the_pen_is_lifted_when_the_focus_goes(page):
    show(page, ConvLive())
    page.locator(".lw-paper").focus()
    press(page, " ", "ArrowDown")
    press(page, "Tab")
    assert_shows(page)
    assert len(page.evaluate("saved.drawing")) == 1
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
    assert not np.any(page.evaluate("saved.counts")) and page.evaluate("saved.drawing") == []
    page.get_by_role("button", name="undo").click()  # brings back what was cleared
    settle(page)
    assert of_model(page, "counts") == before


# --- held-out digits ------------------------------------------------------------------------------


def test_held_out_digits_right_and_wrong(page):
    show(page, ConvLive())
    draw(page)
    indices, answers = examples()
    assert page.locator(".cl-example").count() == len(indices)
    for number in (4, len(indices) - 1):
        button = page.locator(".cl-example").nth(number)
        button.click()
        assert assert_shows(page) == answers[number]
        np.testing.assert_array_equal(of_model(page, "counts"), IMAGES[indices[number]])
        assert page.evaluate("[saved.digit_index, saved._truth, saved.drawing]") == [
            indices[number], LABELS[indices[number]], []
        ]  # fmt: skip
        assert button.get_attribute("aria-pressed") == "true"
    truth = LABELS[indices[-1]]
    assert page.locator(".cl-remark").inner_text() in (
        f"wrong: it is a {truth}",
        f"wrong: it is an {truth}",
    )
    assert page.locator(".cl-example[aria-pressed=true]").count() == 1


# --- the first layer ------------------------------------------------------------------------------


def test_a_channel_switched_off(page):
    show(page, ConvLive())
    page.get_by_label("channel 3 on").uncheck()
    assert_shows(page, off=[2])
    assert page.evaluate("saved.off") == [2]
    assert tile(page, 1, 2).get_attribute("aria-label") == "channel 3, switched off"
    tile(page, 1, 5).click()
    page.get_by_label("on", exact=True).uncheck()  # the editor's own switch
    assert_shows(page, off=[2, 5])
    assert not page.get_by_label("channel 6 on").is_checked()
    assert "cl-off" in tile(page, 1, 5).get_attribute("class")
    page.get_by_role("button", name="restore").click()
    assert_shows(page)
    assert page.evaluate("saved.off") == []


def test_without_channels_the_answer_changes(page):
    show(page, ConvLive())
    before = bars(page)
    for channel in range(8):
        page.get_by_label(f"channel {channel + 1} on").uncheck()
    assert_shows(page, off=list(range(8)))
    assert bars(page) != before


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
    cells.nth(7).press("ArrowUp")
    kernels[3, 1, 2] = -2.4
    assert_shows(page, kernels=kernels)
    np.testing.assert_allclose(page.evaluate("saved.kernels"), kernels, atol=1e-6)
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


@pytest.mark.parametrize("bad", ["", "x", "NaN", "1e9", "--1", "101", "<img src=x>"])
def test_a_bad_weight_is_said_and_the_last_good_one_stays(page, bad):
    show(page, ConvLive())
    before = of_model(page, "kernels")
    cell = page.locator(".cl-cell").nth(0)
    shown = cell.input_value()
    cell.fill(bad)
    assert cell.get_attribute("aria-invalid") == "true"
    assert "from −100 to 100" in page.locator(".cl-problem").inner_text()
    assert of_model(page, "kernels") == before
    assert_shows(page)
    cell.blur()
    assert cell.input_value() == shown and cell.get_attribute("aria-invalid") == "false"
    assert page.locator(".cl-problem").inner_text() == ""


def test_the_keyboard_reaches_all_of_it(page):
    show(page, ConvLive())
    tile(page, 1, 0).focus()
    press(page, "ArrowDown", "ArrowDown", "Enter")
    assert page.locator(".cl-editor .cl-title").inner_text() == "Kernel of channel 3"
    assert page.evaluate("document.activeElement.className") == "lw-cell cl-cell"
    press(page, "Escape")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("channel 3, up to")
    tile(page, 2, 0).focus()
    press(page, "ArrowDown", "ArrowRight")
    assert story(page)[0].startswith("Layer 2, map 4,")
    title = story(page)[0]
    press(page, "Shift+ArrowLeft" if "column 8" in title else "Shift+ArrowRight")
    assert story(page)[0].startswith("Layer 2, map 4,") and story(page)[0] != title
    page.locator(".cl-hidden").focus()
    press(page, "End", "ArrowLeft")
    assert story(page)[0] == "Hidden layer, number 63"
    page.locator(".cl-bar").nth(0).focus()
    press(page, "ArrowDown")
    assert story(page)[0].startswith("What speaks for a 1")


# --- how a number comes about ---------------------------------------------------------------------


def hover(page, canvas, row, column, side):
    box = canvas.bounding_box()
    x, y = (column + 0.5) / side * box["width"], (row + 0.5) / side * box["height"]
    page.mouse.move(box["x"] + x, box["y"] + y)


@pytest.mark.parametrize(
    ("layer", "name", "side", "says"),
    [(1, "conv1", 24, "Layer 1, channel 7"), (2, "conv2", 8, "Layer 2, map 7")],
)
def test_what_made_a_value_of_a_map(page, layer, name, side, says):
    show(page, ConvLive())
    values = forward(np.array([of_model(page, "counts")]))[name][0, 6]
    for row, column in [(3, 5), (side - 1, 0), np.unravel_index(values.argmin(), values.shape)]:
        hover(page, tile(page, layer, 6).locator(f".cl-{name} canvas"), row, column, side)
        title, text = story(page)
        assert title == f"{says}, row {row + 1}, column {column + 1}"
        total = text.split(": ")[-1].split(";")[0].replace("−", "-")
        assert float(total) == pytest.approx(values[row, column], abs=0.006)
        assert ("ReLU makes it 0" in text) == (values[row, column] < 0)
    # The window that it was made of is marked in the layer below.
    below = ".cl-input .cl-mark" if layer == 1 else ".cl-pool1 .cl-mark"
    assert page.locator(below + ":visible").count() == (1 if layer == 1 else 8)
    page.mouse.move(5, 5)
    assert story(page)[0].startswith("What speaks for a 4")
    assert page.locator(".cl-tile .cl-mark:visible").count() == 0


def test_what_pooling_and_the_hidden_layer_made(page):
    show(page, ConvLive())
    values = forward(np.array([of_model(page, "counts")]))
    hover(page, tile(page, 1, 2).locator(".cl-pool1 canvas"), 5, 7, 12)
    title, text = story(page)
    assert title == "Pooling 1, channel 3, row 6, column 8"
    numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", text.replace("−", "-")) if n != "0"]
    np.testing.assert_allclose(numbers[:4], values["conv1"][0, 2, 10:12, 14:16].ravel(), atol=0.006)
    assert numbers[-1] == pytest.approx(values["pool1"][0, 2, 5, 7], abs=0.006)
    box = page.locator(".cl-units").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + (40.5 / 64) * box["height"])
    title, text = story(page)
    assert title == "Hidden layer, number 41"
    total = max(float(text.split(": ")[-1].split(";")[0].replace("−", "-")), 0)
    assert total == pytest.approx(values["hidden"][0, 40], abs=0.06)
    page.locator(".cl-bar").nth(8).hover()
    title, text = story(page)
    assert title.startswith("What speaks for an 8")
    score = float(re.search(r"score (−?[\d.]+)", text)[1].replace("−", "-"))
    assert score == pytest.approx(values["scores"][0, 8], abs=0.06)


def test_maps_of_a_layer_share_one_scale(page):
    show(page, ConvLive())
    layers = forward(np.array([of_model(page, "counts")]))
    values, hidden = layers["pool2"][0], layers["hidden"][0]
    reds = page.locator(".cl-pool2 canvas").evaluate_all(
        """(all) => all.map((canvas) => {
          const {data} = canvas.getContext("2d").getImageData(0, 0, 4, 4);
          return [...data].filter((_, i) => i % 4 === 0);
        })"""
    )
    # Red grows along the scale "magnitude", apart from its first few levels.
    values, reds = values.ravel(), np.ravel(reds)
    order = np.argsort(values, kind="stable")
    bright = order[values[order] > 0.1 * values.max()]
    assert len(bright) > 20 and (np.diff(reds[bright]) >= 0).all()
    ends = page.locator(".cl-2 .lw-legend-marks").nth(1).inner_text().split()
    assert float(ends[-1]) == pytest.approx(values.max(), abs=0.06)
    assert page.locator(".cl-sub").inner_text() == f"0–{hidden.max():.0f}"
    lit = page.locator(".cl-units canvas").evaluate(
        "(c) => [...c.getContext('2d').getImageData(0, 0, 1, 64).data].filter((_, i) => !(i % 4))"
    )
    order = np.argsort(hidden, kind="stable")
    bright = order[hidden[order] > 0.1 * hidden.max()]
    assert len(bright) > 10 and (np.diff(np.array(lit)[bright]) >= 0).all()
    assert len(set(np.array(lit)[bright])) > 8


def test_the_strip_shows_what_speaks_for_and_what_against(page):
    show(page, ConvLive())
    hidden = forward(np.array([of_model(page, "counts")]))["hidden"][0]
    for digit in (4, 0):
        page.locator(".cl-bar").nth(digit).click()
        settle(page)
        products = hidden * weights()["output.weight"][digit]
        rgb = page.locator(".cl-strips canvas").first.evaluate(
            """(canvas) => {
              const options = {willReadFrequently: true};
              const copy = document.createElement("canvas").getContext("2d", options);
              copy.drawImage(canvas, 0, 0);
              const {data} = copy.getImageData(0, 0, 64, 1);
              return Array.from({length: 64}, (_, u) => [...data.slice(4 * u, 4 * u + 3)]);
            }"""
        )
        red_over_blue = np.subtract(np.array(rgb)[:, 0], np.array(rgb)[:, 2], dtype=float)
        # Each of the 64 in its place: red for, blue against, and the deeper the more.
        clear = np.abs(products) > 0.05 * np.abs(products).max()
        assert 15 < clear.sum() < 64
        np.testing.assert_array_equal(np.sign(red_over_blue)[clear], np.sign(products)[clear])
        assert np.abs(red_over_blue[products == 0]).max() < 8
        score = products.sum() + weights()["output.bias"][digit]
        said = re.search(r"score (−?[\d.]+)", story(page)[1])[1].replace("−", "-")
        assert float(said) == pytest.approx(score, abs=0.06)
        largest = np.abs(products).max()
        ends = page.locator(".cl-strips .lw-legend-marks").inner_text().replace("−", "-")
        assert float(re.search(r"-([\d.]+) against", ends)[1]) == pytest.approx(largest, abs=0.06)


def test_a_drawing_may_be_only_made_small(page):
    show(page, ConvLive())
    slanted = [(0.1, 0.1), (0.3, 0.12), (0.2, 0.4)]  # small, and in a corner
    draw(page, slanted)
    straightened = of_model(page, "counts")
    page.get_by_label("cut out, straighten, rescale").uncheck()
    assert_shows(page)
    assert page.evaluate("saved.normalize") is False
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


def test_the_first_task_succeeds_where_it_starts(page):
    show(page, ConvLive())
    changed = []
    for channel in range(8):
        page.get_by_label(f"channel {channel + 1} on").uncheck()
        settle(page)
        if page.locator(".cl-winner").inner_text() != "4":
            changed.append(channel + 1)
        page.get_by_label(f"channel {channel + 1} on").check()
    assert changed == [7]


# --- Python, other views, the page ----------------------------------------------------------------


def set_model(page, **changes):
    page.evaluate("(all) => Object.entries(all).forEach(([k, v]) => model.set(k, v))", changes)
    settle(page)
    page.evaluate("model.save_changes()")


def test_python_sets_and_the_page_follows(page):
    show(page, ConvLive())
    draw(page)
    set_model(page, digit_index=5, _truth=int(LABELS[5]), counts=IMAGES[5].tolist(), drawing=[])
    assert assert_shows(page) == LABELS[5]
    assert page.locator(".cl-remark").inner_text() == "right"
    np.testing.assert_array_equal(of_model(page, "counts"), IMAGES[5])
    set_model(page, off=[0, 3], channel=4)
    assert_shows(page, off=[0, 3])
    assert page.locator(".cl-editor .cl-title").inner_text() == "Kernel of channel 5"
    kernels = np.zeros((8, 5, 5))
    kernels[:, 2, 2] = 1
    set_model(page, off=[], kernels=kernels.tolist())
    assert_shows(page, kernels=kernels)


def test_python_draws(page):
    show(page, ConvLive())
    set_model(page, drawing=[[[100 * x, 100 * y] for x, y in SEVEN]])
    assert assert_shows(page) == 7
    assert of_model(page, "digit_index") is None
    show(page, ConvLive(drawing=[[[50, 10], [50, 90]]]))  # before the page is there
    assert assert_shows(page) == 1


def test_nothing_moves_the_page(page):
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 1000})
        root = show(page, ConvLive())
        height = root.bounding_box()["height"]

        def same(root=root, height=height):
            settle(page)
            assert root.bounding_box()["height"] == height

        draw(page)
        same()
        page.get_by_label("channel 6 on").uncheck()
        tile(page, 1, 6).click()
        page.locator(".cl-cell").nth(0).fill("x")
        same()
        for node in (tile(page, 2, 3), page.locator(".cl-hidden"), page.locator(".cl-bar").nth(3)):
            node.hover()
            same()
        page.locator(".cl-example").last.click()
        same()
        page.get_by_role("button", name="clear").click()
        same()


@pytest.mark.parametrize("width", [1280, 390])
def test_its_place_is_kept_while_it_loads(page, width):
    """The height that the style sheet reserves is the widget's own, but for fonts."""
    page.set_viewport_size({"width": width, "height": 1000})
    root = show(page, ConvLive(), width=736)
    height = root.bounding_box()["height"]
    reserved = page.evaluate(
        """() => {
          const root = document.querySelector(".lw");
          root.replaceChildren();
          root.dataset.state = "loading";
          return root.getBoundingClientRect().height;
        }"""
    )
    assert reserved == pytest.approx(height, rel=0.05)


@pytest.mark.parametrize("width", [390, 360])
def test_fits_a_phone(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, ConvLive(off=[2]))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    draw(page)
    assert assert_shows(page, off=[2]) == 7
    # Paper and answer are seen together.
    paper, bar = (page.locator(s).bounding_box() for s in (".lw-paper", ".cl-bar >> nth=9"))
    assert bar["y"] + bar["height"] - paper["y"] < 400
    targets = "button, input, .cl-switch, .cl-hidden"
    for box in page.locator(f".lw :is({targets})").evaluate_all(
        "(all) => all.map((e) => e.closest('label') ?? e).map((e) => e.getBoundingClientRect())"
        ".map((b) => [b.width, b.height])"
    ):
        assert min(box) >= 23.9, box


@pytest.mark.parametrize(
    ("theme", "lang", "width"),
    [("light", "en", 1280), ("light", "en", 390), ("dark", "zh-CN", 390), ("dark", "en", 1280)],
)
def test_axe_finds_nothing(page, theme, lang, width):
    page.set_viewport_size({"width": width, "height": 1000})
    show(page, ConvLive(off=[1]), lang=lang, theme=theme)
    tile(page, 2, 3).hover()
    settle(page)
    found = Axe().run(page, {"include": [[".lw"]]}).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_in_chinese(page):
    root = show(page, ConvLive(), lang="zh-CN")
    for act in (
        lambda: tile(page, 1, 2).hover(),
        lambda: tile(page, 2, 2).hover(),
        lambda: page.locator(".cl-hidden").hover(),
        lambda: page.locator(".cl-bar").nth(2).hover(),
        lambda: page.locator(".cl-cell").nth(0).fill("x"),
        lambda: page.locator(".cl-example").last.click(),
        lambda: page.locator(".cl-buttons button").nth(1).click(),
    ):
        act()
        settle(page)
        # Names and numbers aside, no English is left; nor is it in what screen readers hear.
        labels = page.locator(".lw [aria-label]").evaluate_all("(a) => a.map((e) => e.ariaLabel)")
        text = root.inner_text() + json.dumps(labels, ensure_ascii=False)
        assert set(re.findall(r"[A-Za-z]{3,}", text)) <= {"ReLU", "softmax", "Shift"}


def test_the_answer_is_spoken_once_things_rest(page):
    show(page, ConvLive())
    draw(page)
    spoken = page.locator("[aria-live=polite]")
    assert spoken.inner_text() == ""
    page.wait_for_function("document.querySelector('[aria-live=polite]').textContent")
    assert spoken.inner_text() == "a 7, >99.9%"
    tile(page, 2, 0).focus()
    press(page, "ArrowRight")
    page.wait_for_function("document.querySelector('[aria-live=polite]').textContent[0] === 'L'")
    assert spoken.inner_text() == ". ".join(story(page))


def test_the_theme_changes_the_ink(page):
    show(page, ConvLive())
    draw(page)
    ink = """() => {
      const copy = new OffscreenCanvas(320, 320).getContext("2d", {willReadFrequently: true});
      copy.drawImage(document.querySelector(".lw-paper"), 0, 0);
      const {data} = copy.getImageData(0, 0, 320, 320);
      return [...data].filter((_, i) => i % 4 === 0 && data[i + 3] === 255)[0];
    }"""
    dark_ink = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    settle(page)
    assert dark_ink < 64 and page.evaluate(ink) > 192
    assert assert_shows(page) == 7


def test_the_clean_up_leaves_nothing(page):
    show(page, ConvLive())
    page.evaluate("window.end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("model.listening()") == 0
