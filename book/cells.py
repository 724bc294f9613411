"""What a notebook's cell needs: which cells must run before it, packages, and shipped files.

Found from the source alone. A cell needs the cells that define the names it reads, and those that
change such a name in place after that: by assigning an item or an attribute, by a method called for
its effect, by any use of a random generator. What a function reads counts where it is called.
`needs` also runs in the page, on sources that the reader has edited: the standard library only.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from library_needs import Cell

# Methods that change what they belong to; in a module, the arguments that they get.
CHANGES = frozenset(
    "add append backward clear copyto extend fill fill_diagonal insert learn load_state_dict "
    "manual_seed partial_fit place pop popitem put put_along_axis putmask remove reverse seed "
    "setdefault shuffle sort step train update write zero_grad".split()
)
CHANGE_ARGUMENTS = frozenset(["fit", "learn", "train", *CHANGES])
GENERATORS = frozenset(["default_rng", "Generator", "Random", "iter", "count", "cycle"])
NAMES = dict[str, "Name"]


@dataclass
class Name:
    """What is known of a name when a cell begins."""

    later: set[str] = field(default_factory=set)  # what it reads when it is called
    changed: set[str] = field(default_factory=set)  # what it changes when it is called
    holds: set[str] = field(default_factory=set)  # what changes with it
    imported: str = ""  # the module, or module and name, that it stands for
    changes_arguments: bool = False
    once: bool = False  # any use changes it: a generator
    makes: bool = False  # a call gives something that reads `later`: a class, a generator


@dataclass
class Facts:
    """What a cell does to names."""

    reads: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)  # reads, and what it defines itself and then uses
    defines: set[str] = field(default_factory=set)
    certain: set[str] = field(default_factory=set)  # of these, whatever happens
    touches: set[str] = field(default_factory=set)
    draws: set[str] = field(default_factory=set)  # touches of generators


def needs(sources: list[str], index: int) -> list[int]:
    """The earlier cells that must run before the one at `index`, in order."""
    return wanted_by(facts_of(sources[: index + 1])[0], index)


def wanted_by(facts: list[Facts], index: int, values: bool = False) -> list[int]:
    """`needs`, of facts that are known; or only cells that give `values`, and draws before them."""
    wanted = set(facts[index].reads | facts[index].touches)
    found = []
    for number in range(index - 1, -1, -1):
        cell = facts[number]
        if wanted & (cell.defines | (cell.draws if values else cell.touches)):
            found.append(number)
            wanted = (wanted - (cell.certain - cell.touches)) | cell.reads | cell.touches
            wanted -= cell.certain - cell.reads
    return found[::-1]


def facts_of(sources: list[str]) -> tuple[list[Facts], list[NAMES]]:
    """Each cell's facts, and the names as they are after it."""
    names: NAMES = {}
    readers = []
    for source in sources:
        readers.append(_Reader(dict(names)))
        readers[-1].block(parsed(source).body)
        names = readers[-1].names
    return [reader.facts for reader in readers], [reader.names for reader in readers]


def analyse(notebook: dict) -> "list[Cell]":
    """What each code cell of a notebook needs, in order."""
    from library_needs import cells  # which reads the library's files: not in the page

    return cells(notebook)


