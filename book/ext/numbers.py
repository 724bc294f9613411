"""A page's number in the document, from its file's name: 3_3_self_attention is section 3.3.

It is a part of the title, and so of the menu, of the window's title, of links and of search.
"""

import re
from pathlib import PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx

NUMBER = re.compile(r"(\d+(?:_\d+)*)_\D")


def number(docname: str) -> str:
    """The number of the section that a page follows; "" if it follows none."""
    found = NUMBER.match(PurePosixPath(docname).name)
    return found[1].replace("_", ".") if found else ""


def put_in_title(app: Sphinx, doctree: nodes.document) -> None:
    title = next(doctree.findall(nodes.title), None)
    said = number(app.env.docname)
    if title is not None and said:
        title.insert(0, nodes.Text(f"{said} "))


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", put_in_title, priority=100)  # before Sphinx collects titles
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
