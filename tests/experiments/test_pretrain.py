"""Pretraining: the loss means what it says, and neither parts nor processes change a step."""

import dataclasses
import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from large_models.data import docstrings, masking, tokenizer
from large_models.data.masking import MASK, MaskedBatch, Texts
from large_models.experiments import pretrain
from large_models.formulas.ngram import TwoSided
from large_models.models.bert import BertConfig, BertForMaskedLM
from large_models.training.loop import fit

ROOT = Path(__file__).parents[2]
SMALL = BertConfig(
    vocab_size=400, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
    intermediate_size=32, dropout=0.0, max_position_embeddings=32,
)  # fmt: skip


@pytest.fixture(scope="module")
def few():
    """A corpus of 600 sentences."""
    full = docstrings.load("validation")
    return docstrings.Sentences(
        full.sentences[:600], full.packages[:600], full.sections[:600], full.files[:600]
    )


@pytest.fixture(scope="module")
def texts(few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(docstrings, "load", lambda split: few)
        return Texts("train", tokenizer.train_wordpiece(few.sentences, 400), 32)


def small(seed=0):
    torch.manual_seed(seed)
    return BertForMaskedLM(SMALL)


def one_batch(texts, budget=512):
    return next(iter(pretrain.batches(texts, budget)(torch.Generator().manual_seed(0))))


def gradients(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()])


def test_the_first_loss_is_that_of_knowing_nothing(texts):
    assert abs(pretrain.loss(small(), one_batch(texts)).item() - math.log(400)) < 0.1


def test_the_loss_counts_hidden_tokens_only(texts):
    model, batch = small(), one_batch(texts)
    ids, mask, at, targets = batch
    scores = model(ids, mask if mask.shape[1] else None)  # everywhere
    expected = F.cross_entropy(scores[at], targets[at])
    torch.testing.assert_close(pretrain.loss(model, batch), expected)
    other = torch.where(at, targets, (targets + 1) % 400)
    torch.testing.assert_close(pretrain.loss(model, (ids, mask, at, other)), expected)


def test_padding_needs_a_mask_and_nothing_else_does():
    ids = np.array([[2, 7, 3], [2, 3, 0]])
    batch = MaskedBatch(ids, ids, ids != 0, ids == 7)
    assert pretrain.tensors(batch)[1].shape == (2, 3)
    assert pretrain.tensors(MaskedBatch(ids[:1], ids[:1], ids[:1] != 0, ids[:1] == 7))[1].shape == (
        1,
        0,
    )


@pytest.mark.parametrize("accumulate", [2, 3, 50])
def test_parts_of_a_batch_add_up(texts, accumulate):
    """The scores are float32, so to 1e-5. Fifty parts are more than there are texts."""
    whole, parts = small().double(), small().double()
    batch = one_batch(texts)
    pretrain.loss(whole, batch).backward()
    divided = pretrain.divide(accumulate)(batch)
    assert math.isclose(sum(share for _, share in divided), 1, rel_tol=1e-5)
    for part, share in divided:
        (pretrain.loss(parts, part) * share).backward()
    torch.testing.assert_close(gradients(parts), gradients(whole), rtol=1e-5, atol=1e-8)


def test_processes_share_the_texts(texts):
    batch = one_batch(texts)
    dealt = [pretrain.divide(2, rank, 3)(batch) for rank in range(3)]
    rows = torch.cat([part[0] for parts in dealt for part, _ in parts])
    hidden = {tuple(row.tolist()) for row in batch[0][batch[2].any(dim=1)]}
    assert {tuple(row.tolist()) for row in rows} >= hidden
    assert math.isclose(sum(share for parts in dealt for _, share in parts), 1, rel_tol=1e-5)


