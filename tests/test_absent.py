"""What is not installed can be imported, and says in a sentence what it is when it is used."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Python's own finder, blind to some packages.
HIDE = """
import sys
from importlib.machinery import PathFinder
class Blind(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        hidden = name.partition(".")[0] in {names!r}
        return None if hidden else PathFinder.find_spec(name, path, target)
sys.meta_path[:] = [Blind if finder is PathFinder else finder for finder in sys.meta_path]
"""
NAMES = ("torch", "tokenizers", "opacus", "captum", "transformers", "huggingface_hub")


def said(code):
    """What Python prints that has none of those packages."""
    done = subprocess.run(
        [sys.executable, "-c", HIDE.format(names=NAMES) + code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LARGE_MODELS_ABSENT": "1", "PYTHONPATH": str(ROOT / "lib")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_of_the_library_can_be_imported_without_them():
    code = """
import importlib, pkgutil
import large_models
for found in pkgutil.walk_packages(large_models.__path__, "large_models."):
    importlib.import_module(found.name)
print("all")
"""
    assert said(code) == "all\n"


RUN = """
import large_models
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
from large_models import absent
sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, absent._Finder)]
absent.install()
for source in {cells!r}:
    result = shell.run_cell(source)
    print(result.success)
"""


def test_a_use_says_what_is_missing_and_what_follows_says_so_too():
    cells = (
        "import torch\nfrom large_models.models.cnn import LeNet\ntorch.set_num_threads(1)",
        "x = 1\nmodel = LeNet()",
        "print(x)",
        "print(model)",
        "print(other)",
    )
    lines = said(RUN.format(cells=cells)).splitlines()
    where = (
        "PyTorch, which is not here: it runs where PyTorch is installed "
        "(in Colab, or on your own machine)."
    )
    assert lines[0] == "True"
    assert lines[1:3] == [f"This needs {where}", "True"]
    assert lines[3:5] == ["1", "True"]
    assert lines[5:7] == [f"This builds on model, from a cell that needs {where}", "True"]
    assert "NameError" in "\n".join(lines[7:]) and lines[-1] == "False"


def test_an_older_value_of_the_same_name_does_not_stand_in():
    cells = ("import torch\nmodel = 1", "model = torch.nn.Linear(1, 1)", "print(model)")
    assert "This builds on model" in said(RUN.format(cells=cells))


def test_the_book_reads_its_tokenizers_itself():
    code = """
from large_models.data import tokenizer
from large_models.files import weights
print(tokenizer.load(weights("bert-docs")).encode_batch(["an array"])[0].tokens)
"""
    assert "'an'" in said(code)


def test_a_decorated_function_can_be_defined_and_its_use_says_what_is_missing():
    cells = (
        "import torch\n@torch.no_grad()\ndef twice(x):\n    return 2 * x",
        "twice(1)",
        "with torch.no_grad():\n    print(1)",
    )
    lines = said(RUN.format(cells=cells)).splitlines()
    assert lines[0] == "True" and lines[2] == lines[4] == "True"
    assert lines[1] == lines[3] and lines[1].startswith("This needs PyTorch")
