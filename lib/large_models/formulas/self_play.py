"""Learning noughts and crosses by playing against oneself: Q-learning in a table.

A player who has just moved holds a position. The table has one number for each, V, its worth to
that player, and starts with zeros. After every move the number is drawn towards what came of it:

    target  = the result, if the game is over; otherwise -max over the opponent's moves of V
    V      += step * (target - V)

A move is chosen by the largest V, and now and then at random, so that other positions are met too.
Nobody tells the table which moves are good: it gets the rules, and who has won.

A state and an action lead to one position here, so Q(state, action) is V(position) and the rule is
Q-learning (Watkins and Dayan 1992); the maximum is the opponent's, hence the minus.

Only Python's own numbers are used, so every machine learns the same table. Chapter: 1_2_areas.
"""

import random
from collections.abc import Sequence

from large_models.formulas import games

Table = list[float]  # a number for each class of games.graph()

STEP = 0.3
EXPLORE = 0.3  # share of the moves that are made at random
KEPT = (0, 30, 100, 300, 1000, 3000, 10_000, 30_000)  # after so many games a copy is kept


def learn(
    number: int = KEPT[-1],
    seed: int = 0,
    *,
    step: float = STEP,
    explore: float = EXPLORE,
    keep: Sequence[int] = KEPT,
) -> dict[int, Table]:
    """Play against oneself.

    Args:
        number: games to play.
        seed: of the moves made at random, and of the choice among moves of the same value.
        step: how far a number is drawn to its target, more than 0, at most 1.
        explore: share of the moves made at random, 0 to 1.
        keep: after how many games a copy of the table is kept; the last one is kept anyway.

    Returns:
        the tables by the number of games before them, 0 included if it is in `keep`.

    Raises:
        ValueError: if a number is out of its range.
    """
    if number < 1:
        raise ValueError(f"number: expected at least 1 game, got {number}")
    for name, value, least in (("step", step, 1e-9), ("explore", explore, 0)):
        if not least <= value <= 1:
            raise ValueError(f"{name}: expected a share up to 1, got {value}")
    draw = random.Random(seed).random
    _, _, moves, result = games.graph()
    table = [0.0] * len(moves)
    kept = {0: list(table)} if 0 in keep else {}
    for game in range(1, number + 1):
        at = 0
        while result[at] is None:
            after = moves[at]
            if draw() >= explore:
                most = max(table[n] for n in after)
                after = [n for n in after if table[n] == most]
            at = after[int(draw() * len(after))]
            target = result[at]
            if target is None:
                target = -max(table[n] for n in moves[at])
            table[at] += step * (target - table[at])
        if game in keep or game == number:
            kept[game] = list(table)
    return kept


def player(table: Table) -> games.Player:
    """Plays the moves whose number in the table is largest."""
    number = games.graph().number
    return lambda board: games.best(board, lambda after: table[number[after]])


def perfect_share(player: games.Player) -> float:
    """How many of a player's moves are perfect by minimax, over all classes of positions in which
    some move is and some is not."""
    shares = []
    for board in games.graph().boards:
        best = set(games.perfect(board))
        if len(best) < len(games.free(board)):
            squares = player(board)
            shares.append(len(best.intersection(squares)) / len(squares))
    return sum(shares) / len(shares)
