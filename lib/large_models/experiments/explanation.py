"""Explanations put to the test: hide what they point at, and see what the answer loses.

Many digits under the shipped LeNet, many sentences under the shipped BERT. Each method orders the
parts of an input; the parts go in that order, and a method that knows what matters makes the
probability fall soonest. Beside each stand orders that know nothing of the network. Sources: Samek
et al. 2017 (deletion curves); Adebayo et al. 2018 (random weights). Chapter: 5_2_3_explanation.
"""

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from large_models.data import docstrings, masking
from large_models.data.tokenizer import Tokens
from large_models.experiments import finetune
from large_models.formulas import explanation
from large_models.models import explanation as explain
from large_models.models.bert import BertForMaskedLM, BertForSequenceClassification
from large_models.models.bert_files import from_hub
from large_models.models.cnn import LeNet
from large_models.tensors import load_tensors

Array = NDArray[np.floating]

WINDOW, STRIDE = 5, 2  # of occlusion, pixels
STEPS = 16  # of integrated gradients
LAYERS = ("output", "hidden", "conv2", "conv1")  # of LeNet, the last first
ATTENTION = ("attention rollout", "last layer's attention")
BATCH = 50  # sentences at a time


# --- digits -------------------------------------------------------------------------------------


def of_digits(model: LeNet, x: torch.Tensor, target: torch.Tensor) -> dict[str, Array]:
    """Each method's maps for pictures (N, 1, H, W): name to (N, H, W)."""
    found = {
        "saliency": explain.saliency(model, x, target),
        "gradient x input": explain.gradient_times_input(model, x, target),
        "integrated gradients": explain.integrated_gradients(model, x, target, STEPS),
        "occlusion": explain.occlusion(model, x, target, WINDOW, STRIDE),
    }
    return {name: maps[:, 0].numpy() for name, maps in found.items()}


def blind_orders(x: torch.Tensor, seed: int = 0) -> dict[str, Array]:
    """The same form, from what knows nothing of the network: (N, H, W) each."""
    ink = x[:, 0].numpy()
    drawn = np.random.default_rng(seed).random(ink.shape)
    return {"most ink": ink, "random ink": drawn * (ink > 0), "random": drawn}


@torch.no_grad()
def deletion_curves(
    model: LeNet, x: torch.Tensor, maps: Array, counts: Sequence[int], fill: float = 0.0
) -> Array:
    """The probability of each picture's answer without its n strongest pixels: (N, len(counts)).

    Args:
        maps: (N, H, W), how strong each pixel is.
        fill: what takes their place; 0 is paper.
    """
    answers = model(x).argmax(dim=1).tolist()
    found = []
    for picture, strength, answer in zip(x[:, 0].numpy(), maps, answers, strict=True):

        def probability(pictures: Array, answer: int = answer) -> Array:
            given = torch.from_numpy(pictures.astype(np.float32))[:, None]
            return model(given).softmax(dim=1)[:, answer].numpy()

        order = np.argsort(-strength.ravel(), kind="stable")
        found.append(explanation.deletion(probability, picture, order, counts, fill))
    return np.stack(found)


def randomised(model: LeNet, layers: int, seed: int = 0) -> LeNet:
    """A copy whose last so many layers have random weights.

    Raises:
        ValueError: if there are not so many.
    """
    if not 0 <= layers <= len(LAYERS):
        raise ValueError(f"layers: expected 0 to {len(LAYERS)}, got {layers}")
    model = copy.deepcopy(model)
    explain.random_start(model, LAYERS[:layers], seed)
    return model


def agreement(maps: Array, others: Array) -> float:
    """Mean rank correlation of the maps (N, ...) with others."""
    pairs = zip(maps, others, strict=True)
    return float(np.nanmean([explanation.rank_correlation(a, b) for a, b in pairs]))


# --- sentences ----------------------------------------------------------------------------------


def classifier(directory: str | Path, task: str = "packages") -> BertForSequenceClassification:
    """The shipped BERT with its head for a task, in evaluation mode; its weights stay as they are.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if the head does not fit.
    """
    directory = Path(directory)
    model = BertForSequenceClassification.from_pretrained(directory, finetune.TASKS[task])
    path = directory / f"head-{task}.safetensors"
    head = from_hub(load_tensors(path)[0])
    wanted = {name for name in model.state_dict() if not name.startswith("bert.")}
    if set(head) != wanted:
        raise ValueError(f"{path}: expected {sorted(wanted)}, got {sorted(head)}")
    model.load_state_dict(head, strict=False)
    return model.requires_grad_(False).eval()


