"""Search: what every section says, as one script that the search page alone loads.

Sphinx's own index knows neither phrases nor sections, and shows of a page what it fetches: nothing
where the book is opened from a folder. This one holds the prose itself (no code, no TeX) with the
place that each piece can be linked by: sections, the glossary's terms, exercises, references.
book/assets/search-model.js finds in it, book/assets/search-page.js shows what was found.

What a page says is kept beside its doctree, for a build that writes only what has changed.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from ext.plain_maths import plain
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

INDEXED = ("html", "dirhtml")
KEPT = "search"  # a folder beside the doctrees
# Code, pictures and drawn formulas; and boxes that give an answer away.
SILENT = (nodes.literal_block, nodes.math_block, nodes.raw, nodes.image, nodes.comment)
SECRET = {"solution", "hint", "erratum-row"}
SHORT = re.compile(r"(?:^|[.;:,] )([\w-]+(?: [\w-]+)?) for short")
CODE_WORD = re.compile(r"[A-Za-z_]\w{3,}")

Piece = dict[str, Any]


def pieces(doctree: nodes.document) -> list[Piece]:
    """What can be linked to, as {at: id, names: [title], says: [paragraph], code: [word]}.

    A term of the glossary has several names, a reference none.
    """
    found: list[Piece] = []
    _gather(doctree, {"says": [], "code": []}, found)
    return found


def _gather(node: nodes.Node, piece: Piece, found: list[Piece]) -> None:
    classes = set(node.get("classes", [])) if isinstance(node, nodes.Element) else set()
    if isinstance(node, nodes.literal_block) and "output" not in classes:
        piece["code"] += CODE_WORD.findall(node.astext())
    if isinstance(node, nodes.math_block):
        piece["code"] += plain(node.astext()).split()
    if isinstance(node, SILENT) or classes & SECRET:
        return
    if isinstance(node, nodes.TextElement):
        piece["says"].append(line(node))
        return
    titles = _titles(node)
    if titles or isinstance(node, nodes.citation):
        place = titles[0] if titles and isinstance(titles[0], nodes.term) else node
        piece = {
            "at": next(iter(getattr(place, "attributes", {}).get("ids", [])), ""),
            "says": [],
            "code": [],
        }
        piece["names"] = [_name(title) for title in titles]
        found.append(piece)
    for child in node.children:
        if child not in titles and not isinstance(child, nodes.label):
            _gather(child, piece, found)


def _titles(node: nodes.Node) -> list[nodes.Element]:
    """The children that name a place of its own; none if the node is no such place."""
    if isinstance(node, nodes.definition_list_item):
        return [c for c in node.children if isinstance(c, nodes.term) and c["ids"]]
    if isinstance(node, nodes.section) or "exercise" in getattr(node, "tagname", ""):
        return [c for c in node.children[:1] if isinstance(c, nodes.title)]
    return []


def _name(title: nodes.Element) -> str:
    """Exercises have theirs in brackets, and get their numbers later."""
    said = line(title)
    return f"Exercise: {said.strip('()')}" if title.tagname == "exercise_title" else said


def line(node: nodes.Node) -> str:
    """A paragraph as one line of plain text."""
    return " ".join("".join(_said(node)).split())


def _said(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Text):
        yield node.astext()
    elif isinstance(node, nodes.math):
        yield plain(node.astext())
    elif not isinstance(node, SILENT):
        for child in node.children:
            yield from _said(child)


def keep(app: Sphinx, pagename: str, template: str, context: dict, doctree: Any) -> None:
    """Note what a page says."""
    if doctree is not None and app.builder.name in INDEXED:
        path = Path(app.doctreedir, KEPT, f"{pagename}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(pieces(doctree)), "utf-8")


def index(app: Sphinx) -> dict[str, list]:
    """The index: pages in the book's order, what they say, and the words that mean the same.

    Returns:
        {pages: [[name, title], ...], sections: [[number of page, id, title, text, code], ...],
        terms: [[name, ...], ...]}, a line of text for each paragraph.
    """
    pages, sections, terms = [], [], []
    for name in app.env.collect_relations():
        path = Path(app.doctreedir, KEPT, f"{name}.json")
        if not path.is_file():
            continue
        for piece in json.loads(path.read_text("utf-8")):
            says = "\n".join(filter(None, piece["says"]))
            code = set(piece["code"]).difference(CODE_WORD.findall(says))
            title = " ".join(piece["names"])
            sections.append([len(pages), piece["at"], title, says, " ".join(sorted(code))])
            if len(piece["names"]) > 1:
                terms.append([*piece["names"], *SHORT.findall(says)])
        pages.append([name, app.env.titles[name].astext()])
    return {"pages": pages, "sections": sections, "terms": terms}


def no_index_of_sphinx(app: Sphinx) -> None:
    if app.builder.name in INDEXED:
        vars(app.builder)["search"] = False


def search_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Write the index, once every page has said what it says, and the page that searches it."""
    if app.builder.name not in INDEXED:
        return
    static = Path(app.outdir, "_static")
    text = json.dumps(index(app), ensure_ascii=False, separators=(",", ":"))
    english = SearchEnglish({})
    stop_words = json.dumps(sorted(english.stopwords))
    scripts = []
    for name, script in {
        "search-index": f"globalThis.lwSearchIndex = {text};\n",
        "search-words": f"globalThis.lwStopWords = {stop_words};\n{english.js_stemmer_code}\n",
    }.items():
        for old in static.glob(f"{name}-*.js"):
            old.unlink()
        label = hashlib.sha256(script.encode()).hexdigest()[:12]
        scripts.append(f"_static/{name}-{label}.js")
        (static / f"{name}-{label}.js").write_text(script, "utf-8")
    scripts += [f"_static/search-{part}.js" for part in ("text", "model", "page")]
    yield "search", {"title": "Search", "search_scripts": scripts}, "search.html"


def setup(app: Sphinx) -> dict:
    app.connect("builder-inited", no_index_of_sphinx)
    app.connect("html-page-context", keep)
    app.connect("html-collect-pages", search_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
