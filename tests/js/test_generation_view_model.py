"""What GenerationView shows (model.js), against the GPT in NumPy and torch's cuts of its scores.

The page's GPT sums in another order than NumPy: its probabilities agree within 1e-4.
"""

import re

import numpy as np
import pytest
import torch

from large_models.models.gpt import filter_logits
from large_models.widgets.assets import ASSETS
from large_models.widgets.generation_view import config, forward, tokens

GIVEN = {"temperature": 1.0, "top_k": None, "top_p": None, "greedy": False}
GIVEN |= {"layer": None, "head": None}
V = 1024
START = """async ([weights, tokenizer, config]) => {
  const {textReader, tokenParts} = await import("/engine/generation_model.js");
  window.reader = textReader(weights, tokenizer, config);
  window.config = config;
  window.partsOf = (id) => tokenParts(window.reader.tokenizer.bytesOf(id));
}"""
VIEW = """async ({given, text, act, lang, spot = null, hover = null, past = [], known = "all",
               playing = false}) => {
  const {generationView} = await import("/generation_view/model.js");
  let outputs = window.reader.read(text.ids);
  if (known === "last") outputs = [...Array(outputs.length - 1), outputs.at(-1)];
  const state = {desk: {text, spot, hover, past}, outputs, partsOf: window.partsOf,
                 loaded: known === "all", playing};
  globalThis.document = {documentElement: {lang}};
  try {
    return generationView(window.config, given, state, act);
  } finally { delete globalThis.document; }
}"""


@pytest.fixture(scope="module")
def view(engine):
    files = [np.frombuffer(ASSETS[name](), np.uint8) for name in ("gpt-docs", "gpt-docs-tokenizer")]
    sizes = {key: value for key, value in config().items() if not isinstance(value, dict)}
    engine.run(START, [*files, sizes])

    def of(ids, start=1, *, act="", lang="en", chosen=(), given=None, **desk):
        text = {"prompt": "", "ids": ids, "start": start, "chosen": list(chosen)}
        asked = {"given": GIVEN | (given or {}), "text": text, "act": act, "lang": lang}
        return engine.run(VIEW, asked | desk)

    return of


def ids_of(text):
    return tokens().encode(text).ids


def name_of(token):
    return visible(tokens().decode([token], skip_special_tokens=False))


def visible(text):
    return text.replace(" ", "␣").replace("\n", "⏎")


def name(parts):
    return "".join(text for _, text in parts)


def probabilities(scores, temperature=1.0, top_k=None, top_p=None):
    scores = torch.from_numpy(np.asarray(scores, np.float64))
    return filter_logits(scores / temperature, top_k, top_p).softmax(-1).numpy()


def percent(p):
    if p in (0, 1):
        return f"{100 * p:.0f}%"
    return "<0.1%" if p < 5e-4 else ">99.9%" if p >= 0.9995 else f"{100 * p:.1f}%"


IDS = ids_of("Returns the number of samples in each class")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"temperature": 0.5},
        {"temperature": 2.0, "top_k": 3},
        {"top_p": 0.4},
        {"temperature": 1.5, "top_k": 7, "top_p": 0.6},
    ],
)
@pytest.mark.parametrize("spot", [None, 4])
def test_bars_are_the_most_probable_tokens(view, settings, spot):
    found = view(IDS, given=settings, spot=spot)["bars"]
    at = len(IDS) if spot is None else spot
    scores = forward(IDS)[0][at - 1]
    said, drawn = probabilities(scores), probabilities(scores, **settings)
    order = np.argsort(-scores, kind="stable")[:10].tolist()
    if spot is not None and IDS[at] not in order:
        order[-1] = IDS[at]
    rows = found["rows"]
    assert [row["id"] for row in rows] == order
    np.testing.assert_allclose([row["drawn"] for row in rows], drawn[order], atol=1e-4)
    np.testing.assert_allclose([row["said"] for row in rows], said[order], atol=1e-4)
    assert [row["cut"] for row in rows] == [drawn[i] == 0 for i in order]
    assert [row["was"] for row in rows] == [spot is not None and i == IDS[at] for i in order]
    for row in rows:
        assert row["text"] == percent(row["drawn"])
        assert row["label"] == f"{name(row['parts'])} {row['text']}" + (
            ", cut" if row["cut"] else ""
        )
        assert name(row["parts"]) == name_of(row["id"])
    assert found["changed"] == bool(settings)
    kept = int((drawn > 0).sum())
    if spot is not None:
        assert found["others"] == "press another token to go on from there"
    elif kept < V:
        assert found["others"] == f"{kept} of {V} tokens can be drawn"
    else:
        rest = re.fullmatch(rf"the other {V - 10} tokens: (.*)%", found["others"])[1]
        assert float(rest) == pytest.approx(100 * (1 - drawn[order].sum()), abs=0.06)