WORKER = """
import json, os, sys
import torch
sys.path[:0] = [{root!r}, {here!r}]
from large_models.data import docstrings, tokenizer
from large_models.data.masking import Texts
from large_models.experiments import pretrain
from large_models.training.loop import fit
import test_pretrain as t

torch.set_num_threads(1)
rank, processes = pretrain.join_processes()
full = docstrings.load("validation")
few = docstrings.Sentences(*(part[:600] for part in
                             (full.sentences, full.packages, full.sections, full.files)))
docstrings.load = lambda split: few
texts = Texts("train", tokenizer.train_wordpiece(few.sentences, 400), 32)
split = pretrain.divide(1, rank, processes)
join = pretrain.add_up if processes > 1 else None

model = t.small()
parts = split(t.one_batch(texts))
value = torch.zeros(())
for part, share in parts:
    loss = pretrain.loss(model, part) * share
    loss.backward()
    value += loss.detach()
if join:
    value = join(model, value)
first = t.gradients(model).tolist()

model = t.small()
history = fit(model, pretrain.batches(texts, 512), pretrain.loss, steps=12, split=split, join=join,
              generator=torch.Generator().manual_seed(0), evaluate_every=1, progress_bar=False,
              **pretrain.recipe(model, 12, 1e-2))
if rank == 0:
    json.dump({{"processes": processes, "gradients": first, "loss": value.item(),
               "curve": [entry["loss"] for entry in history]}}, open(sys.argv[1], "w"))
"""


