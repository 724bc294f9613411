"""Where a training script writes: over what the book ships only if asked for exactly that.

    no option changed       the shipped folder of a checkout: this is the recipe that made it
    any other               _build/trials/NAME-OPTIONS, one folder for each choice of options
    --output FOLDER         there

A script's defaults are therefore the recipe of what is shipped. The folder of a run that is not
shipped keeps its options in `options.json`, so that a run which goes on in it, or is begun again,
is the same run: other options are refused instead of put on weights that they did not make.
"""

import argparse
import json
import re
from collections.abc import Collection
from pathlib import Path

from large_models.files import INSTALLED, WEIGHTS, write_whole

# Of an installed package nothing is written over: its trials are where the reader works.
TRIALS = (Path() if WEIGHTS == INSTALLED else WEIGHTS.parent) / "_build" / "trials"
STAMP = "options.json"


def parser(text: str | None) -> argparse.ArgumentParser:
    """A script's parser, with the option that `folder` asks for: `outputs.parser(__doc__)`.

    Args:
        text: of the script, whose first line says what it does.
    """
    made = argparse.ArgumentParser(description=(text or "").split("\n")[0])
    made.add_argument("--output", type=Path, help="a folder; see large_models.experiments.outputs")
    return made


def folder(
    parser: argparse.ArgumentParser,
    arguments: argparse.Namespace,
    name: str,
    shipped: Path | None = None,
    apart: Collection[str] = (),
) -> Path:
    """The folder that this run writes to.

    Args:
        parser: whose defaults are the shipped recipe; it has an option --output without a default.
        arguments: what it has read.
        name: of the kind of run, for the folder of a trial.
        shipped: the folder that the recipe made; None where this script makes nothing shipped.
        apart: options that choose a part of the recipe, and change nothing of the rest.

    Raises:
        SystemExit: through `parser.error`, if the folder holds a run with other options.
    """
    given = {key: value for key, value in vars(arguments).items() if key not in {"output", *apart}}
    optional = [a.dest for a in parser._actions if a.option_strings and a.dest in given]
    changed = {key: given[key] for key in optional if given[key] != parser.get_default(key)}
    recipe = not changed and WEIGHTS != INSTALLED
    if arguments.output is None and shipped is not None and recipe:
        return shipped
    words = [f"{key}-{Path(str(value)).name}" for key, value in changed.items()]
    trial = re.sub(r"[^\w.-]+", "-", "-".join([name, *words]))
    path = TRIALS / trial if arguments.output is None else Path(arguments.output)
    stamp = path / STAMP
    options = {"run": name} | {key: _plain(value) for key, value in sorted(given.items())}
    if stamp.is_file():
        there = json.loads(stamp.read_text("utf-8"))
        if there != options:
            parser.error(
                f"{path} holds a run with other options, {json.dumps(there)}: "
                f"give another folder by --output, or remove that one"
            )
    elif shipped is None or path.resolve() != shipped.resolve():
        write_whole(stamp, json.dumps(options, indent=2) + "\n")
    return path


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
