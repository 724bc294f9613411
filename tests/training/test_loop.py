"""The training loop: it learns, repeats itself, stops early, and goes on as if never stopped."""

import io
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from large_models.tensors import load_tensors
from large_models.training.loop import fit

X = torch.randn(40, 3, generator=torch.Generator().manual_seed(7))
Y = X @ torch.tensor([[1.0], [-2.0], [0.5]])


def batches(generator):
    """Four batches of ten, in a random order, each blurred at random, by two generators."""
    for rows in torch.randperm(40, generator=generator).split(10):
        blur = torch.randn(10, 3, generator=generator) + torch.randn(10, 3)
        yield X[rows] + 0.01 * blur, Y[rows]


def loss(model, batch):
    return (model(batch[0]) - batch[1]).square().mean()


def make(seed=0, lr=0.05):
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.3), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    return model, optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=30)


def run(steps, seed=0, **options):
    model, optimizer, scheduler = make(seed)
    generator = torch.Generator().manual_seed(seed)
    settings = {"progress_bar": False, "scheduler": scheduler} | options
    history = fit(model, batches, loss, optimizer, steps=steps, generator=generator, **settings)
    return model, history


def same(a, b):
    return all(
        torch.equal(p, q)
        for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    )


def test_it_learns():
    _, history = run(30, evaluate_every=4)
    assert [entry["step"] for entry in history] == [4, 8, 12, 16, 20, 24, 28, 30]
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]


def test_the_same_seed_leads_to_the_same_weights_and_another_does_not():
    assert same(run(10)[0], run(10)[0])
    assert not same(run(10)[0], run(10, seed=1)[0])


def test_every_epoch_shows_everything_in_an_order_of_its_own():
    seen = []

    def watched(model, batch):
        seen.extend(batch[1].flatten().tolist())
        return loss(model, batch)

    model, optimizer, _ = make()
    generator = torch.Generator().manual_seed(0)
    fit(model, batches, watched, optimizer, steps=8, generator=generator, progress_bar=False)
    first, second = seen[:40], seen[40:]
    assert sorted(first) == sorted(second) == sorted(Y.flatten().tolist())
    assert first != second


def test_every_step_is_in_training_mode_also_after_an_evaluation():
    model, optimizer, _ = make()
    modes = []

    def watched(model, batch):
        modes.append(model.training)
        return loss(model, batch)

    fit(
        model.eval(), batches, watched, optimizer, steps=6, generator=torch.Generator(),
        evaluate=lambda m: 0.0, evaluate_every=2, progress_bar=False,
    )  # fmt: skip
    assert modes == [True] * 6


def test_the_history_is_the_mean_loss():
    seen = []

    def watched(model, batch):
        seen.append(loss(model, batch))
        return seen[-1]

    model, optimizer, _ = make()
    history = fit(
        model, batches, watched, optimizer, steps=7, generator=torch.Generator(),
        evaluate_every=3, progress_bar=False,
    )  # fmt: skip
    means = [torch.stack(part).mean().item() for part in (seen[:3], seen[3:6], seen[6:])]
    assert [entry["loss"] for entry in history] == pytest.approx(means)


def test_long_gradients_are_clipped():
    model, _, _ = make()
    norms = []

    class Watched(torch.optim.SGD):
        def step(self):
            gradients = [p.grad.flatten() for group in self.param_groups for p in group["params"]]
            norms.append(torch.cat(gradients).norm().item())

    def fit_with(clip):
        norms.clear()
        fit(
            model, batches, loss, Watched(model.parameters(), lr=0.1), steps=4,
            generator=torch.Generator(), clip_norm=clip, progress_bar=False,
        )  # fmt: skip
        return list(norms)

    assert max(fit_with(None)) > 0.5
    assert max(fit_with(0.1)) == pytest.approx(0.1, rel=1e-3)


def test_it_stops_early_and_puts_the_best_weights_back():
    scores = iter([1.0, 3.0, 2.0, 2.5, 9.0])
    kept, modes = [], []

    def evaluate(model):
        modes.append(model.training)
        kept.append({k: v.clone() for k, v in model.state_dict().items()})
        return next(scores)

    model, history = run(30, evaluate=evaluate, evaluate_every=3, patience=2)
    assert [entry["score"] for entry in history] == [1.0, 3.0, 2.0, 2.5]  # two without a new best
    assert all(torch.equal(v, kept[1][k]) for k, v in model.state_dict().items())
    assert modes == [False] * 4 and not model.training


