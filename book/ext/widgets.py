"""Widgets live in the page with no kernel: book/assets/loader.js starts them from saved state.

myst-nb writes the widgets' saved state into the page's head, in front of all text. Here it moves
behind the text, so that reading can begin at once; the widgets' styles stay in front, with a
placeholder for each widget, so that nothing moves when it comes alive. The book's own widgets' code
and data become scripts (ext.scripts), which the page loads when they come near.
"""

import base64
import json
import re
import shutil
from html import escape
from importlib.resources import files
from pathlib import Path

import widget_states
from ext.builders import SITES
from ext.scripts import take_out
from sphinx.application import Sphinx
from sphinx.util import logging
from widget_states import STATE, VIEW

from large_models.widgets import assets

logger = logging.getLogger(__name__)
# Front ends that loader.js stands in for; a page with any other gets ipywidgets' own runtime.
LOADED = ("anywidget", "@jupyter-widgets/base")


def fill_states(app: Sphinx, docname: str, source: list[str]) -> None:
    """Before a notebook is read: put back what it does not keep of its widgets."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    if not widget_states.views(notebook):
        return
    try:
        widget_states.unpack(notebook)
    except widget_states.Mismatch as error:
        name = path.relative_to(app.srcdir)
        logger.warning(f"{error}: run `python book/notebooks.py {name}`", location=docname)
    for cell in notebook["cells"]:  # where a picture stands for the widget (ext.builders)
        if any(widget_states.VIEW in output.get("data", {}) for output in cell.get("outputs", [])):
            options = cell["metadata"].setdefault("mystnb", {}).setdefault("image", {})
            options.setdefault("alt", "The figure as it opens")
    for part in Path(assets.__file__).parent.rglob("*"):
        if part.suffix == ".py" or part.parent.name == "bundles":
            app.env.note_dependency(str(part))
    source[0] = json.dumps(notebook)


def stills(app: Sphinx, docname: str) -> list[str]:
    """Addresses, from the book's root, of the pictures that stand for the page's widgets."""
    path = Path(app.env.doc2path(docname))
    found = []
    for data in widget_states.views(json.loads(path.read_text("utf-8"))):
        name = f"_images/{path.stem}-widget-{len(found) + 1}.png" if "image/png" in data else ""
        if name:
            file = Path(app.outdir, name)
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(base64.b64decode("".join(data["image/png"])))
        found.append(name)
    return found


def place_state(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Hand the page's template `widget_state` (JSON) and `widget_styles` ({id: CSS})."""
    scripts = context["script_files"]
    found = [s for s in scripts if getattr(s, "attributes", {}).get("type") == STATE]
    if not found:
        return
    for script in found:
        scripts.remove(script)
    saved = json.loads(found[0].attributes["body"])
    models = {key: model["state"] for key, model in saved["state"].items()}
    styles = {}
    for state in models.values():
        css = state.get("_css")
        if css and not css.startswith("http"):
            styles[state["_anywidget_id"]] = state.pop("_css")
    scripts = ["plain.js"]
    if all(model["model_module"] in LOADED for model in saved["state"].values()):
        needed = take_out(saved["state"], Path(app.outdir, "_static"))
        # The first widget's come with the page, the others' when they are near.
        first = re.search(r'"model_id":\s*"(\w+)"', context["body"])
        scripts = ["parts.js", "model.js", "loader.js", *needed.get(first[1] if first else "", [])]
    for script in scripts:
        app.add_js_file(script, priority=100)  # before everything else: widgets come alive first
    context["widget_styles"] = styles
    context["widget_state"] = json.dumps(saved, separators=(",", ":")).replace("</", "<\\/")
    pictures = iter(stills(app, pagename))

    def reserve(match: re.Match) -> str:
        picture = next(pictures)
        still = picture and context["pathto"](picture, 1)
        return _placeholder(models, json.loads(match[1])["model_id"], still) + match[0]

    views = rf'<script type="{re.escape(VIEW)}">(.*?)</script>'
    context["body"] = re.sub(views, reserve, context["body"])


def _placeholder(models: dict, model_id: str, still: str) -> str:
    """Stands where the widget will be. `widgets.kernel_explorer.X` is a `kernel-explorer`."""
    state = models.get(model_id, {})
    parts = state.get("_anywidget_id", "").split(".")
    if len(parts) < 2:
        return ""  # a plain ipywidget
    name = escape(parts[-2].replace("_", "-"))
    # A widget of several modes has a height for each.
    mode = f' data-mode="{escape(str(state["mode"]))}"' if "mode" in state else ""
    picture = f'<img src="{escape(still)}" alt="The figure as it opens">' if still else ""
    return (
        f'<div class="lw-view"><div class="lw" data-widget="{name}"{mode} data-state="loading">'
        f"<noscript>This figure moves: it needs JavaScript.{picture}</noscript></div></div>"
    )


def copy_files(app: Sphinx, exception: Exception | None) -> None:
    """What widgets load on first use, and the runtime for pages with a plain ipywidget."""
    if exception or app.builder.name not in SITES:
        return
    static = Path(app.outdir, "_static")
    assets.write_assets(static / "lw-assets")
    anywidget = Path(str(files("anywidget")))
    shutil.copy(anywidget / "nbextension" / "index.js", static / "html-manager" / "anywidget.js")


def setup(app: Sphinx) -> dict:
    # Before ext.shell decides how scripts load, after myst-nb has added its own.
    app.connect("source-read", fill_states)
    app.connect("html-page-context", place_state, priority=800)
    app.connect("build-finished", copy_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
