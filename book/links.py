"""Check the links of the built book: those inside it always, those that leave it when there is a
network.

    python book/links.py            # says what is dead, and exits with 1 if anything is
"""

import sys
import urllib.error
import urllib.request
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from bs4 import BeautifulSoup

BOOK = Path(__file__).resolve().parent.parent / "_build" / "html"
LINKS = [("a", "href"), ("img", "src"), ("script", "src"), ("link", "href")]
SECONDS = 20
# Answers that say "not for a program", or "not now": the page is there for a reader.
GUARDED = {401, 403, 405, 406, 418, 429, 503}
# Reached first, to tell a dead link from a dead line.
ANY = ("https://arxiv.org", "https://doi.org", "https://github.com")


def links(book: Path) -> tuple[list[str], dict[str, list[str]]]:
    """The links of all pages of a book.

    Returns:
        those inside the book that lead nowhere, "page: link", and for each address outside it the
        pages that name it.
    """
    lite = book / "lite"  # JupyterLite, not ours
    pages = (page for page in book.rglob("*.html") if lite not in page.parents)
    soups = {page: BeautifulSoup(page.read_text("utf-8"), "html.parser") for page in pages}
    anchors = {p: {str(e["id"]) for e in soup.find_all(id=True)} for p, soup in soups.items()}
    dead, outside = [], defaultdict(list)
    for path, soup in sorted(soups.items()):
        for tag, attribute in LINKS:
            for element in soup.find_all(tag, attrs={attribute: True}):
                address, anchor = urldefrag(str(element[attribute]))
                if urlsplit(address).scheme:
                    if address.startswith("http") and path.name not in outside[address]:
                        outside[address].append(path.name)
                    continue
                target = (path.parent / unquote(address.split("?")[0])).resolve()
                target = target if address else path
                if not target.is_file() or (
                    anchor and target in anchors and unquote(anchor) not in anchors[target]
                ):
                    dead.append(f"{path.name}: {element[attribute]}")
    return dead, dict(outside)


def trouble(address: str) -> str | None:
    """What is wrong with an address outside the book; None if somebody answers for it."""
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (links)"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return None
    except urllib.error.HTTPError as error:
        return None if error.code in GUARDED else f"{error.code} {error.reason}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__


def main(book: Path = BOOK, witnesses: tuple[str, ...] = ANY) -> int:
    """Say what is dead; returns 1 if anything is."""
    if not (book / "index.html").is_file():
        print(f"There is no book in {book}: run `make book` first.")
        return 1
    dead, outside = links(book)
    print(f"Inside the book: {len(dead)} dead links.")
    for link in dead:
        print(f"  {link}")
    with ThreadPoolExecutor(8) as pool:
        if all(pool.map(trouble, witnesses)):
            print(f"No network: {len(outside)} links that leave the book were not tried.")
            return int(bool(dead))
        told = dict(zip(outside, pool.map(trouble, outside), strict=True))
    broken = {address: what for address, what in told.items() if what}
    print(f"Out of the book: {len(broken)} of {len(outside)} links are dead.")
    for address, what in broken.items():
        print(f"  {address}: {what} (in {', '.join(outside[address])})")
    return int(bool(dead or broken))


if __name__ == "__main__":
    sys.exit(main())
