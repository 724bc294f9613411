"""What BertLive and CheckpointScrubber show (bert_panel/model.js and their own), in Deno.

The oracle is transformers with the float16 weights that the page has: probabilities within 1e-4,
the bytes of the maps within one.
"""

import json

import numpy as np
import pytest
import torch
from transformers import BertForMaskedLM

from large_models.widgets import BertLive, CheckpointScrubber
from large_models.widgets.assets import ASSETS, BERT_STEPS, WEIGHTS
from large_models.widgets.bert_panel import EXAMPLE, read, tokens

LAST = f"bert-docs-{BERT_STEPS[-1]:06}"
HEAD = "bert-docs-packages"
TOKENIZER = "bert-docs-tokenizer"
SEVERAL = "The [MASK] of a [MASK] matrix and the [MASK] of elements."
PLEASE = len(tokens().encode("Please", add_special_tokens=False).ids)
SETUP = """async (given) => {
  Object.assign(window, await import("/bert_panel/model.js"));
  window.config = given.config;
  window.reader = bertReader(given);
}"""
SHOWN = """(traits) => {
  const {reading, ...rest} = reader.next(traits);
  return {...rest, reading, words: reading && wordsView(reading),
    answers: reading && answersView(reading)};
}"""


@pytest.fixture(params=[BertLive, CheckpointScrubber])
def widget(request, engine):
    return start(engine, request.param())


def start(engine, widget):
    """A reader that has no file yet."""
    given = {
        "config": widget._config,
        "first": json.loads(json.dumps(widget._first)),
        "maps": np.frombuffer(widget._first_maps, np.uint8),
        "head": HEAD if isinstance(widget, BertLive) else None,
    }
    engine.run(SETUP, given)
    return widget


def come(engine, *names):
    for name in names:
        engine.run("([name, bytes]) => reader.open(name, bytes)", [name, ASSETS[name]()])


@pytest.fixture
def ready(engine):
    """BertLive's reader with all its files; a function from text and place to what is shown."""
    start(engine, BertLive())
    come(engine, TOKENIZER, LAST, HEAD)

    def ask(text=EXAMPLE, masked=None, asset=LAST):
        return engine.run(SHOWN, {"text": text, "masked": masked, "asset": asset})

    return ask


@torch.no_grad()
def oracle(text, masked, step=BERT_STEPS[-1]):
    """Ids as they are read, logits (T, V), attentions (layers, h, T, T)."""
    directory = WEIGHTS / "bert-docs" / "checkpoints" / f"{step:06}"
    model = BertForMaskedLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    ids = tokens().encode(text).ids
    if masked is not None:
        ids[masked] = tokens().token_to_id("[MASK]")
    out = model(torch.tensor([ids]), output_attentions=True)
    return ids, out.logits[0], torch.stack(out.attentions)[:, 0].numpy()


# --- a reading ------------------------------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.parametrize("step", BERT_STEPS)
@pytest.mark.parametrize(("text", "masked"), [(EXAMPLE, 5), ("Plot a line.", 1), (SEVERAL, None)])
def test_a_reading_is_transformers(engine, step, text, masked):
    start(engine, CheckpointScrubber())
    asset = f"bert-docs-{step:06}"
    come(engine, TOKENIZER, asset)
    found = engine.run(SHOWN, {"text": text, "masked": masked, "asset": asset})
    ids, logits, looks = oracle(text, masked, step)
    reading = found["reading"]
    given = tokens().encode(text)
    assert reading["tokens"] == given.tokens and reading["labels"] is None
    places = [at for at, token in enumerate(ids) if token == tokens().token_to_id("[MASK]")]
    assert reading["places"] == places and reading["place"] == places[0]
    best = [tokens().id_to_token(int(logits[at].argmax())) for at in places]
    assert reading["guesses"] == best
    np.testing.assert_allclose(reading["maps"], 255 * looks.ravel(), atol=0.51)
    p = logits[places[0]].softmax(0)
    top = p.topk(5)
    rows = found["answers"]["rows"]
    assert [row["share"] for row in rows] == pytest.approx(top.values.tolist(), abs=1e-4)
    if top.values.diff().abs().min() > 1e-4:
        assert [row["name"] for row in rows] == [tokens().id_to_token(int(i)) for i in top.indices]
    assert (found["wrong"], found["load"]) == ("", False)
    if masked is None:
        assert reading["hidden"] is None and found["answers"]["hidden"] is None
        return
    was = given.ids[masked]
    hidden = reading["hidden"]
    assert hidden["token"] == given.tokens[masked]
    assert hidden["probability"] == pytest.approx(float(p[was]), abs=1e-4)
    assert abs(hidden["rank"] - int((p > p[was]).sum()) - 1) <= 0.01 * len(p)
    if p[was] > 0.01:
        assert hidden["rank"] == int((p > p[was]).sum()) + 1
    assert [row["marked"] for row in rows] == [row["name"] == hidden["token"] for row in rows]