def test_greedy_draws_one(view):
    rows = view(IDS, given={"greedy": True})["bars"]["rows"]
    assert [row["drawn"] for row in rows] == [1] + [0] * 9
    assert rows[0]["text"] == "100%" and rows[1]["cut"]


def test_titles_tell_how_a_token_was_chosen(view):
    settings = {"temperature": 0.7, "topK": 30, "topP": None, "greedy": False}
    scores = forward(IDS)[0]
    ways = ["draw", "greedy", "hand"]
    chosen = [None] * 3 + [{"by": by, "settings": settings} for by in ways]
    now = {"temperature": 2, "top_k": 2}  # as it was then, not as it is now
    for at in range(1, len(IDS)):
        found = view(IDS, 3, chosen=chosen, given=now, hover=at)
        title = found["bars"]["title"]
        token = IDS[at]
        assert title["name"] == name_of(token) and title["kind"] == ("in" if at < 3 else "out")
        said = percent(probabilities(scores[at - 1])[token])
        then = percent(probabilities(scores[at - 1], 0.7, 30)[token])
        later = percent(probabilities(scores[at - 1], 2, 2)[token])
        rank = int((scores[at - 1] > scores[at - 1][token]).sum()) + 1
        what = {3: f" was drawn at {then}", 4: f" was the most probable, at {said}",
                5: f" was picked by you, at {then}"}.get(at, f" has {later}")  # fmt: skip
        if at < 3:
            what = f" is yours; the model gave it {said}"
        assert title["about"] == f"{what}, rank {rank}", at
        assert found["bars"]["rows"][0]["fixed"] == (at < 3)
    first = view(IDS, hover=0)
    assert (
        first["bars"]["title"]["about"] == " is the first token" and first["bars"]["rows"] is None
    )
    assert view(IDS)["bars"]["title"] == {
        **{"name": "", "kind": None}, "about": "Which token comes next"
    }  # fmt: skip


@pytest.mark.parametrize(("layer", "head"), [(None, None), (2, 1), (0, None), (None, 1)])
@pytest.mark.parametrize("spot", [None, 5])
def test_colours_and_heads_are_the_attention(view, layer, head, spot):
    found = view(IDS, given={"layer": layer, "head": head}, spot=spot)["attention"]
    at = len(IDS) if spot is None else spot
    looks = forward(IDS)[1][:, :, at - 1, :at]  # (layers, h, seen)
    L, H = looks.shape[:2]
    # There is no mean of one head over the layers: all count.
    row = (
        looks.mean((0, 1))
        if layer is None
        else looks[layer].mean(0)
        if head is None
        else looks[layer, head]
    )
    wanted = np.zeros(len(IDS) + 1)
    wanted[:at] = 50 * row / row.max()
    np.testing.assert_allclose(found["shares"], wanted, atol=0.51)
    assert found["from"] == at - 1
    best = int(row.argmax())
    assert (found["looked"]["from"], found["looked"]["to"]) == (
        name_of(IDS[at - 1]),
        name_of(IDS[best]),
    )
    assert float(found["looked"]["weight"]) == pytest.approx(row[best], abs=5.1e-3)
    means = np.concatenate([looks, looks.mean(1, keepdims=True)], 1)  # (layers, h + 1, seen)
    cells = [*means.reshape(-1, at), *[None] * H, looks.mean((0, 1))]
    assert len(found["heads"]) == len(cells) == (L + 1) * (H + 1)
    for shown, weights in zip(found["heads"], cells, strict=True):
        assert (shown is None) == (weights is None)
        if weights is not None:
            np.testing.assert_allclose(shown, 255 * weights / weights.max(), atol=0.6)
    place = (layer, head) if layer is not None else (L, None)
    assert found["picked"] == place[0] * (H + 1) + (H if place[1] is None else place[1])