@lru_cache(maxsize=500)
def parsed(source: str) -> ast.Module:
    """A cell's statements; IPython's own lines do nothing, and what is no Python is empty."""
    for text in (source, re.sub(r"(?m)^(\s*)[%!].*$", r"\1pass", source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            continue
    return ast.Module([], [])


def root(node: ast.AST) -> str:
    """The name that a chain of attributes, items and calls begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def free(node: ast.AST) -> set[str]:
    """Names that a function, lambda or class reads from outside of it."""
    every = list(ast.walk(node))
    names = [n for n in every if isinstance(n, ast.Name)]
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    own = {n.id for n in names if not isinstance(n.ctx, ast.Load)}
    own |= {n.arg for n in every if isinstance(n, ast.arg)}
    own |= {n.name for n in every if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    own |= {_bound(n) for n in every if isinstance(n, ast.alias)}
    outer = {name for n in every if isinstance(n, ast.Global) for name in n.names}
    return (read | outer) - (own - outer)


def _bound(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


class _Reader:
    """Goes through one cell's statements in order."""

    def __init__(self, names: NAMES) -> None:
        self.names, self.facts, self.sure = names, Facts(), True

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._define_later(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node)
        elif isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            self._assign(node)
        elif isinstance(node, ast.Expr):
            self._read(node.value)
            self._effect(node.value)
        elif not hasattr(node, "body"):
            self._read(node)
            for target in getattr(node, "targets", ()):  # of `del`
                self._touch(root(target))
        else:
            self._compound(node)

    def _compound(self, node: Any) -> None:
        """A statement with statements in it; those after an `if` may not run."""
        sure = self.sure
        if isinstance(node, (ast.For, ast.AsyncFor)):
            self._read(node.iter)
            self._bind(node.target, node.iter, whole=False)
        elif isinstance(node, (ast.If, ast.While)):
            self._read(node.test)
            self.sure = False
        for item in getattr(node, "items", ()):
            self._read(item.context_expr)
            if item.optional_vars:
                self._bind(item.optional_vars, item.context_expr)
        self.block(node.body)
        for handler in getattr(node, "handlers", ()):
            self.block(handler.body)
        self.block(getattr(node, "orelse", []) + getattr(node, "finalbody", []))
        self.sure = sure

    def _assign(self, node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> None:
        self._read(node.value or ast.Constant(None))
        if isinstance(node, ast.AugAssign):
            self._read(node.target)
            self._touch(root(node.target))
            if isinstance(node.target, ast.Name):
                self._use(node.target.id, set())
                self._define(node.target.id, self.names.get(node.target.id, Name()))
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if node.value:
                self._bind(target, node.value)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            stands_for = alias.name if alias.asname else alias.name.partition(".")[0]
            if isinstance(node, ast.ImportFrom):
                stands_for = f"{node.module}:{alias.name}"
            self._define(_bound(alias), Name(imported=stands_for))

    def _define_later(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        at_once: list[Any] = [*node.decorator_list]
        if isinstance(node, ast.ClassDef):
            at_once += node.bases
        else:
            at_once += [*node.args.defaults, *node.args.kw_defaults]
        for part in filter(None, at_once):
            self._read(part)
        inner = _Reader(dict(self.names))
        for statement in node.body:
            inner.statement(statement)
        outside = free(node)
        told = set() if isinstance(node, ast.ClassDef) else _arguments(node)
        changed = inner.facts.touches | inner.facts.defines
        makes = any(isinstance(n, (ast.ClassDef, ast.Yield, ast.YieldFrom)) for n in ast.walk(node))
        self._define(
            node.name,
            Name(
                later=outside,
                changed=changed & outside,
                changes_arguments=bool(changed & told),
                makes=makes,
            ),
        )

    def _define(self, name: str, known: Name) -> None:
        self.facts.defines.add(name)
        if self.sure:
            self.facts.certain.add(name)
        self.names[name] = known

    def _bind(self, target: ast.AST, value: ast.expr, whole: bool = True) -> None:
        """Assign: a name, several, an item or an attribute."""
        if isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) and whole else None
            fits = parts is not None and len(parts) == len(target.elts)
            for number, element in enumerate(target.elts):
                self._bind(element, parts[number] if fits and parts else value, whole)
        elif isinstance(target, ast.Name):
            known = self._what(value)
            if not whole:  # an element of what is gone through
                known.holds |= {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
            self._define(target.id, known)
        else:
            self._read(target)
            self._touch(root(target))

    def _what(self, value: ast.expr) -> Name:
        """What a name is that gets this value."""
        known = Name()
        called = {id(n.func) for n in ast.walk(value) if isinstance(n, ast.Call)}
        for child in ast.walk(value):
            if isinstance(child, ast.Lambda):
                known.later |= free(child)
            elif isinstance(child, ast.Name) and child.id in self.names:
                other = self.names[child.id]
                if id(child) not in called or other.makes:
                    known.later |= other.later
                    known.changed |= other.changed
        known.once = isinstance(value, ast.GeneratorExp)
        if isinstance(value, ast.Call):
            last = _last(value.func)
            made = self.names.get(root(value.func))
            known.once = last in GENERATORS or bool(made and made.makes and not last[:1].isupper())
            if last[:1].isupper():  # an object holds what it was made with
                for part in [*value.args, *(k.value for k in value.keywords)]:
                    known.holds.add(root(part))
        elif isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
            known.holds.add(root(value))  # another name, or a view
            known.once = self.names.get(root(value), Name()).once
        known.holds = {n for n in known.holds if n in self.names and not self.names[n].imported}
        return known

    def _read(self, node: ast.AST) -> None:
        """All names that an expression reads, with what the functions among them read."""
        inner: set[str] = set()
        for child in ast.walk(node):
            if isinstance(child, (ast.comprehension, ast.Lambda)):
                inner |= _arguments(child)
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                if child.id not in inner:
                    self._use(child.id, set())
            elif isinstance(child, ast.NamedExpr):
                self._define(child.target.id, self._what(child.value))
            elif isinstance(child, ast.Call):
                self._call(child)

    def _use(self, name: str, seen: set[str]) -> None:
        if name in seen:
            return
        seen.add(name)
        self.facts.used.add(name)
        if name not in self.facts.certain:
            self.facts.reads.add(name)
        known = self.names.get(name)
        if known:
            if known.once:
                self._touch(name)
                self.facts.draws |= {name} & self.facts.touches
            for other in known.later:
                self._use(other, seen)
            for other in known.changed:
                self._touch(other)

    def _call(self, node: ast.Call) -> None:
        """Marks what a call changes, wherever it stands."""
        last, first = _last(node.func), root(node.func)
        known = self.names.get(first)
        plain = isinstance(node.func, ast.Name)
        if last in CHANGES and not plain and not (known and known.imported):
            self._touch(first)
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
                self._touch_all(node.func.value)
        own = known and plain and known.changes_arguments
        if last in CHANGE_ARGUMENTS - {"add", "append", "update", "write"} or own:
            for part in [*node.args, *(k.value for k in node.keywords)]:
                self._touch(root(part))
        if known and known.imported == "random" and last != "Random":
            self._touch(first)

    def _effect(self, node: ast.expr) -> None:
        """A statement that is only a call of a method: it changes its object, or its arguments."""
        if not isinstance(node, ast.Call) or isinstance(node.func, ast.Name):
            return
        dotted = node.func
        while isinstance(dotted, ast.Attribute):
            dotted = dotted.value
        known = self.names.get(dotted.id) if isinstance(dotted, ast.Name) else None
        if not (known and known.imported):  # not a module's function, such as one that checks
            self._touch_all(node)

    def _touch_all(self, node: ast.AST) -> None:
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                self._touch(child.id)

    def _touch(self, name: str, seen: frozenset[str] = frozenset()) -> None:
        """Something changes in place: a name, and what is part of it."""
        known = self.names.get(name)
        if not name or name in seen:
            return
        if known is None or not known.imported or known.imported == "random":
            if name not in self.facts.certain:
                self.facts.touches.add(name)
            for other in known.holds if known else ():
                self._touch(other, seen | {name})


def _arguments(
    node: ast.comprehension | ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef,
) -> set[str]:
    """Names of an inner scope: of a comprehension, or a function's arguments."""
    if isinstance(node, ast.comprehension):
        return {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
    return {child.arg for child in ast.walk(node.args) if isinstance(child, ast.arg)}


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
