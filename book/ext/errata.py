"""The document's mistakes: each box leads to its row on the errata page, and each row to its box.

A box is an admonition of class `erratum` with a label in front of it, `(erratum-3-2-gates)=`, and a
second class that says of what kind the mistake is: its title tells the reader. The page
`chapters/errata` links to every label. A box without a label, or that the page leaves out, is a
warning.
"""

from docutils import nodes
from ext.folds import fold
from sphinx.application import Sphinx
from sphinx.util import logging

PAGE = "chapters/errata"
KINDS = {"wrong": "wrong", "unclear": "unclear", "left-out": "left out"}
BOXES = (nodes.Admonition, fold)
LABEL = "erratum-"
ROW = "row-"
logger = logging.getLogger(__name__)


def label_of(box: nodes.Element) -> str | None:
    return next((name for name in box["ids"] if name.startswith(LABEL)), None)


def boxes(doctree: nodes.document) -> list[nodes.Element]:
    """The boxes, also those that have been folded."""
    found = (box for box in doctree.findall(nodes.Element) if isinstance(box, BOXES))
    return [box for box in found if "erratum" in box["classes"]]


def name_kinds(app: Sphinx, doctree: nodes.document) -> None:
    """Say in each box's title of what kind the mistake is."""
    for box in boxes(doctree):
        for kind, words in KINDS.items():
            if kind in box["classes"]:
                title = next(box.findall(nodes.title))
                title += nodes.inline("", f" \u00b7 {words}", classes=["erratum-kind"])


def link_back(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each box a link to its row; on the errata page give each row its id."""
    if PAGE not in app.env.found_docs or app.builder.format != "html":
        return
    if docname == PAGE:
        for link in doctree.findall(nodes.reference):
            label = (link.get("refid") or link.get("refuri", "").partition("#")[2]).lower()
            if label.startswith(LABEL):
                link["ids"] = [ROW + label]
        return
    listed = rows(app)
    for box in boxes(doctree):
        label = label_of(box)
        if label is None:
            logger.warning("a box of the document's mistakes needs a label", location=box)
        elif label not in listed:
            logger.warning("%s has no row on the page of errata", label, location=box)
        else:
            uri = app.builder.get_relative_uri(docname, PAGE) + f"#{ROW}{label}"
            link = nodes.reference("", "All errata", refuri=uri, internal=True)
            box += nodes.paragraph("", "", link, classes=["erratum-row"])


def rows(app: Sphinx) -> set[str]:
    """The labels that the errata page links to."""
    page = app.env.get_doctree(PAGE)
    return {
        node["reftarget"].lower()
        for node in page.findall()
        if isinstance(node, nodes.Element) and node.get("reftarget", "").startswith(LABEL)
    }


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", name_kinds)
    app.connect("doctree-resolved", link_back)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