@pytest.mark.parametrize("stop", [1, 4, 5, 8])  # 4 and 8: where an epoch ends
def test_a_run_that_goes_on_is_the_run_that_was_not_interrupted(tmp_path, stop):
    path = tmp_path / "c.safetensors"
    whole, whole_history = run(10, evaluate_every=3)

    class Killed(Exception):
        pass

    count = 0

    def dying(model, batch):
        nonlocal count
        count += 1
        if count > stop:
            raise Killed
        return loss(model, batch)

    model, optimizer, scheduler = make()
    with pytest.raises(Killed):
        fit(
            model, batches, dying, optimizer, steps=10, scheduler=scheduler,
            generator=torch.Generator().manual_seed(0), evaluate_every=3, checkpoint=path,
            checkpoint_every=stop, progress_bar=False,
        )  # fmt: skip
    torch.manual_seed(99)  # whatever the new process did before
    model, optimizer, scheduler = make(seed=5)
    history = fit(
        model, batches, loss, optimizer, steps=10, scheduler=scheduler,
        generator=torch.Generator().manual_seed(5), evaluate_every=3, checkpoint=path,
        progress_bar=False,
    )  # fmt: skip
    assert same(model, whole) and history == whole_history


def test_going_on_keeps_the_best_weights(tmp_path):
    score_at = {3: 1.0, 6: 5.0, 9: 2.0, 12: 3.0}

    def run_to(steps, done):
        def counted(model, batch):
            nonlocal done
            done += 1
            return loss(model, batch)

        model, optimizer, _ = make()
        fit(
            model, batches, counted, optimizer, steps=steps, progress_bar=False,
            generator=torch.Generator().manual_seed(0), evaluate_every=3, patience=3,
            evaluate=lambda m: score_at.get(done, 0.0), checkpoint=tmp_path / "c.safetensors",
        )  # fmt: skip
        return model

    # The second run goes on from the first; both end with the weights of step 6.
    assert same(run_to(7, done=0), run_to(12, done=7))


SCRIPT = """
import os, signal, sys, torch
from tests.training.test_loop import batches, loss, make
from large_models.training.loop import fit
steps = 0
def counted(model, batch):
    global steps
    steps += 1
    if steps == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return loss(model, batch)
model, optimizer, scheduler = make()
fit(model, batches, counted, optimizer, steps=10, scheduler=scheduler,
    generator=torch.Generator().manual_seed(0), checkpoint=sys.argv[1], checkpoint_every=5,
    progress_bar=False)
"""


def test_ten_steps_are_five_a_kill_and_five_more(tmp_path):
    path = tmp_path / "c.safetensors"
    command = [sys.executable, "-c", SCRIPT, str(path)]
    assert (
        subprocess.run(command, cwd=Path(__file__).parents[2], check=False).returncode
        == -signal.SIGKILL
    )
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert json.loads(load_tensors(path)[1]["progress"])["step"] == 5
    resumed, history = run(10, seed=5, checkpoint=path)
    whole, whole_history = run(10)
    assert same(resumed, whole) and history == whole_history


def test_a_finished_run_is_not_run_again(tmp_path):
    path = tmp_path / "c.safetensors"
    first, history = run(6, evaluate_every=3, checkpoint=path)
    again, same_history = run(6, evaluate_every=3, checkpoint=path, seed=3)
    assert same(first, again) and history == same_history


def test_a_log_gets_lines_and_silence_is_silent(capsys):
    run(8, evaluate_every=4, evaluate=lambda model: 0.5, progress_bar=True)
    lines = capsys.readouterr().out.strip().split("\n")
    assert [line.split(":")[0] for line in lines] == ["step 4/8", "step 8/8"]
    assert lines[0].endswith("score 0.500") and "loss" in lines[0]
    run(8, evaluate_every=4)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


class Terminal(io.StringIO):
    def isatty(self):
        return True


# As a notebook's output stream: known by its module.
Notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})


@pytest.mark.parametrize("stream", [Terminal, Notebook])
def test_a_bar_where_there_is_a_place_for_one(monkeypatch, stream):
    monkeypatch.setattr(sys, "stdout", stream())
    run(8, evaluate_every=4, evaluate=lambda model: 0.5, progress_bar=True, description="net")
    last = sys.stdout.getvalue().split("\r")[-1]
    assert last.startswith("net: 100%|") and "8/8" in last and "score=0.500" in last
    # Times would make a notebook's committed output differ from run to run.
    assert bool(re.search(r"\d\d:\d\d|it/s", last)) == (stream is Terminal)


def test_the_bar_of_a_run_that_goes_on_begins_where_it_stands(monkeypatch, tmp_path):
    run(4, checkpoint=tmp_path / "c")
    monkeypatch.setattr(sys, "stdout", Notebook())
    run(8, checkpoint=tmp_path / "c", progress_bar=True)
    bars = sys.stdout.getvalue().strip().split("\r")
    assert "4/8" in bars[0] and "8/8" in bars[-1]
