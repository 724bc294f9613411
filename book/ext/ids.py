"""No id twice: on a page, and where all pages are one.

sphinx-exercise gives every exercise and every solution of a page the same id: it stays with the
first. On the one page that is printed, every chapter has a section "exercises": there each id
begins with its chapter's name, and so do the links that lead to it.
"""

import re
from collections.abc import Iterator

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

# How Sphinx names a place on the one page, before it cuts off the document.
PLACE = re.compile(r"#document-([^#]+)#(.+)")


def drop_repeated(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Leave an id to the first that has it: a link would lead there anyway."""
    if app.builder.name == "singlehtml":
        begin_with_chapter(app, doctree, docname)
    taken: set[str] = set()
    for node in doctree.findall(nodes.Element):
        node["ids"] = [name for name in dict.fromkeys(node.get("ids", [])) if name not in taken]
        taken.update(node["ids"])


def begin_with_chapter(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    links = []
    for page, node in _with_pages(doctree, docname):
        node["ids"] = [own(page, name) for name in node.get("ids", [])]
        node["backrefs"] = [own(page, name) for name in node.get("backrefs", [])]
        if "refid" in node:
            node["refid"] = own(page, node["refid"])
        if found := PLACE.fullmatch(node.get("refuri", "")):
            node["refuri"] = "#" + own(found[1], found[2])
            links.append((node, found[1]))
    there = {name for node in doctree.findall(nodes.Element) for name in node["ids"]}
    for link, page in links:
        if link["refuri"][1:] not in there:
            link["refuri"] = f"#document-{page}"
    for page, kinds in app.env.toc_fignumbers.items():
        for kind, numbers in kinds.items():
            kinds[kind] = {own(page, name): number for name, number in numbers.items()}


def own(docname: str, name: str) -> str:
    """An id on the one page."""
    begin = docname.rpartition("/")[2]
    return name if name.startswith(f"{begin}--") else f"{begin}--{name}"


def _with_pages(node: nodes.Element, page: str) -> Iterator[tuple[str, nodes.Element]]:
    """Every element with the document that it comes from."""
    for child in node.children:
        if isinstance(child, nodes.Element):
            here = child["docname"] if isinstance(child, addnodes.start_of_file) else page
            yield here, child
            yield from _with_pages(child, here)


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", drop_repeated, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
