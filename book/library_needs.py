"""What a cell needs of packages and files: followed through the library, function by function.

A cell that only defines or imports something needs nothing of it yet: in the page, what is not
there is stood in for until it is used (large_models.absent).
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cells as by_name

LIBRARY = Path(__file__).resolve().parents[1] / "lib"
WEIGHTS = LIBRARY.parent / "weights"
OWN = "large_models"
# What Pyodide has, by the name under which it is imported; NumPy is always there.
PYODIDE = {
    "matplotlib": "matplotlib", "PIL": "pillow", "scipy": "scipy", "sklearn": "scikit-learn",
}  # fmt: skip
THERE = {"numpy", "IPython", "anywidget", "traitlets", "ipywidgets", "cycler", "tqdm", OWN}
AT_HOME = {"deno", "subprocess", "matplotlib_inline"}  # the library goes without them in a tab
NOT_IN_A_TAB = {"subprocess", "multiprocessing"}
INSTEAD = {"sklearn.datasets", "lzma"}  # the library has the data, or another way
# Settings of a package that is not there change nothing (large_models.absent).
HARMLESS = frozenset(["set_num_threads", "set_verbosity_error", "disable_progress_bar", "logging"])
ASSETS = f"{OWN}.widgets.assets"  # names what all widgets may ask for, and none at once
LATER = {"use_style"}  # which in a tab waits for the first figure
CORPUS = f"{OWN}.data.docstrings"


@dataclass
class Cell:
    """What the page knows of a code cell before it runs.

    Attributes:
        needs: ids of the earlier cells that must run before it, in order, nothing left out.
        absent: packages that it, or a cell that it needs, cannot do without and the page lacks.
        packages: of Pyodide, beyond numpy.
        files: shipped weights by name, and "corpus", that it may open.
    """

    id: str
    source: str
    needs: list[str]
    defines: list[str]
    absent: list[str]
    packages: list[str]
    files: list[str]


@dataclass
class Found:
    """What a piece of code needs at most."""

    modules: set[str] = field(default_factory=set)  # from outside the library
    files: set[str] = field(default_factory=set)

    def __or__(self, other: "Found") -> "Found":
        return Found(self.modules | other.modules, self.files | other.files)

    @property
    def absent(self) -> set[str]:
        there = {*sys.stdlib_module_names, *THERE, *PYODIDE} - NOT_IN_A_TAB
        return {_top(name) for name in self.modules} - there

    @property
    def packages(self) -> set[str]:
        return {PYODIDE[_top(m)] for m in self.modules - INSTEAD if _top(m) in PYODIDE}


def cells(notebook: dict) -> list[Cell]:
    """Each code cell of a notebook, with what it needs."""
    given = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in given]
    facts, names = by_name.facts_of(sources)
    own, at_import = [], []
    for number in range(len(sources)):
        found, imported = _of_cell(sources[: number + 1], facts[number], names[number])
        own.append(found)
        at_import.append(imported)
    made = []
    for number, cell in enumerate(given):
        before = by_name.wanted_by(facts, number)
        values = by_name.wanted_by(facts, number, values=True)
        found = Found()
        for other in [*before, number]:
            found = found | own[other] | at_import[other]
        absent = set().union(*(own[other].absent for other in [*values, number]))
        made.append(
            Cell(
                id=cell["id"],
                source=sources[number],
                needs=[given[other]["id"] for other in before],
                defines=sorted(facts[number].defines),
                absent=sorted(absent),
                packages=sorted(found.packages),
                files=sorted(found.files),
            )
        )
    return made


def _of_cell(sources: list[str], facts: by_name.Facts, names: by_name.NAMES) -> tuple[Found, Found]:
    """What the last cell uses, and what comes in because it imports something."""
    code: list[ast.AST] = []
    for statement in by_name.parsed(sources[-1]).body:
        if not isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            code.append(statement)
    for source in sources:
        for node in ast.walk(by_name.parsed(source)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in facts.used:
                code.append(node)
    found, brought = Found(), Found()
    for node in code:
        found = found | Found(files=_named_files(node))
        for name, attributes in _attributes(node).items():
            known = names.get(name)
            if known and known.imported and name in facts.used:
                found = found | _of_import(known.imported, frozenset(attributes))
    for name in facts.defines:
        known = names[name]
        if known.imported:
            brought = brought | Found(_at_import(known.imported))
    return found, brought


def _of_import(stands_for: str, attributes: frozenset[str]) -> Found:
    """What is needed by the use of an imported name, or of attributes of it."""
    module, _, name = stands_for.partition(":")
    if _top(module) != OWN:
        settings = attributes and attributes <= HARMLESS
        return Found() if settings else Found({f"{module}.{name}" if name else module})
    if name and _file(f"{module}.{name}"):
        module, name = f"{module}.{name}", ""
    found = Found()
    for part in (name,) if name else attributes:
        found = found | reach(module, part)
    return found


def _at_import(stands_for: str) -> set[str]:
    module, _, name = stands_for.partition(":")
    if _top(module) != OWN:
        return {f"{module}.{name}" if name else module}
    return set(_closure(f"{module}.{name}" if _file(f"{module}.{name}") else module))


@cache
def reach(module: str, name: str) -> Found:
    """What a function, class or value of a module of the library may need when it is used."""
    seen: set[tuple[str, str]] = set()
    found = Found()
    left = [(module, name)]
    while left:
        place = left.pop()
        if place in seen or place[1] in LATER:
            continue
        seen.add(place)
        at, called = place
        if not _file(at):
            continue
        for node in _definitions(at).get(called, ()):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                left += _led_to(node, called)
                found.modules |= {m for m in _imports(node) if _top(m) not in (OWN, *AT_HOME)}
                continue
            found.modules |= {m for m in _imports(node) if _top(m) not in (OWN, *AT_HOME)}
            if at != ASSETS:
                found.files |= _named_files(node)
            if at == CORPUS and "CORPUS" in _attributes(node):
                found.files.add("corpus")
            inside = [child for child in ast.walk(node) if isinstance(child, ast.ImportFrom)]
            for child in inside:
                for alias in child.names:
                    left += _led_to(child, alias.asname or alias.name)
            for used, attributes in _attributes(node).items():
                left.append((at, used))
                for definition in [*_definitions(at).get(used, ()), *inside]:
                    if isinstance(definition, (ast.Import, ast.ImportFrom)):
                        for inner, whole in _led_to(definition, used):
                            if whole == "":
                                left += [(inner, attribute) for attribute in attributes]
    return found


def _led_to(node: ast.Import | ast.ImportFrom, name: str) -> list[tuple[str, str]]:
    """Where an import inside the library leads: (module, name), or (module, "") for a module."""
    led = []
    for alias in node.names:
        if (alias.asname or alias.name) != name or not isinstance(node, ast.ImportFrom):
            continue
        if _top(node.module or "") == OWN:
            inner = f"{node.module}.{alias.name}"
            led.append((inner, "") if _file(inner) else (str(node.module), alias.name))
    return led


@cache
def _file(module: str) -> Path | None:
    path = LIBRARY / module.replace(".", "/")
    for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


@cache
def _tree(module: str) -> ast.Module:
    file = _file(module)
    return ast.parse(file.read_text("utf-8")) if file else ast.Module([], [])


@cache
def _definitions(module: str) -> dict[str, list[ast.stmt]]:
    """Each name of a module, with the statements that define it."""
    found: dict[str, list[ast.stmt]] = {}
    body = _tree(module).body
    typed = [inner for node in body if isinstance(node, ast.If) for inner in node.body]
    lazy = [n for n in typed if isinstance(n, ast.ImportFrom) and _top(n.module or "") == OWN]
    for node in [*body, *lazy]:
        names: list[str] = []
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        for name in names:
            found.setdefault(name, []).append(node)
    return found


@cache
def _closure(module: str) -> frozenset[str]:
    """All modules from outside that importing a module of the library brings in."""
    seen: set[str] = set()
    found: set[str] = set()
    left = [module]
    while left:
        name = left.pop()
        if name in seen or not name:
            continue
        seen.add(name)
        left.append(name.rpartition(".")[0])
        for node in _tree(name).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                brought = _imports(node)
                inside = {other for other in brought if _top(other) == OWN}
                left += inside
                found |= brought - inside
    return frozenset(name for name in found if _top(name) not in AT_HOME)


def _imports(node: ast.AST) -> set[str]:
    """Modules that code imports, but for what it tries to import and can do without."""
    spared: set[int] = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Try):
            caught = {n.id for h in child.handlers for n in ast.walk(h) if isinstance(n, ast.Name)}
            if caught & {"ImportError", "ModuleNotFoundError"}:
                spared |= {id(inner) for part in child.body for inner in ast.walk(part)}
    found: set[str] = set()
    for child in ast.walk(node):
        if id(child) in spared:
            continue
        if isinstance(child, ast.Import):
            found |= {alias.name for alias in child.names}
        elif isinstance(child, ast.ImportFrom) and child.module:
            for alias in child.names:
                whole = f"{child.module}.{alias.name}"
                found.add(whole if _file(whole) or _top(whole) != OWN else child.module)
    return found


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All of a piece of code but its annotations, which are not run."""
    for field_name, value in ast.iter_fields(node):
        if field_name not in ("annotation", "returns"):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.AST):
                    yield from _walk(part)
    yield node


def _attributes(node: ast.AST) -> dict[str, set[str]]:
    """Names that code reads, each with the attributes that it asks of them."""
    found: dict[str, set[str]] = {}
    for child in _walk(node):
        if isinstance(child, ast.Name):
            found.setdefault(child.id, set())
        elif isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name):
            found.setdefault(child.value.id, set()).add(child.attr)
    return found


@cache
def _shipped() -> list[str]:
    return sorted(path.name for path in WEIGHTS.iterdir() if path.is_dir())


def _named_files(node: ast.AST) -> set[str]:
    """Shipped weights that a string names, or may name after its beginning."""
    found: set[str] = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            found |= {child.value} & set(_shipped())
        elif isinstance(child, ast.JoinedStr) and child.values:
            first = child.values[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                begins = first.value
                found |= {n for n in _shipped() if len(begins) > 3 and n.startswith(begins)}
    return found


def _top(module: str) -> str:
    return module.partition(".")[0]
