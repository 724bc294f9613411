"""GateExplorer on a bare page: what it shows against NumPy, and every way to change it."""

import re

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from large_models.data.sequences import CHARACTERS
from large_models.formulas import rnn
from large_models.widgets.gate_explorer import GateExplorer, network, sequence
from tests.browser.harness import settle, show, told

# The page and NumPy sum in another order; the state goes round 100 times.
CLOSE = {"rtol": 1e-4, "atol": 1e-4}


def bars(page):
    """The answers on show: numbers by name, to the last digit."""
    settle(page)
    rows = page.locator(".ge-bars > li:not([hidden])").evaluate_all(
        "(rows) => rows.map((row) => ["
        "row.querySelector('.ge-bar-label').textContent, row.querySelector('data').value])"
    )
    return {label: float(value) for label, value in rows}


def shown_chars(page):
    """Wait for the character networks, then the eight likeliest characters and their chances."""
    page.wait_for_function(
        "() => !document.querySelector('.lw').classList.contains('ge-empty')", timeout=20_000
    )
    names = {"␣": " ", "⏎": "\n"}
    return {names.get(label, label): chance for label, chance in bars(page).items()}


def most_likely(chances):
    order = np.argsort(-chances, kind="stable")[:8]
    return {CHARACTERS[k]: float(chances[k]) for k in order}


def model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def set_from_python(page, **traits):
    page.evaluate("(t) => Object.entries(t).forEach(([k, v]) => model.set(k, v))", traits)
    settle(page)


def saved(page, key):
    """What Python was told last; a moved cursor is told once it rests."""
    page.wait_for_function("(key) => key in saved", arg=key)
    return page.evaluate("(key) => saved[key]", key)


def colors(page, name):
    """A map's pixels, (units, steps, 3)."""
    settle(page)
    pixels, width = page.locator(f".ge-panel-{name} canvas").evaluate(
        "(c) => [[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data], c.width]"
    )
    return np.array(pixels).reshape(-1, width, 4)[..., :3]


def hold(page, gate, value):
    page.get_by_role("radiogroup", name=gate).get_by_text(value, exact=True).click()
    settle(page)


# --- what it shows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"seed": 7, "clamps": {"f": {"all": 0}}},
        {"seed": 3, "markers": [10, 20], "clamps": {"f": {"all": 1, 2: None}, "o": {5: 0}}},
        {"values": [0.5] * 100, "markers": [0, 99], "clamps": {"i": {2: 1}}},
    ],
)
def test_adds_as_numpy_does(page, settings):
    explorer = GateExplorer(**settings)
    show(page, explorer)
    shown = bars(page)
    true = sum(explorer.values[step] for step in explorer.markers)
    assert shown["true sum"] == pytest.approx(true)
    assert shown["LSTM"] == pytest.approx(float(explorer.answers(clamped=False)[-1]), abs=1e-4)
    assert shown["plain RNN"] == pytest.approx(float(explorer.answers("rnn")[-1]), abs=1e-4)
    if explorer.clamps:
        assert shown["gates held"] == pytest.approx(explorer.prediction, abs=1e-4)
    else:
        assert np.isnan(shown["gates held"])
        assert shown["LSTM"] == pytest.approx(explorer.prediction, abs=1e-4)


def test_without_its_memory_the_sum_vanishes(page):
    """What the reader is told to try first."""
    show(page, GateExplorer())
    before = bars(page)
    assert abs(before["LSTM"] - before["true sum"]) < 0.1
    hold(page, "forget gate", "0")
    assert saved(page, "clamps") == {"f": {"all": 0}}
    after = bars(page)
    assert abs(after["gates held"] - after["true sum"]) > 0.5
    expected = GateExplorer(clamps={"f": {"all": 0}}).prediction
    assert after["gates held"] == pytest.approx(expected, abs=1e-4)
    assert page.locator(".ge-held").inner_text() == "held: f = 0"


@pytest.mark.parametrize("settings", [{}, {"step": 10, "clamps": {"f": {"all": 0}}}])
def test_predicts_characters_as_numpy_does(page, settings):
    explorer = GateExplorer(job="chars", text="Return the sum of\nthe ", **settings)
    show(page, explorer)
    shown = shown_chars(page)
    expected = most_likely(explorer.answers()[min(explorer.step, len(explorer.text) - 1)])
    assert list(shown) == list(expected)
    np.testing.assert_allclose(list(shown.values()), list(expected.values()), **CLOSE)


