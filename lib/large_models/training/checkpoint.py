"""Tensors on disk: safe to open, written whole or not at all, and checked when they are read.

A file is safetensors (numbers only: opening one never runs code). It is written to a temporary file
and renamed, so a crash leaves the old file whole. A hash of the tensors and of the header's texts
travels in the header.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from large_models.tensors import check_names, files


def save_tensors(path: str | Path, tensors: Mapping[str, Tensor], **metadata: str) -> None:
    """Write named tensors to a safetensors file.

    Args:
        path: of the file; its folder is made if needed.
        tensors: name -> tensor of any shape and device.
        metadata: further texts for the header.
    """
    plain = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    header = {"format": "pt", "sha256": _hash(plain, metadata), **metadata}
    write_whole(path, _in_order(save(plain, header)))


def load_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a safetensors file, or the shards that a list beside it names (`tensors`).

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
        try:
            with safe_open(file, framework="pt") as opened:
                metadata = dict(opened.metadata() or {})
                tensors = {name: opened.get_tensor(name) for name in opened.keys()}
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{file}: expected a whole safetensors file: {error}") from None
        check_names(file, tensors, wanted)
        # Files from elsewhere carry no hash.
        if "sha256" in metadata and metadata["sha256"] != _hash(tensors, metadata):
            raise ValueError(f"{file}: the contents are not those that were saved (hash differs)")
        everything |= tensors
        texts |= metadata
    return everything, texts


def load_into(
    model: nn.Module,
    tensors: Mapping[str, Tensor],
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
        elif not torch.isfinite(got).all():
            wrong.append(f"{in_file(name)}: NaN or infinity")
    if wrong:
        raise ValueError(
            f"{source} does not fit {type(model).__name__}: {'; '.join(sorted(wrong))}"
        )
    model.load_state_dict(tensors)


@dataclass
class Progress:
    """Where a training run stands, beside the tensors."""

    step: int = 0  # steps done
    epoch: int = 0  # epochs begun, less one
    batch: int = 0  # batches of this epoch done
    history: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    *,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    random_states: Mapping[str, Tensor] | None = None,
) -> None:
    """Write all that is needed to go on exactly: weights, optimiser, schedule, randomness.

    Raises:
        ValueError: if optimiser or schedule hold something that JSON cannot.
    """
    tensors = {f"model/{name}": t for name, t in model.state_dict().items()}
    state = optimizer.state_dict()
    plain: dict[str, Any] = {"groups": state["param_groups"], "state": {}}
    for index, values in state["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer/{index}/{key}"] = value
            else:
                plain["state"].setdefault(str(index), {})[key] = value
    tensors |= {f"random/{name}": t for name, t in (random_states or {}).items()}
    header = {
        "kind": _kind(optimizer, scheduler),
        "progress": vars(progress),
        "optimizer": plain,
        "scheduler": scheduler.state_dict() if scheduler else None,
    }
    try:
        texts = {name: json.dumps(value) for name, value in header.items()}
    except TypeError as error:
        raise ValueError(f"expected numbers and texts in optimizer and schedule: {error}") from None
    save_tensors(path, tensors, **texts)


def load_checkpoint(
    path: str | Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
) -> tuple[Progress, dict[str, Tensor]]:
    """Put a checkpoint back into model, optimiser and schedule.

    Returns:
        where the run stood; its random states.

    Raises:
        FileNotFoundError, ValueError: as `load_tensors`; if it is not a training checkpoint; if it
            belongs to another model or optimiser. Nothing is changed then.
    """
    tensors, metadata = load_tensors(path)
    try:
        _ = metadata["sha256"]  # without it, nobody knows whether the texts are whole
        kind, progress, plain, schedule = (
            json.loads(metadata[name]) for name in ("kind", "progress", "optimizer", "scheduler")
        )
    except KeyError:
        raise ValueError(f"{path}: these are tensors, but not a training checkpoint") from None
    if kind != _kind(optimizer, scheduler):
        raise ValueError(f"{path}: expected {_kind(optimizer, scheduler)}, saved with {kind}")
    load_into(model, _below(tensors, "model/"), path)

    state: dict[int, dict[str, Any]] = {int(i): dict(v) for i, v in plain["state"].items()}
    for name, tensor in _below(tensors, "optimizer/").items():
        index, key = name.split("/", 1)
        state.setdefault(int(index), {})[key] = tensor
    groups = _as_in(optimizer.state_dict()["param_groups"], plain["groups"])
    optimizer.load_state_dict({"param_groups": groups, "state": state})
    if scheduler:
        scheduler.load_state_dict(_as_in(scheduler.state_dict(), schedule))
    return Progress(**progress), _below(tensors, "random/")


def write_whole(path: str | Path, content: bytes | str) -> None:
    """Write a file through a temporary one beside it, renamed at the end."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}


def _kind(
    optimizer: torch.optim.Optimizer, scheduler: torch.optim.lr_scheduler.LRScheduler | None
) -> str:
    """What a checkpoint fits, in words: AdamW(4 parameters) and OneCycleLR."""
    sizes = ", ".join(str(len(group["params"])) for group in optimizer.param_groups)
    schedule = type(scheduler).__name__ if scheduler else "no schedule"
    return f"{type(optimizer).__name__}({sizes} parameters) and {schedule}"


def _as_in(template: Any, saved: Any) -> Any:
    """JSON knows no tuples, and no numbers as keys: give `saved` those that `template` has."""
    if isinstance(template, dict):
        key = int if any(isinstance(k, int) for k in template) else str
        pairs = ((key(k), v) for k, v in saved.items())
        return type(template)({k: _as_in(template.get(k), v) for k, v in pairs})
    if isinstance(template, list) and len(template) == len(saved):
        return [_as_in(t, v) for t, v in zip(template, saved, strict=True)]
    return tuple(saved) if isinstance(template, tuple) else saved


def _in_order(data: bytes) -> bytes:
    """The same file with its header's texts sorted: safetensors writes them in any order."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the tensors begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + data[start:]


def _hash(tensors: Mapping[str, Tensor], texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    for name in sorted(texts.keys() - {"format", "sha256"}):
        digest.update(f"{name}: {texts[name]};".encode())
    return digest.hexdigest()