def run(tmp_path, processes):
    script = tmp_path / "worker.py"
    script.write_text(WORKER.format(root=str(ROOT), here=str(Path(__file__).parent)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = tmp_path / f"{processes}.json"
    started = []
    for rank in range(processes):
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        if processes > 1:  # what torchrun sets
            environment |= dict(
                RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(processes),
                MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
                GLOO_SOCKET_IFNAME="lo0" if sys.platform == "darwin" else "lo",
            )  # fmt: skip
        started.append(subprocess.Popen([sys.executable, script, result], env=environment))
    assert [process.wait(timeout=120) for process in started] == [0] * processes
    return json.loads(result.read_text())


def test_two_processes_take_the_steps_of_one(tmp_path):
    """Gradients to 1e-6 and the loss curve to 1e-4: float32, summed in another order."""
    one, two = run(tmp_path, 1), run(tmp_path, 2)
    assert (one["processes"], two["processes"]) == (1, 2)
    np.testing.assert_allclose(two["gradients"], one["gradients"], atol=1e-6)
    assert np.abs(one["gradients"]).max() > 1e-3
    assert two["loss"] == pytest.approx(one["loss"], abs=1e-5)
    np.testing.assert_allclose(two["curve"], one["curve"], atol=1e-4)
    assert one["curve"][-1] < one["curve"][0] - 0.1


def test_learns_and_repeats(texts):
    losses = []
    for _ in range(2):
        model = small()
        history = fit(
            model, pretrain.batches(texts, 512), pretrain.loss, steps=150,
            generator=torch.Generator().manual_seed(0), evaluate_every=50,
            progress_bar=False, **pretrain.recipe(model, 150, 1e-2),
        )  # fmt: skip
        losses.append([entry["loss"] for entry in history])
    assert losses[0] == losses[1] and losses[0][-1] < 5.4  # knowing nothing: 5.99
    judged = pretrain.held_out(texts, most=5)
    before, after = pretrain.judge(small(), judged), pretrain.judge(model, judged)
    assert after["loss"] < before["loss"] - 0.5 and after["accuracy"] > before["accuracy"]


def test_judging_is_counting(texts):
    judged = pretrain.held_out(texts, most=3)
    assert len(judged) == 3
    model = small().eval()
    right = nats = total = 0
    for batch in judged:
        with torch.no_grad():
            scores = model(torch.from_numpy(batch.ids), torch.from_numpy(batch.mask)).double()
        for row, col in np.argwhere(batch.at):
            answer = batch.targets[row, col]
            right += scores[row, col].argmax().item() == answer
            nats -= scores[row, col].log_softmax(0)[answer].item()
            total += 1
    found = pretrain.judge(model, judged)
    assert found["tokens"] == total and found["accuracy"] == pytest.approx(right / total)
    assert found["loss"] == pytest.approx(nats / total, rel=1e-5)
    again = pretrain.held_out(texts, most=3)
    assert all((a.ids == b.ids).all() for a, b in zip(judged, again, strict=True))


def test_baselines_are_counted_on_the_same_gaps(texts):
    together = texts.texts(np.random.default_rng(0), alone=0.0)
    counts = TwoSided(together, 400)
    judged = pretrain.held_out(texts, most=10)
    found = pretrain.baselines(counts, judged)
    answers = np.concatenate([batch.targets[batch.at] for batch in judged])
    stream = np.concatenate([text for text in together])
    inner = stream[stream >= masking.SPECIAL]
    assert found["unigram"] == pytest.approx(
        np.mean(answers == np.bincount(inner).argmax()), abs=0.2
    )
    assert found["both sides"] > found["unigram"]
    assert (np.concatenate([b.ids[b.at] for b in judged]) == MASK).mean() > 0.7


def test_hidden_only_leaves_out_what_is_in_sight(texts):
    judged = pretrain.held_out(texts, most=10)
    for batch, found in zip(judged, pretrain.hidden_only(judged), strict=True):
        assert (found.ids[found.at] == MASK).all() and found.at.sum() < batch.at.sum()
        left = batch.at & ~found.at
        assert (batch.ids[left] != MASK).all() and (batch.ids is found.ids)


def test_whole_words_reach_the_batches(texts):
    inside = np.arange(400) >= 100
    _, _, at, targets = next(
        iter(pretrain.batches(texts, 512, inside=inside)(torch.Generator().manual_seed(0)))
    )
    goes_on = torch.from_numpy(inside)[targets[:, 1:]] & (targets[:, :-1] >= masking.SPECIAL)
    assert (at[:, 1:] == at[:, :-1])[goes_on].all() and at.any() and goes_on.any()


def test_an_interrupted_run_ends_as_if_it_had_not_been(few, tmp_path, monkeypatch, capsys):
    """The whole command, byte for byte: 14 steps, two epochs, stopped after 10 (state: 8)."""
    monkeypatch.setattr(docstrings, "load", lambda split: few)
    sizes = dataclasses.replace(SMALL, max_position_embeddings=64)
    for name, value in (("SHIPPED", sizes), ("EVALUATE_EVERY", 4), ("SNAPSHOTS", (0, 3))):
        monkeypatch.setattr(pretrain, name, value)
    real, calls, after, files = pretrain.loss, [], [], {}

    def stops(model, batch):
        calls.append(batch)
        if len(calls) == 11:
            raise KeyboardInterrupt
        return real(model, batch)

    def goes_on(model, batch):
        after.append(batch)
        return real(model, batch)

    for name, losses in (("whole", [real]), ("twice", [stops, goes_on])):
        output = tmp_path / name
        monkeypatch.setattr(sys, "argv", ["pretrain", "--steps", "14", "--output", str(output)])
        for part in losses:
            monkeypatch.setattr(pretrain, "loss", part)
            if part is stops:
                with pytest.raises(KeyboardInterrupt):
                    pretrain.main()
                (output / "cpu_seconds.txt").write_text("1000\n")  # as if it had taken long
            else:
                pretrain.main()
        found = json.loads((output / "metrics.json").read_text())
        assert (found.pop("cpu_seconds") >= 1000) == (name == "twice")
        files[name] = (
            found,
            {
                path.relative_to(output): path.read_bytes()
                for path in (output / "model.safetensors", *output.glob("checkpoints/*/*"))
            },
        )
    assert len(calls) == 11 and len(after) == 14 - 8 and files["whole"] == files["twice"]
    metrics, kept = files["whole"]
    assert {path.parts[1] for path in kept if len(path.parts) > 1} == {"000000", "000003", "000014"}
    assert metrics["processes"] == 1 and 0 <= metrics["padding"] < 0.1
    assert metrics["held_out"].keys() == metrics["baselines"].keys()
    assert len(metrics["held_out"]) == 4


def test_settings_that_make_no_sense(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["pretrain", "--steps", "0"])
    with pytest.raises(SystemExit):
        pretrain.main()
    assert "--steps: expected at least 1, got 0" in capsys.readouterr().err