def test_libraries_are_pythons(engine, ready):
    for text in (EXAMPLE, "Plot a line with the given colour."):
        expected = BertLive(text=text, masked=None).label_probabilities
        rows = engine.run(
            "async (arg) => (await import('/bert_live/model.js')).librariesView(...arg)",
            [list(expected), ready(text)["reading"]["labels"]],
        )
        assert {row["name"]: row["share"] for row in rows} == pytest.approx(expected, abs=1e-4)
        assert [row["name"] for row in rows] == sorted(expected, key=expected.get, reverse=True)


def test_one_of_several_masks_is_asked_for(ready):
    first = ready(SEVERAL)
    places = first["reading"]["places"]
    assert len(places) == 3
    for n, at in enumerate(places):
        found = ready(SEVERAL, at) if n else first
        expected = read(SEVERAL, at)
        assert found["answers"]["title"] == f"What belongs at [MASK] {n + 1} of 3"
        assert found["answers"]["more"] == "Press another [MASK] for its answers."
        assert [place for place, word in enumerate(found["words"]) if word["pressed"]] == [at]
        for i, place in enumerate(places):
            word = found["words"][place]
            guess = f"→ {expected.guesses[i]}"
            assert (word["text"], word["guess"]) == ("[MASK]", place != at)
            assert word["under"] == (guess if place != at else None)


def test_words_and_answers_in_both_languages(engine, ready):
    found = ready(EXAMPLE, 9)
    names = tokens().encode(EXAMPLE).tokens
    texts = [word["text"] for word in found["words"]]
    assert texts == [*names[:9], "[MASK]", *names[10:]]
    assert [word["under"] for word in found["words"]] == [*[None] * 9, names[9], *[None] * 5]
    assert [word["edge"] for word in found["words"]] == [True, *[False] * 13, True]
    reading = read(EXAMPLE, 9)
    p = reading.probabilities[tokens().token_to_id(names[9])]
    rank = int((reading.probabilities > p).sum()) + 1
    was = {"before": "The hidden token was ", "token": names[9]}
    was["after"] = f": rank {rank}, {100 * p:.1f}%. "
    assert found["answers"]["hidden"] == was
    best = found["answers"]["rows"][:3]
    said = ", ".join(f"{row['name']} {100 * row['share']:.1f}%" for row in best)
    assert found["answers"]["said"] == f"{said}. {''.join(was.values())}"
    free = ready(EXAMPLE)["answers"]
    assert free["rows"] == [] and free["said"] == "Press a token above to hide it"
    engine.run("() => { globalThis.document = {documentElement: {lang: 'zh-CN'}}; }")
    try:
        chinese = ready(EXAMPLE, 9)["answers"]
        several = ready(SEVERAL)["answers"]
    finally:
        engine.run("() => { delete globalThis.document; }")
    assert chinese["title"] == "[MASK]处应是什么"
    assert chinese["hidden"]["after"] == f"：第 {rank} 名，{100 * p:.1f}%。"
    assert several["title"] == "[MASK]（第 1 个，共 3 个）处应是什么"


