"""The milestones: every figure has a source that references.bib knows, and none is out of range."""

import re
import runpy
from pathlib import Path

import pytest
from pybtex.database import parse_string

from large_models.data import milestones
from large_models.data.milestones import (
    ABOVE_1E25,
    EPOCH,
    FIELDS,
    MILESTONES,
    QUANTITIES,
    SOURCES,
    Figure,
    Milestone,
    figure_of,
    find,
    time_of,
    training_operations,
)

# Figures that the model's own publication does not give, and which paper does.
ELSEWHERE = {
    ("GNMT", "parameters"): "shazeer2017moe",
    ("GNMT", "compute"): "vaswani2017attention",
    ("GPT", "parameters"): "radford2019gpt2",
    ("GPT", "compute"): "radford2018blog",
}
ROOT = Path(__file__).parents[2]
BIB = (ROOT / "references.bib").read_text("utf-8")


def entry(key):
    found = re.search(rf"@\w+\{{{re.escape(key)},\n(.*?)\n\}}", BIB, re.DOTALL)
    assert found, f"references.bib has no {key}"
    fields = re.findall(r"^  (\w+) = \{(.*?)\}(?:,|$)", found.group(1), re.DOTALL | re.MULTILINE)
    return dict(fields)


def figures(milestone):
    named = {name: getattr(milestone, name) for name in ("parameters", "data", "compute", "active")}
    return {name: figure for name, figure in named.items() if figure}


def used():
    keys = {EPOCH}
    for milestone in MILESTONES:
        keys |= {milestone.source} | {f.source for f in figures(milestone).values()}
    return keys


def test_there_are_enough_of_each_field_and_they_are_in_order():
    assert len(MILESTONES) >= 40
    times = [milestone.time for milestone in MILESTONES]
    assert times == sorted(times)
    assert times[0] < 1959 and times[-1] > 2026
    assert {milestone.field for milestone in MILESTONES} == set(FIELDS)


def test_no_name_and_no_publication_occurs_twice():
    names = [milestone.name for milestone in MILESTONES]
    sources = [milestone.source for milestone in MILESTONES]
    assert len(set(names)) == len(names)
    assert len(set(sources)) == len(sources)


def test_every_source_is_as_the_bibliography_has_it():
    module = runpy.run_path(str(ROOT / "book/sources.py"))
    assert module["SOURCES"].read_text("utf-8") == module["as_text"](), "python book/sources.py"
    assert set(SOURCES) == used()


@pytest.mark.parametrize(
    ("authors", "shown"),
    [
        ("Quinlan, J. Ross", "Quinlan, 1986"),
        ("Cortes, Corinna and Vapnik, Vladimir", "Cortes and Vapnik, 1986"),
        ("He, Kaiming and Zhang, Xiangyu and Ren, Shaoqing", "He et al., 1986"),
        ("Brown, Tom B. and others", "Brown et al., 1986"),
        ("{DeepSeek-AI} and Liu, Aixin and others", "DeepSeek-AI, 1986"),
        ('van den Oord, Aaron and M{\\"u}ller, Ute', "van den Oord and Müller, 1986"),
    ],
)
def test_labels_are_short(authors, shown):
    label = runpy.run_path(str(ROOT / "book/sources.py"))["label"]
    text = f"@article{{key, author = {{{authors}}}, year = {{1986}}}}"
    assert label(parse_string(text, "bibtex").entries["key"]) == shown


@pytest.mark.parametrize("milestone", MILESTONES, ids=lambda m: m.name)
def test_dates_and_figures_are_in_range(milestone):
    # A paper's preprint may come a year or two before the publication in the bibliography.
    assert milestone.year - 1 <= int(entry(milestone.source)["year"]) <= milestone.year + 1
    spans = {
        "parameters": (10, 1e13),
        "data": (1, 1e14),
        "compute": (1e3, 1e27),
        "active": (10, 1e13),
    }
    for name, figure in figures(milestone).items():
        assert spans[name][0] <= figure.value <= spans[name][1]
        assert bool(figure.unit) == (name == "data")
        # Estimates are Epoch AI's; what is stated or computed is from the model's own publication.
        usual = EPOCH if figure.how == "estimated" else milestone.source
        assert figure.source == ELSEWHERE.get((milestone.name, name), usual)
    if milestone.active:
        assert milestone.active.value < milestone.parameters.value


