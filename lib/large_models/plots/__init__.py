"""Figures in one style. A chapter calls `plots.use_style()` once, then these functions."""

from large_models.plots.style import (
    IN,
    INK,
    LEARNED,
    MAGNITUDE,
    MUTED,
    OUT,
    RULE,
    SIGNED,
    show_curves,
    show_images,
    use_style,
)
from large_models.plots.tables import Table, table

__all__ = [
    "IN",
    "INK",
    "LEARNED",
    "MAGNITUDE",
    "MUTED",
    "OUT",
    "RULE",
    "SIGNED",
    "Table",
    "show_curves",
    "show_images",
    "table",
    "use_style",
]
