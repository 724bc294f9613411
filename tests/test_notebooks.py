"""`make notebooks`: a second run changes nothing, and what is regular carries the same meaning."""

import importlib.util
import json
import sys
from pathlib import Path

import nbformat
import pytest

from large_models.widgets.gate_explorer import GateExplorer
from large_models.widgets.kernel_explorer import KernelExplorer

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "book"))
widget_states = importlib.import_module("widget_states")
spec = importlib.util.spec_from_file_location("notebooks", ROOT / "book" / "notebooks.py")
notebooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebooks)


def stream(text, name="stdout"):
    return nbformat.v4.new_output("stream", text=text, name=name)


def view(model_id):
    return nbformat.v4.new_output("display_data", {widget_states.VIEW: {"model_id": model_id}})


def notebook(*cells, models=None):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=c) for c in cells])
    if models:
        made.metadata["widgets"] = {widget_states.STATE: {"state": models}}
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
    state = made.metadata[widget_states.KEPT]["state"]
    one, two, three, four = (f"{n:032x}" for n in (1, 2, 3, 4))
    assert list(state) == [one, two, three, four]  # b, its layout, a, its layout
    assert state[one]["state"]["layout"] == "IPY_MODEL_" + two
    assert state[three]["state"]["layout"] == "IPY_MODEL_" + four
    shown = [c.outputs[0].data[widget_states.VIEW]["model_id"] for c in made.cells]
    assert shown == [one, three]


def saved(*widgets):
    """A notebook that has just been run, a cell for each of these widgets."""
    outputs = []
    models = {}
    for widget in widgets:
        for one in (widget, widget.layout):
            models[one.model_id] = one._get_embed_state(drop_defaults=False)
        output = view(widget.model_id)
        output.data["text/plain"] = repr(widget)
        outputs.append([output])
    models = json.loads(json.dumps(models))
    return notebook(*outputs, models=models)


def test_of_a_widget_only_what_a_cell_changed_is_kept_and_the_rest_comes_back():
    made = saved(KernelExplorer(stride=2), GateExplorer(), KernelExplorer(photo="digit"))
    whole = made.metadata.widgets[widget_states.STATE]["state"]
    for model in whole.values():
        model["state"].pop("layout", None)  # the usual one: nobody needs it
    whole = [whole[data[widget_states.VIEW]["model_id"]] for data in widget_states.views(made)]
    notebooks.make_regular(made)
    assert "widgets" not in made.metadata
    kept = list(made.metadata[widget_states.KEPT]["state"].values())
    assert kept[:2] == [
        {"class": "large_models.widgets.kernel_explorer.KernelExplorer", "state": {"stride": 2}},
        {"class": "large_models.widgets.gate_explorer.GateExplorer", "state": {}},
    ]
    assert kept[2]["state"]["photo"] == "digit" and "_esm" not in kept[2]["state"]
    assert kept[2]["buffers"][0]["path"] == ["_image"]  # another photograph's pixels
    assert len(notebooks.as_text(made)) < 10_000
    widget_states.unpack(made)
    back = made.metadata.widgets[widget_states.STATE]["state"]
    assert json.loads(json.dumps(list(back.values()))) == [
        {**model, "buffers": model.get("buffers", [])} for model in whole
    ]


def test_a_layout_that_a_cell_has_set_is_kept():
    made = saved(KernelExplorer(layout={"width": "50%"}))
    notebooks.make_regular(made)
    widget_states.unpack(made)
    one, two = made.metadata.widgets[widget_states.STATE]["state"].values()
    assert two["state"]["width"] == "50%" and one["state"]["layout"].startswith("IPY_MODEL_")


def test_a_save_in_jupyterlab_does_not_matter():
    """It gives every view an id of its own, and keeps the rest."""
    made = saved(KernelExplorer(stride=2), GateExplorer())
    notebooks.make_regular(made)
    for data, new in zip(widget_states.views(made), ("ab" * 16, "cd" * 16), strict=True):
        data[widget_states.VIEW]["model_id"] = new
    widget_states.unpack(made)
    states = made.metadata.widgets[widget_states.STATE]["state"]
    shown = [states[data[widget_states.VIEW]["model_id"]] for data in widget_states.views(made)]
    names = [model["state"]["_anywidget_id"].rsplit(".", 1)[-1] for model in shown]
    assert names == ["KernelExplorer", "GateExplorer"]
    assert shown[0]["state"]["stride"] == 2 and "_esm" in shown[1]["state"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda made: made.cells.pop(), "1 widgets are shown, the states of 2 kept"),
        (lambda made: made.cells.reverse(), "is shown where the state of KernelExplorer is kept"),
        (
            lambda made: made.metadata.pop(widget_states.KEPT),
            "2 widgets are shown whose state is not in the notebook",
        ),
        (
            lambda made: made.metadata[widget_states.KEPT]["state"][f"{1:032x}"]["state"].update(
                colour=1
            ),
            "large_models.widgets.kernel_explorer.KernelExplorer has no colour any more",
        ),
    ],
)
def test_what_is_shown_and_not_kept_is_an_error(change, message):
    made = saved(KernelExplorer(), GateExplorer())
    notebooks.make_regular(made)
    change(made)
    with pytest.raises(widget_states.Mismatch, match=message):
        widget_states.unpack(made)


@pytest.mark.parametrize("path", notebooks.book_notebooks(), ids=lambda path: path.stem)
def test_a_chapter_keeps_no_code_of_its_widgets(path):
    made = nbformat.read(path, as_version=4)
    assert "widgets" not in made.metadata and '"_esm"' not in path.read_text("utf-8")
    widget_states.unpack(made)  # and what it keeps fits what it shows


def test_a_chapter_run_twice_is_the_same_to_the_byte():
    chapter = ROOT / "chapters" / "6_faq.ipynb"
    assert notebooks.run(chapter) == notebooks.run(chapter)


@pytest.mark.parametrize("path", notebooks.book_notebooks(), ids=lambda path: path.stem)
def test_a_picture_stands_where_a_widget_will_be(path):
    """`make stills` draws them; a run keeps them, and they stay light."""
    for data in widget_states.views(nbformat.read(path, as_version=4)):
        assert len(data.get("image/png", "")) > 5_000, "run `make stills`"
        assert len(data["image/png"]) < 120_000


def test_a_run_keeps_the_pictures_of_its_widgets():
    before, after = saved(KernelExplorer(), GateExplorer()), saved(KernelExplorer(), GateExplorer())
    widget_states.views(before)[0]["image/png"] = "one"
    widget_states.views(before)[1].update({"image/png": "two", "text/plain": "Other()"})
    notebooks._keep_stills(after, before)
    stills = [data.get("image/png") for data in widget_states.views(after)]
    assert stills == ["one", None]  # another widget's picture is not its own
