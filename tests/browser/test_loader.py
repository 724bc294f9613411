"""book/assets/loader.js against ipywidgets' own runtime with anywidget's own front end.

Two pages hold the same widgets; the second also holds a plain slider, so that it gets the real
thing. A widget that writes down everything (probe.js) must have written the same on both.
"""

import json
from pathlib import Path

import anywidget
import ipywidgets
import nbformat
import pytest
import traitlets
from ipywidgets.embed import dependency_state, embed_data
from playwright.sync_api import expect

PROBE = Path(__file__).with_name("probe.js")
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


class Sibling(anywidget.AnyWidget):
    _esm = """
    export default {
      initialize({ model }) { return { twice: (x) => 2 * x }; },
      render({ model, el }) { el.textContent = `I am ${model.get("name")}`; },
    };
    """
    name = traitlets.Unicode().tag(sync=True)
    count = traitlets.Int(5).tag(sync=True)


class Probe(anywidget.AnyWidget):
    _esm = PROBE.read_text("utf-8")
    _css = ".probe { color: rgb(1, 2, 3); }"
    name = traitlets.Unicode().tag(sync=True)
    count = traitlets.Int(1).tag(sync=True)
    ratio = traitlets.Float(0.5).tag(sync=True)
    flag = traitlets.Bool(True).tag(sync=True)
    nothing = traitlets.Any(None).tag(sync=True)
    words = traitlets.List(["a", "b"]).tag(sync=True)
    table = traitlets.Dict({"k": [1, {"x": "</script><b>y"}]}).tag(sync=True)
    data = traitlets.Bytes(b"ab\xff").tag(sync=True)
    nested = traitlets.List([b"x", {"deep": b"\x00\x01"}]).tag(sync=True)
    sibling = traitlets.Any(None, allow_none=True).tag(sync=True, **ipywidgets.widget_serialization)


def widget_of(esm: str, **traits) -> anywidget.AnyWidget:
    return type("Small", (anywidget.AnyWidget,), {"_esm": esm, **traits})()


def notebook(title: str, *views: ipywidgets.Widget) -> str:
    """A notebook whose cells show these widgets, with their saved state."""
    cells = [nbformat.v4.new_markdown_cell(f"# {title}\n\nText, so that the page has some.")]
    for view in views:
        mime = {VIEW: {"model_id": view.model_id, "version_major": 2, "version_minor": 0}}
        output = nbformat.v4.new_output("display_data", {**mime, "text/plain": "a widget"})
        cells.append(nbformat.v4.new_code_cell("widget", outputs=[output]))
    shown = dependency_state(views, drop_defaults=False)
    state = embed_data(views=views, state=shown)["manager_state"]
    metadata = {"language_info": {"name": "python"}, "widgets": {STATE: state}}
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=metadata))


def probes():
    one = Probe(name="one", layout=ipywidgets.Layout(width="50%"), sibling=Sibling(name="sister"))
    return one, Probe(name="two"), one  # the third is a second view of the first


@pytest.fixture(scope="module")
def pages(small_book):
    slider = ipywidgets.IntSlider(3, description="plain")
    linked = Probe(name="linked", count=1)
    broken = [
        widget_of("export default {"),
        widget_of("export const nothing = 1;"),
        widget_of("export default { initialize() { throw new Error('no start'); }, render() {} };"),
        widget_of("export default { render() { throw new Error('no picture'); } };"),
    ]
    invoke = widget_of("""export default { async render({ el, experimental }) {
      el.textContent = await experimental.invoke("_echo", 1).catch((error) => error.message);
    } };""")
    old = widget_of("export function render({ model, el }) { el.textContent = 'by name'; }")
    ipywidgets.jslink((slider, "value"), (linked, "count"))
    same = probes()
    files = {
        "ours.ipynb": notebook("Ours", *same),
        "theirs.ipynb": notebook("Theirs", *same, ipywidgets.IntSlider(3)),
        "linked.ipynb": notebook("Linked", slider, linked),
        "broken.ipynb": notebook("Broken", *broken, Sibling(name="unharmed"), invoke, old),
        "plain.md": "# Plain\n\nNo widget here.\n",
    }
    return small_book(files).html


