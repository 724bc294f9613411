"""What a value looks like in the page: its representations by MIME type, as in a notebook."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from page_kernel import Kernel

VIEW = "application/vnd.jupyter.widget-view+json"
METHODS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "image/jpeg": "_repr_jpeg_",
}
_kernels: list[Kernel] = []  # the one that runs, at the end


def use(kernel: Kernel) -> None:
    """Send what is shown from now on by this kernel."""
    _kernels.append(kernel)


def post(type: str, **content: Any) -> None:
    """Send the page a message about the cell that runs."""
    _kernels[-1].post(type, **content)


def show(value: Any) -> None:
    """Send the page what a value looks like."""
    post("display", data=bundle(value))


def bundle(value: Any) -> dict[str, Any]:
    """A value's representations, {MIME type: text}; pictures in base64."""
    if "matplotlib.figure" in str(type(value).__mro__):
        from page_kernel import backend

        return {"image/svg+xml": backend.svg(value), "text/plain": text(value)}
    found: dict[str, Any] = {}
    complete = getattr(value, "_repr_mimebundle_", None)
    if callable(complete) and not isinstance(value, type):
        made: Any = complete(include=None, exclude=None)
        found = (made[0] if isinstance(made, tuple) else made) or {}
    for kind, method in METHODS.items():
        make = getattr(value, method, None)
        if kind not in found and callable(make) and not isinstance(value, type):
            made = make()
            if made is not None:
                found[kind] = base64.b64encode(made).decode() if isinstance(made, bytes) else made
    found.setdefault("text/plain", text(value))
    return found


def text(value: Any) -> str:
    """A value as IPython writes it: long lists and dictionaries over several lines."""
    from IPython.lib.pretty import pretty

    return pretty(value)
