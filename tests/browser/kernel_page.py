"""What the browser's tests of KernelExplorer share: how its page is read and set."""

import base64
import io
import re

import numpy as np
from PIL import Image

from tests.browser.harness import settle


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
