"""What every test and every notebook owes: no clock decides, no working directory."""

import ast
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
CLOCKS = {"perf_counter", "process_time", "monotonic", "thread_time", "getrusage", "time_ns"}
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text("utf-8")
    for path in sorted((ROOT / "tests").rglob("*.py"))
    if "bench" not in path.parts  # which measures, and asserts nothing
}
SOURCES |= {
    str(path.relative_to(ROOT)): "\n".join(
        cell.source
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and not cell.source.startswith("%")
    )
    for path in sorted((ROOT / "chapters").rglob("*.ipynb"))
}


FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


def own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a module or a function, without those inside the functions that it defines."""
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FUNCTIONS):
            waiting.extend(ast.iter_child_nodes(node))


def mentions(node: ast.AST, names: set[str]) -> bool:
    return any(
        (getattr(part, "attr", None) or getattr(part, "id", None)) in names
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute | ast.Name)
    )


def timed(scope: ast.AST, outer: set[str]) -> set[str]:
    """Clocks, and the names in a scope that hold what one said or something computed from it."""
    found = set(outer)
    while True:
        before = set(found)
        for node in own(scope):
            if isinstance(node, ast.Assign | ast.AugAssign | ast.NamedExpr):
                if mentions(node.value, found):
                    goals = node.targets if isinstance(node, ast.Assign) else [node.target]
                    names = [n for goal in goals for n in ast.walk(goal) if isinstance(n, ast.Name)]
                    found |= {name.id for name in names}
            elif isinstance(node, FUNCTIONS):  # one that returns a time
                inside = timed(node, found)
                returned = [n for n in own(node) if isinstance(n, ast.Return) and n.value]
                if any(mentions(n.value, inside) for n in returned):
                    found.add(node.name)
        if found == before:
            return found


def decided_by_a_clock(scope: ast.AST, outer: set[str]) -> list[int]:
    """Lines of the assertions that a clock decides."""
    names = timed(scope, outer)
    lines = []
    for node in own(scope):
        if isinstance(node, ast.Assert) and mentions(node.test, names):
            lines.append(node.lineno)
        elif isinstance(node, FUNCTIONS):
            lines += decided_by_a_clock(node, names)
    return sorted(lines)


@pytest.mark.parametrize("name", SOURCES)
def test_no_clock_decides(name):
    assert decided_by_a_clock(ast.parse(SOURCES[name]), CLOCKS) == []


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
    source = """
def seconds():
    start = perf_counter()
    work()
    return perf_counter() - start

start = 3
assert start == 3
spent = [seconds() for _ in range(3)]
assert min(spent) < 1
"""
    assert decided_by_a_clock(ast.parse(source), CLOCKS) == [10]
