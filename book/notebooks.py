"""Run notebooks and write them back so that a second run changes nothing.

    python book/notebooks.py                    # every notebook of the book
    python book/notebooks.py chapters/3_1_cnn.ipynb

Each notebook runs from top to bottom in a fresh kernel, on one thread. What differs from run to
run without meaning anything is then made regular: widget model ids become 1, 2, 3, ..., time
stamps and the interpreter's version go, a progress bar keeps its last state.
"""

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parent.parent
# Sums on two threads are added in another order: one thread gives the same digits at every run.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


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
    client.execute(env={**os.environ, **ONE_THREAD})
    make_regular(notebook)
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
    _renumber_models(notebook)


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


def _renumber_models(notebook: nbformat.NotebookNode) -> None:
    """Give the widgets' random model ids numbers, in the order in which a reader meets them."""
    state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    order = [
        output["data"][WIDGET_VIEW]["model_id"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if WIDGET_VIEW in output.get("data", {})
    ]
    # A model's own models (its layout, its children) follow it.
    numbers: dict[str, str] = {}
    while order:
        model_id = order.pop(0)
        if model_id in numbers or model_id not in state:
            continue
        numbers[model_id] = f"{len(numbers) + 1:032x}"
        order[:0] = re.findall(r"IPY_MODEL_(\w+)", json.dumps(state[model_id]))
    if not numbers:
        notebook.metadata.pop("widgets", None)
        return
    # Models that nothing shows are left out: the page could not reach them.
    kept = {model_id: state[model_id] for model_id in numbers}
    text = json.dumps(kept)
    for old, new in numbers.items():
        text = text.replace(old, new)
    widgets = {WIDGET_STATE: {"state": json.loads(text), "version_major": 2, "version_minor": 0}}
    notebook.metadata["widgets"] = nbformat.from_dict(widgets)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            view = output.get("data", {}).get(WIDGET_VIEW)
            if view:
                view["model_id"] = numbers[view["model_id"]]


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
