"""The rooms of the library: imports point downwards, and what is heavy is imported late."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[1] / "lib" / "large_models"
GROUND = {"absent", "files", "shapes", "tensors"}
# What a room may import besides itself.
BELOW = {
    "files": set(),
    "absent": set(),
    "shapes": set(),
    "tensors": {"files"},
    "formulas": GROUND,
    "data": GROUND | {"formulas"},
    "models": GROUND | {"formulas", "data"},
    "training": GROUND | {"formulas", "data", "models"},
    "experiments": GROUND | {"formulas", "data", "models", "training"},
    "plots": GROUND | {"formulas"},
    "checks": GROUND | {"formulas", "data", "models"},
    "widgets": GROUND | {"formulas", "data"},
}
WITHOUT_TORCH = (
    "files",
    "absent",
    "shapes",
    "tensors",
    "formulas",
    "data",
    "plots",
    "checks",
    "widgets",
)
HEAVY = {"torch", "models"}  # models need torch
OPTIONAL = {"tokenizers", "safetensors", "lzma", "scipy", "sklearn", "PIL", "transformers"}
# What a room may ever ask for from outside, besides Python's own library.
OUTSIDE = {
    "files": set(),
    "absent": set(),
    "shapes": set(),
    "tensors": {"numpy", "torch"},
    "formulas": {"numpy", "scipy"},
    "data": {"numpy", "lzma", "PIL", "matplotlib", "sklearn", "tokenizers"},
    "models": {"numpy", "torch", "tokenizers", "huggingface_hub"},
    "training": {"numpy", "torch", "tqdm", "opacus"},
    "experiments": {"numpy", "torch", "tqdm", "tokenizers", "sklearn"},
    "plots": {"numpy", "cycler", "matplotlib", "matplotlib_inline"},
    "checks": {"numpy", "sklearn", "torch"},
    "widgets": {"numpy", "anywidget", "traitlets", "PIL", "deno"},
}


def files() -> list[Path]:
    return sorted(path for path in LIBRARY.rglob("*.py") if path.parent != LIBRARY or path.stem
                  in BELOW)  # fmt: skip


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imports(path: Path) -> Iterator[tuple[str, bool, str]]:
    """Each import: what, a room or a package; whether it is done when the module is; its line."""
    text = path.read_text("utf-8")
    lines = text.splitlines()

    def walk(node: ast.AST, late: bool) -> Iterator[tuple[ast.stmt, bool]]:
        for child in ast.iter_child_nodes(node):
            inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield child, not late
            yield from walk(child, inside or for_types(child))

    for node, at_once in walk(ast.parse(text), late=False):
        line = f"{path.relative_to(LIBRARY)}:{node.lineno}: {lines[node.lineno - 1].strip()}"
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"a relative import in {line}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names]
        for name in names:
            top, *rest = name.split(".")
            yield (rest[0] if top == "large_models" and rest else top), at_once, line


def test_every_room_has_its_place():
    found = {room(path) for path in LIBRARY.rglob("*.py")} - {"__init__"}
    assert found == set(BELOW)


@pytest.mark.parametrize("name", BELOW)
def test_imports_point_downwards(name):
    upwards = [
        line
        for path in files()
        if room(path) == name
        for what, _, line in imports(path)
        if what in BELOW and what != name and what not in BELOW[name]
    ]
    assert not upwards, "\n".join(upwards)


def test_no_room_is_above_itself():
    """What stands in BELOW is an order: nothing reaches itself by way of others."""
    for name in BELOW:
        seen, waiting = set(), list(BELOW[name])
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting.extend(BELOW[other])
        assert name not in seen


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_what_is_heavy_is_imported_where_it_is_used(name):
    heavy = [
        line
        for path in files()
        if room(path) == name
        for what, at_once, line in imports(path)
        if at_once and what in HEAVY | OPTIONAL
    ]
    assert not heavy, "\n".join(heavy)


@pytest.mark.parametrize("name", BELOW)
def test_a_room_asks_for_nothing_else(name):
    """So all formulas run where torch, tokenizers, lzma and safetensors are missing."""
    own = sys.stdlib_module_names - {"lzma"} | {"large_models"} | set(BELOW)
    asked = [
        line
        for path in files()
        if room(path) == name
        for what, _, line in imports(path)
        if what not in own | OUTSIDE[name]
    ]
    assert not asked, "\n".join(asked)


def test_an_import_upwards_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "LIBRARY", tmp_path)
    (tmp_path / "formulas").mkdir()
    path = tmp_path / "formulas" / "odd.py"
    path.write_text(
        "from large_models import data\n"
        "import large_models.models.cnn as c\n"
        "def f():\n    import torch\n"
    )
    assert list(imports(path)) == [
        ("data", True, "formulas/odd.py:1: from large_models import data"),
        ("models", True, "formulas/odd.py:2: import large_models.models.cnn as c"),
        ("torch", False, "formulas/odd.py:4: import torch"),
    ]
    with pytest.raises(AssertionError, match=r"odd.py:1: from large_models import data"):
        test_imports_point_downwards("formulas")
    with pytest.raises(AssertionError, match=r"odd.py:2: import large_models.models"):
        test_what_is_heavy_is_imported_where_it_is_used("formulas")
