"""What every page of the built book says of itself; read as HTML, without a browser."""

import functools
import re
import shutil
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup, NavigableString
from PIL import Image

from tests.browser.pages import CHAPTERS, PAGES, TOC
from tests.conftest import ROOT, build_book

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
pages = pytest.mark.parametrize("name", PAGES)


@pytest.fixture(scope="module")
def read(book):
    """A function: a page of the book as a tree."""

    @functools.cache
    def parse(name: str) -> BeautifulSoup:
        return BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser")

    return parse


def content(page: BeautifulSoup, key: str) -> str:
    """What the one tag of that name or property says."""
    (tag,) = page.select(f'head meta[name="{key}"], head meta[property="{key}"]')
    return tag["content"]


@pages
def test_the_head_says_what_the_page_is(read, name, book):
    page = read(name)
    assert page.html["lang"] == "en"
    assert content(page, "viewport").startswith("width=device-width")
    colours = [tag["content"] for tag in page.select("meta[name=theme-color][media]")]
    css = (ROOT / "book/assets/book.css").read_text("utf-8")
    assert colours == re.findall(r"--page: (#\w{6})", css)
    assert (
        (book / f"{name}.html").parent.joinpath(page.select_one("link[rel=icon]")["href"]).is_file()
    )
    skip = page.select_one("#pst-skip-link a")
    assert page.find(id=skip["href"].removeprefix("#"))


@pages
def test_a_shared_page_shows_what_it_is(read, name, book):
    page = read(name)
    assert content(page, "og:title") in page.title.text
    assert content(page, "og:description") == content(page, "description")
    assert content(page, "og:site_name") in page.title.text
    assert content(page, "twitter:card") == "summary_large_image"
    picture = (book / f"{name}.html").parent / content(page, "og:image")
    size = tuple(int(content(page, f"og:image:{side}")) for side in ("width", "height"))
    assert Image.open(picture).size == size == (1200, 630)
    # without an address of its own the book claims none
    assert page.select('meta[property="og:url"], link[rel=canonical]') == []


@pages
def test_no_id_stands_twice(read, name):
    ids = Counter(element["id"] for element in read(name).select("[id]"))
    assert [one for one, count in ids.items() if count > 1] == []


def number(name: str) -> str:
    """3.3 for chapters/3_3_self_attention."""
    found = re.match(r"(\d+(?:_\d+)*)_", Path(name).name)
    return found[1].replace("_", ".") + " " if found else ""


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_number_in_the_document_is_in_the_title_and_the_menu(read, name):
    page = read(name)
    title = page.h1.find(string=True)
    said = number(name)
    assert title.startswith(said) and (said or not title[0].isdigit())
    assert page.title.text.startswith(title)
    assert [a.text.strip() for a in page.select("nav.bd-docs-nav li.current > a")] == [title]
    place = [TOC["root"], *CHAPTERS].index(name)
    before = [TOC["root"], *CHAPTERS][place - 1]
    assert read(before).select_one("a.right-next .prev-next-title").text.strip() == title


def unsaid(page: BeautifulSoup) -> list[str]:
    """Chinese that a page shows as text, in an element that does not say so."""
    return [
        text
        for text in page.body.find_all(string=HAN)
        if type(text) is NavigableString
        and not any(p.name in ("script", "style", "code", "pre", "svg") for p in text.parents)
        and not next(p["lang"] for p in text.parents if p.get("lang")).startswith("zh")
    ]


@pages
def test_chinese_says_that_it_is(read, name):
    assert unsaid(read(name)) == []


def test_there_is_chinese_to_say_it_of(read):
    marked = {name: len(read(name).select("[lang=zh-Hans]")) for name in PAGES}
    assert marked["chapters/glossary"] > 150 and marked["chapters/errata"] == 0
    assert sum(count > 0 for count in marked.values()) > 10
    for element in read("chapters/glossary").select("dt > [lang=zh-Hans]"):
        assert HAN.match(element.text) and not re.search("[A-Za-z]", element.text)


def test_code_keeps_its_text(read, book):
    for name in CHAPTERS:
        assert read(name).select("code [lang], pre [lang], svg [lang], .katex [lang]") == []


def test_the_root_leads_in(book):
    page = BeautifulSoup((book / "index.html").read_text("utf-8"), "html.parser")
    assert page.html["lang"] == "en" and page.title.text
    target = page.select_one("meta[http-equiv=refresh]")["content"].partition("url=")[2]
    assert page.a["href"] == target == f"{TOC['root']}.html"


def test_without_an_address_there_is_no_sitemap(book):
    assert not (book / "sitemap.xml").exists() and not (book / "robots.txt").exists()


def test_with_an_address_pages_say_theirs(tmp_path):
    base = "https://example.org/book/"
    config = (ROOT / "_config.yml").read_text("utf-8")
    (tmp_path / "_config.yml").write_text(
        config.replace("html:\n", f"html:\n  baseurl: {base}\n", 1)
    )
    (tmp_path / "book").symlink_to(ROOT / "book")
    (tmp_path / "references.bib").write_text("")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: a\nchapters:\n  - file: b/3_1_c\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "a.md").write_text("# A &lt;b> & c\n\nA first sentence.\n")
    (tmp_path / "b/3_1_c.md").write_text(
        "# 卷积 C `中`\n\n> 一、二 three 四\n\n| 表 |\n|---|\n| 格 1 行 |\n"
    )
    built = build_book(tmp_path, tmp_path / "out").html
    page = BeautifulSoup((built / "b/3_1_c.html").read_text("utf-8"), "html.parser")
    assert content(page, "og:url") == page.select_one("link[rel=canonical]")["href"]
    assert content(page, "og:url") == f"{base}b/3_1_c.html"
    assert content(page, "og:image") == f"{base}_static/card.png"
    marked = [element.text for element in page.select(".bd-article [lang=zh-Hans]")]
    assert marked == ["卷积", "一、二", "四", "表", "格 1 行"]
    assert page.title.text.startswith("3.1 卷积 C 中")
    assert unsaid(page) == []
    sitemap = ElementTree.parse(built / "sitemap.xml")
    assert [loc.text for loc in sitemap.iterfind(".//{*}loc")] == [
        f"{base}a.html",
        f"{base}b/3_1_c.html",
    ]
    assert f"Sitemap: {base}sitemap.xml" in (built / "robots.txt").read_text()
    first = BeautifulSoup((built / "a.html").read_text("utf-8"), "html.parser")
    assert content(first, "og:title") == "A <b> & c"
    lost = BeautifulSoup((built / "404.html").read_text("utf-8"), "html.parser")
    assert lost.base["href"] == base
    shutil.rmtree(tmp_path / "out")
