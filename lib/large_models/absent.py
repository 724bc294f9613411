"""Stands in for packages that are not installed, as PyTorch in a browser's tab.

They can be imported, and so can what needs them. Their first use says, in one sentence, what is
missing and where it is; what a cell would have made, a later cell misses with a sentence too.
"""

import ast
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType, TracebackType
from typing import Any

PACKAGES = {
    "torch": "PyTorch",
    "tokenizers": "tokenizers",
    "opacus": "Opacus",
    "captum": "Captum",
    "transformers": "Transformers",
    "huggingface_hub": "huggingface_hub",
    "tqdm": "tqdm",
}
# Settings of what is not there: they change nothing.
HARMLESS = frozenset(["set_num_threads", "set_verbosity_error", "disable_progress_bar"])
# What a reader writes above a function: it is the function that uses the package.
DECORATORS = frozenset(["no_grad", "inference_mode"])
_MISSED: dict[str, str] = {}  # names that a cell did not get to, each with the package it needs


class Absent(ImportError):
    """A package that is not installed was used."""

    def __init__(self, package: str) -> None:
        super().__init__(f"This needs {_where(package)}", name=package)


def _where(package: str) -> str:
    title = PACKAGES[package]
    return (
        f"{title}, which is not here: it runs where {title} is installed "
        "(in Colab, or on your own machine)."
    )


class _Meta(type):
    """What is asked of a stand-in is a stand-in; what is called or computed with raises."""

    _package: str

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(cls._package, name)

    def __getitem__(cls, _: Any) -> Any:
        return cls

    def __call__(cls, *_: Any, **__: Any) -> Any:
        if cls.__name__ in HARMLESS:
            return None
        if cls.__name__ in DECORATORS:
            return _stand_in(cls._package, "decorator")
        if cls.__name__ == "decorator":
            return _stand_in(cls._package, "decorated")
        if _imports(sys._getframe(1)):  # such as a decorator
            return cls
        raise Absent(cls._package)

    def _use(cls, *_: Any) -> Any:
        raise Absent(cls._package)

    __iter__ = __len__ = __enter__ = __exit__ = __add__ = __sub__ = __mul__ = __truediv__ = (
        __rmul__
    ) = _use
    __neg__ = __matmul__ = __array__ = __setitem__ = __contains__ = __float__ = __int__ = _use


def _stand_in(package: str, name: str) -> Any:
    return _Meta(name, (), {"_package": package, "__doc__": None})


def _imports(frame: FrameType | None) -> bool:
    """Whether a module of ours runs its own statements, and no reader's."""
    if frame is None or not frame.f_globals.get("__name__", "").startswith("large_models."):
        return False
    return "__module__" in frame.f_locals or frame.f_locals is frame.f_globals


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _stand_in(self.__name__.partition(".")[0], name)


class _Finder(MetaPathFinder, Loader):
    """The last that is asked: for a package of the list that no one else has found."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        top = fullname.partition(".")[0]
        stood_in = isinstance(sys.modules.get(top), _Module) or fullname == top
        known = top in PACKAGES and stood_in
        return ModuleSpec(fullname, self, is_package=True) if known else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def install() -> None:
    """Let what is missing be imported; in IPython, say what is missing instead of a traceback."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.append(_Finder())
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    shell = get_shell()
    if shell is not None:
        _speak_in(shell)


def explain(error: BaseException, source: str) -> str | None:
    """A sentence, if a cell failed because something is not installed; None otherwise.

    What the cell would have made is remembered, and removed where an older value has its name.
    """
    package, text = None, ""
    if isinstance(error, Absent):
        package, text = str(error.name), str(error)
    elif isinstance(error, NameError) and error.name in _MISSED:
        package = _MISSED[error.name]
        text = f"This builds on {error.name}, from a cell that needs {_where(package)}"
    else:
        name = next((n for n in _read(source) if n in _MISSED and f"{n} changed" in _MISSED), None)
        if name and isinstance(error, Exception):
            package = _MISSED[name]
            text = f"This builds on {name}, from a cell that needs {_where(package)}"
    if package is None:
        return None
    frame, line = _cell_frame(error.__traceback__)
    made, changed = _made_from(source, line)
    for name in made:
        _MISSED[name] = package
        _MISSED.pop(f"{name} changed", None)
        if frame is not None:
            frame.f_globals.pop(name, None)
    for name in changed - made:
        _MISSED[name] = _MISSED[f"{name} changed"] = package
    return text


def _cell_frame(trace: TracebackType | None) -> tuple[FrameType | None, int]:
    """The cell's own frame, and the line where it stopped."""
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == "__main__":
            return trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next
    return None, 0


def _made_from(source: str, line: int) -> tuple[set[str], set[str]]:
    """Names that a cell's statements define, and change, from a line on."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set(), set()
    left = [node for node in tree.body if (node.end_lineno or 0) >= line]
    made: set[str] = set()
    changed: set[str] = set()
    for node in left:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
            continue
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                made.add(child.id)
            elif isinstance(child, (ast.Subscript, ast.Attribute)):
                stored = isinstance(child.ctx, ast.Store)
                value = child.value
                called = isinstance(child, ast.Attribute) and child.attr in ("append", "update")
                if isinstance(value, ast.Name) and (stored or called):
                    changed.add(value.id)
    return made, changed


def _read(source: str) -> list[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _speak_in(shell: Any) -> None:
    """Show the sentence as a cell's output, and let the cells after it run."""
    cell = {"source": "", "said": False}

    def begin(info: Any) -> None:
        cell.update(source=info.raw_cell, said=False)

    def failed(shell: Any, kind: type, error: Exception, trace: Any, tb_offset: Any = None) -> None:
        text = explain(error, str(cell["source"]))
        if text is None:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
            return
        cell["said"] = True
        sys.stdout.write(f"{text}\n")

    def end(result: Any) -> None:
        if cell["said"]:
            result.error_in_exec = None

    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", end)
    shell.set_custom_exc((Exception,), failed)
