"""LeNet: the layers that the reader has built, in torch; its files; its refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from large_models.data import digits
from large_models.formulas import cnn, training
from large_models.models.cnn import LeNet, LeNetConfig, num_parameters
from large_models.tensors import load_tensors

WEIGHTS = Path(__file__).parents[2] / "weights" / "lenet-digits"


def test_it_is_its_layers_one_after_the_other():
    torch.manual_seed(0)
    model = LeNet()
    layers = nn.Sequential(
        model.conv1, nn.ReLU(), nn.MaxPool2d(2), model.conv2, nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), model.hidden, nn.ReLU(), model.output,
    )  # fmt: skip
    x = torch.randn(3, 1, 28, 28)
    torch.testing.assert_close(model(x), layers(x), rtol=0, atol=0)
    assert num_parameters(model) == num_parameters(layers)


def test_activations_have_the_names_and_shapes_that_the_chapter_shows():
    got = {k: tuple(v.shape) for k, v in LeNet().activations(torch.zeros(2, 1, 28, 28)).items()}
    assert got == {
        "input": (2, 1, 28, 28),
        "conv1": (2, 8, 24, 24),
        "relu1": (2, 8, 24, 24),
        "pool1": (2, 8, 12, 12),
        "conv2": (2, 16, 8, 8),
        "relu2": (2, 16, 8, 8),
        "pool2": (2, 16, 4, 4),
        "hidden": (2, 64),
        "scores": (2, 10),
    }
    assert " ".join(got) == "input conv1 relu1 pool1 conv2 relu2 pool2 hidden scores"  # in order


def test_numpy_computes_the_same_from_the_shipped_weights():
    x = digits.to_input(digits.load_digits().test_images[:50])
    w = {name: t.numpy() for name, t in load_tensors(WEIGHTS / "model.safetensors")[0].items()}
    out = {"conv1": cnn.conv2d(x, w["conv1.weight"], w["conv1.bias"])}
    out["pool1"] = cnn.max_pool2d(cnn.relu(out["conv1"]), 2)
    out["conv2"] = cnn.conv2d(out["pool1"], w["conv2.weight"], w["conv2.bias"])
    out["pool2"] = cnn.max_pool2d(cnn.relu(out["conv2"]), 2)
    flat = out["pool2"].reshape(50, -1)
    out["hidden"] = cnn.relu(training.linear(flat, w["hidden.weight"], w["hidden.bias"]))
    out["scores"] = training.linear(out["hidden"], w["output.weight"], w["output.bias"])
    with torch.no_grad():
        expected = LeNet.from_pretrained(WEIGHTS).activations(torch.from_numpy(x))
    for name, got in out.items():  # float32 sums of up to 256 products, in another order
        np.testing.assert_allclose(got, expected[name], rtol=1e-5, atol=1e-5)


@settings(max_examples=30)
@given(
    input_size=st.integers(8, 40), kernel_size=st.integers(1, 5), pool_size=st.integers(1, 3),
    channels_1=st.integers(1, 3), channels_2=st.integers(1, 3),
)  # fmt: skip
def test_every_size_that_is_accepted_runs(**sizes):
    side, kernel_size = sizes["input_size"], sizes["kernel_size"]
    try:
        config = LeNetConfig(**sizes)
    except ValueError as error:
        assert "empty output" in str(error)
        with pytest.raises(RuntimeError):  # torch's own layers give up on it too
            layer = nn.Conv2d(1, 1, kernel_size), nn.MaxPool2d(sizes["pool_size"])
            nn.Sequential(*layer, *layer)(torch.zeros(1, 1, side, side))
        return
    out = LeNet(config).activations(torch.zeros(1, 1, side, side))
    assert out["pool2"].shape[-1] == config.pooled_size and out["scores"].shape == (1, 10)


def test_saved_and_read_again(tmp_path):
    torch.manual_seed(1)
    model = LeNet(LeNetConfig(channels_1=3, hidden_size=5))
    model.save_pretrained(tmp_path)
    again = LeNet.from_pretrained(tmp_path)
    assert again.config == model.config and not again.training
    x = torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(again(x), model(x), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"hidden_size": 0}, "hidden_size: expected a whole number of at least 1, got 0"),
        ({"kernel_size": 2.5}, "kernel_size: .* got 2.5"),
        ({"num_classes": True}, "num_classes: .* got True"),
        ({"input_size": 9}, "empty output"),
    ],
)
def test_bad_sizes_are_named(settings, says):
    with pytest.raises(ValueError, match=says):
        LeNetConfig(**settings)


@pytest.mark.parametrize("shape", [(1, 28, 28), (2, 3, 28, 28), (2, 1, 28, 27), (2, 1, 8, 8)])
def test_another_input_is_named(shape):
    with pytest.raises(ValueError, match=r"expected shape \(B, 1, 28, 28\), got"):
        LeNet()(torch.zeros(shape))


def test_damaged_and_missing_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError):
        LeNet.from_pretrained(tmp_path)
    model = LeNet()
    model.save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    good = config.read_text()
    for bad in ("{", "[]", json.dumps({"depth": 3}), "\x00"):
        config.write_text(bad)
        with pytest.raises(ValueError, match="expected the sizes of a LeNet"):
            LeNet.from_pretrained(tmp_path)
    config.write_text(json.dumps(json.loads(good) | {"hidden_size": 7}))
    with pytest.raises(
        ValueError, match=r"hidden\.weight: expected shape \(7, 256\), got \(64, 256\)"
    ):
        LeNet.from_pretrained(tmp_path)
    config.write_text(good)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ValueError, match="hash differs"):
        LeNet.from_pretrained(tmp_path)
    weights.write_bytes(b"weights")
    with pytest.raises(ValueError, match="whole safetensors file"):
        LeNet.from_pretrained(tmp_path)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="no file .*model"):
        LeNet.from_pretrained(tmp_path)
