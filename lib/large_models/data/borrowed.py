"""Data files of other packages, for where the package itself is too much: a browser's tab.

The environment's LARGE_MODELS_SKLEARN_DATA names a folder with scikit-learn's digits and
photographs, under their own names.
"""

import os
from pathlib import Path


def folder_of(name: str) -> Path | None:
    """The folder that holds a file in the package's stead, or None."""
    folder = os.environ.get("LARGE_MODELS_SKLEARN_DATA")
    return Path(folder) if folder and Path(folder, name).is_file() else None
