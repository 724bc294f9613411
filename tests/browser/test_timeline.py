"""Timeline on a bare page: lines, places and cards are Python's numbers."""

import re

import numpy as np
import pytest

from large_models.data.milestones import FIELDS, MILESTONES, QUANTITIES, figure_of
from large_models.widgets import Timeline
from tests.browser.harness import serious, settle, show


def said_of_the_line(page):
    settle(page)
    return page.locator(".tl-fit").inner_text()


def check_line(page, widget):
    """The sentence about the line gives the number of models, the doubling time, its interval."""
    text = said_of_the_line(page)
    growth = widget.growth
    if growth is None:
        assert "fewer than three models" in text
        return
    assert f"since {widget.since}, {growth.n} models" in text
    if growth.doublings is None:
        assert "may not have grown at all" in text
        return
    every, low, high, unit = re.search(
        r"every ([\d.]+) (?:months|years) \(95 %: ([\d.]+) to ([\d.]+) (months|years)\)", text
    ).groups()
    whole = {"months": 12, "years": 1}
    in_months = "months" if growth.doubling < 3 else "years"
    assert float(every) == pytest.approx(growth.doubling * whole[in_months], abs=0.051)
    expected = [years * whole[unit] for years in growth.doublings]
    assert [float(low), float(high)] == pytest.approx(expected, abs=0.051)


def set_all(page, widget, **values):
    page.evaluate(
        "(values) => Object.entries(values).forEach(([key, v]) => model.set(key, v))", values
    )
    for key, value in values.items():
        setattr(widget, key, value)


def test_every_line_is_pythons(page):
    widget = Timeline()
    show(page, widget)
    for quantity in QUANTITIES:
        for field in ("all", *FIELDS):
            for since in (1958, 2012, 2018):
                set_all(page, widget, quantity=quantity, field=field, since=since)
                check_line(page, widget)


def places(page):
    settle(page)
    return page.locator(".tl-plot .tl-mark[data-name]").evaluate_all(
        """(marks) => Object.fromEntries(marks.map((mark) => [mark.dataset.name,
          mark.getAttribute("transform").match(/[-\\d.]+/g).map(Number)]))"""
    )


@pytest.mark.parametrize("span", ["all", "2010"])
def test_marks_are_where_the_numbers_are(page, span):
    widget = Timeline(span=span)
    show(page, widget)
    for quantity in QUANTITIES:
        set_all(page, widget, quantity=quantity)
        found = places(page)
        seen = [m for m in MILESTONES if span == "all" or m.time >= 2010]
        assert set(found) == {m.name for m in seen}
        known = [m for m in seen if figure_of(m, quantity)]
        x, y = np.array([found[m.name] for m in known]).T
        times = np.array([m.time for m in known])
        logs = np.log10([figure_of(m, quantity).value for m in known])
        for where, what, sign in ((x, times, 1), (y, logs, -1)):
            line = np.polyfit(what, where, 1)
            np.testing.assert_allclose(np.polyval(line, what), where, atol=0.01)
            assert np.sign(line[0]) == sign
        gaps = [found[m.name][1] for m in seen if m not in known]
        assert len(set(gaps)) <= 1 and all(gap > y.max() for gap in gaps)
        hollow = {m.name for m in known if figure_of(m, quantity).how == "estimated"}
        drawn = page.locator(".tl-plot .tl-hollow").evaluate_all(
            "(n) => n.map((m) => m.dataset.name)"
        )
        assert set(drawn) == hollow
        box = page.locator(".tl-plot").bounding_box()
        assert x.min() > 0 and x.max() < box["width"] and y.min() > 0 and y.max() < box["height"]


def test_dragging_the_start(page):
    widget = Timeline(since=1958)
    show(page, widget)
    slider = page.get_by_label("Fit from")
    for key, since in (("ArrowRight", 1959), ("End", 2022), ("Home", 1958)):
        slider.press(key)
        widget.since = since
        check_line(page, widget)
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
        check_line(page, widget)
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
    assert text.startswith("DeepSeek-V3 2024-12, language. DeepSeek-AI, 2024")
    assert "671 billion, 37 billion of them for each token stated by DeepSeek-AI, 2024" in text
    assert "14.8 trillion tokens" in text
    assert "3.3 × 10²⁴ operations computed here from DeepSeek-AI, 2024" in text
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
