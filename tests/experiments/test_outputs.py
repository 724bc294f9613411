"""Where a training script writes: never over what is shipped, unless it is the shipped recipe."""

import ast
import json
from pathlib import Path

import pytest

from large_models.experiments import outputs

SCRIPTS = Path(outputs.__file__).parent
SHIPPED = Path("somewhere") / "net"


def run(*command, shipped=SHIPPED):
    parser = outputs.parser(None)
    parser.add_argument("job", nargs="?", default="one")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--fast", action="store_true")
    return outputs.folder(parser, parser.parse_args(command), "net", shipped)


@pytest.fixture(autouse=True)
def trials(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs, "TRIALS", tmp_path / "trials")
    return tmp_path / "trials"


def test_only_the_recipe_writes_what_is_shipped(trials):
    assert run() == run("--steps", "100") == SHIPPED
    assert run("--steps", "3") == trials / "net-steps-3"
    assert run("--steps", "3", "--fast") == trials / "net-steps-3-fast-True"
    assert run(shipped=None) == trials / "net"
    assert not SHIPPED.exists()
    assert run("two") == SHIPPED, "a part of the recipe"


def test_a_folder_that_is_named_is_taken(tmp_path):
    assert run("--output", str(tmp_path / "mine"), "--steps", "3") == tmp_path / "mine"
    kept = json.loads((tmp_path / "mine" / outputs.STAMP).read_text())
    assert kept == {"run": "net", "job": "one", "steps": 3, "fast": False}


def test_a_run_with_other_options_does_not_go_on_in_its_folder(tmp_path, capsys):
    """Else weights of 3 steps would be said to be of 4."""
    place = ["--output", str(tmp_path / "mine")]
    run(*place, "--steps", "3")
    assert run(*place, "--steps", "3") == tmp_path / "mine"
    for other in (["--steps", "4"], ["--steps", "3", "--fast"], ["two", "--steps", "3"]):
        with pytest.raises(SystemExit):
            run(*place, *other)
        assert "holds a run with other options" in capsys.readouterr().err


def test_what_is_shipped_gets_no_stamp(tmp_path):
    shipped = tmp_path / "net"
    shipped.mkdir()
    assert run("--output", str(shipped), shipped=shipped) == shipped
    assert not list(shipped.iterdir())


def scripts():
    """Modules of large_models.training that take --output, or write beside what is shipped."""
    for path in sorted(SCRIPTS.glob("*.py")):
        source = path.read_text("utf-8")
        if "def main" in source and ("write_whole" in source or "save_pretrained" in source):
            yield path


@pytest.mark.parametrize("path", list(scripts()), ids=lambda path: path.stem)
def test_every_script_asks_where_to_write(path):
    """By `outputs.folder`, of the option that `outputs.parser` has made, which has no default."""
    calls = [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert calls.count("outputs.folder") == calls.count("outputs.parser") == 1
    assert '"--output"' not in path.read_text("utf-8")


def test_the_parser_takes_a_folder_and_its_description():
    parser = outputs.parser("What it does.\n\nMore.")
    assert parser.description == "What it does." and parser.parse_args([]).output is None
    assert parser.parse_args(["--output", "here"]).output == Path("here")
