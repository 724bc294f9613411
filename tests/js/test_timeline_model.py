"""What the timeline shows (timeline/model.js, places.js), against the milestones and NumPy."""

import itertools
import re

import numpy as np
import pytest

from large_models.data.milestones import FIELDS, MILESTONES, QUANTITIES, SOURCES, figure_of, find
from large_models.widgets import Timeline
from tests.js.traits import language, traits

SETUP = """async (traits) => {
  const {timelineModel} = await import("/timeline/model.js");
  window.model = timelineModel((key) => traits[key]);
}"""
HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 44, 14, 10, 44
WIDTHS = (760, 358)
YEARS = {"all": (1956, 2028.5), "2010": (2010, 2027.5)}


def shown(engine, widget, hovered=None):
    engine.run(SETUP, traits(widget))
    return engine.run("(hovered) => model.view(hovered)", hovered)


def plot(engine, widget, width=760, hovered=None):
    engine.run(SETUP, traits(widget))
    found = engine.run("([width, hovered]) => model.plot(width, hovered)", [width, hovered])
    return {key: value for key, value in found.items() if value is not None}


def check_line(text, widget):
    """The sentence about the line gives the number of models, the doubling time, its interval."""
    growth = widget.growth
    if growth is None:
        assert "fewer than three models" in text
        return
    assert f"since {widget.since}, {growth.n} models" in text
    off = float(re.search(r"a factor of about (.+)\.$", text)[1])
    assert off == pytest.approx(2**growth.scatter, rel=0.06)
    if growth.doublings is None:
        assert "may not have grown at all" in text
        return
    every, low, high, unit = re.search(
        r"every ([\d.]+) (?:months|years) \(95 %: ([\d.]+) to ([\d.]+) (months|years)\)", text
    ).groups()
    whole = {"months": 12, "years": 1}
    assert float(every) == pytest.approx(
        growth.doubling * whole["months" if growth.doubling < 3 else "years"], abs=0.051
    )
    expected = [years * whole[unit] for years in growth.doublings]
    assert [float(low), float(high)] == pytest.approx(expected, abs=0.051)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_every_line_is_pythons(engine, quantity):
    for field, since in itertools.product(("all", *FIELDS), (1958, 2012, 2018)):
        widget = Timeline(quantity=quantity, field=field, since=since)
        check_line(shown(engine, widget)["fit"], widget)


def places(found, span, quantity, width):
    """Functions from a time and from a value to pixels, by the places of the axes' marks."""
    first, last = YEARS[span]
    decades = [
        t for t in found["ticks"] if t["anchor"] == "end" and t["text"] not in ("none", "无")
    ]
    raised = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    logs = [0 if t["text"] == "1" else int(t["text"][2:].translate(raised)) for t in decades]
    x = lambda time: LEFT + (width - LEFT - RIGHT) * (time - first) / (last - first)  # noqa: E731
    heights = [t["at"][1] - 4 for t in decades]
    slope, start = np.polyfit(logs, heights, 1)
    np.testing.assert_allclose(start + slope * np.array(logs), heights, atol=1e-9)
    assert slope < 0 and len(logs) >= 3
    return x, lambda value: start + slope * np.log10(value)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("span", YEARS)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_marks_axes_and_line_lie_where_their_numbers_are(engine, quantity, span, width):
    widget = Timeline(quantity=quantity, span=span, since=1990)
    found = plot(engine, widget, width)
    x, y = places(found, span, quantity, width)
    for tick in found["ticks"]:
        if tick["anchor"] == "middle":
            assert tick["at"][0] == pytest.approx(x(int(tick["text"])), abs=1e-9)
    seen = [m for m in MILESTONES if span == "all" or m.time >= 2010]
    dots = {dot["name"]: dot for dot in found["dots"]}
    assert list(dots) == [m.name for m in seen]
    for milestone in seen:
        dot, figure = dots[milestone.name], figure_of(milestone, quantity)
        assert dot["field"] == milestone.field and dot["away"] is False
        height = HEIGHT - BOTTOM + 12 if figure is None else y(figure.value)
        assert dot["at"] == pytest.approx([x(milestone.time), height], abs=1e-6)
        assert TOP <= dot["at"][1] < HEIGHT and LEFT <= dot["at"][0] <= width - RIGHT
        estimated = figure is not None and figure.how == "estimated"
        assert dot["kind"] == ("gap" if figure is None else "hollow" if estimated else "known")
    # The line from the first year that is seen to the last, and the band around it.
    start, end = max(1990, YEARS[span][0]), YEARS[span][1]
    assert found["since"] == pytest.approx(np.array([[x(start), TOP], [x(start), HEIGHT - BOTTOM]]))
    growth = widget.growth
    expected = [[x(time), y(growth.line(time))] for time in (start, end)]
    assert found["line"] == pytest.approx(np.array(expected), abs=1e-6)
    times = np.linspace(start, end, 41)
    bands = np.array([growth.band(time) for time in times])
    lower = np.stack([x(times), y(bands[:, 0])], 1)
    upper = np.stack([x(times), y(bands[:, 1])], 1)[::-1]
    assert np.array(found["band"]) == pytest.approx(np.concatenate([lower, upper]), abs=1e-6)
    assert found["clip"] == {"x": LEFT, "y": TOP, "width": width - 58, "height": 286}
    assert found["axis"] == [[LEFT, 296], [width - RIGHT, 296]]


