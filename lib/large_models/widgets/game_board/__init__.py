"""Play noughts and crosses against a table that has learned by playing itself.

The page knows the rules, plays the table's answers and computes minimax (engine/games.js). What
travels: the table as it was after so many games, and what minimax says of each. Chapter: 1_2_areas.
"""

from functools import cache
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from large_models.formulas import games, self_play
from large_models.widgets.base import BookWidget, Checked, one_of, yes_or_no

SCALE = 10_000  # a number of the table travels as a whole number of ten thousandths
SIDES = ("reader", "table")


@cache
def tables() -> NDArray[np.int16]:
    """(kept, classes): the tables of `self_play.learn`, in ten thousandths."""
    kept = self_play.learn()
    levels = np.round(SCALE * np.array([kept[number] for number in self_play.KEPT]))
    return levels.astype(np.int16)


@cache
def records() -> list[dict[str, Any]]:
    """What minimax says of each table: the share of its moves that are perfect, and whether it can
    be beaten when it begins, and when the reader does."""
    found = []
    for table in tables().tolist():
        player = self_play.player(table)
        found.append(
            {
                "perfect": self_play.perfect_share(player),
                "beaten": [games.worst(player, mark) < 0 for mark in (games.CROSS, games.NOUGHT)],
            }
        )
    return found


def _number(value: Any) -> int:
    if isinstance(value, bool) or value not in self_play.KEPT:
        raise ValueError(f"expected one of {', '.join(map(str, self_play.KEPT))}, got {value!r}")
    return int(value)


def _moves(value: Any) -> list[int]:
    try:
        squares = [square.__index__() for square in value]
    except (TypeError, AttributeError):
        raise ValueError(f"expected a list of squares, 0 to 8, got {value!r}") from None
    board = games.EMPTY
    for square in squares:
        board = games.play(board, square)
    return squares


class GameBoard(BookWidget):
    """Noughts and crosses against a table of numbers, at several points of its training.

    Args:
        practice: how many games the table has played against itself: 0, 30, 100, 300, 1000, 3000,
            10000 or 30000.
        begins: "reader" or "table". Who begins has the crosses.
        moves: the squares taken so far, 0 to 8 row by row. The page adds the table's answers.
        values: whether every free square shows its value: the table's, and minimax'.

    Raises:
        ValueError: for any other value, saying what was expected.
    """

    _shown = ("practice", "begins", "moves")

    practice = Checked(_number, 1000).tag(sync=True)
    begins = Checked(one_of(SIDES), "reader").tag(sync=True)
    moves = Checked(_moves, []).tag(sync=True)
    values = Checked(yes_or_no, False).tag(sync=True)

    _kept = traitlets.List(list(self_play.KEPT)).tag(sync=True)
    _tables = traitlets.Bytes().tag(sync=True)
    _records = traitlets.List().tag(sync=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._tables = tables().astype("<i2").tobytes()
        self._records = records()

    @property
    def board(self) -> games.Board:
        """Nine numbers, row by row: 0 free, 1 a cross, 2 a nought."""
        board = games.EMPTY
        for square in self.moves:
            board = games.play(board, square)
        return board

    @property
    def result(self) -> str | None:
        """ "reader", "table" or "draw"; None while the game goes on."""
        if not games.is_over(self.board):
            return None
        won = games.winner(self.board)
        crosses = SIDES.index(self.begins)
        return "draw" if not won else SIDES[crosses if won == games.CROSS else 1 - crosses]

    def square_values(self) -> dict[int, tuple[float, int]]:
        """Of every free square: what the position after taking it is worth to the player whose
        move it is, by the table and by minimax."""
        table = tables()[self_play.KEPT.index(self.practice)] / SCALE
        number = games.graph().number
        found = {}
        for square in games.free(self.board):
            after = games.canonical(games.play(self.board, square))
            found[square] = (float(table[number[after]]), games.worth(after))
        return found
