"""A training run on disk: all that it needs to go on exactly, checked when it is read.

What is written is a file of `tensors`, whole or not at all; a hash of tensors and texts is in it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from large_models.tensors import load_into, load_tensors, save_tensors


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
