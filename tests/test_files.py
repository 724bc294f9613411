"""Shipped files are found from anywhere."""

import os

import pytest

from large_models import files
from large_models.files import model_folder, weights, write_whole


def test_weights_are_found_from_another_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (weights("lenet-digits") / "model.safetensors").is_file()


def test_what_is_not_shipped_is_refused_with_what_is():
    with pytest.raises(ValueError, match="expected one of adding-lstm, .*got 'lenet'"):
        weights("lenet")


@pytest.mark.parametrize("name", ["", ".", "..", "bert-docs/checkpoints"])
def test_a_name_is_the_name_of_one_folder(name):
    with pytest.raises(ValueError, match="expected one of"):
        weights(name)


def test_without_any_weights_the_error_says_where_they_were_looked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "WEIGHTS", tmp_path / "none")
    with pytest.raises(ValueError, match=r"found none, neither in .*shipped .*nor .*weights"):
        weights("lenet-digits")


def test_a_model_is_a_folder_or_what_is_shipped_by_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert model_folder("lenet-digits") == weights("lenet-digits")
    assert model_folder(tmp_path / "x") == tmp_path / "x"
    (tmp_path / "lenet-digits").mkdir()  # what is here comes first
    assert model_folder("lenet-digits").resolve() == (tmp_path / "lenet-digits").resolve()


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_whole(tmp_path, monkeypatch, function):
    path = tmp_path / "new" / "x.txt"
    write_whole(path, "old")

    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new")
    assert path.read_text() == "old" and list(path.parent.iterdir()) == [path]
