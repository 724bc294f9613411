"""The checks of chapters 4_1 and 4_2: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from torch.nn import functional as F

from lib import checks
from lib.checks import bert


def hide(ids, chance, what, random):
    ids, chosen = ids.copy(), (chance < 0.15) & (ids > 4)
    ids[chosen & (what < 0.8)] = 4
    other = chosen & (what >= 0.9)
    ids[other] = random[other]
    return ids, chosen


def torch_loss(logits, targets, chosen):
    logits, targets, chosen = map(torch.from_numpy, (logits, targets, chosen))
    return F.cross_entropy(logits[chosen], targets[chosen])


def with_tokenizers(word, pieces):
    vocab = {piece: i for i, piece in enumerate([*sorted(pieces), "[UNK]"])}
    return Tokenizer(models.WordPiece(vocab, unk_token="[UNK]")).encode(word).tokens


def torch_top(logits, k):
    found = torch.from_numpy(logits).softmax(dim=1).topk(k)
    return found.indices, found.values


def pad(texts):
    tensors = [torch.tensor(text) for text in texts]
    ids = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)
    return ids, ids > 0


def ece(confidence, right, bins):
    edges, total = np.linspace(0, 1, bins + 1), 0
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            total += inside.mean() * abs((confidence - right)[inside].mean())
    return total


RIGHT = {
    "hide": hide,
    "masked_loss": torch_loss,
    "cut_word": with_tokenizers,
    "top_answers": torch_top,
    "pad_batch": pad,
    "calibration_error": ece,
}


@pytest.mark.parametrize("check", RIGHT)
def test_a_right_answer_passes(says, check):
    found, line = says(getattr(checks.bert, check), RIGHT[check])
    assert found is True and line.startswith("Right, in ")


@pytest.mark.parametrize("check", RIGHT)
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(checks.bert, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


def always_mask(ids, chance, what, random):
    chosen = (chance < 0.15) & (ids > 4)
    return np.where(chosen, 4, ids), chosen


def all_tokens(ids, chance, what, random):
    return hide(np.maximum(ids, 5), chance, what, random)


def all_places(logits, targets, chosen):
    return torch_loss(logits, targets, np.ones_like(chosen))


def overflows(logits, targets, chosen):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return -np.log(np.take_along_axis(p, targets[..., None], 2)[..., 0][chosen]).mean()


def keeps_the_rest(word, pieces):
    found, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fits = [e for e in range(len(word), start, -1) if mark + word[start:e] in pieces]
        if not fits:
            return [*found, "[UNK]"]
        found.append(mark + word[start : fits[0]])
        start = fits[0]
    return found


def least(logits, k):
    found = torch.from_numpy(logits).softmax(dim=1).topk(k, largest=False)
    return found.indices, found.values


def left(texts):
    T = max(map(len, texts))
    ids = np.array([[0] * (T - len(text)) + list(text) for text in texts])
    return ids, ids != 0


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("hide", always_mask, "every chosen token becomes [MASK]"),
        ("hide", lambda *a: hide(*a)[::-1], "the two results are swapped"),
        ("hide", lambda *a: hide(*a)[0], "it has"),
        ("masked_loss", all_places, "all places are counted"),
        ("masked_loss", lambda *a: torch_loss(*a) / np.log(2), "this is in bits"),
        ("masked_loss", lambda *a: -torch_loss(*a), "the sign is missing"),
        ("masked_loss", overflows, "Take each row's largest score off"),
        ("cut_word", keeps_the_rest, "the whole word is [UNK]"),
        ("cut_word", lambda w, p: list(w), "is not among the pieces"),
        ("cut_word", lambda w, p: w, "expected a list of text"),
        ("cut_word", lambda w, p: [], "the list is empty"),
        ("top_answers", least, "least probable"),
        ("pad_batch", left, "the padding is in front"),
        ("pad_batch", lambda t: (pad(t)[0], ~pad(t)[1]), "the wrong way round"),
        ("calibration_error", lambda c, r, b: np.abs(c - r).mean(), "each answer's own gap"),
        ("calibration_error", lambda c, r, b: ece(c, r, 1), "one gap for all answers"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks.bert, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize(
    "name",
    ["_hide_cases", "_loss_cases", "_top_cases", "_pad_cases", "_calibration_cases"],
)
def test_mistakes_can_be_told_apart_in_the_largest_case(name, assert_distinct):
    assert_distinct([list(getattr(bert, name)())[-1]])


def test_the_listed_cuts_are_those_of_tokenizers():
    pieces = set(bert._PIECES.split())
    for word, cut in bert._LISTED.items():
        assert with_tokenizers(word, pieces) == cut
