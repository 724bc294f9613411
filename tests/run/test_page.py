"""Cells run in the page that shows them: by a Pyodide in the book, and by a distant one."""

import hashlib
import json
import zipfile

import pytest
from playwright.sync_api import expect

LONG = 240_000  # milliseconds for Python to come: a busy machine is slow
RUN, EDIT = ".lw-cell-run", ".lw-cell-edit"


class Cells:
    """The cells of an open page."""

    def __init__(self, page):
        self.page = page

    def part(self, name, selector=""):
        return self.page.locator(f"#{name} {selector}".strip())

    def run(self, name, state="done"):
        self.part(name, RUN).click()
        self.ends(name, state)

    def ends(self, name, state="done"):
        expect(self.part(name)).to_have_attribute("data-run", state, timeout=LONG)

    def state(self, name):
        return self.part(name).get_attribute("data-run")

    def shown(self, name):
        return self.part(name, ".lw-live").inner_text()

    def type(self, name, text):
        """Types a cell's text anew, and leaves the cursor in its editor."""
        if not self.part(name, ".cm-content").count():
            self.part(name, EDIT).click()
        self.part(name, ".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)


@pytest.fixture(scope="module")
def started(hosted, serve, browser):
    """The small book's page, in which Python has run a cell."""
    context, url = browser.new_context(), serve(hosted)
    page, asked, failed = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{url}/index.html")
    cells = Cells(page)
    cells.before, cells.failed = list(asked), failed
    cells.run("sum")
    yield cells
    context.close()
    assert all(address.startswith((url, "blob:", "data:")) for address in asked)


@pytest.fixture
def cells(started):
    """The page, with nothing typed and Python as it is."""
    yield started
    started.page.evaluate("lwRun.open().then((notebook) => notebook.typed.clear())")
    assert not started.failed


def test_nothing_of_python_comes_before_the_first_press(started):
    assert not [url for url in started.before if "pyodide" in url or "library" in url]


def test_a_cell_runs_with_what_it_needs_and_no_more(started):
    assert started.shown("sum").strip() == "sum 6.0"
    assert started.shown("twice").strip() == "[0. 2. 4.]"
    states = {name: started.state(name) for name in ("imports", "data", "twice", "sum", "other")}
    assert states == {
        "imports": "done",
        "data": "done",
        "twice": "done",
        "sum": "done",
        "other": None,
    }


def test_an_edit_marks_what_follows_from_it_and_shift_enter_runs_it(cells):
    cells.run("sum")
    cells.type("twice", "y = 3 * x\nprint('thrice', y)")
    assert [cells.state(name) for name in ("twice", "sum", "data")] == ["stale", "stale", "done"]
    cells.page.keyboard.press("Shift+Enter")
    cells.ends("twice")
    assert cells.shown("twice").strip() == "thrice [0. 3. 6.]"
    assert cells.state("sum") == "stale"
    cells.run("sum")
    assert cells.shown("sum").strip() == "sum 9.0"


def test_names_that_exist_are_offered(cells):
    cells.type("other", "np.aran")
    option = cells.page.locator(".cm-tooltip-autocomplete li", has_text="arange")
    cells.page.keyboard.press("Control+Space")
    expect(option.first).to_be_visible(timeout=LONG)


def test_a_figure_is_drawn_in_the_books_way(cells):
    cells.run("figure")
    assert cells.shown("figure").strip().startswith("drawn")
    expect(cells.part("figure", ".lw-live svg.figure")).to_have_count(1)


def test_an_error_shows_the_readers_line_first(cells):
    cells.run("wrong", "failed")
    lines = cells.shown("wrong").split("\n")
    assert lines[0] == "before"
    said = cells.part("wrong", ".lw-error").inner_text()
    assert said.startswith("Line 2: return v[9]") and "IndexError" in said
    assert cells.part("wrong", ".lw-error").get_attribute("role") == "alert"


def test_html_is_shown_as_html(cells):
    cells.run("markup")
    expect(cells.part("markup", ".lw-live b#bold")).to_have_text("bold")


def test_a_widget_is_alive_and_speaks_with_python_both_ways(cells):
    cells.run("widget")
    widget = cells.part("widget", ".lw-live .lw[data-widget=timeline]")
    expect(widget).to_have_attribute("data-state", "ready", timeout=LONG)
    cells.run("set")
    model = "[...lwPage.models.values()].find((m) => m.connection && m.get('since') !== undefined)"
    cells.page.wait_for_function(f"{model}.get('since') === 1980")
    cells.page.evaluate(
        f"(() => {{ const m = {model}; m.set('since', 1970); m.save_changes(); }})()"
    )
    cells.run("told")
    assert cells.shown("told").strip() == "1970"
    assert cells.page.evaluate(f"{model}.get('tooltip') === null")  # None, as JSON has it


def test_what_python_lacks_is_one_sentence(cells):
    cells.part("torch", RUN).click()
    said = cells.part("torch", ".lw-cell-question")
    expect(said).to_contain_text("PyTorch")
    assert "Colab" in said.inner_text()
    said.get_by_role("button").last.click()
    expect(said).to_have_count(0)


def stand_in(folder):
    """A wheel named torch with nothing of it: its bytes."""
    name = "torch-2.13.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr("torch/__init__.py", "def ones(n):\n    return ['stand-in'] * n\n")
        wheel.writestr("torch-2.13.0.dist-info/METADATA", "Name: torch\nVersion: 2.13.0\n")
        wheel.writestr(
            "torch-2.13.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        )
    return name, (folder / name).read_bytes()


@pytest.mark.parametrize("whole", [True, False])
def test_pytorch_is_added_if_asked_for_and_if_it_is_what_it_should_be(
    whole, hosted, serve, browser, tmp_path
):
    name, wheel = stand_in(tmp_path)
    context, url = browser.new_context(), serve(hosted)
    page = context.new_page()

    def setup(route):
        """The page's part, with the stand-in for PyTorch."""
        prefix, packed = route.fetch().text().rstrip(";)\n").split(", ", 1)
        given = json.loads(json.loads(packed))
        digest = hashlib.sha256(wheel).hexdigest()
        given["pyodide"]["torch"] |= {
            "url": f"https://far.test/{name}",
            "sha256": digest,
            "needs": [],
        }
        route.fulfill(
            body=f"{prefix}, {json.dumps(json.dumps(given))});", content_type="text/javascript"
        )

    page.route("**/run/pages/index.js", setup)
    headers = {"Access-Control-Allow-Origin": "*"}
    body = wheel if whole else wheel[:-1] + b"!"
    page.route("https://far.test/**", lambda route: route.fulfill(body=body, headers=headers))
    page.goto(f"{url}/index.html")
    cells = Cells(page)
    cells.part("torch", RUN).click()
    cells.part("torch", ".lw-cell-question button").first.click()
    said = cells.part("torch", ".lw-cell-bar [role=status]")
    expect(said).to_contain_text("run it" if whole else "not the file", timeout=LONG)
    if whole:
        cells.run("torch")
        assert cells.shown("torch").strip() == "['stand-in', 'stand-in']"
    context.close()


def test_what_was_typed_comes_back_is_exported_and_forgotten(cells):
    cells.type("other", "print('mine')")
    expect(cells.part("other", "[role=status]")).to_have_text("Kept in this browser.")
    with cells.page.expect_download() as download:
        cells.page.get_by_role("button", name="Export my version").click()
    exported = json.loads(download.value.path().read_text("utf-8"))
    sources = {cell["id"]: cell["source"] for cell in exported["cells"]}
    assert sources["other"] == "print('mine')" and sources["title"] == "# Try it"
    again = cells.page.context.new_page()
    again.goto(cells.page.url)
    expect(again.locator("#other .cm-content")).to_have_text("print('mine')")
    again.locator(f"#other {EDIT}").click()
    expect(again.locator("#other .cm-content")).to_have_text("print('of no use to the rest')")
    again.locator(f"#other {EDIT}").click()
    expect(again.locator("#other .cm-content")).to_have_text("print('mine')")
    again.get_by_role("button", name="Forget my version").click()
    expect(again.locator("#other .cm-content")).to_have_count(0)
    assert again.evaluate("Object.keys(localStorage).filter((k) => k.startsWith('lw-typed'))") == []
    again.close()


def test_stop_ends_an_endless_loop_and_the_next_run_starts_anew(cells):
    cells.part("long", RUN).click()
    cells.ends("long", "running")
    cells.part("long", RUN).click()
    cells.ends("long", "failed")
    cells.run("sum")
    assert cells.shown("sum").strip() == "sum 6.0"


def test_from_a_file_without_any_network(hosted, open_page):
    page, seen = open_page((hosted / "index.html").as_uri())
    cells = Cells(page)
    cells.run("sum")
    assert cells.shown("sum").strip() == "sum 6.0"
    assert not seen.outside and not seen.console


def test_a_distant_python_is_fetched_only_if_the_reader_agrees(distant, serve, open_page):
    page, seen = open_page(f"{serve(distant)}/index.html")
    cells = Cells(page)
    cells.part("sum", RUN).click()
    said = cells.part("sum", ".lw-cell-question")
    expect(said).to_contain_text("cdn.jsdelivr.net")
    assert "MB" in said.inner_text() and "stay in this page" in said.inner_text()
    assert not seen.outside
    said.get_by_role("button", name="Not now").click()
    assert not seen.outside and cells.state("sum") is None
    cells.part("sum", RUN).click()
    said.get_by_role("button", name="Fetch and run").click()
    cells.ends("sum", "failed")
    assert seen.outside and all("cdn.jsdelivr.net" in url for url in seen.outside)
