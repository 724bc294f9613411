"""Search leads to the section that says it, in both languages, from a server and from a folder."""

import pytest

from tests.browser.search_queries import CHOSEN
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


@pytest.mark.parametrize("query", CHOSEN)
def test_leads_to_the_section(searching, query):
    found = [one["place"] for one in searching(query)[:FIRST]]
    assert leads(found, CHOSEN[query])