def sentences(
    model: BertForSequenceClassification,
    tokens: Tokens,
    number: int,
    least: float = 0.5,
    seed: int = 0,
) -> list[tuple[torch.Tensor, int]]:
    """Held-out sentences of 10 to 40 tokens with a likely answer: ids (T,) and that answer.

    Args:
        least: the probability of the answer, at least.
    """
    corpus, found = docstrings.load("test"), []
    for row in np.random.default_rng(seed).permutation(len(corpus)):
        ids = torch.tensor(tokens.encode(corpus.sentences[row]).ids)
        if not 10 <= len(ids) <= 40:
            continue
        with torch.no_grad():
            p = model(ids[None]).softmax(dim=-1)[0]
        if p.max() >= least:
            found.append((ids, int(p.argmax())))
        if len(found) == number:
            break
    return found


def of_sentence(
    model: BertForSequenceClassification, ids: torch.Tensor, answer: int, mask_id: int
) -> dict[str, Array]:
    """Each method's numbers for the tokens between [CLS] and [SEP]: name to (T - 2,)."""
    maps = model.bert.attentions(ids[None])[:, 0].numpy()  # (layers, h, T, T)
    found = {"hide each": explain.hide_each(model, ids, answer, mask_id).numpy()}
    for name in explain.TOKEN_METHODS:
        found[name] = explain.of_tokens(model, ids, answer, mask_id, name, STEPS).numpy()
    found["attention rollout"] = explanation.rollout(maps)[0]
    found["last layer's attention"] = maps[-1].mean(axis=0)[0]
    return {name: numbers[1:-1] for name, numbers in found.items()}


@torch.no_grad()
def hide_in_order(
    model: BertForSequenceClassification,
    ids: torch.Tensor,
    answer: int,
    mask_id: int,
    strength: Array,
    counts: Sequence[int],
) -> Array:
    """The answer's probability with the n strongest tokens replaced by [MASK]: (len(counts),).

    Args:
        strength: (T - 2,), of the tokens between [CLS] and [SEP].
    """

    def probability(texts: Array) -> Array:
        given = torch.from_numpy(texts.astype(np.int64))
        return model(given).softmax(dim=-1)[:, answer].numpy()

    order = 1 + np.argsort(-strength, kind="stable")
    fill = explain.with_gap(ids, mask_id).numpy()
    return explanation.deletion(probability, ids.numpy(), order, counts, fill)


def right_without(
    model: BertForSequenceClassification,
    texts: finetune.Labelled,
    heads: Iterable[tuple[int, int]],
) -> float:
    """The share of texts that is still right when some heads (layer, head) hand over nothing."""
    with explain.without_heads(model, heads):
        return float((finetune.predict(model, texts).argmax(axis=1) == texts.labels).mean())


@torch.no_grad()
def gaps_filled(model: BertForMaskedLM, texts: finetune.Labelled, mask_id: int) -> float:
    """The share of texts in which one hidden token, drawn once, is found."""
    rng, right = np.random.default_rng(0), []
    places = [rng.integers(1, len(ids) - 1) for ids in texts.texts]
    for start in range(0, len(texts), BATCH):
        ids = torch.from_numpy(masking.pad(list(texts.texts[start : start + BATCH])))
        at = torch.zeros_like(ids, dtype=torch.bool)
        at[torch.arange(len(ids)), torch.tensor(places[start : start + BATCH])] = True
        found = model(ids.masked_fill(at, mask_id), ids != masking.PAD, at=at).argmax(dim=-1)
        right += (found == ids[at]).tolist()
    return float(np.mean(right))


def concentration(model: BertForSequenceClassification, texts: Iterable[torch.Tensor]) -> Array:
    """How much of its attention a head gives to one token, on average: (layers, h)."""
    found = [model.bert.attentions(ids[None])[:, 0].amax(dim=-1).mean(dim=-1) for ids in texts]
    return torch.stack(found).mean(dim=0).numpy()
