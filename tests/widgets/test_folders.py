"""A widget is a folder: models that know nothing of a page, and views that draw them."""

import re

import pytest

from large_models.widgets import bundle

PARTS = sorted(path for path in bundle.HERE.glob("*/*.js") if path.parent.name != "bundles")
MODELS = [path for path in PARTS if path.stem.endswith("model") and path.parent.name != "engine"]
WITHOUT_DOM = {"colors.js", "ink.js", "language.js", "numbers.js", "strokes.js"}  # of the kit
OF_A_PAGE = re.compile(
    r"\b(document|canvas|performance|navigator|localStorage)\.|\bctx\b|\bh\(|[sS]etTimeout"
    r"|addEventListener|requestAnimationFrame|ImageData|innerHTML"
)


def code(path):
    """A script without its comments."""
    return re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", path.read_text("utf-8"), flags=re.DOTALL)


def name(path):
    return path.relative_to(bundle.HERE).as_posix()


def test_each_widget_has_a_model():
    folders = {path.parent.name for path in MODELS}
    assert folders == {*bundle.names(), "bert_panel"}


@pytest.mark.parametrize("model", MODELS, ids=name)
def test_a_model_knows_nothing_of_a_page(model):
    for path in bundle.scripts(model):
        if path.parent.name == "kit":
            assert path.name in WITHOUT_DOM, f"{name(model)} asks for {name(path)}"
        if path.name != "language.js":  # which looks at the page's language, where there is a page
            assert not OF_A_PAGE.search(code(path)), name(path)


@pytest.mark.parametrize("part", [p for p in PARTS if p.parent.name != "engine"], ids=name)
def test_a_part_is_small(part):
    assert part.read_text("utf-8").count("\n") <= 300


def test_what_the_kit_has_is_not_made_by_hand():
    ours = [p for p in PARTS if p.parent.name not in ("engine", "kit")]
    by_hand = {
        name(path): found
        for path in ours
        if (found := re.findall(r'type: "range"|toLocaleString|Try again', code(path)))
    }
    assert by_hand == {}
