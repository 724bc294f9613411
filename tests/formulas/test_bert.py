"""BERT in NumPy: the torch model is the oracle, itself held equal to transformers'."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from large_models.formulas import bert as formulas
from large_models.models.bert import BertConfig, BertForMaskedLM

SIZES = [
    dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16),
    dict(hidden_size=12, num_hidden_layers=1, num_attention_heads=3, hidden_act="relu",
         intermediate_size=20, layer_norm_eps=1e-3, tie_word_embeddings=False),
    dict(hidden_size=6, num_hidden_layers=3, num_attention_heads=1, hidden_act="gelu_new",
         intermediate_size=10),
]  # fmt: skip


def model(tmp_path, **sizes):
    torch.manual_seed(0)
    ours = BertForMaskedLM(BertConfig(vocab_size=40, max_position_embeddings=16, **sizes)).eval()
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.normal_(0, 0.3)
    ours.save_pretrained(tmp_path)
    return ours


def batch():
    rng = np.random.default_rng(0)
    ids, types = rng.integers(40, size=(3, 9)), rng.integers(2, size=(3, 9))
    return ids, np.arange(9) < np.array([[9], [4], [1]]), types


@pytest.mark.parametrize("sizes", SIZES)
def test_equals_the_torch_model(sizes, tmp_path):
    """Both in float32, with another order of sums: 1e-5."""
    ours = model(tmp_path, **sizes)
    ids, mask, types = batch()
    bert = formulas.read(tmp_path)
    states, maps = formulas.hidden_states(bert, ids, mask, types)
    logits = formulas.masked_logits(bert, states[-1])
    tensors = [torch.from_numpy(a) for a in (ids, mask, types)]
    with torch.no_grad():
        expected = ours(*tensors).numpy()
    close = {"rtol": 1e-5, "atol": 1e-5}
    np.testing.assert_allclose(logits[mask], expected[mask], **close)
    np.testing.assert_allclose(
        states[:, mask], ours.bert.hidden_states(*tensors).numpy()[:, mask], **close
    )
    expected_maps = ours.bert.attentions(*tensors).numpy()
    for row, there in enumerate(mask):
        np.testing.assert_allclose(
            maps[:, row][..., there, :], expected_maps[:, row][..., there, :], **close
        )


def test_without_mask_and_types(tmp_path):
    ours = model(tmp_path, **SIZES[0])
    ids = batch()[0]
    bert = formulas.read(tmp_path)
    with torch.no_grad():
        expected = ours(torch.from_numpy(ids)).numpy()
    found = formulas.masked_logits(bert, formulas.hidden_states(bert, ids)[0][-1])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


IDS = np.zeros((2, 3), dtype=np.int64)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((IDS[0],), r"ids: expected \(B, T\)"),
        ((IDS.astype(float),), "of float64"),
        ((IDS[:, :0],), r"got \(2, 0\)"),
        ((IDS + 40,), "ids: expected 0 to 39, got 40 to 40"),
        ((np.zeros((1, 17), dtype=np.int64),), "at most 16 tokens, got 17"),
        ((IDS, np.ones((2, 4), dtype=bool)), r"mask: expected \(2, 3\) of bool"),
        ((IDS, np.ones((2, 3))), "mask: .* of float64"),
        ((IDS, None, IDS[:, :2]), r"token_types: expected \(2, 3\), got \(2, 2\)"),
        ((IDS, None, IDS + 2), "token_types: expected 0 to 1"),
    ],
)
def test_bad_input_is_named(arguments, message, tmp_path):
    model(tmp_path, **SIZES[0])
    with pytest.raises(ValueError, match=message):
        formulas.hidden_states(formulas.read(tmp_path), *arguments)


def test_damaged_files_are_named(tmp_path):
    model(tmp_path, **SIZES[0])
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    name = "bert.encoder.layer.1.output.dense.bias"
    save_file({n: t for n, t in tensors.items() if n != name}, path)
    with pytest.raises(ValueError, match=f"expected a tensor '{name}'"):
        formulas.read(tmp_path)
    save_file(tensors | {name: np.full_like(tensors[name], np.nan)}, path)
    with pytest.raises(ValueError, match=f"finite numbers in '{name}'"):
        formulas.read(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        formulas.read(tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(raw | {"model_type": "gpt2"}))
    with pytest.raises(ValueError, match="expected a bert .* got 'gpt2'"):
        formulas.read(tmp_path)
    bert = formulas.read(_good(tmp_path))
    with pytest.raises(ValueError, match="expected 8 features"):
        formulas.masked_logits(bert, np.zeros((2, 7)))


def _good(tmp_path):
    model(tmp_path / "good", **SIZES[0])
    return tmp_path / "good"
