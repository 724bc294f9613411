"""TrainingBudget on a bare page: every number that it shows is Python's."""

import re

import pytest

from large_models.data.training_runs import RUNS
from large_models.formulas import budget
from large_models.widgets import TrainingBudget
from tests.browser.harness import serious, settle, show


def number(text):
    return float(re.sub(r"[^0-9.]", "", text))


def check(page, run):
    """Memory, hours, and the verdict are those of `run`."""
    settle(page)
    found = [number(t) for t in page.locator(".tb-table tbody td:nth-child(2)").all_text_contents()]
    memory = budget.memory(run)
    parts = [memory.weights, memory.gradients, memory.optimiser, memory.activations]
    assert found == pytest.approx([part / 1e9 for part in parts], rel=0.06, abs=0.006)
    hours = number(page.locator(".tb-figure dd").nth(2).inner_text())
    assert hours == pytest.approx(budget.gpu_hours(run), rel=0.01)
    shares = re.findall(r"([a-z' ]+?) ([<>0-9.]+%)", page.locator(".tb-spends").inner_text())
    spent = budget.hours(run)
    parts = [spent.model, spent.again, spent.pipeline, spent.exchange]
    for (name, text), part in zip(shares, parts, strict=True):
        assert number(text) == pytest.approx(100 * part / spent.total, abs=0.06), name
    used = number(page.locator(".tb-figure dd").nth(4).inner_text())
    assert used == pytest.approx(100 * budget.model_utilisation(run), abs=0.06)
    fits = page.locator(".tb-verdict").inner_text().startswith("Fits")
    assert fits == budget.fits(run)


@pytest.mark.parametrize("name", ["GPT-3 175B", "Gopher 280B", "Llama 3.1 405B", "Pythia 12B"])
def test_presets(page, name):
    show(page, TrainingBudget())
    page.get_by_label("Plan", exact=True).select_option(name)
    check(page, RUNS[name].plan)
    assert page.evaluate("() => saved.published") == name
    line = page.locator(".tb-compare").inner_text()
    assert name in line
    if RUNS[name].hours is not None:
        assert f"{RUNS[name].ratio:.2f} times" in line
        assert ("40% is assumed" in line) == (not RUNS[name].stated)


def test_sliders_and_entries(page):
    widget = TrainingBudget()
    show(page, widget)
    entry = page.get_by_label("Parameters N", exact=True)
    entry.fill("20 B")
    entry.press("Enter")
    widget.parameters = 20e9
    check(page, widget.run)
    assert page.evaluate("() => saved.parameters") == 20e9
    slider = page.get_by_label("Layers L, slider")
    for _ in range(3):
        slider.press("ArrowRight")
    settle(page)
    layers = page.evaluate("() => model.get('layers')")
    assert layers > 70 and page.get_by_label("Layers L", exact=True).input_value() == str(layers)
    widget.layers = layers
    check(page, widget.run)
    small = page.get_by_label("Sequences at a time b, slider")
    for expected in (3, 4, 5):  # one by one, though the scale's steps are finer
        small.press("ArrowRight")
        settle(page)
        assert page.evaluate("() => model.get('micro_batch')") == expected
    for expected in (4, 3):
        small.press("ArrowLeft")
        settle(page)
        assert page.evaluate("() => model.get('micro_batch')") == expected


def test_strategies(page):
    widget = TrainingBudget()
    show(page, widget)
    for text, changes in [
        ("whole", {"zero": 0}),
        ("3 = FSDP", {"zero": 3}),
        ("nothing", {"recompute": "none"}),
        ("fp32", {"precision": "fp32"}),
    ]:
        page.locator(".lw-segment").get_by_text(text, exact=True).click()
        for key, value in changes.items():
            setattr(widget, key, value)
        check(page, widget.run)
    page.get_by_label("Tensor parallel t").select_option("8")
    page.get_by_label("Pipeline stages p").select_option("4")
    widget.tensor, widget.pipeline = 8, 4
    assert page.evaluate("() => model.get('count')") == 384
    check(page, widget.run)
    page.get_by_label("Machine").select_option("V100 32 GB")
    widget.machine = "V100 32 GB"
    check(page, widget.run)
    assert page.locator(".tb-verdict").inner_text().startswith("Does not fit")


