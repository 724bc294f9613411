"""KernelExplorer on a bare page: what it shows against NumPy, and every way to move it."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from large_models.formulas.cnn import conv2d
from large_models.formulas.pooling import avg_pool2d, max_pool2d
from large_models.widgets.assets import picture, png
from large_models.widgets.kernel_explorer import KERNELS, KernelExplorer
from tests.browser.harness import delays, serious, settle, show, state_of, told

# What is shown has three digits that count, two of them after the point at most.
SHOWN = {"rtol": 5e-3, "atol": 5.1e-3}


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def reading(page):
    """What the page tells a reader about the window: pixels, products, and what they come to."""
    settle(page)
    zoom = page.locator(".ke-zoom").get_attribute("aria-label")
    products = page.locator(".ke-products").get_attribute("aria-label")
    # The same numbers are what is seen.
    seen = page.locator(".ke-zoom .ke-tap").all_inner_texts()
    assert numbers(" ".join(seen)) == numbers(zoom)
    assert numbers(" ".join(page.locator(".ke-products span").all_inner_texts())) == numbers(
        products
    )
    return numbers(zoom), numbers(products), numbers(page.locator(".ke-sum b").inner_text())[0]


def place(page):
    """Row and column that the page says the window is at, counted from 0 as in Python."""
    settle(page)
    return tuple(int(n) - 1 for n in numbers(page.locator(".ke-equation").inner_text()))


def model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def set_from_python(page, **traits):
    page.evaluate("(t) => Object.entries(t).forEach(([k, v]) => model.set(k, v))", traits)
    settle(page)


def saved(page, key):
    """What Python was told last; a moved window is told once it rests."""
    page.wait_for_function("(key) => key in saved", arg=key)
    return page.evaluate("(key) => saved[key]", key)


def output_of(explorer):
    pixels = picture(explorer.photo).astype(np.float64)[None]
    weight = np.array(explorer.kernel, dtype=np.float64)[None, None]
    return conv2d(pixels, weight, None, explorer.stride, explorer.padding, explorer.dilation)


def pixels_of(page, side):
    """(H, W, 3) what the input's or output's canvas holds."""
    settle(page)
    url = page.locator(f".ke-{side} .ke-map").evaluate("(canvas) => canvas.toDataURL()")
    file = io.BytesIO(base64.b64decode(url.split(",")[1]))
    return np.asarray(Image.open(file).convert("RGB"))


def box(page, side):
    return page.locator(f".ke-{side} .ke-frame").bounding_box()


def point(page, side, row, col, size=256):
    """The point of the screen in the middle of a picture's pixel."""
    b = box(page, side)
    return b["x"] + (col + 0.5) / size * b["width"], b["y"] + (row + 0.5) / size * b["height"]


# --- what it shows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"kernel": "gauss-5", "padding": 2, "photo": "flower", "row": 0, "col": 255},
        {"kernel": "emboss", "stride": 3, "dilation": 2, "padding": 0, "row": 83, "col": 10},
        {
            "kernel": [[0.5, -1.25, 0], [0, 2, 0], [-0.125, 0, 3]],
            "photo": "digit",
            "row": 9,
            "col": 13,
        },
        {"kernel": "gauss-5", "dilation": 3, "padding": 6, "stride": 4, "photo": "digit"},
        {"kernel": "sharpen", "clip": True, "photo": "portrait", "row": 100, "col": 120},
    ],
)
def test_shows_what_numpy_computes(page, settings):
    explorer = KernelExplorer(**settings)
    show(page, explorer)
    output = output_of(explorer)[0]
    H, W = output.shape
    assert (H, W) == explorer.output_shape
    row, col = min(explorer.row, H - 1), min(explorer.col, W - 1)
    assert place(page) == (row, col)

    p, d, s = explorer.padding, explorer.dilation, explorer.stride
    padded = np.pad(picture(explorer.photo).astype(float), p)
    K = len(explorer.kernel)
    window = padded[
        row * s : row * s + d * (K - 1) + 1 : d, col * s : col * s + d * (K - 1) + 1 : d
    ]
    taps, products, total = reading(page)
    assert taps == window.ravel().tolist()
    np.testing.assert_allclose(products, (window * explorer.kernel).ravel(), **SHOWN)
    np.testing.assert_allclose(total, output[row, col], rtol=5e-4, atol=5e-3)
    assert f"{H} × {W}" in page.locator(".ke-out .ke-title").inner_text()
    assert page.locator(".ke-formula b").inner_text() == str(H)


