"""No id twice: sphinx-exercise gives every exercise and every solution of a page the same one."""

from docutils import nodes
from sphinx.application import Sphinx


def drop_repeated(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Leave an id to the first that has it: a link would lead there anyway."""
    taken: set[str] = set()
    for node in doctree.findall(nodes.Element):
        node["ids"] = [name for name in dict.fromkeys(node.get("ids", [])) if name not in taken]
        taken.update(node["ids"])


def setup(app: Sphinx) -> dict:
    app.connect("doctree-resolved", drop_repeated, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
