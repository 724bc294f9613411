"""Files of tensors: whole, in shards, of narrow types and by old names; the three readers agree."""

import io
import json
import re

import numpy as np
import pytest
import safetensors.numpy
import torch
import transformers
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from large_models import tensors
from large_models.files import WEIGHTS
from large_models.formulas import bert as numpy_bert
from large_models.models.bert import BertConfig, BertForMaskedLM
from large_models.models.gpt import GPT
from large_models.tensors import load_tensors

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

IDS = torch.arange(10).reshape(2, 5)
BERT = dict(vocab_size=40, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=16, max_position_embeddings=16)  # fmt: skip


def far_from_its_start(model):
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))
    return model.eval()


@pytest.fixture(scope="module")
def bert():
    return far_from_its_start(transformers.BertForMaskedLM(transformers.BertConfig(**BERT)))


@pytest.fixture(scope="module")
def gpt():
    config = transformers.GPT2Config(vocab_size=40, n_positions=16, n_embd=8, n_layer=2, n_head=2)
    return far_from_its_start(transformers.GPT2LMHeadModel(config))


def by_numpy(directory):
    model = numpy_bert.read(directory)
    return numpy_bert.masked_logits(model, numpy_bert.hidden_states(model, IDS.numpy())[0][-1])


def by_torch(directory):
    with torch.no_grad():
        return BertForMaskedLM.from_pretrained(directory)(IDS).numpy()


def rewritten(directory, change):
    """The one file of a directory, changed by a function of its tensors."""
    path = directory / "model.safetensors"
    content = change(load_file(path))
    path.unlink()
    save_file(content, path)


@pytest.mark.parametrize("read", [by_numpy, by_torch])
def test_a_bert_in_shards_is_read(bert, tmp_path, read):
    bert.save_pretrained(tmp_path, max_shard_size="2KB")
    assert not (tmp_path / "model.safetensors").exists()
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 3
    with torch.no_grad():
        np.testing.assert_allclose(read(tmp_path), bert(IDS).logits, rtol=1e-4, atol=1e-4)


