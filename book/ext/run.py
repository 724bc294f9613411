"""Code runs where it is read: what the page needs to run its cells (book/run).

A chapter's page gets one small script (run/start.js), which puts Run under each cell. All else is
loaded when that is pressed: what the cells need of each other (cells.py), the book's library and
what its widgets are made of as one archive, weights and data where a cell opens them.

Python itself is Pyodide: from its public address, or from a folder that the build is given by the
environment's PYODIDE (`make book PYODIDE=folder`) and copies into the book.
"""

import base64
import functools
import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

import cells
import library_archive
import library_needs
import pyodide_files
from docutils import nodes
from ext.scripts import classic
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from large_models.files import shipped

BOOK = Path(__file__).resolve().parents[1]
BUNDLE = BOOK / "run" / "bundle.js"
COPYING = ("clipboard.min.js", "copybutton.js")  # of sphinx-copybutton
PAGES = ("html", "dirhtml")  # builders that make a page of each notebook
CODEMIRROR = BOOK / "vendor" / "codemirror" / "codemirror.js"


class NameCells(SphinxPostTransform):
    """Gives each code cell its id in the page, so that a script finds it and a link leads to it.

    A cell that cannot run there has a class that names what it needs: "needs-torch".
    """

    default_priority = 299
    formats = ("html",)

    def run(self, **kwargs) -> None:
        if not _runs(self.app, self.env.docname):
            return
        given = _notebook(self.app, self.env.docname)["cells"]
        absent = {cell.id: cell.absent for cell in _analysed(self.app, self.env.docname)}
        for node in self.document.findall(nodes.container):
            if node.get("nb_element") == "cell_code":
                name = given[node["cell_index"]]["id"]
                node["ids"].append(name)
                node["classes"] += [f"needs-{package}" for package in absent[name]]


def _runs(app: Sphinx, docname: str) -> bool:
    """Whether a page of this name has code that runs in it."""
    known = app.builder.name in PAGES and docname in app.env.found_docs
    return known and app.env.doc2path(docname).endswith(".ipynb")


def _notebook(app: Sphinx, docname: str) -> dict:
    return json.loads(Path(app.env.doc2path(docname)).read_text("utf-8"))


def _analysed(app: Sphinx, docname: str) -> list:
    """What each cell needs; found once a build."""
    path = Path(app.env.doc2path(docname))
    return _analyse(path, path.stat().st_mtime_ns)


@functools.cache
def _analyse(path: Path, _: int) -> list:
    found = cells.analyse(json.loads(path.read_text("utf-8")))
    for cell in found:
        if "scikit-learn" in cell.packages and "scipy" not in cell.packages:
            cell.packages.append("scipy")  # which it needs
    return found


def add_start(app: Sphinx, pagename: str, template: str, context: dict, doctree) -> None:
    """Each chapter's page starts with Run under its cells."""
    if not _runs(app, pagename):
        return
    scripts = context["script_files"]
    names = {script: str(getattr(script, "filename", "")) for script in scripts}
    for script, name in names.items():  # the bar has a button of its own that copies
        if name.rpartition("/")[2] in COPYING:
            scripts.remove(script)
    if "_static/parts.js" not in names.values():
        app.add_js_file("parts.js", priority=100)
    app.add_js_file("run/start.js", priority=200, **{"data-page": Path(pagename).name})


def write_parts(app: Sphinx, exception: Exception | None) -> None:
    """The scripts that are loaded at the first press."""
    if exception or app.builder.name not in PAGES:
        return
    static = Path(app.outdir, "_static")
    folder = static / "run"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("pages", "notebooks"):
        (folder / part).mkdir(parents=True)
    for name in ("start.js", "worker.js"):
        shutil.copy(BOOK / "run" / name, folder)
    for name, path in (("run", BUNDLE), ("codemirror", CODEMIRROR)):
        (folder / f"{name}.js").write_text(classic(name, path.read_text("utf-8")), "utf-8")
    setup = {
        "pyodide": pyodide_files.place(os.environ.get("PYODIDE"), static, _part),
        "library": _part(static, "library", library_archive.archive()),
        "worker": _part(static, "worker", (BOOK / "run" / "worker.js").read_bytes()),
    }
    setup["pyodide"]["modules"] = library_needs.PYODIDE
    setup["files"] = {}  # what a cell may ask for, foreseen or not
    for name in [*shipped(), "corpus"]:
        place, data = library_archive.shipped(name)
        setup["files"][name] = {"folder": place, **_part(static, "files", data)}
    for docname in sorted(name for name in app.env.found_docs if _runs(app, name)):
        notebook, short = _notebook(app, docname), Path(docname).name
        found = _analysed(app, docname)
        page = {
            **setup,
            "name": short,
            "notebook": f"{short}.ipynb",
            "cells": [asdict(cell) for cell in found],
        }
        _hand_over(folder / "pages" / f"{short}.js", short, page)
        _hand_over(folder / "notebooks" / f"{short}.js", page["notebook"], _sources(notebook))


def _sources(notebook: dict) -> dict:
    """A notebook to be exported: what was typed, and no outputs."""
    shown = ("id", "cell_type", "metadata")
    cells = [
        {**{key: cell[key] for key in shown}, "source": "".join(cell["source"])}
        for cell in notebook["cells"]
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _hand_over(path: Path, name: str, value: dict) -> None:
    """Writes a script that hands the page a value as JSON."""
    path.write_text(f"lwData({json.dumps(name)}, {json.dumps(json.dumps(value))});\n", "utf-8")


def _part(static: Path, kind: str, data: bytes) -> dict[str, str]:
    """Writes bytes as a script that hands them to the page: {part, script}."""
    label = f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
    script = f"run/{label}.js"
    text = f"lwData({json.dumps(label)}, {json.dumps(base64.b64encode(data).decode())});\n"
    Path(static, script).write_text(text, "utf-8")
    return {"part": label, "script": script}


def setup(app: Sphinx) -> dict:
    app.add_post_transform(NameCells)
    # After ext.widgets has added its scripts, before ext.shell decides how scripts load.
    app.connect("html-page-context", add_start, priority=850)
    # Before ext.bundle looks which styles are used.
    app.connect("build-finished", write_parts, priority=940)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
