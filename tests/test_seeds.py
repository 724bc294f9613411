"""`make seeds` moves every seed of a cell, and nothing else."""

import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location(
    "seeds", Path(__file__).resolve().parent.parent / "book" / "seeds.py"
)
seeds = importlib.util.module_from_spec(spec)
spec.loader.exec_module(seeds)


@pytest.mark.parametrize(
    ("cell", "becomes"),
    [
        ("torch.manual_seed(0)", "torch.manual_seed(10)"),
        ("x = np.random.default_rng(3).normal(0, 1)", "x = np.random.default_rng(13).normal(0, 1)"),
        ("fit(x, 5, seed=2, random_state=1)", "fit(x, 5, seed=12, random_state=11)"),
        (
            "def f(a=1, seed=0):\n    return a + seed",
            "def f(a=1, seed=10):\n    return a + seed",
        ),
        (
            "[g(s, seed) for seed in range(3)]",
            "[g(s, seed) for seed in range(0 + 10, 3 + 10)]",
        ),
        (
            "for seed in range(2, 6):\n    h(seed)",
            "for seed in range(2 + 10, 6 + 10):\n    h(seed)",
        ),
    ],
)
def test_a_seed_moves(cell, becomes):
    assert seeds.moved(cell, 10) == (becomes, 1 + cell.count("random_state"))


@pytest.mark.parametrize(
    "cell", ["x = 3  # kept", "f(x, steps=5)", "%matplotlib inline", "g(seed=seed)"]
)
def test_a_cell_without_seeds_stays_as_it_is(cell):
    assert seeds.moved(cell, 10) == (cell, 0)
