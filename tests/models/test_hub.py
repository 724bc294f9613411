"""models.hub: a directory, or a name that may need a network; names there and back."""

import socket

import pytest

from large_models.files import weights
from large_models.models import bert_files, gpt_files, hub
from large_models.models.bert import BertConfig, BertForMaskedLM
from large_models.models.cnn import LeNet, num_parameters
from large_models.models.gpt import GPT, GPTConfig
from large_models.models.rnn import SequenceModel
from large_models.models.speech import SpeechCNN


def test_names_come_back():
    config = BertConfig(vocab_size=10, tie_word_embeddings=False)
    for model, pairs in (
        (BertForMaskedLM(config), bert_files.NAMES),
        (GPT(GPTConfig(vocab_size=10)), gpt_files.NAMES),
    ):
        for name in model.state_dict():
            theirs = hub.to_theirs(name, pairs)
            assert hub.to_ours(theirs, pairs) == name
            assert theirs != name or ".in_proj_" in name


def test_a_pair_speaks_of_a_part_a_beginning_or_a_whole_name():
    pairs = ((".a.", ".b."), ("x.", "y."), ("bias", "z.bias"))
    assert hub.to_theirs("x.a.x.a.bias", pairs) == "y.b.x.b.bias"
    assert hub.to_theirs("ax.bias", pairs) == "ax.bias"
    assert hub.to_theirs("bias", pairs) == "z.bias"
    assert hub.to_ours("z.bias", pairs) == "bias"


def test_a_directory_is_its_own_place(tmp_path):
    assert hub.find(tmp_path) == hub.find(str(tmp_path)) == tmp_path
    with pytest.raises(FileNotFoundError, match="expected a directory with config.json"):
        hub.find(tmp_path / "not there")


def test_a_name_on_the_hub_without_a_network(monkeypatch, tmp_path):
    library = pytest.importorskip("huggingface_hub")
    pytest.importorskip("huggingface_hub.constants")
    asked = []

    def refuse(address, timeout=None):
        asked.append((address, timeout))
        raise ConnectionRefusedError("no way out")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(library.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(library.constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(OSError, match="hf download someone/some-bert.*no way out"):
        hub.find("someone/some-bert")
    assert len(asked) == 1 and asked[0][1] <= 5
    monkeypatch.setattr(library.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match="offline by HF_HUB_OFFLINE"):
        hub.find("someone/some-bert")
    assert len(asked) == 1


def test_a_name_on_the_hub_is_fetched(monkeypatch, tmp_path):
    library = pytest.importorskip("huggingface_hub")
    pytest.importorskip("huggingface_hub.constants")

    def snapshot(name, local_files_only=False, allow_patterns=None):
        assert name == "bert-base-uncased" and "config.json" in allow_patterns
        if local_files_only:
            raise FileNotFoundError("not in the cache")
        return str(tmp_path)

    class Line:
        def close(self):
            pass

    monkeypatch.setattr(library, "snapshot_download", snapshot)
    monkeypatch.setattr(library.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "create_connection", lambda address, timeout: Line())
    assert hub.find("bert-base-uncased") == tmp_path


@pytest.mark.parametrize(
    "name, read",
    [
        ("lenet-digits", LeNet.from_pretrained),
        ("speech-vowels", SpeechCNN.from_pretrained),
        ("chars-lstm", SequenceModel.from_pretrained),
        ("gpt-docs", GPT.from_pretrained),
        ("bert-docs", BertForMaskedLM.from_pretrained),
    ],
)
def test_a_shipped_model_is_found_by_its_name_from_anywhere(monkeypatch, tmp_path, name, read):
    monkeypatch.chdir(tmp_path)
    assert num_parameters(read(name)) == num_parameters(read(weights(name))) > 1000
