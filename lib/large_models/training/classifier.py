"""How the book's small classifiers of pictures and sounds are trained: AdamW under a one-cycle
schedule, and cross-entropy."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from large_models.training.loop import Batch, Batches, fit


def cross_entropy(model: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy of a batch (inputs (B, ...), labels (B,)): a scalar."""
    return F.cross_entropy(model(batch[0]), batch[1])


def fit_classifier(
    model: nn.Module,
    batches: Batches,
    *,
    rate: float,
    weight_decay: float,
    steps: int,
    seed: int,
    loss: Callable[[nn.Module, Batch], Tensor] = cross_entropy,
) -> None:
    """Train a model in place; the order of the data comes from `seed`.

    Args:
        model: gives scores (B, K).
        batches: as `fit`'s.
        rate: the highest learning rate, reached after three tenths of the steps.
        weight_decay: of AdamW.
        steps: how many batches to learn from.
        seed: of the data's randomness.
        loss: as `fit`'s.
    """
    optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    chance = torch.Generator().manual_seed(seed)
    every = max(1, steps // 10)
    fit(
        model, batches, loss, optimizer, steps=steps, generator=chance, scheduler=schedule,
        evaluate_every=every, description=f"seed {seed}",
    )  # fmt: skip
