"""Chinese in an English page says so (`lang`): fonts, line breaks and screen readers go by it."""

import re

from docutils import nodes
from sphinx.application import Sphinx

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
SIGNS = "\u3000-\u303f\uff00-\uffef"  # punctuation, and letters as wide as a character
RUN = re.compile(rf"[{SIGNS}]*[{HAN}](?:[{HAN}{SIGNS}]|[\s\d]+(?=[{HAN}]))*")
BETWEEN = re.compile(r">[^<]+<")  # tags
LANGUAGE = "language-zh-Hans"  # the class that docutils writes as the attribute
# Code is no language; the other two are drawn.
OTHER = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment)


def say_language(app: Sphinx, doctree: nodes.document) -> None:
    """Put each run of Chinese into an element of its own."""
    say_in_tables(doctree)
    for text in list(doctree.findall(nodes.Text)):
        if not RUN.search(text) or _inside(text, OTHER):
            continue
        parts: list[nodes.Node] = []
        end = 0
        for found in RUN.finditer(text):
            parts.append(nodes.Text(text[end : found.start()]))
            parts.append(nodes.inline(found[0], found[0], classes=[LANGUAGE]))
            end = found.end()
        parts.append(nodes.Text(text[end:]))
        text.parent.replace(text, [part for part in parts if part.astext()])


def say_in_tables(doctree: nodes.document) -> None:
    """The same in the tables that cells return, which are HTML already."""
    for table in doctree.findall(nodes.raw):
        if "text_html" in table["classes"] and "<script" not in table.astext():
            said = BETWEEN.sub(
                lambda text: RUN.sub(r'<span lang="zh-Hans">\g<0></span>', text[0]), table.astext()
            )
            table.clear()
            table += nodes.Text(said)


def _inside(node: nodes.Node, kinds: tuple) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def setup(app: Sphinx) -> dict:
    app.connect("doctree-read", say_language, priority=100)  # before Sphinx collects titles
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
