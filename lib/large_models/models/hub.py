"""Files as Hugging Face's hub has them: where a model's directory is, its config.json, its names.

A model there is a directory with config.json and model.safetensors. `models.gpt` and
`models.bert` read and write it; the names of tensors differ, and pairs say how.
"""

import json
import re
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from large_models.files import model_folder

Pairs = Iterable[tuple[str, str]]  # ours, theirs
FILES = ["config.json", "model*.safetensors", "model.safetensors.index.json"]
FILES += ["tokenizer*.json", "vocab.txt"]


def to_theirs(name: str, pairs: Pairs) -> str:
    """Our name of a tensor to theirs, by pairs in their order.

    What begins with a dot is replaced wherever it stands, what only ends with one at the
    beginning, and anything else is a whole name.
    """
    for ours, theirs in pairs:
        if ours.startswith("."):
            name = name.replace(ours, theirs)
        elif name == ours or (ours.endswith(".") and name.startswith(ours)):
            name = theirs + name.removeprefix(ours)
    return name


def to_ours(name: str, pairs: Pairs) -> str:
    """The other way round."""
    return to_theirs(name, ((theirs, ours) for ours, theirs in pairs))


def read_config(path: Path, model_type: str, plain: Mapping[str, Any]) -> dict[str, Any]:
    """A config.json.

    Args:
        model_type: of the models that are expected.
        plain: what it may say, where it says something else than a model here can do.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is no JSON, of another kind of model, or asks for something else.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected JSON: {error}") from None
    if not isinstance(raw, dict) or raw.get("model_type") != model_type:
        found = raw.get("model_type") if isinstance(raw, dict) else raw
        raise ValueError(f"{path}: expected a model_type of {model_type!r}, got {found!r}")
    for name, value in plain.items():
        if raw.get(name, value) != value:
            raise ValueError(f"{path}: {name}: expected {value!r}, got {raw[name]!r}")
    return raw


def find(source: str | Path) -> Path:
    """The directory of a model's files: itself, a shipped one by name, or one on the hub, which is
    fetched into its usual cache first.

    Raises:
        OSError: if there is no such directory, and no way to the hub.
    """
    if model_folder(source).is_dir():
        return model_folder(source)
    name = str(source)
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", name):
        raise FileNotFoundError(f"{name}: expected a directory with config.json")
    advice = (
        f"{name!r} is neither a directory nor to be had from the hub now. Where there is a "
        f"network, `pip install huggingface_hub` and `hf download {name} --local-dir {name}`, "
        f"then give the path of that directory."
    )
    try:
        import huggingface_hub as hub
        from huggingface_hub import constants
    except ImportError:
        raise OSError(advice) from None
    settings: dict[str, Any] = {"allow_patterns": FILES}
    try:
        return Path(hub.snapshot_download(name, local_files_only=True, **settings))
    except Exception:  # noqa: BLE001  not in the cache, in one of the library's many ways
        pass
    address = urlsplit(constants.ENDPOINT)
    try:  # asked here, since the library would try again and again
        if constants.HF_HUB_OFFLINE:
            raise OSError("offline by HF_HUB_OFFLINE")
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname, port), timeout=3).close()
        return Path(hub.snapshot_download(name, **settings))
    except Exception as error:  # noqa: BLE001  whatever it was, it is told
        raise OSError(f"{advice} ({error})") from None
