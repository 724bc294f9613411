"""What every test and every notebook owes: no clock decides, no working directory."""

import ast
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
CLOCKS = {"perf_counter", "process_time", "monotonic", "thread_time", "getrusage", "time_ns"}
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if path.name != "bench.py"  # which measures, and asserts nothing
}
SOURCES |= {
    str(path.relative_to(ROOT)): "\n".join(
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and not cell.source.startswith("%")
    )
    for path in sorted((ROOT / "chapters").rglob("*.ipynb"))
}


def timed(tree: ast.AST) -> set[str]:
    """Names that hold what a clock said, or something computed from it."""

    def mentions(node: ast.AST, names: set[str]) -> bool:
        return any(
            (isinstance(part, ast.Attribute | ast.Name))
            and (getattr(part, "attr", None) or getattr(part, "id", None)) in names
            for part in ast.walk(node)
        )

    found: set[str] = set()
    while True:
        more = {
            target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign | ast.AugAssign | ast.NamedExpr)
            and mentions(node.value, CLOCKS | found)
            for goal in (node.targets if isinstance(node, ast.Assign) else [node.target])
            for target in ast.walk(goal)
            if isinstance(target, ast.Name)
        }
        if more <= found:
            return found
        found |= more


def asserted(tree: ast.AST) -> list[tuple[int, set[str]]]:
    """The line and the names of each assertion."""
    return [
        (
            node.lineno,
            {
                getattr(part, "attr", None) or getattr(part, "id", "")
                for part in ast.walk(node.test)
                if isinstance(part, ast.Attribute | ast.Name)
            },
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
    ]


@pytest.mark.parametrize("name", SOURCES)
def test_no_clock_decides(name):
    tree = ast.parse(SOURCES[name])
    clocks = timed(tree) | CLOCKS
    assert [line for line, names in asserted(tree) if names & clocks] == []


@pytest.mark.parametrize("name", [name for name in SOURCES if name.endswith(".py")])
def test_no_file_is_looked_for_in_the_working_directory(name):
    """A path as a plain text, given to what opens it."""
    relative = [
        (node.lineno, node.args[0].value)
        for node in ast.walk(ast.parse(SOURCES[name]))
        if isinstance(node, ast.Call)
        and (getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
        in {"open", "Path", "from_pretrained", "load", "load_file", "read_text"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and (ROOT / node.args[0].value).exists()
        and node.args[0].value not in ("", ".")
    ]
    assert relative == []


def test_a_clock_is_found():
    tree = ast.parse(
        "start = perf_counter()\nwork()\nspent = perf_counter() - start\nx = 3\nassert spent < 1\n"
    )
    assert timed(tree) == {"start", "spent"}
    assert asserted(tree) == [(5, {"spent"})]