def address(pages: Path, name: str, serve, scheme: str) -> str:
    return f"{pages.as_uri() if scheme == 'file' else serve(pages)}/{name}.html"


def written(page) -> dict[str, list]:
    """What the probes wrote down, once all three views are done."""
    page.wait_for_function(
        "globalThis.probes && Object.values(probes).flatMap((p) => p.log)"
        ".filter(([what]) => / done$/.test(what)).length === 3"
    )
    return page.evaluate("Object.fromEntries(Object.entries(probes).map(([k, p]) => [k, p.log]))")


@pytest.fixture(scope="module")
def both(browser, pages, serve):
    """The same three views under our loader and under ipywidgets' own runtime."""
    opened = []
    for name in ("ours", "theirs"):
        page = browser.new_page()
        page.goto(f"{serve(pages)}/{name}.html")
        written(page)
        opened.append(page)
    yield opened
    for page in opened:
        page.close()


def by_view(log: list) -> dict[str, list]:
    """Views start side by side: only the order within each is promised."""
    views = {}
    for line in log:
        what = line[0].split()
        views.setdefault(what[1] if what[0] == "view" else "", []).append(line)
    return views


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_widget_sees_the_same_as_under_anywidgets_own_front_end(both, name):
    ours, theirs = (by_view(written(page)[name]) for page in both)
    assert ours == theirs
    assert len(ours["1"]) > 30  # the probe has really written


def test_change_is_heard_once_after_all_that_listeners_have_set(both):
    heard = both[0].evaluate("""() => {
      const [heard, { model }] = [[], probes.two];
      model.on("change", () => heard.push(model.get("count")));
      model.on("change:ratio", () => model.set("count", 100));
      model.set("ratio", 0.1);
      model.off();
      return heard;
    }""")
    assert heard == [100]


END = """async () => {
  const { one } = probes;
  one.log.length = 0;
  const manager = one.model.widget_manager;
  const all = globalThis.lwPage?.views ?? [...manager._viewList];
  const views = all.filter((v) => globalThis.lwPage || v.model.get("_esm"));
  const tick = () => new Promise((resolve) => setTimeout(resolve, 20));
  views[2].remove();
  await tick();
  one.note("--- one view is gone");
  one.model.set("ratio", 0.75);
  one.model.set("count", 20);
  const id = globalThis.lwPage
    ? [...lwPage.models].find(([, m]) => m.get("name") === "one")[0]
    : views[0].model.model_id;
  (await manager.get_model(id)).close();
  await tick();
  one.note("--- the model is gone");
  one.model.set("ratio", 0.9);
  await tick();
  // which of a view's own and its model's clean-ups runs first is nobody's promise
  const from = one.log.findIndex(([what]) => what === "--- one view is gone");
  const to = one.log.findIndex(([what]) => what === "--- the model is gone");
  const lines = one.log.map((line) => JSON.stringify(line));
  return [...lines.slice(0, from).sort(), ...lines.slice(from, from + 3),
    ...lines.slice(from + 3, to).sort(), ...lines.slice(to)];
}"""


def test_clean_ups_run_and_listeners_end_with_their_view(both):
    written(both[0]), written(both[1])
    ours, theirs = (page.evaluate(END) for page in both)
    assert ours == theirs
    text = "\n".join(ours)
    for line in ("view 2 clean-up", "view 2 signal", "view 1 clean-up", "initialize's clean-up"):
        assert line in text


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_small_loader_for_anywidgets_alone(open_page, pages, serve, scheme):
    page, seen = open_page(address(pages, "ours", serve, scheme))
    written(page)
    assert (seen.console, seen.outside, seen.failed) == ([], [], [])
    loaded = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name).join(' ')")
    assert "html-manager" not in loaded
    unknown = "probes.one.model.widget_manager.get_model('nobody').catch((e) => e.message)"
    assert page.evaluate(unknown) == "no widget model nobody in this page"
    assert page.evaluate("lwAssetBase").endswith("/_static/lw-assets")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_full_runtime_where_a_plain_widget_is(open_page, pages, serve, scheme):
    page, seen = open_page(address(pages, "linked", serve, scheme))
    page.wait_for_selector(".widget-slider")
    page.wait_for_function("globalThis.probes?.linked?.log.some(([what]) => / done$/.test(what))")
    assert page.evaluate("probes.linked.model.get('count')") == 10  # what the probe leaves behind
    page.locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("probes.linked.model.get('count') === 11")
    page.evaluate("probes.linked.model.set('count', 20)")
    assert page.locator(".widget-readout").inner_text() == "20"
    assert (seen.outside, seen.failed) == ([], [])
    # its JSON checker has a remark of its own on ipywidgets' schema
    assert [line for line in seen.console if "strictTypes" not in line] == []
    assert page.locator(".lw-view").count() == 0  # placeholders are gone


