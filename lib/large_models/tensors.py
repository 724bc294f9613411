"""Reading safetensors files, whole or in shards: the one place that knows how.

A large model comes as `model-00001-of-00002.safetensors` and so on, with a list of which tensor is
in which file, `model.safetensors.index.json`. NumPy has no bfloat16; such tensors are read as
float32, which holds each of their numbers exactly. `training.checkpoint.load_tensors` reads the
same files as torch's tensors.
"""

import json
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

INDEX = ".index.json"
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


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


def check_names(path: Path, found, wanted: frozenset[str]) -> None:
    """Make sure that a shard holds what the list says.

    Raises:
        ValueError: naming what is missing.
    """
    missing = sorted(wanted - set(found))
    if missing:
        raise ValueError(f"{path}: expected {', '.join(missing)}, as the list of shards says")


def load_arrays(path: str | Path) -> dict[str, NDArray]:
    """The tensors of a safetensors file, or of its shards, by name; bfloat16 as float32.

    Raises:
        FileNotFoundError: as `files`.
        ValueError: if a file is damaged, or holds a type that NumPy does not have.
    """
    arrays: dict[str, NDArray] = {}
    for file, wanted in files(path):
        try:
            entries = deserialize(file.read_bytes())
        except SafetensorError as error:
            raise ValueError(f"{file}: expected a whole safetensors file: {error}") from None
        check_names(file, (name for name, _ in entries), wanted)
        for name, entry in entries:
            arrays[name] = _array(file, name, entry)
    return arrays


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


def _array(file: Path, name: str, entry: dict) -> NDArray:
    kind, data, shape = entry["dtype"], entry["data"], entry["shape"]
    if kind == "BF16":  # the upper half of a float32
        bits = np.frombuffer(data, "<u2").astype(np.uint32) << 16
        return bits.view(np.float32).reshape(shape)
    if kind not in TYPES:
        raise ValueError(f"{file}: {name}: expected a type that NumPy has, got {kind}")
    return np.frombuffer(data, TYPES[kind]).reshape(shape).copy()