def test_the_maps_have_the_words_as_they_are_read(engine, ready):
    reading = ready(EXAMPLE, 9)["reading"]
    traits = {"layer": 2, "head": 1, "compare": None, "view": "lines", "query": 9}
    script = "([traits, reading]) => mapsGiven(traits, config, reading)"
    given = engine.run(script, [traits, reading])
    names = tokens().encode(EXAMPLE).tokens
    assert given["tokens"] == [*names[:9], "[MASK]", *names[10:]]
    np.testing.assert_array_equal(given["maps"], reading["maps"])
    assert {key: given[key] for key in traits} == traits
    config = BertLive()._config
    heads = [config["num_hidden_layers"], config["num_attention_heads"]]
    nothing = engine.run(script, [traits, None])
    assert nothing["tokens"] == [""] and len(nothing["maps"]) == heads[0] * heads[1]
    assert given["heads"] == nothing["heads"] == heads


def test_a_text_that_is_too_long_is_said(engine, ready):
    before = ready(EXAMPLE, 9)["reading"]
    for text in ("word " * 10_000, "x" * 300 + " y" * 70):
        count = len(tokens().encode(text).ids)
        engine.run("(text) => reader.type(text)", text)
        wrong = f"This text has {count} tokens; the model reads 64 at most. "
        assert ready(EXAMPLE, 9) == {"wrong": wrong + "The previous text is still shown."}
        after = ready(EXAMPLE, 9)
        assert after["wrong"] == "" and after["reading"]["answers"] == before["answers"]


# --- before and while its files come --------------------------------------------------------------


def test_what_came_with_the_page_is_shown_without_a_file(engine, widget):
    traits = {"text": EXAMPLE, "masked": 9}
    for one in widget._first:
        found = engine.run(SHOWN, traits | {"asset": one["asset"]})
        assert not found["load"]
        step = int(one["asset"][-6:])
        reading, expected = found["reading"], read(EXAMPLE, 9, step)
        assert [name for name, _ in reading["answers"]] == [name for name, _ in one["answers"]]
        np.testing.assert_array_equal(
            reading["maps"], np.rint(255 * expected.attentions).ravel().astype(np.uint8)
        )
        lacking = engine.run("(asset) => reader.missing(asset)", one["asset"])
        head = [HEAD] if isinstance(widget, BertLive) else []
        assert lacking == [TOKENIZER, one["asset"], *head]
    other = engine.run(SHOWN, {"text": EXAMPLE, "masked": 2, "asset": widget._first[0]["asset"]})
    assert other == {"load": True}


NEXT = "(traits) => { const {reading, ...rest} = reader.next(traits); return rest; }"


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"Please: {EXAMPLE}", 9 + PLEASE + 1),  # the hidden word has moved
        (EXAMPLE + " Now.", 9),
        ("The axes of the figure", 5),  # it is gone: the last word
        ("The [MASK] of elements in the list.", None),
        ("...", None),  # no word
    ],
)
def test_a_typed_sentence_waits_and_keeps_its_hidden_word(engine, widget, text, masked):
    traits = {"text": EXAMPLE, "masked": 9, "asset": widget._first[0]["asset"]}
    engine.run("(text) => { reader.type(text.slice(0, 3)); reader.type(text); }", text)
    assert engine.run(NEXT, traits) == {"wrong": "", "load": True}
    assert engine.run(NEXT, traits | {"masked": 2}) == {"load": True}
    come(engine, traits["asset"])
    assert engine.run(NEXT, traits)["load"]
    come(engine, TOKENIZER)
    assert engine.run(NEXT, traits) == {"settings": {"text": text, "masked": masked}}
    after = engine.run(NEXT, traits | {"text": text, "masked": masked})
    assert "settings" not in after


def test_what_python_hides_meanwhile_is_hidden_in_what_was_typed(engine, widget):
    traits = {"text": EXAMPLE, "masked": 9, "asset": widget._first[0]["asset"]}
    engine.run("(text) => reader.type(text)", f"Please: {EXAMPLE}")
    engine.run(NEXT, traits)
    come(engine, TOKENIZER)
    settings = engine.run(NEXT, traits | {"masked": 5})["settings"]
    assert settings == {"text": f"Please: {EXAMPLE}", "masked": 5 + PLEASE + 1}


