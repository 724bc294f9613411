"""Where the files lie that the book ships."""

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
