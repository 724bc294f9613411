"""How GenerationView's text grows (writing_model.js): every act of the reader, and its undoing."""

import numpy as np
import pytest

from tests.js.test_sampling import mulberry32

SETTINGS = {"temperature": 1, "topK": None, "topP": None, "greedy": False}
CALL = """async ([name, ...args]) => {
  const m = await import("/generation_view/writing_model.js");
  return m[name](...args);
}"""


@pytest.fixture
def act(engine):
    return lambda name, *args: engine.run(CALL, [name, *args])


def desk(ids=(1, 2, 3, 4), start=2, **others):
    chosen = [None] * start + [{"by": "draw", "settings": SETTINGS}] * (len(ids) - start)
    text = {"prompt": "p", "ids": list(ids), "start": start, "chosen": chosen}
    return {"text": text, "past": [], "spot": None, "hover": None} | others


def put(act, before, at, most=128):
    what = {"id": 9, "at": at, "by": "hand", "settings": SETTINGS}
    return act("placed", before, most, what)


def test_a_token_is_put_and_what_came_after_it_goes(act):
    after = put(act, desk(spot=2, hover=1), 2)
    assert after["text"]["ids"] == [1, 2, 9]
    assert after["text"]["chosen"][2] == {"by": "hand", "settings": SETTINGS}
    assert len(after["text"]["chosen"]) == 3 and (after["spot"], after["hover"]) == (None, None)
    assert put(act, desk(), 4)["text"]["ids"] == [1, 2, 3, 4, 9]
    assert put(act, desk(), 1) is None, "the prompt is the reader's"
    assert put(act, desk(), 5) is None, "there is a gap before it"
    assert put(act, desk(), 4, most=4) is None, "the model can read no more"


def test_a_step_draws_with_its_own_number(act):
    scores = np.log(np.arange(1, 9, dtype=np.float32))
    p = np.sort(np.arange(1, 9) / 36)[::-1]  # the last id is the most probable
    for seed in (0, 7, 2**32 - 1):
        before = desk(seed and (1, 2, 3, 4, 5) or (1, 2, 3, 4))
        after = act(
            "stepped", before, 128, {"scores": scores}, {"settings": SETTINGS, "seed": seed}
        )
        u = mulberry32(seed, len(before["text"]["ids"]) - 2)
        assert after["text"]["ids"][-1] == 7 - int((p.cumsum() <= u).sum())
        assert after["text"]["chosen"][-1]["by"] == "draw"
    greedy = {"settings": SETTINGS | {"greedy": True}, "seed": 0}
    after = act("stepped", desk(), 128, {"scores": scores}, greedy)
    assert after["text"]["ids"][-1] == 7 and after["text"]["chosen"][-1]["by"] == "greedy"
    assert act("stepped", desk(), 4, {"scores": scores}, greedy) is None


def test_undo_goes_back_over_everything(act):
    first = desk()
    second = put(act, first, 3)
    third = act("restarted", second)
    fourth = act("begun", put(act, third, 2), "q", [5, 6])
    assert third["text"]["ids"] == [1, 2] and third["text"]["chosen"] == []
    assert fourth["text"] == {"prompt": "q", "ids": [5, 6], "start": 2, "chosen": []}
    for wanted in ([1, 2, 9], [1, 2], [1, 2, 3, 9], [1, 2, 3, 4]):
        fourth = act("undone", fourth)
        assert fourth["text"]["ids"] == wanted
    assert fourth["text"] == first["text"] and act("undone", fourth) is None
    many = desk(past=[first["text"]] * 500)
    assert len(put(act, many, 4)["past"]) == 500


def test_a_prompt_alone_is_not_remembered(act):
    bare = desk((1, 2), 2)
    assert act("restarted", bare) is None
    assert act("begun", bare, "p", [1, 2]) is None, "it is the same"
    after = act("begun", bare, "q", [3])
    assert after["past"] == [] and after["text"]["start"] == 1
    assert act("begun", desk(), "p", [1, 2])["past"] == [desk()["text"]]


def test_a_text_from_python_keeps_what_is_known_of_the_same_tokens(act):
    same = act("given", desk(spot=1), {"prompt": "p", "ids": [1, 2, 3, 4], "start": 3})
    assert same["text"]["chosen"] == desk()["text"]["chosen"]
    assert same["spot"] == 1 and same["text"]["start"] == 3
    other = act("given", desk(spot=1), {"prompt": "p", "ids": [1, 2, 3], "start": 2})
    assert other["text"]["chosen"] == [] and other["spot"] is None


def test_the_place_of_the_next_token_is_none_to_keep(act):
    assert act("lookedAt", desk(hover=1), 3) == desk(spot=3)
    assert act("lookedAt", desk(spot=3), 4) == desk()