def test_maps_show_every_unit_at_every_step(page):
    show(page, GateExplorer())
    explorer = GateExplorer()
    marks = np.zeros(100)
    marks[explorer.markers] = 1
    x = np.stack([explorer.values, marks], axis=1)[None].astype(np.float32)
    *_, gates = rnn.lstm(x, network("adding", "lstm")[0])
    got = colors(page, "f")
    assert got.shape == (32, 100, 3)
    # cividis grows brighter all the way: the order of the colours is the order of the gates.
    brightness = got @ [0.299, 0.587, 0.114]
    ranks = np.corrcoef(brightness.ravel(), gates.f[0].T.ravel())[0, 1]
    assert ranks > 0.995
    hold(page, "forget gate", "0")
    assert (colors(page, "f") == colors(page, "f")[0, 0]).all()


def test_units_in_the_order_of_their_memory(page):
    show(page, GateExplorer())
    by_number = colors(page, "f") @ [0.299, 0.587, 0.114]
    page.get_by_text("memory", exact=True).click()
    assert saved(page, "order") == "memory"
    means = (colors(page, "f") @ [0.299, 0.587, 0.114]).mean(axis=1)
    assert (np.diff(means) < 0.5).all(), "the longest memory comes first"
    np.testing.assert_allclose(np.sort(means), np.sort(by_number.mean(axis=1)))
    # The rows are 4 pixels high: a press on the second is at the second longest memory.
    page.locator(".ge-panel-f .ge-map").click(position={"x": 50, "y": 6})
    assert saved(page, "unit") == by_number.mean(axis=1).argsort()[-2]


def test_the_equation_is_the_cells(page):
    show(page, GateExplorer(step=40, unit=2))
    text = page.locator(".ge-sums").inner_text().replace("−", "-")
    f, before, i, g, c, o, squashed, h = (float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text))
    assert c == pytest.approx(f * before + i * g, abs=0.02)
    assert squashed == pytest.approx(np.tanh(c), abs=0.01)
    assert h == pytest.approx(o * squashed, abs=0.02)


def test_the_plain_rnns_units_are_others(page):
    """Its map stays by number, and a press there chooses no unit."""
    show(page, GateExplorer(unit=4))
    by_number = colors(page, "rnn")
    page.get_by_text("memory", exact=True).click()
    np.testing.assert_array_equal(colors(page, "rnn"), by_number)
    page.locator(".ge-panel-rnn .ge-map").click(position={"x": 50, "y": 100})
    assert saved(page, "step") < 99 and model(page, "unit") == 4
    page.keyboard.press("ArrowDown")
    settle(page)
    assert page.locator(".ge-life .ge-title").inner_text() == "The life of unit 4"


# --- holding gates --------------------------------------------------------------------------------


def test_one_unit_apart_from_the_others(page):
    show(page, GateExplorer(unit=7))
    hold(page, "forget gate", "0")
    page.get_by_text("this unit", exact=True).click()
    hold(page, "forget gate", "own")
    assert model(page, "clamps") == {"f": {"all": 0, "7": None}}
    hold(page, "forget gate", "1")
    assert model(page, "clamps") == {"f": {"all": 0, "7": 1}}
    expected = GateExplorer(clamps={"f": {"all": 0, 7: 1}}).prediction
    assert bars(page)["gates held"] == pytest.approx(expected, abs=1e-4)
    hold(page, "forget gate", "0")
    assert model(page, "clamps") == {"f": {"all": 0}}, "what says nothing of its own is not kept"
    page.get_by_role("button", name="release all gates").click()
    settle(page)
    assert model(page, "clamps") == {}
    assert np.isnan(bars(page)["gates held"])


