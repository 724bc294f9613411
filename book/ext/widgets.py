"""Widgets live in the page with no kernel: book/assets/loader.js starts them from saved state.

myst-nb writes the widgets' saved state into the page's head, in front of all text. Here it moves
behind the text, so that reading can begin at once; the widgets' styles stay in front, with a
placeholder for each widget, so that nothing moves when it comes alive.
"""

import json
import re
import shutil
from html import escape
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx

from lib.widgets.assets import write_assets

STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


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
    context["widget_styles"] = styles
    context["widget_state"] = json.dumps(saved, separators=(",", ":")).replace("</", "<\\/")
    app.add_js_file("loader.js", priority=100)  # before everything else: widgets come alive first
    context["body"] = re.sub(
        rf'<script type="{re.escape(VIEW)}">(.*?)</script>',
        lambda match: _placeholder(models, json.loads(match[1])["model_id"]) + match[0],
        context["body"],
    )


def _placeholder(models: dict, model_id: str) -> str:
    """Stands where the widget will be. `lib.widgets.kernel_explorer.X` is a `kernel-explorer`."""
    state = models.get(model_id, {})
    parts = state.get("_anywidget_id", "").split(".")
    if len(parts) < 2:
        return ""  # a plain ipywidget
    name = escape(parts[-2].replace("_", "-"))
    # A widget of several modes has a height for each.
    mode = f' data-mode="{escape(str(state["mode"]))}"' if "mode" in state else ""
    return (
        f'<div class="lw-view"><div class="lw" data-widget="{name}"{mode} data-state="loading">'
        "<noscript>This figure moves: it needs JavaScript.</noscript></div></div>"
    )


def copy_files(app: Sphinx, exception: Exception | None) -> None:
    """What widgets load on first use, and the runtime for pages with a plain ipywidget."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    write_assets(static / "lw-assets")
    anywidget = Path(find_spec("anywidget").origin).parent
    shutil.copy(anywidget / "nbextension" / "index.js", static / "html-manager" / "anywidget.js")


def setup(app: Sphinx) -> dict:
    # Before ext.shell decides how scripts load, after myst-nb has added its own.
    app.connect("html-page-context", place_state, priority=800)
    app.connect("build-finished", copy_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
