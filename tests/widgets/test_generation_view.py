"""GenerationView's Python side: what it accepts, what it carries, and what its packed weights cost.

The oracle is transformers.GPT2LMHeadModel with the shipped weights.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import GPT2LMHeadModel

from large_models.data import docstrings
from large_models.widgets.assets import ASSETS, WEIGHTS
from large_models.widgets.generation_view import GenerationView, config, forward, tokens, weights


@pytest.fixture(scope="module")
def shipped():
    return GPT2LMHeadModel.from_pretrained(WEIGHTS / "gpt-docs", attn_implementation="eager").eval()


@pytest.fixture(scope="module")
def packed():
    """The same with the weights that the page has."""
    model = GPT2LMHeadModel.from_pretrained(WEIGHTS / "gpt-docs", attn_implementation="eager")
    state = {name: torch.from_numpy(array) for name, array in weights().items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected
    return model.eval()


@torch.no_grad()
def test_numpy_computes_what_transformers_computes(packed):
    ids = np.random.default_rng(0).integers(0, 1024, 128).tolist()
    out = packed(torch.tensor([ids]), output_attentions=True)
    scores, maps = forward(ids)
    # float32 of both, 4 layers: 1e-4 of scores of about 10.
    np.testing.assert_allclose(scores, out.logits[0], atol=1e-4, rtol=1e-4)
    np.testing.assert_allclose(maps, torch.stack(out.attentions)[:, 0], atol=1e-5)


def measured(plain, packed, count=50):
    """Over held-out sentences: changes of all next probabilities (N, V), and bits per byte."""
    sentences = docstrings.load("validation").sentences
    chosen = np.random.default_rng(0).choice(len(sentences), count, replace=False)
    changes, bits, size = [], np.zeros(2), 0
    for i in chosen:
        ids = [0, *tokens().encode(f"{sentences[i]}\n").ids][: config()["n_positions"]]
        size += len(tokens().decode(ids[1:]).encode())
        with torch.no_grad():
            logs = [
                m(torch.tensor([ids])).logits[0].double().log_softmax(-1).numpy()
                for m in (plain, packed)
            ]
        changes.append(np.abs(np.exp(logs[0]) - np.exp(logs[1])))
        bits += [-log[np.arange(len(ids) - 1), ids[1:]].sum() / np.log(2) for log in logs]
    return np.concatenate(changes), bits / size


@pytest.mark.heavy
def test_what_packing_changes_is_small(shipped, packed):
    """Measured on 50 held-out sentences, 1,399 predictions: the largest change of a probability is
    0.044, a hundredth of the probability moves elsewhere at most on average (0.008), and bits per
    byte stay the same to 0.0003."""
    changes, bits = measured(shipped, packed)
    assert changes.max() < 0.08
    assert changes.sum(axis=1).mean() / 2 < 0.012
    assert abs(bits[1] - bits[0]) < 0.002


def test_assets_are_small():
    assert len(ASSETS["gpt-docs"]()) < 1_200_000
    content = json.loads(ASSETS["gpt-docs-tokenizer"]())
    assert content == json.loads((WEIGHTS / "gpt-docs" / "tokenizer.json").read_text("utf-8"))


def test_the_first_picture_is_in_the_state(packed):
    view = GenerationView(prompt="Return 机 the", text=" name")
    state = {k: v for k, v in view.get_state().items() if k not in ("_esm", "_css")}
    assert len(str(state)) < 40_000
    first = state["_first"]
    assert first["ids"] == tokens().encode("Return 机 the").ids + tokens().encode(" name").ids
    assert first["start"] == len(tokens().encode("Return 机 the").ids)
    raw = b"".join(bytes.fromhex(first["bytes"][str(token)]) for token in first["ids"])
    assert raw.decode() == "Return 机 the name"
    with torch.no_grad():
        out = packed(torch.tensor([first["ids"]]), output_attentions=True)
    scores = np.frombuffer(state["_first_scores"], "<f4")
    np.testing.assert_allclose(scores, out.logits[0, -1], atol=1e-4)
    probable = out.logits[0, -1].topk(10).indices.tolist()
    assert {str(token) for token in probable} <= set(first["bytes"])
    look = np.frombuffer(state["_first_look"], "<f4").reshape(4, 4, -1)
    np.testing.assert_allclose(look, torch.stack(out.attentions)[:, 0, :, -1], atol=1e-5)
    np.testing.assert_allclose(view.probabilities, out.logits[0, -1].softmax(-1), atol=1e-5)


@pytest.mark.heavy
@settings(max_examples=40)
@given(st.text(max_size=20))
def test_any_text_comes_back(text):
    view = GenerationView(prompt=text, text=text[::-1])
    assert (view.prompt, view.text) == (text, text[::-1])
    assert tokens().decode(view._ids, skip_special_tokens=False) == text[::-1]
    assert len(view.token_ids) >= 1


def test_an_empty_beginning_starts_a_file():
    assert GenerationView(prompt="").token_ids == [0]
    assert GenerationView(prompt="", text="def").token_ids[0] == 0


def test_the_pages_tokens_count():
    """A text can be cut in more ways than one, and the page knows which it was."""
    view = GenerationView(prompt="x")
    letters = tokens().encode("x y z").ids + [tokens().token_to_id(c) for c in "the"]
    view.set_state({"text": "x y zthe", "_ids": letters})
    assert view.token_ids[1:] == letters != tokens().encode("x y zthe").ids
    view.text = "x y zt"
    assert view._ids == tokens().encode("x y zt").ids
    # 100 tokens that are no characters: as text they would be more, three bytes for each.
    part = tokens().encode("机").ids[0]
    text = tokens().decode([part] * 100, skip_special_tokens=False)
    view.set_state({"text": text, "_ids": [part] * 100})
    assert view._ids == [part] * 100


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("prompt", 3, "expected a text, got 3"),
        ("text", None, "expected a text, got None"),
        ("prompt", "\ud800", "expected a text that UTF-8 can hold"),
        ("temperature", 0, "above 0, at most 5, got 0"),
        ("temperature", float("nan"), "got nan"),
        ("temperature", "1", "got '1'"),
        ("temperature", True, "got True"),
        ("top_k", 0, "of at least 1, got 0"),
        ("top_k", 2.5, "expected an integer, got 2.5"),
        ("top_p", 0, "above 0, at most 1, got 0"),
        ("top_p", 1.1, "got 1.1"),
        ("greedy", 1, "expected True or False, got 1"),
        ("seed", -1, "from 0 to 4294967295, got -1"),
        ("layer", 4, "from 0 to 3, got 4"),
        ("head", -1, "from 0 to 3, got -1"),
        ("prompt", "z " * 200, "at most 128 tokens in prompt and text, got 4"),
    ],
)
def test_bad_values_are_refused_and_change_nothing(name, value, message):
    view = GenerationView()
    before = getattr(view, name)
    with pytest.raises(ValueError, match=f"GenerationView.{name}: .*{message}"):
        setattr(view, name, value)
    assert getattr(view, name) == before
    with pytest.raises(ValueError, match=message):
        GenerationView(**{name: value})


def test_prompt_and_text_must_fit_together():
    with pytest.raises(ValueError, match="at most 128 tokens in prompt and text"):
        GenerationView(prompt="z " * 50, text="z " * 50)
    view = GenerationView(prompt="z " * 50)
    with pytest.raises(ValueError, match="GenerationView.text: expected at most 128 tokens"):
        view.text = "z " * 50
    assert view.text == ""


def test_a_changed_page_is_taken_over_whole():
    """The page sends what has changed together: no order of it may be too long on the way."""
    view = GenerationView(prompt="a", text=" the" * 120)
    written = tokens().encode(" the" * 120).ids
    view.set_state({"prompt": " of" * 100, "_ids": [], "text": ""})
    assert (view.prompt, view.text, view._ids) == (" of" * 100, "", [])
    view.set_state({"text": " the" * 120, "_ids": written, "prompt": "a"})
    assert (view.prompt, view._ids) == ("a", written)


def test_settings_of_every_kind():
    view = GenerationView(
        top_k=np.int64(5), top_p=1, temperature=np.float32(0.5), layer=None, head=3
    )
    assert (view.top_k, view.top_p, view.temperature, view.head) == (5, 1.0, 0.5, 3)
    assert repr(view) == "GenerationView(prompt='Returns the number of')"


def test_no_torch():
    code = "import sys, large_models.widgets.generation_view as g; g.GenerationView(); print('torch' in sys.modules)"  # noqa: E501
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"
