"""The CNN that hears: its layers by hand, its files, what it refuses."""

import pytest
import torch
from torch.nn import functional as F

from large_models.models.cnn import num_parameters
from large_models.models.speech import SpeechCNN, SpeechCNNConfig


def test_layers_by_hand():
    torch.manual_seed(0)
    model, x = SpeechCNN(), torch.rand(3, 1, 65, 49)
    y = F.relu(F.conv2d(x, model.conv1.weight, model.conv1.bias, stride=2))
    y = F.relu(F.conv2d(y, model.conv2.weight, model.conv2.bias, stride=2))
    assert y.shape == (3, 16, 14, 10)
    expected = model.output(torch.stack([y[..., m] for m in range(10)]).mean(dim=0).flatten(1))
    torch.testing.assert_close(model(x), expected)
    assert num_parameters(model) == 8 * 26 + 16 * (8 * 25 + 1) + 10 * (16 * 14 + 1)


def test_it_listens_to_clips_of_any_length():
    model = SpeechCNN().eval()
    x = torch.rand(1, 1, 65, 25)
    assert model(torch.cat([x, x], dim=3)).shape == (1, 10)


def test_written_and_read_back(tmp_path):
    model, x = SpeechCNN(SpeechCNNConfig(num_classes=3)), torch.rand(2, 1, 65, 49)
    model.save_pretrained(tmp_path)
    torch.testing.assert_close(SpeechCNN.from_pretrained(tmp_path)(x), model(x), rtol=0, atol=0)
    (tmp_path / "config.json").write_text('{"row": 65}')
    with pytest.raises(ValueError, match="expected the sizes of a SpeechCNN"):
        SpeechCNN.from_pretrained(tmp_path)


def test_bad_sizes_and_shapes():
    with pytest.raises(ValueError, match="stride: expected a whole number of at least 1, got 0"):
        SpeechCNNConfig(stride=0)
    with pytest.raises(ValueError, match="does not fit"):
        SpeechCNNConfig(rows=8)  # the second kernel does not fit
    with pytest.raises(ValueError, match=r"expected shape \(B, 1, 65, M\), got \(1, 65, 49\)"):
        SpeechCNN()(torch.rand(1, 65, 49))
