"""JupyterLite: what its wheel and its notebooks are, and that its pins are the book's."""

import json
import re
import sys
import types
import zipfile
from pathlib import Path

import pytest

from book.lite import build
from large_models.files import link_late

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def made(monkeypatch):
    """What is asked of the file system of a browser's tab."""
    asked = []
    files = types.SimpleNamespace(createLazyFile=lambda *given: asked.append(given))
    at = "http://host/book/lite/extensions/@jupyterlite/kernel/static/worker.js"
    js = types.SimpleNamespace(location=types.SimpleNamespace(href=at))
    monkeypatch.setitem(sys.modules, "js", js)
    monkeypatch.setitem(sys.modules, "pyodide_js", types.SimpleNamespace(FS=files))
    return asked


def test_late_files_stand_where_they_belong(tmp_path, made):
    (tmp_path / "late.json").write_text('["data/a.xz", "shipped/m/model.safetensors"]')
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.xz").write_bytes(b"there already")
    link_late(tmp_path)
    address = "http://host/book/lite/late/large_models/shipped/m/model.safetensors"
    assert made == [(f"{tmp_path}/shipped/m", "model.safetensors", address, True, False)]
    assert (tmp_path / "shipped/m").is_dir()


def test_where_nothing_is_listed_nothing_is_late(tmp_path):
    link_late(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_wheel_without_its_late_files_names_them(tmp_path, made):
    whole, slim = tmp_path / "whole.whl", tmp_path / "slim.whl"
    content = {
        "large_models/__init__.py": b"",
        "large_models/shipped/m/config.json": b"{}",
        "large_models/shipped/m/model.safetensors": b"numbers",
        "large_models/data/corpus/train.tsv.xz": b"text",
        "book-1.dist-info/METADATA": b"Name: book",
        "book-1.dist-info/RECORD": b"all of them",
    }
    with zipfile.ZipFile(whole, "w") as wheel:
        for name, data in content.items():
            wheel.writestr(name, data)
    left_out = build.slim(whole, slim)
    assert left_out == {name: content[name] for name in content if name.endswith(build.LATE)}
    with zipfile.ZipFile(slim) as wheel:
        names = wheel.namelist()
        record = [line.split(",")[0] for line in wheel.read(names[-1]).decode().splitlines()]
        wheel.extractall(tmp_path / "installed")
    assert set(names) == set(content) - set(left_out) | {"large_models/late.json"}
    assert names[-1] == "book-1.dist-info/RECORD" and sorted(record) == sorted(names)
    link_late(tmp_path / "installed" / "large_models")
    fetched = {"large_models/" + given[2].split("/late/large_models/")[1] for given in made}
    assert fetched == set(left_out)  # each at the address where `main` puts it


def test_a_notebook_in_the_tab_brings_the_library_before_its_first_code():
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        before = json.loads(path.read_text("utf-8"))
        after = build.for_the_tab(json.loads(path.read_text("utf-8")))
        first, *others = [c for c in after["cells"] if c["cell_type"] == "code"]
        assert "%pip install -q large-models-book" in first["source"]
        assert others == [c for c in before["cells"] if c["cell_type"] == "code"]
        assert after["metadata"]["kernelspec"]["name"] == "python"


def pins(path: Path) -> dict[str, str]:
    """A requirements file's packages, without extras, and their versions."""
    found = re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", path.read_text("utf-8"), re.M)
    return {name.lower().replace("_", "-"): version for name, version in found}


@pytest.mark.parametrize("name", ["requirements.txt", "wheels.txt"])
def test_every_pin_is_exact_and_the_books_own(name):
    path, book = ROOT / "book" / "lite" / name, pins(ROOT / "requirements.txt")
    lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
    found = pins(path)
    assert len(found) == len(lines)
    shared = found.keys() & book.keys()
    assert shared >= {"anywidget", "ipywidgets"}
    assert {name: found[name] for name in shared} == {name: book[name] for name in shared}


def test_core_and_kernel_are_one_release():
    found = pins(ROOT / "book" / "lite" / "requirements.txt")
    assert found["jupyterlite-core"] == found["jupyterlite-pyodide-kernel"]
