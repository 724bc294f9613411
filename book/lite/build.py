"""Build JupyterLite with the book's notebooks: JupyterLab and Python in a browser tab.

    .venv-lite/bin/python book/lite/build.py _build/html/lite      # or `make lite`

Python is Pyodide, from its public address when a reader opens a notebook. The book's library comes
as a wheel without its weights and its corpus: those lie beside it, and each of their files is
fetched when a cell opens it (`large_models.files.link_late`).
"""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SETTINGS = ROOT / "book" / "lab" / "labconfig" / "default_setting_overrides.json"
WHEELS = Path(sys.prefix) / "wheels"  # those of wheels.txt, where `make` puts them
PYTHON = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
PACKAGE = "lib weights pyproject.toml setup.py MANIFEST.in README.md LICENSE LICENSE-TEXT".split()
LATE = (".safetensors", ".xz")  # of the wheel's files, fetched when they are opened
# Cells name what they import, and JupyterLite brings it; this brings what the library imports.
FIRST = (
    "# Brings the book's library into this tab.\n%pip install -q large-models-book matplotlib tqdm"
)


def main(out: str) -> None:
    """Build into the folder `out`, from nothing."""
    target = Path(out).resolve()
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary:
        site = Path(temporary)
        late = stage(site)
        configure(site, target)
        command = [sys.executable, "-m", "jupyter", "lite", "build", "--lite-dir", site]
        subprocess.run(command, check=True, cwd=site, env=environment())
        for name, data in late.items():
            path = target / "late" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def environment() -> dict[str, str]:
    """This one's, less what would bring in another environment's JupyterLab extensions."""
    return {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}


def configure(site: Path, target: Path) -> None:
    """Write what `jupyter lite build` is told."""
    shutil.copy(HERE / "jupyter-lite.json", site)
    shutil.copy(SETTINGS, site / "overrides.json")
    told = {
        "LiteBuildConfig": {
            "apps": ["lab"],
            "contents": ["contents"],
            "no_sourcemaps": True,
            "output_dir": str(target),
        },
        "PipliteAddon": {"piplite_urls": ["wheels"]},
    }
    (site / "jupyter_lite_config.json").write_text(json.dumps(told))


def stage(site: Path) -> dict[str, bytes]:
    """Lay out notebooks and wheels; returns the files that are fetched late."""
    chapters = site / "contents" / "chapters"
    chapters.mkdir(parents=True)
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        notebook = for_the_tab(json.loads(path.read_text("utf-8")))
        (chapters / path.name).write_text(json.dumps(notebook, ensure_ascii=False), "utf-8")
    wheels = shutil.copytree(WHEELS, site / "wheels")
    source = site / "source"  # a copy: setuptools leaves a folder of its own behind
    for name in PACKAGE:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("*.egg-info"))
        else:
            source.mkdir(exist_ok=True)
            shutil.copy(path, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", source]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (whole,) = (source / "dist").glob("*.whl")
    return slim(whole, wheels / whole.name)


def for_the_tab(notebook: dict) -> dict:
    """A notebook with the tab's kernel, and a first code cell that brings the library."""
    notebook["metadata"]["kernelspec"] = PYTHON
    first = next(i for i, cell in enumerate(notebook["cells"]) if cell["cell_type"] == "code")
    bring = {
        "cell_type": "code",
        "execution_count": None,
        "id": "bring-the-library",
        "metadata": {},
        "outputs": [],
        "source": FIRST,
    }
    notebook["cells"].insert(first, bring)
    return notebook


def slim(whole: Path, target: Path) -> dict[str, bytes]:
    """Write a wheel less its late files, which it lists with their sizes; returns those."""
    late = {}
    with (
        zipfile.ZipFile(whole) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel,
    ):
        (record,) = (name for name in source.namelist() if name.endswith(".dist-info/RECORD"))
        for info in source.infolist():
            data = source.read(info)
            if info.filename.endswith(LATE):
                late[info.filename] = data
            elif info.filename != record:
                wheel.writestr(info, data)
        listed = json.dumps(sorted(name.removeprefix("large_models/") for name in late))
        wheel.writestr("large_models/late.json", listed)
        lines = io.StringIO()
        csv.writer(lines, lineterminator="\n").writerows(
            [info.filename, "", ""] for info in wheel.infolist()
        )
        wheel.writestr(record, f"{lines.getvalue()}{record},,\n")
    return late


if __name__ == "__main__":
    main(*sys.argv[1:])
