"""What GameBoard shows and answers (game_board/model.js), against the widget's Python."""

import re

import numpy as np
import pytest

from large_models.formulas import games
from large_models.formulas.self_play import KEPT
from large_models.widgets import GameBoard
from large_models.widgets.game_board import records, tables
from tests.js.traits import language, traits

ASK = """async ({traits, levels, call, args, draw}) => {
  const {boardModel} = await import("/game_board/model.js");
  return boardModel((key) => traits[key], {levels, random: () => draw})[call](...args);
}"""
PLACES = ["top left", "top middle", "top right", "middle left", "middle", "middle right"]
PLACES += ["bottom left", "bottom middle", "bottom right"]
POSITIONS = [[], [4], [4, 1], [0, 4, 8], [2, 5, 1, 0], [0, 3, 1, 4, 2], [0, 4, 1, 2, 3, 6]]
POSITIONS += [[0, 1, 2, 4, 3, 5, 7, 6, 8]]


def ask(engine, widget, call="view", *args, draw=0.0):
    sent = traits(widget)
    sent.pop("_tables")
    levels = tables().astype(np.int32).ravel()
    given = {"traits": sent, "levels": levels, "call": call, "args": list(args), "draw": draw}
    return engine.run(ASK, given)


def number(text):
    return float(text.replace("−", "-"))


@pytest.mark.heavy
@pytest.mark.parametrize("begins", ["reader", "table"])
@pytest.mark.parametrize("moves", POSITIONS, ids=str)
def test_the_board_is_pythons(engine, moves, begins):
    widget = GameBoard(practice=300, begins=begins, moves=moves, values=True)
    view = ask(engine, widget)
    board, result = widget.board, widget.result
    mine = games.CROSS if begins == "reader" else games.NOUGHT
    values = widget.square_values()
    row = [set(line) for line in games.LINES if len({board[s] for s in line} - {0}) == 1]
    row = [line for line in row if 0 not in {board[s] for s in line}]
    for n, square in enumerate(view["squares"]):
        assert square["mark"] == ["", "×", "○"][board[n]]
        assert square["reader"] == (board[n] == mine)
        assert square["closed"] == (board[n] != 0 or result is not None)
        assert square["won"] == any(n in line for line in row)
        name = f"{PLACES[n]}: {('free', 'cross', 'nought')[board[n]]}"
        if n not in values:
            assert square["worth"] is None and square["name"] == name
            continue
        # Two decimals of a share.
        assert [number(text) for text in square["worth"]] == pytest.approx(values[n], abs=0.006)
        learned, exact = square["worth"]
        assert square["name"] == f"{name}, its table says {learned}, minimax {exact}"
        assert all(re.fullmatch(r"0|[+−][\d.]+", text) for text in square["worth"])
    mark = "×" if begins == "reader" else "○"
    ends = {"reader": "You win.", "table": "It wins.", "draw": "A draw."}
    assert view["status"] == ends.get(result, f"Your move: {mark}")
    assert view["over"] == (result is not None)
    widget.values = False
    hidden = ask(engine, widget)["squares"]
    assert [square["worth"] for square in hidden] == [None] * 9


@pytest.mark.parametrize("practice", KEPT)
def test_what_minimax_says_of_the_table(engine, practice):
    share, can = ask(engine, GameBoard(practice=practice))["record"]
    record = records()[KEPT.index(practice)]
    text = share.removesuffix(" of its moves are perfect.")
    assert text == ("100%" if record["perfect"] == 1 else f"{100 * record['perfect']:.1f}%")
    assert (
        can
        == {
            (True, True): "It can be beaten.",
            (True, False): "It can be beaten when it begins.",
            (False, True): "It can be beaten when you begin.",
            (False, False): "It cannot be beaten.",
        }[tuple(record["beaten"])]
    )
    said = ask(engine, GameBoard(), "practise", practice)
    assert said == {"changes": {"practice": practice}, "said": f"{share} {can}"}