def test_heads_have_names(engine):
    found = engine.run("""async () => {
      const {headsOf} = await import("/generation_view/model.js");
      return headsOf({n_layer: 2, n_head: 2});
    }""")
    names = [one and one["name"] for one in found]
    assert names[:3] == ["layer 1, head 1", "layer 1, head 2", "layer 1, mean of its heads"]
    assert names[6:] == [None, None, "mean of all heads"]
    assert (found[4]["layer"], found[4]["head"]) == (1, 1)
    assert (found[5]["layer"], found[5]["head"]) == (1, None)


def test_tokens_and_their_places(view):
    ids = ids_of("a\n b")
    found = view(ids, 1, spot=1)
    assert [name(token["parts"]) for token in found["tokens"]] == [name_of(i) for i in ids]
    assert [token["kind"] for token in found["tokens"]] == ["in"] + ["out"] * (len(ids) - 1)
    assert [token["ends"] for token in found["tokens"]] == [name_of(i).endswith("⏎") for i in ids]
    assert (found["at"], found["chosen"]) == (1, 1)
    assert (view(ids, 1, spot=1, hover=0)["at"], view(ids, 1, hover=99)["at"]) == (0, len(ids))
    assert view(ids)["chosen"] == len(ids)


def test_buttons_and_the_count(view):
    found = view(IDS, len(IDS))["buttons"]
    assert found["off"] == {"step": False, "play": False, "undo": True, "reset": True}
    assert found["count"] == f"{len(IDS)} of 128 tokens" and not found["full"]
    full = (IDS * 20)[:128]
    found = view(full, 1, past=[1], playing=True)["buttons"]
    assert found["off"] == {"step": True, "play": True, "undo": False, "reset": False}
    assert found["count"] == "128 of 128 tokens: the model can read no more" and found["playing"]
    assert view(full)["bars"]["rows"][0]["fixed"], "nothing fits behind the last"


def test_before_the_model_is_there(view):
    """Python's picture: the next token is known, and nothing of those before."""
    found = view(IDS, known="last")
    assert found["bars"]["rows"] and found["attention"]["looked"]
    found = view(IDS, known="last", hover=3, act="place")
    assert found["bars"]["title"]["about"] == " …" and found["bars"]["rows"] is None
    assert found["attention"]["waits"] == "Loading …" and found["said"] is None
    assert not any(found["attention"]["shares"])
    assert view(IDS, hover=0)["attention"]["waits"] == "Nothing comes before the first token."


def test_what_is_read_out(view):
    settings = {"temperature": 0.7, "topK": None, "topP": None, "greedy": False}
    at = len(IDS) - 1
    chosen = [None] * at + [{"by": "draw", "settings": settings}]
    drawn = percent(probabilities(forward(IDS)[0][at - 1], 0.7)[IDS[at]])
    assert view(IDS, chosen=chosen, act="token")["said"] == f"{name_of(IDS[at])} {drawn}"
    found = view(IDS, chosen=chosen, spot=at, act="place")
    assert found["said"].startswith(f"{name_of(IDS[at])} was drawn at {drawn}, rank ")
    assert view(IDS)["said"] is None


def test_sliders_stand_at_the_nearest_value(engine):
    def stands(which, value):
        return engine.run("""async ([which, value]) => {
          const m = await import("/generation_view/model.js");
          return m[which][m.nearest(m[which], value)];
        }""", [which, value])  # fmt: skip

    assert [stands("TEMPERATURES", v) for v in (1, 0.01, 0.76, 5)] == [1, 0.1, 0.8, 2]
    assert [stands("TOP_K", v) for v in (None, 4, 1000, 30)] == [None, 3, 640, 20]
    assert [stands("TOP_P", v) for v in (1, 0.98, 0.001)] == [1, 0.99, 0.1]


def test_chinese(view):
    settings = {"temperature": 0.7, "topK": 30, "topP": None, "greedy": False}
    chosen = [None] * 3 + [{"by": by, "settings": settings} for by in ("draw", "greedy", "hand")]
    said = []
    for at in [*range(len(IDS)), None]:
        found = view(IDS, 3, chosen=chosen, spot=at, act="place", lang="zh-CN", given={"top_k": 5})
        title = found["bars"]["title"]
        said += [title["about"], found["buttons"]["count"], found["attention"]["waits"]]
        said += [found["bars"].get("others", "")]
    said += [view(IDS, lang="zh-CN")["bars"]["others"]]
    for part in (
        "是您写的",
        "抽中",
        "最可能",
        "是您选的",
        "名",
        "下一个词元是什么",
        "其余",
        "可抽取",
    ):
        assert any(part in text for text in said), part
    assert re.findall(r"[A-Za-z]{2,}", " ".join(said)) == []
