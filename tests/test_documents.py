"""What the documents at the top of the repository name is there: files, commands, rooms."""

import re
import runpy
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
COMMANDS = [
    ROOT / ".pre-commit-config.yaml",
    *WORKFLOWS,
    *(ROOT / name for name in DOCUMENTS),
]
MADE = ("_build", ".venv")  # what the commands make


def code(text: str) -> list[str]:
    """What stands between backticks, in lines or in blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return [
        *(line for block in blocks for line in block.splitlines()),
        *re.findall("`(.+?)`", rest),
    ]


def paths(text: str) -> set[str]:
    """Paths from the top of the repository: in code, or as a link."""
    words = {word.strip(",;:()") for piece in code(text) for word in piece.split()}
    tops = {path.name for path in ROOT.iterdir()} - set(MADE)
    in_code = {word for word in words if "/" in word and word.split("/")[0] in tops}
    links = set(re.findall(r"\]\(([^):#]+)[^)]*\)", text)) - {"https", "http"}
    return {path for path in in_code | links if "NAME" not in path and "*" not in path}


def test_paths_are_found():
    text = "[a](b.md), `lib/x.py`, `int/float`\n\n```bash\nrun lib/y.py  # z\n```\n"
    assert paths(text) == {"b.md", "lib/x.py", "lib/y.py"}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name):
    text = (ROOT / name).read_text("utf-8")
    assert [path for path in sorted(paths(text)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: path.name)
def test_every_target_of_make_exists(path):
    text = path.read_text("utf-8")
    pieces = code(text) if path.suffix == ".md" else text.splitlines()
    named = {n for piece in pieces for n in re.findall(r"\bmake ([a-z][a-z-]*)", piece)}
    assert named <= targets()


def test_every_module_that_a_document_runs_exists():
    named = set()
    for name in DOCUMENTS:
        named |= set(
            re.findall(r"python -m (large_models[\w.]+)", (ROOT / name).read_text("utf-8"))
        )
    assert len(named) > 5
    missing = [m for m in named if not (ROOT / "lib" / (m.replace(".", "/") + ".py")).is_file()]
    assert missing == []


def test_what_pre_commit_runs_exists():
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook for repo in settings["repos"] for hook in repo["hooks"]]
    assert {"ruff", "ruff-format", "notebooks"} <= {hook["id"] for hook in hooks}
    tests = (ROOT / "tests/test_notebooks.py").read_text("utf-8")
    for hook in hooks:
        for part in re.findall(r"\w+(?= or |\")", hook["entry"]):
            assert re.search(rf"def test_\w*{part}", tests), part


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_one(path):
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert {"name", True, "jobs"} <= set(workflow)  # YAML 1.1 reads the key `on` as true
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])
        assert all(re.search(r"@v\d+$", step["uses"]) for step in job["steps"] if "uses" in step)
        assert set(job.get("needs", "").split()) <= set(workflow["jobs"])


def test_the_tests_run_on_what_is_promised():
    matrix = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf-8"))
    matrix = matrix["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert [extra["os"] for extra in matrix["include"]] == ["macos-latest"]


def test_the_citation_file_can_be_read():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= set(cited)  # what the format requires
    assert all(author["name"] for author in cited["authors"])
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{cited['version']}] - {cited['date-released']}" in changes
    assert f'version = "{cited["version"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def arrows() -> dict[str, set[str]]:
    """The picture of the rooms: which may import which, directly."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    shown: dict[str, set[str]] = {}
    for above, below in re.findall(r"^ +(\w+) --> (\w+)$", text, re.M):
        shown.setdefault(above, set()).add(below)
    return shown


def below(room: str, shown: dict[str, set[str]]) -> set[str]:
    """The rooms that can be reached along arrows."""
    found: set[str] = set()
    waiting = [room]
    while waiting:
        new = shown.get(waiting.pop(), set()) - found
        found |= new
        waiting.extend(new)
    return found


def test_the_picture_is_the_order_of_the_rooms():
    """As tests/test_rooms.py asks it of every import."""
    shown = arrows()
    assert [room for room in shown if room in below(room, shown)] == []  # no arrow upwards
    rooms = runpy.run_path(str(ROOT / "tests/test_rooms.py"))
    for room in set(rooms["BELOW"]) - rooms["GROUND"]:
        expected = rooms["BELOW"][room] - rooms["GROUND"] | {"ground"}
        assert below(room, shown) == expected, room