def test_a_gpt_in_shards_is_read(gpt, tmp_path):
    gpt.save_pretrained(tmp_path, max_shard_size="2KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 1
    with torch.no_grad():
        got, expected = GPT.from_pretrained(tmp_path)(IDS), gpt(IDS).logits
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("read", [by_numpy, by_torch])
def test_other_types_are_read_exactly(bert, tmp_path, read, dtype):
    bert.save_pretrained(tmp_path)
    rewritten(tmp_path, lambda found: {n: t.to(dtype).float() for n, t in found.items()})
    expected = read(tmp_path)
    rewritten(tmp_path, lambda found: {n: t.to(dtype) for n, t in found.items()})
    np.testing.assert_array_equal(read(tmp_path), expected)


@pytest.mark.parametrize("read", [by_numpy, by_torch])
def test_gamma_and_beta_are_read(bert, tmp_path, read):
    bert.save_pretrained(tmp_path)
    expected = read(tmp_path)

    def old(found):
        names = {n: n.replace("LayerNorm.weight", "LayerNorm.gamma") for n in found}
        return {m.replace("LayerNorm.bias", "LayerNorm.beta"): found[n] for n, m in names.items()}

    rewritten(tmp_path, old)
    assert any(name.endswith("gamma") for name in load_file(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(read(tmp_path), expected)


@pytest.mark.parametrize(
    "name",
    [
        "bert.encoder.layer.1.attention.self.key.bias",
        "bert.encoder.layer.0.attention.output.LayerNorm.weight",
        "bert.embeddings.word_embeddings.weight",
        "cls.predictions.transform.dense.weight",
        "cls.predictions.bias",
    ],
)
@pytest.mark.parametrize("read", [by_numpy, by_torch])
def test_what_is_missing_in_a_bert_is_named_as_in_the_file(bert, tmp_path, read, name):
    bert.save_pretrained(tmp_path)
    rewritten(tmp_path, lambda found: {n: t for n, t in found.items() if n != name})
    with pytest.raises(ValueError, match=re.escape(name)) as error:
        read(tmp_path)
    said = str(error.value)
    assert "in_proj" not in said and "query" not in said


@pytest.mark.parametrize("name", ["transformer.h.1.attn.c_attn.weight", "transformer.wpe.weight"])
def test_what_is_missing_in_a_gpt_is_named_as_in_the_file(gpt, tmp_path, name):
    gpt.save_pretrained(tmp_path)
    rewritten(tmp_path, lambda found: {n: t for n, t in found.items() if n != name})
    with pytest.raises(ValueError, match=f"missing {name}$"):
        GPT.from_pretrained(tmp_path)
    rewritten(tmp_path, lambda found: found | {name: torch.ones(3), "transformer.odd": IDS})
    with pytest.raises(ValueError, match=f"{name}: expected shape .*; unknown transformer.odd$"):
        GPT.from_pretrained(tmp_path)


def test_an_untied_head_that_is_missing_is_named(tmp_path):
    model = BertForMaskedLM(BertConfig(**BERT, tie_word_embeddings=False))
    model.save_pretrained(tmp_path)
    rewritten(tmp_path, lambda f: {n: t for n, t in f.items() if "decoder.weight" not in n})
    for read in (by_numpy, by_torch):
        with pytest.raises(ValueError, match="cls.predictions.decoder.weight"):
            read(tmp_path)


# --- the list of shards -------------------------------------------------------------------------


@pytest.fixture
def shards(tmp_path):
    """Two shards and their list: its content, and a function that writes it."""
    save_file({"a": torch.ones(2)}, tmp_path / "model-1.safetensors")
    save_file({"b": torch.zeros(3)}, tmp_path / "model-2.safetensors")

    def write(text=None, **places):
        places = {"a": "model-1.safetensors", "b": "model-2.safetensors"} | places
        text = json.dumps({"weight_map": places}) if text is None else text
        (tmp_path / "model.safetensors.index.json").write_text(text)
        return tmp_path / "model.safetensors"

    return write


READERS = [lambda path: load_tensors(path)[0], tensors.load_arrays]


@pytest.mark.parametrize("read", READERS)
def test_shards_are_put_together(shards, read):
    found = read(shards())
    assert {name: value.tolist() for name, value in found.items()} == {"a": [1, 1], "b": [0, 0, 0]}


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text, places, error, says",
    [
        (None, {"c": "model-2.safetensors"}, ValueError, "model-2.*expected c, as the list"),
        (None, {"b": "model-3.safetensors"}, FileNotFoundError, "model-3.*which .* lists"),
        (None, {"b": "../model-2.safetensors"}, ValueError, "files beside it, got '../model-2"),
        (None, {"b": ".."}, ValueError, "files beside it"),
        ("{", {}, ValueError, "expected a list of shards"),
        ("[]", {}, ValueError, "expected a list of shards"),
        ('{"weight_map": 3}', {}, ValueError, "expected a list of shards"),
    ],
)
def test_a_damaged_list_is_named(shards, read, text, places, error, says):
    with pytest.raises(error, match=says):
        read(shards(text, **places))


@pytest.mark.parametrize("read", READERS)
def test_a_damaged_or_missing_file_is_named(tmp_path, read):
    with pytest.raises(FileNotFoundError, match="no file .*model.safetensors"):
        read(tmp_path / "model.safetensors")
    (tmp_path / "model.safetensors").write_bytes(b"12345678{}")
    with pytest.raises(ValueError, match="expected a whole safetensors file"):
        read(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8",
              "uint8", "uint16", "uint32", "uint64", "bool"],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
def test_every_type_and_shape(tmp_path, dtype, shape):
    value = (torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 4).abs()
    value = value.to(getattr(torch, dtype))
    save_file({"x": value}, tmp_path / "x.safetensors")
    got = tensors.load_arrays(tmp_path / "x.safetensors")["x"]
    assert got.shape == shape and got.dtype == ("float32" if dtype == "bfloat16" else dtype)
    assert got.tolist() == value.tolist() and got.flags.writeable


# --- the format itself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", sorted(WEIGHTS.rglob("*.safetensors")), ids=lambda p: p.parent.name
)
def test_what_is_shipped_is_read_and_written_as_the_library_does(tmp_path, path):
    arrays, theirs = tensors.load_arrays(path), safetensors.numpy.load_file(path)
    assert list(arrays) == list(theirs)
    assert all(np.array_equal(arrays[name], theirs[name]) for name in theirs)
    assert tensors.to_bytes(arrays) == safetensors.numpy.save(theirs)
    found, texts = load_tensors(path)
    own = {name: text for name, text in texts.items() if name not in ("format", "sha256")}
    tensors.save_tensors(tmp_path / "again", found, **own)
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_every_type_is_laid_out_as_the_library_does():
    kinds = "? u1 i1 i2 u2 f2 i4 u4 f4 f8 i8 u8 c8 >f4".split()
    arrays = {kind: (np.arange(6).reshape(2, 3) % 2).astype(kind) for kind in kinds}
    arrays |= {'é\n"\\\x7f\x01': np.ones((0, 2)), "one": np.array(3.0), "T": np.eye(3)[:, :2].T}
    plain = {name: np.ascontiguousarray(a.astype(a.dtype.newbyteorder("="))).reshape(a.shape)
             for name, a in arrays.items()}  # fmt: skip
    written = tensors.to_bytes(arrays)
    assert written == safetensors.numpy.save(plain)
    assert written == tensors.to_bytes(dict(reversed(arrays.items())))
    back = tensors.from_bytes(io.BytesIO(written), "these")
    assert all(np.array_equal(back[name], arrays[name]) for name in arrays)
    with pytest.raises(ValueError, match="odd: expected numbers of a known type, got complex128"):
        tensors.to_bytes({"odd": np.zeros(2, complex)})


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.bfloat16])
def test_types_that_numpy_has_not_are_torchs(tmp_path, dtype):
    value = torch.tensor([0.5, -2.0]).to(dtype)
    path = tmp_path / "x"
    tensors.save_tensors(path, {"x": value})
    assert torch.equal(load_tensors(path)[0]["x"].float(), value.float())
    assert torch.equal(load_file(path)["x"].float(), value.float())
    if dtype != torch.bfloat16:
        with pytest.raises(ValueError, match="x: expected a type that NumPy has, got F8_"):
            tensors.load_arrays(path)


