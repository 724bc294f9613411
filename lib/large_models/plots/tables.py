"""A table that is a table: read aloud by rows, and no wider than the phone that shows it."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any


class Table:
    """Rows under a header; the last expression of a cell shows it."""

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.header, self.rows = list(header), [list(row) for row in rows]

    def __repr__(self) -> str:
        lines = [self.header, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.header))]
        return "\n".join(
            "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        # A place without words is no header: a screen reader would announce it as one.
        head = "".join(
            f'<th scope="col">{escape(text)}</th>' if text else "<td></td>" for text in self.header
        )
        body = ""
        for first, *others in self.rows:
            cells = "".join(f"<td>{escape(text)}</td>" for text in others)
            body += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>\n'
        return (
            f'<table class="lw-table">\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody>\n{body}</tbody>\n</table>"
        )


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], digits: int = 3) -> Table:
    """A table of texts and numbers.

    Args:
        header: one text per column.
        rows: one value per column; floats are written with `digits` decimals, integers with commas
            between thousands, None as an empty place, anything else as its text.

    Raises:
        ValueError: if a row has another length than the header.
    """
    rows = list(rows)
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"table: expected {len(header)} values in a row, got {list(row)}")
    return Table(list(header), [[_text(value, digits) for value in row] for row in rows])


def _text(value: Any, digits: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str | bool):
        return str(value)
    if hasattr(value, "__index__"):
        return f"{value.__index__():,}"
    if hasattr(value, "__float__"):
        return f"{float(value):.{digits}f}".replace("-", "−")
    return str(value)
