"""Matplotlib in the page: a cell's figures are shown when it ends, as SVG in the book's theme."""

import io
import itertools
from typing import Any

from figure_svg import inline_svg
from matplotlib import pyplot as plt
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from page_kernel import display

FigureCanvas, FigureManager = FigureCanvasAgg, FigureManagerBase
_number = itertools.count(1)


def show(*_: Any, **__: Any) -> None:
    """Show all open figures, and close them."""
    for number in plt.get_fignums():
        display.show(plt.figure(number))
    plt.close("all")


def svg(figure: Figure) -> str:
    """A figure as an element of the page."""
    file = io.StringIO()
    nothing = {"Date": None, "Creator": None}
    figure.savefig(file, format="svg", bbox_inches="tight", metadata=nothing)
    return inline_svg(file.getvalue(), "", f"run-{next(_number)}-")
