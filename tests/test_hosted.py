"""Binder and Codespaces: what they are told is what the book says of itself elsewhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_lite import pins

ROOT = Path(__file__).resolve().parent.parent
BINDER = ROOT / ".binder"
NAMES = {"sklearn": "scikit-learn", "PIL": "pillow", "IPython": "jupyterlab"}
# They come with what is named: each is a dependency of the package beside it.
BROUGHT = {"huggingface_hub": "transformers", "matplotlib_inline": "jupyterlab"}


def test_binder_has_the_books_own_versions():
    book, binder = pins(ROOT / "requirements.txt"), pins(BINDER / "requirements.txt")
    assert binder == {name: book.get(name) for name in binder}
    first = (ROOT / "requirements.txt").read_text().split("# build the book")[0]
    needed = re.findall(r"^([\w-]+)==", first, re.M)
    assert len(needed) > 10 and binder.keys() >= set(needed)


def test_binder_has_what_the_notebooks_import():
    found = set()
    for path in (ROOT / "chapters").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                code = "".join(cell["source"])
                found |= set(re.findall(r"^\s*(?:import|from) (\w+)", code, re.M))
    outside = found - set(sys.stdlib_module_names) - {"large_models", "google"}
    assert {"torch", "transformers", "sklearn"} <= outside
    packages = {BROUGHT.get(name, NAMES.get(name, name)) for name in outside}
    assert packages <= pins(BINDER / "requirements.txt").keys()


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_binders_scripts_are_programs(name):
    path = BINDER / name
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)


def test_binder_starts_jupyter_with_the_books_settings_and_one_thread():
    show = "import os; print(os.environ['JUPYTER_CONFIG_PATH'], os.environ['OMP_NUM_THREADS'])"
    done = subprocess.run(
        [BINDER / "start", "python3", "-c", show],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "JUPYTER_CONFIG_PATH": "/theirs"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [f"{ROOT}/book/lab:/theirs", "1"]


def test_the_container_runs_a_command_of_the_readme():
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert told["postCreateCommand"] in (ROOT / "README.md").read_text().splitlines()
    assert told["image"].startswith("mcr.microsoft.com/devcontainers/python:")
    python = told["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert python == "${containerWorkspaceFolder}/.venv/bin/python"


def test_one_python_everywhere():
    """The Python that is published is the one that Binder and Codespaces have."""
    workflow = (ROOT / ".github" / "workflows" / "pages.yml").read_text()
    (version,) = re.findall(r'python-version: "([\d.]+)"', workflow)
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert (BINDER / "runtime.txt").read_text() == f"python-{version}\n"
    assert told["image"].endswith(f"-{version}")
