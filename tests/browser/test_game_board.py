"""GameBoard on a bare page: it can be played by mouse and keys, and tells the truth."""

import re

import pytest

from large_models.formulas import games
from large_models.widgets import GameBoard
from tests.browser.harness import serious, settle, show


def square(page, n):
    return page.locator(".gb-square").nth(n)


def moves(page):
    settle(page)
    return page.evaluate("() => model.get('moves')")


def check(page):
    """What is drawn is what the model gives (tests/js/test_game_board_model.py)."""
    settle(page)
    drawn, view = page.evaluate(
        """async () => {
          const {boardModel, gamesText} = await import("/game_board/model.js");
          const levels = new Int16Array(model.get("_tables").buffer.slice(0));
          const view = boardModel((key) => model.get(key), {levels}).view();
          const all = (where) => [...document.querySelectorAll(where)];
          const text = (where) => document.querySelector(where).textContent;
          const squares = all(".gb-square").map((node) => ({
            mark: node.querySelector(".gb-mark").textContent,
            reader: node.querySelector(".gb-reader") !== null, won: node.matches(".gb-won"),
            closed: node.ariaDisabled === "true", name: node.ariaLabel,
            worth: node.querySelector(".gb-worth").checkVisibility()
              ? [...node.querySelectorAll(".gb-worth span")].map((span) => span.textContent) : null,
          }));
          return [{
            squares, status: text(".gb-status"), record: text(".gb-record"),
            games: text(".lw-slider-value"), begins: document.querySelector(":checked").value,
            back: document.querySelector(".gb-buttons button").ariaDisabled,
          }, {
            squares: view.squares, status: view.status, record: view.record.join(" "),
            games: gamesText(view.practice), begins: view.begins, back: String(!view.mayTakeBack),
          }];
        }"""
    )
    assert drawn == view
    return drawn


def shown(page):
    """The board as the page shows it."""
    return tuple({"": 0, "×": 1, "○": 2}[square["mark"]] for square in check(page)["squares"])


def test_the_table_answers_with_a_best_square(page):
    show(page, GameBoard(practice=30_000))
    square(page, 0).click()
    assert moves(page) == [0, 4]  # all else would lose
    assert page.evaluate("() => saved.moves") == [0, 4]
    assert shown(page) == (1, 0, 0, 0, 2, 0, 0, 0, 0)
    square(page, 4).click(force=True)  # taken
    assert moves(page) == [0, 4]


@pytest.mark.parametrize("begins", ["reader", "table"])
def test_a_whole_game_against_the_perfect_table_is_drawn(page, begins):
    widget = GameBoard(practice=30_000, begins=begins)
    show(page, widget)
    for _ in range(5):
        widget.moves = moves(page)
        if widget.result:
            break
        square(page, games.perfect(widget.board)[0]).click()
    widget.moves = moves(page)
    assert widget.result == "draw" and len(widget.moves) == 9
    assert page.locator(".gb-status").inner_text() == "A draw."
    assert shown(page) == widget.board


@pytest.mark.parametrize(
    ("played", "click", "words"),
    [([0, 3, 1, 4], 2, "You win."), ([0, 4, 1, 2, 8], None, "It wins.")],
)
def test_the_end_is_told_marked_and_said(page, played, click, words):
    show(page, GameBoard(practice=30_000, moves=played))
    if click is not None:
        square(page, click).click()
    check(page)
    assert page.locator(".gb-status").inner_text() == words
    assert page.locator(".gb-won").count() == 3
    assert page.locator('.gb-square[aria-disabled="true"]').count() == 9
    if click is not None:
        page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
        assert words in page.locator("[aria-live]").inner_text()


def test_the_first_task_shows_on_a_phone(page):
    """The slider and the board are in sight together, with the end of a game."""
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, GameBoard(), width=358)
    settle(page)
    top = page.locator(".lw-try").bounding_box()["y"]
    status = page.locator(".gb-status").bounding_box()
    assert status["y"] + status["height"] - top < 844 - 64


def test_values_are_shown_when_asked(page):
    show(page, GameBoard(practice=300, moves=[4, 1]))
    assert page.locator(".gb-worth:visible").count() == 0
    page.get_by_label("show what each square is worth").check()
    for practice, key in ((300, None), (1000, "ArrowRight"), (0, "Home")):
        if key:
            page.get_by_label("It has played against itself").press(key)
        squares = check(page)["squares"]
        assert page.evaluate("() => model.get('practice')") == practice
        assert all((square["mark"] == "") == (square["worth"] is not None) for square in squares)
    assert page.locator(".gb-worth:visible").count() == 7


def test_arrow_keys_go_over_the_board(page):
    show(page, GameBoard(practice=30_000))
    square(page, 0).focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    name = "() => document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(name) == "top left: free"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert moves(page)[0] == 4
    assert page.evaluate(name) == "middle: cross"
    tabbable = page.locator('.gb-square[tabindex="0"]')
    assert tabbable.count() == 1


def test_take_back_and_new_game(page):
    show(page, GameBoard(practice=30_000, moves=[0, 4, 1, 2]))
    back = page.get_by_role("button", name="Take back")
    back.click()
    assert moves(page) == [0, 4]
    back.click()
    assert moves(page) == []
    settle(page)
    assert back.get_attribute("aria-disabled") == "true"
    back.click(force=True)
    assert moves(page) == []
    page.get_by_text("it", exact=True).click()  # who begins
    assert len(moves(page)) == 1
    assert page.evaluate("() => saved.begins") == "table"
    settle(page)
    assert back.get_attribute("aria-disabled") == "true"
    square(page, 8 if moves(page) == [0] else 0).click()
    assert len(moves(page)) == 3
    page.get_by_role("button", name="New game").click()
    assert len(moves(page)) == 1


def test_a_won_game_is_taken_back_to_the_last_move(page):
    show(page, GameBoard(moves=[0, 3, 1, 4, 2]))
    page.get_by_role("button", name="Take back").click()
    assert moves(page) == [0, 3, 1, 4]


def test_python_can_set_everything(page):
    show(page, GameBoard())
    page.evaluate("() => { model.set('practice', 30000); model.set('moves', [8]); }")
    assert moves(page) == [8, 4]
    settle(page)
    assert page.locator(".lw-slider-value").inner_text() == "30,000 games"
    assert "It cannot be beaten." in page.locator(".gb-record").inner_text()


@pytest.mark.parametrize("width", [760, 358])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, GameBoard(practice=30_000), width=width)

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width + 32
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    slider = page.get_by_label("It has played against itself")
    for key in ("Home", "ArrowRight", "End", "ArrowLeft", "ArrowLeft"):
        slider.press(key)
        assert end() == top, key
    page.get_by_label("show what each square is worth").check()
    assert end() == top
    page.evaluate("() => model.set('moves', [0, 3, 1, 4, 2])")
    assert end() == top


@pytest.mark.parametrize(("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358)])
def test_axe_finds_nothing_serious_and_chinese_is_whole(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, GameBoard(values=True, moves=[4, 0]), lang=lang, theme=theme, width=width)
    settle(page)
    assert serious(page) == []
    if lang == "zh-CN":
        assert re.findall(r"[A-Za-z]{2,}", page.locator(".lw").inner_text()) == []
