"""Figures in one style. A chapter calls `plots.use_style()` once, then these functions."""

from lib.plots.style import (
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

__all__ = [
    "IN",
    "INK",
    "LEARNED",
    "MAGNITUDE",
    "MUTED",
    "OUT",
    "RULE",
    "SIGNED",
    "show_curves",
    "show_images",
    "use_style",
]
