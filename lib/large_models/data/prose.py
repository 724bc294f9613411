"""From a Python file to the English sentences in its docstrings, by simple rules.

Nothing is imported or run: docstrings are read with `ast`. A docstring is taken apart into
paragraphs, each with its section (NumPy's, Google's and Sphinx's forms are known); code, doctests,
formulas, tables and citations are dropped; of what is left, `is_sentence` keeps what looks like a
sentence. `data.harvest` runs it over whole packages.
"""

import ast
import inspect
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

HEADINGS = {
    "parameters": "parameters|other parameters|keyword parameters|args|arguments|keyword args|"
    "keyword arguments|inputs|input|params|param|parameter|keyword",
    "returns": "returns|return|yields|receives|outputs|output|return value",
    "raises": "raises|raise|warns|exceptions|errors",
    "attributes": "attributes|properties|fields|variables|shape",
    "notes": "notes|note|warning|warnings|remarks|implementation notes|caution|important|tip|hint",
    "examples": "examples|example|usage|use",
    "dropped": "references|reference|see also|methods|bibliography|authors|author|rtype|type",
}
HEADINGS = {name: section for section, names in HEADINGS.items() for name in names.split("|")}
ITEMS = {"parameters", "returns", "raises", "attributes"}  # sections that list named things

UNDERLINE = re.compile(r"([=\-~^])\1{2,}$")
TABLE = re.compile(r"[=\-+|:][=\-+|: ]*$|\|.*\|$")
FENCE = re.compile(r"```|~~~")
BULLET = re.compile(r"(?:[-*+•]|\(?(?:\d+|[a-z]|i+)[.)]|#\.)\s+")
DIRECTIVE = re.compile(r"\.\.(?:\s+|$)(?:([\w:-]+)::)?\s*(.*)")
FIELD = re.compile(r":(param|keyword|raises|returns?|rtype|type|[ic]?var)\b[^:]*:\s*(.*)")
GOOGLE_ITEM = re.compile(r"[`*]*\w[\w.*`, |\[\]]{0,60}(?:\((?:[^()]|\([^()]*\))*\))?\s*:\s+")
NUMPY_ITEM = re.compile(r"[*`]*\w[\w*`., ]*\s:(?:\s|$)")


# --- from a source file to docstrings ------------------------------------------------------------