def test_other_fields_fade_and_no_line_is_none(engine):
    found = plot(engine, Timeline(field="games", quantity="images"))
    assert {dot["name"] for dot in found["dots"] if not dot["away"]} == {
        m.name for m in MILESTONES if m.field == "games"
    }
    assert "line" not in found and "band" not in found and "since" in found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("span", YEARS)
def test_names_cover_nothing(engine, span, width):
    for quantity, field in itertools.product(QUANTITIES, ("all", "language")):
        widget = Timeline(quantity=quantity, field=field, span=span, model="GPT-3")
        found = plot(engine, widget, width)
        dots = {dot["name"]: dot for dot in found["dots"]}
        assert found["ring"] == dots["GPT-3"]["at"]
        assert [name["text"] for name in found["names"] if name["here"]] == ["GPT-3"]
        boxes = []
        for name in found["names"]:
            (left, low), long = name["at"], 7 * len(name["text"]) + 6
            left -= long if name["anchor"] == "end" else 0
            assert LEFT <= left and left + long <= width
            dot = dots[name["text"]]
            assert name["here"] or (dot["kind"] != "gap" and not dot["away"])
            boxes.append((name, [left, low - 13, left + long, low + 5]))
        for name, box in boxes:
            if name["here"]:
                continue
            others = [b for n, b in boxes if n is not name]
            others += [
                [dot["at"][0] - 5, dot["at"][1] - 5, dot["at"][0] + 5, dot["at"][1] + 5]
                for dot in dots.values()
                if dot["kind"] != "gap" and not dot["away"] and dot["name"] != name["text"]
            ]
            for b in others:
                apart = box[2] < b[0] or box[0] > b[2] or box[3] < b[1] or box[1] > b[3]
                assert apart, (name, b)
        assert len(boxes) > 1 or width < 400 or field != "all"


def test_the_nearest_model_is_the_pointers(engine):
    found = plot(engine, Timeline(field="vision"))
    nearest = """async ([plot, points]) => {
      const {nearest} = await import("/timeline/places.js");
      return points.map((point) => nearest(plot, point));
    }"""
    rng = np.random.default_rng(0)
    points = rng.uniform([LEFT, TOP], [746, 330], (300, 2))
    dots = [dot for dot in found["dots"] if not dot["away"]]
    places = np.array([dot["at"] for dot in dots])
    expected = []
    for point in points:
        away = np.hypot(*(places - point).T)
        expected.append(dots[away.argmin()]["name"] if away.min() < 26 else None)
    got = engine.run(nearest, [found, points.tolist()])
    assert got == expected and 20 < sum(name is not None for name in got) < 280


