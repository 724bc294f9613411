"""Ways to make a network smaller: fewer bits, zeros, a small student, LoRA beside the head alone.

`experiments.compression` runs and judges them. Chapter: 5_2_2_compression.
Sources: Han et al. 2015; Hinton et al. 2015; Hu et al. 2021.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from large_models.data import masking
from large_models.experiments import finetune
from large_models.experiments.finetune import Labelled
from large_models.formulas import compression
from large_models.models import lora
from large_models.models.bert import BertConfig, BertForSequenceClassification
from large_models.models.cnn import num_parameters
from large_models.training.loop import fit

RETRAIN_STEPS, RETRAIN_RATE = 300, 2e-3
LORA_RATE = 5e-3
STUDENT = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
STUDENT |= {"intermediate_size": 128}
STUDENT_STEPS, STUDENT_RATE = 3000, 3e-3
TEMPERATURE = 2.0


def matrices(model: nn.Module) -> dict[str, nn.Parameter]:
    """What is compressed: everything with rows. Biases and norms are few, and stay."""
    return {name: p for name, p in model.named_parameters() if p.ndim > 1}


def changed(model: nn.Module, function: Callable[[NDArray], NDArray]) -> nn.Module:
    """A copy whose matrices are what `function` makes of them, each as a NumPy array."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        for weight in matrices(other).values():
            weight.copy_(torch.from_numpy(function(weight.cpu().numpy())))
    return other


def stored_bits(model: nn.Module, bits: int = compression.PLAIN, per: str = "row") -> int:
    """Bits of a model: its matrices' `formulas.compression.stored_bits`, and the rest plain."""
    large = matrices(model)
    plain = sum(p.numel() for name, p in model.named_parameters() if name not in large)
    return plain * compression.PLAIN + sum(
        compression.stored_bits(p.detach().cpu().numpy(), bits, per) for p in large.values()
    )


def zeros(model: nn.Module) -> float:
    """Share of the matrices' numbers that are 0."""
    large = matrices(model).values()
    return sum(int((p == 0).sum()) for p in large) / sum(p.numel() for p in large)


class Kept(nn.Module):
    """A matrix of which some places stay 0, whatever is learned at the others."""

    def __init__(self, where: Tensor) -> None:
        super().__init__()
        self.where: Tensor
        self.register_buffer("where", where)

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.where


def train(
    model: nn.Module,
    batches: Callable,
    steps: int,
    rate: float,
    seed: int = 0,
    loss: Callable = finetune.loss,
) -> None:
    """Train in place whatever of the model may learn: AdamW, one cycle, as in `finetune`."""
    learned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learned, rate, weight_decay=finetune.WEIGHT_DECAY)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, steps, pct_start=max(0.1, 2 / steps), cycle_momentum=False
    )
    fit(
        model,
        batches,
        loss,
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        scheduler=scheduler,
        clip_norm=finetune.CLIP_NORM,
        progress_bar=False,
    )


def pruned(model: nn.Module, share: float) -> nn.Module:
    """A copy without the smallest weights of each matrix."""
    return changed(model, lambda weight: compression.prune(weight, share))


def retrained(
    model: nn.Module,
    share: float,
    data: Labelled,
    steps: int = RETRAIN_STEPS,
    rate: float = RETRAIN_RATE,
    seed: int = 0,
) -> nn.Module:
    """A pruned copy that learns on; what is 0 stays 0."""
    other = pruned(model, share)
    for name, weight in matrices(other).items():
        owner, _, leaf = name.rpartition(".")
        where = weight.detach() != 0 if share else torch.ones_like(weight, dtype=torch.bool)
        parametrize.register_parametrization(other.get_submodule(owner), leaf, Kept(where))
    train(other, finetune.batches(data), steps, rate, seed)
    lora.merge(other)
    return other


def with_lora(
    model: BertForSequenceClassification, rank: int, data: Labelled, steps: int, seed: int = 0
) -> tuple[int, dict[str, Tensor]]:
    """Train a product beside each matrix of the blocks, and the head; merge them into the model.

    Returns:
        how many numbers were trained; the products and the head by name.
    """
    lora.add(model, rank, lambda name: ".encoder." in name)
    for part in (model.pooler, model.classifier):
        part.requires_grad_(True)
    count = num_parameters(model)
    train(model, finetune.batches(data), steps, LORA_RATE, seed)
    kept = {name: tensor.detach().clone() for name, tensor in lora.state(model).items()}
    kept |= {n: p.detach().clone() for n, p in model.named_parameters() if n in head_of(model)}
    lora.merge(model)
    return count, kept


def student(names: tuple[str, ...], vocab_size: int, seed: int) -> BertForSequenceClassification:
    """A small BERT with random weights."""
    torch.manual_seed(seed)
    sizes: dict[str, Any] = STUDENT
    config = BertConfig(vocab_size, dropout=0.0, max_position_embeddings=64, **sizes)
    return BertForSequenceClassification(config, names)


def distil(
    model: nn.Module,
    data: Labelled,
    scores: NDArray[np.float32] | None,
    steps: int = STUDENT_STEPS,
    seed: int = 0,
) -> None:
    """Train a student in place, on the labels, and on a teacher's scores (N, K) if they are given.

    The loss is then half that of the labels and half T^2 KL(teacher_T || student_T), both
    softened by the temperature T (Hinton et al. 2015, section 2).
    """

    def batches(generator: torch.Generator) -> Iterable[tuple[Tensor, ...]]:
        rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=generator)))
        sizes = np.array([len(text) for text in data.texts])
        for rows in masking.groups(sizes, rng, finetune.BUDGET):
            ids = torch.from_numpy(masking.pad([data.texts[i] for i in rows]))
            batch = (ids, ids != masking.PAD, torch.from_numpy(data.labels[rows]))
            yield batch if scores is None else (*batch, torch.from_numpy(scores[rows]))

    def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        found = model(batch[0], batch[1])
        hard = F.cross_entropy(found, batch[2])
        return hard if scores is None else 0.5 * (hard + soft_loss(found, batch[3]))

    train(model, batches, steps, STUDENT_RATE, seed, loss)


def soft_loss(found: Tensor, teacher: Tensor, temperature: float = TEMPERATURE) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(found / T)), mean over the texts: (N, K) each."""
    target = (teacher / temperature).log_softmax(dim=-1)
    answer = (found / temperature).log_softmax(dim=-1)
    return temperature**2 * F.kl_div(answer, target, reduction="batchmean", log_target=True)


def teach(model: BertForSequenceClassification, data: Labelled) -> NDArray[np.float32]:
    """A teacher's scores for each text, up to what all labels of a text share: (N, K)."""
    return np.log(finetune.predict(model, data) + 1e-12).astype(np.float32)


def head_of(model: nn.Module) -> list[str]:
    """The names of what stands on the body."""
    return [name for name, _ in model.named_parameters() if not name.startswith("bert.")]
