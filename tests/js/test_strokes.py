"""The kit's sheet of paper: strokes, taking them back, and the pen of the arrow keys."""

import pytest


@pytest.fixture
def ask(engine):
    """Runs the body of a function with a fresh sheet `s` at hand; gives its strokes."""

    def run(body, arg=None):
        return engine.run(
            f"""async (arg) => {{
              const {{strokesModel}} = await import("/kit/strokes.js");
              const s = strokesModel();
              {body}
              return s.all();
            }}""",
            arg,
        )

    return run


def test_strokes_begin_and_go_on_but_for_a_hand_at_rest(ask):
    body = """s.begin([10, 20]);
      const gone = [[10.3, 20.3], [11, 20], [11, 20.4], [11, 20.5]].map((point) => s.go(point));
      s.begin([50, 50]);
      return [gone, s.all()];"""
    gone, strokes = ask(body)
    assert gone == [False, True, False, True]
    assert strokes == [[[10, 20], [11, 20], [11, 20.5]], [[50, 50]]]


def test_what_is_taken_back(ask):
    two = "s.begin([1, 1]); s.begin([2, 2]);"
    assert ask(f"return s.takeBack() || {two!r};") == two  # nothing there
    assert ask(f"{two} s.takeBack();") == [[[1, 1]]]
    assert ask(f"{two} s.clear();") == []
    assert ask(f"{two} s.clear(); s.takeBack();") == [[[1, 1]], [[2, 2]]]
    assert ask(f"{two} s.clear(); s.clear(); s.takeBack();") == [[[1, 1]], [[2, 2]]]
    # What is written since makes an end of what was cleared.
    assert ask(f"{two} s.clear(); s.begin([3, 3]); s.takeBack(); s.takeBack();") == []
    assert ask(f"{two} s.clear(); s.set([]); return s.takeBack();") is False


def test_strokes_that_are_set_are_copies(ask):
    given = [[[1, 2], [3, 4]]]
    assert ask("s.set(arg); arg[0][0][0] = 9; arg.push([[5, 5]]);", given) == given
    assert ask("s.turn(); s.set(arg); return s.pen().down;", given) is False


def test_the_pen_moves_and_writes_when_it_is_down(ask):
    body = """const moved = [s.move("ArrowUp", false), s.move("x", false)];
      s.release("ArrowUp");
      s.turn();
      moved.push(s.move("ArrowDown", false), s.move("ArrowLeft", false));
      s.release("ArrowDown");
      s.release("ArrowLeft");
      moved.push(s.move("ArrowRight", true));
      return [moved, s.lift(), s.lift(), s.pen(), s.all()];"""
    moved, lifted, again, pen, strokes = ask(body)
    assert moved == [False, None, True, True, True]
    assert (lifted, again) == (True, False)
    assert pen == {"at": [46, 55], "down": False}
    # Both arrows that are held at once: slanted; with Shift a small step.
    assert strokes == [[[50, 45], [50, 50], [45, 55], [46, 55]]]


@pytest.mark.parametrize(
    ("key", "end"),
    [
        *[("ArrowUp", [50, 4]), ("ArrowDown", [50, 96])],
        *[("ArrowLeft", [4, 50]), ("ArrowRight", [96, 50])],
    ],
)
def test_the_pen_stays_on_the_paper(ask, key, end):
    body = """s.turn();
      for (let i = 0; i < 30; i++) s.move(arg, false);
      return [s.pen().at, s.all()];"""
    at, (stroke,) = ask(body, key)
    assert at == end == stroke[-1] and len(stroke) == 11  # at the edge the hand rests
