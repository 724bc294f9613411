"""Browsers that answer with noise where a page reads a canvas: no picture of the book notices."""

import pytest

from large_models.widgets import ConvLive, KernelExplorer
from large_models.widgets.assets import picture, png
from tests.browser.harness import new_page, settle, show

# As Firefox does with `privacy.resistFingerprinting`.
NOISE = """() => {
  const noisy = function (x, y, width, height) {
    const image = new ImageData(width, height);
    for (let i = 0; i < image.data.length; i++) image.data[i] = (37 * i) % 251;
    return image;
  };
  CanvasRenderingContext2D.prototype.getImageData = noisy;
  OffscreenCanvasRenderingContext2D.prototype.getImageData = noisy;
  const nothing = () => { throw new Error("nobody may read this"); };
  HTMLCanvasElement.prototype.toDataURL = nothing;
  HTMLCanvasElement.prototype.toBlob = nothing;
  OffscreenCanvas.prototype.convertToBlob = nothing;
}"""
ONE = [[[50.0, 15.0], [49.0, 50.0], [50.0, 85.0]]]


def seen(page, widget, noise: bool) -> tuple[bytes, str]:
    """A picture of the widget, and what it says."""
    if noise:
        page.add_init_script(f"({NOISE})()")
    show(page, widget)
    settle(page)
    root = page.locator(".lw")
    return root.screenshot(animations="disabled"), root.inner_text()


@pytest.mark.parametrize(
    "made", [lambda: KernelExplorer(photo="china"), lambda: ConvLive(drawing=ONE)]
)
def test_photographs_and_drawings_are_the_same_under_noise(browser, page, made):
    plain = seen(page, made(), noise=False)
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    other = context.new_page()
    noisy = seen(other, made(), noise=True)
    context.close()
    assert noisy[1] == plain[1]
    assert noisy[0] == plain[0]


@new_page
def test_a_drawn_one_is_read_as_a_one(page):
    page.add_init_script(f"({NOISE})()")
    show(page, ConvLive(drawing=[]))
    box = page.locator(".lw-paper").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.15 * box["height"])
    page.mouse.down()
    for share in (0.35, 0.6, 0.85):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + share * box["height"])
    page.mouse.up()
    settle(page)
    assert page.locator(".cl-winner").inner_text() == "1"


@pytest.mark.parametrize("noise", [True, False])
@new_page
def test_a_readers_own_file_is_the_exception_and_the_widget_says_so(page, noise):
    if noise:
        page.add_init_script(f"({NOISE})()")
    show(page, KernelExplorer())
    file = {"name": "own.png", "mimeType": "image/png", "buffer": png(picture("digit"))}
    page.locator("input[type=file]").set_input_files(file)
    page.wait_for_function("() => model.get('photo') === 'own'")
    settle(page)
    said = page.get_by_text("Your browser alters pixels that a page reads")
    assert said.count() == int(noise)
