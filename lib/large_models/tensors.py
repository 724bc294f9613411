"""Tensors on disk, as safetensors files: whole or in shards, written at once or not at all.

A safetensors file is eight bytes, the length of a header; the header, JSON that says each tensor's
type, shape and place; then the numbers. So it is safe to open: reading one never runs code. What
this book writes carries a hash of the tensors and of the header's texts, which is checked.

A large model comes as `model-00001-of-00002.safetensors` and so on, with a list of which tensor is
in which file, `model.safetensors.index.json`. NumPy has no bfloat16; such tensors are read as
float32, which holds each of their numbers exactly. Only what gives or takes torch's tensors needs
torch. Format: https://github.com/huggingface/safetensors
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from large_models.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn

INDEX = ".index.json"
LONGEST_HEADER = 100_000_000  # bytes, as the format has it
# What a type of the format is to NumPy and to torch, and its bytes. A file has the tensors of the
# last of these first.
TYPES = {
    "BOOL": ("?", "bool", 1), "U8": ("u1", "uint8", 1), "I8": ("i1", "int8", 1),
    "F8_E5M2": ("", "float8_e5m2", 1), "F8_E4M3": ("", "float8_e4m3fn", 1),
    "I16": ("<i2", "int16", 2), "U16": ("<u2", "uint16", 2), "F16": ("<f2", "float16", 2),
    "BF16": ("", "bfloat16", 2), "I32": ("<i4", "int32", 4), "U32": ("<u4", "uint32", 4),
    "F32": ("<f4", "float32", 4), "C64": ("<c8", "complex64", 8), "F64": ("<f8", "float64", 8),
    "I64": ("<i8", "int64", 8), "U64": ("<u8", "uint64", 8),
}  # fmt: skip
ORDER = list(TYPES)
OF_NUMPY = {np.dtype(kind): name for name, (kind, _, _) in TYPES.items() if kind}
OF_TORCH = {kind: name for name, (_, kind, _) in TYPES.items()}


class Entry(NamedTuple):
    """A tensor as the file has it."""

    kind: str  # one of TYPES
    shape: tuple[int, ...]
    data: bytes | bytearray


# --- NumPy ---------------------------------------------------------------------------------------


def load_arrays(path: str | Path) -> dict[str, NDArray]:
    """The tensors of a safetensors file, or of its shards, by name; bfloat16 as float32.

    Raises:
        FileNotFoundError: as `files`.
        ValueError: if a file is damaged, or holds a type that NumPy does not have.
    """
    arrays: dict[str, NDArray] = {}
    for file, wanted in files(path):
        with file.open("rb") as opened:
            _, entries = _read(opened, file)
            found = {name: _array(file, name, entry) for name, entry in entries}
        check_names(file, found, wanted)
        arrays |= found
    return arrays


def from_bytes(stream: BufferedIOBase, source: str | Path) -> dict[str, NDArray]:
    """The tensors of an opened safetensors file, by name; `source` names it in a message.

    Raises:
        ValueError: as `load_arrays`.
    """
    return {name: _array(source, name, entry) for name, entry in _read(stream, source)[1]}


def to_bytes(arrays: Mapping[str, NDArray]) -> bytes:
    """A safetensors file of these arrays; the same arrays in any order are the same bytes.

    Raises:
        ValueError: if an array has a type that the format does not know.
    """
    entries = {}
    for name, array in arrays.items():
        kind = OF_NUMPY.get(array.dtype.newbyteorder("<"))
        if kind is None:
            raise ValueError(f"{name}: expected numbers of a known type, got {array.dtype}")
        plain = np.ascontiguousarray(array, TYPES[kind][0])
        entries[name] = Entry(kind, array.shape, plain.tobytes())
    return _written(entries)


# --- torch ---------------------------------------------------------------------------------------


def save_tensors(path: str | Path, tensors: "Mapping[str, Tensor]", **metadata: str) -> None:
    """Write named tensors to a safetensors file.

    Args:
        path: of the file; its folder is made if needed.
        tensors: name -> tensor of any shape and device.
        metadata: further texts for the header.
    """
    plain = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    header = {"format": "pt", "sha256": _hash(plain, metadata), **metadata}
    entries = {}
    for name, tensor in plain.items():
        kind = OF_TORCH.get(str(tensor.dtype).removeprefix("torch."))
        if kind is None:
            raise ValueError(f"{name}: expected numbers of a known type, got {tensor.dtype}")
        entries[name] = Entry(kind, tuple(tensor.shape), _raw(tensor))
    write_whole(path, _written(entries, header))


def load_tensors(path: str | Path) -> "tuple[dict[str, Tensor], dict[str, str]]":
    """Read a safetensors file, or the shards that a list beside it names (`files`).

    Returns:
        name -> tensor, on the CPU; the header's texts.

    Raises:
        FileNotFoundError: if there is no such file, or a shard is missing.
        ValueError: if it is not a safetensors file, is cut short, or its contents are not those
            that were saved.
    """
    everything: dict[str, Tensor] = {}
    texts: dict[str, str] = {}
    for file, wanted in files(path):
        with file.open("rb") as opened:
            metadata, entries = _read(opened, file)
            tensors = {name: _tensor(entry) for name, entry in entries}
        check_names(file, tensors, wanted)
        # Files from elsewhere carry no hash.
        if "sha256" in metadata and metadata["sha256"] != _hash(tensors, metadata):
            raise ValueError(f"{file}: the contents are not those that were saved (hash differs)")
        everything |= tensors
        texts |= metadata
    return everything, texts


def load_into(
    model: "nn.Module",
    tensors: "Mapping[str, Tensor]",
    source: str | Path,
    in_file: Callable[[str], str] = str,
) -> None:
    """Put tensors into a model's parameters and buffers.

    Args:
        source: where they came from, for the message.
        in_file: what a tensor is called there, if it is not what the model calls it.

    Raises:
        ValueError: naming the tensors that are missing, unknown, of another shape, or not finite.
    """
    expected = model.state_dict()
    wrong = [f"missing {in_file(name)}" for name in expected if name not in tensors]
    wrong += [f"unknown {in_file(name)}" for name in tensors if name not in expected]
    for name in expected.keys() & tensors.keys():
        got, shape = tensors[name], tuple(expected[name].shape)
        if tuple(got.shape) != shape:
            wrong.append(f"{in_file(name)}: expected shape {shape}, got {tuple(got.shape)}")
        elif not got.isfinite().all():
            wrong.append(f"{in_file(name)}: NaN or infinity")
    if wrong:
        raise ValueError(
            f"{source} does not fit {type(model).__name__}: {'; '.join(sorted(wrong))}"
        )
    model.load_state_dict(tensors)


# --- names and shards ----------------------------------------------------------------------------


def files(path: str | Path) -> list[tuple[Path, frozenset[str]]]:
    """The files that hold the tensors of `path`, each with the names that have to be in it.

    Args:
        path: of a safetensors file, which may be there in shards: then its list lies beside it.

    Raises:
        FileNotFoundError: if there is neither the file nor a list, or one that it names is missing.
        ValueError: if the list is damaged.
    """
    path = Path(path)
    if path.is_file():
        return [(path, frozenset())]
    index = path.with_name(path.name + INDEX)
    if not index.is_file():
        raise FileNotFoundError(f"no file {path}, and no list of its shards, {index.name}")
    try:
        places = json.loads(index.read_text("utf-8"))["weight_map"]
        shards: dict[str, set[str]] = {}
        for name, file in places.items():
            shards.setdefault(file, set()).add(name)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{index}: expected a list of shards: {error!r}") from None
    for file in shards:
        if Path(file).name != file or file in ("", ".", ".."):
            raise ValueError(f"{index}: expected names of files beside it, got {file!r}")
        if not (path.parent / file).is_file():
            raise FileNotFoundError(f"no file {path.parent / file}, which {index.name} lists")
    return [(path.parent / file, frozenset(names)) for file, names in sorted(shards.items())]


def check_names(path: Path, found: Iterable[str], wanted: frozenset[str]) -> None:
    """Make sure that a shard holds what the list says.

    Raises:
        ValueError: naming what is missing.
    """
    missing = sorted(wanted - set(found))
    if missing:
        raise ValueError(f"{path}: expected {', '.join(missing)}, as the list of shards says")


def modern(name: str, prefix: str) -> str:
    """A tensor's name as transformers writes it now.

    The first files called a norm's weight and bias gamma and beta; those of a body without a head
    leave out its name, `prefix`.
    """
    if re.match(r"(embeddings|encoder|pooler)\.", name):
        name = prefix + name
    for old, new in (("gamma", "weight"), ("beta", "bias")):
        name = re.sub(rf"LayerNorm\.{old}$", f"LayerNorm.{new}", name)
    return name


# --- the format ----------------------------------------------------------------------------------


def _read(
    stream: BufferedIOBase, source: object
) -> tuple[dict[str, str], Iterator[tuple[str, Entry]]]:
    """The texts of a file's header; its tensors one after the other, by name."""
    size = stream.seek(0, 2)
    stream.seek(0)
    length = int.from_bytes(stream.read(8), "little")
    start = 8 + length
    try:
        if size < start or length > LONGEST_HEADER:
            raise ValueError(f"{size} bytes with a header of {length}")
        header = json.loads(stream.read(length).decode("utf-8"))
        texts = header.pop("__metadata__", None) or {}
        if not all(isinstance(text, str) for text in texts.values()):
            raise ValueError(f"expected texts in the header, got {texts}")
        places = [
            (name, *_place(name, entry["dtype"], entry["shape"], entry["data_offsets"]))
            for name, entry in header.items()
        ]
        places.sort(key=lambda place: place[3])
        end = 0
        for name, _, _, (first, last) in places:
            if first != end or last < first:
                raise ValueError(f"{name}: expected its numbers at {end}, got {first} to {last}")
            end = last
        if end != size - start:
            raise ValueError(f"expected {end} bytes of numbers, got {size - start}")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError(f"{source}: expected a whole safetensors file: {error}") from None

    def tensors() -> Iterator[tuple[str, Entry]]:
        for name, kind, shape, (first, last) in places:
            data = bytearray(last - first)
            stream.seek(start + first)
            stream.readinto(data)
            yield name, Entry(kind, shape, data)

    return texts, tensors()


