"""Where the files lie that the book ships, and writing a file whole or not at all.

JupyterLite's wheel comes without weights and corpus: it names them in late.json, and each is
fetched when it is first opened (book/lite/build.py, `link_late`). Elsewhere nothing is late.
"""

import json
import os
import tempfile
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALLED = HERE / "shipped"  # in a wheel, where setup.py puts a copy of weights/
CHECKOUT = HERE.parents[1] / "weights"
WEIGHTS = INSTALLED if INSTALLED.is_dir() else CHECKOUT


def shipped() -> list[str]:
    """The names of what is shipped, such as "lenet-digits"."""
    return sorted(path.name for path in WEIGHTS.iterdir()) if WEIGHTS.is_dir() else []


def weights(name: str) -> Path:
    """The folder of shipped weights, from any working directory: `weights("lenet-digits")`.

    Raises:
        ValueError: if none are shipped under this name, or there are none at all.
    """
    if name not in shipped():
        known = ", ".join(shipped())
        if not known:
            raise ValueError(
                f"weights: found none, neither in {INSTALLED} (a wheel) nor {CHECKOUT} (a checkout)"
            )
        raise ValueError(f"weights: expected one of {known}, got {name!r}")
    return WEIGHTS / name


def model_folder(source: str | Path) -> Path:
    """The folder of a model: `source` itself, or what is shipped under that name."""
    return WEIGHTS / source if source in shipped() and not Path(source).is_dir() else Path(source)


def link_late(package: Path = HERE) -> None:
    """In JupyterLite's kernel: put a stand-in where each late file of the package belongs."""
    listed = package / "late.json"
    if not listed.is_file():
        return
    system = import_module("pyodide_js").FS
    # The kernel's script lies in JupyterLite, and so tells where that is.
    lite = import_module("js").location.href.split("/extensions/")[0]
    for name in json.loads(listed.read_text("utf-8")):
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            address = f"{lite}/late/large_models/{name}"
            system.createLazyFile(str(path.parent), path.name, address, True, False)


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