def test_python_can_set_everything(page):
    show(page, GateExplorer())
    values, markers = sequence(5)
    clamps = {"o": {"3": 0}}
    set_from_python(
        page, seed=5, values=values, markers=markers, clamps=clamps, step=12, unit=3, compare=False
    )
    expected = GateExplorer(seed=5, clamps=clamps)
    shown = bars(page)
    assert shown["gates held"] == pytest.approx(expected.prediction, abs=1e-4)
    assert "plain RNN" not in shown and not page.locator(".ge-panel-rnn").is_visible()
    assert page.get_by_text("The life of unit 3").is_visible()
    assert page.locator(".ge-where").inner_text().startswith("step 12:")


# --- the sequence ---------------------------------------------------------------------------------


def test_another_seed_is_pythons_sequence(page):
    show(page, GateExplorer())
    page.get_by_role("button", name="more sequence").click()
    settle(page)
    assert (saved(page, "values"), saved(page, "markers")) == sequence(1)
    assert saved(page, "seed") == 1
    assert bars(page)["LSTM"] == pytest.approx(GateExplorer(seed=1).prediction, abs=1e-4)


def test_marks_move_by_keys_and_hand(page):
    show(page, GateExplorer(markers=[20, 60]))
    mark = page.get_by_role("slider", name="first mark")
    mark.focus()
    for key, step in [("ArrowRight", 21), ("Shift+ArrowLeft", 11), ("PageUp", 21), ("End", 59)]:
        page.keyboard.press(key)
        assert model(page, "markers") == [step, 60], key
    page.keyboard.press("ArrowRight")
    assert model(page, "markers") == [59, 60], "marks do not pass each other"
    page.keyboard.press("Home")
    assert mark.get_attribute("aria-valuenow") == "0" and saved(page, "markers") == [0, 60]
    rail = page.locator(".ge-rail").bounding_box()
    box = page.get_by_role("slider", name="second mark").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(rail["x"] + rail["width"] * 0.855, rail["y"] + 5, steps=3)
    page.mouse.up()
    assert model(page, "markers") == [0, 85]
    explorer = GateExplorer(markers=[0, 85])
    assert bars(page)["LSTM"] == pytest.approx(explorer.prediction, abs=1e-4)


def test_a_marked_value_can_be_typed(page):
    show(page, GateExplorer(markers=[20, 60]))
    box = page.get_by_label("value at the second mark")
    for text, value in [("0.25", 0.25), ("0,5", 0.5), ("1/4", 0.25), ("1", 1)]:
        box.fill(text)
        assert model(page, "values")[60] == value, text
    box.press("ArrowDown")
    assert model(page, "values")[60] == 0.9 and box.input_value() == "0.9"
    values = list(sequence(0)[0])
    values[60] = 0.9
    expected = GateExplorer(markers=[20, 60], values=values).prediction
    assert bars(page)["LSTM"] == pytest.approx(expected, abs=1e-4)
    for text in ["", "abc", "1.5", "-1", "<b>1</b>"]:
        box.fill(text)
        assert box.get_attribute("aria-invalid") == "true", text
        said = page.locator(f"#{box.get_attribute('aria-describedby')}").inner_text()
        assert said == f"“{text}” is not a number from 0 to 1; 0.9 still counts."
        assert model(page, "values")[60] == 0.9
    box.press("Escape")
    assert box.input_value() == "0.9" and box.get_attribute("aria-invalid") == "false"


def test_what_is_typed_is_read(page):
    show(page, GateExplorer(job="chars"))
    shown_chars(page)
    box = page.get_by_label("text that the network reads")
    box.fill("Parameters")
    assert saved(page, "text") == "Parameters"
    expected = most_likely(GateExplorer(job="chars", text="Parameters").prediction)
    shown = shown_chars(page)
    np.testing.assert_allclose(list(shown.values()), list(expected.values()), **CLOSE)
    for text, message in [
        ("", "at least one character"),
        ("é", "“é” is not among the network's 96 characters"),
        ("x" * 65, "At most 64 characters, not 65"),
    ]:
        box.fill(text)
        assert box.get_attribute("aria-invalid") == "true", text
        assert message in page.locator(".ge-message:not(.ge-waiting)").inner_text()
        assert model(page, "text") == "Parameters" and shown_chars(page) == shown
        assert box.input_value() == text, "what was typed is not lost"
    box.fill("ok")
    assert (
        page.locator(".ge-message:not(.ge-waiting)").inner_text() == ""
        and model(page, "text") == "ok"
    )


