"""The package by itself: built, installed outside the checkout, and used with and without torch."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = PROJECT["name"]
# What stands first in every program that runs here: where packages come from, and what is missing.
START = """
import sys
sys.path[:0] = {folders!r}
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {missing!r}:
            raise ImportError(f"{{name}} is not here")
sys.meta_path.insert(0, Missing())
import large_models
assert large_models.__file__.startswith(sys.path[0]), large_models.__file__
"""
LENET = """
import numpy as np
from large_models.data.digits import load_digits, to_input
from large_models.models.cnn import LeNet
import torch
model, data = LeNet.from_pretrained("lenet-digits"), load_digits()
found = model(torch.tensor(to_input(data.test_images))).argmax(dim=1).numpy()
print((found == data.test_labels).mean())
assert (found == data.test_labels).mean() > 0.97
"""
ROOMS = """
import importlib, pkgutil
for room in {rooms!r}:
    package = importlib.import_module("large_models." + room)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""
WIDGETS = """
from large_models import widgets
names = [name for name in widgets.__all__ if isinstance(getattr(widgets, name), type)]
assert len(names) > 14
for name in names:
    widget = getattr(widgets, name)()
    assert len(widget._esm) > 1000 and repr(widget).startswith(name)
"""


def named(requirement: str) -> str:
    """A requirement's package, as registries spell it."""
    return re.split(r"[^\w.-]", requirement.strip())[0].lower().replace("_", "-")


def needed(requirements: list[str]) -> set[str]:
    """Packages by name, and what these need by what is installed here; without extras."""
    found: set[str] = set()
    waiting = [named(text) for text in requirements]
    while waiting:
        name = waiting.pop()
        if name in found or name == OURS:
            continue
        try:
            more = distribution(name).requires or []
        except ModuleNotFoundError:
            continue  # for another platform or Python
        found.add(name)
        waiting += [named(text) for text in more if "extra ==" not in text]
    return found


def link(package: Distribution, folder: Path) -> None:
    """Put an installed package into a folder by links."""
    for file in package.files or ():
        top = file.parts[0]
        if top not in ("..", "__pycache__") and not (folder / top).exists():
            (folder / top).symlink_to(Path(str(package.locate_file(top))))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel that is built from the sdist."""
    place = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT / "lib", place / "source" / "lib", ignore=shutil.ignore_patterns(
        "__pycache__", "*.egg-info"))  # fmt: skip
    shutil.copytree(ROOT / "weights", place / "source" / "weights")
    for name in (
        "pyproject.toml",
        "setup.py",
        "MANIFEST.in",
        "README.md",
        "LICENSE",
        "LICENSE-TEXT",
    ):
        shutil.copy(ROOT / name, place / "source")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place / "dist")]
    done = subprocess.run(
        [*command, str(place / "source")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(place.glob("dist/*.tar.gz")), next(place.glob("dist/*.whl"))


@pytest.fixture(scope="module")
def run(built, tmp_path_factory):
    """Runs a program with the wheel, the packages of some requirements, and nothing else."""
    place = tmp_path_factory.mktemp("empty")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*command, "--target", place / "wheel", built[1]], check=True)

    def run(program, requirements, missing=()):
        packages = place / str(len(list(place.iterdir())))
        packages.mkdir()
        for name in needed(requirements):
            link(distribution(name), packages)
        # Isolated and without site-packages: no checkout, no editable install, no other package.
        folders = [str(place / "wheel"), str(packages)]
        text = START.format(folders=folders, missing=tuple(missing)) + program
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", text],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def test_the_wheel_carries_what_is_read_and_no_more(built):
    with zipfile.ZipFile(built[1]) as wheel:
        names = set(wheel.namelist())
    tracked = ROOT / "weights"
    shipped = {
        f"large_models/shipped/{path.relative_to(tracked).as_posix()}"
        for path in tracked.rglob("*") if path.is_file()
    }  # fmt: skip
    assert shipped <= names
    library = ROOT / "lib" / "large_models"
    for suffix in ("py", "js", "css", "xz"):
        sources = {
            f"large_models/{path.relative_to(library).as_posix()}"
            for path in library.rglob(f"*.{suffix}")
        }
        assert sources <= names, sorted(sources - names)
    assert not [name for name in names if name.startswith(("tests/", "book/", "chapters/"))]


def test_the_shipped_lenet_reads_digits(run):
    assert float(run(LENET, PROJECT["dependencies"] + EXTRAS["torch"])) > 0.97


@pytest.mark.parametrize("missing", [(), ("torch", "tokenizers", "lzma", "safetensors")])
def test_formulas_checks_and_widgets_need_no_extra(run, missing):
    rooms = ("formulas", "checks", "widgets", "data")
    run(ROOMS.format(rooms=rooms) + WIDGETS, PROJECT["dependencies"], missing)


def test_formulas_and_checks_import_with_numpy_alone(run):
    run(ROOMS.format(rooms=("formulas", "checks", "data")), ["numpy"])


@pytest.mark.parametrize("room", ["models", "training", "experiments"])
def test_the_other_rooms_need_the_extra_torch(run, room):
    run(ROOMS.format(rooms=(room,)), PROJECT["dependencies"] + EXTRAS["torch"])


def test_an_experiment_says_what_it_takes(run):
    program = """
import runpy
sys.argv = ["train_lenet", "--help"]
runpy.run_module("large_models.experiments.train_lenet", run_name="__main__")
"""
    assert "--seeds" in run(program, PROJECT["dependencies"] + EXTRAS["torch"])


def test_without_weights_the_error_says_where_they_were_looked_for(run):
    program = """
from large_models import files
files.WEIGHTS = files.HERE / "nowhere"
try:
    files.weights("lenet-digits")
except ValueError as error:
    assert "found none" in str(error) and "shipped" in str(error), error
else:
    raise AssertionError
"""
    run(program, ["numpy"])


def test_what_is_required_is_pinned_and_what_is_pinned_is_required():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith(("#", "-e"))]
    assert "-e ." in lines and all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins), pins
    wanted = {named(text) for part in (PROJECT["dependencies"], *EXTRAS.values()) for text in part}
    assert {named(pin) for pin in pins} == wanted - {OURS}
