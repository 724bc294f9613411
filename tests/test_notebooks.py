"""`make notebooks`: a second run changes nothing, and what is regular carries the same meaning."""

import importlib.util
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("notebooks", ROOT / "book" / "notebooks.py")
notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebooks)


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", text=text, name=name)


def view(model_id):
    return nbformat.v4.new_output("display_data", {notebooks.WIDGET_VIEW: {"model_id": model_id}})


def notebook(*cells, models=None):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=c) for c in cells])
    if models:
        made.metadata["widgets"] = {notebooks.WIDGET_STATE: {"state": models}}
    return made


def test_a_progress_bar_keeps_its_last_state():
    made = notebook([stream("\r 10%"), stream("\r 50%"), stream("\r100%\ndone\n")])
    notebooks.make_regular(made)
    assert [o.text for o in made.cells[0].outputs] == ["100%\ndone\n"]


def test_streams_of_two_names_stay_apart():
    made = notebook([stream("a\n"), stream("b\n", "stderr"), stream("c\n")])
    notebooks.make_regular(made)
    assert [(o.name, o.text) for o in made.cells[0].outputs] == [
        ("stdout", "a\n"),
        ("stderr", "b\n"),
        ("stdout", "c\n"),
    ]


def test_models_are_numbered_as_they_are_met_and_their_own_models_follow():
    ids = {name: name * 32 for name in "abcd"}
    models = {
        ids["a"]: {"state": {"layout": "IPY_MODEL_" + ids["c"]}},
        ids["b"]: {"state": {"layout": "IPY_MODEL_" + ids["d"]}},
        ids["c"]: {"state": {}},
        ids["d"]: {"state": {}},
        "e" * 32: {"state": {"never": "shown"}},
    }
    made = notebook([view(ids["b"])], [view(ids["a"])], models=models)
    notebooks.make_regular(made)
    state = made.metadata.widgets[notebooks.WIDGET_STATE]["state"]
    one, two, three, four = (f"{n:032x}" for n in (1, 2, 3, 4))
    assert list(state) == [one, two, three, four]  # b, its layout, a, its layout
    assert state[one]["state"]["layout"] == "IPY_MODEL_" + two
    assert state[three]["state"]["layout"] == "IPY_MODEL_" + four
    shown = [c.outputs[0].data[notebooks.WIDGET_VIEW]["model_id"] for c in made.cells]
    assert shown == [one, three]


def test_a_chapter_run_twice_is_the_same_to_the_byte():
    chapter = ROOT / "chapters" / "3_1_cnn.ipynb"
    assert notebooks.run(chapter) == notebooks.run(chapter)