def _place(
    name: str, dtype: str, shape: list[int], data_offsets: list[int]
) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    """A header's entry: type, shape, and from where to where its numbers lie."""
    first, last = data_offsets
    if dtype not in TYPES or not all(type(n) is int and n >= 0 for n in (*shape, first, last)):
        raise ValueError(f"{name}: a {dtype} of shape {shape} at {data_offsets}")
    if math.prod(shape) * TYPES[dtype][2] != last - first:
        raise ValueError(f"{name}: {last - first} bytes for a {dtype} of shape {shape}")
    return dtype, tuple(shape), (first, last)


def _written(entries: Mapping[str, Entry], texts: Mapping[str, str] | None = None) -> bytes:
    """A file's bytes, laid out as the safetensors library does: wide types first, then by name."""
    header: dict = {"__metadata__": dict(sorted(texts.items()))} if texts else {}
    end, parts = 0, []
    for name, entry in sorted(entries.items(), key=lambda e: (-ORDER.index(e[1].kind), e[0])):
        start, end = end, end + len(entry.data)
        header[name] = {
            "dtype": entry.kind, "shape": list(entry.shape), "data_offsets": [start, end]
        }  # fmt: skip
        parts.append(entry.data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of 8
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def _array(source: str | Path, name: str, entry: Entry) -> NDArray:
    if entry.kind == "BF16":  # the upper half of a float32
        bits = np.frombuffer(entry.data, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(entry.shape)
    if not TYPES[entry.kind][0]:
        raise ValueError(f"{source}: {name}: expected a type that NumPy has, got {entry.kind}")
    return np.frombuffer(entry.data, TYPES[entry.kind][0]).reshape(entry.shape)


def _tensor(entry: Entry) -> "Tensor":
    import torch

    kind = getattr(torch, TYPES[entry.kind][1])
    if not entry.data:  # torch makes no tensor of no bytes
        return torch.empty(entry.shape, dtype=kind)
    return torch.frombuffer(entry.data, dtype=kind).reshape(entry.shape)


def _raw(tensor: "Tensor") -> bytes:
    import torch

    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def _hash(tensors: "Mapping[str, Tensor]", texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(_raw(tensor))
    for name in sorted(texts.keys() - {"format", "sha256"}):
        digest.update(f"{name}: {texts[name]};".encode())
    return digest.hexdigest()