def test_a_plan_that_was_changed_is_my_own(page):
    show(page, TrainingBudget())
    plan = page.get_by_label("Plan", exact=True)
    assert plan.input_value() == "BLOOM 176B"
    page.get_by_label("Price of a GPU hour (yours)").fill("3")
    page.get_by_label("Price of a GPU hour (yours)").press("Enter")
    settle(page)
    assert plan.input_value() == "BLOOM 176B"  # the price is the reader's in any case
    page.get_by_label("Pipeline stages p").select_option("8")
    settle(page)
    assert plan.input_value() == ""
    assert "your own plan takes" in page.locator(".tb-compare").inner_text()
    assert "measured independently" not in page.locator(".tb-compare").inner_text()
    plan.select_option("BLOOM 176B")
    settle(page)
    assert plan.input_value() == "BLOOM 176B"
    assert "measured independently" in page.locator(".tb-compare").inner_text()
    assert page.evaluate("() => model.get('price')") == 3


def test_sliders_reach_only_valid_plans(page):
    show(page, TrainingBudget())
    slider = page.get_by_label("GPUs, slider")
    seen = []
    for key in ["ArrowRight", "ArrowRight", "ArrowLeft", "Home", "ArrowRight", "End", "PageDown"]:
        slider.press(key)
        settle(page)
        seen.append(page.evaluate("() => model.get('count')"))
        assert page.locator(".tb-message.tb-wrong").count() == 0
    assert all(count % 48 == 0 and 0 < count <= 1_000_000 for count in seen)
    assert seen[0] > 384 and seen[1] > seen[0] > seen[2] - 1 and seen[3:5] == [48, 96]
    page.get_by_label("Layers L, slider").press("Home")
    settle(page)
    assert page.evaluate("() => model.get('layers')") == 12  # one for each stage
    page.get_by_label("Pipeline stages p").select_option("8")
    page.get_by_label("Tensor parallel t").select_option("64")
    settle(page)
    assert page.evaluate("() => model.get('count')") % 512 == 0
    assert page.locator(".tb-message.tb-wrong").count() == 0


def test_a_bare_number_is_a_percentage(page):
    show(page, TrainingBudget())
    entry = page.get_by_label("Speed while computing", exact=True)
    entry.fill("40")
    entry.press("Enter")
    settle(page)
    assert page.evaluate("() => model.get('utilisation')") == 0.4
    assert entry.input_value() == "40%"


def test_the_bar_shows_the_shares(page):
    widget = TrainingBudget()
    show(page, widget)
    settle(page)
    widths = [bar.bounding_box()["width"] for bar in page.locator(".tb-bar").all()]
    limit = (
        page.locator(".tb-limit").bounding_box()["x"]
        - page.locator(".tb-stack").bounding_box()["x"]
    )
    memory = budget.memory(widget.run)
    assert sum(widths) / limit == pytest.approx(memory.total / 80e9, abs=0.01)
    assert widths[3] / widths[0] == pytest.approx(memory.activations / memory.weights, rel=0.03)


def test_bad_input_is_told(page):
    show(page, TrainingBudget())
    entry = page.get_by_label("GPUs", exact=True)
    entry.fill("many")
    entry.press("Enter")
    assert "GPUs: enter a whole number from 1" in page.locator(".tb-message").inner_text()
    assert entry.get_attribute("aria-invalid") == "true"
    assert page.evaluate("() => model.get('count')") == 384
    entry.fill("100")
    entry.press("Enter")
    settle(page)
    message = page.locator(".tb-message").inner_text()
    assert message == "100 GPUs do not divide into groups of 4 × 12 = 48."
    assert page.locator(".tb-verdict").inner_text() == "–"
    page.get_by_label("Machine").select_option("TPU v4")
    page.get_by_text("fp32", exact=True).click()
    settle(page)
    assert "No peak in fp32 is published for TPU v4" in page.locator(".tb-message").inner_text()
    price = page.get_by_label("Price of a GPU hour (yours)")
    price.fill("<b>1</b>")
    price.press("Enter")
    assert "enter a number of 0 or more" in page.locator(".tb-message").inner_text()