def test_a_failing_widget_says_so_and_stops_no_other(open_page, pages, serve):
    page, seen = open_page(address(pages, "broken", serve, "http"))
    page.wait_for_function("document.querySelectorAll('[data-state=error]').length === 4")
    messages = page.locator("[data-state=error]").all_inner_texts()
    for message, reason in zip(
        messages, ["", "default export", "no start", "no picture"], strict=True
    ):
        assert message.startswith("This widget could not start: ")
        assert reason in message
    assert page.get_by_text("I am unharmed").is_visible()
    assert page.get_by_text('"_echo" runs in Python').is_visible()
    assert page.get_by_text("by name").is_visible()
    assert len(seen.console) == 4  # each reason is in the console, once


def test_a_page_without_widgets_loads_no_loader(open_page, pages, serve):
    page, _ = open_page(address(pages, "plain", serve, "http"))
    assert page.evaluate("typeof lwAssetBase") == "undefined"


def test_state_comes_after_the_text_and_style_before_it(pages):
    html = (pages / "ours.html").read_text("utf-8")
    assert html.index(STATE) > html.index("</article>")
    assert html.index(".probe { color: rgb(1, 2, 3); }") < html.index("<body")
    state = html.split(f'<script type="{STATE}">')[1].split("</script>")[0]
    assert json.loads(state)["state"]
    assert "rgb(1, 2, 3)" not in state  # moved, not copied
    assert html.count('data-state="loading"') == 3  # a placeholder a view


def test_nothing_moves_when_a_widget_with_a_reserved_height_comes_alive(browser, small_book, serve):
    late = widget_of(
        """await new Promise((resolve) => setTimeout(resolve, 300));
        export default { render({ el }) {
          el.innerHTML = '<div class="lw" data-widget="--main--"></div>';
        } };""",
        _css=".lw[data-widget] { min-block-size: 300px; }",
        _anywidget_id="__main__.Late",
    )
    html = small_book({"late.ipynb": notebook("Late", late)}).html
    page = browser.new_page()
    page.add_init_script("""globalThis.shifts = 0; new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });""")
    page.goto(f"{serve(html)}/late.html")
    page.wait_for_function("!document.querySelector('[data-state=loading]')")
    page.wait_for_timeout(100)
    assert page.evaluate("shifts") < 0.01
    page.close()


RULES = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"


@pytest.fixture
def strict(browser, pages, serve):
    """A function that opens a page from a host that forbids code from memory and from text."""
    opened = []

    def open_(name: str):
        page = browser.new_page()
        opened.append(page)
        html = (pages / f"{name}.html").read_text("utf-8")
        headers = {"Content-Security-Policy": f"{RULES}; img-src 'self' data:"}
        where = address(pages, name, serve, "http")
        page.route(
            where,
            lambda route: route.fulfill(
                body=html, content_type="text/html; charset=utf-8", headers=headers
            ),
        )
        page.goto(where)
        return page

    yield open_
    for page in opened:
        page.close()


def test_a_readers_widget_says_which_rule_forbids_it(strict):
    page = strict("ours")
    boxes = page.locator("[data-state=error]")
    expect(boxes).to_have_count(3)
    for said in boxes.all_inner_texts():
        assert said == (
            "This widget could not start: the page's host forbids code that runs from memory "
            "(blob:) by its Content-Security-Policy, rule script-src-elem"
        )


def test_a_page_of_plain_widgets_says_which_rule_forbids_them(strict):
    page = strict("linked")
    said = page.locator(".lw[data-state=error]")
    said.wait_for()
    assert "cannot start: its host forbids code" in said.inner_text()
    assert "rule script-src" in said.inner_text()
