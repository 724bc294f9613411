"""Python in the page: runs a notebook's cells in a worker, and hands over what they show.

`Kernel` is to the page what ipykernel is to JupyterLab, without a server: the worker
(../worker.js) calls `run`, and gets messages (plain dictionaries) through `post`:

    {type: "stream", cell, name, text}        what is printed, as it comes
    {type: "display", cell, data}             a value or a figure: {MIME type: text}
    {type: "clear", cell, wait}
    {type: "error", cell, name, text, line, source, trace}
    {type: "comm_open" | "comm_msg" | "comm_close", ...}   widgets (comms.py)
"""

import ast
import inspect
import linecache
import logging
import os
import rlcompleter
import sys
import traceback
import types
from collections.abc import Callable
from typing import Any

from page_kernel import comms, display, stand_ins

Message = dict[str, Any]
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
MOST = 200_000  # characters that one cell may print: a page holds no more


class Kernel:
    """Runs cells in one namespace.

    Args:
        post: takes each message for the page, and the buffers that go with it.
    """

    def __init__(self, post: Callable[..., None]) -> None:
        self.cell = ""
        self._post = post
        self._printed = 0
        self.main = types.ModuleType("__main__")
        self.names = vars(self.main)
        sys.modules["__main__"] = self.main
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")
        os.environ["MPLBACKEND"] = "module://page_kernel.backend"
        os.environ["JUPYTER_WIDGETS_ECHO"] = "0"
        display.use(self)
        logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # of its first start
        stand_ins.install()
        self.comms = comms.Comms(self)

    def post(self, type: str, buffers: list | None = None, **content: Any) -> None:
        """Send the page a message about the cell that runs."""
        self._post({"type": type, "cell": self.cell, **content}, buffers or [])

    def print(self, name: str, text: str) -> None:
        """Send what a cell prints, up to a limit."""
        room = MOST - self._printed
        if room <= 0:
            return
        self._printed += len(text)
        if len(text) >= room:
            text = f"{text[:room]}\n(cut here: this cell has printed {MOST:,} characters)\n"
        self.post("stream", name=name, text=text)

    async def run(self, cell: str, source: str) -> str:
        """Run a cell's source: "ok", "error", or what is lacking ("module:scipy", "file:NAME")."""
        self.cell, self._printed = cell, 0
        self.comms.close(cell)
        name = f"<cell {cell}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            await self._execute(source, name)
        except ModuleNotFoundError as error:
            self._error(error, source, name)
            return f"module:{(error.name or '').partition('.')[0]}"
        except BaseException as error:  # noqa: BLE001  whatever a cell raises is shown
            self._error(error, source, name)
            return f"file:{lacking}" if (lacking := _lacking(error)) else "error"
        finally:
            _show_figures()
            sys.stdout.flush()
            sys.stderr.flush()
        return "ok"

    async def _execute(self, source: str, name: str) -> None:
        tree = ast.parse(source, name)
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            await self._evaluate(compile(tree, name, "exec", flags=AWAIT, dont_inherit=True))
            return
        tree.body.pop()
        shown = ast.Expression(last.value)
        await self._evaluate(compile(tree, name, "exec", flags=AWAIT, dont_inherit=True))
        value = await self._evaluate(compile(shown, name, "eval", flags=AWAIT, dont_inherit=True))
        if value is not None and not source.rstrip().endswith(";"):
            self.names["_"] = value
            display.show(value)

    async def _evaluate(self, code: types.CodeType) -> Any:
        value = eval(code, self.names)
        return await value if code.co_flags & inspect.CO_COROUTINE else value

    def _error(self, error: BaseException, source: str, name: str) -> None:
        said = _explained(error, source)
        if said:
            self.post("error", name="", text=said, line=0, source="", trace="")
            return
        line = next((at for file, at in _places(error) if file == name), 0)
        lines = source.splitlines()
        self.post(
            "error",
            name=type(error).__name__,
            text=str(error.msg if isinstance(error, SyntaxError) else error),
            line=line,
            source=lines[line - 1].strip() if 0 < line <= len(lines) else "",
            trace="".join(traceback.format_exception(_without_ours(error))),
        )

    def complete(self, text: str) -> list[str]:
        """Names that begin as `text`, such as "np.ar", does; none where it would run code."""
        completer = rlcompleter.Completer(self.names)
        found = (completer.attr_matches if "." in text else completer.global_matches)(text)
        return sorted({match.rstrip("( ") for match in found})


class Stream:
    """A cell's standard output or error: whole lines at once, the rest when the cell ends."""

    encoding = "utf-8"
    closed = False

    def __init__(self, kernel: Kernel, name: str) -> None:
        self._kernel, self._name, self._text = kernel, name, ""

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._text += text
        if "\n" in text or "\r" in text or len(self._text) > 1000:
            self.flush()
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._text:
            text, self._text = self._text, ""
            self._kernel.print(self._name, text)

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False


def _show_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot:
        pyplot.show()


def _lacking(error: BaseException) -> str:
    """The name of a shipped folder whose files are not here yet, if that is what went wrong."""
    files = sys.modules.get("large_models.files")
    if not files or not isinstance(error, FileNotFoundError):
        return ""
    said = f"{error} {error.filename or ''}"
    empty = (folder for folder in files.WEIGHTS.iterdir() if not any(folder.iterdir()))
    return next((folder.name for folder in empty if f"{folder.name}/" in said), "")


def _explained(error: BaseException, source: str) -> str:
    """The library's sentence about what is not installed, if that is what went wrong."""
    absent = sys.modules.get("large_models.absent")
    return (absent.explain(error, source) or "") if absent else ""


def _places(error: BaseException) -> list[tuple[str, int]]:
    """Files and lines, the innermost first; of a text that cannot be read, where it stops."""
    if isinstance(error, SyntaxError):
        return [(error.filename or "", error.lineno or 0)]
    frames = traceback.extract_tb(error.__traceback__)
    return [(frame.filename, frame.lineno or 0) for frame in reversed(frames)]


def _without_ours(error: BaseException) -> BaseException:
    """Without the kernel's own frames, which are no news to the reader."""
    trace = error.__traceback__
    while trace and "page_kernel" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return error.with_traceback(trace)
