"""Files of tensors: whole or not at all, damage is named, nothing is half loaded."""

import json
import os

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from large_models.tensors import load_into, load_tensors, save_tensors
from large_models.training import checkpoint
from large_models.training.checkpoint import Progress, load_checkpoint


def model(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def trained(optimizer_class=torch.optim.Adam, **options):
    """A model, its optimizer and a schedule after two steps."""
    net = model()
    optimizer = optimizer_class(net.parameters(), lr=0.1, **options)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=9)
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.randn(5, 3)).square().mean().backward()
        optimizer.step()
        scheduler.step()
    return net, optimizer, scheduler


def equal(a, b):
    """Two state dicts with the same values, bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_tensors_come_back_as_they_went(tmp_path):
    tensors = {
        "half": torch.randn(2, 3).half(),
        "whole": torch.arange(5),
        "scalar": torch.tensor(2.5),
        "turned": torch.randn(4, 3).T,
        "none": torch.zeros(0, 2),
    }
    save_tensors(tmp_path / "new" / "x.safetensors", tensors, note="kept")
    loaded, metadata = load_tensors(tmp_path / "new" / "x.safetensors")
    assert equal(loaded, tensors) and metadata["note"] == "kept"
    assert all(loaded[k].dtype == tensors[k].dtype for k in tensors)


def test_the_same_contents_are_the_same_bytes(tmp_path):
    """A run again leaves no difference; safetensors alone writes the texts in any order."""
    tensors = {"é": torch.arange(3), "b": torch.ones(2)}
    texts = {name: name for name in "abcdefgh"}
    files = [tmp_path / str(n) for n in range(2)]
    save_tensors(files[0], tensors, **texts)
    save_tensors(files[1], dict(reversed(tensors.items())), **dict(reversed(texts.items())))
    assert files[0].read_bytes() == files[1].read_bytes()
    header = int.from_bytes(files[0].read_bytes()[:8], "little")
    assert header % 8 == 0  # as safetensors lays tensors out


@pytest.mark.parametrize("optimizer_class", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_a_checkpoint_puts_everything_back(tmp_path, optimizer_class):
    options = {"momentum": 0.9} if optimizer_class is torch.optim.SGD else {}
    net, optimizer, scheduler = trained(optimizer_class, **options)
    progress = Progress(step=2, epoch=1, batch=0, history=[{"step": 2, "loss": 0.5}])
    random_states = {"torch": torch.get_rng_state()}
    path = tmp_path / "c.safetensors"
    checkpoint.save_checkpoint(
        path, net, optimizer, progress, scheduler=scheduler, random_states=random_states
    )
    other = model(seed=1)
    other_optimizer = optimizer_class(other.parameters(), lr=0.7, **options)
    other_scheduler = torch.optim.lr_scheduler.OneCycleLR(other_optimizer, 0.1, total_steps=9)
    got, states = load_checkpoint(path, other, other_optimizer, scheduler=other_scheduler)
    assert got == progress and equal(states, random_states)
    assert equal(other.state_dict(), net.state_dict())
    assert other_scheduler.get_last_lr() == scheduler.get_last_lr()
    # One more step on the same data leads to the same place: nothing of the optimizer is missing.
    batch = torch.randn(5, 3)
    for m, o, s in ((net, optimizer, scheduler), (other, other_optimizer, other_scheduler)):
        o.zero_grad()
        m(batch).square().mean().backward()
        o.step()
        s.step()
    assert equal(other.state_dict(), net.state_dict())
    assert other_scheduler.get_last_lr() == scheduler.get_last_lr()


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_failure_while_writing_leaves_the_old_file_whole(tmp_path, monkeypatch, function):
    path = tmp_path / "x.safetensors"
    save_tensors(path, {"a": torch.ones(3)})
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OSError, match="disk full"):
        save_tensors(path, {"a": torch.zeros(3)})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]


def damage_truncated(data):
    return data[: len(data) // 2]


def damage_empty(data):
    return b""


def damage_text(data):
    return b"these are not tensors" * 9


def damage_flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize("damage", [damage_truncated, damage_empty, damage_text, damage_flipped])
def test_a_damaged_file_is_refused(tmp_path, damage):
    path = tmp_path / "x.safetensors"
    save_tensors(path, {"a": torch.randn(50)})
    path.write_bytes(damage(path.read_bytes()))
    says = "hash differs" if damage is damage_flipped else "whole safetensors file"
    with pytest.raises(ValueError, match=says):
        load_tensors(path)


@pytest.mark.parametrize(
    ("old", "new"), [(b"[2,3]", b"[3,2]"), (b'"F32"', b'"I32"'), (b'"first"', b'"other"')]
)
def test_the_hash_covers_shapes_types_and_names(tmp_path, old, new):
    path = tmp_path / "x.safetensors"
    save_tensors(path, {"first": torch.ones(2, 3)})
    whole = path.read_bytes()
    assert whole.count(old) == 1
    path.write_bytes(whole.replace(old, new))
    with pytest.raises(ValueError, match="hash differs"):
        load_tensors(path)


def test_a_file_from_elsewhere_has_no_hash_and_is_read(tmp_path):
    save_file({"a": torch.ones(2)}, tmp_path / "x.safetensors")
    assert load_tensors(tmp_path / "x.safetensors")[0]["a"].tolist() == [1, 1]


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*x\.safetensors"):
        load_tensors(tmp_path / "x.safetensors")


def wrong_missing(state):
    del state["0.weight"]


def wrong_unknown(state):
    state["more"] = torch.ones(1)


def wrong_shape(state):
    state["0.weight"] = torch.ones(4, 4)


def wrong_nan(state):
    state["2.bias"][0] = float("nan")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (wrong_missing, r"missing 0\.weight"),
        (wrong_unknown, "unknown more"),
        (wrong_shape, r"0\.weight: expected shape \(4, 3\), got \(4, 4\)"),
        (wrong_nan, r"2\.bias: NaN"),
    ],
)
def test_tensors_that_do_not_fit_change_nothing(wrong, says):
    net = model()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    state = {k: v.clone() for k, v in model(seed=1).state_dict().items()}
    wrong(state)
    with pytest.raises(ValueError, match=says):
        load_into(net, state, "here")
    assert equal(net.state_dict(), before)


L = torch.optim.lr_scheduler
SCHEDULES = {
    "OneCycleLR": lambda o: L.OneCycleLR(o, 0.1, total_steps=9),
    "LambdaLR": lambda o: L.LambdaLR(o, lambda step: 1 / (step + 1)),
    "CosineAnnealingLR": lambda o: L.CosineAnnealingLR(o, 9),
    "MultiStepLR": lambda o: L.MultiStepLR(o, [1, 3, 3, 5]),  # whole numbers as keys
    "SequentialLR": lambda o: L.SequentialLR(
        o, [L.LinearLR(o, 0.1, 1, 2), L.MultiStepLR(o, [2, 3])], [3]
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_goes_on_exactly(tmp_path, name):
    def make(lr):
        net = model()
        optimizer = torch.optim.Adam(net.parameters(), lr=lr)
        return net, optimizer, SCHEDULES[name](optimizer)

    def step(net, optimizer, scheduler):
        net(torch.ones(5, 3)).square().mean().backward()
        optimizer.step()
        scheduler.step()
        return optimizer.state_dict()["param_groups"]

    one, two = make(0.1), make(0.7)
    step(*one)
    path = tmp_path / "c.safetensors"
    checkpoint.save_checkpoint(path, *one[:2], Progress(), scheduler=one[2])
    load_checkpoint(path, *two[:2], scheduler=two[2])
    # Equal in Python also means: tuples are tuples, and keys that were numbers are numbers.
    assert two[1].state_dict()["param_groups"] == one[1].state_dict()["param_groups"]
    assert isinstance(two[1].param_groups[0]["betas"], tuple)
    if name not in ("LambdaLR", "SequentialLR"):  # these hold functions, or lists of schedules
        assert two[2].state_dict() == one[2].state_dict()
    for _ in range(6):
        assert step(*two) == step(*one)  # rates and, for OneCycleLR, momenta


def test_what_json_cannot_hold_is_named(tmp_path):
    net = model()
    optimizer = torch.optim.Adam(net.parameters(), lr=torch.tensor(0.1))
    with pytest.raises(ValueError, match="expected numbers and texts .* Tensor"):
        checkpoint.save_checkpoint(tmp_path / "c", net, optimizer, Progress())
    assert not list(tmp_path.iterdir())


def test_tensors_are_not_a_checkpoint(tmp_path):
    net, optimizer, scheduler = trained()
    save_tensors(tmp_path / "plain", net.state_dict())
    with pytest.raises(ValueError, match="tensors, but not a training checkpoint"):
        load_checkpoint(tmp_path / "plain", net, optimizer, scheduler=scheduler)
    with pytest.raises(FileNotFoundError, match="no file"):
        load_checkpoint(tmp_path / "none", net, optimizer, scheduler=scheduler)


@pytest.mark.parametrize(
    ("optimizer_class", "parameters", "schedule", "says"),
    [
        (torch.optim.SGD, 6, "OneCycleLR", "expected SGD"),
        (torch.optim.AdamW, 6, "OneCycleLR", "expected AdamW"),  # holds the same names as Adam
        (torch.optim.Adam, 2, "OneCycleLR", r"Adam\(2 parameters\)"),
        (torch.optim.Adam, 6, "CosineAnnealingLR", "and CosineAnnealingLR"),
        (torch.optim.Adam, 6, None, "and no schedule"),
    ],
)
def test_another_optimizer_or_schedule_is_refused(
    tmp_path, optimizer_class, parameters, schedule, says
):
    net, optimizer, scheduler = trained()
    path = tmp_path / "c.safetensors"
    checkpoint.save_checkpoint(path, net, optimizer, Progress(), scheduler=scheduler)
    fresh = model(seed=1)
    before = {k: v.clone() for k, v in fresh.state_dict().items()}
    other = optimizer_class(list(fresh.parameters())[:parameters], lr=0.1)
    with pytest.raises(ValueError, match=rf"{says}.*, saved with Adam\(6 .*\) and OneCycleLR"):
        load_checkpoint(path, fresh, other, scheduler=schedule and SCHEDULES[schedule](other))
    assert equal(fresh.state_dict(), before)
    assert not other.state_dict()["state"]


def test_every_flipped_bit_is_noticed(tmp_path):
    """In the tensors and in the header alike, where a flip may turn a 0.1 into a 0.3."""
    torch.manual_seed(0)
    net = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    path = tmp_path / "c.safetensors"
    checkpoint.save_checkpoint(path, net, optimizer, Progress(step=3))
    whole = path.read_bytes()
    accepted = []
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ (1 << i % 7)]) + whole[i + 1 :])
        try:
            load_checkpoint(path, net, optimizer)
        except ValueError:
            continue
        accepted.append(i)
    # Nothing hangs on the one text that safetensors' readers expect: "format": "pt".
    start = whole.index(b'"format":"pt"')
    assert all(start + 10 <= i < start + 12 for i in accepted)


def test_what_is_in_the_header_is_plain(tmp_path):
    net, optimizer, scheduler = trained()
    path = tmp_path / "c.safetensors"
    checkpoint.save_checkpoint(path, net, optimizer, Progress(step=1), scheduler=scheduler)
    _, metadata = load_tensors(path)
    assert json.loads(metadata["progress"])["step"] == 1
    assert np.isclose(json.loads(metadata["scheduler"])["_last_lr"], scheduler.get_last_lr())
