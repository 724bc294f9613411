"""What the models of the widgets are given: a widget's traits, and the page's language."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ipywidgets import DOMWidget

from tests.js.engine import Engine


def traits(widget: DOMWidget) -> dict[str, Any]:
    """The synced traits, as the page has them."""
    state = widget.get_state()
    others = {*DOMWidget().get_state(), "_esm", "_css", "_anywidget_id"}
    return {name: value for name, value in state.items() if name not in others}


@contextmanager
def language(engine: Engine, lang: str) -> Iterator[None]:
    """The page's language, until the block ends."""
    engine.run("(lang) => { globalThis.document = {documentElement: {lang}}; }", lang)
    try:
        yield
    finally:
        engine.run("() => { delete globalThis.document; }")
