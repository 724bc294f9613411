"""Phrases that no native writer would use, found once in this book, do not come back."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
CALQUES = re.compile(
    r"\b(?:bits|nats) an? (?:letter|character|byte|word|weight|token)\b"
    r"|\bforetell\w*|\bnumbers to learn\b|\btimes as dear\b|\bdrawn by lot\b"
    r"|\bgradients? by (?:x\b|y\b|"
    r"(?:its|the|each|every|an) (?:input|output|weight|pixel|logit)s?\b)"
    r"|\bis all the same\b|\btake the tick off\b|\bnot its affair\b"
    r"|\ba smaller \w+ than another\b",
    re.IGNORECASE,
)
AMERICAN = re.compile(  # words of prose; names in code keep the spelling of their library
    r"\b(?:colors?|behavior|neighbor\w*|center(?:ed|s)?|gray|favorite|labeled|labeling"
    r"|modeling|(?:normal|initial|general|regular|memor|recogn|real|minim|maxim|visual)iz(?:e[sd]?"
    r"|ing)"
    r"|analyz(?:e[sd]?|ing)|artifacts?|catalog)\b",
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


def test_widgets_checks_and_scripts_have_no_calques_either():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for room in ("widgets", "checks", "training", "plots", "formulas", "models", "data")
        for path in sorted((ROOT / "lib" / room).glob("*.*"))
        if path.suffix in (".py", ".js")
        for match in CALQUES.finditer(path.read_text("utf-8"))
    ]
    assert found == []
