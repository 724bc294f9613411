"""Where the page finds Pyodide: at its public address, or in the book itself."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from large_models import absent

VERSION = "314.0.6"  # has the book's own NumPy
HOST = "cdn.jsdelivr.net"
INDEX = f"https://{HOST}/pyodide/v{VERSION}/full/"
CORE = ("pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
SCRIPTS = ("pyodide.asm.mjs", "pyodide.asm.js")  # one of them, by Pyodide's age
PACKAGES = ("numpy", "matplotlib", "pillow", "scipy", "scikit-learn")  # what the book's cells use
# What is fetched, compressed, in millions of bytes, with what each needs beside those above it.
MEGABYTES = {"python": 6, "numpy": 3, "matplotlib": 9, "pillow": 1, "scipy": 20, "scikit-learn": 7}
TITLES = {
    "python": "Python",
    "numpy": "NumPy",
    "matplotlib": "Matplotlib",
    "pillow": "Pillow",
    "scipy": "SciPy",
    "scikit-learn": "scikit-learn",
    **absent.PACKAGES,
}
# A build of PyTorch for Pyodide's ABI 2026_0, by others; see that repository's CAVEATS.md.
TORCH = {
    "host": "mmtftr.github.io",
    "url": "https://mmtftr.github.io/pyodide-pytorch/runtime/"
    "torch-2.13.0%2Bpyodide314.0.2.r4-cp314-cp314-pyemscripten_2026_0_wasm32.whl",
    "sha256": "f40cea64246a09d63d0ca10e5257bcb53ba1c9de442f674464b7289f01b292fa",
    "megabytes": 27,
    "needs": ["typing-extensions", "sympy", "networkx", "jinja2", "fsspec"],
}


def place(folder: str | None, static: Path, part: Callable[..., dict]) -> dict:
    """What the page needs to know; copies the folder's files into the book where there is one.

    Raises:
        ValueError: if a file that Pyodide needs is not in the folder.
    """
    known = {
        "titles": TITLES,
        "megabytes": MEGABYTES,
        "torch": TORCH,
    }
    if not folder:
        return {**known, "hosted": False, "host": HOST, "index": INDEX}
    source, target = Path(folder), static / "run" / "pyodide"
    target.mkdir(parents=True)
    names = [*CORE, *(name for name in SCRIPTS if (source / name).is_file())]
    missing = [name for name in names if not (source / name).is_file()]
    if missing or len(names) == len(CORE):
        lacking = missing or [SCRIPTS[0]]
        raise ValueError(f"PYODIDE={folder}: expected {', '.join(lacking)} in it, found none")
    lock = json.loads((source / "pyodide-lock.json").read_text("utf-8"))["packages"]
    names += [lock[name]["file_name"] for name in sorted(needed(lock))]
    parts = {}
    for name in names:
        if not (source / name).is_file():
            raise ValueError(f"PYODIDE={folder}: its lock file names {name}, which is not in it")
        shutil.copy(source / name, target)
        parts[name] = part(static, "pyodide", (source / name).read_bytes())  # for file://
    return {**known, "hosted": True, "host": "", "index": "run/pyodide/", "parts": parts}


def needed(lock: dict) -> set[str]:
    """The packages that the book's cells use, and what they need, as the lock file says."""
    found: set[str] = set()
    left = [name for name in PACKAGES if name in lock]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [other.lower() for other in lock[name]["depends"]]
    return found
