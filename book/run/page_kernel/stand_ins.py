"""Stands in for the little of IPython that ipywidgets, anywidget and cells ask for."""

import importlib.util
import sys
import types
from typing import Any

from page_kernel import display


class Shown:
    """Data of one kind, such as HTML, that a cell displays."""

    kind = method = ""

    def __init__(self, data: Any = None, filename: str | None = None, **_: Any) -> None:
        if data is None and filename is not None:
            with open(filename, "rb") as file:
                data = file.read()
        self.data = data

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        if isinstance(self.data, bytes):
            import base64

            return {self.kind: base64.b64encode(self.data).decode()}
        return {self.kind: self.data}


def show(*values: Any, **_: Any) -> None:
    """IPython's `display`."""
    for value in values:
        display.show(value)


def clear_output(wait: bool = False) -> None:
    """Empty the cell's output, now or when the next comes."""
    sys.stdout.flush()
    sys.stderr.flush()
    display.post("clear", wait=wait)


KINDS = {
    "HTML": "text/html",
    "Markdown": "text/markdown",
    "Latex": "text/latex",
    "Math": "text/latex",
    "SVG": "image/svg+xml",
    "Image": "image/png",
}


def install() -> None:
    """Put the modules where `import IPython...` finds them; the pretty printer is IPython's own."""
    if importlib.util.find_spec("IPython") is None:
        return
    import IPython

    shell = {"get_ipython": lambda: None, "display": show, "version_info": (8, 0, 0, "")}
    for name, value in shell.items():
        setattr(IPython, name, value)
    shown = {name: type(name, (Shown,), {"kind": kind}) for name, kind in KINDS.items()}
    _module("IPython.display", display=show, clear_output=clear_output, **shown)
    _module("IPython.core")
    _module("IPython.core.display", display=show, **shown)
    _module("IPython.core.interactiveshell", InteractiveShell=_NoShell)


class _NoShell:
    """There is no shell: nothing is initialized."""

    initialized = staticmethod(lambda: False)


def _module(name: str, **content: Any) -> None:
    module = types.ModuleType(name)
    vars(module).update(content)
    sys.modules[name] = module
    parent, _, last = name.rpartition(".")
    if not (parent == "IPython" and last == "display"):
        setattr(sys.modules[parent], last, module)
