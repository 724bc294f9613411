"""Runs cells of a notebook in IPython as the page does, without what a tab lacks (a program).

    python tests/alone/cells.py chapters/3_1_cnn.ipynb whole
    python tests/alone/cells.py chapters/3_1_cnn.ipynb each

`whole`: every cell, from top to bottom. `each`: for each cell that can run in the page, in a
process of its own, the cells that it needs and then it; where two need the same cells first, these
run once and the process splits. One line of JSON a cell: its id, its error, and what it printed.
"""

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterable
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
        from traitlets.config import Config

        no_history = Config({"HistoryManager": {"enabled": False}})  # it would keep a thread
        self.shell = InteractiveShell.instance(config=no_history)
        self.shell.colors = "NoColor"
        self.hook = CapturingDisplayHook
        importlib.import_module("large_models.absent").install()

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


def show(tab: Tab, cell: Any) -> None:
    said, error = tab.run(cell.source)
    print(json.dumps({"id": cell.id, "printed": said, "error": error}), flush=True)


def apart(work: Callable[[], None]) -> None:
    """Do something in a copy of this process, and wait for its end."""
    child = os.fork()
    if child:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            raise SystemExit(status)
        return
    work()
    sys.stdout.flush()
    os._exit(0)


def each(tab: Tab, cells: list, sources: dict[str, str], done: int = 0) -> None:
    """Run cells of which the first `done` needs have run."""
    following: dict[str, list] = {}
    for cell in cells:
        if len(cell.needs) == done:
            apart(lambda cell=cell: show(tab, cell))
        else:
            following.setdefault(cell.needs[done], []).append(cell)
    for name, those in following.items():

        def branch(name: str = name, those: list = those) -> None:
            tab.run(sources[name])
            each(tab, those, sources, done + 1)

        apart(branch)


def main(path: Path, mode: str) -> None:
    sys.meta_path[:] = [Blind if finder is PathFinder else finder for finder in sys.meta_path]
    sys.path[:0] = [str(ROOT / "lib"), str(ROOT / "book")]
    os.environ.update(LARGE_MODELS_ABSENT="1", MPLBACKEND="agg", OMP_NUM_THREADS="1")
    analysed = importlib.import_module("cells").analyse(json.loads(path.read_text("utf-8")))
    os.chdir(path.parent)
    tab = Tab()
    if mode == "each":
        able = [cell for cell in analysed if not cell.absent]
        each(tab, able, {cell.id: cell.source for cell in analysed})
        return
    for cell in analysed:
        show(tab, cell)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2])
