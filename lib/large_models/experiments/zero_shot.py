"""Labels from a model that was never shown one: ask it to fill in the label's name.

A text gets a gap beside it ("... this is in [MASK] ."), and the label whose name fits the gap best
wins. Names that fit everywhere win too often; `calibrate` takes off how well each fits on average.
Source: Schick and Schuetze 2021 (cloze questions); Zhao et al. 2021 (calibration; they average over
a text without content, this over texts without labels). Chapter: 2_concepts.
"""

from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from large_models.data import masking
from large_models.data.tokenizer import Tokens
from large_models.experiments.finetune import Labelled
from large_models.models.bert import BertForMaskedLM

GAP = "[MASK]"
# Each the best of several on the validation side, which has labels: not entirely without them.
PROMPTS = {"packages": "{text} this is in [MASK] .", "sections": "[MASK] {text}"}
BATCH = 100


@torch.no_grad()
def fit_of_names(
    model: BertForMaskedLM, tokens: Tokens, data: Labelled, prompt: str
) -> NDArray[np.float64]:
    """How well each label's name fits beside each text: log-probabilities (N, K).

    A name of several pieces ("scikit-learn") is known by its first.

    Args:
        prompt: has "{text}" once and "[MASK]" once; a long text is cut at its end to make room.

    Raises:
        ValueError: for another prompt, or two names with one first piece.
    """
    before, _, after = prompt.partition("{text}")
    if prompt.count("{text}") != 1 or prompt.count(GAP) != 1:
        raise ValueError(f"prompt: expected one {{text}} and one {GAP} in it, got {prompt!r}")
    pieces = cast(Any, tokens).encode
    names = [pieces(name, add_special_tokens=False).ids[0] for name in data.names]
    if len(set(names)) < len(names):
        raise ValueError(f"names: expected different first pieces, got {data.names}")
    before, after = (pieces(side, add_special_tokens=False).ids for side in (before, after))
    room = model.config.max_position_embeddings - 2 - len(before) - len(after)
    texts = [np.array([t[0], *before, *t[1:-1][:room], *after, t[-1]]) for t in data.texts]
    found = []
    for start in range(0, len(texts), BATCH):
        ids = torch.from_numpy(masking.pad(texts[start : start + BATCH]))
        gap = ids == tokens.token_to_id(GAP)
        found.append(model(ids, ids != masking.PAD)[gap].log_softmax(dim=-1)[:, names])
    return torch.cat(found).double().numpy()


def calibrate(
    scores: NDArray[np.float64], without_labels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Scores (N, K), less what each label has on average over texts without labels (M, K)."""
    return scores - without_labels.mean(axis=0)
