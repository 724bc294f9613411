"""The book in other forms, to print and to carry away: one page, plain text, an e-book."""

import re
import subprocess
import sys
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


DEAD = """() => [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href"))
  .filter((href) => href !== "#" && !document.getElementById(decodeURIComponent(href.slice(1))))"""
REPEATED = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return ids.filter((id, i) => ids.indexOf(id) !== i);
}"""


def test_links_on_the_one_page_lead_to_their_own_chapter(built, browser):
    folder, page = built("singlehtml"), browser.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.evaluate(DEAD) == [] and page.evaluate(REPEATED) == []
    assert page.locator("[id$='--exercises']").count() > 10
    # nothing of the code is cut off at the paper's edge
    page.set_viewport_size({"width": 700, "height": 1000})
    page.emulate_media(media="print")
    cut = "(all) => all.filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.locator("pre").count() > 300 and page.locator("pre").evaluate_all(cut) == 0
    page.close()


def test_a_pdf(tmp_path):
    command = [
        Path(sys.executable).parent / "jupyter-book",
        "build",
        ROOT,
        "--path-output",
        tmp_path,
    ]
    done = subprocess.run(
        [*command, "--builder", "pdfhtml", "-W", "-n", "--keep-going"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    book = (tmp_path / "_build/pdf/book.pdf").read_bytes()
    assert book.startswith(b"%PDF") and len(book) < 25_000_000
    assert 150 < len(re.findall(rb"/Type /Page\b", book)) < 450
    assert len(re.findall(rb"/Title ", book)) > 150  # a bookmark for each section


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
