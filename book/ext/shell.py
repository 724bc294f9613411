"""The page around the text: scripts wait for it, and nothing is loaded that no page uses."""

import re
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from ext import sharing
from ext.builders import SITES
from sphinx.application import Sphinx

# The theme's own files for what this book does without: tooltips and menus, icons as scripts and
# fonts, translations, others' logos; a maintainer's tool; and what only the build needs.
UNUSED = (
    "scripts/bootstrap.js",
    "scripts/fontawesome.js",
    "vendor",
    "locales",
    "images",
    "refresh.py",
    "language_data.js",  # and its search, which ext.search stands in for
    "searchtools.js",
    "katex/katex.min.js",  # it has drawn the formulas by now
)
UNUSED_KINDS = (".map", ".LICENSE.txt", "webpack-macros.html", ".png")
KEPT = ("card.png",)

DESCRIPTION = 155  # characters: about what a search engine shows


def describe(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Tell search engines in a sentence or two what the page is about: how it begins."""
    title = unescape(re.sub(r"<[^>]+>", "", context.get("title") or pagename))
    said = (begins(doctree) if doctree else "") or f"{title}: {context['docstitle']}"
    # docutils gives every page a second viewport
    others = re.sub(r'<meta[^>]* name="viewport"[^>]*>\s*', "", context.get("metatags", ""))
    tag = f'\n<meta name="description" content="{escape(said)}">\n'
    context["metatags"] = others + tag + sharing.tags(app, pagename, context, title, said)


def begins(doctree: nodes.document) -> str:
    """The first sentences of the first paragraph without a formula, as many as fit."""
    paragraphs = (p for p in doctree.findall(nodes.paragraph) if _is_text(p))
    text = " ".join(next(paragraphs, nodes.paragraph()).astext().split()).rstrip(":")
    said = ""
    for sentence in re.split(r"(?<=[.?!])\s+", text):
        if len(said) + len(sentence) >= DESCRIPTION:
            break
        said = f"{said} {sentence}".strip()
    if said or len(text) < DESCRIPTION:
        return said
    return text[: DESCRIPTION - 1].rsplit(" ", 1)[0].rstrip(",;:") + "\u2026"


def _is_text(paragraph: nodes.paragraph) -> bool:
    formulas = any(paragraph.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)))
    return isinstance(paragraph.parent, nodes.section) and not formulas


def load_scripts_later(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Scripts run in their order once the text is there, instead of holding it up."""
    scripts = context["script_files"]
    for script in list(scripts):
        if script.filename:
            script.attributes["defer"] = "defer"
        elif script.attributes.get("body", "").startswith("DOCUMENTATION_OPTIONS."):
            scripts.remove(script)  # the theme's version menu, unused here, and too early now


def mend_roles(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """docutils gives an entry of the bibliography a role that a list may not hold."""
    body = context.get("body", "")
    context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def remove_unused(app: Sphinx, exception: Exception | None) -> None:
    """Leave out of the built book what no page asks for."""
    if exception or app.builder.name not in SITES:
        return
    static = Path(app.outdir, "_static")
    for path in sorted(static.rglob("*"), reverse=True):
        name = path.relative_to(static).as_posix()
        if name in KEPT:
            continue
        if name.startswith(UNUSED) or name.endswith(UNUSED_KINDS):
            path.rmdir() if path.is_dir() else path.unlink()


def setup(app: Sphinx) -> dict:
    app.connect("html-page-context", load_scripts_later, priority=900)
    app.connect("html-page-context", mend_roles)
    app.connect("html-page-context", describe)
    app.connect("build-finished", remove_unused, priority=900)  # before ext.bundle
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
