"""The menu in a chapter's header: where its notebook runs, and its download."""

import sys
import types

import pytest
from bs4 import BeautifulSoup

from tests.browser.pages import CHAPTERS
from tests.conftest import ROOT

sys.path.append(str(ROOT / "book"))
from ext import launch

NOTEBOOKS = [name for name in CHAPTERS if (ROOT / f"{name}.ipynb").is_file()]
OWNED = "someone/some-book"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://github.com/someone/some-book", OWNED),
        ("https://github.com/someone/some-book.git", OWNED),
        ("https://github.com/someone/some-book/", OWNED),
        ("https://github.com/someone", ""),
        ("https://example.org/someone/some-book", ""),
    ],
)
def test_the_repository_is_the_one_that_pyproject_names(address, found):
    project = f'[project]\nname = "x"\n[project.urls]\nRepository = "{address}"\n'
    assert launch.repository(project) == found


def test_without_a_repository_nothing_leads_to_one():
    assert launch.repository('[project]\nname = "x"\n') == ""
    assert launch.places("chapters/a.ipynb", "") == []


def test_each_place_opens_this_notebook():
    found = {title: address for title, address, _ in launch.places("chapters/a.ipynb", OWNED)}
    assert found == {
        "Google Colab": "https://colab.research.google.com/github/"
        "someone/some-book/blob/main/chapters/a.ipynb",
        "Binder": "https://mybinder.org/v2/gh/someone/some-book/main"
        "?urlpath=lab/tree/chapters/a.ipynb",
        "GitHub": "https://github.com/someone/some-book/blob/main/chapters/a.ipynb",
    }


@pytest.mark.parametrize("built", [True, False])
def test_jupyterlite_is_named_where_it_is(tmp_path, built):
    if built:
        (tmp_path / "lite" / "lab").mkdir(parents=True)
        (tmp_path / "lite" / "lab" / "index.html").touch()
    config = types.SimpleNamespace()
    app = types.SimpleNamespace(
        outdir=tmp_path, config=config, builder=types.SimpleNamespace(name="html")
    )
    launch.look_around(app, config)
    config.launch_repository = ""
    context = {"page_source_suffix": ".ipynb", "pathto": lambda name, _: f"../{name}"}
    launch.add_menu(app, "chapters/a", "", context, None)
    addresses = [address for _, address, _ in context["launch"]]
    assert addresses == ["../lite/lab/index.html?path=chapters/a.ipynb"] * built


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_chapter_has_the_menu_and_its_download_is_there(book, name):
    page = book / f"{name}.html"
    menu = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one("details.launch")
    (link,) = menu.select("a[download]")
    assert (page.parent / link["href"]).resolve() == (book / "_sources" / f"{name}.ipynb")
    assert menu.select_one("#lw-run-all").has_attr("hidden")


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_opens_by_keyboard_without_scripts_and_is_in_sight(book_url, browser, width):
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 640}
    )
    page = context.new_page()
    page.goto(f"{book_url}/{NOTEBOOKS[2]}.html")
    menu = page.locator("details.launch")
    assert not menu.locator("ul").is_visible()
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    box = menu.locator("ul").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    page.keyboard.press("Tab")
    assert menu.locator("a:focus").count() == 1
    with page.expect_download() as download:
        menu.locator("a[download]").click()
    assert download.value.suggested_filename == f"{NOTEBOOKS[2].split('/')[-1]}.ipynb"
    page.emulate_media(media="print")
    assert not menu.is_visible()
    context.close()