def docstrings(source: str) -> list[str]:
    """Docstrings of a module, its classes and functions, in the order of the file.

    A string given to `add_newdoc`, `add_docstr` or the like counts too: so NumPy, SciPy and torch
    document what is written in C.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old files have invalid escapes
        tree = ast.parse(source)
    found = []  # (line, text)
    statements: list[ast.AST] = [tree]
    while statements:
        node = statements.pop()
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                found.append((node.body[0].lineno, text))
        for part in ("body", "orelse", "handlers", "finalbody", "cases"):
            statements += getattr(node, part, [])
    if "add_newdoc" in source or "add_docstr" in source:
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            if re.search("add_newdoc|add_docstr", ast.unparse(call.func)):
                for part in (part for argument in call.args for part in ast.walk(argument)):
                    if isinstance(part, ast.Constant) and "\n" in str(part.value):
                        found.append((part.lineno, inspect.cleandoc(str(part.value))))
    return [text for _, text in sorted(found, key=lambda item: item[0])]


# --- from a docstring to paragraphs --------------------------------------------------------------


class Line(NamedTuple):
    """A line of prose, a heading (`text` is then the section), or a break (`text` is empty)."""

    indent: int
    text: str
    heading: str = ""  # "numpy": until the next one; "block": until a line that is not deeper


class Frame(NamedTuple):
    """A section that is open: its heading's indent (-1: it stays open) and its first line's."""

    indent: int
    section: str
    base: int | None = None


def prose_lines(docstring: str) -> list[Line]:
    """The lines of a docstring without code, doctests, maths, tables, citations and directives."""
    lines = [line.rstrip() for line in docstring.expandtabs().splitlines()]
    kept: list[Line] = []
    deeper_than: int | None = None  # inside something to drop: all that is deeper than this
    i = 0
    while i < len(lines):
        text = lines[i].strip()
        indent = len(lines[i]) - len(lines[i].lstrip())
        below = lines[i + 1].strip() if i + 1 < len(lines) else ""
        i += 1
        if deeper_than is not None and (not text or indent > deeper_than):
            continue
        deeper_than = None
        title = text.rstrip(":").lower()
        directive, field = DIRECTIVE.match(text), FIELD.match(text)
        starts = not kept or not kept[-1].text or kept[-1].heading

        if not text:
            kept.append(Line(0, ""))
        elif UNDERLINE.match(below) and len(text) <= 60 and not TABLE.match(text):
            kept.append(Line(indent, HEADINGS.get(title, "description"), "numpy"))
            i += 1
        elif FENCE.match(text):
            kept.append(Line(0, ""))
            while i < len(lines) and not FENCE.match(lines[i].strip()):
                i += 1
            i += 1
        elif text.startswith(">>>") or TABLE.match(text):
            kept.append(Line(0, ""))
            while i < len(lines) and lines[i].strip():
                i += 1
        elif directive:
            name, rest = directive.groups()
            kept.append(Line(0, ""))
            if HEADINGS.get(name) == "notes":
                kept += [Line(indent, "notes", "block"), Line(indent + 1, rest)]
            else:
                deeper_than = indent
        elif field:
            section = HEADINGS.get(field[1], "attributes")
            kept += [Line(indent, section, "block"), Line(indent + 1, field[2])]
        elif text.endswith(":") and title in HEADINGS and starts:
            kept.append(Line(indent, HEADINGS[title], "block"))
            if text.endswith("::") and HEADINGS[title] == "examples":
                deeper_than = indent
        elif text.endswith("::"):
            kept += [Line(indent, text[:-1]), Line(0, "")]
            deeper_than = indent
        else:
            kept.append(Line(indent, text))
    return kept


def paragraphs(docstring: str) -> Iterator[tuple[str, str]]:
    """(section, text) of each paragraph, list item and description of a parameter, in order.

    Knows NumPy's, Google's and Sphinx's forms of docstring.
    """
    lines = prose_lines(docstring)
    frames = [Frame(-1, "summary")]
    words: list[str] = []  # of the paragraph that is open
    hanging: int | None = None  # the indent its next line must have; None: any

    def close() -> list[tuple[str, str]]:
        section, text = frames[-1].section, " ".join(words)
        words.clear()
        if text and section == "summary":
            frames[-1] = frames[-1]._replace(section="description")
        return [(section, text)] if text and section != "dropped" else []

    for number, (indent, text, heading) in enumerate(lines):
        if not text or heading or indent <= frames[-1].indent:
            yield from close()
        if not text:
            continue
        while indent <= frames[-1].indent:
            frames.pop()
        if heading == "numpy":
            frames = [Frame(-1, text)]
        elif heading == "block":
            frames.append(Frame(indent, text))
        if heading:
            continue

        frame = frames[-1]
        if frame.section in ITEMS and frame.base is None:
            frame = frames[-1] = frame._replace(base=indent)
        item = None
        if frame.section in ITEMS and frame.base is not None and indent <= frame.base:
            below = lines[number + 1] if number + 1 < len(lines) else Line(0, "")
            if frame.indent >= 0:  # Google's form, or a field
                item = GOOGLE_ITEM.match(text)
            elif NUMPY_ITEM.match(text) or (below.text and below.indent > indent):
                yield from close()
                continue
        start = item or BULLET.match(text)
        if start or (words and hanging is not None and indent != hanging):
            yield from close()
        words.append(text[start.end() :] if start else text)
        beside_heading = 0 <= frame.indent == indent - 1  # its next line may be deeper
        hanging = None if start or beside_heading else indent
    yield from close()


# --- from a paragraph to sentences ---------------------------------------------------------------

MARKUP = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r":[\w+:.-]+:`[~!.]?([^`<]+?)(?:\s*<[^`]*>)?`", r"\1"),  # :class:`torch.Tensor`
        (r"``(.+?)``", r"\1"),
        (r"`([^`<]+?)\s*<[^`]*>`__?", r"\1"),  # `text <address>`_
        (r"`[~.]?([^`]+)`_{0,2}", r"\1"),
        # A citation goes, unless it stands for a noun ("see [1]_"): then is_sentence refuses.
        (r"(?<!\b(?:in|In|by|of|to) )(?<!\b(?:see|See|and) )(?<!\bfrom )\[[\w*#.-]+\]_", ""),
        (r"(?<![\w*])\*\*(\S(?:[^*]*?\S)?)\*\*(?![\w*])", r"\1"),
        (r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])", r"\1"),
        (r"\s+", " "),
        (r" (?=[.,;:!?)](?: |$))", ""),
    )
]
TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-"})
SENTENCE_END = re.compile(r"""[.!?]["')\]]*\s+(?=["'(\[]?[A-Z])""")
ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|w\.r\.t|etc|cf|vs|figs?|eqs?|al|resp|refs?|no|dr|mr|st|sec|ch|approx|ca|"
    r"vol|pp?|eds?)\.$",
    re.IGNORECASE,
)
COMMON_WORDS = set(
    "a all an and are as at be been by can default do does each every for from has have if in into "
    "is it its may must no not of on one only or should so than that the their then there these "
    "they this to use used uses was we when where whether which will with you your".split()
)
NOT_PROSE = re.compile(
    r"[{}\\|^~$@#`\t]|\.\.\.|>>|<<|->|=>|==|::|\*\*|__?[.,;:]|https?:|www\.|\bdoi\b|\bcopyright\b|"
    r"%[(%sdr]|\[\d+\]|\]_|\bsphx_|\b(?:todo|fixme|xxx)\b",
    re.IGNORECASE,
)


