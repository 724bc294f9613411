"""What every widget of the book is: an anywidget whose page side needs no kernel.

A widget is a folder: `__init__.py` with its class, `model.js` with its state and what follows from
it, `view.js` that draws it, and `view.css`. anywidget loads a module from memory, where relative
imports lead nowhere, so the page gets one module of all that the view imports, and one sheet:
bundles/name.js and name.css, which bundle.py makes and the repository keeps. Where the environment
has LARGE_MODELS_WATCH (`make lab`), an edited source is bundled anew and its widgets start again.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from large_models.widgets.assets import ASSETS

HERE = Path(__file__).parent


class BadValue(ValueError, traitlets.TraitError):
    """A trait was set to what it cannot be (traitlets then keeps the old value)."""


class Checked(traitlets.TraitType):
    """A trait whose value is whatever `check` makes of it; `check` raises ValueError if it cannot.

    The message of the error that reaches the reader names the widget and the trait.
    """

    def __init__(self, check: Callable[[Any], Any], default: Any) -> None:
        super().__init__(default_value=default)
        self.check = check

    def validate(self, obj: traitlets.HasTraits, value: Any) -> Any:
        try:
            return self.check(value)
        except ValueError as error:
            raise BadValue(f"{type(obj).__name__}.{self.name}: {error}") from None


def whole(least: int, most: int | None = None) -> Callable[[Any], int]:
    """A check for `Checked`: an integer from `least` to `most`."""

    def check(value: Any) -> int:
        # NumPy's integers are welcome, True is not.
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise ValueError(f"expected an integer, got {value!r}")
        number = value.__index__()
        if number < least or (most is not None and number > most):
            span = f"from {least} to {most}" if most is not None else f"of at least {least}"
            raise ValueError(f"expected an integer {span}, got {number}")
        return number

    return check


def one_of(choices: Sequence[str]) -> Callable[[Any], str]:
    """A check for `Checked`: one of a few words."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"expected one of {', '.join(map(repr, choices))}, got {value!r}")
        return value

    return check


def yes_or_no(value: Any) -> bool:
    """A check for `Checked`: True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"expected True or False, got {value!r}")
    return value


def any_text(value: Any) -> str:
    """A check for `Checked`: text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"expected a text that UTF-8 can hold: {error}") from None
    return value


class BookWidget(anywidget.AnyWidget):
    """Base class: finds the page's module and style, and answers for assets.

    A subclass lists in `_shown` the traits that its short repr gives; the repr is part of the
    notebooks' committed outputs, so it never holds an id or an address.
    """

    _shown: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        defined_in = getattr(sys.modules[cls.__module__], "__file__", None) or "."
        folder = Path(defined_in).parent
        name = folder.name
        # A reader's own subclass, in a notebook, has no source: it keeps its parent's. So do the
        # classes that traitlets makes to add traits to one object: there `_esm` is a trait.
        is_trait = isinstance(getattr(cls, "_esm", None), traitlets.TraitType)
        ours = folder.parent == HERE and (HERE / "bundles" / f"{name}.js").is_file()
        if ours and not is_trait:
            cls._esm, cls._css = (bundled(name, kind) for kind in ("js", "css"))
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs: Any) -> None:
        unknown = sorted(set(kwargs) - set(self.trait_names()))
        if unknown:
            raise ValueError(f"{type(self).__name__} has no setting {', '.join(unknown)}")
        super().__init__(**kwargs)
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown)
        return f"{type(self).__name__}({values})"

    def _answer(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Send the page the asset it asks for."""
        if not isinstance(content, dict) or content.get("type") != "asset":
            return
        name = content.get("name")
        if name in ASSETS:
            self.send({"type": "asset", "name": name}, buffers=[ASSETS[name]()])
        else:
            self.send({"type": "asset", "name": name, "error": f"no asset {name!r}"})


def bundled(name: str, kind: str) -> Any:
    """A widget's module or its sheet, without the line that says of which sources it was made."""
    if os.environ.get("LARGE_MODELS_WATCH"):
        from large_models.widgets.bundle import watched

        return watched(name, kind)
    text = (HERE / "bundles" / f"{name}.{kind}").read_text("utf-8")
    return text.split("\n", 1)[1].strip()
