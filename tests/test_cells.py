"""book/cells.py: what a cell needs is what it reads, what was changed in place, and no more."""

import importlib
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "book"))
cells = importlib.import_module("cells")


@pytest.mark.parametrize(
    ("sources", "needed"),
    [
        (["a = 1", "b = 2", "print(a)"], [0]),
        (["a = 1", "a = 2", "print(a)"], [1]),
        (["a = 1", "b = a + 1", "print(b)"], [0, 1]),
        (["a = []", "a.append(1)", "a[0] = 2", "len(a)", "print(a)"], [0, 1, 2]),
        (["a = 1", "a += 1", "print(a)"], [0, 1]),
        (["a = 1", "if a:\n    b = 1", "b = 0\nb", "print(b)"], [2]),
        (["b = 0", "if True:\n    b = 1", "print(b)"], [0, 1]),
        (["def f():\n    return a", "a = 1", "print(f())"], [0, 1]),
        (["def f():\n    return a", "a = 1", "def g():\n    return f()", "print(2)"], []),
        (["a = {}", "def f(d):\n    d[1] = 2", "f(a)", "print(a)"], [0, 1, 2]),
        (["a = {}", "def f(d):\n    return len(d)", "f(a)", "print(a)"], [0]),
        (["import numpy as np\nr = np.random.default_rng(0)", "x = r.normal()", "y = r.normal()"],
         [0, 1]),
        (["m = Model()", "o = Adam(m.parameters())", "o.step()", "print(m)"], [0, 1, 2]),
        (["class A:\n    def f(self):\n        return k", "k = 1", "a = A()", "print(a.f())"],
         [0, 1, 2]),
        (["x = [1]", "y = x", "y[0] = 3", "print(x)"], [0, 1, 2]),
        (["a = 1", "print([a for a in range(3)])"], []),
        (["a = 1\nright = a == (1\n         != a)", "print(right)"], [0]),
        (["%matplotlib inline\na = 1", "print(a)"], [0]),
        (["a = (", "a = 1", "print(a)"], [1]),
        (["import json", "json.loads('1')", "a = json.loads('2')"], [0]),
    ],
)  # fmt: skip
def test_the_cells_that_the_last_one_needs(sources, needed):
    assert cells.needs(sources, len(sources) - 1) == needed


# Of a chapter's code cells, at least so many run without PyTorch and what comes with it.
RUN = {
    "1_2_areas": 40, "1_background": 31, "2_concepts": 24, "3_1_cnn": 24, "3_2_rnn": 29,
    "3_3_self_attention": 34, "3_4_transformer": 17, "4_1_train_bert": 14, "4_2_infer_bert": 17,
    "5_1_trends": 34, "5_2_1_privacy": 21, "5_2_2_compression": 14, "5_2_3_explanation": 13,
    "6_faq": 18,
}  # fmt: skip


def analysed(name):
    return cells.analyse(json.loads((ROOT / "chapters" / f"{name}.ipynb").read_text("utf-8")))


def test_every_notebook_is_counted():
    assert sorted(RUN) == sorted(path.stem for path in (ROOT / "chapters").glob("*.ipynb"))


@pytest.mark.parametrize("name", RUN)
def test_so_many_cells_of_a_chapter_run_in_the_page(name):
    found = analysed(name)
    assert sum(not cell.absent for cell in found) >= RUN[name]
    places = {cell.id: number for number, cell in enumerate(found)}
    for number, cell in enumerate(found):
        order = [places[needed] for needed in cell.needs]
        assert order == sorted(set(order)) and all(place < number for place in order)


def test_a_cell_brings_the_packages_and_files_that_it_may_use():
    found = {cell.id: cell for cell in analysed("3_1_cnn")}
    assert found["cell-004"].packages == ["pillow"] and found["cell-007"].packages == []
    assert found["cell-035"].absent == ["torch"] and "lenet-digits" in found["cell-035"].files
    assert found["cell-002a"].absent == []  # importing alone needs nothing
    assert "matplotlib" in found["cell-017"].packages
