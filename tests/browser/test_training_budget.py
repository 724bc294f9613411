"""TrainingBudget on a bare page: what it draws is its model's, by mouse, keys and touch."""

import re
from dataclasses import asdict

import pytest

from large_models.data.training_runs import RUNS
from large_models.formulas import budget
from large_models.widgets import TrainingBudget
from tests.browser.harness import serious, settle, show


def check(page):
    """What is shown is what the model gives (tests/js/test_training_budget_model.py)."""
    settle(page)
    shown, view = page.evaluate(
        """async () => {
          const {budgetModel} = await import("/training_budget/model.js");
          const all = (where) => [...document.querySelectorAll(where)];
          const texts = (where) => all(where).map((node) => node.textContent);
          const box = document.querySelector(".tb-stack").getBoundingClientRect();
          const rows = texts(".tb-table tbody td");
          const [operations, ...figures] = texts(".tb-figure dd");
          const view = budgetModel((key) => model.get(key)).view();
          const plain = (parts) => parts.map((part) => part.strong ?? part).join("");
          return [{
            bars: all(".tb-bar").map((bar) => bar.getBoundingClientRect().width / box.width),
            limit: (all(".tb-limit")[0].getBoundingClientRect().left - box.left) / box.width,
            texts: [rows, operations, figures, texts(".tb-verdict"), texts(".tb-spends"),
              texts(".tb-compare"), texts(".tb-message"), texts(".tb-hint")],
            strong: texts(".tb-spends b, .tb-compare b"),
            entries: all(".tb-entry").map((entry) => entry.value),
            ranges: all("[type=range]").map((range) => [+range.value, range.ariaValueText]),
            red: all(".tb-message, .tb-verdict").map((node) => node.matches(".tb-wrong")),
            picked: all("select").map((box) => box.value),
            checked: all("input:checked").map((input) => input.value),
          }, {
            bars: view.bars, limit: view.limit,
            texts: [view.cells.flat(), view.operations.join(" × 10"),
              [view.time, view.hours, view.cost, view.used], [view.verdict], [plain(view.spends)],
              [plain(view.compare)], [view.message], [view.hint]],
            strong: [...view.spends, ...view.compare].flatMap((part) => part.strong ?? []),
            entries: [...Object.values(view.sliders).map((each) => each.text), view.price],
            ranges: Object.values(view.sliders).map((each) => [each.place, each.text]),
            red: [view.wrong, view.alarm],
            picked: [view.preset, view.choices.machine,
              ...["pipeline", "tensor"].map((key) => String(view.splits[key].value))],
            checked: ["zero", "recompute", "precision"].map((key) => String(view.choices[key])),
          }];
        }"""
    )
    # A line between two parts of the bar, and pixels that are whole.
    assert shown.pop("bars") == pytest.approx(view.pop("bars"), abs=0.004)
    assert shown.pop("limit") == pytest.approx(view.pop("limit"), abs=0.004)
    assert shown == view


def traits(page, *names):
    return page.evaluate("(names) => names.map((name) => model.get(name))", list(names))


def test_presets_sliders_and_entries(page):
    widget = TrainingBudget()
    show(page, widget)
    check(page)
    page.get_by_label("Plan", exact=True).select_option("Pythia 12B")
    check(page)
    widget.set_as("Pythia 12B")
    assert page.evaluate("() => saved.published") == "Pythia 12B"
    names = list(asdict(widget.run))
    assert dict(zip(names, traits(page, *names), strict=True)) == asdict(widget.run)
    page.get_by_label("Plan", exact=True).select_option("BLOOM 176B")
    entry = page.get_by_label("Parameters N", exact=True)
    entry.fill("20 B")
    entry.press("Enter")
    check(page)
    assert page.evaluate("() => saved.parameters") == 20e9
    slider = page.get_by_label("Layers L, slider")
    for _ in range(3):
        slider.press("ArrowRight")
    check(page)
    (layers,) = traits(page, "layers")
    assert layers > 70 and page.get_by_label("Layers L", exact=True).input_value() == str(layers)
    small = page.get_by_label("Sequences at a time b, slider")
    # One by one, though the scale's steps are finer.
    for key, expected in (("Right", 3), ("Right", 4), ("Right", 5), ("Left", 4), ("Left", 3)):
        small.press(f"Arrow{key}")
        settle(page)
        assert traits(page, "micro_batch") == [expected]
    slider = page.get_by_label("Tokens per step, slider")
    slider.press("Home")
    check(page)
    assert traits(page, "batch") == [1024]  # and not 1000, which Python would not take


def test_choices(page):
    show(page, TrainingBudget())
    for text, key, value in [
        ("whole", "zero", 0),
        ("3 = FSDP", "zero", 3),
        ("nothing", "recompute", "none"),
        ("fp32", "precision", "fp32"),
    ]:
        page.locator(".lw-segment").get_by_text(text, exact=True).click()
        check(page)
        assert traits(page, key) == [value]
    page.get_by_label("Tensor parallel t").select_option("8")
    page.get_by_label("Pipeline stages p").select_option("4")
    page.get_by_label("Machine").select_option("V100 32 GB")
    check(page)
    assert traits(page, "tensor", "pipeline", "count", "machine") == [8, 4, 384, "V100 32 GB"]
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


def test_the_price_is_the_reader_s(page):
    show(page, TrainingBudget())
    price = page.get_by_label("Price of a GPU hour (yours)")
    price.fill("dear")
    price.press("Enter")
    assert price.get_attribute("aria-invalid") == "true"
    price.blur()
    page.get_by_label("Pipeline stages p").select_option("8")
    check(page)  # the last good price is back
    assert price.get_attribute("aria-invalid") == "false"
    price.fill("2.5")
    price.press("Enter")
    check(page)
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
    check(page)


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
    check(page)
    page.get_by_text("3 = FSDP").click()
    widget.zero = 3
    assert budget.fits(widget.run)
    check(page)
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
