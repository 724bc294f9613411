"""Files that are fetched when a cell opens them: weights and the corpus, in JupyterLite.

The wheel that JupyterLite serves comes without them, and names them in late.json; they lie beside
it (book/lite/build.py). Elsewhere there is no late.json, and nothing is late.
"""

import json
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
LISTED = "late.json"
ADDRESS = "late/large_models"  # below JupyterLite's own


def link(folder: Path = HERE) -> None:
    """Put a stand-in where each listed file belongs: it is fetched when it is first read."""
    listed = folder / LISTED
    if not listed.is_file():
        return
    files = import_module("pyodide_js").FS
    # The kernel's script lies in JupyterLite, and so tells where that is.
    lite = import_module("js").location.href.split("/extensions/")[0]
    for name in json.loads(listed.read_text("utf-8")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            address = f"{lite}/{ADDRESS}/{name}"
            files.createLazyFile(str(path.parent), path.name, address, True, False)
