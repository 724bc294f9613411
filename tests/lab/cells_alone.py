"""Runs cells of a notebook in IPython as the page does, without what a tab lacks (a program).

    python tests/lab/cells_alone.py chapters/3_1_cnn.ipynb whole
    python tests/lab/cells_alone.py chapters/3_1_cnn.ipynb each

`whole`: every cell, from top to bottom. `each`: for each cell that can run in the page, in a fresh
namespace, the cells that it needs and then it. One line of JSON a cell: its id, its mode, its
errors, and what it printed.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = {"torch", "tokenizers", "opacus", "captum", "transformers", "huggingface_hub"}


class Blind(PathFinder):
    """Python's own finder, without the hidden packages."""

    @classmethod
    def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
        hidden = fullname.partition(".")[0] in HIDDEN
        return None if hidden else PathFinder.find_spec(fullname, path, target)


def printed(outputs: Iterable[dict]) -> str:
    """What a reader reads of a cell's outputs: text and tables, and no pictures."""
    said = ""
    for output in outputs:
        data = output.get("data", {})
        text = "".join(
            output.get("text", "") or data.get("text/html") or data.get("text/plain", "")
        )
        said += "" if text.startswith("<Figure") else f"{text.rstrip()}\n"
    return said


class Tab:
    """An IPython shell that keeps what a cell shows."""

    def __init__(self) -> None:
        from IPython.core.displayhook import CapturingDisplayHook
        from IPython.core.interactiveshell import InteractiveShell

        self.shell = InteractiveShell.instance()
        self.shell.colors = "NoColor"
        self.hook = CapturingDisplayHook
        self.absent = importlib.import_module("large_models.absent")
        self.absent.install()

    def fresh(self) -> None:
        """Forget what the cells made; modules stay imported."""
        self.shell.reset(new_session=False)
        self.absent._MISSED.clear()

    def run(self, source: str) -> tuple[str, str]:
        """What a cell printed, and its error if it ended in one."""
        from IPython.utils.capture import capture_output

        with capture_output() as said:
            publisher: Any = self.shell.display_pub  # while it captures
            outputs = publisher.outputs
            self.shell.display_trap.hook = self.hook(shell=self.shell, outputs=outputs)
            result = self.shell.run_cell(source)
        error = result.error_before_exec or result.error_in_exec
        shown = [{"text": said.stdout}] if said.stdout else []
        return printed([*shown, *outputs]), repr(error) if error else ""


def main(path: Path, mode: str) -> None:
    sys.meta_path[:] = [Blind if finder is PathFinder else finder for finder in sys.meta_path]
    sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "book")]
    os.environ.update(LARGE_MODELS_ABSENT="1", MPLBACKEND="agg")
    analysed = importlib.import_module("cells").analyse(json.loads(path.read_text("utf-8")))
    sources = {cell.id: cell.source for cell in analysed}
    os.chdir(path.parent)
    tab = Tab()
    for cell in analysed:
        if mode == "each":
            if cell.absent:
                continue
            tab.fresh()
        before = cell.needs if mode == "each" else []
        for needed in before:
            tab.run(sources[needed])
        said, error = tab.run(cell.source)
        print(json.dumps({"id": cell.id, "printed": said, "error": error}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
