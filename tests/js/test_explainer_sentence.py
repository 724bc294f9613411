"""What the Explainer shows of a sentence, without a browser: its model against torch."""

import numpy as np
import pytest
import torch

from large_models.data import tokenizer
from large_models.experiments import explanation as explaining
from large_models.models.bert import BertForMaskedLM
from large_models.models.explanation import from_embeddings, with_gap
from large_models.widgets.assets import WEIGHTS
from tests.js.explained import Explained, assert_colors, lots
from tests.js.live import floats, words

pytestmark = pytest.mark.heavy

METHODS = ("hide each", "attention rollout", "gradient x input", "integrated gradients")
RUN = "sentence.read(); const news = end(sentence.work());"


@pytest.fixture(scope="module")
def reader():
    """The classifier with weights of float16, as the page has them."""
    model = explaining.classifier(WEIGHTS / "bert-docs")
    half = BertForMaskedLM.from_pretrained(WEIGHTS / "bert-docs/checkpoints/024000")
    model.bert.load_state_dict(half.bert.state_dict())
    return model


@pytest.fixture(scope="module")
def tokens():
    return tokenizer.load(WEIGHTS / "bert-docs")


@pytest.fixture
def explained(engine):
    def start(**settings):
        model = Explained(engine, mode="sentence", **settings)
        model.load()
        return model

    return start


def ids_of(tokens, model):
    return torch.tensor(tokens.encode(model.widget.text).ids)


@torch.no_grad()
def chances(reader, tokens, ids, places=()):
    ids = ids.clone()
    ids[list(places)] = tokens.token_to_id("[MASK]")
    return reader(ids[None]).softmax(-1)[0].numpy()


@pytest.mark.parametrize(
    "settings",
    [{}, {"gone": 1, "label": "scipy"}, {"text": "Draw a filled circle on the axes.", "gone": 8}],
)
def test_what_each_token_adds_and_what_is_left(engine, explained, reader, tokens, settings):
    model = explained(**settings)
    view = model.ask(f"{RUN} return sentence.view();")
    ids, mask = ids_of(tokens, model), tokens.token_to_id("[MASK]")
    p = chances(reader, tokens, ids)
    label = model.widget.label
    target = int(p.argmax()) if label is None else reader.labels.index(label)
    np.testing.assert_allclose([row["share"] for row in view["rows"]], p, atol=1e-4)
    assert [r["chosen"] for r in view["rows"]] == [i == target for i in range(len(p))]
    assert [r["best"] for r in view["rows"]] == [i == p.argmax() for i in range(len(p))]

    each = explaining.of_sentence(reader, ids, target, mask)
    rows, table = view["table"]["rows"], view["table"]
    assert [row["token"] for row in rows] == tokens.encode(model.widget.text).tokens[1:-1]
    assert [row["at"] for row in rows] == list(range(1, len(ids) - 1))
    for column, name in enumerate(METHODS):
        values = each[name]
        cells = [row["cells"][column] for row in rows]
        shown = [floats(cell["text"])[0] for cell in cells]
        if name in METHODS[:2]:
            np.testing.assert_allclose(shown, 100 * values, atol=0.07, err_msg=name)
        else:
            np.testing.assert_allclose(shown, values, atol=0.007, err_msg=name)
        scale = "magnitude" if name == "attention rollout" else "diverging"
        assert_colors(engine, [c["background"] for c in cells], scale, values, abs(values).max())
        left = explaining.hide_in_order(reader, ids, target, mask, values, [model.widget.gone])
        assert floats(table["left"][column])[0] == pytest.approx(100 * float(left[0]), abs=0.2)
    assert floats(table["head"])[0] == pytest.approx(100 * p[target], abs=0.11)
    assert table["head"].endswith("%, then")

    n = min(model.widget.gone, len(ids) - 2)
    drawn = [lot[:n] for lot in lots(list(range(1, len(ids) - 1)), 10)]
    random = np.mean([chances(reader, tokens, ids, lot)[target] for lot in drawn])
    scores, embedded = from_embeddings(reader), reader.bert.tokens.weight.detach()
    with torch.no_grad():
        whole, nothing = scores(embedded[torch.stack([ids, with_gap(ids, mask)])])[:, target]
    span = float(whole - nothing)
    gap = abs(each["integrated gradients"].sum() - span)
    said = floats(view["note"].split("hidden at random: ")[1])
    assert said[:2] == pytest.approx([100 * p[target], 100 * random], abs=0.11)
    assert said[2] == pytest.approx(span, abs=0.06)
    assert said[3] == pytest.approx(gap if gap >= 0.005 else 0.01, abs=0.011)


