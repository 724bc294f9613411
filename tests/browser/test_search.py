"""Search leads to the section that says it, in both languages, from a server and from a folder."""

import functools
import gzip
import re

import pytest
from bs4 import BeautifulSoup

from tests.browser.search_queries import CHOSEN, FRESH
from tests.conftest import watch

FIRST = 3

RESULTS = """(all) => all.map((li) => ({
  place: li.querySelector("a").getAttribute("href").replace(/^(.*\\/)?(.+)\\.html/, "$2"),
  title: li.querySelector("a").textContent,
  excerpt: li.lastElementChild.textContent,
  marked: [...li.querySelectorAll("mark")].map((mark) => mark.textContent),
}))"""


@pytest.fixture(scope="module", params=["http", "file"])
def searching(request, browser, book, book_url):
    """The search page, opened once: a function from a query to what it finds."""
    home = book_url if request.param == "http" else book.as_uri()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, seen = watch(context, url := f"{home}/search.html")
    page.goto(url)
    field = page.get_by_role("searchbox", name="Search this book")

    def find(query: str) -> list[dict]:
        field.fill(query)
        return page.locator("#search-results li").evaluate_all(RESULTS)

    find.page, find.field, find.seen = page, field, seen
    yield find
    context.close()


def leads(places: list[str], wanted: list[str]) -> bool:
    """Whether one of the places is wanted; a page alone stands for all its sections."""
    return any(p == w or p.split("#")[0] == w for p in places for w in wanted)


@pytest.fixture(scope="module")
def read(book):
    """A function: a page of the book as a tree."""
    return functools.cache(
        lambda name: BeautifulSoup((book / f"{name}.html").read_text("utf-8"), "html.parser")
    )


@pytest.mark.parametrize("query", CHOSEN | FRESH)
def test_leads_to_the_section(searching, query):
    found = [one["place"] for one in searching(query)[:FIRST]]
    assert leads(found, (CHOSEN | FRESH)[query])


PHRASES = [query for query in CHOSEN if query.count('"') == 2 and query.strip('"').count('"') == 0]


def plain(text: str) -> str:
    """Lower case, and every sign a space."""
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("query", PHRASES)
def test_a_phrase_is_found_as_it_stands(searching, read, query):
    found = searching(query)
    for one in found:
        page, _, at = one["place"].partition("#")
        here = read(f"chapters/{page}").find(id=at) if at else read(f"chapters/{page}")
        if here.name == "dt":
            here = here.find_next("dd")
        assert plain(query) in plain(f"{one['title']} {here.get_text(' ')}")


def test_words_may_stand_apart_and_a_phrase_may_not(searching):
    assert searching("future column") and not searching('"future column"')
    assert "exactly" in searching.page.inner_text("#search-said")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("color", "colour"),
        ("quantization", "quantisation"),
        ("RoPE", "rope"),
        ("fine-tuning", "finetuning"),
        ("optimizer", "optimiser"),
    ],
)
def test_one_word_in_two_spellings(searching, one, other):
    first, second = searching(one), searching(other)
    assert [r["place"] for r in first[:FIRST]] == [r["place"] for r in second[:FIRST]] != []


def test_excerpts_are_prose(searching):
    for query in CHOSEN:
        for one in searching(query):
            said = one["excerpt"]
            assert not re.search(r"^import |\bfrom \w+ import\b|\\[a-z]+\{|\$", said), said
            assert len(said.split()) <= 60


def test_what_was_sought_is_marked(searching):
    found = searching("membership inference")
    assert any({"membership", "inference"} <= {m.lower() for m in one["marked"]} for one in found)


def test_every_place_is_there(searching, read):
    """What is found leads to an element of the page, not only to its top."""
    for query in CHOSEN:
        for one in searching(query):
            page, _, at = one["place"].partition("#")
            assert at and read(f"chapters/{page}").find(id=at), one["place"]


def test_nothing_found_says_what_to_do(searching):
    assert searching("zzzqqq") == []
    said = searching.page.locator("#search-said")
    assert said.get_attribute("role") == "status"
    assert "fewer or other words" in said.inner_text()
    assert said.get_by_role("link", name="glossary").get_attribute("href").endswith("glossary.html")
    assert searching("") == [] and said.inner_text() == ""


def test_a_slip_of_the_pen_is_put_right(searching):
    assert searching("convolutoin") == []
    searching.page.get_by_role("link", name="convolution", exact=True).click()
    assert searching.field.input_value() == "convolution"
    assert searching.page.locator("#search-results li").count() > 3


def test_the_number_of_places_is_said(searching):
    found = searching('"a soft lookup"')
    assert f"{len(found)} places" in searching.page.inner_text("#search-said")
    searching("attention")
    more = searching.page.locator("#search-more")
    shown = searching.page.locator("#search-results li").count()
    more.press("Enter")
    everything = searching.page.locator("#search-results li")
    assert everything.count() > shown and not more.is_visible()
    assert everything.nth(shown).locator("a").evaluate("(a) => a === document.activeElement")


def test_by_keyboard_alone(searching):
    searching("softmax")
    first = searching.page.locator("#search-results a").first
    searching.field.press("ArrowDown")
    assert first.evaluate("(a) => a === document.activeElement")
    first.press("ArrowUp")
    assert searching.field.evaluate("(field) => field === document.activeElement")
    searching.field.press("ArrowDown")
    with searching.page.expect_navigation():
        first.press("Enter")
    assert "#" in searching.page.url
    searching.page.go_back()


def test_markup_in_a_query_is_text(searching):
    searching('<img src=x onerror="document.title=1">')
    assert searching.page.locator("#search-said img, #search-results img").count() == 0


def test_an_address_with_a_query_is_answered(searching):
    url = searching.page.url.split("?")[0]
    searching.page.goto(f"{url}?q=LoRA")
    searching.page.locator("#search-results li").first.wait_for()
    assert searching.field.input_value() == "LoRA"


def test_nothing_went_wrong(searching):
    seen = searching.seen
    assert (seen.outside, seen.console, seen.failed) == ([], [], [])


def test_only_the_search_page_loads_the_index(book):
    (index,) = (book / "_static").glob("search-index-*.js")
    naming = [p.name for p in book.rglob("*.html") if "search-index" in p.read_text("utf-8")]
    assert naming == ["search.html"]
    assert len(gzip.compress(index.read_bytes(), 9)) < 140_000
    assert not (book / "searchindex.js").exists()
