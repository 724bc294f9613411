"""What runs cells in the page, as one script that is loaded at the first press: bundle.js.

python book/run/bundle.py       # a part of `make widgets`; the repository keeps what it makes
"""

import hashlib
import sys
from pathlib import Path

from large_models.widgets.bundle import joined, scripts

HERE = Path(__file__).resolve().parent
BUNDLE = HERE / "bundle.js"
SOURCE = HERE / "notebook.js"


def banner() -> str:
    """The first line of an up-to-date bundle."""
    text = "".join(path.read_text("utf-8") for path in scripts(SOURCE))
    made = hashlib.sha256(text.encode()).hexdigest()
    return f"// Made by `make widgets` of sources with the SHA-256 {made}. Do not edit.\n"


def stale() -> bool:
    """Whether the bundle is missing or was made from other sources."""
    return not BUNDLE.is_file() or not BUNDLE.read_text("utf-8").startswith(banner())


if __name__ == "__main__":
    if stale():
        BUNDLE.write_text(banner() + joined(SOURCE), "utf-8")
        sys.stdout.write("Bundled: what runs cells in the page\n")
