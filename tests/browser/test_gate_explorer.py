"""GateExplorer on a bare page: it draws what its model says, and fits the page around it."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from large_models.widgets.gate_explorer import GateExplorer
from tests.browser.gate_page import hold, shown_chars
from tests.browser.harness import settle, show

# Pairs of what is on the page and what the model says, by name.
DRAWN = """async () => {
  const [m, i, {networkOf}, {unpack}, {pixelsOf}] = await Promise.all(["gate_explorer/model",
    "gate_explorer/input_model", "engine/gate_network", "engine/packed", "kit/colors"].map(
    (name) => import(`/${name}.js`)));
  const traits = Object.fromEntries(m.TRAITS.map((key) => [key, model.get(key)]));
  const raw = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const file = (kind) => {
    if (traits.job === "chars") return raw(lwAsset[`file:chars-${kind}`]);
    const {buffer, byteOffset, byteLength} = model.get(`_${kind}`);
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  const [lstm, rnn] = ["lstm", "rnn"].map((kind) => networkOf(unpack(file(kind))));
  const runs = m.runsOf(traits, {lstm, rnn});
  const size = m.sizeOf(traits, runs);
  const place = m.within(size, [model.get("unit"), model.get("step")]);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const text = (selector) => one(selector).textContent;
  const path = (selector) => one(selector).getAttribute("d");
  const found = {};
  const put = (name, drawn, expected) => { found[name] = [drawn, expected]; };

  const {maps, legends} = m.mapsOf(runs);
  for (const {key, values, shape: [H, W], scale, max} of maps) {
    const canvas = one(`.ge-panel-${key} canvas`);
    put(`${key} size`, [canvas.height, canvas.width], [H, W]);
    const seen = canvas.getContext("2d").getImageData(0, 0, W, H).data;
    put(`${key} pixels`, [...seen], [...new Uint8Array(pixelsOf(values, {scale, max}).buffer)]);
  }
  put("plain map", getComputedStyle(one(".ge-panel-rnn")).visibility === "visible",
    maps.length === 7);
  put("legends", all(".ge-legends .lw-legend-marks").map((n) => (
    [...n.children].map((child) => child.textContent))), legends.map(({labels}) => labels));

  const lines = (name, chart, view) => {
    for (const [key, d] of Object.entries(view.paths)) {
      put(`${name} ${key}`, path(`${chart} .ge-line-${key}`), d);
    }
    put(`${name} axis`, [...one(`${chart} .ge-axis`).children].map((n) => n.textContent),
      [view.top, view.bottom]);
    put(`${name} zero`, path(`${chart} .ge-zero`), view.zero);
  };
  const course = m.courseOf(traits, runs);
  const where = m.whereOf(traits, course, place[1]);
  lines("course", ".ge-course", course.lines);
  put("where", text(".ge-where"), where);
  put("course told", one(".ge-course .ge-plot").getAttribute("aria-label").endsWith(where), true);
  put("course title", all(".ge-main > .ge-title")[0].textContent, course.title);

  const life = m.lifeOf(runs, place);
  const [gates, cell] = [".ge-lines:nth-child(2)", ".ge-lines:nth-child(3)"].map(
    (nth) => `.ge-life .ge-main > ${nth}`);
  lines("gates", gates, life.gates.lines);
  lines("cell", cell, life.cell.lines);
  put("gates told", one(`${gates} .ge-plot`).getAttribute("aria-label").split(". ").at(-1),
    life.gates.label.split(". ").at(-1));
  put("life title", text(".ge-life .ge-title"), life.title);
  put("sums", all(".ge-sum").map((n) => n.textContent),
    life.sums.map((line) => line.map((part) => part.text ?? part).join("")));

  const answer = m.answerOf(traits, runs, place[1]);
  const rows = all(".ge-bars > li:not([hidden])");
  const width = (row, name) => {
    const node = row.querySelector(name);
    return node.hidden ? null : node.getBoundingClientRect();
  };
  put("answer title", text(".ge-answer .ge-title"), answer.title);
  put("answer", rows.map((row) => [row.querySelector(".ge-bar-label").textContent,
    row.dataset.kind, row.querySelector("data").textContent]),
    answer.rows.map(({label, kind, text: told}) => [label, kind, told]));
  const near = (a, b) => (b === null ? a === b : Math.abs(a - b) < 0.02);
  put("bars", rows.map((row, n) => {
    const track = row.querySelector(".ge-bar-track").getBoundingClientRect();
    const {share, was, second} = answer.rows[n];
    const tick = width(row, ".ge-bar-was");
    const thin = width(row, ".ge-bar-second");
    return near(width(row, ".ge-bar-main").width / track.width, share)
      && near(tick && (tick.x - track.x) / track.width, was)
      && near(thin && thin.width / track.width, second);
  }), rows.map(() => true));

  if (traits.job === "adding") {
    const bars = m.numbersOf(traits);
    put("numbers", [path(".ge-bars-plain"), path(".ge-bars-marked")], [bars.plain, bars.marked]);
    put("marks", all(".ge-mark").map((n) => Number(n.style.getPropertyValue("--at"))),
      i.marksOf(traits).map(({at}) => at));
  } else {
    put("letters", [...one(".ge-text").children].map((n) => (
      {text: n.textContent, chosen: n.classList.contains("ge-chosen")})),
      m.lettersOf(traits, place[1]).cells);
  }
  const cursor = m.cursorOf(size, runs, place);
  put("cursor", Object.keys(cursor).map((key) => Number(one(".lw").style.getPropertyValue(key))),
    Object.values(cursor));
  put("held", text(".ge-held"), i.heldText(traits.clamps));
  put("holds", all(".ge-hold [role=radiogroup]").slice(1).map((n) => (
    [...n.querySelectorAll("input")].find((box) => box.checked).value)),
    [..."ifo"].map((gate) => String(i.holdOf(traits.clamps, gate, place[0], true))));
  return found;
}"""


@pytest.mark.parametrize(
    ("settings", "lang", "width"),
    [
        ({}, "en", 760),
        ({"clamps": {"f": {"all": 0, 7: 1}}, "order": "memory", "step": 40}, "zh-CN", 390),
        ({"job": "chars", "step": 10, "clamps": {"o": {"all": 1}}}, "en", 760),
        ({"job": "chars", "compare": False, "unit": 3, "order": "memory"}, "zh-CN", 390),
    ],
)
def test_draws_what_the_model_says(page, settings, lang, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, GateExplorer(**settings), lang=lang, width=width)
    if "job" in settings:
        shown_chars(page)
    settle(page)
    pairs = page.evaluate(DRAWN)
    assert len(pairs) > 35
    for name, (drawn, expected) in pairs.items():
        assert drawn == expected, name


@pytest.mark.parametrize("job", ["adding", "chars"])
@pytest.mark.parametrize("width", [760, 390])
def test_nothing_moves_and_nothing_sticks_out(page, job, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, GateExplorer(job=job, step=5), width=width)
    if job == "chars":
        shown_chars(page)
    after = page.locator("#after")
    settle(page)
    top = after.evaluate("(node) => node.offsetTop")

    def check(what):
        settle(page)
        assert after.evaluate("(node) => node.offsetTop") == top, what
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, what

    hold(page, "forget gate", "1")
    check("a gate held")
    page.get_by_text("this unit", exact=True).click()
    hold(page, "output gate", "0")
    check("a gate of one unit held")
    page.get_by_label("beside it: a plain RNN").uncheck()
    check("without the plain RNN")
    page.get_by_text("memory", exact=True).click()
    check("another order")
    page.locator(".ge-panel-c .ge-map").focus()
    page.keyboard.press("End")
    check("the last step")
    label = "value at the first mark" if job == "adding" else "text that the network reads"
    page.get_by_label(label).fill("é" * 30)
    check("a message")


@pytest.mark.parametrize("width", [760, 390])
def test_the_page_keeps_its_place(page, width):
    """The height kept for it while it loads is its height, to a tenth of the screen."""
    page.set_viewport_size({"width": width, "height": 800})
    root = show(page, GateExplorer(), width=width)
    kept = page.evaluate(
        """() => {
          const root = document.createElement("div");
          Object.assign(root.dataset, {widget: "gate-explorer", state: "loading"});
          root.className = "lw";
          document.getElementById("host").append(root);
          const height = root.getBoundingClientRect().height;
          root.remove();
          return height;
        }"""
    )
    assert kept == pytest.approx(root.bounding_box()["height"], abs=80)


@pytest.mark.parametrize(
    ("theme", "lang", "width", "job"),
    [
        ("light", "en", 760, "adding"),
        ("dark", "en", 390, "adding"),
        ("light", "zh-CN", 390, "chars"),
        ("dark", "en", 760, "chars"),
    ],
)
def test_no_barriers(page, theme, lang, width, job):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, GateExplorer(job=job, clamps={"f": {"all": 0}}), lang, theme, width)
    if job == "chars":
        shown_chars(page)
    settle(page)
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
    small = page.locator(
        ".lw :is(button, select, input:not(.lw-segment input, .lw-toggle input), textarea,"
        " .lw-segment, .lw-toggle, [role=slider]):visible"
    ).evaluate_all(
        "(nodes) => nodes.map((n) => [n.outerHTML.slice(0, 80), n.getBoundingClientRect()])"
        ".filter(([, b]) => b.width < 24 || b.height < 24).map(([html]) => html)"
    )
    assert small == []


def test_speaks_chinese(page):
    show(page, GateExplorer(clamps={"f": {"all": 0}}), lang="zh-CN")
    settle(page)
    text = page.locator(".lw").inner_text()
    for word in ["先试试", "遗忘门", "真实的和", "固定门之后", "固定：f = 0", "单元 7 的一生"]:
        assert word in text
    left = re.findall(r"[A-Za-z]{2,}", text)
    assert set(left) <= {"LSTM", "RNN", "tanh"}, f"not Chinese: {left}"


def test_ends_cleanly(page):
    show(page, GateExplorer())
    assert page.evaluate("() => model.listening()") > 0
    page.get_by_role("button", name="play").click()
    page.evaluate("() => end()")
    assert page.locator(".lw").count() == 0
    assert page.evaluate("() => model.listening()") == 0
