"""Run notebooks and write them back so that a second run changes nothing.

    python book/notebooks.py                    # every notebook of the book
    python book/notebooks.py chapters/3_1_cnn.ipynb

Each notebook runs from top to bottom in a fresh kernel, on one thread. What differs from run to
run without meaning anything is then made regular: widget model ids become 1, 2, 3, ..., time
stamps and the interpreter's version go, a progress bar keeps its last state. Of a widget's state
only what the cells changed is kept (widget_states.py).
"""

import copy
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import widget_states
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
# Sums on two threads are added in another order: one thread gives the same digits at every run.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}


def book_notebooks() -> list[Path]:
    """The notebooks of the book, in the order of their names."""
    return sorted((ROOT / "chapters").rglob("*.ipynb"))


def run(path: Path) -> str:
    """Execute one notebook in a fresh kernel; returns the text of the regular, executed notebook.

    Raises:
        nbclient.exceptions.CellExecutionError: with the cell and its traceback, if a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        store_widget_state=True,
        resources={"metadata": {"path": str(path.resolve().parent)}},
    )
    # Widget state of an earlier run would be merged into this one's.
    notebook.metadata.pop("widgets", None)
    before = copy.deepcopy(notebook)
    client.execute(env={**os.environ, **ONE_THREAD})
    make_regular(notebook)
    _keep_stills(notebook, before)
    return as_text(notebook)


def make_regular(notebook: nbformat.NotebookNode) -> None:
    """Remove from an executed notebook, in place, whatever differs between two equal runs."""
    notebook.metadata = nbformat.from_dict(
        {
            **{k: v for k, v in notebook.metadata.items() if k == "widgets"},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = _merge_streams(cell.outputs)
    widget_states.pack(notebook)
    notebook.metadata = nbformat.from_dict(notebook.metadata)


def as_text(notebook: nbformat.NotebookNode) -> str:
    """The notebook as the text of its file."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def _merge_streams(outputs: list) -> list:
    """Join neighbouring pieces of one stream; a line that was drawn over keeps its last state."""
    merged: list = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    for output in merged:
        if output.output_type == "stream":
            text = re.sub(r"[^\n]*\r(?!\n)", "", output.text.replace("\r\n", "\n"))
            output.text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
    return [output for output in merged if output.get("text") != ""]


def _keep_stills(notebook: nbformat.NotebookNode, before: nbformat.NotebookNode) -> None:
    """A widget keeps the picture that stands for it where it does not run (book/stills.py)."""
    stills = [
        (data.get("text/plain"), data.get("image/png")) for data in widget_states.views(before)
    ]
    for data, (text, still) in zip(widget_states.views(notebook), stills, strict=False):
        if still and data.get("text/plain") == text:
            data["image/png"] = still


def _write(path: Path, text: str) -> None:
    """Replace a file at once: an interrupted run leaves the old one whole."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def main(arguments: list[str]) -> None:
    for path in [Path(a) for a in arguments] or book_notebooks():
        start = time.perf_counter()
        text = run(path)
        changed = text != path.read_text(encoding="utf-8")
        if changed:
            _write(path, text)
        seconds = time.perf_counter() - start
        print(f"{path}: {seconds:.0f} s, {'changed' if changed else 'unchanged'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
