"""The pages of the built book, and how a test waits for one."""

from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

ROOT = Path(__file__).parent.parent.parent
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
LISTED = [c for part in TOC["parts"] for c in part["chapters"]]
CHAPTERS = [c["file"] for top in LISTED for c in [top, *top.get("sections", [])]]
PAGES = [TOC["root"], *CHAPTERS, "search"]

# In every hurry: without a widget, with most, and with none of our own writing.
FEW = [TOC["root"], "chapters/3_1_cnn", "search"]
# What a few pages answer for at once, and all of them in `make test-slow`.
FEW_AT_ONCE = [pytest.param(name, marks=[] if name in FEW else pytest.mark.slow) for name in PAGES]


def settle(page) -> None:
    """Wait until fonts are there and all widgets alive, those far from the view too."""
    page.wait_for_load_state("load")
    page.evaluate("globalThis.lwPage?.startAll()")
    page.evaluate("document.fonts.ready.then(() => null)")
    # a locator waits where a host forbids scripts made from text, too
    expect(page.locator("[data-state=loading]")).to_have_count(0, timeout=30_000)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
