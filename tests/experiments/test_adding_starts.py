"""Trained side by side is trained one by one with `fit`; the shipped table is whole."""

import json

import numpy as np
import pytest
import torch

from large_models.experiments import adding_starts, train_rnn
from large_models.experiments.adding_starts import Start, all_starts
from large_models.files import weights
from large_models.training.loop import fit

RESULTS = weights("adding-starts") / "results.json"


@pytest.mark.parametrize("start", all_starts(), ids=lambda s: f"{s.kind}-{s.units}-{s.start}")
def test_side_by_side_is_one_by_one(start, monkeypatch):
    monkeypatch.setattr(train_rnn, "LENGTH", 12)
    monkeypatch.setattr(train_rnn.adding_batches, "__defaults__", (12, 8))
    seeds, steps, rate = (3, 4), 5, 5e-3
    together = [start.model(seed) for seed in seeds]
    adding_starts.train(together, rate, seeds, steps)
    for seed, model in zip(seeds, together, strict=True):
        alone = start.model(seed)
        before = torch.cat([p.detach().flatten() for p in alone.parameters()])
        fit(
            alone,
            train_rnn.adding_batches(),
            train_rnn.adding_loss,
            torch.optim.Adam(alone.parameters(), rate),
            steps=steps,
            clip_norm=train_rnn.CLIP_NORM,
            generator=torch.Generator().manual_seed(seed),
            progress_bar=False,
        )
        ours, theirs = (
            torch.cat([p.detach().flatten() for p in m.parameters()]) for m in (model, alone)
        )
        assert (theirs - before).abs().max() > 1e-3  # it has moved
        # float32, and Adam's first steps divide by small numbers
        torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=0)


def test_gradients_are_autograds():
    for start in all_starts():
        models = [start.model(seed).double() for seed in (1, 2)]
        stack = adding_starts.Stack(models)
        x = torch.randn(2, 3, 6, 2, dtype=torch.float64)
        y = torch.randn(2, 3, dtype=torch.float64)
        with torch.no_grad():
            stack.gradients(x, y)
        for n, model in enumerate(models):
            train_rnn.adding_loss(model, (x[n], y[n])).backward()
            for name, parameter in model.named_parameters():
                got = stack.weights[name].grad[n]
                torch.testing.assert_close(got, parameter.grad, atol=1e-12, rtol=1e-9)


def test_starts_are_what_they_are_called():
    w = {s: Start("rnn", 32, s).model(0).rnn.weight_hh_l0 for s in adding_starts.STARTS["rnn", 32]}
    eye = torch.eye(32)
    torch.testing.assert_close(w["rotation"] @ w["rotation"].T, eye, atol=1e-5, rtol=0)
    assert torch.equal(w["identity"], eye) and torch.equal(w["identity, ReLU"], eye)
    assert not torch.equal(w["rotation"], eye) and w["default"].abs().max() < 0.18
    for kind in ("lstm", "gru"):
        kept = Start(kind, 32, "keep 3").model(0).rnn
        assert (kept.bias_ih_l0[32:64] == 3).all() and (kept.bias_hh_l0[32:64] == 0).all()
        assert (kept.bias_ih_l0[:32] != 3).all() and (kept.bias_ih_l0[64:] != 3).all()
    with pytest.raises(ValueError, match="start: gru has"):
        Start("gru", 32, "rotation").model(0)


def test_what_was_shipped_is_whole():
    results = json.loads(RESULTS.read_text("utf-8"))
    rows = results["results"]
    assert len({adding_starts.key(row) for row in rows}) == len(rows)
    trained = {}
    for row in rows:
        trained.setdefault(adding_starts.key(row)[:-1], []).append(row["seed"])
    assert all(sorted(seeds) == [0, 1, 2, 3, 4] for seeds in trained.values())
    wanted = {("rnn", 32, "default"), ("rnn", 32, "rotation"), ("lstm", 32, "default")}
    wanted |= {("lstm", 32, "keep 1"), ("lstm", 32, "keep 3"), ("gru", 32, "default")}
    wanted |= {("rnn", 66, "default"), ("rnn", 32, "identity"), ("rnn", 32, "identity, ReLU")}
    assert {key[:3] for key in trained} >= wanted
    assert results["guessing_the_mean"] == pytest.approx(2 / 12, abs=0.005)
    plain = [row for row in rows if row["kind"] == "rnn" and "ReLU" not in row["start"]]
    errors = np.array([row["error"] for row in plain])
    assert (errors > results["guessing_the_mean"] - 0.02).all()  # with tanh, none has learned


def test_the_plain_network_is_the_shipped_one():
    shipped = json.loads((weights("adding-rnn") / "metrics.json").read_text("utf-8"))
    rows = json.loads(RESULTS.read_text("utf-8"))["results"]
    again = [r["error"] for r in rows if adding_starts.key(r)[:-1] == ("rnn", 32, "default", 5e-3)]
    # trained one by one, and side by side
    np.testing.assert_allclose(again, shipped["mean_squared_error_by_seed"], atol=1e-3)
