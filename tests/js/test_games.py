"""engine/games.js' rules against large_models.formulas.games: exactly equal."""

import numpy as np
import pytest

from large_models.formulas import games
from large_models.formulas.self_play import KEPT
from large_models.widgets import GameBoard
from large_models.widgets.game_board import tables


@pytest.fixture(scope="module")
def engine(engine):
    engine.run(
        """async () => {
          Object.assign(window, await import("/engine/games.js"));
          window.graph = graphOf();
        }"""
    )
    return engine


def test_classes_and_their_worth(engine):
    graph = games.graph()
    assert engine.run("graph.names") == ["".join(map(str, board)) for board in graph.boards]
    assert engine.run("graph.worth") == games.worths()
    assert engine.run("graph.names.every((name, n) => graph.number.get(name) === n)")


def test_rules_of_every_class_and_of_its_forms(engine):
    boards = [list(board) for board in games.graph().boards]
    boards += [[board[s] for s in games.FORMS[n % 8]] for n, board in enumerate(boards)]
    found = engine.run(
        """(boards) => boards.map((board) => [toMove(board), Boolean(rowOf(board)),
          free(board), canonical(board), free(board).map((s) => play(board, s))])""",
        boards,
    )
    for board, (mover, row, free, name, after) in zip(boards, found, strict=True):
        board = tuple(board)
        assert (mover, row, free) == (
            games.to_move(board),
            bool(games.winner(board)),
            games.free(board),
        )
        assert name == "".join(map(str, games.canonical(board)))
        assert [tuple(b) for b in after] == [games.play(board, s) for s in free]


@pytest.mark.parametrize("practice", KEPT)
def test_values_and_answers(engine, practice):
    for moves in ([], [4], [0, 4, 8], [2, 5, 1, 0], [0, 3, 1, 4, 2]):
        widget = GameBoard(practice=practice, moves=moves)
        row = tables()[KEPT.index(practice)].tolist()
        values, best = engine.run(
            """([table, board]) => {
              const values = valuesOf(graph, table, board);
              return [[...values], values.size ? bestOf(values) : []];
            }""",
            [row, list(widget.board)],
        )
        expected = widget.square_values()
        assert {square: tuple(pair) for square, pair in values} == expected
        most = max((learned for learned, _ in expected.values()), default=None)
        assert best == [s for s, (learned, _) in expected.items() if learned == most]
        assert np.isfinite([pair for _, pair in values]).all()
