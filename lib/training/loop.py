"""The training loop of every model in this book.

    for each batch:  loss(model, batch)  ->  backward  ->  clip  ->  step

Around it: a progress bar, evaluation with early stopping, and checkpoints from which a run goes on
exactly as if it had not been interrupted. All randomness of the data comes from one generator.
"""

import copy
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from lib.training.checkpoint import Progress, load_checkpoint, save_checkpoint

Batch = tuple[Tensor, ...]
Batches = Callable[[torch.Generator], Iterable[Batch]]  # one epoch's batches, drawn anew each time


def fit(
    model: nn.Module,
    batches: Batches,
    loss: Callable[[nn.Module, Batch], Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    steps: int,
    generator: torch.Generator,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    clip_norm: float | None = None,
    evaluate: Callable[[nn.Module], float] | None = None,
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
        evaluate: gives a number that should grow, such as validation accuracy; called in
            evaluation mode every `evaluate_every` steps and at the end.
        patience: stop after so many evaluations without a new best.  At the end the weights of the
            best evaluation are put back.
        checkpoint: file to which the state is written every `checkpoint_every` steps and at the
            end; if it exists, training goes on from there.
        description: name in the progress bar.
        progress_bar: whether to show one.

    Returns:
        one entry an evaluation (or only a last one): "step", mean "loss" since the entry before,
        and the evaluation's "score" if there is one.

    Raises:
        ValueError: if a setting makes no sense, there are no batches, the loss is not finite, or
            the checkpoint does not fit.
    """
    _check(steps, evaluate, evaluate_every, patience, checkpoint, checkpoint_every)
    device = next(model.parameters()).device
    place, saved = Progress(), {}
    if checkpoint and Path(checkpoint).exists():
        place, saved = load_checkpoint(checkpoint, model, optimizer, scheduler=scheduler)
    epoch_start = saved.get("epoch", generator.get_state())
    torch_state = saved.get("torch")  # dropout's randomness
    best = {name[5:]: t for name, t in saved.items() if name.startswith("best/")} or None
    losses = list(saved.get("losses", ()))  # since the last entry of the history
    history, stale = place.history, _stale(place.history)

    def save() -> None:
        if checkpoint:
            random_states = {"epoch": epoch_start, "torch": torch.get_rng_state()}
            if best is not None:
                random_states |= {f"best/{name}": t for name, t in best.items()}
            if losses:
                random_states["losses"] = torch.stack(losses)
            save_checkpoint(
                checkpoint,
                model,
                optimizer,
                place,
                scheduler=scheduler,
                random_states=random_states,
            )

    model.train()
    with _bar(steps, place.step, description, progress_bar) as bar:
        finished = place.step >= steps or (patience is not None and stale >= patience)
        while not finished:
            # The epoch's batches are drawn again from its start, and those already done skipped.
            generator.set_state(epoch_start)
            epoch = iter(batches(generator))
            skipped = sum(1 for _ in islice(epoch, place.batch))
            if torch_state is not None:
                torch.set_rng_state(torch_state)
                torch_state = None
            batch = None
            for batch in epoch:
                batch = tuple(t.to(device) for t in batch)
                value = loss(model, batch)
                if not torch.isfinite(value):
                    raise ValueError(f"the loss at step {place.step + 1} is {value.item()}")
                optimizer.zero_grad()
                value.backward()
                if clip_norm is not None:
                    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
                optimizer.step()
                if scheduler:
                    scheduler.step()
                losses.append(value.detach().cpu())
                place.step += 1
                place.batch += 1
                last = place.step == steps
                if last or (evaluate_every and place.step % evaluate_every == 0):
                    entry = {"step": place.step, "loss": torch.stack(losses).mean().item()}
                    losses = []
                    if evaluate:
                        model.eval()
                        entry["score"] = float(evaluate(model))
                        model.train()
                        before = [e["score"] for e in history]
                        if patience is not None and entry["score"] > max(before, default=-1e30):
                            best = copy.deepcopy(model.state_dict())
                    history.append(entry)
                    stale = _stale(history)
                    _show(bar, entry)
                bar.update()
                finished = last or (patience is not None and stale >= patience)
                if finished or (checkpoint_every and place.step % checkpoint_every == 0):
                    save()
                if finished:
                    break
            else:
                if batch is None and not skipped:
                    raise ValueError("batches: expected at least one batch an epoch, got none")
                place.epoch, place.batch = place.epoch + 1, 0
                epoch_start = generator.get_state()
    if best is not None:
        model.load_state_dict(best)
    model.eval()
    return history


def _stale(history: list[dict[str, float]]) -> int:
    """Evaluations since the best one."""
    scores = [entry["score"] for entry in history if "score" in entry]
    return len(scores) - 1 - scores.index(max(scores)) if scores else 0


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
    bar.in_log = wanted and bar.disable
    return bar


def _show(bar: tqdm, entry: dict[str, float]) -> None:
    shown = {name: f"{entry[name]:.3f}" for name in ("loss", "score") if name in entry}
    bar.set_postfix(shown, refresh=False)
    if bar.in_log:
        text = ", ".join(f"{name} {value}" for name, value in shown.items())
        tqdm.write(f"step {entry['step']}/{bar.total}: {text}", file=sys.stdout)


def _check(steps, evaluate, evaluate_every, patience, checkpoint, checkpoint_every) -> None:
    if steps < 1:
        raise ValueError(f"steps: expected at least 1, got {steps}")
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
