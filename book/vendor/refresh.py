"""Fetch the third-party front-end files again: `python book/vendor/refresh.py`.

A maintainer's tool (it needs npm); building the book needs only what lies here. To update, change
a version below, run it, run the browser tests, commit what changed.
"""

import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from large_models.widgets.bundle import joined

HERE = Path(__file__).parent
KATEX = "katex@0.19.1"
HTML_MANAGER = "@jupyter-widgets/html-manager@1.0.15"


def unpack(package: str, into: Path) -> Path:
    """Download an npm package and return the folder that holds its files."""
    command = ["npm", "pack", "--silent", "--json", package]
    packed = subprocess.run(command, cwd=into, check=True, capture_output=True, text=True)
    name = json.loads(packed.stdout)[0]["filename"]
    with tarfile.open(into / name) as archive:
        archive.extractall(into / "files", filter="data")
    return into / "files" / "package"


def katex(source: Path, target: Path) -> None:
    """The renderer, its style and its fonts, in the one format that every browser reads."""
    for path in (source / "dist").glob("fonts/*.woff2"):
        (target / "fonts").mkdir(exist_ok=True)
        shutil.copy(path, target / "fonts")
    shutil.copy(source / "dist" / "katex.min.js", target)
    css = (source / "dist" / "katex.min.css").read_text("utf-8")
    css = re.sub(r',url\(fonts/[\w-]+\.(?:woff|ttf)\) format\("\w+"\)', "", css)
    (target / "katex.min.css").write_text(css, "utf-8")
    shutil.copy(source / "LICENSE", target)


def html_manager(source: Path, target: Path) -> None:
    """ipywidgets' own page runtime, for pages with a plain ipywidget.

    As published it can load its own widgets only. One expression is changed, so that it asks
    `lwModule(name, base)` for any other front end: see book/assets/loader.js.
    """
    script = (source / "dist" / "embed.js").read_text("utf-8")
    base = re.search(r"new\((\w+)\.createErrorWidgetModel\(", script)[1]
    pattern = r"\(\(\)=>new (\w+)\)\)\}\)\)\)\}\)\(\)\}\)\(\);\n//# source.*\s*$"
    hooked = rf"(()=>new \1({{loader:e=>globalThis.lwModule(e,{base})}})))}})))}})()}})();\n"
    script, changed = re.subn(pattern, hooked, script)
    if changed != 1:
        raise SystemExit("html-manager: the place to hook its loader has moved")
    (target / "embed.js").write_text(script, "utf-8")
    shutil.copy(source / "dist" / "embed.js.LICENSE.txt", target)
    for path in (source / "dist").glob("*.woff2"):
        shutil.copy(path, target)
    # The npm package names its licence (BSD-3-Clause) without the text; ipywidgets' has it.
    files = distribution("ipywidgets").files
    shutil.copy(next(f.locate() for f in files if f.name == "LICENSE"), target)


def codemirror() -> None:
    """The editor of the page's cells: what codemirror/source.js names, as one module."""
    target = HERE / "codemirror"
    text = joined(target / "source.js")
    (target / "codemirror.js").write_text(text, "utf-8")
    named = re.findall(r"npm:(@[^\"]+)", (target / "source.js").read_text("utf-8"))
    versions = (" ".join(name.rsplit("@", 1)) for name in named)
    (target / "VERSION").write_text("".join(f"{version}\n" for version in versions))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(unpack(named[0], Path(folder)) / "LICENSE", target)


def main() -> None:
    codemirror()
    for package, copy in [(KATEX, katex), (HTML_MANAGER, html_manager)]:
        name, version = package.rsplit("@", 1)
        target = HERE / name.rsplit("/", 1)[-1]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        with tempfile.TemporaryDirectory() as folder:
            copy(unpack(package, Path(folder)), target)
        (target / "VERSION").write_text(f"{name} {version}\n")
        print(f"{package} -> {target}")


if __name__ == "__main__":
    main()
