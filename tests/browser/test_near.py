"""The book's own widgets: code and data are scripts, which come when a widget is near."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from large_models.widgets import Compressor, PrivacyDial
from tests.browser.test_loader import STATE, address, notebook

sys.path.append(str(Path(__file__).parents[2] / "book"))
# The widgets' scripts that a page has asked for so far.
ASKED = "[...document.scripts].map((s) => s.src).filter((src) => src.includes('/widgets/'))"


@pytest.fixture(scope="module")
def long_page(small_book):
    """Two widgets of one class with the same data far from each other, and a third of another."""
    far = "\n\n".join(["A line of text."] * 200)
    book = json.loads(notebook("Long", Compressor(), Compressor(sparsity=50), PrivacyDial()))
    for at in (3, 2):
        book["cells"].insert(at, {**book["cells"][0], "id": f"far-{at}", "source": far})
    return small_book({"long.ipynb": json.dumps(book)}).html


def alive(page) -> list[str]:
    return page.locator(".lw-view > .lw").evaluate_all("(all) => all.map((e) => e.dataset.state)")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_widgets_start_when_they_are_near_and_share_their_scripts(
    open_page, long_page, serve, scheme
):
    page, seen = open_page(address(long_page, "long", serve, scheme))
    page.locator(".lw[data-state=ready]").wait_for()
    page.wait_for_load_state("networkidle")
    assert alive(page) == ["ready", "loading", "loading"]
    first = page.evaluate(ASKED)
    height = page.locator(".lw-view").nth(1).bounding_box()["height"]
    page.locator(".lw-view").nth(1).scroll_into_view_if_needed()
    page.locator(".lw-view").nth(1).locator("[data-state=ready]").wait_for()
    assert alive(page)[2] == "loading"
    assert page.evaluate(ASKED) == first  # same code, same data
    assert page.locator(".lw-view").nth(1).bounding_box()["height"] == pytest.approx(height, abs=40)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.locator(".lw-view").nth(2).locator("[data-state=ready]").wait_for()
    assert len(page.evaluate(ASKED)) == len(first) + 1
    assert (seen.console, seen.outside, seen.failed) == ([], [], [])


def test_without_an_observer_all_start_at_once(browser, long_page):
    page = browser.new_page()
    page.add_init_script("delete globalThis.IntersectionObserver;")
    page.goto(address(long_page, "long", None, "file"))
    expect(page.locator(".lw[data-state=ready]")).to_have_count(3)
    page.close()


def test_the_page_carries_no_code_and_no_data_of_the_books_widgets(long_page):
    html = (long_page / "long.html").read_text("utf-8")
    state = json.loads(html.split(f'<script type="{STATE}">')[1].split("</script>")[0])["state"]
    ours = [model for model in state.values() if "script" in model]
    assert len(ours) == 3 and not any("_esm" in model["state"] for model in state.values())
    left = [b["data"] for model in ours for b in model.get("buffers", []) if "data" in b]
    assert all(len(data) < 1500 for data in left)
    files = {path.name for path in (long_page / "_static" / "widgets").iterdir()}
    assert files == set(re.findall(r"widgets/([\w-]+\.js)", html))
    head = html.split("</head>")[0]
    # The first widget's come with the page; the states stand in any order.
    first = state[re.search(r'"model_id":\s*"(\w+)"', html.split("<body")[1])[1]]
    parts = [b["script"] for b in first["buffers"] if "script" in b]
    assert parts and all(script in head for script in [first["script"], *parts])


def test_what_did_not_load_can_be_tried_again(browser, long_page, serve):
    page = browser.new_page()
    lost = []

    def answer(route):
        lost.append(route.request.url)
        route.abort()

    page.route("**/privacy_dial-*.js", answer)
    page.goto(address(long_page, "long", serve, "http"))
    page.locator(".lw[data-state=ready]").wait_for()
    page.locator(".lw-view").nth(2).scroll_into_view_if_needed()
    box = page.locator("[data-state=error]")
    assert "did not load" in box.inner_text() and len(lost) == 1
    page.unroute("**/privacy_dial-*.js")
    box.get_by_role("button").click()
    page.locator(".lw-view").nth(2).locator("[data-state=ready]").wait_for()
    page.close()


def test_a_module_that_is_no_bundle_stops_the_build():
    scripts = importlib.import_module("ext.scripts")
    made = scripts.classic(
        "large_models.widgets.x.X", "var a=1,b={render(){}};export{b as default};\n"
    )
    assert made.startswith('lwWidget("large_models.widgets.x.X", (() => {"use strict";var a=1,b')
    assert "return b;" in made and "export" not in made
    with pytest.raises(ValueError, match="large_models.widgets.x.X does not end in `export"):
        scripts.classic("large_models.widgets.x.X", "export default {};")