def test_the_reader_hides_tokens(explained, reader, tokens):
    model = explained()
    model.ask(RUN)
    ids = ids_of(tokens, model)
    assert model.ask("return sentence.toggleToken(3);") == {"hidden": [3]}
    model.ask("traits.hidden = [3, 5]; sentence.hide();")
    view = model.ask("return sentence.view();")
    expected = chances(reader, tokens, ids, [3, 5])
    np.testing.assert_allclose([row["share"] for row in view["rows"]], expected, atol=1e-4)
    hidden = [row["at"] for row in view["table"]["rows"] if row["hidden"]]
    assert hidden == [3, 5]
    assert model.ask("return sentence.toggleToken(3);") == {"hidden": [5]}
    assert model.ask("return sentence.toggleToken(4);") == {"hidden": [3, 4, 5]}
    # What Python hides beyond the sentence's end is not there; the whole sentence is explained.
    model.ask("traits.hidden = [60]; sentence.hide();")
    view = model.ask("return sentence.view();")
    np.testing.assert_allclose(
        [row["share"] for row in view["rows"]], chances(reader, tokens, ids), atol=1e-4
    )
    assert not any(row["hidden"] for row in view["table"]["rows"])


def test_nothing_is_computed_before_the_files_are_there(engine, reader, tokens):
    """What is set meanwhile counts once they have come."""
    model = Explained(engine, mode="sentence")
    assert model.ask("return [sentence.loaded(), sentence.read(), sentence.view()];") == [
        False, None, None
    ]  # fmt: skip
    model.ask(
        """Object.assign(traits, arg);
        sentence.explain(); sentence.hide(); end(sentence.work());""",
        {"text": "Plot the data.", "label": "matplotlib", "hidden": [2], "gone": 1},
    )
    assert model.ask("return [sentence.view(), sentence.explained()];") == [None, False]
    model.load()
    view = model.ask(f"{RUN} return sentence.view();")
    ids = torch.tensor(tokens.encode("Plot the data.").ids)
    expected = chances(reader, tokens, ids, [2])
    np.testing.assert_allclose([row["share"] for row in view["rows"]], expected, atol=1e-4)
    assert [row["hidden"] for row in view["table"]["rows"]] == [False, True, False, False]
    assert [row["chosen"] for row in view["rows"]] == [n == "matplotlib" for n in reader.labels]


def test_what_is_not_there_yet_is_an_ellipsis(explained):
    model = explained(text="Plot the data.")
    order = model.ask(
        """const order = [];
        const look = () => {
          const {table, note} = sentence.view();
          order.push([...table.rows[0].cells.map(({text}) => text !== "…"),
            ...table.left.map((text) => text !== "…"), !note.endsWith("…")].map(Number).join(""));
        };
        sentence.read();
        look();
        for (const news of sentence.work()) if (news) look();
        return order;"""
    )
    assert order == [
        *["010000000", "011000000", "111000000", "111100000"],
        *["111110000", "111111000", "111111100", "111111110", "111111111"],
    ]
    # Another number of tokens is judged anew; the maps stay.
    model.ask("traits.gone = 3;")
    assert model.ask("return [sentence.explained(), end(sentence.judge())];") == [True, 5]


def test_a_text_that_is_too_long_and_one_of_nothing(explained):
    model = explained()
    before = model.ask(f"{RUN} return sentence.view();")
    said = model.ask("traits.text = 'one '.repeat(70); return sentence.read();")
    assert said.startswith("This text has 72 tokens; the model reads 64 at most.")
    assert model.ask("return sentence.view();") == before
    assert model.ask("traits.text = ''; return sentence.read();") == ""
    view = model.ask("end(sentence.work()); return sentence.view();")
    assert view["table"]["rows"] == [] and "…" not in view["table"]["left"]


def test_in_chinese_no_english_is_left(explained, reader):
    model = explained(text="axes")
    ask = f"""{RUN}
      const {{methodNames}} = await import("/explainer/words.js");
      const {{tokensText}} = await import("/explainer/sentence_model.js");
      return [sentence.view(), Object.values(methodNames()), tokensText(1), tokensText(3)];"""
    assert words(model.ask(ask, lang="zh-CN")) == {"axes"}
    assert model.ask("traits.text = 'one '.repeat(70); return sentence.read();", lang="zh") == (
        "这段文字有 72 个词元，模型最多读 64 个。仍显示之前的文字。"
    )
    model.ask("traits.text = 'axes';")
    assert model.ask(ask)[2:] == ["1 token", "3 tokens"]
