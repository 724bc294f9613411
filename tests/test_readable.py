"""GitHub and nbviewer show a notebook as plain Markdown with outputs: each has to read well there.

Neither knows MyST. A directive between colons reads as text between two short marks, its formulas
and links as such; between backticks it would be a box of source text that does not even wrap.
"""

import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
NOTEBOOKS = sorted(CHAPTERS.glob("*.ipynb"))
GITHUB = MarkdownIt("gfm-like", {"linkify": False}).use(dollarmath_plugin, double_inline=True)
WIDGET = "application/vnd.jupyter.widget-view+json"
ANYWHERE = {"text/plain", "text/html", "image/png", "image/svg+xml"}


def unreadable(markdown: str) -> list[str]:
    """What a reader without MyST stumbles over."""
    found = []
    for token in GITHUB.parse(markdown):
        if token.type == "fence" and token.info.startswith("{"):
            found.append(f"a box of source text: {token.info}")
        for part in [token, *(token.children or [])]:
            if part.type.startswith("html_"):
                found.append(f"HTML: {part.content}")
        inside = token.children or []
        for part, following in zip(inside, inside[1:], strict=False):
            if part.type == "link_open" and following.type == "link_close":
                found.append(f"a link without words: {part.attrs['href']}")
            if part.type == "link_open":
                found += dead(str(part.attrs["href"]))
        for part in inside:
            if part.type == "text" and "$" in part.content:
                found.append(f"a formula that is none: {part.content}")
            if part.type == "image" and not (part.content and str(part.attrs["src"])):
                found.append("a picture without words")
    return found


def dead(address: str) -> list[str]:
    file = address.split("#")[0]
    there = not file or re.match(r"https?://", file) or (CHAPTERS / file).is_file()
    return [] if there else [f"a link to nothing: {address}"]


@pytest.mark.parametrize(
    ("markdown", "kind"),
    [
        ("```{note}\nBox\n```", "a box of source text"),
        ("See [](errata.md).", "a link without words"),
        ("See [there](errata).", "a link to nothing"),
        ("A <b>bold</b> word", "HTML"),
        ("<div>\n\n</div>", "HTML"),
        ("It costs $5", "a formula that is none"),
    ],
)
def test_what_stumbles_is_found(markdown, kind):
    assert [said.split(":")[0] for said in unreadable(markdown)][:1] == [kind]


def test_what_reads_well_is_not():
    box = ":::{note} So\n\nThen $a$ is in [the list](errata.md), and\n\n$$\na_b\n$$\n\n:::"
    assert unreadable(box) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_text_of_a_notebook(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    assert [said for text in texts for said in unreadable(text)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_outputs_of_a_notebook(path):
    """A picture stands for each widget, and everything else is of a kind that both can show."""
    widgets = 0
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data")
            if data is None:
                continue
            widgets += WIDGET in data
            assert "image/png" in data if WIDGET in data else ANYWHERE & data.keys(), data.keys()
    assert widgets
