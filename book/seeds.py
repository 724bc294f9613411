"""Run notebooks with other seeds: what they assert has to hold for those too.

    python book/seeds.py                                   # every notebook, five other seeds
    python book/seeds.py chapters/3_1_cnn.ipynb --seeds 3

A seed is a whole number that a cell gives to `manual_seed` or `default_rng`, or by the name `seed`
or `random_state`, or that a loop over `seed in range(...)` takes. Each is moved on by 1000, 2000
and so on, and the cells run in a fresh kernel, on one thread. Nothing is written. Every cell that
raises is named; what such a cell asserts holds for one seed only, and says too much.
"""

import argparse
import ast
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parent))
from notebooks import ONE_THREAD, book_notebooks

FUNCTIONS = ("manual_seed", "default_rng")
NAMES = ("seed", "random_state")
STEP = 1000


class Moved(ast.NodeTransformer):
    """Every seed of a cell, moved on."""

    def __init__(self, by: int) -> None:
        self.by, self.count = by, 0

    def move(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            self.count += 1
            return ast.copy_location(ast.Constant(node.value + self.by), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in FUNCTIONS and node.args:
            node.args[0] = self.move(node.args[0])
        for keyword in node.keywords:
            if keyword.arg in NAMES:
                keyword.value = self.move(keyword.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        given = node.args.args[len(node.args.args) - len(node.args.defaults) :]
        for place, argument in enumerate(given):
            if argument.arg in NAMES:
                node.args.defaults[place] = self.move(node.args.defaults[place])
        return node

    def _loop(self, node: ast.For | ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        over = node.iter
        if (
            isinstance(node.target, ast.Name)
            and node.target.id in NAMES
            and isinstance(over, ast.Call)
            and getattr(over.func, "id", "") == "range"
        ):
            ends = over.args if len(over.args) > 1 else [ast.Constant(0), over.args[0]]
            moved = (ast.BinOp(end, ast.Add(), ast.Constant(self.by)) for end in ends[:2])
            over.args = [*moved, *ends[2:]]
            self.count += 1
        return node

    visit_For = visit_comprehension = _loop


def moved(source: str, by: int) -> tuple[str, int]:
    """A cell with its seeds moved on, and how many it has; a cell without any stays as it is."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a line for IPython alone
        return source, 0
    mover = Moved(by)
    tree = ast.fix_missing_locations(mover.visit(tree))
    return (ast.unparse(tree), mover.count) if mover.count else (source, 0)


def failures(path: Path, by: int) -> tuple[int, list[tuple[str, str]]]:
    """How many seeds were moved, and (id of the cell, first line of the error) where one raised."""
    notebook = nbformat.read(path, as_version=4)
    seeds = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source, count = moved(cell.source, by)
            seeds += count
    client = NotebookClient(
        notebook,
        timeout=1200,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    client.execute(env={**os.environ, **ONE_THREAD})
    return seeds, [
        (cell.id, f"{output.ename}: {output.evalue}".split("\n")[0])
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error"
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("notebooks", type=Path, nargs="*", default=book_notebooks())
    parser.add_argument("--seeds", type=int, default=5, help="how many others to try")
    settings = parser.parse_args()
    failed = 0
    for path in settings.notebooks:
        for step in range(1, settings.seeds + 1):
            seeds, found = failures(path, step * STEP)
            failed += bool(found)
            print(f"{path.name}: {seeds} seeds + {step * STEP}: {len(found)} cells raise")
            for cell, error in found:
                print(f"    {cell}: {error}", flush=True)
    sys.exit(f"{failed} runs have cells that raise" if failed else 0)


if __name__ == "__main__":
    main()