@pytest.mark.heavy
def test_keys_lead_from_model_to_model(engine):
    def walk(widget, key):
        engine.run(SETUP, traits(widget))
        return engine.run("(key) => model.neighbour(key)", key)

    names = [m.name for m in MILESTONES]
    for name, after in itertools.pairwise(names):
        assert walk(Timeline(model=name), "ArrowRight") == after
        assert walk(Timeline(model=after), "ArrowLeft") == name
    assert walk(Timeline(model=names[-1]), "ArrowRight") is None
    assert walk(Timeline(model=names[-1]), "a") is None
    speech = [m.name for m in MILESTONES if m.field == "speech" and m.time >= 2010]
    widget = Timeline(field="speech", span="2010", model="Perceptron")
    assert (walk(widget, "Home"), walk(widget, "End")) == (speech[0], speech[-1])
    assert walk(widget, "ArrowRight") == speech[0]  # the chosen one is out of sight


def test_the_card_of_a_model(engine):
    card = shown(engine, Timeline(model="DeepSeek-V3"))["card"]
    assert card["name"] + card["about"] == "DeepSeek-V3 2024-12, language. "
    source = {"label": "DeepSeek-AI, 2024", "url": "https://arxiv.org/abs/2412.19437"}
    assert card["source"] == source
    texts = [(f["name"], f["text"], f["how"], f["source"]) for f in card["figures"]]
    assert texts == [
        *[("Parameters", "671 billion, 37 billion of them for each token", "stated by", source)],
        *[("Training data", "14.8 trillion tokens", "stated by", source)],
        *[("Compute", "3.3 × 10²⁴ operations", "computed here from", source)],
    ]
    assert card["said"].startswith("DeepSeek-V3 2024-12, language. DeepSeek-AI, 2024\nParameters\n")
    assert shown(engine, Timeline(), "GPT-4")["card"]["said"].count("no figure found") == 2


def test_the_table_has_every_model_of_the_field(engine):
    for field in ("all", "games"):
        engine.run(SETUP, traits(Timeline(field=field, view="table")))
        table = engine.run("model.table()")
        rows = [m for m in MILESTONES if field in ("all", m.field)]
        assert [row["name"] for row in table["rows"]] == [m.name for m in rows]
        for row, milestone in zip(table["rows"], rows, strict=True):
            assert row["published"] == milestone.published and row["field"] == milestone.field
            assert row["source"]["url"] == SOURCES[milestone.source].url
            figures = (milestone.parameters, milestone.data, milestone.compute)
            for told, figure in zip(row["figures"], figures, strict=True):
                if figure is None:
                    assert told == {"text": "no figure found", "how": "", "source": None}
                else:
                    assert told["source"]["label"] == SOURCES[figure.source].label
                    assert value(told["text"]) == pytest.approx(figure.value, rel=0.05)
    assert table["heads"] == [
        *["Model", "Published", "Field", "Parameters", "Training data", "Compute"]
    ]


def value(text):
    """A number as people say it, as a number."""
    number, unit, raised = re.match(
        r"([\d.,]+)(?: (million|billion|trillion)\b| × 10([⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", text
    ).groups()
    size = {None: 1, "million": 1e6, "billion": 1e9, "trillion": 1e12}[unit]
    exponent = int((raised or "0").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))
    return float(number.replace(",", "")) * size * 10**exponent


def test_amounts_carry(engine):
    amounts = "async (values) => values.map((await import('/timeline/words.js')).amount)"
    values = [999_999_999, 999_949, 60e6, 9.99e15, 3.3e24, 1e15, 12]
    said = ["1 billion", "999,949", "60 million", "1 × 10¹⁶", "3.3 × 10²⁴", "1 × 10¹⁵", "12"]
    assert engine.run(amounts, values) == said


def test_chinese(engine):
    with language(engine, "zh-CN"):
        widget = Timeline(model="Whisper", quantity="images", since=1990)
        view = shown(engine, widget)
        table = engine.run("model.table()")
        ticks = plot(engine, widget)["ticks"]
    card = view["card"]
    texts = [figure["text"] for figure in card["figures"]]
    assert texts[:2] == ["15.5 亿", "68 万 小时"] and card["about"] == " 2022-09, 语音. "
    assert find("Whisper").parameters.value == 15.5e8 and find("Whisper").data.value == 68e4
    assert view["fit"].startswith("图像，1990 年起，") and "翻一倍" in view["fit"]
    assert table["heads"][0] == "模型" and ticks[-1]["text"] == "无"
