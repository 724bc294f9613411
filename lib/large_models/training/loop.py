"""The training loop of every model in this book.

    for each batch:  loss(model, batch)  ->  backward  ->  clip  ->  step

A batch may be divided: into parts that go through one after the other, where it does not fit into
memory (gradient accumulation), or among processes (data-parallel training). Neither changes a step.

Around it: a progress bar, evaluation with early stopping, and checkpoints from which a run goes on
exactly as if it had not been interrupted. All randomness of the data comes from one generator.
"""

import copy
import math
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from large_models.training.checkpoint import Progress, load_checkpoint, save_checkpoint

Batch = tuple[Tensor, ...]
Batches = Callable[[torch.Generator], Iterable[Batch]]  # one epoch's batches, drawn anew each time


def fit(  # noqa: C901  one loop, read from top to bottom
    model: nn.Module,
    batches: Batches,
    loss: Callable[[Any, Batch], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    generator: torch.Generator,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    clip_norm: float | None = None,
    split: Callable[[Batch], list[tuple[Batch, float]]] | None = None,
    join: Callable[[nn.Module, Tensor], Tensor] | None = None,
    evaluate: Callable[[Any], float] | None = None,
    evaluate_every: int | None = None,
    patience: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int | None = None,
    description: str = "training",
    progress_bar: bool = True,
) -> list[dict[str, float]]:
    """Train a model.

    Args:
        model: trained in place, on the device on which it is.
        batches: called with the generator at the start of each epoch; gives tuples of tensors.
        loss: gives the mean loss of a batch.
        optimizer: of the model's parameters.
        steps: how many batches to learn from.
        generator: the data's randomness (on the CPU).
        scheduler: stepped after each batch.
        clip_norm: longer gradients are shortened to this norm.
        split: gives the parts of a batch that this process works on, each with its share in the
            batch's loss; by default the whole, with a share of 1.
        join: called after the last part with the model, whose gradients it may add up over
            processes, and with the loss so far; gives the loss of the whole batch.
        evaluate: gives a number that should grow, such as validation accuracy; called in
            evaluation mode every `evaluate_every` steps and at the end.
        patience: stop after so many evaluations without a new best. At the end the weights of the
            best evaluation are put back.
        checkpoint: file to which the state is written every `checkpoint_every` steps and at the
            end; if it exists, training goes on from there.
        description: name in the progress bar.
        progress_bar: whether to show one.

    Returns:
        one entry an evaluation (or only a last one): "step", mean "loss" since the entry before,
        and the evaluation's "score" if there is one.

    Raises:
        ValueError: if a setting makes no sense, there are no batches, the loss, its gradient, a
            score or, when a checkpoint is due, a weight is not finite, or the checkpoint does not
            fit. A checkpoint that is there stays as it was.

    However it ends, the model is in evaluation mode afterwards.
    """
    _check(steps, clip_norm, evaluate, evaluate_every, patience, checkpoint, checkpoint_every)
    device = next(model.parameters()).device
    place, states = Progress(), {}
    if checkpoint and Path(checkpoint).exists():
        place, states = load_checkpoint(checkpoint, model, optimizer, scheduler=scheduler)
    best = {name[5:]: t for name, t in states.items() if name.startswith("best/")}
    losses = list(states.pop("losses", ()))  # since the last entry of the history
    history = place.history
    # Dropout's randomness is that of the device.
    chance = torch if device.type == "cpu" else getattr(torch, device.type)
    stream = _stream(batches, generator, place, states, chance)

    def finished() -> bool:
        return place.step >= steps or (patience is not None and _stale(history) >= patience)

    def save() -> None:
        assert checkpoint is not None  # asked for only where there is one
        for name, tensor in model.state_dict().items():
            if not torch.isfinite(tensor).all():
                raise ValueError(f"after step {place.step} {name} holds NaN or infinity")
        kept = {"epoch": states["epoch"], "chance": chance.get_rng_state()}
        kept |= {f"best/{name}": tensor for name, tensor in best.items()}
        if losses:
            kept["losses"] = torch.stack(losses)
        save_checkpoint(
            checkpoint, model, optimizer, place, scheduler=scheduler, random_states=kept
        )

    try:
        model.train()
        with _bar(steps, place.step, description, progress_bar) as bar:
            while not finished():
                batch = tuple(t.to(device) for t in next(stream))
                optimizer.zero_grad()
                value = torch.zeros((), device=device)
                for part, share in split(batch) if split else [(batch, 1.0)]:
                    part_loss = loss(model, part) * share
                    part_loss.backward()
                    value = value + part_loss.detach()
                if join:
                    value = join(model, value)
                if not torch.isfinite(value):
                    raise ValueError(f"the loss at step {place.step + 1} is {value.item()}")
                _check_gradients(model, place.step + 1)
                if clip_norm is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
                optimizer.step()
                if scheduler:
                    scheduler.step()
                losses.append(value.detach().cpu())
                place.step += 1
                if place.step == steps or (evaluate_every and place.step % evaluate_every == 0):
                    entry = {"step": place.step, "loss": torch.stack(losses).mean().item()}
                    losses.clear()
                    if evaluate:
                        model.eval()
                        entry["score"] = float(evaluate(model))
                        model.train()
                        if not math.isfinite(entry["score"]):
                            raise ValueError(f"the score at step {place.step} is {entry['score']}")
                    history.append(entry)
                    if patience is not None and _stale(history) == 0:
                        best = copy.deepcopy(model.state_dict())
                    _show(bar, entry)
                bar.update()
                wanted = checkpoint_every and place.step % checkpoint_every == 0
                if checkpoint and (wanted or finished()):
                    save()
        if best:
            model.load_state_dict(best)
    finally:  # also when it is interrupted
        model.eval()
    return history


def _stream(
    batches: Batches,
    generator: torch.Generator,
    place: Progress,
    states: dict[str, Tensor],
    chance: Any,
) -> Iterator[Batch]:
    """Batch after batch, epoch after epoch, from `place` on.

    Keeps `place` and states["epoch"], the generator's state where the epoch began, up to date.
    """
    states.setdefault("epoch", generator.get_state())
    while True:
        # The epoch's batches are drawn again from its start, and those already done skipped.
        generator.set_state(states["epoch"])
        epoch = iter(batches(generator))
        deque(islice(epoch, place.batch), maxlen=0)
        if "chance" in states:  # of the run that goes on; skipping may have used some
            chance.set_rng_state(states.pop("chance"))
        for batch in epoch:
            place.batch += 1
            yield batch
        if not place.batch:
            raise ValueError("batches: expected at least one batch an epoch, got none")
        place.epoch, place.batch = place.epoch + 1, 0
        states["epoch"] = generator.get_state()


def _stale(history: list[dict[str, float]]) -> int:
    """Evaluations since the best one."""
    scores = [entry["score"] for entry in history if "score" in entry]
    return len(scores) - 1 - scores.index(max(scores)) if scores else 0


def _check_gradients(model: nn.Module, step: int) -> None:
    """A loss may be finite and its gradient not, such as that of a square root at 0."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    if not torch.isfinite(nn.utils.get_total_norm(gradients, torch.inf)):
        named = [(n, p.grad) for n, p in model.named_parameters() if p.grad is not None]
        bad = [n for n, gradient in named if not torch.isfinite(gradient).all()]
        raise ValueError(f"the gradient at step {step} is not finite in {', '.join(bad)}")


def _bar(steps: int, done: int, description: str, wanted: bool) -> tqdm:
    """A bar with times in a terminal, one without in a notebook; in a log, lines (`_show`)."""
    terminal = sys.stdout.isatty()
    notebook = type(sys.stdout).__module__.startswith("ipykernel")
    # Times would make a notebook's output differ from run to run.
    plain = "{desc}: {percentage:3.0f}%|{bar:10}| {n_fmt}/{total_fmt}{postfix}"
    bar = tqdm(
        total=steps,
        initial=done,
        desc=description,
        file=sys.stdout,
        disable=not wanted or not (terminal or notebook),
        bar_format=None if terminal else plain,
    )
    vars(bar)["in_log"] = wanted and bar.disable
    return bar


def _show(bar: tqdm, entry: dict[str, float]) -> None:
    shown = {name: f"{entry[name]:.3f}" for name in ("loss", "score") if name in entry}
    bar.set_postfix(shown, refresh=False)
    if vars(bar)["in_log"]:
        text = ", ".join(f"{name} {value}" for name, value in shown.items())
        tqdm.write(f"step {entry['step']}/{bar.total}: {text}", file=sys.stdout)


def _check(
    steps: int,
    clip_norm: float | None,
    evaluate: Callable[[Any], float] | None,
    evaluate_every: int | None,
    patience: int | None,
    checkpoint: object,
    checkpoint_every: int | None,
) -> None:
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
    if clip_norm is not None and not clip_norm > 0:  # a negative one would climb
        raise ValueError(f"clip_norm: expected more than 0, got {clip_norm}")
    for name, value in (
        ("evaluate_every", evaluate_every),
        ("patience", patience),
        ("checkpoint_every", checkpoint_every),
    ):
        if value is not None and value < 1:
            raise ValueError(f"{name}: expected at least 1, got {value}")
    if patience is not None and not (evaluate and evaluate_every):
        raise ValueError("patience: needs evaluate and evaluate_every")
    if checkpoint_every is not None and checkpoint is None:
        raise ValueError("checkpoint_every: needs checkpoint, the file to write")
