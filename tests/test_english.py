"""Phrases that no native writer would use, found once in this book, do not come back."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
EACH = (  # what a number is given for each of: "per step" there, not "a step"
    r"(?:class|section|step|seed|layer|row|column|line|label|client|person|picture|token|sequence"
    r"|round|batch|library)\b(?! of| that| which| with| in\b)"
)
CALQUES = re.compile(
    r"\b(?:bits|nats) an? (?:letter|character|byte|word|weight|token)\b"
    r"|\bforetell\w*|\bnumbers to learn\b|\btimes as dear\b|\bdrawn by lot\b"
    r"|\bgradients? by (?:x\b|y\b|"
    r"(?:its|the|each|every|an) (?:input|output|weight|pixel|logit)s?\b)"
    r"|\bis all the same\b|\btake the tick off\b|\bnot its affair\b"
    r"|\ba smaller \w+ than another\b"
    r"|\b(?-i:Short): |\bin one case of\b|\bgoes on where\b|\bpixels aside\b|\bweighed by\b"
    r"|\b(?:labels?|texts?|steps?|seconds|seeds?|tokens?|values?|features|metres|numbers|samples"
    r"|pictures|micro-batches|times|(?:one|a single)(?: \w+)?) an? " + EACH,
    re.IGNORECASE,
)
AMERICAN = re.compile(  # words of prose; names in code keep the spelling of their library
    r"\b(?:colors?|behavior|neighbor\w*|center(?:ed|s)?|gray|favorite|labeled|labeling"
    r"|modeling|(?:normal|initial|general|regular|memor|recogn|real|minim|maxim|visual)iz(?:e[sd]?"
    r"|ing)"
    r"|analyz(?:e[sd]?|ing)|artifacts?|catalog)\b",
)

IN_CODE = re.compile(  # labels that say too little where they stand
    r"\breally\b|\bis not there$|^right$|\bas a text\b|\b\d an? batch\b|\bnot certain\b"
    r"|\bgrows like\b|\btrained on,|\bthe one of the\b"
)


def prose():
    """(where, text) of what a reader reads."""
    for path in sorted((ROOT / "chapters").iterdir()):
        if path.suffix == ".ipynb":
            for cell in nbformat.read(path, as_version=4).cells:
                if cell.cell_type == "markdown":
                    yield f"{path.name} {cell.id}", cell.source
        elif path.suffix == ".md":
            yield path.name, path.read_text("utf-8")
    yield "README.md", (ROOT / "README.md").read_text("utf-8")
    for path in sorted((ROOT / "weights").glob("*/README.md")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def words_of_code(source: str) -> Iterator[str]:
    """The comments, and the strings that a reader may see, of Python code."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def code():
    """(where, text) of the comments, docstrings and strings in the code cells."""
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                for words in words_of_code(cell.source):
                    yield f"{path.name} {cell.id}", words


def plain(text: str) -> str:
    """Without code, formulas, and the targets of links."""
    spans = r"`[^`\n]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|^:[a-z].*$|\([\w-]+\)=|^```\w*\n.*?^```$"
    return re.sub(spans, "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("pattern", [CALQUES, AMERICAN], ids=["calques", "American spelling"])
def test_the_prose_is_that_of_a_native_british_writer(pattern):
    found = [
        f"{where}: ...{text[max(0, m.start() - 20) : m.end() + 20]!r}"
        for where, source in prose()
        for text in [plain(source)]
        for m in pattern.finditer(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "pattern", [CALQUES, AMERICAN, IN_CODE], ids=["calques", "American spelling", "in code"]
)
def test_the_code_cells_words_are_those_of_a_native_writer(pattern):
    found = [f"{where}: {text!r}" for where, text in code() if pattern.search(text)]
    assert found == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("rate = 3  # metres a step", "metres a step"),
        ('print(f"{n} labels a class")', "labels a class"),
        ('def f():\n    """One a batch."""', "One a batch"),
        ("x = 1  # 1 a batch", "1 a batch"),
        ("print(1)  # really", "really"),
        ('table(["right", *names])', "right"),
    ],
)
def test_a_calque_in_a_comment_a_string_or_a_docstring_is_found(source, words):
    found = [
        m.group()
        for text in words_of_code(source)
        for p in (CALQUES, IN_CODE)
        for m in p.finditer(text)
    ]
    assert found == [words]


def test_library_tests_and_scripts_have_no_calques_either():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for room in ("lib", "tests", "book")
        for path in sorted((ROOT / room).rglob("*.*"))
        if path.suffix in (".py", ".js") and "vendor" not in path.parts and path != Path(__file__)
        for match in CALQUES.finditer(path.read_text("utf-8"))
    ]
    assert found == []
