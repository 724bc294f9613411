"""One stylesheet for the whole book, holding only what its pages use.

The theme's styles are made for every site there is: 400 kB, most of it for things that no page here
has. A rule stays if each class and id it asks for occurs as a word somewhere in a page or a script.
What stays lies in a cascade layer, so that a plain rule of book.css wins over it.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

SHEET = "style.css"
# What the theme links by itself, before all others.
FIRST = ["basic.css", "styles/pydata-sphinx-theme.css"]
_PIECE = re.compile(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{};]|[^{};"'/]+|/""", re.S)
_NAME = re.compile(r"[.#](-?[A-Za-z_][\w-]*)")
_INSIDE = re.compile(r"\[[^\]]*\]|:(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
_URL = re.compile(r"""url\(\s*(["']?)(?!data:|https?:|/|#)([^"')]+)\1\s*\)""")


def one_sheet(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Remember the page's stylesheets in their order, and give it the one that replaces them."""
    sheets = [str(s.filename).removeprefix("_static/") for s in context["css_files"]]
    known = app.env.book_sheets = getattr(app.env, "book_sheets", list(FIRST))
    known.extend(sheet for sheet in sheets if sheet not in known)
    context["css_files"] = []
    context["sheet"] = f"_static/{SHEET}"


def write_sheet(app: Sphinx, exception: Exception | None) -> None:
    """Put all sheets into one, without what no page can use."""
    sheets = getattr(app.env, "book_sheets", [])
    if exception or app.builder.format != "html" or not sheets:
        return
    out = Path(app.outdir)
    static = out / "_static"
    words = set()
    # ipywidgets' own runtime brings its own styles.
    pages = [
        p for p in out.rglob("*") if p.suffix in (".html", ".js") and "html-manager" not in p.parts
    ]
    for page in pages:
        words.update(re.findall(r"[\w-]+", page.read_text("utf-8", errors="ignore")))
    parts = {}
    for name in sheets:
        folder = Path(name).parent
        css = (static / name).read_text("utf-8")
        css = _URL.sub(lambda m, folder=folder: f"url({_joined(folder, m[2])})", css)
        # KaTeX puts its class names together from parts: none of its rules can be told unused.
        parts[name] = css if name.startswith("katex/") else used(css, words)
    ours = parts.pop("book.css")
    theirs = "\n".join(parts.values())
    for path in static.rglob("*.css"):
        path.unlink()
    (static / SHEET).write_text(f"@layer theme {{\n{theirs}\n}}\n{ours}", "utf-8")


def used(css: str, words: set[str]) -> str:
    """The rules of a stylesheet whose classes and ids are all among `words`."""
    pieces = [p for p in _PIECE.findall(css) if not p.startswith("/*")]
    kept, _ = _block(pieces, 0, words)
    return kept


def _block(pieces: list[str], at: int, words: set[str]) -> tuple[str, int]:
    """The used rules from `pieces[at]` to the closing brace, and where that is."""
    out, head = [], []
    while at < len(pieces):
        piece = pieces[at]
        at += 1
        if piece == "}":
            break
        if piece == "{":
            prelude = "".join(head).strip()
            head = []
            nested = prelude.startswith(("@media", "@supports", "@layer", "@container"))
            if nested:
                body, at = _block(pieces, at, words)
            else:
                start, depth = at, 1
                while depth:
                    depth += {"{": 1, "}": -1}.get(pieces[at], 0)
                    at += 1
                body = "".join(pieces[start : at - 1]).strip()
            if not prelude.startswith("@"):
                prelude = ",".join(s for s in _selectors(prelude) if _possible(s, words))
            if prelude and body and "FontAwesome" not in body and "Font Awesome" not in body:
                out.append(f"{prelude}{{{body}}}")
        else:
            head.append(piece)
            if piece == ";":  # @charset, which means nothing inside a layer
                head = []
    return "\n".join(out), at


def _selectors(prelude: str) -> list[str]:
    """Split at the commas that are not inside brackets."""
    return [s.strip() for s in re.split(r",(?![^(\[]*[)\]])", prelude)]


def _possible(selector: str, words: set[str]) -> bool:
    return all(name in words for name in _NAME.findall(_INSIDE.sub("", selector)))


def _joined(folder: Path, url: str) -> str:
    parts = []
    for part in [*folder.parts, *url.split("/")]:
        parts.pop() if part == ".." else parts.append(part)
    return "/".join(parts)


def setup(app: Sphinx) -> dict:
    # After every other extension has added its own; after the theme has written pygments.css.
    app.connect("html-page-context", one_sheet, priority=950)
    app.connect("build-finished", write_sheet, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