@pytest.mark.parametrize("clamps", [{}, {"f": {"all": 1}}])
def test_a_change_within_a_text_is_read_from_there_on(page, clamps):
    """What precedes it is not computed again: the answer is the same as if it were."""
    show(page, GateExplorer(job="chars", text="Return the sum", clamps=clamps))
    shown_chars(page)
    for text in ["Return the sum of", "Return the mean of", "Return the", "xeturn the"]:
        page.get_by_label("text that the network reads").fill(text)
        explorer = GateExplorer(job="chars", text=text, clamps=clamps)
        expected = most_likely(explorer.prediction)
        shown = shown_chars(page)
        np.testing.assert_allclose(list(shown.values()), list(expected.values()), **CLOSE)


# --- moving ---------------------------------------------------------------------------------------


def test_keys_move_the_cursor(page):
    show(page, GateExplorer(step=50, unit=10))
    page.locator(".ge-panel-c .ge-map").focus()
    for key, place in [
        ("ArrowRight", (10, 51)),
        ("ArrowUp", (9, 51)),
        ("Shift+ArrowLeft", (9, 41)),
        ("End", (9, 99)),
        ("PageDown", (19, 99)),
        ("ArrowRight", (19, 99)),
    ]:
        page.keyboard.press(key)
        settle(page)
        assert page.locator(".ge-life .ge-title").inner_text() == f"The life of unit {place[0]}"
        assert page.locator(".ge-where").inner_text().startswith(f"step {place[1]}:"), key
    told(page, unit=19, step=99)
    live = page.locator("[aria-live]")
    page.wait_for_function("() => document.querySelector('[aria-live]').textContent !== ''")
    assert live.inner_text().startswith("unit 19, step 99: c ")


def test_the_mouse_looks_and_a_press_stays(page):
    show(page, GateExplorer())
    map_ = page.locator(".ge-panel-h .ge-map")
    where = page.locator(".ge-where")
    map_.scroll_into_view_if_needed()
    box = map_.bounding_box()
    x, y = box["x"] + box["width"] * 0.305, box["y"] + box["height"] * 5.5 / 32
    page.mouse.move(x, y)
    settle(page)
    assert where.inner_text().startswith("step 30:")
    page.mouse.move(1, 1)
    settle(page)
    assert where.inner_text().startswith("step 99:") and page.evaluate("() => saved") == {}
    page.mouse.click(x, y)
    page.mouse.move(1, 1)
    told(page, unit=5, step=30)


def test_plays_from_the_start_once_it_is_through(page):
    show(page, GateExplorer())
    page.get_by_text("fast").click()
    page.get_by_role("button", name="play").click()
    page.wait_for_function(
        "() => /^step [3-9]:/.test(document.querySelector('.ge-where').textContent)"
    )
    page.get_by_role("button", name="pause").click()
    settle(page)
    stopped = page.locator(".ge-where").inner_text()
    page.wait_for_timeout(150)
    assert page.locator(".ge-where").inner_text() == stopped
    page.get_by_role("button", name="to the start").click()
    page.get_by_role("button", name="one step on").click()
    settle(page)
    assert page.locator(".ge-where").inner_text().startswith("step 1:")


# --- the page around it ---------------------------------------------------------------------------


def test_networks_for_text_come_when_they_are_wanted(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    show(page, GateExplorer())
    settle(page)
    assert not [name for name in asked if name.startswith("chars")]
    page.get_by_text("next character").click()
    shown_chars(page)
    assert sorted(name for name in asked if name.startswith("chars")) == [
        "chars-lstm.js",
        "chars-rnn.js",
    ]
    assert saved(page, "job") == "chars" and model(page, "clamps") == {}


def test_networks_that_do_not_come_are_said(page):
    page.clock.install()
    show(page, GateExplorer(job="chars"), with_assets=False)
    page.wait_for_function("() => sent.length === 2")
    page.clock.run_for(5100)
    page.get_by_text("could not be loaded").wait_for()
    page.get_by_text("add two numbers").click()
    page.clock.run_for(100)
    assert page.locator(".ge-waiting").inner_text() == ""
    assert page.locator(".lw").get_attribute("data-state") == "ready"


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