@pytest.mark.parametrize(("pool", "by_numpy"), [("max", max_pool2d), ("average", avg_pool2d)])
def test_pools_as_numpy_does(page, pool, by_numpy):
    explorer = KernelExplorer(
        tab="pooling", pool=pool, pool_window=3, pool_stride=2, row=60, col=50
    )
    show(page, explorer)
    features = output_of(explorer)
    pooled = by_numpy(features, 3, 2)[0]
    assert pooled.shape == explorer.output_shape
    window, _, value = reading(page)
    np.testing.assert_allclose(window, features[0, 120:123, 100:103].ravel(), **SHOWN)
    np.testing.assert_allclose(value, pooled[60, 50], rtol=5e-4, atol=5e-3)
    assert page.locator(".ke-formula b").inner_text() == str(pooled.shape[0])


def test_draws_the_pixels_themselves(page):
    """The input is the photograph to the last level; so is what the identity makes of it."""
    show(page, KernelExplorer(kernel="identity", clip=True))
    expected = np.repeat(picture("china")[..., None], 3, 2)
    np.testing.assert_array_equal(pixels_of(page, "in"), expected)
    np.testing.assert_array_equal(pixels_of(page, "out"), expected)


def test_signed_output_is_coloured_from_blue_over_white_to_red(page):
    explorer = KernelExplorer()
    show(page, explorer)
    low, zero, high = numbers(page.locator(".ke-out .lw-legend-marks").inner_text())
    assert low == -high and zero == 0
    output = output_of(explorer)[0]
    # The legend rounds its end: compare where that moves no colour by more than a few levels.
    expected = colormaps["RdBu_r"]((output / high + 1) / 2, bytes=True)[..., :3]
    np.testing.assert_allclose(pixels_of(page, "out").astype(int), expected.astype(int), atol=6)
    beyond = np.mean(np.abs(output) > high)
    assert 0.002 < beyond < 0.012, "about one pixel in 100 lies beyond the ends of the scale"


def test_the_legend_moves_with_the_kernel(page):
    show(page, KernelExplorer())
    marks = page.locator(".ke-out .lw-legend-marks")
    before = numbers(marks.inner_text())[2]
    doubled = (2 * np.array(KERNELS["sobel-x"])).tolist()
    set_from_python(page, kernel=doubled)
    assert numbers(marks.inner_text())[2] == pytest.approx(2 * before, rel=0.01)


def test_a_photo_editor_cuts_and_says_how_much(page):
    explorer = KernelExplorer(clip=True)
    show(page, explorer)
    output = output_of(explorer)[0]
    cut = 100 * np.mean((output < 0) | (output > 255))
    text = page.locator(".ke-out .lw-legend-marks").inner_text()
    assert float(re.search(r"([\d.]+)%", text)[1]) == pytest.approx(cut, abs=0.051)
    expected = np.clip(output, 0, 255)
    np.testing.assert_allclose(pixels_of(page, "out")[..., 0], expected, atol=1)
    page.get_by_label("cut to 0–255 like a photo").uncheck()
    assert saved(page, "clip") is False


# --- moving the window ----------------------------------------------------------------------------


def test_the_window_follows_the_mouse_and_comes_back(page):
    show(page, KernelExplorer())
    held = place(page)
    page.mouse.move(*point(page, "in", 40, 200))
    assert place(page) == (40, 200)
    page.mouse.move(*point(page, "out", 30, 20))
    assert place(page) == (30, 20)
    page.mouse.move(5, 5)
    assert place(page) == held
    assert page.evaluate("() => Object.keys(saved)") == [], "looking is not changing"


