"""What a public function that takes or gives arrays says of them: their shape."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "lib" / "large_models"
ROOMS = ("formulas", "models")
ARRAYS = re.compile(r"\b(Array|NDArray|ndarray|Tensor|ArrayLike)\b")
# "(B, T, C)", "(N,)", "(..., H)"; or in words, where any will do or it is another's.
SHAPE = re.compile(
    r"\((?:\.\.\.|[\w'*/+ -]+),(?:[^()]*)\)|\bshapes?\b|\b[A-Z](?: x [A-Z])+\b|\bscalar\b"
)


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The public functions and methods of a module, with their names."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


def annotations(node: ast.FunctionDef) -> str:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    given = [a.annotation for a in every] + [node.returns]
    text = " ".join(ast.unparse(annotation) for annotation in given if annotation)
    return re.sub(r"\b(?:Mapping|dict)\[str, \w+\]", "", text)  # by name, of many shapes


def own(path: Path) -> list[tuple[str, ast.FunctionDef]]:
    return [
        (name, node)
        for name, node in functions(path)
        if not name.rpartition(".")[2].startswith("_")
        and ARRAYS.search(annotations(node))
        # What overrides is documented where it is first declared.
        and ("." not in name or ast.get_docstring(node))
    ]


@pytest.mark.parametrize(
    "path",
    [path for room in ROOMS for path in sorted((PACKAGE / room).glob("*.py"))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_docstrings_of_array_functions_name_shapes(path):
    silent = [
        f"{path.name}:{node.lineno} {name}"
        for name, node in own(path)
        if not SHAPE.search(ast.get_docstring(node) or "")
    ]
    assert not silent, "\n".join(silent)


def test_a_silent_docstring_is_found():
    for said in ("(B, T, C) of floats", "of shape (N,)", "any shape", "(..., H)"):
        assert SHAPE.search(said)
    for said in ("the gradient of the loss (see above)", "a picture", "NaN (as torch has it)"):
        assert not SHAPE.search(said)
