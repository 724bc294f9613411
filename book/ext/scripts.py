"""What a page's widgets are made of, as scripts of their own that are loaded when they are needed.

A widget's module and its larger data leave the page: widgets/NAME-HASH.js and widgets/data-HASH.js,
classic scripts that a page may load from file:// and where only `script-src 'self'` is allowed.
Their names follow from what is in them, so that widgets and pages with the same parts share them.
"""

import hashlib
import json
import re
from pathlib import Path

from ext.builders import SITES
from sphinx.application import Sphinx

OURS = "large_models.widgets."
FOLDER = "widgets"  # in _static
LEAST = 1500  # characters of base64: less stays in the page
_EXPORT = re.compile(r"export\s*\{\s*([\w$]+)\s+as\s+default\s*\}\s*;?\s*$")


def classic(name: str, module: str) -> str:
    """A module that exports one widget as a script that hands it to the loader under a name.

    Raises:
        ValueError: if the module does not end in its only export.
    """
    found = _EXPORT.search(module)
    if not found:
        raise ValueError(f"the module of {name} does not end in `export {{x as default}}`")
    body = f'"use strict";{module[: found.start()]}\nreturn {found[1]};'
    return f"lwWidget({json.dumps(name)}, (() => {{{body}\n}})());\n"


def take_out(models: dict[str, dict], static: Path) -> dict[str, list[str]]:
    """Move the book's widgets' modules and data out of the models, in place.

    Args:
        models: the page's saved models, {id: model}.
        static: the folder for scripts.

    Returns:
        the scripts that each model needs, {id: [address in `static`, ...]}.
    """
    scripts: dict[str, list[str]] = {}
    for key, model in models.items():
        name = model["state"].get("_anywidget_id", "")
        if not name.startswith(OURS):
            continue
        module = classic(name, model["state"].pop("_esm"))
        model["script"] = _write(static, name.split(".")[-2], module)
        scripts[key] = [model["script"]]
        for buffer in model.get("buffers", []):
            if len(buffer["data"]) >= LEAST:
                data = buffer.pop("data").strip()
                label = hashlib.sha256(data.encode()).hexdigest()[:12]
                text = f"lwData({json.dumps(label)}, {json.dumps(data)});\n"
                buffer["part"], buffer["script"] = label, _write(static, "data", text)
                scripts[key].append(buffer["script"])
    return scripts


def _write(static: Path, name: str, text: str) -> str:
    """Write a script if it is not there; returns its address in `static`."""
    address = f"{FOLDER}/{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
    path = static / address
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return address


def remove_old(app: Sphinx, exception: Exception | None) -> None:
    """Leave out what no page names any more."""
    if exception or app.builder.name not in SITES:
        return
    named: set[str] = set()
    for page in Path(app.outdir).rglob("*.html"):
        named.update(re.findall(rf"{FOLDER}/([\w-]+\.js)", page.read_text("utf-8")))
    for path in Path(app.outdir, "_static", FOLDER).glob("*.js"):
        if path.name not in named:
            path.unlink()


def setup(app: Sphinx) -> dict:
    app.connect("build-finished", remove_old)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