def sentences(text: str) -> Iterator[str]:
    """The sentences of a paragraph that pass for English: markup removed, ASCII, one line each."""
    for pattern, replacement in MARKUP:
        text = pattern.sub(replacement, text)
    text = text.translate(TYPOGRAPHY).strip()
    start = 0
    for end in [*SENTENCE_END.finditer(text), None]:
        stop = end.end() if end else len(text)
        if end and ABBREVIATION.search(text[start : end.start() + 1]):
            continue
        sentence = text[start:stop].strip()
        start = stop
        if is_sentence(sentence):
            yield sentence


def is_sentence(text: str) -> bool:
    """Whether simple rules take it for a sentence: length, full stop, words, few symbols."""
    words = text.split()
    if not (4 <= len(words) <= 60 and len(text) <= 400 and text.isascii() and text.isprintable()):
        return False
    if not re.match(r"""["'(]?\w""", text) or not re.search(r"""[.!?]["')]*$""", text):
        return False
    letters = sum(character.isalpha() or character == " " for character in text)
    plain = sum(word.strip("\"'(),.;:!?").lower() in COMMON_WORDS for word in words)
    return (
        letters >= 0.85 * len(text)
        and plain >= max(1, len(words) // 8)
        and text.count("(") == text.count(")")
        and text.count('"') % 2 == 0
        and not NOT_PROSE.search(text)
    )


def harvest_source(source: str) -> Iterator[tuple[str, str]]:
    """(section, sentence) of each sentence in a Python file's docstrings, in order.

    Raises:
        SyntaxError: if it is not Python.
    """
    for docstring in docstrings(source):
        for section, paragraph in paragraphs(docstring):
            for sentence in sentences(paragraph):
                yield section, sentence
