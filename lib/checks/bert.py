"""Checks for the exercises of chapters 4_1_train_bert and 4_2_infer_bert: hiding tokens, the masked
loss, WordPiece; answers, padding, calibration.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that equals a usual mistake's is told which one.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from lib.checks.calls import Remark, kind, report
from lib.checks.cases import Case, Mistakes, make_case, try_cases
from lib.data.masking import MASK, PAD, SPECIAL


def hide(function: Callable) -> bool | None:
    """Check `function(ids, chance, what, random)`: BERT's masking, all arrays (B, T).

    It should return the new ids and where tokens were chosen, both (B, T).
    """
    return report(lambda answer: try_cases(answer, list(_hide_cases())), function)


def masked_loss(function: Callable) -> bool | None:
    """Check `function(logits, targets, chosen)`: mean cross-entropy over the chosen places.

    logits (B, T, V), targets and chosen (B, T). It should return a number, in nats.
    """
    return report(lambda answer: try_cases(answer, list(_loss_cases())), function)


def cut_word(function: Callable) -> bool | None:
    """Check `function(word, pieces)`: a word cut into the longest pieces first, a list of text."""
    return report(lambda answer: try_cases(answer, list(_cut_cases())), function)


def top_answers(function: Callable) -> bool | None:
    """Check `function(logits, k)`: logits (N, V).

    It should return the k most probable tokens of each row, the best first, and their
    probabilities, both (N, k).
    """
    return report(lambda answer: try_cases(answer, list(_top_cases())), function)


def pad_batch(function: Callable) -> bool | None:
    """Check `function(texts)`: lists of ids, of different lengths.

    It should return ids, filled up with 0 at the end, and a mask, true where there is a token,
    both (B, T).
    """
    return report(lambda answer: try_cases(answer, list(_pad_cases())), function)


def calibration_error(function: Callable) -> bool | None:
    """Check `function(confidence, right, bins)`: both (N,).

    It should return the expected calibration error over equally wide bins of the confidence.
    """
    return report(lambda answer: try_cases(answer, list(_calibration_cases())), function)


# --- hiding -------------------------------------------------------------------------------------


def _hide_cases() -> Iterable[Case]:
    for B, T in [(1, 6), (2, 9), (4, 40)]:
        rng = np.random.default_rng(T)
        ids = rng.integers(0, 60, (B, T))
        ids[:, 0], ids[:, -1] = 2, 3
        chance, what = rng.random((B, T)) * 0.4, rng.random((B, T))
        chance[:, 0] = 0.01  # a special token that must stay
        ids[0, 1:4], chance[0, 1:4], what[0, 1:4] = 30, 0.1, [0.5, 0.85, 0.95]
        random = rng.integers(5, 60, (B, T))
        yield make_case(
            f"ids {B} x {T}",
            (ids.copy(), chance.copy(), what.copy(), random.copy()),
            np.stack(_hide(ids, chance, what, random)),
            _hide_mistakes(ids, chance, what, random),
            f"Return two arrays of shape {ids.shape}: the new ids, and where tokens were chosen.",
        )


def _hide(ids, chance, what, random, mask=MASK, special=SPECIAL, share=0.15, cuts=(0.8, 0.9)):
    at = (chance < share) & (ids >= special)
    replaced = np.where(what < cuts[0], mask, np.where(what >= cuts[1], random, ids))
    return np.where(at, replaced, ids), at


def _hide_mistakes(ids, chance, what, random) -> Mistakes:
    right, at = _hide(ids, chance, what, random)
    yield (
        np.stack(_hide(ids, chance, what, random, special=0)),
        "special tokens are hidden too. Those below 5 must stay.",
    )
    yield (
        np.stack(_hide(ids, chance, what, random, cuts=(1, 1))),
        "every chosen token becomes [MASK]. Only 80 % do: where what is below 0.8.",
    )
    yield (
        np.stack(_hide(ids, chance, what, random, cuts=(0.8, 0.8))),
        "no chosen token stays. Where what is from 0.8 to 0.9, it does.",
    )
    swapped = np.where((what >= 0.8) & (what < 0.9), random, np.where(what < 0.8, MASK, ids))
    yield (
        np.stack([np.where(at, swapped, ids), at]),
        "the last two cases are swapped: from 0.8 to 0.9 a token stays, from 0.9 on it is another.",
    )
    everywhere = np.where(what < 0.8, MASK, np.where(what >= 0.9, random, ids))
    yield (
        np.stack([everywhere, at]),
        "tokens that were not chosen are changed too. Outside of the chosen places ids stay.",
    )
    yield (
        np.stack([right, right != ids]),
        "the second result says where a token was changed. Chosen ones that stayed belong to it.",
    )
    yield np.stack([right, ~at]), "the second result is the wrong way round: True is chosen."
    yield np.stack([at, right]), "the two results are swapped: first the ids, then the choice."


# --- the loss -----------------------------------------------------------------------------------


def _loss_cases() -> Iterable[Case]:
    for B, T, V in [(1, 2, 3), (2, 4, 5), (3, 6, 7)]:
        rng = np.random.default_rng(V)
        logits = rng.normal(0, 3, (B, T, V)).round(1)
        if V == 7:
            logits += 1000  # large scores
        targets, chosen = rng.integers(0, V, (B, T)), rng.random((B, T)) < 0.5
        chosen[0, 0], chosen[-1, -1] = True, False
        nats = _nats(logits, targets)
        yield make_case(
            f"logits {B} x {T} x {V}",
            (logits.copy(), targets.copy(), chosen.copy()),
            nats[chosen].mean(),
            _loss_mistakes(logits, targets, chosen, nats),
            "The result should be a number.",
            not_finite="Take each row's largest score off before np.exp, or it overflows.",
        )


def _nats(logits, targets):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(logs, targets[..., None], axis=-1)[..., 0]


def _loss_mistakes(logits, targets, chosen, nats) -> Mistakes:
    loss = nats[chosen].mean()
    yield nats.mean(), "all places are counted. Only the chosen ones are asked for."
    yield nats[~chosen].mean(), "the choice is the wrong way round: True was hidden."
    yield nats[chosen].sum(), f"this is the sum. Divide it by the {chosen.sum()} chosen places."
    yield (
        (nats * chosen).mean(),
        f"the sum is divided by all {chosen.size} places. Only {chosen.sum()} were chosen.",
    )
    yield -loss, "the sign is missing: the loss is minus the mean of the logs."
    yield loss / np.log(2), "this is in bits. Nats are wanted: the natural logarithm."
    picked = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    yield -picked[chosen].mean(), "the scores go in as they are. Take the log of their softmax."
    p = np.exp(-nats)
    yield p[chosen].mean(), "this is the mean probability. The loss is minus the mean log of it."
    yield -np.log(p[chosen].mean()), "the log of the mean is taken, not the mean of the logs."


# --- WordPiece ----------------------------------------------------------------------------------

_PIECES = "a b c n un eat able graph ##s ##a ##b ##able ##ab ##graph ##eat ##e ##n un##"
_LISTED = {
    "graph": ["graph"],
    "graphs": ["graph", "##s"],
    "uneatable": ["un", "##eat", "##able"],
    "able": ["able"],
    "nab": ["n", "##ab"],
    "xs": ["[UNK]"],
    "graphx": ["[UNK]"],
}


def _cut_cases() -> Iterable[Case]:
    pieces = set(_PIECES.split())
    numbers = {piece: i for i, piece in enumerate([*sorted(pieces), "[UNK]"])}

    def read(value: Any, what: str, not_finite: str) -> np.ndarray:
        if not isinstance(value, list | tuple) or not all(isinstance(p, str) for p in value):
            raise Remark(f"{what} {kind(value)}, expected a list of text.")
        for piece in value:
            if piece not in numbers:
                raise Remark(f"{what} {list(value)}: {piece!r} is not among the pieces.")
        return np.array([float(numbers[piece]) for piece in value])

    for word, right in _LISTED.items():

        def as_numbers(found: list[str]) -> np.ndarray:
            return np.array([float(numbers[piece]) for piece in found])

        wrong = {
            tuple(_cut(word, pieces, shortest=True)): "the shortest pieces are taken. Try the "
            "longest first.",
            tuple(_cut(word, pieces, keep=True)): "if a part does not fit, the whole word is "
            "[UNK], not only the rest.",
        }
        mistakes = [(as_numbers(list(cut)), remark) for cut, remark in wrong.items()]
        mistakes.append((np.zeros(0), "the list is empty."))
        yield make_case(
            f"cut_word({word!r})",
            (word, set(pieces)),
            as_numbers(right),
            mistakes,
            f"Expected {right}.",
            read=read,
        )


def _cut(word: str, pieces: set[str], shortest: bool = False, keep: bool = False) -> list[str]:
    found, start = [], 0
    while start < len(word):
        ends = list(range(len(word), start, -1))
        mark = "##" if start else ""
        fits = [e for e in (ends[::-1] if shortest else ends) if mark + word[start:e] in pieces]
        if not fits:
            return [*found, "[UNK]"] if keep else ["[UNK]"]
        found.append(mark + word[start : fits[0]])
        start = fits[0]
    return found


# --- answers ------------------------------------------------------------------------------------


def _top_cases() -> Iterable[Case]:
    for N, V, k in [(1, 4, 2), (2, 6, 3), (3, 9, 5)]:
        logits = np.random.default_rng(V).normal(0, 2, (N, V)).round(2) + (900 if N == 3 else 0)
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        order = np.argsort(-logits, axis=1)[:, :k]

        def both(ids, p=p):
            return np.stack([ids, np.take_along_axis(p, ids, axis=1)])

        kept = np.take_along_axis(p, order, axis=1)
        raw = np.take_along_axis(logits, order, axis=1)
        mistakes = [
            (both(np.argsort(logits, axis=1)[:, :k]), "these are the least probable tokens."),
            (both(order[:, ::-1]), "the order is the wrong way round: the best first."),
            (np.stack([order, raw]), "the second result has scores. Put them through a softmax."),
            (
                np.stack([order, kept / kept.sum(axis=1, keepdims=True)]),
                "the softmax is over the k answers only. It is over all V tokens.",
            ),
            (
                np.stack([order, np.exp(logits - logits.max())[np.arange(N)[:, None], order]]),
                "the powers are not divided by their sum over the row.",
            ),
            (both(order)[::-1], "the two results are swapped: first the tokens."),
        ]
        yield make_case(
            f"logits {N} x {V}, k = {k}",
            (logits.copy(), k),
            both(order),
            mistakes,
            f"Return two arrays of shape {(N, k)}: tokens, and probabilities.",
            not_finite="Take each row's largest score off before np.exp, or it overflows.",
        )


# --- padding ------------------------------------------------------------------------------------


def _pad_cases() -> Iterable[Case]:
    for texts in ([[2, 7, 3]], [[2, 9, 8, 3], [2, 3]], [[2, 6, 3], [2, 5, 5, 7, 3], [2, 8, 9, 3]]):
        B, T = len(texts), max(map(len, texts))
        ids = np.full((B, T), PAD)
        left = ids.copy()
        for row, text in enumerate(texts):
            ids[row, : len(text)], left[row, T - len(text) :] = text, text
        mask = ids != PAD
        shortest = min(map(len, texts))
        mistakes = [
            (np.stack([left, left != PAD]), "the padding is in front. It belongs at the end."),
            (np.stack([ids, ~mask]), "the mask is the wrong way round: True is a token."),
            (np.stack([ids, np.ones_like(mask)]), "the mask is true in the padding too."),
            (
                np.stack([ids[:, :shortest], mask[:, :shortest]]),
                "the longer texts are cut. Fill the shorter ones up.",
            ),
            (np.stack([mask, ids]), "the two results are swapped: first the ids."),
        ]
        yield make_case(
            f"texts of {', '.join(str(len(text)) for text in texts)}",
            ([list(text) for text in texts],),
            np.stack([ids, mask]),
            mistakes,
            f"Return two arrays of shape {(B, T)}: ids, and a mask.",
        )


# --- calibration --------------------------------------------------------------------------------


def _calibration_cases() -> Iterable[Case]:
    for N, bins in [(4, 2), (30, 5), (200, 10)]:
        rng = np.random.default_rng(N)
        confidence = rng.uniform(0.01, 0.99, N).round(3) + 0.0005
        right = rng.random(N) < confidence**2
        which = np.minimum((confidence * bins).astype(int), bins - 1)
        count = np.bincount(which, minlength=bins)
        sums = np.bincount(which, confidence - right, bins)
        there = count > 0
        gaps = np.abs(sums[there] / count[there])
        mistakes = [
            (gaps.mean(), "all bins count alike. Weight each by its share of the answers."),
            (
                abs((confidence - right).mean()),
                "this is one gap for all answers, in which those of the bins cancel. Take the "
                "absolute value of each bin's gap.",
            ),
            (
                np.abs(confidence - right).mean(),
                "each answer's own gap is taken. Take means within a bin first.",
            ),
            (
                (count[there] / N * (sums[there] / count[there]) ** 2).sum(),
                "the gaps are squared. Their absolute values are wanted.",
            ),
            (np.abs(sums).sum(), f"this is the sum. Divide by the {N} answers."),
        ]
        yield make_case(
            f"{N} answers, {bins} bins",
            (confidence.copy(), right.copy(), bins),
            np.abs(sums).sum() / N,
            mistakes,
            "The result should be a number.",
            not_finite="A bin may be empty: leave it out.",
        )
