"""The book in other forms, to print and to carry away: one page, plain text, an e-book."""

import zipfile
from pathlib import Path

import pytest

from tests.conftest import build_book

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def built(tmp_path):
    """Builds the book with a builder, without a warning; returns the folder."""
    return lambda builder: build_book(ROOT, tmp_path, builder).html


def test_one_page_to_print(built, browser):
    folder, page = built("singlehtml"), browser.new_page()
    page.goto((folder / "index.html").as_uri())
    pictures = page.locator('img[alt="The figure as it opens"]')
    assert pictures.count() >= 15  # one for each widget
    broken = """(all) => all.filter((image) => image.complete && !image.naturalWidth)
      .map((image) => image.src)"""
    assert page.locator("img").evaluate_all(broken) == []
    page.emulate_media(media="print")
    assert page.locator("h1, h2").first.is_visible()
    assert "Self-attention" in page.inner_text("body")
    page.close()


def test_plain_text(built):
    text = (built("text") / "chapters/3_3_self_attention.txt").read_text("utf-8")
    assert "Exercise" in text and "each position asks all the others directly" in text


def test_an_ebook(built):
    (file,) = built("epub").glob("*.epub")
    with zipfile.ZipFile(file) as book:
        names = book.namelist()
        chapter = book.read("chapters/3_1_cnn.xhtml").decode()
    assert names[0] == "mimetype" and any(name.endswith(".png") for name in names)
    assert 'alt="The figure as it opens"' in chapter and "<script" not in chapter