def test_computed_operations_follow_the_rule():
    computed = [m for m in MILESTONES if m.compute and m.compute.how == "computed"]
    assert len(computed) >= 8
    for milestone in computed:
        if milestone.name == "Zip code network":  # connections, not weights; 23 passes
            expected = training_operations(64_660, 23 * milestone.data.value)
        elif milestone.name == "LeNet-5":  # connections too; 20 passes
            expected = training_operations(340_908, 20 * milestone.data.value)
        elif milestone.name == "Sequence to sequence":
            expected = training_operations(milestone.parameters.value, 7.5 * milestone.data.value)
        else:
            size = milestone.active or milestone.parameters
            expected = 6 * size.value * milestone.data.value
        assert milestone.compute.value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "quantity", "value", "how"),
    [
        ("AlexNet", "data", 1.2e6, "stated"),
        ("Transformer", "parameters", 213e6, "stated"),
        ("Transformer", "compute", 2.3e19, "stated"),
        ("LeNet-5", "data", 60_000, "stated"),
        ("GNMT", "compute", 1.4e20, "estimated"),
        ("AlphaGo", "compute", 3.8e20, "estimated"),
    ],
)
def test_what_a_paper_states_is_no_estimate(name, quantity, value, how):
    figure = getattr(find(name), quantity)
    assert (figure.value, figure.how) == (value, how)


def test_a_week_of_graphics_cards_is_not_a_thousand_weeks():
    """96 K80 for six days, at 8.5e12 operations a second, of which a third are used."""
    assert find("GNMT").compute.value == pytest.approx(96 * 6 * 86_400 * 8.5e12 / 3, rel=0.02)


def test_what_the_list_lacks_lies_above_it():
    listed = {m.name for m in MILESTONES}
    assert not listed & {name for name, _, _ in ABOVE_1E25}
    assert all(value >= 1e25 for _, _, value in ABOVE_1E25)
    times = [time_of(published) for _, published, _ in ABOVE_1E25]
    assert times == sorted(times) and times[0] > find("GPT-4").time
    assert len(ABOVE_1E25) > sum(m.compute.value >= 1e25 for m in MILESTONES if m.compute)


def test_the_rule_agrees_with_what_is_stated():
    both = [
        m
        for m in MILESTONES
        if m.compute and m.compute.how == "stated" and m.data and m.data.unit == "tokens"
    ]
    assert len(both) >= 5
    for milestone in both:
        ruled = training_operations(milestone.parameters.value, milestone.data.value)
        assert milestone.compute.value == pytest.approx(ruled, rel=0.3)


def test_text_and_images_stay_apart():
    for milestone in MILESTONES:
        text, images = figure_of(milestone, "text"), figure_of(milestone, "images")
        assert text is None or images is None
        if milestone.data and milestone.data.unit in ("hours", "games", "positions"):
            assert text is None and images is None
    assert figure_of(find("BERT-large"), "text").value == 3.3e9
    assert figure_of(find("AlexNet"), "images").unit == "images"
    assert figure_of(find("GPT-4"), "parameters") is None
    for quantity in QUANTITIES:
        assert sum(figure_of(m, quantity) is not None for m in MILESTONES) >= 12


def test_time_is_the_middle_of_what_is_known():
    assert find("BERT-large").time == pytest.approx(2018 + 9.5 / 12)
    assert find("CART").time == 1984.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Figure(0, "a", "stated"), "value: expected a positive number, got 0"),
        (lambda: Figure(1, "a", "guessed"), "how: expected one of stated, .*, got 'guessed'"),
        (lambda: Figure(1, "", "stated"), "source: expected a key"),
        (lambda: Figure(1, "a", "stated", "pages"), "unit: expected one of words, .*'pages'"),
        (lambda: Milestone("A", "84", "vision", "a"), "published: expected YYYY"),
        (lambda: Milestone("A", "1984-13", "vision", "a"), "month from 01 to 12"),
        (lambda: Milestone("A", "1984", "cooking", "a"), "field: expected one of vision"),
        (
            lambda: Milestone("A", "1984", "vision", "a", data=Figure(1, "a", "stated")),
            "A: expected a unit",
        ),
        (lambda: figure_of(MILESTONES[0], "size"), "quantity: expected one of parameters"),
        (lambda: find("HAL 9000"), "name: expected one of Perceptron, .*'HAL 9000'"),
        (lambda: training_operations(0, 5), "expected positive numbers, got 0 and 5"),
    ],
)
def test_bad_values_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_document_of_the_rule_is_cited():
    assert "kaplan2020scaling" in BIB and milestones.__doc__.count("Kaplan")
