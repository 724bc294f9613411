r"""Formulas: KaTeX draws them in the page, from files that lie beside it.

KaTeX instead of MathJax: all of a page's formulas in one go, and what it
cannot draw is an error that a test finds (tests/browser/test_book.py) instead of something odd.

Three colours mean the same in formulas, prose, figures and widgets. A formula names them in the one
way that MathJax and KaTeX share, `\textcolor{#0072b2}{x}`, so that JupyterLab, VS Code, Colab and
GitHub draw it as it stands; here each becomes the theme's own, which differs in light and dark. In
prose there are the roles `cin`, `clearned`, `cout`.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

VENDOR = Path(__file__).parent.parent / "vendor"
COLOURS = {"cin": "lw-in", "clearned": "lw-learned", "cout": "lw-out"}
HEX = {"#0072b2": "lw-in", "#c1440e": "lw-learned", "#00795a": "lw-out"}
logger = logging.getLogger(__name__)


def themed(node: nodes.Node) -> str:
    """A formula with the three colours as classes, which the theme colours."""

    def to_class(match: re.Match) -> str:
        if match[1].lower() not in HEX:
            known = ", ".join(HEX)
            logger.warning(f"colour {match[1]} in a formula: expected {known}", location=node)
            return match[0]
        return rf"\htmlClass{{{HEX[match[1].lower()]}}}"

    return re.sub(r"\\textcolor\s*\{([^}]*)\}", to_class, node.astext())


def visit_math(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(self.encode(themed(node)) + "</span>")
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    source = themed(node)
    self.body.append(self.starttag(node, "div", CLASS="equation"))
    self.body.append(
        f'<div class="math" style="--rows: {rows(source)}">{self.encode(source)}</div>'
    )
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<a class="eqno" href="#{node["ids"][0]}">({number})</a>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def rows(source: str) -> float:
    """About how many lines of text a formula is high: its place until it is drawn."""
    tall = any(command in source for command in (r"\sum", r"\prod", r"\int", r"\frac", r"\begin"))
    return 1 + source.count(r"\\") + tall


def add_scripts(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """KaTeX goes only where there is a formula."""
    if doctree and any(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))):
        app.add_css_file("katex/katex.min.css")
        app.add_js_file("katex/katex.min.js")
        app.add_js_file("maths.js")


def coloured(colour: str):
    """A role that writes its text in one of the three colours."""

    def role(name, rawtext, text, lineno, inliner, options=None, content=()):
        return [nodes.inline(rawtext, text, classes=[colour])], []

    return role


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    for role, colour in COLOURS.items():
        app.add_role(role, coloured(colour))
    app.connect("html-page-context", add_scripts)
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(str(VENDOR)))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
