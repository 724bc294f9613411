"""One style for every figure: quiet axes, one colour a quantity, readable in light and dark.

Figures are SVG with real text. The colours below are the ones that the widgets use
(`widgets/kit/core.css`); the book's build replaces each by the theme's own variable, so a
figure follows the reader's light or dark theme. Anything drawn in another colour stays as it is.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # it comes with the first figure: tables and colours do without
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1a1a1a"  # text and axes
RULE = "#d0d0d0"  # grid lines and ticks
MUTED = "#666666"  # what stands in the background, baselines
IN = "#0072b2"  # what comes in
LEARNED = "#c1440e"  # what is learned
OUT = "#00795a"  # what comes out

WIDTH = 5.2  # of a figure, inches: its text stays readable on a phone

SIGNED = "RdBu_r"  # negative blue, zero white, positive red: centred at zero
MAGNITUDE = "cividis"  # zero dark, large light

_RC = {
    "figure.figsize": (WIDTH, 2.8),
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.use": True,
    "font.family": "sans-serif",
    "font.size": 12,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.titlesize": 12,
    "axes.titleweight": "normal",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 2.0,
    "legend.frameon": False,
    "image.cmap": "gray",
    "image.interpolation": "none",
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and themed
    "svg.hashsalt": "book",  # the same figure has the same ids at every run
    "svg.image_inline": True,
}


def use_style() -> None:
    """Set the book's figure style, and SVG as the format in which a notebook shows figures."""
    if sys.platform == "emscripten" and "matplotlib" not in sys.modules:
        return  # in a browser's tab the first figure does it
    import matplotlib as mpl
    from cycler import cycler

    cycle = cycler(color=[OUT, LEARNED, IN, MUTED], linestyle=["-", "--", "-.", ":"])
    mpl.rcParams.update({**_RC, "axes.prop_cycle": cycle})
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():  # in a notebook; a plain interpreter shows no figures
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})


def _pyplot() -> Any:
    first = "matplotlib" not in sys.modules
    import matplotlib.pyplot as plt

    if first and sys.platform == "emscripten":
        use_style()
    return plt


def _axes() -> "Axes":
    return _pyplot().subplots()[1]


def show_images(
    images: Sequence[np.ndarray],
    titles: Sequence[str] = (),
    *,
    signed: bool = False,
    magnitude: bool = False,
    columns: int | None = None,
    shared: bool = True,
    size: float | None = None,
) -> "Figure":
    """Show 2-D arrays side by side.

    Args:
        images: arrays of shape (H, W).
        titles: one per picture, or none.
        signed: a diverging scale centred at zero, with its colour bar.
        magnitude: a scale from zero up, with its colour bar.
        columns: pictures per row; all in one row if not given.
        shared: one scale for all pictures; else each has its own, and there is no colour bar.
        size: height of a picture in inches.

    Raises:
        ValueError: if there is nothing to show, a picture is not 2-D, or titles do not match.
    """
    images = [np.asarray(image, dtype=float) for image in images]
    if not images:
        raise ValueError("images: expected at least one picture, got none")
    for index, image in enumerate(images):
        if image.ndim != 2:
            raise ValueError(f"images[{index}]: expected shape (H, W), got {image.shape}")
    if titles and len(titles) != len(images):
        raise ValueError(f"titles: expected {len(images)}, one per picture, got {len(titles)}")
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    size = size or min(2.2, WIDTH / columns)
    height = rows * (size + (0.3 if titles else 0.05))
    fig, axes = _pyplot().subplots(rows, columns, figsize=(WIDTH, height), squeeze=False)

    def limits(values: list[np.ndarray]) -> tuple[float, float]:
        top = max(float(np.abs(v).max()) for v in values)
        if signed:
            return -top, top
        return (
            (0.0, top)
            if magnitude
            else (min(v.min() for v in values), max(v.max() for v in values))
        )

    cmap = SIGNED if signed else MAGNITUDE if magnitude else "gray"
    drawn = None
    for index, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if index >= len(images):
            continue
        low, high = limits(images if shared else [images[index]])
        drawn = ax.imshow(images[index], cmap=cmap, vmin=low, vmax=high)
        if titles:
            ax.set_title(titles[index])
    if drawn and shared and (signed or magnitude):
        from matplotlib.ticker import MaxNLocator

        bar = fig.colorbar(drawn, ax=axes, shrink=0.8, aspect=20, pad=0.02)
        bar.ax.spines["outline"].set_visible(False)
        bar.locator = MaxNLocator(3)
        bar.update_ticks()
    return fig


def show_curves(
    curves: dict[str, Sequence[float]] | dict[str, tuple[Sequence[float], Sequence[float]]],
    xlabel: str,
    ylabel: str,
    *,
    ylim: tuple[float, float] | None = None,
    logx: bool = False,
    logy: bool = False,
    ax: "Axes | None" = None,
) -> "Figure":
    """Draw named curves, each labelled at its right end instead of in a legend far away.

    Args:
        curves: name -> values (against 1, 2, 3, ...) or name -> (x, values).
        xlabel, ylabel: with units.

    Raises:
        ValueError: if there is no curve, or an x and its values differ in length.
    """
    if not curves:
        raise ValueError("curves: expected at least one, got none")
    if ax is None:
        ax = _axes()
    ends = []
    for name, data in curves.items():
        if isinstance(data, tuple):
            x, y = np.asarray(data[0], dtype=float), np.asarray(data[1], dtype=float)
        else:
            y = np.asarray(data, dtype=float)
            x = np.arange(1, len(y) + 1)
        if x.shape != y.shape:
            raise ValueError(f"curves[{name!r}]: {x.shape[0]} x values for {y.shape[0]} y values")
        (line,) = ax.plot(x, y)
        ends.append((float(x[-1]), float(y[-1]), name, line.get_color()))
    if logx:
        ax.set_xscale("log")
    if logy:
        ax.set_yscale("log")
    if ylim:
        ax.set_ylim(*ylim)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    _label_ends(ax, ends)
    from matplotlib.figure import Figure

    assert isinstance(ax.figure, Figure)  # no part of another
    return ax.figure


def _label_ends(ax: "Axes", ends: list[tuple[float, float, str, str]]) -> None:
    """Write each curve's name beside its last point, pushed apart where two would overlap."""
    to_axes = ax.transData + ax.transAxes.inverted()
    placed = sorted((to_axes.transform((x, y))[1], name, color) for x, y, name, color in ends)
    gap, lowest = 0.09, -np.inf
    for height, name, color in placed:
        lowest = max(float(np.clip(height, 0.0, 1.0)), lowest + gap)
        ax.text(1.02, lowest, name, color=color, transform=ax.transAxes, va="center")
