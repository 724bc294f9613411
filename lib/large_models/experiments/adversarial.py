"""Adversarial digits: pictures changed a little, in the direction that hurts most.

    python -m large_models.experiments.adversarial    # weights/robust-digits, about 4 minutes

    FGSM    x' = x + eps * sign(gradient of the loss with respect to x)
    PGD     x' = x' + step * sign(gradient), put back to within eps of x after each of many steps

Every pixel moves by at most eps and stays between paper 0 and ink 1. Sources: Goodfellow, Shlens
and Szegedy, "Explaining and harnessing adversarial examples" (2015), for the fast gradient sign
method; Madry et al., "Towards deep learning models resistant to adversarial attacks" (2018), for
projected gradient descent, and for training on it. The script trains the LeNet of `train_lenet` on
attacked pictures, and, as the control, on pictures with random changes of the same size.
Chapter: 5_2_1_privacy.
"""

import json

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.experiments import outputs, train_lenet
from large_models.files import WEIGHTS, write_whole
from large_models.models.cnn import LeNet
from large_models.training import metrics
from large_models.training.classifier import fit_classifier

EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
TRAINED_WITH = 0.1  # eps of the attack in training
EPOCHS = 80
SEEDS = 1  # more give the spread
STRONG_STEPS, STRONG_STARTS = 40, 2  # of an attack that training never saw


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


def survives(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    eps: float,
    steps: int = STRONG_STEPS,
    starts: int = STRONG_STARTS,
) -> float:
    """Share still read right after the worst of several long attacks from random starts."""
    right = torch.ones(len(y), dtype=torch.bool)
    for start in range(starts):
        moved = pgd(model, x, y, eps, steps, generator=torch.Generator().manual_seed(start))
        right &= metrics.predict(model, moved).argmax(dim=1) == y
    return right.double().mean().item()


def train(
    seed: int,
    pictures: Tensor,
    labels: Tensor,
    epochs: int = EPOCHS,
    eps: float = TRAINED_WITH,
    attacked: bool = True,
) -> LeNet:
    """A LeNet trained as in `train_lenet`, but every batch is attacked first, in three steps.

    Args:
        attacked: if not, the pixels move by `eps` at random instead: the control.
    """
    torch.manual_seed(seed)
    model = LeNet()
    chance = torch.Generator().manual_seed(seed + 1)
    steps = epochs * -(-len(labels) // train_lenet.BATCH)

    def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        x, y = batch
        if attacked:
            moved = pgd(model, x, y, eps, steps=3, generator=chance)
        else:
            moved = random_signs(x, eps, chance)
        return F.cross_entropy(model(moved), y)

    fit_classifier(
        model,
        train_lenet.batches(pictures, labels),
        rate=train_lenet.LEARNING_RATE,
        weight_decay=train_lenet.WEIGHT_DECAY,
        steps=steps,
        seed=seed,
        loss=loss,
    )
    return model


def shipped() -> dict[str, dict[str, list[dict[str, float]]]]:
    """What the script has measured: by how it was trained and by eps, a row for each seed."""
    return json.loads((WEIGHTS / "robust-digits/metrics.json").read_text("utf-8"))["accuracy"]


def main() -> None:
    parser = outputs.parser(__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="0 is shipped")
    arguments = parser.parse_args()
    for name in ("epochs", "seeds"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name}: expected at least 1, got {getattr(arguments, name)}")
    arguments.output = outputs.folder(parser, arguments, "robust-digits", WEIGHTS / "robust-digits")
    torch.set_num_threads(1)
    part = train_lenet.training_part()
    x, y = train_lenet.held_out()["test"]
    ways = {
        "plain": lambda seed: train_lenet.train(seed, *part, arguments.epochs),
        "noise": lambda seed: train(seed, *part, arguments.epochs, attacked=False),
        "robust": lambda seed: train(seed, *part, arguments.epochs),
    }
    accuracy: dict[str, dict[str, list]] = {name: {} for name in ways}
    for seed in range(arguments.seeds):
        for name, way in ways.items():
            kept = arguments.output / "parts" / f"{name}-{seed}"
            if not kept.exists():  # a run that was cut short goes on
                way(seed).save_pretrained(kept)
            model = LeNet.from_pretrained(kept)
            if (name, seed) == ("robust", 0):
                model.save_pretrained(arguments.output)
            for eps in EPSILONS:
                row = accuracies(model, x, y, eps)
                if eps == TRAINED_WITH:
                    row["worst"] = survives(model, x, y, eps)
                print(name, seed, eps, *(f"{k} {v:.4f}" for k, v in row.items()), flush=True)
                rows = accuracy[name].setdefault(f"{eps:g}", [])
                rows.append({k: round(v, 4) for k, v in row.items()})
        summary = {
            "command": f"python -m large_models.experiments.adversarial --seeds {seed + 1}",
            "seeds": seed + 1,
            "shipped_seed": 0,
            "epochs": arguments.epochs,
            "trained_with": TRAINED_WITH,
            "data_sha256": train_lenet.data_hash(),
            "torch": torch.__version__.split("+")[0],
            "accuracy": accuracy,
        }  # written after each seed, so that a run that is cut short is a run of fewer
        write_whole(arguments.output / "metrics.json", json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
