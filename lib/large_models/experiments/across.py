"""Knowledge that crosses: learn on the sentences of one library, be asked about another's.

The task is the section of a docstring that a sentence stands in. Two learners, both a logistic
regression: one on the words, one on what a BERT makes of them, which was never shown a label. The
shipped BERT has read all libraries, the asked one too: what is learned of a label crosses over, not
what was read. Chapter: 5_1_trends.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from large_models.data import docstrings, masking
from large_models.data.tokenizer import Tokens
from large_models.experiments import finetune
from large_models.experiments.finetune import Labelled
from large_models.models.bert import BertForMaskedLM

LIBRARIES = ("numpy", "python", "scikit-learn", "torch")  # learned on, and asked about
SECTIONS = ("summary", "description", "parameters", "returns")  # the others are rare
BATCH = 4096  # tokens


def sentences(
    split: str, packages: Sequence[str], tokens: Tokens, most: int, seed: int = 0
) -> dict[str, Labelled]:
    """So many sentences of each library at most, labelled with their section (one of SECTIONS).

    Raises:
        ValueError: for another split or library.
    """
    data, found = finetune.load("sections", split, tokens), {}
    kept = [data.names.index(name) for name in SECTIONS]
    for package in packages:
        if package not in docstrings.PACKAGES:
            known = ", ".join(docstrings.PACKAGES)
            raise ValueError(f"packages: expected some of {known}, got {package!r}")
        here = docstrings.load(split).packages == docstrings.PACKAGES.index(package)
        rows = np.flatnonzero(here & np.isin(data.labels, kept))
        rows = np.random.default_rng(seed).permutation(rows)[:most]
        labels = np.array([kept.index(label) for label in data.labels[rows]])
        found[package] = Labelled(tuple(data.texts[i] for i in rows), labels, SECTIONS)
    return found


@torch.no_grad()
def means(model: BertForMaskedLM, texts: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
    """The mean over a text's tokens of what comes out of the last block: (N, C)."""
    sizes = np.array([len(text) for text in texts])
    out = np.empty((len(texts), model.config.hidden_size), np.float32)
    for rows in masking.groups(sizes, np.random.default_rng(0), BATCH):
        ids = torch.from_numpy(masking.pad([texts[i] for i in rows]))
        mask = ids != masking.PAD
        x = model.bert.hidden_states(ids, mask)[-1]  # (B, T, C)
        out[rows] = (x * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    return out


def crossed_words(train: dict[str, Labelled], test: dict[str, Labelled]) -> NDArray[np.float64]:
    """As `crossed`, of a learner that is given the words."""
    table = []
    for source in train.values():
        words = TfidfVectorizer(analyzer=cast(Any, list), binary=True)
        x = words.fit_transform(source.texts)
        table.append(
            _asked(x, source, {n: words.transform(d.texts) for n, d in test.items()}, test, 1.0)
        )
    return np.array(table)


def crossed(
    model: BertForMaskedLM, train: dict[str, Labelled], test: dict[str, Labelled]
) -> NDArray[np.float64]:
    """Mean accuracy of the sections, learned on library i and asked about library j: (P, P).

    The learner is given the `means` of a model; rows and columns are in the order of `train`.
    """
    features = {name: means(model, data.texts) for name, data in test.items()}
    return np.array(
        [
            _asked(means(model, source.texts), source, features, test, 0.1)
            for source in train.values()
        ]
    )


def _asked(
    x: Any, source: Labelled, features: dict, test: dict[str, Labelled], C: float
) -> list[float]:
    """What one learner finds in each library."""
    learner = LogisticRegression(C=C, max_iter=1000, class_weight="balanced")
    learner.fit(x, source.labels)
    return [
        finetune.judge(np.asarray(learner.predict(features[n])), test[n])["macro"] for n in test
    ]
