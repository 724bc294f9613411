"""From packages to a corpus, on small ones made here; and again on one that is installed."""

import importlib.metadata
import json
import re
import sys

import pytest

from large_models.data import docstrings, harvest

SHIPPED = json.loads((docstrings.CORPUS / "corpus.json").read_text("utf-8"))


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A function that makes packages of {file name: docstring} and has them harvested."""

    def make(files: dict[str, str], extra: str = "") -> list[harvest.Sentence]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'{extra}"""{text}"""\n', "utf-8")
        folders = sorted({name.split("/")[0] for name in files})
        monkeypatch.setattr(harvest, "FOLDERS", {folder: [folder] for folder in folders})
        monkeypatch.syspath_prepend(tmp_path)
        for folder in folders:
            (tmp_path / folder / "__init__.py").touch()
        return harvest.harvest(folders)

    yield make


def test_each_sentence_once_in_the_order_of_files(packages):
    kept = packages({
        "alpha_/z.py": "This is in two files. And it is the number 1 here. The last of it.",
        "alpha_/b/y.py": "this IS in two, files! And it is the number 3 here.",
        "alpha_/b.py": "This is the second one.",
    })  # fmt: skip
    assert [(row.file, row.text) for row in kept] == [
        ("alpha_/b.py", "This is the second one."),
        ("alpha_/b/y.py", "this IS in two, files!"),
        ("alpha_/b/y.py", "And it is the number 3 here."),
        ("alpha_/z.py", "The last of it."),
    ]


def test_a_sentence_of_two_packages_is_left_out(packages):
    kept = packages({
        "beta_/a.py": "This is in both of them. Here is the first.",
        "gamma_/a.py": "This is in both of them. Here is the other.",
    })  # fmt: skip
    assert [(row.package, row.text) for row in kept] == [
        ("beta_", "Here is the first."),
        ("gamma_", "Here is the other."),
    ]


@pytest.mark.parametrize("folder", ["tests", "_vendor", "externals", "inner/test"])
def test_folders_left_out(packages, folder):
    assert packages({f"delta_/{folder}/a.py": "This is not to be found."}) == []


@pytest.mark.parametrize(
    ("header", "own"),
    [
        ("# SPDX-License-Identifier: Apache-2.0\n", True),
        ("# Licensed under the Apache License, Version 2.0\n", True),
        ("# Permission is hereby granted, free of charge\n", True),
        ("# Creative Commons Attribution-Share-Alike\n", True),
        ("# In no event shall the author be liable\n", True),
        ("# This source code is licensed under the BSD-style license\n", False),
        ("# Licensed to PSF under a Contributor Agreement.\n", False),
        ("# SPDX-License-Identifier: BSD-3-Clause\n", False),
    ],
)
def test_files_under_other_terms_are_left_out(packages, header, own):
    assert (packages({"epsilon_/a.py": "This is one of them."}, header) == []) is own


@pytest.mark.heavy
def test_write_then_load(tmp_path):
    """What is written can be read, a file's sentences on the side that its name says."""
    rows = [
        harvest.Sentence("numpy", f"numpy/{i}.py", "notes", f"The file is number {i}.")
        for i in range(40)
    ]
    report = harvest.write(rows, tmp_path)
    assert report == json.loads((tmp_path / "corpus.json").read_text("utf-8"))
    seen = []
    for split in docstrings.SPLITS:
        side = docstrings.load(split, tmp_path)
        assert report["counts"][split]["sentences"] == len(side) > 0
        assert {harvest.split_of("numpy", file) for file in side.files} == {split}
        seen += side.sentences
    assert sorted(seen) == sorted(row.text for row in rows)


def test_licences_are_the_installed_ones():
    """Each package's own terms, without the list of binary libraries in its wheel."""
    for package in docstrings.PACKAGES:
        text = (docstrings.CORPUS / "licences" / f"{package}.txt").read_text("utf-8")
        assert "copyright" in text.lower() and len(text) > 1000, package
        assert not re.search(r"(?i)this binary dist|gcc runtime|^files: ", text), package
        if package != "python" and SHIPPED["versions"][package] == installed(package):
            assert text == harvest.licence(package)


def installed(package: str) -> str:
    if package == "python":
        return ".".join(map(str, sys.version_info[:3]))
    return importlib.metadata.version(package)


@pytest.mark.heavy
@pytest.mark.parametrize(("package", "folder"), [
    ("networkx", "networkx/algorithms/bipartite/"),
    ("scipy", "scipy/fft/"),
    ("torch", "torch/optim/"),
    ("python", "python/json/"),
])  # fmt: skip
def test_shipped_sentences_are_harvested_again(package, folder):
    """Where the version is the recorded one, a file gives the shipped sentences again, in order."""
    if installed(package) != SHIPPED["versions"][package]:
        pytest.skip(f"another version of {package} is installed")
    shipped: dict[str, list[tuple[str, str]]] = {}
    for split in docstrings.SPLITS:
        side = docstrings.load(split)
        for file, section, text in zip(side.files, side.sections, side.sentences, strict=True):
            if file.startswith(folder):
                shipped.setdefault(file, []).append((docstrings.SECTIONS[section], text))
    assert sum(map(len, shipped.values())) > 50
    paths = dict(harvest.source_files(package))
    for file, rows in shipped.items():
        fresh = list(harvest.harvest_source(paths[file].read_text("utf-8")))
        keys = [harvest.key(text) for _, text in fresh]
        once = [row for i, row in enumerate(fresh) if keys[i] not in keys[:i]]
        kept = set(rows)  # the rest of `once` was found in another file before
        assert [row for row in once if row in kept] == rows