def test_cost_is_the_reader_s_price(page):
    show(page, TrainingBudget())
    price = page.get_by_label("Price of a GPU hour (yours)")
    price.fill("2.5")
    price.press("Enter")
    settle(page)
    expected = budget.cost(TrainingBudget(price=2.5).run)
    cost = number(page.locator(".tb-figure dd").nth(3).inner_text())
    assert cost == pytest.approx(expected, rel=1e-4)
    assert page.evaluate("() => saved.price") == 2.5


def test_python_can_set_everything(page):
    widget = TrainingBudget.like("MPT 7B", count=8, zero=1, tensor=6, layers=6)
    show(page, TrainingBudget())
    with pytest.raises(ValueError, match="count: expected a multiple of tensor x pipeline"):
        _ = widget.run
    widget.tensor = 2
    names = list(widget._runs["MPT 7B"]["plan"])
    page.evaluate(
        "(changes) => { for (const [k, v] of Object.entries(changes)) model.set(k, v); }",
        {name: getattr(widget, name) for name in [*names, "published"]},
    )
    check(page, widget.run)


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_and_nothing_sticks_out(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    show(page, TrainingBudget(), width=min(width - 32, 760))

    def end():
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
        box = "document.getElementById('after').getBoundingClientRect().top + scrollY"
        return page.evaluate(f"() => {box}")

    top = end()
    for name in ["", *RUNS]:
        page.get_by_label("Plan", exact=True).select_option(name)
        assert end() == top, name
    page.evaluate("() => { model.set('count', 999983); model.set('price', 1e6); }")
    assert end() == top
    page.evaluate("() => { model.set('count', 48); model.set('tokens', 1e15); }")
    page.evaluate("() => { model.set('parameters', 1e14); model.set('utilisation', 0.01); }")
    assert end() == top


@pytest.mark.parametrize(
    ("theme", "lang", "width"), [("light", "en", 760), ("dark", "zh-CN", 358), ("dark", "en", 760)]
)
def test_axe_finds_nothing_serious(page, theme, lang, width):
    page.set_viewport_size({"width": width + 32, "height": 800})
    show(page, TrainingBudget(count=100), lang=lang, theme=theme, width=width)
    settle(page)
    assert serious(page) == []


def test_chinese(page):
    show(page, TrainingBudget(), lang="zh-CN")
    settle(page)
    words = set(re.findall(r"[A-Za-z]{3,}", page.locator(".lw").inner_text()))
    names = " ".join([*RUNS, *budget.MACHINES])
    assert {word for word in words if word not in names} <= {"GPU", "FSDP", "ZeRO"}


def test_what_to_try_first_is_true(page):
    widget = TrainingBudget()
    show(page, widget)
    assert budget.fits(widget.run)
    page.get_by_label("Pipeline stages p").select_option("1")
    widget.pipeline = 1
    assert not budget.fits(widget.run)
    check(page, widget.run)
    page.get_by_text("3 = FSDP").click()
    widget.zero = 3
    assert budget.fits(widget.run)
    check(page, widget.run)
    assert budget.gpu_hours(widget.run) < budget.gpu_hours(
        RUNS["BLOOM 176B"].plan
    )  # no idle stages


def test_what_to_try_first_is_seen_on_a_phone(page):
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, TrainingBudget(), width=358)
    settle(page)
    cause = page.get_by_label("Pipeline stages p")
    cause.scroll_into_view_if_needed()
    tops = [cause.bounding_box(), page.locator(".tb-verdict").bounding_box()]
    assert all(0 <= box["y"] and box["y"] + box["height"] <= 844 for box in tops)
    kinds = page.get_by_text("3 = FSDP").bounding_box()
    assert 0 <= kinds["y"] and kinds["y"] + kinds["height"] <= 844


def test_what_changes_is_said(page):
    show(page, TrainingBudget())
    page.get_by_label("Pipeline stages p").select_option("1")
    page.wait_for_function(
        "() => document.querySelector('[aria-live=polite].lw-hidden').textContent"
    )
    said = page.locator(".lw-hidden[aria-live]").inner_text()
    hours = budget.gpu_hours(TrainingBudget(pipeline=1).run)
    assert "Does not fit" in said and f"{hours:,.0f} GPU hours" in said
