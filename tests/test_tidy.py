"""No file grows until nobody reads it, and nothing is written twice."""

import ast
import collections
import itertools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 350  # lines of a file
SAME = 6  # lines, one below the other
OURS = [
    path.relative_to(ROOT)
    for folder in ("lib", "book", "tests")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".js", ".css")
    and not {"vendor", "bundles", "__pycache__"} & set(path.parts)
]


@pytest.mark.parametrize("path", OURS, ids=str)
def test_a_file_is_short(path):
    lines = (ROOT / path).read_text("utf-8").count("\n")
    assert lines <= LONGEST, f"{path} has {lines} lines: split it where a reader would"


def signatures(text: str) -> set[int]:
    """The numbers of the lines that say what a function takes: torch's names, again and again."""
    return {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for line in range(node.lineno, node.body[0].lineno)
    }


def said(path: Path) -> list[tuple[int, str]]:
    """The lines that say something, with their numbers: no imports, no comments, no brackets."""
    text = path.read_text("utf-8")
    skipped = signatures(text) if path.suffix == ".py" else set()
    return [
        (number, line.strip())
        for number, line in enumerate(text.splitlines(), 1)
        if number not in skipped
        and re.search(r"\w", line)
        and not re.match(r"\s*(#|//|import\b|from\b|export \*)", line)
    ]


def repeated(paths: list[Path]) -> list[str]:
    """Where as many lines as `SAME` stand that stand elsewhere too."""
    places = collections.defaultdict(list)
    for path in paths:
        lines = said(path)
        for first in range(len(lines) - SAME + 1):
            several = tuple(line for _, line in lines[first : first + SAME])
            places[several].append(f"{path.relative_to(ROOT)}:{lines[first][0]}")
    return [" = ".join(where) for where in places.values() if len(where) > 1]


@pytest.mark.heavy
def test_nothing_is_written_twice():
    paths = [ROOT / path for path in OURS if path.parts[0] != "tests" and path.suffix != ".css"]
    assert not repeated(paths)


def test_what_is_written_twice_is_found(monkeypatch, tmp_path):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    lines = [f"x{i} = {i}" for i in range(SAME)]
    texts = {"a.py": lines, "b.py": [*lines[:-1], "y = 0"], "c.py": ["import a", "z = 1", *lines]}
    for name, text in texts.items():
        (tmp_path / name).write_text("\n\n".join(text))
    assert repeated([tmp_path / name for name in texts]) == ["a.py:1 = c.py:5"]
    assert not repeated([tmp_path / name for name in itertools.islice(texts, 2)])
