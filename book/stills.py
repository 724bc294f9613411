"""Draw the pictures that stand for widgets where they do not run, and put them into the notebooks.

    python book/stills.py                         # every notebook of the book
    python book/stills.py chapters/3_1_cnn.ipynb

They show in JupyterLab until a notebook is run, in GitHub's view of it, and on the book's pages in
a browser without scripts. They are taken from the book, which is built first; `book/notebooks.py`
keeps them when a notebook is run again.
"""

import base64
import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import notebooks
import widget_states
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.append(str(notebooks.ROOT))
from tests.chromium import BROWSER_ARGS, find

WIDTH = 720  # pixels: a widget's on the book's pages
HEIGHT = 2400  # of the window: a widget has to fit, or it is scrolled under the page's bar
NO_BAR = ".bd-header, #pst-skip-link {display: none !important}"
COLOURS = 64  # a picture to recognise, not to measure: a few dozen kilobytes


def build(out: Path) -> Path:
    """Build the book; returns its folder."""
    if "BOOK" in os.environ:
        return Path(os.environ["BOOK"]).resolve()
    command = [Path(sys.executable).parent / "jupyter-book", "build", notebooks.ROOT]
    subprocess.run([*command, "--path-output", out], check=True, stdout=subprocess.DEVNULL)
    return out / "_build" / "html"


def light(picture: bytes) -> bytes:
    """The same picture with few colours."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    few = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(file := io.BytesIO(), "PNG", optimize=True)
    return file.getvalue()


def draw(page, address: str) -> list[bytes]:
    """A picture of each widget of a page, as it opens."""
    page.goto(address)
    page.add_style_tag(content=NO_BAR)
    page.evaluate("globalThis.lwPage?.startAll()")
    page.wait_for_function("!document.querySelector('[data-state=loading]')")
    page.wait_for_load_state("networkidle")
    pictures = []
    for widget in page.locator(".lw-view > .lw").all():
        if widget.get_attribute("data-state") != "ready":
            raise RuntimeError(f"{address}: {widget.inner_text()[:200]}")
        if (height := widget.bounding_box()["height"]) > HEIGHT:
            raise RuntimeError(f"{address}: a widget is {height:.0f} pixels high, at most {HEIGHT}")
        widget.scroll_into_view_if_needed()
        page.wait_for_timeout(1000)  # what is fetched once it is in view
        pictures.append(light(widget.screenshot(animations="disabled")))
    return pictures


def main(arguments: list[str]) -> None:
    paths = [Path(a).resolve() for a in arguments] or notebooks.book_notebooks()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        book = build(Path(folder))
        browser = playwright.chromium.launch(executable_path=find(), args=BROWSER_ARGS)
        page = browser.new_page(
            viewport={"width": WIDTH + 32, "height": HEIGHT}, reduced_motion="reduce"
        )
        for path in paths:
            notebook = nbformat.read(path, as_version=4)
            views = widget_states.views(notebook)
            if not views:
                continue
            name = path.relative_to(notebooks.ROOT).with_suffix(".html")
            pictures = draw(page, (book / name).as_uri())
            text = path.read_text("utf-8")
            notebook = nbformat.reads(text, as_version=4)  # as it is now, not as it was before
            for data, picture in zip(widget_states.views(notebook), pictures, strict=True):
                data["image/png"] = base64.b64encode(picture).decode() + "\n"
            notebooks._write(path, notebooks.as_text(notebook))
            print(f"{name.stem}: {', '.join(f'{len(p) / 1e3:.0f} kB' for p in pictures)}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
