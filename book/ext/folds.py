"""Solutions and other boxes of class `dropdown` fold: HTML's own <details>, no script, all keys."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class fold(nodes.General, nodes.Element):
    """A box that opens; its first child is a `fold_title`."""


class fold_title(nodes.General, nodes.TextElement):
    """What shows while it is closed."""


class FoldBoxes(SphinxPostTransform):
    """Replaces each box of class `dropdown` by a `fold`."""

    default_priority = 900  # after sphinx-exercise has put in its titles and numbers
    formats = ("html",)

    def run(self, **kwargs) -> None:
        found = [n for n in self.document.findall(nodes.Element) if isinstance(n, nodes.Admonition)]
        for box in (box for box in found if "dropdown" in box["classes"]):
            title, *content = box.children
            for link in list(title.findall(nodes.reference)):
                link.replace_self(link.children)  # the whole title opens the box
            closed = fold("", fold_title("", "", nodes.inline("", "", *title.children)), *content)
            closed["classes"] = [*box["classes"], "admonition"]
            closed["ids"] = box["ids"]
            box.replace_self(closed)


def visit_fold(self, node: fold) -> None:
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node: fold) -> None:
    self.body.append("</details>\n")


def visit_title(self, node: fold_title) -> None:
    self.body.append(self.starttag(node, "summary", "", CLASS="admonition-title"))


def depart_title(self, node: fold_title) -> None:
    self.body.append("</summary>\n")


def setup(app: Sphinx) -> dict:
    app.add_node(fold, html=(visit_fold, depart_fold))
    app.add_node(fold_title, html=(visit_title, depart_title))
    app.add_post_transform(FoldBoxes)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
