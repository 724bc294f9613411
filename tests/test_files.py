"""Shipped files are found from anywhere."""

import pytest

from large_models.files import weights


def test_weights_are_found_from_another_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (weights("lenet-digits") / "model.safetensors").is_file()


def test_what_is_not_shipped_is_refused_with_what_is():
    with pytest.raises(ValueError, match="expected one of adding-lstm, .*got 'lenet'"):
        weights("lenet")
