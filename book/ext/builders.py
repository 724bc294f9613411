"""The book in other forms: one page to print, plain text, an e-book.

    jupyter-book build . --builder custom --custom-builder singlehtml     (or text, epub)
    jupyter-book build . --builder pdfhtml

Extensions say how their boxes are drawn as HTML. Sphinx asks for a builder's own way first, and for
HTML's only where no extension has named that builder: one that does hides all the others. And where
a builder is not HTML, a box without a way stops the build.
"""

import shutil
import sys
from pathlib import Path

import pdf
from docutils import nodes
from sphinx.application import Sphinx

SITES = ("html", "dirhtml", "singlehtml")  # with the book's own look


def transparent(self: nodes.NodeVisitor, node: nodes.Element) -> None:
    """A box that is drawn as what it holds."""


def complete(app: Sphinx) -> None:
    """Give the builder a way to draw every box that HTML can draw."""
    ways = app.registry.translation_handlers
    html, form, name = ways["html"], app.builder.format, app.builder.name
    if form == "html":
        if name in ways:
            ways[name] = html | ways[name]
        return
    own = app.registry.get_translator_class(app.builder)
    ways[form] = {
        box: (transparent, transparent) for box in html if not hasattr(own, f"visit_{box}")
    } | ways.get(form, {})


def to_the_root(app: Sphinx, exception: Exception | None) -> None:
    """Put the one page where it looks for its files: Sphinx takes it to be in the root."""
    if not exception and app.builder.name == "singlehtml":
        page = Path(app.outdir, f"{app.config.root_doc}.html")
        shutil.move(page, Path(app.outdir, "index.html"))


def print_with_ours(app: Sphinx) -> None:
    """Jupyter Book prints the one page when it is built: with what is in book/pdf.py."""
    if app.builder.name == "singlehtml" and (printing := sys.modules.get("jupyter_book.pdf")):
        vars(printing)["_html_to_pdf"] = pdf.print_page


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", complete)
    app.connect("builder-inited", print_with_ours)
    app.connect("build-finished", to_the_root, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
