"""KernelExplorer's photographs: the book's, when they are wanted, and the reader's own file."""

import base64

import numpy as np
import pytest

from large_models.widgets.assets import picture, png
from large_models.widgets.kernel_explorer import KernelExplorer
from tests.browser.harness import START, model, new_page, saved, serve, settle, show, state_of
from tests.browser.kernel_page import pixels_of, place, reading


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


@new_page
def test_no_answer_is_said_and_the_old_photograph_stays(page):
    page.clock.install()
    show(page, KernelExplorer(), with_assets=False)
    page.get_by_label("Photograph").select_option("flower")
    page.clock.run_for(20_100)
    message = page.locator(".ke-message")
    message.get_by_text("could not be loaded").wait_for()
    assert page.get_by_label("Photograph").input_value() == "china"
    assert page.locator(".lw").get_attribute("data-state") == "ready"


def wait_for_a_picture(page):
    """Show a page whose photograph is not the one that came with it: a kernel is to bring it."""
    explorer = KernelExplorer(row=100, col=100)
    explorer.photo = "flower"
    serve(page)
    given = {"esm": explorer._esm, "css": explorer._css, "state": state_of(explorer)}
    page.evaluate(START, given | {"assetBase": None, "attached": True})
    page.wait_for_function("() => sent.length === 1")
    assert page.locator(".lw").get_attribute("data-state") == "loading"


def test_what_is_pressed_before_there_is_a_picture_does_no_harm(page):
    wait_for_a_picture(page)
    page.locator(".ke-in .ke-frame").press("ArrowRight")
    page.locator(".ke-out .ke-frame").click()
    for name in ("play", "one step on", "to the start"):
        page.get_by_role("button", name=name).click()
    page.get_by_role("combobox", name="Kernel").select_option("identity")
    page.get_by_label("Layer").get_by_text("Pooling").click()
    page.get_by_label("Layer").get_by_text("Convolution").click()
    image = base64.b64encode(png(picture("flower"))).decode()
    page.evaluate("(image) => model.answer({type: 'asset', name: 'picture-flower'}, image)", image)
    page.wait_for_selector('.lw[data-state="ready"]')
    assert place(page) == (100, 100), "the window waits where it was set"
    np.testing.assert_array_equal(pixels_of(page, "out")[..., 0], picture("flower"))


@new_page
def test_a_first_picture_that_does_not_come_leaves_the_one_that_came_along(page):
    page.clock.install()
    wait_for_a_picture(page)
    page.clock.run_for(20_100)
    page.locator(".ke-message").get_by_text("could not be loaded").wait_for()
    page.clock.run_for(100)
    assert page.locator(".lw").get_attribute("data-state") == "ready"
    assert model(page, "photo") == page.get_by_label("Photograph").input_value() == "china"
    np.testing.assert_array_equal(pixels_of(page, "in")[..., 0], picture("china"))


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
