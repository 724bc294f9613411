"""Noughts and crosses: its rules, and the exact worth of every position.

    worth(after) = 1 if the last move made three in a row, 0 if the board is full without,
                   otherwise -max over the opponent's moves of worth(after that move)

Worth is always seen from the player who has just moved, so one number serves both sides: what is
good for me now is bad for the one who moves next. That recursion is minimax.

A board is a tuple of nine numbers, row by row: 0 free, 1 a cross, 2 a nought; crosses begin. Turned
or mirrored, a position is worth the same, so each is kept once, as the smallest of its eight forms:
its class. Chapter: 1_2_areas.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

Board = tuple[int, ...]

EMPTY: Board = (0,) * 9
CROSS, NOUGHT = 1, 2
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
# Where each square of the turned or mirrored board comes from.
_MIRRORED = (2, 1, 0, 5, 4, 3, 8, 7, 6)
_TURNED = (6, 3, 0, 7, 4, 1, 8, 5, 2)


def _forms() -> tuple[tuple[int, ...], ...]:
    forms = [tuple(range(9))]
    for _ in range(3):
        forms.append(tuple(forms[-1][square] for square in _TURNED))
    return tuple(forms + [tuple(form[square] for square in _MIRRORED) for form in forms])


FORMS = _forms()


def to_move(board: Board) -> int:
    """Who moves next: CROSS or NOUGHT."""
    return CROSS if board.count(CROSS) == board.count(NOUGHT) else NOUGHT


def winner(board: Board) -> int:
    """Who has three in a row: CROSS, NOUGHT, or 0."""
    for a, b, c in LINES:
        if board[a] and board[a] == board[b] == board[c]:
            return board[a]
    return 0


def is_over(board: Board) -> bool:
    """Whether somebody has won, or no square is free."""
    return bool(winner(board)) or 0 not in board


def free(board: Board) -> list[int]:
    """The squares that may be taken; none once the game is over."""
    return [] if winner(board) else [square for square in range(9) if not board[square]]


def play(board: Board, square: int) -> Board:
    """The board after the next player has taken a square.

    Raises:
        ValueError: if the square is not free, or the game is over.
    """
    if square not in free(board):
        raise ValueError(f"square: expected one of {free(board)}, got {square!r}")
    return board[:square] + (to_move(board),) + board[square + 1 :]


def canonical(board: Board) -> Board:
    """The smallest of a board's eight forms: its class."""
    return min(tuple(board[square] for square in form) for form in FORMS)


@cache
def worth(board: Board) -> int:
    """What a position is worth to the player who has just moved, if both play perfectly.

    Returns:
        1 won, 0 drawn, -1 lost. Of the empty board: to the one who moves second.
    """
    if winner(board):
        return 1
    return -max((worth(canonical(play(board, square))) for square in free(board)), default=0)


class Graph(NamedTuple):
    """Every class of positions by number, and where its moves lead."""

    boards: tuple[Board, ...]  # in order; 0 is the empty board
    number: dict[Board, int]  # of a class
    moves: tuple[tuple[int, ...], ...]  # the classes that one move leads to, each once
    result: tuple[int | None, ...]  # worth of a position that ends the game; otherwise None


@cache
def graph() -> Graph:
    """All positions that a game can reach."""
    found, new = {EMPTY}, {EMPTY}
    while new:
        new = {canonical(play(board, square)) for board in new for square in free(board)}
        found |= new
    boards = tuple(sorted(found))
    number = {board: n for n, board in enumerate(boards)}
    moves = tuple(
        tuple(sorted({number[canonical(play(board, square))] for square in free(board)}))
        for board in boards
    )
    result = tuple(worth(board) if is_over(board) else None for board in boards)
    return Graph(boards, number, moves, result)


def worths() -> list[int]:
    """`worth` of each class of `graph`."""
    return [worth(board) for board in graph().boards]


def count_games() -> int:
    """How many games there are, told move by move."""

    @cache
    def games(board: Board) -> int:
        return 1 if is_over(board) else sum(games(play(board, square)) for square in free(board))

    return games(EMPTY)


def count_positions() -> int:
    """How many positions a game can reach, every form of a class counted."""
    return sum(
        len({tuple(board[square] for square in form) for form in FORMS}) for board in graph().boards
    )


# --- players: each gives the squares that it takes, one as often as another ----------------------

Player = Callable[[Board], list[int]]


def anywhere(board: Board) -> list[int]:
    """The player at random: every free square."""
    return free(board)


def looks_ahead(board: Board) -> list[int]:
    """Looks one move ahead: wins if it can; otherwise takes the square where the other would win;
    otherwise plays at random."""
    squares, mine = free(board), to_move(board)
    for mark in (mine, CROSS + NOUGHT - mine):
        rows = [s for s in squares if winner(board[:s] + (mark,) + board[s + 1 :])]
        if rows:
            return rows
    return squares


def perfect(board: Board) -> list[int]:
    """Every move that is best by `worth`."""
    return best(board, lambda after: worth(after))


def best(board: Board, value: Callable[[Board], float]) -> list[int]:
    """The free squares whose position, as a class, has the largest value."""
    values = {square: value(canonical(play(board, square))) for square in free(board)}
    return [square for square, v in values.items() if v == max(values.values())]


def outcome(first: Player, second: Player) -> tuple[float, float, float]:
    """How often `first`, with the crosses, wins, draws and loses: exact, not sampled.

    Both players have to treat turned and mirrored positions alike, as those above do.
    """

    @cache
    def shares(board: Board) -> tuple[float, float, float]:
        if is_over(board):
            line = winner(board)
            return float(line == CROSS), float(line == 0), float(line == NOUGHT)
        squares = (first if to_move(board) == CROSS else second)(board)
        found = [shares(canonical(play(board, square))) for square in squares]
        won, drawn, lost = (sum(part) / len(found) for part in zip(*found, strict=True))
        return won, drawn, lost

    return shares(EMPTY)


def worst(player: Player, mark: int) -> int:
    """What `player`, with the crosses or the noughts, gets from the opponent who suits it least.

    Returns:
        1, 0 or -1, from `player`'s side: with -1 there is a way to beat it.
    """

    @cache
    def least(board: Board) -> int:
        if is_over(board):
            return {0: 0, mark: 1}.get(winner(board), -1)
        squares = player(board) if to_move(board) == mark else free(board)
        return min(least(canonical(play(board, square))) for square in squares)

    return least(EMPTY)