def file(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        file({}, length=1 << 62),
        file({}, length=3),
        file(b"\xff{}"),
        file(b"[1]"),
        file(b"{" * 99),
        file({"x": 3}),
        file({"x": ENTRY}, bytes(7)),
        file({"x": ENTRY}, bytes(9)),
        file({"x": ENTRY | {"dtype": "F33"}}, bytes(8)),
        file({"x": ENTRY | {"shape": [3]}}, bytes(8)),
        file({"x": ENTRY | {"shape": [-2]}}, bytes(8)),
        file({"x": ENTRY | {"shape": [2.0]}}, bytes(8)),
        file({"x": ENTRY | {"shape": "ab"}}, bytes(8)),
        file({"x": ENTRY | {"data_offsets": [0]}}, bytes(8)),
        file({"x": ENTRY | {"data_offsets": [8, 0]}}, bytes(8)),
        file({"x": ENTRY | {"data_offsets": [4, 12]}}, bytes(12)),
        file({"x": ENTRY, "y": ENTRY}, bytes(8)),
        file({"x": {"dtype": "F32"}}, bytes(8)),
        file({"__metadata__": {"a": 1}}),
        file({"__metadata__": "a"}),
    ],
)
@pytest.mark.parametrize("read", READERS)
def test_a_damaged_file_is_refused_as_a_whole(tmp_path, read, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="x: expected a whole safetensors file"):
        read(tmp_path / "x")
    with pytest.raises((SafetensorError, TypeError)):  # the library agrees
        load_file(tmp_path / "x")
