"""JupyterLite as `make lite` builds it: whole, and it opens a notebook.

Python itself comes from its public address, which a test does not ask.
"""

import json
import subprocess
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from large_models.files import WEIGHTS

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".venv-lite" / "bin" / "python"
NOTEBOOKS = sorted(path.name for path in (ROOT / "chapters").glob("*.ipynb"))
KERNEL = "@jupyterlite/pyodide-kernel-extension"


@pytest.fixture(scope="module")
def lite(tmp_path_factory) -> Path:
    """The built folder, two levels below what is served, as beside a book."""
    assert PYTHON.exists(), "`make test-slow` installs what builds JupyterLite"
    out = tmp_path_factory.mktemp("site") / "book" / "lite"
    subprocess.run([PYTHON, ROOT / "book" / "lite" / "build.py", out], check=True)
    return out


def test_every_notebook_is_listed_and_there(lite):
    listed = json.loads((lite / "api/contents/chapters/all.json").read_text())["content"]
    assert sorted(entry["name"] for entry in listed) == NOTEBOOKS
    assert sorted(path.name for path in (lite / "files/chapters").iterdir()) == NOTEBOOKS


def test_wheels_are_all_there_and_nothing_is_asked_of_a_registry(lite):
    told = json.loads((lite / "jupyter-lite.json").read_text())["jupyter-config-data"]
    settings = told["litePluginSettings"][f"{KERNEL}:kernel"]
    assert settings["disablePyPIFallback"] is True
    wheels = json.loads((lite / "pypi/all.json").read_text())
    needed = {"large-models-book", "anywidget", "ipywidgets", "comm", "psygnal"}
    assert needed <= wheels.keys()
    for package in wheels.values():
        for (release,) in package["releases"].values():
            assert (lite / "pypi" / release["filename"]).is_file()


def test_weights_lie_beside_a_small_wheel(lite):
    (wheel,) = (lite / "pypi").glob("large_models_book-*.whl")
    assert wheel.stat().st_size < 2_000_000
    with zipfile.ZipFile(wheel) as content:
        late = json.loads(content.read("large_models/late.json"))
        names = content.namelist()
    assert not {f"large_models/{name}" for name in late} & set(names)
    shipped = {path.relative_to(WEIGHTS).as_posix() for path in WEIGHTS.rglob("*.safetensors")}
    assert {name.removeprefix("shipped/") for name in late if name.startswith("shipped")} == shipped
    assert {f"shipped/{name}/README.md" for name in ("lenet-digits", "bert-docs")} <= {
        name.removeprefix("large_models/") for name in names
    }
    for name in shipped:
        there = lite / "late/large_models/shipped" / name
        assert there.read_bytes() == (WEIGHTS / name).read_bytes()


def test_a_notebook_opens_in_it(lite, browser, serve):
    site = serve(lite.parent.parent)
    page = browser.new_page()
    asked = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    page.goto(f"{site}/book/lite/lab/index.html?path=chapters/3_1_cnn.ipynb")
    page.locator(".jp-Notebook h1", has_text="Convolutional networks").wait_for(timeout=300_000)
    first = page.locator(".jp-CodeCell .cm-content").first
    first.wait_for(timeout=300_000)
    assert "%pip install -q large-models-book" in first.inner_text()
    assert asked - {None, ""} <= {"127.0.0.1", "cdn.jsdelivr.net"}
    page.close()
