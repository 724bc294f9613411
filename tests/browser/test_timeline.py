"""Timeline on a bare page: what it draws is its model's, by mouse, keys and touch."""

import re

import numpy as np
import pytest

from large_models.data.milestones import MILESTONES
from large_models.widgets import Timeline
from tests.browser.harness import serious, settle, show


def said_of_the_line(page):
    settle(page)
    return page.locator(".tl-fit").inner_text()


DRAWN = """async (hovered) => {
  const {timelineModel} = await import("/timeline/model.js");
  const svg = document.querySelector(".tl-plot");
  const shown = timelineModel((key) => model.get(key));
  const plot = shown.plot(Math.round(svg.getBoundingClientRect().width), hovered);
  const numbers = (text) => text.match(/-?[\\d.]+(?:e-?\\d+)?/g).map(Number);
  const all = (where) => [...svg.querySelectorAll(where)];
  const paths = (where) => all(where).map((path) => numbers(path.getAttribute("d")));
  const at = (node, ...names) => names.map((name) => +node.getAttribute(name));
  const texts = (where) => all(where).map((text) => (
    [text.textContent, text.getAttribute("text-anchor"), ...at(text, "x", "y")]));
  const of = ({text, anchor, at}) => [text, anchor, ...at];
  const flat = (points) => (points ? [points.flat()] : []);
  return [{
    dots: all(".tl-mark").map((mark) => [mark.dataset.name, mark.getAttribute("class"),
      ...numbers(mark.getAttribute("transform"))]),
    shapes: all(".tl-mark").map((mark) => mark.getAttribute("d") === "M0 -5V5"),
    names: texts(".tl-name"), here: all(".tl-here").map((name) => name.textContent),
    ticks: texts(".lw-tick"),
    grid: paths(".lw-grid"), axis: paths(".lw-axis"), since: paths(".tl-since"),
    line: paths("g[clip-path] .tl-line"), band: paths("g[clip-path] .tl-band"),
    ring: all(".tl-ring").map((ring) => at(ring, "cx", "cy")),
    card: document.querySelector(".tl-card").innerText.replace(/\\n+/g, "\\n"),
    fit: document.querySelector(".tl-fit").textContent,
  }, {
    dots: plot.dots.map(({name, field, kind, away, at}) => [name,
      `tl-mark tl-${field}${kind === "known" ? "" : ` tl-${kind}`}${away ? " tl-away" : ""}`,
      ...at]),
    shapes: plot.dots.map(({kind}) => kind === "gap"),
    names: plot.names.map(of), here: plot.names.flatMap((name) => (name.here ? name.text : [])),
    ticks: plot.ticks.map(of), grid: plot.grid.flatMap(flat), axis: flat(plot.axis),
    since: flat(plot.since),
    line: flat(plot.line), band: flat(plot.band), ring: plot.ring ? [plot.ring] : [],
    card: shown.view(hovered).card.said, fit: shown.view(hovered).fit,
  }];
}"""


def check(page, hovered=None):
    """What is drawn is what the model gives (tests/js/test_timeline_model.py)."""
    settle(page)
    drawn, given = page.evaluate(DRAWN, hovered)
    assert drawn == given
    return drawn


def set_all(page, widget, **values):
    page.evaluate(
        "(values) => Object.entries(values).forEach(([key, v]) => model.set(key, v))", values
    )
    for key, value in values.items():
        setattr(widget, key, value)


def places(page):
    return {name: at for name, _, *at in check(page)["dots"]}


@pytest.mark.parametrize("width", [760, 358])
def test_what_is_drawn_is_the_models(page, width):
    widget = Timeline(model="GPT-3")
    show(page, widget, width=width)
    for values in (
        {"quantity": "text", "since": 1958},
        {"span": "2010", "field": "language"},
        {"quantity": "images", "field": "games"},  # too few for a line
        {"quantity": "compute", "field": "all", "span": "all", "since": 2012},
    ):
        set_all(page, widget, **values)
        drawn = check(page)
        assert bool(drawn["line"]) == (widget.growth is not None)
        box = page.locator(".tl-plot").bounding_box()
        at = np.array([place for _, _, *place in drawn["dots"]])
        assert (at > 0).all() and (at < [box["width"], box["height"]]).all()


def test_dragging_the_start(page):
    widget = Timeline(since=1958)
    show(page, widget)
    slider = page.get_by_label("Fit from")
    for key, since in (("ArrowRight", 1959), ("End", 2022), ("Home", 1958)):
        slider.press(key)
        widget.since = since
        check(page)
        assert page.evaluate("() => saved.since") == since
    page.wait_for_function(  # the last thing said is the last year
        "() => document.querySelector('[aria-live]').textContent.includes('since 1958')"
    )


def test_the_first_task_shows_on_a_phone(page):
    """The slider, what it says and most of the picture are in sight together."""
    page.set_viewport_size({"width": 390, "height": 844})
    widget = Timeline(since=1958)
    show(page, widget, width=358)
    said = []
    for since in (1958, 2012):
        set_all(page, widget, since=since)
        said.append(said_of_the_line(page))
    assert said[0] != said[1]
    top = page.locator(".lw-try").bounding_box()["y"]
    plot = page.locator(".tl-plot").bounding_box()
    assert plot["y"] + plot["height"] - top < 844 - 64  # the book's header stays


