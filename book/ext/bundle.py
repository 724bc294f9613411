"""One stylesheet for the whole book, holding only what its pages use.

The theme's styles are made for every site there is: 400 kB, most of it for things that no page here
has. A rule stays if each class and id it asks for occurs as a word somewhere in a page or a script.
What stays lies in a cascade layer, so that a plain rule of book.css wins over it.
"""

import posixpath
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from ext.builders import SITES
from sphinx.application import Sphinx

SHEET = "style.css"
# What the theme links by itself, before all others.
FIRST = ["basic.css", "styles/pydata-sphinx-theme.css"]
OURS = ("book.css", "run.css")
NESTED = ("media", "supports", "layer", "container")
PLAIN: dict[str, Any] = {"skip_comments": True, "skip_whitespace": True}
_WORD = re.compile(r"[\w-]+")
_ELSEWHERE = re.compile(r"data:|https?:|/|#")


def one_sheet(app: Sphinx, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Remember the page's stylesheets in their order, and give it the one that replaces them."""
    if app.builder.name not in SITES:
        return
    sheets = [str(s.filename).removeprefix("_static/") for s in context["css_files"]]
    known = vars(app.env).setdefault("book_sheets", list(FIRST))
    known.extend(sheet for sheet in sheets if sheet not in known)
    context["css_files"] = []
    context["sheet"] = f"_static/{SHEET}"


def write_sheet(app: Sphinx, exception: Exception | None) -> None:
    """Put all sheets into one, without what no page can use."""
    sheets = getattr(app.env, "book_sheets", [])
    if exception or app.builder.name not in SITES or not sheets:
        return
    out = Path(app.outdir)
    static = out / "_static"
    words = set()
    # ipywidgets' own runtime and JupyterLite bring their own styles.
    pages = [
        path
        for path in out.rglob("*")
        if path.suffix in (".html", ".js")
        and {"html-manager", "lite"}.isdisjoint(path.relative_to(out).parts)
    ]
    for page in pages:
        words.update(_WORD.findall(page.read_text("utf-8", errors="ignore")))
    parts = {}
    for name in sheets:
        folder = Path(name).parent
        css = (static / name).read_text("utf-8")
        parts[name] = used(css, words, folder)
    ours = "\n".join(parts.pop(name) for name in OURS if name in parts)
    theirs = "\n".join(parts.values())
    for path in static.rglob("*.css"):
        path.unlink()
    (static / SHEET).write_text(f"@layer theme {{\n{theirs}\n}}\n{ours}", "utf-8")


def used(css: str, words: set[str] | None, folder: Path = Path()) -> str:
    """The rules of a stylesheet in `folder` whose classes and ids are all among `words`."""
    return _rules(tinycss2.parse_stylesheet(css, **PLAIN), words, folder)


def _rules(rules: list[Any], words: set[str] | None, folder: Path) -> str:
    out = []
    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"line {rule.source_line} of a stylesheet: {rule.message}")
        if rule.content is None:  # @charset, which means nothing inside a layer
            continue
        body = _text(rule.content, folder)
        if rule.type == "qualified-rule":
            possible = (s for s in _selectors(rule.prelude) if _possible(s, words))
            prelude = ",".join(_text(selector, folder) for selector in possible)
        else:
            prelude = f"@{rule.at_keyword} {_text(rule.prelude, folder)}".strip()
            if rule.lower_at_keyword in NESTED:
                body = _rules(tinycss2.parse_rule_list(rule.content, **PLAIN), words, folder)
        if prelude and body and "FontAwesome" not in body and "Font Awesome" not in body:
            out.append(f"{prelude}{{{body}}}")
    return "\n".join(out)


def _selectors(prelude: list[Any]) -> list[list[Any]]:
    commas = [-1, *(i for i, node in enumerate(prelude) if node == ","), len(prelude)]
    return [prelude[a + 1 : b] for a, b in pairwise(commas)]


def _possible(selector: list[Any], words: set[str] | None) -> bool:
    """Whether all classes and ids outside brackets, as those of :not(), are among `words`."""
    names = [node.value for node in selector if node.type == "hash"]
    names += [b.value for a, b in pairwise(selector) if a == "." and b.type == "ident"]
    return words is None or all(words.issuperset(_WORD.findall(name)) for name in names)


def _text(nodes: list[Any], folder: Path) -> str:
    return tinycss2.serialize(_moved(nodes, folder)).strip()


def _moved(nodes: list[Any], folder: Path) -> list[Any]:
    """Without comments, and with addresses beside the stylesheet as seen from above `folder`."""
    for node in nodes:
        inside = "arguments" if node.type == "function" else "content"
        if isinstance(getattr(node, inside, None), list):
            setattr(node, inside, _moved(getattr(node, inside), folder))
        elif node.type == "url" and not _ELSEWHERE.match(node.value):
            node.representation = f"url({posixpath.normpath(f'{folder}/{node.value}')})"
    return [node for node in nodes if node.type != "comment"]


def setup(app: Sphinx) -> dict:
    # After every other extension has added its own; after the theme has written pygments.css.
    app.connect("html-page-context", one_sheet, priority=950)
    app.connect("build-finished", write_sheet, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
