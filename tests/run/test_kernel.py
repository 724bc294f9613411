"""book/run/page_kernel: cells run, and what they show is handed over, with nothing of Jupyter."""

import io
import json
import subprocess
import sys
import zipfile

import pytest

from book import library_archive

START = """
import sys, json, asyncio
sys.path.insert(0, {archive!r})
from page_kernel import Kernel
said = []
out = sys.stdout
kernel = Kernel(lambda message, buffers: said.append({{**message, "buffers": len(buffers)}}))
for number, source in enumerate(json.load(sys.stdin)):
    said.append({{"type": "outcome", "value": asyncio.run(kernel.run(f"c{{number}}", source))}})
out.write(json.dumps(said, default=repr))
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The archive that a page gets, unpacked."""
    folder = tmp_path_factory.mktemp("archive")
    zipfile.ZipFile(io.BytesIO(library_archive.archive())).extractall(folder)
    return folder


@pytest.fixture
def run(archive):
    """Runs cells in a new kernel: all messages, each with the "outcome" of a cell after its own."""

    def run(*sources):
        code = START.format(archive=str(archive))
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=json.dumps(sources),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def of(said, kind):
    return [message for message in said if message["type"] == kind]


def test_what_is_printed_comes_by_lines_and_in_order(run):
    said = run(
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c', end='')", "x = 1\nx + 1"
    )
    assert [(m["name"], m["text"]) for m in of(said, "stream")] == [
        ("stdout", "a\n"),
        ("stderr", "b\n"),
        ("stdout", "c"),
    ]
    assert of(said, "display")[0]["data"] == {"text/plain": "2"}
    assert [m["value"] for m in of(said, "outcome")] == ["ok", "ok"]


@pytest.mark.parametrize("source", ["x = 1", "None", "3;", "", "# nothing", "def f(): pass"])
def test_nothing_is_shown_of(run, source):
    assert not of(run(source), "display")


def test_values_look_as_ipython_writes_them(run):
    from IPython.lib.pretty import pretty

    value = {f"name {i}": ["x" * 20, i] for i in range(6)}
    source = "{f'name {i}': ['x' * 20, i] for i in range(6)}"
    assert of(run(source), "display")[0]["data"]["text/plain"] == pretty(value)


def test_tables_html_and_displayed_objects(run):
    said = run(
        "from large_models.plots.tables import table\ntable(['a', 'b'], [['x', 1]])",
        "from IPython.display import HTML, display\ndisplay(HTML('<b>b</b>'), 5)",
    )
    shown = [m["data"] for m in of(said, "display")]
    assert "<table" in shown[0]["text/html"] and "x  1" in shown[0]["text/plain"]
    assert shown[1]["text/html"] == "<b>b</b>" and shown[2]["text/plain"] == "5"


def test_an_error_names_the_readers_line_first(run):
    said = run("def f(x):\n    return 1 / x\n", "y = 1\nf(0)")
    error = of(said, "error")[0]
    assert (error["name"], error["line"], error["source"]) == ("ZeroDivisionError", 2, "f(0)")
    assert "return 1 / x" in error["trace"] and "page_kernel" not in error["trace"]
    assert of(said, "outcome")[1]["value"] == "error"


def test_a_text_that_is_no_python_says_where(run):
    error = of(run("x = 1\nif x\n  y"), "error")[0]
    assert (error["name"], error["line"], error["source"]) == ("SyntaxError", 2, "if x")


@pytest.mark.parametrize("source", ["raise SystemExit", "raise KeyboardInterrupt", "exit(3)"])
def test_no_cell_ends_the_kernel(run, source):
    said = run(source, "print('here')")
    assert of(said, "outcome")[1]["value"] == "ok"


def test_what_is_lacking_is_named(run):
    assert of(run("import nothing_of_this_name.part"), "outcome")[0]["value"] == (
        "module:nothing_of_this_name"
    )


def test_await_outside_a_function(run):
    said = run("import asyncio\nawait asyncio.sleep(0)\nprint('waited')")
    assert of(said, "stream")[0]["text"] == "waited\n"


def test_a_flood_ends(run):
    said = run("for i in range(100_000): print('a long line of text')", "print('next')")
    text = "".join(m["text"] for m in of(said, "stream") if m["cell"] == "c0")
    assert len(text) < 201_000 and "cut here" in text
    assert of(said, "stream")[-1]["text"] == "next\n"


def test_figures_are_shown_when_the_cell_ends_in_the_books_colours(run):
    said = run(
        "from large_models import plots\nplots.use_style()\nimport matplotlib.pyplot as plt",
        "fig, ax = plt.subplots()\nax.plot([1, 2], color=plots.IN)\nprint('drawn')",
        "print(plt.get_fignums())",
    )
    svg = of(said, "display")[0]["data"]["image/svg+xml"]
    assert svg.startswith("<svg") and "var(--lw-in)" in svg and "#0072b2" not in svg
    assert of(said, "stream")[-1]["text"] == "[]\n"


def test_a_widget_opens_and_closes_its_comm_when_its_cell_runs_again(run):
    cell = "from large_models.widgets.timeline import Timeline\nTimeline(since=1958)"
    said = run(cell)
    opened = of(said, "comm_open")
    assert any("Timeline" in str(m["data"]["state"].get("_anywidget_id")) for m in opened)
    view = of(said, "display")[0]["data"]["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] in {m["comm"] for m in opened}