def test_nothing_is_hidden_where_the_reader_hid_nothing(engine, ready):
    for hiding, masked in ((False, None), (True, 5)):
        text = "The axes of the\nfigure"
        engine.run("([text, hiding]) => reader.type(text, hiding)", [text, hiding])
        settings = {"text": "The axes of the figure", "masked": masked}
        assert ready(EXAMPLE)["settings"] == settings


def test_python_sets_a_text_and_what_was_typed_is_gone(engine, ready):
    engine.run("() => { reader.type('Something else.'); reader.forget(); }")
    assert ready("The shape of the array.", 2)["reading"]["text"] == "The shape of the array."


def test_a_press_hides_and_shows(engine, ready):
    press = "([at, traits]) => reader.press(at, traits)"
    ready(EXAMPLE, 9)
    for masked, at, then in ((9, 5, 5), (9, 9, None), (None, 1, 1)):
        changes = engine.run(press, [at, {"text": EXAMPLE, "masked": masked}])
        assert changes == {"masked": then, "query": at}
    places = ready(SEVERAL)["reading"]["places"]
    for masked in (None, places[1]):  # a [MASK] of the text stays hidden: it is asked for
        changes = engine.run(press, [places[1], {"text": SEVERAL, "masked": masked}])
        assert changes == {"masked": places[1], "query": places[1]}


@pytest.mark.parametrize(
    ("text", "place"), [(f"Please: {EXAMPLE}", 5 + PLEASE + 1), ("Plot a line.", None)]
)
def test_a_press_in_a_sentence_that_is_to_change_waits_for_the_next_one(engine, text, place):
    """Python has set another text, whose reading is not there: the old one's tokens are shown."""
    widget = start(engine, BertLive())
    asset = widget._asset
    engine.run(NEXT, {"text": EXAMPLE, "masked": 9, "asset": asset})
    traits = {"text": text, "masked": None, "asset": asset}
    assert engine.run(NEXT, traits) == {"load": True}
    assert engine.run("(traits) => reader.press(5, traits)", traits) == {}
    assert engine.run(NEXT, traits) == {"load": True}
    come(engine, TOKENIZER)
    first = engine.run(NEXT, traits)
    expected = {"load": True} if place is None else {"settings": {"masked": place, "query": place}}
    assert first == expected
    come(engine, asset, HEAD)
    shown = engine.run(SHOWN, traits | {"masked": place})
    assert shown["reading"]["place"] == place and not shown["load"]


# --- beside the panel -----------------------------------------------------------------------------


def test_the_curve_of_training(engine):
    widget = CheckpointScrubber()
    script = """async ([lang, ...given]) => {
      if (lang) globalThis.document = {documentElement: {lang}};
      try {
        const {trainingView, told, assetOf} = await import("/checkpoint_scrubber/model.js");
        const [steps, curve, most] = given;
        return steps.map((step) => ({told: told(step), asset: assetOf(step),
          ...trainingView({steps, curve, most, step})}));
      } finally {
        delete globalThis.document;
      }
    }"""
    given = [widget._steps, widget._curve, widget._most_frequent]
    found = dict(widget._curve)
    for n, view in enumerate(engine.run(script, [None, *given])):
        step = BERT_STEPS[n]
        points = [[point["x"], point["y"]] for point in view["points"]]
        expected = [[i / 4, found[each] / 0.5] for i, each in enumerate(BERT_STEPS)]
        np.testing.assert_allclose(points, expected)
        assert [point["now"] for point in view["points"]] == [each == step for each in BERT_STEPS]
        assert view["level"] == pytest.approx(widget._most_frequent / 0.5)
        assert view["asset"] == f"bert-docs-{step:06}" in ASSETS
        assert view["told"] == f"after {step:,} steps"
        assert view["note"][1] == (f"{100 * found[step]:.1f}%" if found[step] else "0%")
        assert f"finds {100 * widget._most_frequent:.1f}% (dotted)" in view["note"][2]
    chinese = engine.run(script, ["zh", *given])[-1]
    assert chinese["told"] == "24,000 步之后" and "（点线）" in chinese["note"][2]


def test_what_the_bert_is(engine):
    script = "async (config) => (await import('/bert_live/model.js')).about(config)"
    config = BertLive()._config
    assert f"A BERT of {config['parameters'] / 1e6:.2f} million" in engine.run(script, config)
