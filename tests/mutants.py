"""Break the library on purpose, one small change at a time, and see whether a test fails.

    python -m tests.mutants                                  # some of every module below (an hour)
    python -m tests.mutants models/gpt.py --most 50      # up to 50 changes of one

A comparison is turned or made strict, an operator swapped, a number changed, a condition negated.
The changes are made in a copy of the project and drawn with a fixed seed. A change that no test
notices survives: either a test is missing, or the change means nothing. Not part of `make test`.
"""

import argparse
import ast
import copy
import os
import random
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"formulas": "formulas", "models": "models", "data": "data", "engine": "js"}
NAMES = {
    "formulas": "attention bert cnn compression explanation pooling privacy recurrence rnn "
    "rnn_backward scaling training transformer",
    "models": "attention bert cnn gpt lora rnn transformer",
    "data": "masking",
    "engine": "attention bert bpe gradients nn privacy rnn sampling transformer wordpiece",
}
ALSO = {  # tests beside the one of the module's name
    "formulas": ["engines/test_engines.py", "formulas/test_narrow_types.py"],
    "engine": ["engines/test_engines.py"],
    "models": ["models/test_initialisation.py"],
}
COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
CALCULATED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Add, ast.And: ast.Or,
    ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
SCRIPT = re.compile(  # comments, texts and patterns are matched first, so that they are passed over
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`"
    r"|=>|===|!==|<=|>=|&&|\|\||\+\+|--|[-+*/]=|(?<= )[-+*/<>](?= )"
    r"|(?<![\w.$])\d+(?:\.\d+)?(?![\w.])",
    re.DOTALL,
)
SWAPPED = {
    "===": "!==", "!==": "===", "<=": "<", ">=": ">", "<": "<=", ">": ">=", "&&": "||",
    "||": "&&", "+": "-", "-": "+", "*": "/", "/": "*", "+=": "-=", "-=": "+=", "*=": "/=",
}  # fmt: skip


def python_changes(source: str) -> Iterator[tuple[int, str, str]]:
    """(line, what, changed source), one for each small change of a module."""
    tree = ast.parse(source)
    raised = [node for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    messages = {id(part) for node in raised for part in ast.walk(node)}  # only words
    nodes = [node for node in ast.walk(tree) if id(node) not in messages]
    for node in nodes:
        for what in _changed_in_place(node):
            line = getattr(node, "lineno", 0)
            yield line, f"{what}: {ast.unparse(node)[:70]}", ast.unparse(tree)


def _changed_in_place(node: ast.AST) -> Iterator[str]:
    """Changes a node, yields what was done, and puts the node back."""
    before = copy.copy(node.__dict__)
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED:
        node.ops = [COMPARED[type(node.ops[0])](), *node.ops[1:]]
        yield "compared"
    elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in CALCULATED:
        node.op = CALCULATED[type(node.op)]()
        yield "calculated"
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value = 10 * node.value if isinstance(node.value, float) else node.value + 1
        yield "number"
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        yield "negated"
    node.__dict__.update(before)


def script_changes(source: str) -> Iterator[tuple[int, str, str]]:
    """As `python_changes`, for a JavaScript module."""
    for found in SCRIPT.finditer(source):
        old = found.group()
        if old[0].isdigit():
            new = str(float(old) * 10) if "." in old else str(int(old) + 1)
        elif old in SWAPPED:
            new = SWAPPED[old]
        else:
            continue
        line = source.count("\n", 0, found.start()) + 1
        shown = source.split("\n")[line - 1].strip()[:70]
        changed = source[: found.start()] + new + source[found.end() :]
        yield line, f"{old} -> {new}: {shown}", changed


def survives(folder: Path, tests: list[str], seconds: int) -> bool:
    """Whether the tests pass in the copy; in a process of its own, ended if it runs for ever."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(folder)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        import sys

        import pytest

        sys.path.insert(0, str(folder))
        os._exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]) != 0)

    def end(*_: object) -> None:
        os.killpg(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    status = os.waitpid(child, 0)[1]
    signal.alarm(0)
    return status == 0


def main() -> None:
    listed = [
        f"lib/large_models/widgets/engine/{name}.js"
        if room == "engine"
        else f"lib/large_models/{room}/{name}.py"
        for room, names in NAMES.items()
        for name in names.split()
    ]
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("modules", nargs="*", default=listed)
    parser.add_argument("--most", type=int, default=8, help="changes of each module")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=900, help="after these a run has failed")
    settings = parser.parse_args()
    # Imported once, shared by all the processes; the library itself is not.
    import hypothesis  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401

    killed, tried = 0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "copy"
        ignored = shutil.ignore_patterns(".git", ".venv", "_build", "__pycache__", "chapters")
        shutil.copytree(ROOT, folder, ignore=ignored)
        (folder / "chapters").symlink_to(ROOT / "chapters")
        for module in settings.modules:
            room, name = Path(module).parts[-2], Path(module).stem
            tests = [f"{ROOMS[room]}/test_{name}.py", *ALSO.get(room, [])]
            tests = [f"tests/{test}" for test in tests if (folder / "tests" / test).is_file()]
            if not survives(folder, tests, settings.seconds):
                print(f"{module}: its tests fail as it is: {' '.join(tests)}", flush=True)
                continue
            source = (folder / module).read_text("utf-8")
            changes = list((script_changes if room == "engine" else python_changes)(source))
            random.Random(settings.seed).shuffle(changes)
            alive = []
            for line, what, changed in changes[: settings.most]:
                (folder / module).write_text(changed, "utf-8")
                if survives(folder, tests, settings.seconds):
                    alive.append(f"    line {line}, {what}")
            (folder / module).write_text(source, "utf-8")
            count = min(settings.most, len(changes))
            tried, killed = tried + count, killed + count - len(alive)
            print(f"{module}: {count - len(alive)} of {count} noticed", flush=True)
            print(*alive, sep="\n", end="\n" if alive else "", flush=True)
    print(f"noticed: {killed} of {tried} changes ({killed / max(1, tried):.0%})")


if __name__ == "__main__":
    main()
