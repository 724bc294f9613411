"""SequenceModel: equal to torch's layers, files come back, damaged ones are named."""

import json

import pytest
import torch
from torch import nn

from large_models.models.rnn import SequenceConfig, SequenceModel
from large_models.tensors import load_tensors, save_tensors

TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def model_of(kind: str) -> SequenceModel:
    torch.manual_seed(0)
    return SequenceModel(SequenceConfig(kind, 3, 5, 2))


@pytest.mark.parametrize("kind", TORCH)
def test_equals_torchs_layer_and_a_linear_one(kind):
    model = model_of(kind).double()
    layer = TORCH[kind](3, 5, batch_first=True).double()
    layer.load_state_dict(model.rnn.state_dict())
    x = torch.randn(4, 7, 3, dtype=torch.float64)
    hidden = layer(x)[0]
    expected = hidden @ model.output.weight.T + model.output.bias
    torch.testing.assert_close(model(x)[0], expected)


@pytest.mark.parametrize("kind", TORCH)
def test_goes_on_where_it_stopped(kind):
    model = model_of(kind)
    x = torch.randn(4, 7, 3)
    whole, _ = model(x)
    first, state = model(x[:, :3])
    rest, _ = model(x[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, rest], dim=1), whole)


@pytest.mark.parametrize("kind", TORCH)
def test_files_come_back(kind, tmp_path):
    model = model_of(kind)
    model.save_pretrained(tmp_path)
    again = SequenceModel.from_pretrained(tmp_path)
    assert again.config == model.config and not again.training
    x = torch.randn(2, 3, 3)
    assert torch.equal(again(x)[0], model(x)[0])


@pytest.mark.parametrize("bias", [1, 3])
def test_forget_gates_start_open(bias):
    model = model_of("lstm")
    other = {name: value.clone() for name, value in model.rnn.named_parameters()}
    assert model.remember_by_default(bias) is model
    both = model.rnn.bias_ih_l0 + model.rnn.bias_hh_l0
    assert torch.equal(both[5:10], torch.full((5,), float(bias)))
    for rows in (slice(0, 5), slice(10, 20)):  # the other gates stay as they were drawn
        assert torch.equal(model.rnn.bias_ih_l0[rows], other["bias_ih_l0"][rows])
        assert torch.equal(model.rnn.bias_hh_l0[rows], other["bias_hh_l0"][rows])
    assert torch.equal(model.rnn.weight_hh_l0, other["weight_hh_l0"])


@pytest.mark.parametrize("kind", ["rnn", "gru"])
def test_other_layers_have_no_forget_gate(kind):
    with pytest.raises(ValueError, match=f"expected \"lstm\".*got '{kind}'"):
        model_of(kind).remember_by_default()


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"kind": "tcn"}, "kind: expected one of rnn, lstm, gru, got 'tcn'"),
        ({"hidden_size": 0}, "hidden_size: expected a whole number of at least 1, got 0"),
        ({"input_size": True}, "input_size: .* got True"),
        ({"output_size": 1.5}, "output_size: .* got 1.5"),
    ],
)
def test_settings_that_make_no_sense(settings, message):
    with pytest.raises(ValueError, match=message):
        SequenceConfig(**settings)


@pytest.mark.parametrize("text", ["{", "[1]", '{"kind": "lstm", "depth": 3}'])
def test_damaged_config(tmp_path, text):
    model_of("lstm").save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ValueError, match="config.json: expected the sizes"):
        SequenceModel.from_pretrained(tmp_path)


def test_damaged_weights(tmp_path):
    model_of("lstm").save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_tensors(path)[0]
    whole = path.read_bytes()

    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="model.safetensors"):
        SequenceModel.from_pretrained(tmp_path)

    save_tensors(path, {n: t for n, t in tensors.items() if n != "output.bias"})
    with pytest.raises(ValueError, match="output.bias"):
        SequenceModel.from_pretrained(tmp_path)

    save_tensors(path, tensors | {"output.bias": torch.tensor([0.0, torch.nan])})
    with pytest.raises(ValueError, match="output.bias"):
        SequenceModel.from_pretrained(tmp_path)

    save_tensors(path, tensors)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"hidden_size": 6}))
    with pytest.raises(ValueError, match="rnn.weight_ih_l0"):
        SequenceModel.from_pretrained(tmp_path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        SequenceModel.from_pretrained(tmp_path)
