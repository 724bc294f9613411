"""LeNet and GPT in NumPy against the same networks in torch, on other weights than the shipped."""

import numpy as np
import torch

from large_models.formulas import gpt, lenet
from large_models.models.cnn import LeNet
from large_models.models.gpt import GPT, GPTConfig
from large_models.tensors import load_arrays


def far_from_its_start(model):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def test_every_layer_of_a_lenet():
    model = far_from_its_start(LeNet())
    weights = {name: t.numpy() for name, t in model.state_dict().items()}
    x = np.random.default_rng(1).random((3, 1, 28, 28), np.float32)
    found = lenet.forward(weights, x)
    with torch.no_grad():
        expected = model(torch.from_numpy(x))
    np.testing.assert_allclose(found["scores"], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found["probabilities"], expected.softmax(1), rtol=1e-3, atol=1e-5)
    assert list(found)[:2] == ["input", "conv1"] and list(found)[-1] == "probabilities"


def test_channels_that_give_zero():
    model = far_from_its_start(LeNet())
    x = np.random.default_rng(2).random((2, 1, 28, 28), np.float32)
    weights = {name: t.numpy() for name, t in model.state_dict().items()}
    found = lenet.forward(weights, x, [1, 3])
    assert (found["conv1"][:, [1, 3]] == 0).all() and (found["conv1"][:, [0, 2]] != 0).any()
    with torch.no_grad():
        for channel in (1, 3):
            model.conv1.weight[channel] = 0
            model.conv1.bias[channel] = 0
        expected = model(torch.from_numpy(x))
    np.testing.assert_allclose(found["scores"], expected, rtol=1e-4, atol=1e-4)


def test_a_gpt_by_the_names_of_its_file(tmp_path):
    model = far_from_its_start(GPT(GPTConfig(40, 16, 12, 3, 2)))
    model.save_pretrained(tmp_path)
    ids = [3, 1, 39, 0, 7]
    scores, maps = gpt.forward(load_arrays(tmp_path / "model.safetensors"), ids, 2, 1e-5)
    with torch.no_grad():
        expected = model(torch.tensor([ids]))[0]
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-3)
    assert maps.shape == (3, 2, 5, 5)
    np.testing.assert_allclose(maps.sum(-1), 1, atol=1e-5)
    assert (np.triu(maps, 1) == 0).all()
