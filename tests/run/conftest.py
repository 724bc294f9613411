"""A small book whose page runs its code, by the Pyodide that the tests have."""

import json
import os

import pytest

from tests import pyodide

CELLS = {
    "imports": "import numpy as np",
    "data": "rng = np.random.default_rng(0)\nx = np.arange(3.0)",
    "other": "print('of no use to the rest')",
    "twice": "y = 2 * x\nprint(y)",
    "sum": "print('sum', y.sum())",
    "figure": "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n"
    "ax.plot(x)\nprint('drawn')",
    "wrong": "def invert(v):\n    return v[9]\n\nprint('before')\ninvert(x)",
    "widget": "from large_models.widgets.timeline import Timeline\n"
    "line = Timeline(since=1958)\nline",
    "told": "print(line.since)",
    "set": "line.since = 1980",
    "torch": "import torch\ntorch.ones(2)",
    "long": "while True:\n    pass",
    "markup": "from IPython.display import HTML\nHTML('<b id=\"bold\">bold</b>')",
}


def notebook(cells: dict[str, str]) -> str:
    """A notebook of these code cells, {id: source}, none of which has run."""
    made = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for name, source in cells.items()
    ]
    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Try it"}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps(
        {
            "cells": [title, *made],
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


@pytest.fixture(scope="module")
def hosted(small_book):
    """The small book with Pyodide in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYODIDE", str(pyodide.fetch()))
        return small_book({"index.ipynb": notebook(CELLS)}).html


@pytest.fixture(scope="module")
def distant(small_book):
    """The small book whose Pyodide is elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        if "PYODIDE" in os.environ:
            patch.delenv("PYODIDE")
        return small_book({"index.ipynb": notebook(CELLS)}).html
