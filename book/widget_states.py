"""What a notebook keeps of its widgets: only what its cells changed.

A saved widget holds its module, its styles and all its data, which are in `lib` already. A notebook
keeps the name of the class and what differs from a new object of it (`pack`, when it is run); the
build puts the rest back (`unpack`), as `lib` has it then. So a new line of JavaScript needs no new
run.

Views and states belong together by their order in the notebook. The ids in the outputs may be any:
JupyterLab writes its own at every save. What is kept stands under a key of its own, which no front
end takes for a state that it could show.
"""

import functools
import importlib
import json
import re
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
KEPT = "book_widgets"  # in the notebook's metadata: {"views": [id, ...], "state": {id: model}}
OURS = "large_models.widgets."


class Mismatch(ValueError):
    """What a notebook shows is not what it keeps."""


def views(notebook: dict) -> list[dict]:
    """The data of every output that shows a widget, in order."""
    return [
        output["data"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if VIEW in output.get("data", {})
    ]


def pack(notebook: dict) -> None:
    """Replace the saved state by what is kept, in place, with ids 1, 2, 3, ... in reading order."""
    saved = notebook["metadata"].pop("widgets", {}).get(STATE, {}).get("state", {})
    notebook["metadata"].pop(KEPT, None)
    shown = views(notebook)
    models = {key: _changed(model, saved) for key, model in saved.items()}
    order = [data[VIEW]["model_id"] for data in shown]
    numbers: dict[str, str] = {}
    while order:  # a model's own models (its layout, its children) follow it
        key = order.pop(0)
        if key in numbers or key not in models:
            continue
        numbers[key] = f"{len(numbers) + 1:032x}"
        order[:0] = re.findall(r"IPY_MODEL_(\w+)", json.dumps(models[key]))
    if not numbers:
        return
    # Models that nothing shows are left out: the page could not reach them.
    text = json.dumps({key: models[key] for key in numbers})
    for old, new in numbers.items():
        text = text.replace(old, new)
    for data in shown:
        data[VIEW]["model_id"] = numbers[data[VIEW]["model_id"]]
    kept = {"views": [data[VIEW]["model_id"] for data in shown], "state": json.loads(text)}
    notebook["metadata"][KEPT] = kept


def unpack(notebook: dict) -> None:
    """Put the whole states back, in place, where front ends look for them.

    Raises:
        Mismatch: if the outputs show other widgets than those whose states are kept.
    """
    shown = views(notebook)
    kept = notebook["metadata"].pop(KEPT, None)
    if kept is None:
        known = notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {})
        missing = sum(data[VIEW]["model_id"] not in known for data in shown)
        if missing:
            raise Mismatch(f"{missing} widgets are shown whose state is not in the notebook")
        return
    if len(shown) != len(kept["views"]):
        raise Mismatch(f"{len(shown)} widgets are shown, the states of {len(kept['views'])} kept")
    for data, key in zip(shown, kept["views"], strict=True):
        name = kept["state"][key].get("class", "").rsplit(".", 1)[-1]
        text = "".join(data.get("text/plain", ""))
        if name and not text.startswith(f"{name}("):
            raise Mismatch(f"{text or 'a widget'} is shown where the state of {name} is kept")
        data[VIEW]["model_id"] = key
    states = {key: _whole(model) for key, model in kept["state"].items()}
    notebook["metadata"]["widgets"] = {
        STATE: {"state": states, "version_major": 2, "version_minor": 0}
    }


@functools.cache
def _new(name: str) -> dict[str, Any]:
    """The whole saved state of a new widget of the class NAME, less its layout."""
    module, _, attribute = name.rpartition(".")
    try:
        made = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise Mismatch(f"the state of {name} is kept, which there is no more: {error}") from None
    model = json.loads(json.dumps(made._get_embed_state(drop_defaults=False)))
    made.close()
    model["state"].pop("layout")
    return model


def _values(model: dict) -> dict[str, tuple]:
    """Each trait's value and buffers, to compare."""
    buffers = model.get("buffers", [])
    names = [*model["state"], *(b["path"][0] for b in buffers)]
    return {
        name: (
            model["state"].get(name),
            [[b["path"], b["data"].strip()] for b in buffers if b["path"][0] == name],
        )
        for name in names
    }


def _changed(model: dict, saved: dict) -> dict:
    """What is kept of a model; one that is not the book's is kept as it is."""
    name = model["state"].get("_anywidget_id", "")
    if not name.startswith(OURS):
        return model
    new, values = _values(_new(name)), _values(model)
    layout = saved.get(str(values.get("layout", ("",))[0]).removeprefix("IPY_MODEL_"))
    plain = layout is None or not any(v for k, v in layout["state"].items() if k[0] != "_")
    differ = {k for k, v in values.items() if v != new.get(k) and not (k == "layout" and plain)}
    kept = {
        "class": name,
        "state": {k: v for k, v in model["state"].items() if k in differ - {"_esm", "_css"}},
    }
    buffers = [b for b in model.get("buffers", []) if b["path"][0] in differ]
    return {**kept, "buffers": buffers} if buffers else kept


def _whole(model: dict) -> dict:
    """A kept model as front ends expect it."""
    if "class" not in model:
        return model
    new = json.loads(json.dumps(_new(model["class"])))
    mine = {*model["state"], *(b["path"][0] for b in model.get("buffers", []))}
    unknown = mine - set(_values(new)) - {"layout"}
    if unknown:
        raise Mismatch(f"{model['class']} has no {', '.join(sorted(unknown))} any more")
    state = {k: v for k, v in new["state"].items() if k not in mine}
    buffers = [b for b in new.get("buffers", []) if b["path"][0] not in mine]
    return {
        **new,
        "state": {**state, **model["state"]},
        "buffers": [*buffers, *model.get("buffers", [])],
    }
