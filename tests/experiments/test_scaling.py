"""Scaling runs: they repeat, they are those that were shipped, and bad sizes are told."""

import json
from pathlib import Path

import pytest
import torch

from large_models.experiments import scaling

RESULTS = Path(__file__).parents[2] / "weights/scaling-docs/results.json"


@pytest.fixture(scope="module")
def pieces():
    generator = torch.Generator().manual_seed(0)
    steps = torch.randint(1, 3, (64, scaling.LENGTH + 1), generator=generator)
    return steps.cumsum(dim=1) % scaling.VOCAB


def test_a_run_learns_and_repeats(pieces):
    rows = [scaling.run("1 x 16", 4096, pieces, pieces[:8]) for _ in range(2)]
    assert rows[0]["held_out"] == rows[1]["held_out"] < 6.2  # ln 512 = 6.24
    assert rows[0]["parameters"] == 3280
    other = scaling.run("1 x 16", 4096, pieces, pieces[:8], seed=1)
    assert other["held_out"] != rows[0]["held_out"]


def test_text_that_is_read_again(pieces):
    row = scaling.run("1 x 16", 2048, pieces, pieces[:8], unique=256)
    assert (row["tokens"], row["unique"]) == (2048, 256)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "9 x 9"}, "model: expected one of 1 x 16"),
        ({"tokens": 1000}, "tokens: expected a multiple of 256, got 1000"),
        ({"tokens": 8192}, "unique: expected at most 4096 tokens, got 8192"),
    ],
)
def test_bad_settings_are_told(pieces, settings, message):
    given = {"name": "1 x 16", "tokens": 256} | settings
    with pytest.raises(ValueError, match=message):
        scaling.run(train=pieces, judged=pieces[:8], **given)


def test_what_is_shipped_is_what_the_script_would_make():
    rows = json.loads(RESULTS.read_text("utf-8"))["results"]
    assert {scaling.key(row) for row in rows} == {scaling.key(job) for job in scaling.plan()}
    grid = [row for row in rows if row["kind"] == "grid"]
    large = [row for row in rows if row["kind"] == "large"]
    work = [6 * row["parameters"] * row["tokens"] for row in grid]
    assert len({row["model"] for row in grid}) >= 8 and len({row["tokens"] for row in grid}) == 4
    assert min(6 * row["parameters"] * row["tokens"] for row in large) > max(work)
