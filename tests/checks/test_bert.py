"""The checks of chapters 4_1 and 4_2: right answers pass, mistakes are named, neighbours fail."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models
from torch.nn import functional as F

from large_models import checks
from large_models.checks import bert, bert_answers, bert_hiding, bert_pieces


def hide(ids, chance, what, random):
    ids, chosen = ids.copy(), (chance < 0.15) & (ids > 4)
    ids[chosen & (what < 0.8)] = 4
    other = chosen & (what >= 0.9)
    ids[other] = random[other]
    return ids, chosen


def hide_in_torch(*arrays):
    ids, chance, what, random = map(torch.from_numpy, arrays)
    chosen = (chance < 0.15) & (ids >= 5)
    replaced = torch.where(what < 0.8, 4, torch.where(what < 0.9, ids, random))
    return torch.where(chosen, replaced, ids), chosen


def torch_loss(logits, targets, chosen):
    logits, targets, chosen = map(torch.from_numpy, (logits, targets, chosen))
    return F.cross_entropy(logits[chosen], targets[chosen])


def ignored(logits, targets, chosen):
    targets = torch.from_numpy(np.where(chosen, targets, -100))
    logits = torch.from_numpy(logits).float().requires_grad_()
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


def with_tokenizers(word, pieces):
    vocab = {piece: i for i, piece in enumerate([*sorted(pieces), "[UNK]"])}
    return Tokenizer(models.WordPiece(vocab, unk_token="[UNK]")).encode(word).tokens


def recursive(word, pieces, mark=""):
    if not word:
        return ()
    for end in range(len(word), 0, -1):
        if mark + word[:end] in pieces:
            rest = recursive(word[end:], pieces, "##")
            return ("[UNK]",) if "[UNK]" in rest else (mark + word[:end], *rest)
    return ("[UNK]",)


def torch_top(logits, k):
    found = torch.from_numpy(logits).softmax(dim=1).topk(k)
    return found.indices, found.values


def pad(texts):
    tensors = [torch.tensor(text) for text in texts]
    ids = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)
    return ids, ids > 0


def pad_lists(texts):
    T = max(len(text) for text in texts)
    ids = [text + [0] * (T - len(text)) for text in texts]
    return ids, [[1] * len(text) + [0] * (T - len(text)) for text in texts]


def ece(confidence, right, bins):
    edges, total = np.linspace(0, 1, bins + 1), 0
    edges[-1] = 2
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            total += inside.mean() * abs((confidence - right)[inside].mean())
    return total


def closed_on_the_right(confidence, right, bins):
    which = np.ceil(confidence * bins) - 1
    sums = [abs((confidence - right)[which == b].sum()) for b in range(bins)]
    return sum(sums) / len(right)


RIGHT = [
    ("hide", hide),
    ("hide", hide_in_torch),
    ("masked_loss", torch_loss),
    ("masked_loss", ignored),
    ("cut_word", with_tokenizers),
    ("cut_word", recursive),
    ("cut_word", lambda *a: np.array(with_tokenizers(*a))),
    ("top_answers", torch_top),
    ("pad_batch", pad),
    ("pad_batch", pad_lists),
    ("calibration_error", ece),
    ("calibration_error", closed_on_the_right),
]
CHECKS = sorted({check for check, _ in RIGHT})


@pytest.mark.parametrize(("check", "function"), RIGHT)
def test_a_right_answer_passes(says, check, function):
    found, line = says(getattr(checks.bert, check), function)
    assert found is True and line.startswith("Right in all ")


@pytest.mark.parametrize("check", CHECKS)
def test_a_stub_is_not_yet(says, check, stub):
    found, line = says(getattr(checks.bert, check), stub)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("check", CHECKS)
def test_nonsense_is_told(says, check, nonsense):
    answer, remark = nonsense
    found, line = says(getattr(checks.bert, check), answer)
    assert found is False and remark in line


def always_mask(ids, chance, what, random):
    chosen = (chance < 0.15) & (ids > 4)
    return np.where(chosen, 4, ids), chosen


def all_places(logits, targets, chosen):
    return torch_loss(logits, targets, np.ones_like(chosen))


def overflows(logits, targets, chosen):
    p = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return -np.log(np.take_along_axis(p, targets[..., None], 2)[..., 0][chosen]).mean()


def wrong_axis(logits, targets, chosen):
    scores = torch.from_numpy(logits)[torch.from_numpy(chosen)]
    return F.nll_loss(scores.log_softmax(dim=0), torch.from_numpy(targets[chosen]))


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
        ("hide", lambda *a: hide(*a)[0], "the new ids alone"),
        ("masked_loss", all_places, "all places are counted"),
        ("masked_loss", lambda *a: torch_loss(*a) / np.log(2), "this is in bits"),
        ("masked_loss", lambda *a: -torch_loss(*a), "the sign is missing"),
        ("masked_loss", overflows, "Subtract each row's largest score"),
        ("masked_loss", wrong_axis, "the softmax is over the chosen places"),
        ("cut_word", lambda w, p: list(w), "expected graph, got g r a p h"),
        ("cut_word", lambda w, p: w, "a str, expected a list of text"),
        ("cut_word", lambda w, p: [1, 2], "a list with an int in it, expected a list of text"),
        ("cut_word", lambda w, p: [], "expected graph, got no piece at all"),
        ("cut_word", bert_pieces._cut_back, "The rule does not go back"),
        ("cut_word", bert_pieces._cut_right, "Begin at its start"),
        ("top_answers", least, "least probable"),
        ("pad_batch", left, "the padding is in front"),
        ("pad_batch", lambda t: (pad(t)[0], ~pad(t)[1]), "the wrong way round"),
        ("pad_batch", lambda t: t, "a list whose parts differ in length"),
        ("calibration_error", lambda c, r, b: np.abs(c - r).mean(), "each answer's own gap"),
        ("calibration_error", lambda c, r, b: abs((c - r).mean()), "one gap for all answers"),
        ("calibration_error", bert_answers._equal_mass, "as many answers as the next"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks.bert, check), mistake)
    assert found is False and remark in line


EXERCISES = {
    "hide": bert.HIDE,
    "masked_loss": bert.LOSS,
    "cut_word": bert.CUT,
    "top_answers": bert.TOP,
    "pad_batch": bert.PADDED,
    "calibration_error": bert.CALIBRATION,
}


@pytest.mark.parametrize(
    ("check", "neighbour"),
    [
        ("hide", lambda i, c, w, r: hide(i, c, w, np.where(w > 0.95, r, i))),
        ("hide", lambda i, c, w, r: hide(i, c, w, np.flip(r))),
        ("masked_loss", lambda z, y, at: np.median(bert_hiding._nats(z, y)[at])),
        ("masked_loss", lambda z, y, at: bert_hiding._nats(z, y)[at].sum() / (at.sum() + 1)),
        ("masked_loss", lambda z, y, at: bert_hiding._nats(z / 2, y)[at].mean()),
        ("cut_word", lambda w, p: [w] if w in p else ["[UNK]"]),
        ("cut_word", lambda w, p: with_tokenizers(w, {piece.replace("##", "") for piece in p})),
        ("top_answers", lambda z, k: (torch_top(z, k)[0] + 1, torch_top(z, k)[1])),
        ("top_answers", lambda z, k: torch_top(2 * z, k)),
        ("top_answers", lambda z, k: torch_top(z[:, ::-1].copy(), k)),
        ("pad_batch", lambda t: pad([[3, *text[1:]] for text in t])),
        ("pad_batch", lambda t: tuple(part.T for part in pad(t)) if len(t) < 2 else pad(t[::-1])),
        ("calibration_error", lambda c, r, b: ece(c, r, b + 1)),
        ("calibration_error", lambda c, r, b: ece(c, r, 1)),
        ("calibration_error", lambda c, r, b: ece(1 - c, r, b)),
    ],
)
def test_a_neighbour_is_wrong(says, check, neighbour):
    found, line = says(getattr(checks.bert, check), neighbour)
    assert found is False
    if check != "calibration_error":  # with one bin, it is the listed mistake
        for mistake in EXERCISES[check].mistakes:
            assert not isinstance(mistake.remark, str) or mistake.remark not in line


def test_where_two_results_differ_is_said_in_the_terms_of_the_exercise(says):
    def off(ids, chance, what, random):
        ids, chosen = hide(ids, chance, what, random)
        return ids + (np.arange(ids.shape[1]) == 3), chosen

    assert "the ids, row 0, place 3: expected" in says(checks.bert.hide, off)[1]
    found = says(checks.bert.top_answers, lambda z, k: (torch_top(z, k)[0], torch_top(z, k)[1] / 2))
    assert "the probabilities, row 0, answer 0: expected" in found[1]


def test_the_listed_cuts_are_those_of_tokenizers():
    for word, pieces, cut in bert_pieces._LISTED:
        assert with_tokenizers(word, set(pieces.split())) == cut
        assert bert_pieces._cut(word, set(pieces.split())) == cut


def test_the_planted_bug_is_one_line(says):
    assert says(checks.bert.planted_bug, ...)[0] is None
    found = {letter: says(checks.bert.planted_bug, letter)[0] for letter in "abcd"}
    assert [letter for letter, right in found.items() if right] == ["b"]


def test_a_prediction_is_judged_by_what_was_measured(says):
    confidence, right = np.array([0.2, 0.4]), np.array([False, True])
    for percent, expected in ((..., None), (28, True), (30, True), (40, False), ("much", False)):
        found, line = says(checks.bert.mean_confidence, percent, confidence, right)
        assert found is expected
        if isinstance(percent, int):
            assert "50.0 % are right" in line
