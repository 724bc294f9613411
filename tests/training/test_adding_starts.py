"""Networks trained side by side are those that `fit` trains one by one; the shipped table is whole."""

import json

import numpy as np
import pytest
import torch

from lib.files import weights
from lib.training import adding_starts, train_rnn
from lib.training.adding_starts import Start, all_starts
from lib.training.loop import fit

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
