"""What the page is given to run its cells, without a browser."""

import io
import zipfile
from pathlib import Path

import pytest

from book import library_archive, pyodide_files
from book.run import bundle


def test_the_committed_bundle_is_made_of_todays_sources():
    assert not bundle.stale(), "run `make widgets`, and commit what it changes"


def test_the_archive_is_the_same_at_every_build_and_small():
    made = library_archive.archive()
    library_archive.archive.cache_clear()
    assert library_archive.archive() == made
    assert len(made) < 2_000_000, "readers wait for it: what is new in it?"


def test_the_archive_holds_no_weights_and_nothing_compiled():
    names = zipfile.ZipFile(io.BytesIO(library_archive.archive())).namelist()
    assert not [name for name in names if name.endswith((".so", ".pyc", ".safetensors", ".xz"))]
    assert "large_models/shipped/lenet-digits/" in names and "cells.py" in names


def test_shipped_weights_come_as_their_folder():
    place, archive = library_archive.shipped("lenet-digits")
    assert place == "/book/large_models/shipped/lenet-digits"
    assert any(n.endswith(".safetensors") for n in zipfile.ZipFile(io.BytesIO(archive)).namelist())


def part(static, kind, data):
    return {"part": kind, "script": f"{static.name}-{kind}-{len(data)}"}


def test_a_distant_pyodide_copies_nothing(tmp_path):
    known = pyodide_files.place(None, tmp_path, part)
    assert not known["hosted"] and known["index"].startswith(f"https://{known['host']}/")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("there", [[], ["pyodide.mjs", "pyodide-lock.json"]])
def test_a_folder_that_is_no_pyodide_is_refused(tmp_path, there):
    for name in there:
        (tmp_path / name).write_text("{}")
    with pytest.raises(ValueError, match=r"PYODIDE=.*expected .*pyodide"):
        pyodide_files.place(str(tmp_path), tmp_path / "static", part)


def test_packages_come_with_what_they_need():
    lock = {name: {"depends": needs} for name, needs in {
        "numpy": [], "matplotlib": ["numpy", "Cycler"], "cycler": ["six"], "six": [], "other": [],
    }.items()}  # fmt: skip
    assert pyodide_files.needed(lock) == {"numpy", "matplotlib", "cycler", "six"}


def test_the_books_numpy_is_what_the_pinned_pyodide_has():
    # 314.0.6 has NumPy 2.4.6, as its lock file says.
    pins = (Path(__file__).parents[2] / "requirements.txt").read_text("utf-8")
    assert "numpy==2.4.6" in pins and pyodide_files.VERSION == "314.0.6"
