"""Where the files lie that the book ships, and writing a file whole or not at all."""

import os
import tempfile
from pathlib import Path

WEIGHTS = Path(__file__).resolve().parents[2] / "weights"


def weights(name: str) -> Path:
    """The folder of shipped weights, from any working directory: `weights("lenet-digits")`.

    Raises:
        ValueError: if none are shipped under this name.
    """
    path = WEIGHTS / name
    if not path.exists():
        shipped = ", ".join(sorted(p.name for p in WEIGHTS.iterdir())) if WEIGHTS.is_dir() else ""
        raise ValueError(f"weights: expected one of {shipped or 'a checkout'}, got {name!r}")
    return path


def write_whole(path: str | Path, content: bytes | str) -> None:
    """Write a file through a temporary one beside it, renamed at the end.

    A crash leaves the old file whole. The folder is made if need be.
    """
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
