"""The shipped corpus is what its papers say, no side knows another, and tampering is noticed."""

import json
import lzma
import re
import shutil
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from large_models.data import docstrings
from large_models.data.docstrings import CORPUS, PACKAGES, SECTIONS, SPLITS, corpus_hash, load, text
from large_models.data.harvest import key, split_of
from large_models.data.prose import is_sentence

SHIPPED = json.loads((CORPUS / "corpus.json").read_text("utf-8"))
# Written down once more, away from the data: a new harvest is a decision, since it changes numbers.
HASHES = {
    "train": "b455558ea8ae2e6f4b675876e124d7acb9c2dac6475a53527990f435da1807b3",
    "validation": "d09d177ed0e6e54eb3e768193c1dcf224f5585d7e984f829b22785e29c999602",
    "test": "59800d6933fc5a6057a88e77a890938e8e51cd2f4d2ad5e0f7a0858cc120ea67",
}


@pytest.mark.heavy
@pytest.mark.parametrize("split", SPLITS)
def test_shipped_text(split):
    side = load(split)
    assert corpus_hash(split) == HASHES[split] == SHIPPED["sha256"][split]
    counts = SHIPPED["counts"][split]
    assert len(side) == len(side.files) == side.packages.size == side.sections.size
    assert len(side) == counts["sentences"]
    assert sum(len(sentence.split()) for sentence in side.sentences) == counts["words"]
    assert len(set(side.files)) == counts["files"]
    packages, sections = np.bincount(side.packages), np.bincount(side.sections)
    assert dict(zip(PACKAGES, packages.tolist(), strict=True)) == counts["packages"]
    assert dict(zip(SECTIONS, sections.tolist(), strict=True)) == counts["sections"]
    assert all(map(is_sentence, side.sentences[::7]))  # all of them takes seconds


def test_no_file_and_no_sentence_is_on_two_sides():
    files = [set(load(split).files) for split in SPLITS]
    keys = [key(sentence) for split in SPLITS for sentence in load(split).sentences]
    assert len(set().union(*files)) == sum(map(len, files))
    assert [same for same, times in Counter(keys).items() if times > 1] == []


def test_labels_fit_the_files():
    folders = dict(mpl_toolkits="matplotlib", sklearn="scikit-learn")
    for split in SPLITS:
        side = load(split)
        for file, package in set(zip(side.files, side.packages.tolist(), strict=True)):
            folder = file.split("/")[0]
            assert folders.get(folder, folder) == PACKAGES[package]
            assert split_of(PACKAGES[package], file) == split


def test_text_for_character_models():
    for split in SPLITS:
        plain = text(split)
        assert plain.splitlines() == list(load(split).sentences)
        assert plain.endswith("\n")
        assert {ord(character) for character in plain} <= {10, *range(32, 127)}


def test_readme_has_the_figures():
    readme = (CORPUS / "README.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| ([\w-]+) \|(.*)\|$", readme, re.MULTILINE))
    for kind in ("packages", "sections"):
        for name in SHIPPED["counts"]["test"][kind]:
            numbers = [f"{SHIPPED['counts'][split][kind][name]:,}" for split in SPLITS]
            assert rows[name].replace(" ", "").split("|")[-3:] == numbers
    assert [rows[name].split("|")[0].strip() for name in PACKAGES] == [
        SHIPPED["versions"][name] for name in PACKAGES
    ]
    total = sum(len(load(split)) for split in SPLITS)
    questions = sum(s.endswith("?") for split in SPLITS for s in load(split).sentences)
    assert f"{total:,} sentences" in readme and f"{questions} sentences are questions" in readme


def test_it_is_small():
    """The brief to ourselves: under 4 MB in all."""
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 4e6


def test_shared_data_cannot_be_changed():
    side = load("test")
    assert load("test") is side
    with pytest.raises(ValueError, match="read-only"):
        side.packages[0] = 1
    assert repr(side) == "Sentences(9,715 sentences from 379 files)"


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(CORPUS, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_tampered_text(copy):
    path = copy / "test.tsv.xz"
    data = lzma.decompress(path.read_bytes())
    path.write_bytes(lzma.compress(data.replace(b"the", b"teh", 1), preset=0))
    with pytest.raises(ValueError, match=f"expected text with the SHA-256 {HASHES['test']}"):
        load("test", copy)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[9:]])
def test_damaged_file(copy, damage):
    path = copy / "test.tsv.xz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"test\.tsv\.xz: (damaged|expected)"):
        text("test", copy)


def test_bad_names(tmp_path):
    with pytest.raises(ValueError, match="expected one of train, validation, test, got 'dev'"):
        load("dev")
    with pytest.raises(FileNotFoundError):
        load("test", tmp_path)


def test_import_is_light():
    """Reading the corpus needs neither torch nor tokenizers nor matplotlib."""
    code = f"import sys, {docstrings.__name__}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    ).stdout
    assert not {"torch", "tokenizers", "matplotlib", "ipywidgets"} & set(loaded.split())
    assert docstrings.__name__ in loaded.split()
