"""Widgets: ipywidgets' models talk to the page through the worker instead of a server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import comm
from comm.base_comm import BaseComm

if TYPE_CHECKING:
    from page_kernel import Kernel


class Comms:
    """The open comms, and the cell that opened each."""

    def __init__(self, kernel: Kernel) -> None:
        self._opened: dict[str, list[BaseComm]] = {}

        class PageComm(BaseComm):
            def publish_msg(self, msg_type: str, *given: Any, **named: Any) -> None:
                """Takes data, metadata and buffers, as ipykernel's does."""
                content = dict(zip(("data", "metadata", "buffers"), given, strict=False)) | named
                flat = [bytes(buffer) for buffer in content.get("buffers") or []]
                kernel.post(msg_type, flat, comm=self.comm_id, data=content.get("data") or {})

        def create(**settings: Any) -> BaseComm:
            made = PageComm(**settings)
            self._opened.setdefault(kernel.cell, []).append(made)
            return made

        comm.create_comm = create

    def close(self, cell: str) -> None:
        """Close what a cell has opened, since it runs again."""
        widgets = sys.modules.get("ipywidgets.widgets.widget")
        for opened in self._opened.pop(cell, []):
            widget = widgets and widgets._instances.get(opened.comm_id)
            if widget:
                widget.close()
            else:
                opened.close()

    def receive(self, key: str, data: dict, buffers: list) -> None:
        """Hand a widget what the page says of it; one that is closed hears nothing."""
        found = comm.get_comm_manager().comms.get(key)
        if found:
            views = [memoryview(bytes(buffer)) for buffer in buffers]
            found.handle_msg({"content": {"comm_id": key, "data": data}, "buffers": views})
