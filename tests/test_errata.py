"""Each box of the document's mistakes says of what kind it is and quotes it in Chinese."""

import re
from pathlib import Path

import nbformat
import pytest

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
KINDS = {"wrong": "wrong", "unclear": "unclear", "left-out": "left out"}
BOX = re.compile(
    r"^\((erratum-[\w-]+)\)=\n+(:{3,})\{admonition\} ([^\n]*)\n:class: ([^\n]*)\n(.*?)^\2$",
    re.MULTILINE | re.DOTALL,
)
ROW = re.compile(r"^\| \[[^\]]*\]\(#(erratum-[\w-]+)\) \| ([^|]*) \|", re.MULTILINE)


def sources():
    for path in sorted(CHAPTERS.iterdir()):
        if path.suffix == ".ipynb":
            for cell in nbformat.read(path, as_version=4).cells:
                if cell.cell_type == "markdown":
                    yield cell.source
        elif path.suffix == ".md":
            yield path.read_text("utf-8")


BOXES = {
    label: (title, set(classes.split()) - {"erratum", "dropdown"}, text)
    for source in sources()
    for label, _, title, classes, text in BOX.findall(source)
}


@pytest.mark.parametrize("label", BOXES)
def test_each_box_has_a_kind_and_quotes_the_document(label):
    title, kinds, text = BOXES[label]
    assert title == "The document says"
    assert len(kinds) == 1 and kinds <= set(KINDS), kinds
    quotes = re.findall(r"^> (.*)$", text, re.MULTILINE)
    assert quotes, "nothing is quoted"
    if any(re.search("[\u4e00-\u9fff]", quote) for quote in quotes):  # a formula needs none
        translated = re.search(r"[\u201c\"][^\u201d\"]{6,}[\u201d\"]", text)
        assert translated, "no translation in quotation marks"


def test_the_page_of_errata_gives_each_box_the_same_kind():
    rows = dict(ROW.findall((CHAPTERS / "errata.md").read_text("utf-8")))
    assert rows == {label: KINDS[next(iter(kinds))] for label, (_, kinds, _) in BOXES.items()}
