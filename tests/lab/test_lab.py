"""Every notebook in a real JupyterLab, as a reader opens it there; then saved, and built again.

No clock decides: each step waits for what it needs, for as long as it takes, up to a limit that
only a hang reaches.
"""

import json
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import TimeoutError

from tests.browser.pages import settle
from tests.conftest import build_book

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted(path.stem for path in (ROOT / "chapters").rglob("*.ipynb"))
VIEW = "application/vnd.jupyter.widget-view+json"
HANGS = 600_000  # milliseconds

OPENED = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const pause = () => new Promise((done) => setTimeout(done, 200));
  while (!app.shell.currentWidget?.content?.widgets?.length) await pause();
  window.panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.revealed;
  window.cells = () => panel.content.widgets;
  return cells().length;
}"""

# A kernel that says "idle" may still refuse the first cell: once `info` is there, it has answered.
KERNEL = """async () => {
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""

RUN_ALL = """async () => {
  await jupyterapp.commands.execute("notebook:run-all-cells");
  return cells().flatMap((cell, number) => cell.model.type !== "code" ? [] :
    cell.model.outputs.toJSON().filter((o) => o.output_type === "error")
      .map((o) => [number, o.ename, o.evalue]));
}"""

# Brings every cell into view, so that what is drawn late is drawn, and waits until it is.
SEE_ALL = """async () => {
  const pause = () => new Promise((done) => setTimeout(done, 50));
  for (const [number, cell] of cells().entries()) {
    await panel.content.scrollToItem(number, "center").catch(() => {});
    await cell.ready;
    if (cell.model.type !== "markdown") continue;
    cell.rendered = true;
    while (!cell.node.querySelector(".myst, .jp-MarkdownOutput")) await pause();
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""

# Brings the widgets' cells into view.
SEE_WIDGETS = f"""async () => {{
  for (const [number, cell] of cells().entries()) {{
    if (cell.model.type !== "code") continue;
    if (!cell.model.outputs.toJSON().some((o) => o.data?.["{VIEW}"])) continue;
    await panel.content.scrollToItem(number, "center").catch(() => {{}});
    await cell.ready;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }}
}}"""

PYTHON = """async (code) => {
  let said = "";
  const future = panel.sessionContext.session.kernel.requestExecute({ code, store_history: false });
  future.onIOPub = (message) => {
    if (message.content.text) said += message.content.text;
    if (message.content.traceback) said += message.content.traceback.join("\\n");
  };
  await future.done;
  return said;
}"""

# All that a reader sees of a widget: elements, what is filled in, what is drawn.
LOOK = """(root) => [root.outerHTML,
  ...[...root.querySelectorAll("input, select, textarea")].map((e) => `${e.value} ${e.checked}`),
  ...[...root.querySelectorAll("canvas")].map((e) => e.toDataURL())].join("\\n")"""


class Lab:
    """One notebook, open in JupyterLab."""

    def __init__(self, page, url: str, name: str) -> None:
        self.page, self.name, self.problems = page, name, []
        page.set_default_timeout(HANGS)
        page.set_default_navigation_timeout(HANGS)
        page.on("pageerror", self._went_wrong)
        page.goto(f"{url}/lab/tree/chapters/{name}.ipynb?reset")
        page.wait_for_function("window.jupyterapp")
        self.cells = page.evaluate(OPENED)

    def _went_wrong(self, error) -> None:
        # JupyterLab's cell toolbar stumbles over a cell that has just scrolled out of sight: an
        # error with nothing of ours on its way is not the book's. Widgets come from blobs.
        stack = error.stack or str(error)
        if "/static/lab/" not in stack or "blob:" in stack:
            self.problems.append(stack)

    def python(self, code: str) -> str:
        """Run code in the notebook's kernel; returns what it printed."""
        return self.page.evaluate(PYTHON, code)

    def widgets(self) -> list:
        return self.page.locator(".jp-OutputArea .lw[data-widget]").all()


@pytest.fixture(scope="module")
def opened(browser, lab):
    """A function that opens a notebook, runs it and keeps it open until another one is wanted."""
    now = {}

    def open_(name: str) -> Lab:
        if name not in now:
            close()
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            now[name] = Lab(context.new_page(), lab, name)
        return now[name]

    def close() -> None:
        for one in now.values():
            one.page.evaluate("() => panel.sessionContext.shutdown()")
            one.page.context.close()
        now.clear()

    yield open_
    close()


def shown(name: str) -> int:
    """How many widgets a notebook shows."""
    notebook = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", as_version=4)
    return sum(
        VIEW in output.get("data", {})
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


MODEL_IDS = f"""() => cells().filter((c) => c.model.type === "code").flatMap((c) =>
  c.model.outputs.toJSON().map((o) => o.data?.["{VIEW}"]?.model_id).filter(Boolean))"""

# In the kernel: the widget `w`, and what its traits are.
WIDGET = """
import json, re
from ipywidgets.widgets import widget as _widget
w = _widget._instances[{id!r}]
names = [n for n in w.trait_names(sync=True) if n[0] != "_"]
names = [n for n in names if n not in ("layout", "tabbable", "tooltip")]
"""
TRAITS = WIDGET + "print(json.dumps({{n: repr(getattr(w, n)) for n in names}}))"
# Another value for one trait, if there is one that it takes.
CHANGE = (
    WIDGET
    + """
n, old = {name!r}, getattr(w, {name!r})
trait = w.traits()[n]
if isinstance(old, bool):
    tries = [not old]
elif isinstance(old, (int, float)):
    tries = [old + 1, old - 1, old / 2]
else:
    tries = []
try:  # what is refused says what would be taken: "expected one of 'a', 'b'"
    setattr(w, n, "nothing of the kind")
except Exception as error:
    tries += [one for one in re.findall(r"'([^']*)'", str(error)) if one != "nothing of the kind"]
for new in tries:
    try:
        setattr(w, n, new)
    except Exception:
        continue
    if getattr(w, n) != old:
        print("changed")
        break
"""
)


def resting(lab: Lab, widget) -> str:
    """How the widget looks once it has stopped changing."""
    look, before = widget.evaluate(LOOK), None
    while look != before:
        lab.page.wait_for_timeout(1000)
        before, look = look, widget.evaluate(LOOK)
    return look


def python_reaches_the_page(lab: Lab, number: int) -> None:
    """Some trait that is set in Python changes what the page shows."""
    widget = lab.widgets()[number]
    key = lab.page.evaluate(MODEL_IDS)[number]
    widget.scroll_into_view_if_needed()
    tried = []
    for name in json.loads(lab.python(TRAITS.format(id=key))):
        before = resting(lab, widget)
        if lab.python(CHANGE.format(id=key, name=name)).strip() != "changed":
            continue
        tried.append(name)
        if resting(lab, widget) != before:
            return
    raise AssertionError(f"none of {tried} showed")


def the_page_reaches_python(lab: Lab, number: int) -> None:
    """Some control of the widget changes a trait in Python when it is clicked."""
    widget = lab.widgets()[number]
    key = lab.page.evaluate(MODEL_IDS)[number]
    controls = widget.locator(
        "button:enabled:visible, label.lw-segment:visible, [role=tab]:visible"
    )
    before = lab.python(TRAITS.format(id=key))
    for control in controls.all()[:30]:
        try:
            control.click(timeout=10_000)
        except TimeoutError:
            continue  # it has gone, or lies under something: another one
        for _ in range(5):
            if lab.python(TRAITS.format(id=key)) != before:
                return
            lab.page.wait_for_timeout(200)
    raise AssertionError(f"{controls.count()} controls were clicked, and Python heard of none")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_in_jupyterlab(opened, name):
    lab = opened(name)
    page = lab.page
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0

    # before it runs: a picture stands where each widget will be
    page.evaluate(SEE_WIDGETS)
    stills = page.locator('.jp-OutputArea-output img[src^="data:image/png"]')
    assert stills.count() == shown(name)
    assert lab.widgets() == []

    page.evaluate(KERNEL)
    assert page.evaluate(RUN_ALL) == []
    page.evaluate(SEE_ALL)

    # formulas, directives, hints, solutions
    assert page.locator("mjx-merror, [data-mjx-error], .katex-error").all_inner_texts() == []
    words = page.evaluate(
        """() => cells().filter((c) => c.model.type === "markdown").map((c) => {
          const copy = c.node.querySelector(".myst, .jp-MarkdownOutput").cloneNode(true);
          copy.querySelectorAll("mjx-container, .katex, code").forEach((e) => e.remove());
          return copy.textContent;
        })"""
    )
    raw = [
        text for text in words if any(sign in text for sign in ("$", "```", ":::", "\\\\", "]{"))
    ]
    assert raw == []
    solutions = page.evaluate(
        """() => cells().filter((c) => (c.model.getMetadata("tags") ?? []).includes("solution"))
          .map((c) => c.inputHidden)"""
    )
    assert all(solutions)

    # every widget is ready, and Python and page know of each other
    widgets = lab.widgets()
    assert len(widgets) == shown(name)
    for widget in widgets:
        widget.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => ![...document.querySelectorAll('.lw[data-widget]')]"
        ".some((e) => e.dataset.state === 'loading')"
    )
    assert [widget.get_attribute("data-state") for widget in widgets] == ["ready"] * len(widgets)
    for number in range(len(widgets)):
        python_reaches_the_page(lab, number)
        the_page_reaches_python(lab, number)
    assert lab.problems == []

    page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !panel.context.model.dirty")


def test_what_was_saved_is_built_as_before(copy, browser, tmp_path):
    """JupyterLab gives each view an id of its own; the book finds the state all the same."""
    book = build_book(copy, tmp_path).html
    page = browser.new_page()
    for name in NOTEBOOKS:
        page.goto((book / "chapters" / f"{name}.html").as_uri())
        settle(page)
        assert page.locator(".lw-view .lw[data-state=ready]").count() == shown(name), name
    page.close()
