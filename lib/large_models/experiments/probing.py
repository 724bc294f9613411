r"""Probing: is a property of a token written in its hidden state, where a line can read it?

    probe(x) = [x W + b > 0]      the least squares fit to -1 and 1, with a little weight decay

The property here: does the token stand inside parentheses? Whether it does is not to be seen from
the token itself. A probe that is right may also just have learned its task from the tokens. The
control task measures that: each kind of token gets a random label, once and for all, which no
network can know. What a probe does better at the property than at the control is its selectivity.
Source: Hewitt and Liang 2019. Chapter: 5_2_3_explanation.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from large_models.data import docstrings, masking
from large_models.data.tokenizer import Tokens
from large_models.models.bert import BertForMaskedLM

Array = NDArray[np.floating]
BATCH = 64  # sentences


@dataclass(frozen=True)
class Probed:
    """Texts, and which of their tokens are asked about: as many inside parentheses as outside."""

    texts: tuple[NDArray[np.int64], ...]
    places: NDArray[np.int64]  # (N, 2): text, token
    ids: NDArray[np.int64]  # (N,): of these tokens
    inside: NDArray[np.bool_]  # (N,)


def inside(ids: NDArray[np.int64], opening: int, closing: int) -> NDArray[np.bool_]:
    """True for the tokens between parentheses, which are no parentheses themselves: (T,)."""
    ids = np.asarray(ids)
    depth = np.cumsum(ids == opening) - np.cumsum(ids == closing)
    return (depth > 0) & (ids != opening)


def load(split: str, tokens: Tokens, number: int, seed: int = 0) -> Probed:
    """So many sentences of 8 to 40 tokens with parentheses, drawn once."""
    corpus, texts, marked = docstrings.load(split), [], []
    opening, closing = (int(tokens.token_to_id(sign) or 0) for sign in "()")
    rng = np.random.default_rng(seed)
    for row in rng.permutation(len(corpus)):
        if not {"(", ")"} <= set(corpus.sentences[row]):
            continue
        ids = np.array(tokens.encode(corpus.sentences[row]).ids)
        within = inside(ids, opening, closing)
        if 8 <= len(ids) <= 40 and within.any():
            texts.append(ids)
            marked.append(within)
        if len(texts) == number:
            break
    places = np.array([(i, t) for i, ids in enumerate(texts) for t in range(1, len(ids) - 1)])
    ids = np.array([texts[i][t] for i, t in places])
    within = np.array([marked[i][t] for i, t in places])
    asked = ~np.isin(ids, [opening, closing])
    sides = [np.flatnonzero(asked & (within == side)) for side in (True, False)]
    fewest = min(map(len, sides))
    rows = np.concatenate([rng.permutation(side)[:fewest] for side in sides])
    return Probed(tuple(texts), places[rows], ids[rows], within[rows])


@torch.no_grad()
def states(model: BertForMaskedLM, data: Probed) -> Array:
    """What the model has for each token asked about, at each layer: (layers + 1, N, C)."""
    whole = []
    for start in range(0, len(data.texts), BATCH):
        ids = torch.from_numpy(masking.pad(list(data.texts[start : start + BATCH])))
        found = model.bert.hidden_states(ids, ids != masking.PAD)  # (layers + 1, B, T, C)
        here = data.places[(data.places[:, 0] >= start) & (data.places[:, 0] < start + BATCH)]
        whole.append(found[:, here[:, 0] - start, here[:, 1]].numpy())
    # The places lie in another order: first by their text, then back.
    order = np.argsort(data.places[:, 0] // BATCH, kind="stable")
    joined = np.concatenate(whole, axis=1)
    out = np.empty_like(joined)
    out[:, order] = joined
    return out


def random_labels(data: Probed, seed: int = 0) -> NDArray[np.bool_]:
    """The control: a random label for each kind of token, the same wherever it stands: (N,)."""
    return np.random.default_rng(seed).random(1 + max(2**16, data.ids.max()))[data.ids] < 0.5


def probe(x: Array, labels: NDArray[np.bool_], new: Array, decay: float = 1.0) -> NDArray[np.bool_]:
    """Learn from x (N, C) with labels (N,); the answers for `new` (M, C): (M,).

    Raises:
        ValueError: if the shapes do not fit each other.
    """
    if x.ndim != 2 or new.shape[1:] != x.shape[1:] or labels.shape != x.shape[:1]:
        raise ValueError(
            f"expected x (N, C), labels (N,), new (M, C), got {x.shape}, {labels.shape}, "
            f"{new.shape}"
        )
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    with_one = [np.c_[(side - mean) / spread, np.ones(len(side))] for side in (x, new)]
    known, asked = (side.astype(np.float64) for side in with_one)
    normal = known.T @ known + decay * np.eye(known.shape[1])
    return asked @ np.linalg.solve(normal, known.T @ (2.0 * labels - 1)) > 0


def accuracies(
    model: BertForMaskedLM, train: Probed, test: Probed, draws: int = 5
) -> tuple[Array, Array]:
    """Right answers by layer, for the property and for the control.

    Args:
        draws: of the control's random labels.

    Returns:
        (layers + 1,) for the property, and (layers + 1, draws) for the control.
    """
    known, asked = states(model, train), states(model, test)

    def right(labels: NDArray[np.bool_], answers: NDArray[np.bool_]) -> list[float]:
        pairs = zip(known, asked, strict=True)
        return [float((probe(x, labels, z) == answers).mean()) for x, z in pairs]

    control = [right(random_labels(train, d), random_labels(test, d)) for d in range(draws)]
    return np.array(right(train.inside, test.inside)), np.array(control).T