@pytest.mark.parametrize("practice", [0, 300, 30_000])
def test_it_answers_with_one_of_its_best_squares(engine, practice):
    for square in range(9):
        answers = set()
        for draw in (0.0, 0.3, 0.6, 0.999):
            done = ask(engine, GameBoard(practice=practice), "take", square, draw=draw)
            first, answer = done["changes"]["moves"]
            assert first == square
            assert done["said"] == f"It plays: {PLACES[answer]}. Your move: ×"
            answers.add(answer)
        widget = GameBoard(practice=practice, moves=[square])
        values = {s: learned for s, (learned, _) in widget.square_values().items()}
        best = {s for s, learned in values.items() if learned == max(values.values())}
        assert answers <= best and (len(best) == 1) == (len(answers) == 1)


def test_a_move_that_cannot_be_is_none(engine):
    widget = GameBoard(moves=[0, 4])
    assert ask(engine, widget, "take", 4) is None
    widget.moves = [0, 3, 1, 4, 2]
    assert ask(engine, widget, "take", 8) is None
    widget.moves = [0]  # the table's turn
    assert ask(engine, widget, "take", 8) is None
    assert ask(engine, widget, "due")["moves"][0] == 0
    widget.moves = [0, 4]
    assert ask(engine, widget, "due") is None


def test_the_end_is_said(engine):
    done = ask(engine, GameBoard(moves=[0, 3, 1, 4]), "take", 2)
    assert done == {"changes": {"moves": [0, 3, 1, 4, 2]}, "said": "You win."}
    widget = GameBoard(practice=30_000, begins="table", moves=[0, 3, 1])
    done = ask(engine, widget, "take", 8)
    assert done["changes"]["moves"] == [0, 3, 1, 8, 2]
    assert done["said"] == "It plays: top right. It wins."


def test_moves_are_taken_back_and_begun_anew(engine):
    def back(moves, begins="reader"):
        widget = GameBoard(moves=moves, begins=begins)
        done = ask(engine, widget, "takeBack")
        assert ask(engine, widget)["mayTakeBack"] == (done is not None)
        return done and done["changes"]["moves"]

    assert back([]) is None
    assert back([0, 4]) == []
    assert back([0, 4, 1, 2]) == [0, 4]
    assert back([0, 3, 1, 4, 2]) == [0, 3, 1, 4]  # the reader has won by the last move
    assert back([4], "table") is None
    assert back([4, 0, 8], "table") == [4]
    done = ask(engine, GameBoard(moves=[0, 4]), "fresh")
    assert done == {
        "changes": {"begins": "reader", "moves": []},
        "said": "New game. Your move: ×",
    }
    done = ask(engine, GameBoard(practice=30_000), "fresh", "table")
    assert done["changes"]["begins"] == "table" and len(done["changes"]["moves"]) == 1
    assert done["said"] == "New game. Your move: ○"


def test_arrow_keys_stay_on_the_board(engine):
    ways = {"ArrowLeft": (0, -1), "ArrowRight": (0, 1), "ArrowUp": (-1, 0), "ArrowDown": (1, 0)}
    found = engine.run(
        """async (keys) => {
          const {neighbour} = await import("/game_board/model.js");
          return keys.map((key) => Array.from({length: 9}, (_, n) => neighbour(n, key)));
        }""",
        [*ways, "Enter"],
    )
    assert found.pop() == [None] * 9
    for (rows, columns), squares in zip(ways.values(), found, strict=True):
        for square, to in enumerate(squares):
            row, column = square // 3 + rows, square % 3 + columns
            inside = 0 <= row < 3 and 0 <= column < 3
            assert to == (3 * row + column if inside else None)


def test_chinese(engine):
    with language(engine, "zh-CN"):
        view = ask(engine, GameBoard(practice=30_000, moves=[4, 0], values=True))
        done = ask(engine, GameBoard(practice=30_000), "take", 0)
        won = ask(engine, GameBoard(moves=[0, 3, 1, 4, 2]))
    assert view["status"] == "轮到你：×" and won["status"] == "你赢了。"
    assert view["squares"][4]["name"] == "正中: 叉"
    assert re.fullmatch(r"上中: 空，表中的值 \S+，极小化极大 \S+", view["squares"][1]["name"])
    assert view["record"] == ["它的着法有 100% 是完美的。", "它不可能被打败。"]
    assert done["said"] == "它下：正中。轮到你：×"
