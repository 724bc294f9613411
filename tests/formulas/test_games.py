"""Noughts and crosses: rules, and minimax against a search written another way."""

from itertools import product

import pytest

from large_models.formulas import games


def by_search(board, me):
    """What a board is worth to `me`, by plain search over boards: no classes, no cache."""
    won = games.winner(board)
    if won or 0 not in board:
        return 0 if not won else 1 if won == me else -1
    mover = games.to_move(board)
    found = [by_search(games.play(board, square), me) for square in games.free(board)]
    return max(found) if mover == me else min(found)


def test_counts_are_those_that_everyone_finds():
    assert len(games.graph().boards) == 765
    assert games.count_positions() == 5478
    assert games.count_games() == 255_168


def test_worth_is_what_a_plain_search_finds():
    late = [b for b in games.graph().boards if b.count(0) <= 5]
    assert len(late) > 500
    for board in late:
        just_moved = 3 - games.to_move(board)
        assert games.worth(board) == by_search(board, just_moved), board
    assert games.worth(games.EMPTY) == 0


def test_turned_and_mirrored_boards_are_one_class():
    assert len(set(games.FORMS)) == 8
    board = (1, 2, 0, 0, 1, 0, 0, 0, 2)
    forms = {tuple(board[square] for square in form) for form in games.FORMS}
    assert {games.canonical(form) for form in forms} == {min(forms)}
    # Turned by hand: the rows become columns.
    rows = [board[0:3], board[3:6], board[6:9]]
    assert tuple(square for row in zip(*rows[::-1], strict=True) for square in row) in forms


def test_graph_leads_where_moves_lead():
    graph = games.graph()
    for board, after, result in zip(graph.boards, graph.moves, graph.result, strict=True):
        assert games.is_over(board) == (result is not None) == (not after)
        reached = {games.canonical(games.play(board, s)) for s in games.free(board)}
        assert reached == {graph.boards[n] for n in after}
    assert graph.boards[0] == games.EMPTY
    assert games.worths() == [games.worth(board) for board in graph.boards]


def test_looking_ahead_wins_then_blocks():
    assert games.looks_ahead((1, 1, 0, 2, 2, 0, 0, 0, 0)) == [2]
    assert games.looks_ahead((1, 1, 0, 2, 0, 0, 0, 0, 0)) == [2]
    assert games.looks_ahead(games.EMPTY) == list(range(9))


def sampled_by_hand(first, second):
    """Every game, with its probability, told move by move on plain boards."""
    shares = [0.0, 0.0, 0.0]

    def go(board, chance):
        if games.is_over(board):
            shares[{1: 0, 0: 1, 2: 2}[games.winner(board)]] += chance
            return
        squares = (first, second)[games.to_move(board) - 1](board)
        for square in squares:
            go(games.play(board, square), chance / len(squares))

    go(games.EMPTY, 1.0)
    return shares


@pytest.mark.heavy
def test_outcome_is_that_of_all_games():
    for first, second in product((games.looks_ahead, games.perfect), repeat=2):
        assert games.outcome(first, second) == pytest.approx(sampled_by_hand(first, second))


def test_worst_tells_who_can_be_beaten():
    assert [games.worst(games.perfect, mark) for mark in (1, 2)] == [0, 0]
    assert [games.worst(games.looks_ahead, mark) for mark in (1, 2)] == [-1, -1]
    assert games.outcome(games.perfect, games.perfect) == (0, 1, 0)


def test_moves_that_are_not_free():
    with pytest.raises(ValueError, match="expected one of .*, got 0"):
        games.play((1, 0, 0, 0, 0, 0, 0, 0, 0), 0)
    with pytest.raises(ValueError, match="expected one of \\[\\], got 8"):
        games.play((1, 1, 1, 2, 2, 0, 0, 0, 0), 8)