def card(page):
    settle(page)
    return page.locator(".tl-card").inner_text()


def test_keys_go_from_model_to_model(page):
    show(page, Timeline(model="Perceptron"))
    page.locator(".tl-focus").focus()
    walked = ["Perceptron"]
    for _ in MILESTONES[1:]:
        page.keyboard.press("ArrowRight")
        walked.append(page.evaluate("() => model.get('model')"))
    assert walked == [m.name for m in MILESTONES]
    page.keyboard.press("ArrowRight")  # nothing beyond
    assert page.evaluate("() => saved.model") == MILESTONES[-1].name
    page.keyboard.press("Home")
    assert card(page).startswith("Perceptron")
    page.locator(".tl-chip", has_text="speech").click()
    page.locator(".tl-focus").focus()
    page.keyboard.press("End")
    assert card(page).startswith("Whisper")
    page.keyboard.press("ArrowLeft")
    assert card(page).startswith("Deep Speech 2")


def test_the_card_of_a_model(page):
    show(page, Timeline(model="DeepSeek-V3"))
    text = card(page)
    assert "671 billion, 37 billion of them for each token stated by DeepSeek-AI, 2024" in text
    check(page)
    link = page.locator(".tl-card a").first
    assert link.get_attribute("href") == "https://arxiv.org/abs/2412.19437"
    assert "noopener" in link.get_attribute("rel")
    page.evaluate("() => model.set('model', 'GPT-4')")
    assert card(page).count("no figure found") == 2


def test_pointing_previews_and_a_click_keeps(page):
    show(page, Timeline(model="Perceptron"))
    place = places(page)["Neocognitron"]
    box = page.locator(".tl-plot").bounding_box()
    page.mouse.move(box["x"] + place[0] + 3, box["y"] + place[1] - 3)
    assert card(page).startswith("Neocognitron")
    check(page, "Neocognitron")
    page.mouse.move(box["x"] + 5, box["y"] - 20)
    assert card(page).startswith("Perceptron")
    page.mouse.click(box["x"] + place[0] + 3, box["y"] + place[1] - 3)
    page.mouse.move(5, 5)
    assert card(page).startswith("Neocognitron")
    assert page.evaluate("() => saved.model") == "Neocognitron"


def test_the_table_has_every_model(page):
    show(page, Timeline())
    page.get_by_text("table", exact=True).click()
    settle(page)
    heads = page.locator(".tl-table tbody th").all_inner_texts()
    assert [head.split("\n")[0] for head in heads] == [m.name for m in MILESTONES]
    cells = page.locator(".tl-table tbody tr", has_text="LeNet-5").locator("td").all_inner_texts()
    assert cells[0] == "1998-11" and cells[2].startswith("60,000\nstated by LeCun et al., 1998")
    assert "60,000 images" in cells[3] and "2.455 trillion operations" in cells[4]
    assert not page.locator(".tl-plot").is_visible()
    page.locator(".tl-chip", has_text="games").click()
    settle(page)
    games = [m.name for m in MILESTONES if m.field == "games"]
    assert page.locator(".tl-table tbody tr").count() == len(games)
    assert page.evaluate("() => [saved.view, saved.field]") == ["table", "games"]


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    widget = Timeline()
    show(page, widget, width=min(width - 32, 760))

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        return page.evaluate("() => document.getElementById('after').getBoundingClientRect().top")

    top = end()
    for values in (
        {"quantity": "images", "since": 2022},
        {"quantity": "text", "field": "language", "span": "2010"},
        {"quantity": "images", "field": "all", "since": 2018},
        {"view": "table", "field": "games"},
        {"view": "picture", "quantity": "compute"},
    ):
        set_all(page, widget, **values)
        assert end() == top, values
    for milestone in MILESTONES:
        page.evaluate("(name) => model.set('model', name)", milestone.name)
        assert end() == top
        assert page.evaluate(
            """() => { const card = document.querySelector(".tl-card");
              return card.scrollHeight <= card.clientHeight; }"""
        ), milestone.name


@pytest.mark.parametrize(
    ("theme", "lang", "width", "view"),
    [
        ("light", "en", 760, "picture"),
        ("dark", "zh-CN", 358, "picture"),
        ("dark", "en", 760, "table"),
    ],
)
def test_axe_finds_nothing_serious(page, theme, lang, width, view):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, Timeline(view=view), lang=lang, theme=theme, width=width)
    settle(page)
    # The page's own link colour is not the book's; links are told apart by their line.
    page.add_style_tag(content=".lw a { color: inherit; }")
    assert serious(page) == []


def test_chinese(page):
    show(page, Timeline(model="Whisper", quantity="images", since=1990), lang="zh-CN")
    text = page.locator(".lw").inner_text()
    known = " ".join(["Home", "End", "Epoch", "AI", "et", "al", *(m.name for m in MILESTONES)])
    words = set(re.findall(r"[A-Za-z]{2,}", text))
    assert {word for word in words if word not in known} <= {"Radford"}
    assert "15.5 亿" in text and "68 万 小时" in text
    page.evaluate("() => model.set('view', 'table')")
    settle(page)
    assert page.locator(".tl-table thead").inner_text().split()[0] == "模型"
