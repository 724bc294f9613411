"""GameBoard's Python side: values are the table's and minimax', the rules are kept."""

import pytest

from large_models.formulas import games, self_play
from large_models.widgets import GameBoard
from large_models.widgets.game_board import SCALE, records, tables


def test_the_tables_are_those_that_are_learned():
    kept = self_play.learn()
    assert tables().shape == (8, 765)
    for row, number in zip(tables(), self_play.KEPT, strict=True):
        assert abs(row / SCALE - kept[number]).max() <= 0.5 / SCALE


def test_records_are_minimaxs_word():
    shares = [record["perfect"] for record in records()]
    assert shares == sorted(shares) and shares[-1] == 1
    assert [record["beaten"] for record in records()][-1] == [False, False]
    assert records()[0]["beaten"] == [True, True]


def test_values_of_the_free_squares():
    widget = GameBoard(practice=30_000, moves=[4, 1])
    found = widget.square_values()
    assert sorted(found) == [0, 2, 3, 5, 6, 7, 8]
    for square, (learned, exact) in found.items():
        after = games.play(widget.board, square)
        assert exact == games.worth(after)
        number = games.graph().number[games.canonical(after)]
        assert learned == tables()[-1][number] / SCALE
    best = max(exact for _, exact in found.values())
    assert found[max(found, key=lambda s: found[s][0])][1] == best


@pytest.mark.parametrize(
    ("begins", "moves", "result"),
    [
        ("reader", [4, 1], None),
        ("reader", [0, 3, 1, 4, 2], "reader"),
        ("table", [0, 3, 1, 4, 2], "table"),
        ("reader", [0, 3, 1, 4, 8, 5], "table"),
        ("reader", [0, 1, 2, 4, 3, 5, 7, 6, 8], "draw"),
    ],
)
def test_results(begins, moves, result):
    assert GameBoard(begins=begins, moves=moves).result == result


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("practice", 500, "expected one of 0, 30, 100, .*, got 500"),
        ("practice", True, "got True"),
        ("begins", "me", "expected one of 'reader', 'table', got 'me'"),
        ("moves", [4, 4], r"expected one of \[0, 1, 2, 3, 5, 6, 7, 8\], got 4"),
        ("moves", [0, 3, 1, 4, 2, 5], r"expected one of \[\], got 5"),
        ("moves", 4, "expected a list of squares, 0 to 8, got 4"),
        ("values", 1, "expected True or False, got 1"),
    ],
)
def test_bad_values_are_told(key, value, message):
    with pytest.raises(ValueError, match=f"GameBoard.{key}: .*{message}"):
        setattr(GameBoard(), key, value)


def test_state_is_small():
    assert len(GameBoard()._tables) < 13_000
