"""Learning by self-play: one update by hand, and what the tables have become."""

import pytest

from large_models.formulas import games, self_play


@pytest.fixture(scope="module")
def tables():
    return self_play.learn()


def test_one_game_changes_only_its_last_position():
    """Before it only zeros are found after a position; the last one is drawn to the result."""
    graph = games.graph()
    lost_and_won = [self_play.learn(1, seed=seed, explore=1)[1] for seed in range(20)]
    assert any(any(table) for table in lost_and_won)
    for table in lost_and_won:
        changed = [n for n, value in enumerate(table) if value]
        assert [graph.result[n] for n in changed] in ([], [1])
        assert [table[n] for n in changed] in ([], [self_play.STEP])


def test_random_games_lead_to_the_worth_of_every_position():
    """With step 1 a number is its target; after many games at random each is minimax' worth."""
    table = self_play.learn(20_000, seed=1, step=1, explore=1)[20_000]
    assert table[1:] == games.worths()[1:]


def test_the_tables_get_better_and_end_perfect(tables):
    assert list(tables) == list(self_play.KEPT)
    shares = [self_play.perfect_share(self_play.player(t)) for t in tables.values()]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    last = self_play.player(tables[30_000])
    assert [games.worst(last, mark) for mark in (1, 2)] == [0, 0]
    nearly = self_play.player(tables[3000])
    assert -1 in [games.worst(nearly, mark) for mark in (1, 2)]


@pytest.mark.heavy
def test_never_trying_leaves_gaps():
    narrow = self_play.player(self_play.learn(explore=0, keep=())[30_000])
    assert self_play.perfect_share(narrow) < 0.99
    assert [games.worst(narrow, mark) for mark in (1, 2)] == [0, 0]


def test_the_share_of_perfect_moves_of_known_players():
    assert self_play.perfect_share(games.perfect) == 1
    zeros = self_play.player([0.0] * 765)
    assert self_play.perfect_share(zeros) == self_play.perfect_share(games.anywhere) < 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"number": 0}, "number: expected at least 1 game, got 0"),
        ({"step": 0}, "step: expected a share up to 1, got 0"),
        ({"explore": 1.5}, "explore: expected a share up to 1, got 1.5"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        self_play.learn(**settings)
