"""Adversarial digits: pictures changed a little, in the direction that hurts most.

    python -m lib.training.adversarial    # weights/robust-digits, about 4 minutes

    one step    x' = x + eps * sign(gradient of the loss by x)
    many steps  x' = x' + step * sign(gradient), put back to within eps of x after each

Every pixel moves by at most eps and stays between paper 0 and ink 1. Sources: Goodfellow, Shlens
and Szegedy, "Explaining and harnessing adversarial examples" (2015), for one step; Madry et al.,
"Towards deep learning models resistant to adversarial attacks" (2018), for many, and for training
on them. The script trains the LeNet of `train_lenet` on attacked pictures. Chapter: 5_2_1_privacy.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lib.models.cnn import LeNet
from lib.training import metrics, train_lenet
from lib.training.checkpoint import write_whole
from lib.training.loop import fit

EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
TRAINED_WITH = 0.1  # eps of the attack in training
EPOCHS = 80


def fgsm(model: nn.Module, x: Tensor, y: Tensor, eps: float) -> Tensor:
    """One step of size `eps` in every pixel, against the right answer.

    Args:
        x: (B, 1, H, W), 0 to 1.
        y: (B,) right labels.

    Returns:
        (B, 1, H, W), within eps of x and 0 to 1.
    """
    return pgd(model, x, y, eps, steps=1, step=eps)


def pgd(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    eps: float,
    steps: int = 10,
    step: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Many smaller steps, each put back to within `eps` of x.

    Args:
        step: of one step; by default so long that the steps could cross the box about one and a
            quarter times.
        generator: with it, the start is drawn from the box; without, it is x.

    Raises:
        ValueError: for a negative eps or fewer than one step.
    """
    if not eps >= 0 or steps < 1:
        raise ValueError(f"expected eps of at least 0 and a step at least, got {eps} and {steps}")
    step = 2.5 * eps / steps if step is None else step
    moved = x if generator is None else x + eps * (2 * torch.rand(x.shape, generator=generator) - 1)
    for _ in range(steps):
        moved = moved.clamp(0, 1).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(F.cross_entropy(model(moved), y, reduction="sum"), moved)
        moved = moved + step * gradient.sign()
        moved = torch.minimum(torch.maximum(moved, x - eps), x + eps).clamp(0, 1)
    return moved.detach()


def random_signs(x: Tensor, eps: float, generator: torch.Generator) -> Tensor:
    """The attack's baseline: every pixel moves by `eps` up or down, by chance."""
    signs = 2 * torch.randint(2, x.shape, generator=generator) - 1
    return (x + eps * signs).clamp(0, 1)


def accuracies(model: nn.Module, x: Tensor, y: Tensor, eps: float) -> dict[str, float]:
    """Share read right after noise, after one step and after ten steps, all of the same size."""
    changed = {
        "noise": random_signs(x, eps, torch.Generator().manual_seed(0)),
        "one step": fgsm(model, x, y, eps),
        "ten steps": pgd(model, x, y, eps),
    }
    return {
        name: metrics.accuracy(metrics.predict(model, pictures).argmax(dim=1), y)
        for name, pictures in changed.items()
    }


def train(
    seed: int, pictures: Tensor, labels: Tensor, epochs: int = EPOCHS, eps: float = TRAINED_WITH
) -> LeNet:
    """A LeNet trained as in `train_lenet`, but every batch is attacked first, in three steps."""
    torch.manual_seed(seed)
    model = LeNet()
    chance = torch.Generator().manual_seed(seed + 1)
    rate = train_lenet.LEARNING_RATE
    optimizer = torch.optim.AdamW(model.parameters(), rate, weight_decay=train_lenet.WEIGHT_DECAY)
    steps = epochs * -(-len(labels) // train_lenet.BATCH)

    def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        x, y = batch
        return F.cross_entropy(model(pgd(model, x, y, eps, steps=3, generator=chance)), y)

    fit(
        model,
        train_lenet.batches(pictures, labels),
        loss,
        optimizer,
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        scheduler=torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps),
        evaluate_every=max(1, steps // 10),
        description=f"seed {seed}",
    )
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("weights/robust-digits"))
    parser.add_argument("--plain", type=Path, default=Path("weights/lenet-digits"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    if arguments.epochs < 1:
        parser.error(f"--epochs: expected at least 1, got {arguments.epochs}")
    torch.set_num_threads(1)
    start = time.process_time()
    model = train(0, *train_lenet.training_part(), arguments.epochs)
    seconds = time.process_time() - start
    model.save_pretrained(arguments.output)
    x, y = train_lenet.held_out()["test"]
    both = {"plain": LeNet.from_pretrained(arguments.plain), "robust": model}
    summary = {
        "command": "python -m lib.training.adversarial",
        "seed": 0,
        "epochs": arguments.epochs,
        "trained_with": TRAINED_WITH,
        "data_sha256": train_lenet.data_hash(),
        "torch": torch.__version__.split("+")[0],
        "cpu_seconds": round(seconds),
        "accuracy": {
            name: {f"{eps:g}": accuracies(network, x, y, eps) for eps in EPSILONS}
            for name, network in both.items()
        },
    }
    write_whole(arguments.output / "metrics.json", json.dumps(summary, indent=2) + "\n")
    for name, table in summary["accuracy"].items():
        for eps, row in table.items():
            print(name, eps, *(f"{k} {v:.4f}" for k, v in row.items()), flush=True)


if __name__ == "__main__":
    main()
