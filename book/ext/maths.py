r"""Formulas: KaTeX draws them when the book is built, so that pages carry no script for them.

V8 alone (py_mini_racer) runs KaTeX, from the file in book/vendor: about a millisecond a formula.
Each is drawn twice, for the eye and as MathML for screen readers. What KaTeX cannot draw is a
warning that names the place.

Three colours mean the same in formulas, prose, figures and widgets. A formula names them in the one
way that MathJax and KaTeX share, `\textcolor{#0072b2}{x}`, so that JupyterLab, VS Code, Colab and
GitHub draw it as it stands; here each becomes the theme's own, which differs in light and dark. In
prose there are the roles `cin`, `clearned`, `cout`.
"""

import json
import re
from functools import cache
from html import escape
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

VENDOR = Path(__file__).parent.parent / "vendor"
COLOURS = {"cin": "lw-in", "clearned": "lw-learned", "cout": "lw-out"}
HEX = {"#0072b2": "lw-in", "#c1440e": "lw-learned", "#00795a": "lw-out"}
# How KaTeX marks what it does not trust, without failing.
REFUSED = "#cc0001"
DRAW = r"""(source, displayMode, colours, errorColor) => {
  try {
    return { drawn: katex.renderToString(source, {
      displayMode,
      errorColor,
      trust: ({ command, class: name }) => command === "\\htmlClass" && colours.includes(name),
      strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
    }) };
  } catch (error) {
    return { error: error.message };
  }
}"""
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


@cache
def _engine() -> MiniRacer:
    """V8 with KaTeX, one for the whole build."""
    engine = MiniRacer()
    engine.eval((VENDOR / "katex" / "katex.min.js").read_text("utf-8"))
    engine.eval(f"const draw = {DRAW}; const drawn = (...given) => JSON.stringify(draw(...given));")
    return engine


@cache
def draw(source: str, display: bool) -> str:
    """A formula as HTML with MathML beside it.

    Raises:
        ValueError: if KaTeX cannot draw it, or must not.
    """
    said = json.loads(_engine().call("drawn", source, display, list(HEX.values()), REFUSED))
    if "error" in said:
        raise ValueError(said["error"])
    if REFUSED in said["drawn"]:
        raise ValueError("a command that is not allowed")
    # Beside the MathML stands the source, which nobody reads: the page's elements are many.
    return re.sub(
        r"<semantics>(.*)<annotation [^>]*>[^<]*</annotation></semantics>",
        r"\1",
        said["drawn"],
        flags=re.DOTALL,
    )


def drawn(node: nodes.Node, display: bool) -> str:
    """A node's formula as HTML; its source, and a warning, if it cannot be drawn."""
    source = themed(node)
    try:
        return draw(source, display)
    except ValueError as error:
        logger.warning(f"a formula cannot be drawn: {error}: {source}", location=node)
        return f'<span class="katex-error">{escape(source)}</span>'


def visit_math(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math"))
    self.body.append(drawn(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_math_block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="equation"))
    self.body.append(f'<div class="math">{drawn(node, display=True)}</div>')
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<a class="eqno" href="#{node["ids"][0]}">({number})</a>')
    self.body.append("</div>\n")
    raise nodes.SkipNode


def add_styles(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """KaTeX' styles go only where there is a formula."""
    if doctree and any(doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block))):
        app.add_css_file("katex/katex.min.css")
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
    app.connect("html-page-context", add_styles)
    app.connect("builder-inited", lambda app: app.config.html_static_path.append(str(VENDOR)))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
