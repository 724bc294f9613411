"""Every notebook where PyTorch and what comes with it is missing, and its cells one at a time.

Both run in IPython in a process of their own (cells.py), and print what the notebook keeps.
"""

import json
import os
import subprocess
import sys

import pytest

from tests.alone.cells import ROOT, printed
from tests.test_cells import RUN, analysed

pytestmark = pytest.mark.slow
# How the sentence about what is not there begins: large_models.absent.
SENTENCE = ("This needs ", "This builds on ")


def ran(name, mode):
    """Each cell that was run: its id, what it printed, what the notebook keeps of it."""
    program = [sys.executable, ROOT / "tests/alone/cells.py", ROOT / f"chapters/{name}.ipynb"]
    env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([*program, mode], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    notebook = json.loads((ROOT / f"chapters/{name}.ipynb").read_text("utf-8"))
    kept = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            varies = "nbval-ignore-output" in cell["metadata"].get("tags", [])
            kept[cell["id"]] = None if varies else printed(cell["outputs"])
    for line in done.stdout.splitlines():
        cell = json.loads(line)
        assert not cell["error"], cell
        yield cell["id"], cell["printed"], kept[cell["id"]]


def is_sentence(said):
    """Whether the last that a cell says is that something is not there."""
    return said.rstrip("\n").rpartition("\n")[2].startswith(SENTENCE)


@pytest.mark.parametrize("name", RUN)
def test_without_the_packages_each_cell_does_as_before_or_says_what_is_missing(name):
    absent = {cell.id: cell.absent for cell in analysed(name)}
    found = list(ran(name, "whole"))
    assert len(found) == len(absent)
    for cell, said, kept in found:
        if is_sentence(said):
            assert absent[cell], f"{cell} should run in the page: {said}"
        elif kept is not None:
            assert said == kept, cell


@pytest.mark.parametrize("name", RUN)
def test_a_cell_prints_the_same_after_only_the_cells_that_it_needs(name):
    expected = [cell.id for cell in analysed(name) if not cell.absent]
    found = list(ran(name, "each"))
    assert sorted(cell for cell, _, _ in found) == sorted(expected)
    for cell, said, kept in found:
        assert not is_sentence(said), f"{cell}: {said}"
        if kept is not None:
            assert said == kept, cell