def test_a_press_holds_the_window(page):
    show(page, KernelExplorer())
    page.mouse.click(*point(page, "in", 40, 200))
    page.mouse.move(5, 5)
    assert place(page) == (40, 200)
    told(page, row=40, col=200)
    page.mouse.move(*point(page, "out", 10, 10))
    page.mouse.down()
    page.mouse.move(*point(page, "out", 90, 60), steps=4)
    page.mouse.up()
    page.mouse.move(5, 5)
    assert place(page) == (90, 60)


def test_a_strided_window_lands_under_the_mouse(page):
    show(page, KernelExplorer(stride=4, dilation=3, padding=2))
    page.mouse.move(*point(page, "in", 101, 50))
    row, col = place(page)
    # The window's middle is at row * 4 - 2 + 3: within half a stride of the pixel.
    assert abs(row * 4 + 1 - 101) <= 2 and abs(col * 4 + 1 - 50) <= 2


def test_touch(browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    show(page, KernelExplorer(), width=390)
    page.touchscreen.tap(*point(page, "in", 60, 90))
    assert place(page)[0] == pytest.approx(60, abs=1)
    assert place(page)[1] == pytest.approx(90, abs=1)
    page.get_by_label("weight row 1, column 3").tap()
    page.get_by_role("button", name="row 1, column 3: +1").tap()
    page.get_by_role("button", name="row 1, column 3: change the sign").tap()
    settle(page)
    assert model(page, "kernel")[0] == [-1, 0, -2]
    context.close()


def test_keys_move_the_window(page):
    show(page, KernelExplorer(row=100, col=100))
    page.locator(".ke-in .ke-frame").focus()
    for key, expected in [
        ("ArrowRight", (100, 101)),
        ("ArrowUp", (99, 101)),
        ("Shift+ArrowLeft", (99, 91)),
        ("PageDown", (109, 91)),
        ("Home", (109, 0)),
        ("ArrowLeft", (109, 0)),
        ("End", (109, 255)),
        ("ArrowDown", (110, 255)),
    ]:
        page.keyboard.press(key)
        assert place(page) == expected, key
    page.wait_for_function("() => saved.row === 110 && saved.col === 255")
    # Keys may come so slowly that an earlier place is said first.
    said = f"row 111, column 256: sum {page.locator('.ke-sum b').inner_text()}"
    page.wait_for_function(
        "(said) => document.querySelector('[aria-live]').textContent === said", arg=said
    )


def test_steps_and_plays_row_by_row(page):
    show(page, KernelExplorer(row=0, col=254))
    for name, expected in [
        ("one step on", (0, 255)),
        ("one step on", (1, 0)),
        ("one step back", (0, 255)),
        ("to the start", (0, 0)),
        ("one step back", (0, 0)),
    ]:
        page.get_by_role("button", name=name).click()
        assert place(page) == expected, name
    page.get_by_text("fast").click()
    page.get_by_role("button", name="play").click()
    page.wait_for_function("() => / 9/.test(document.querySelector('.ke-equation').textContent)")
    page.get_by_role("button", name="pause").click()
    stopped = place(page)
    page.wait_for_timeout(150)
    assert place(page) == stopped


def test_playing_hides_what_is_still_to_come(page):
    show(page, KernelExplorer(row=100, col=100))
    alpha = """() => {
      const c = document.querySelector(".ke-out .ke-marks");
      const at = (v) => Math.round(c.width * v);
      const pen = c.getContext("2d");
      return [0.2, 0.8].map((v) => pen.getImageData(at(0.5), at(v), 1, 1).data[3]);
    }"""
    settle(page)
    assert page.evaluate(alpha) == [0, 0]
    page.get_by_role("button", name="play").click()
    settle(page)
    above, below = page.evaluate(alpha)
    assert above == 0 and below > 150


def test_reduced_motion_slows_to_a_step_a_second(page):
    page.emulate_media(reduced_motion="reduce")
    show(page, KernelExplorer(row=0, col=0))
    page.get_by_text("fast").click()
    asked = delays(page)
    page.get_by_role("button", name="play").click()
    assert place(page) == (0, 1)
    assert 1000 in asked() and min(asked()) >= 150, "the cursor's rest is the shortest wait"


# --- changing the kernel --------------------------------------------------------------------------


def test_a_cell_takes_numbers_as_people_write_them(page):
    show(page, KernelExplorer())
    cell = page.get_by_label("weight row 1, column 1")
    for text, weight in [
        ("3", 3),
        ("-0.5", -0.5),
        ("−2", -2),
        ("0,25", 0.25),
        (".5", 0.5),
        ("1/8", 0.125),
    ]:
        cell.fill(text)
        settle(page)
        assert saved(page, "kernel")[0][0] == weight, text
        _, products, total = reading(page)
        assert total == pytest.approx(sum(products), abs=0.5)
    assert page.get_by_role("combobox", name="Kernel").input_value() == "own"


def test_keys_change_a_cell(page):
    show(page, KernelExplorer())
    cell = page.get_by_label("weight row 2, column 3")
    cell.focus()
    for key, weight in [
        ("ArrowUp", 3),
        ("ArrowDown", 2),
        ("Shift+ArrowDown", 1.9),
        ("Shift+ArrowUp", 2),
    ]:
        page.keyboard.press(key)
        settle(page)
        assert model(page, "kernel")[1][2] == weight, key
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == (
        "weight row 3, column 1"
    )


def test_no_number_is_said_at_the_cell_and_changes_nothing(page):
    show(page, KernelExplorer())
    cell = page.get_by_label("weight row 2, column 1")
    before = reading(page)
    for text in ["", "abc", "NaN", "1e5", "--1", "1/0", "1001", "<b>1</b>"]:
        cell.fill(text)
        assert cell.get_attribute("aria-invalid") == "true", text
        message = page.locator(f"#{cell.get_attribute('aria-describedby')}")
        assert message.inner_text() == (
            f"row 2, column 1: “{text}” is not a number from −1000 to 1000; −2 still counts."
        )
        assert model(page, "kernel") == KERNELS["sobel-x"]
        assert reading(page) == before
        cell.press("Escape")
        assert cell.input_value() == "−2" and message.inner_text() == ""
    cell.fill("x")
    page.get_by_label("weight row 3, column 3").focus()
    assert cell.input_value() == "x" and message.inner_text() != "", "it stays until mended"
    cell.fill("4")
    settle(page)
    assert model(page, "kernel")[1][0] == 4 and message.inner_text() == ""


def test_every_kernel_can_be_picked(page):
    show(page, KernelExplorer())
    picker = page.get_by_role("combobox", name="Kernel")
    for name, kernel in KERNELS.items():
        picker.select_option(name)
        settle(page)
        np.testing.assert_allclose(model(page, "kernel"), kernel)
        assert picker.input_value() == name
        assert page.locator(".ke-kernel input").count() == len(kernel) ** 2
    assert page.locator("select option[value=sharpen]").count() == 1


def test_the_size_keeps_the_weights(page):
    show(page, KernelExplorer())
    page.get_by_text("5 × 5").last.click()
    settle(page)
    np.testing.assert_array_equal(model(page, "kernel"), np.pad(KERNELS["sobel-x"], 1))
    page.get_by_text("3 × 3").last.click()
    settle(page)
    assert model(page, "kernel") == KERNELS["sobel-x"]


def test_steppers_stop_at_their_ends(page):
    show(page, KernelExplorer(photo="digit"))
    for name, last in [("stride", 4), ("padding", 6), ("dilation", 3)]:
        for _ in range(7):
            page.get_by_role("button", name=f"more {name}").click(force=True)
        assert saved(page, name) == last
    page.get_by_label("Layer").get_by_text("Pooling").click()
    for name, last in [("window", 4), ("stride", 4)]:
        for _ in range(4):
            page.get_by_role("button", name=f"more {name}").click(force=True)
        assert saved(page, f"pool_{name}") == last
    explorer = KernelExplorer(
        photo="digit", stride=4, padding=6, dilation=3, tab="pooling", pool_window=4, pool_stride=4
    )
    H, W = explorer.output_shape
    settle(page)
    assert f"{H} × {W}" in page.locator(".ke-out .ke-title").inner_text()


def test_python_can_set_everything(page):
    show(page, KernelExplorer())
    set_from_python(page, kernel=KERNELS["sobel-y"], stride=2, padding=0, row=10, col=20)
    assert place(page) == (10, 20)
    assert page.get_by_role("combobox", name="Kernel").input_value() == "sobel-y"
    assert page.get_by_label("weight row 1, column 2").input_value() == "−2"
    set_from_python(page, tab="pooling", pool="average", pool_window=4)
    assert page.get_by_role("radio", name="mean").is_checked()
    assert "mean" in page.locator(".ke-sum").inner_text()
    set_from_python(page, row=5000)
    assert place(page)[0] == numbers(page.locator(".ke-out .ke-title").inner_text())[0] - 1


# --- pictures -------------------------------------------------------------------------------------


def test_another_photograph_is_fetched_when_it_is_wanted(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    show(page, KernelExplorer())
    assert not [name for name in asked if name.startswith("picture-")]
    page.get_by_label("Photograph").select_option("flower")
    page.wait_for_function("() => document.querySelector('.ke-map').width === 256")
    page.wait_for_timeout(300)
    np.testing.assert_array_equal(pixels_of(page, "in")[..., 0], picture("flower"))
    page.get_by_label("Photograph").select_option("digit")
    page.wait_for_function("() => document.querySelector('.ke-map').width === 28")
    np.testing.assert_array_equal(pixels_of(page, "in")[..., 0], picture("digit"))
    assert saved(page, "_size") == 28
    page.get_by_label("Photograph").select_option("china")
    page.wait_for_function("() => document.querySelector('.ke-map').width === 256")
    assert [name for name in asked if name.startswith("picture-")] == [
        "picture-flower.js",
        "picture-digit.js",
    ]


def test_a_kernel_answers_where_there_is_one(page):
    show(page, KernelExplorer(), with_assets=False)
    page.get_by_label("Photograph").select_option("flower")
    page.get_by_label("Photograph").select_option("digit")
    wanted = ["picture-flower", "picture-digit"]
    assert page.evaluate("() => sent") == [{"type": "asset", "name": name} for name in wanted]

    def answer(name):
        content = {"type": "asset", "name": f"picture-{name}"}
        image = base64.b64encode(png(picture(name))).decode()
        page.evaluate("([content, image]) => model.answer(content, image)", [content, image])

    answer("digit")
    page.wait_for_function("() => document.querySelector('.ke-map').width === 28")
    answer("flower")
    page.wait_for_timeout(300)
    np.testing.assert_array_equal(pixels_of(page, "in")[..., 0], picture("digit"))
    assert model(page, "photo") == "digit", "an answer that comes late is not shown"


def test_no_answer_is_said_and_the_old_photograph_stays(page):
    page.clock.install()
    show(page, KernelExplorer(), with_assets=False)
    page.get_by_label("Photograph").select_option("flower")
    page.clock.run_for(5100)
    message = page.locator(".ke-message")
    message.get_by_text("could not be loaded").wait_for()
    assert page.get_by_label("Photograph").input_value() == "china"
    assert page.locator(".lw").get_attribute("data-state") == "ready"


def gradient(height, width):
    return np.linspace(0, 255, height * width).astype(np.uint8).reshape(height, width)


def test_the_readers_own_file_stays_in_the_page(page):
    show(page, KernelExplorer(kernel="identity", clip=True))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    own = gradient(40, 60)
    file = {"name": "own.png", "mimeType": "image/png", "buffer": png(own)}
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_function("() => document.querySelector('.ke-map').width === 40")
    np.testing.assert_array_equal(pixels_of(page, "in")[..., 0], own[:, 10:50])
    assert saved(page, "photo") == "own" and saved(page, "_size") == 40
    assert page.evaluate("() => sent") == [] and asked == []
    assert page.evaluate("() => Object.keys(saved).sort()") == ["_size", "photo"]
    # A second file replaces the first.
    other = {"name": "b.png", "mimeType": "image/png", "buffer": png(gradient(30, 30))}
    page.locator("input[type=file]").set_input_files(other)
    page.wait_for_function("() => document.querySelector('.ke-map').width === 30")
    assert page.get_by_label("Photograph").input_value() == "own"  # the menu says what is shown


@pytest.mark.parametrize("then", ["another file", "a photograph", "Python"])
def test_what_was_chosen_last_is_shown_not_what_was_read_last(page, then):
    show(page, KernelExplorer(kernel="identity", clip=True))
    page.evaluate(
        """() => {
          const real = createImageBitmap;
          let first = true;
          globalThis.createImageBitmap = async (...given) => {
            const late = first;
            first = false;
            const bitmap = await real(...given);
            if (late) await new Promise((resolve) => { window.goOn = resolve; });
            return bitmap;
          };
        }"""
    )
    chooser = page.locator("input[type=file]")
    slow = {"name": "slow.png", "mimeType": "image/png", "buffer": png(gradient(40, 40))}
    chooser.set_input_files(slow)
    page.wait_for_function("() => window.goOn")
    if then == "another file":
        quick = {"name": "quick.png", "mimeType": "image/png", "buffer": png(gradient(30, 30))}
        chooser.set_input_files(quick)
        page.wait_for_function("() => document.querySelector('.ke-map').width === 30")
        shown = 30, "own"
    elif then == "a photograph":
        page.get_by_label("Photograph").select_option("flower")
        shown = 256, "flower"
    else:
        page.evaluate("model.set('photo', 'flower')")
        shown = 256, "flower"
    page.evaluate("window.goOn()")
    for _ in range(3):  # what is read late would be shown within a frame or two
        settle(page)
    assert page.evaluate("document.querySelector('.ke-map').width") == shown[0]
    assert page.get_by_label("Photograph").input_value() == shown[1] == model(page, "photo")


def test_a_file_can_be_dropped(page):
    show(page, KernelExplorer())
    data = page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "own.png", {type: "image/png"}));
          return transfer;
        }""",
        list(png(gradient(50, 50))),
    )
    page.dispatch_event(".ke-in .ke-frame", "drop", {"dataTransfer": data})
    page.wait_for_function("() => document.querySelector('.ke-map').width === 50")


def test_a_file_that_is_no_image_is_said(page):
    show(page, KernelExplorer())
    before = reading(page)
    message = page.locator(".ke-message")
    for name, content in {
        "<i>notes</i>.png": b"just words",
        "empty.png": b"",
        "cut.png": png(gradient(30, 30))[:60],
    }.items():
        file = {"name": name, "mimeType": "image/png", "buffer": content}
        page.locator("input[type=file]").set_input_files(file)
        message.get_by_text(f"“{name}” is not an image that this browser can read.").wait_for()
        assert reading(page) == before and model(page, "photo") == "china"
    page.locator("input[type=file]").set_input_files(
        {"name": "own.png", "mimeType": "image/png", "buffer": png(gradient(30, 30))}
    )
    page.wait_for_function("() => document.querySelector('.ke-map').width === 30")
    assert message.inner_text() == ""


def test_a_tiny_or_colourful_image(page):
    show(page, KernelExplorer())
    made = page.evaluate(
        """async () => {
          const c = new OffscreenCanvas(1, 1);
          const pen = c.getContext("2d");
          pen.fillStyle = "rgb(200 100 50)";
          pen.fillRect(0, 0, 1, 1);
          return [...new Uint8Array(await (await c.convertToBlob()).arrayBuffer())];
        }"""
    )
    file = {"name": "dot.png", "mimeType": "image/png", "buffer": bytes(made)}
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_function("() => document.querySelector('.ke-map').width === 28")
    # Brightness: 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2.
    assert np.unique(pixels_of(page, "in")).tolist() == [124]


# --- the page around it ---------------------------------------------------------------------------


def test_state_is_small(page):
    state = {k: v for k, v in state_of(KernelExplorer()).items()}
    assert len(str(state)) < 100_000


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, KernelExplorer(), width=width if width < 760 else 760)
    after = page.locator("#after")
    settle(page)
    top = after.bounding_box()["y"]

    def check(what):
        settle(page)
        boxes = [part.bounding_box() for part in page.locator(".ke-grid > *").all()]
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                beside = a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"]
                below = a["y"] >= b["y"] + b["height"] or b["y"] >= a["y"] + a["height"]
                assert beside or below, f"{what}: {a} lies over {b}"
        assert after.bounding_box()["y"] == top, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    check("at first")
    page.get_by_label("weight row 1, column 1").fill("abc")
    check("a message at a cell")
    page.get_by_role("combobox", name="Kernel").select_option("gauss-5")
    check("a larger kernel")
    for _ in range(2):
        page.get_by_role("button", name="more dilation").click()
    check("a wider window")
    page.locator("input[type=file]").set_input_files(
        {
            "name": "a-rather-long-name-of-a-file-that-is-no-image.txt",
            "mimeType": "",
            "buffer": b"x",
        }
    )
    page.locator(".ke-message").get_by_text("is not an image").wait_for()
    check("a message about a file")
    page.get_by_label("cut to 0–255 like a photo").check()
    check("cut")
    page.get_by_label("Layer").get_by_text("Pooling").click()
    check("the other tab")


@pytest.mark.parametrize(
    ("theme", "lang", "width", "tab"),
    [
        ("light", "en", 1280, "convolution"),
        ("dark", "zh-CN", 390, "convolution"),
        ("light", "zh-CN", 390, "pooling"),
        ("dark", "en", 1280, "pooling"),
    ],
)
def test_axe_finds_nothing_serious(page, theme, lang, width, tab):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, KernelExplorer(tab=tab), lang=lang, theme=theme)
    assert serious(page) == []


def test_chinese(page):
    show(page, KernelExplorer(), lang="zh-CN")
    credit = page.locator(".ke-credit").inner_text()
    text = page.locator(".lw").inner_text().replace(credit, "")
    assert "先试试" in text and "卷积核" in text
    # No English word is left but names.
    words = set(re.findall(r"[A-Za-z]{2,}", text)) - {"Sobel", "LeNet"}
    assert words == set()
    page.get_by_label("权重 第 1 行第 1 列").fill("x")
    assert "不是" in page.locator(".ke-wrong").inner_text()
    page.get_by_label("层").get_by_text("池化").click()
    assert "池化没有权重" in page.locator(".lw").inner_text()


def test_a_theme_that_changes_is_followed(page):
    show(page, KernelExplorer())
    label = page.locator(".ke-in .lw-in")
    light = label.evaluate("(node) => getComputedStyle(node).color")
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; }")
    assert label.evaluate("(node) => getComputedStyle(node).color") != light


def test_everything_can_be_reached_by_tab(page):
    show(page, KernelExplorer())
    page.locator(".lw select").first.focus()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """() => document.activeElement.closest(".lw") &&
                  (document.activeElement.getAttribute("aria-label")
                   ?? document.activeElement.labels?.[0]?.textContent
                   ?? document.activeElement.textContent)"""
            )
        )
        if not seen[-1]:
            break
    names = " | ".join(name for name in seen if name)
    for wanted in ["Your file", "Convolution", "Input", "play", "Kernel", "more stride", "Output",
                   "cut to", "weight row 3, column 3", "change the sign"]:  # fmt: skip
        assert wanted in names, f"{wanted!r} is not among {names}"
    assert "more window" not in names, "what is hidden is not reached"


def test_ends_cleanly(page):
    show(page, KernelExplorer())
    assert page.evaluate("() => model.listening()") > 0
    page.get_by_role("button", name="play").click()
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
