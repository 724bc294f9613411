"""The training loop where something is wrong: it says what, and leaves the checkpoint alone."""

import json

import pytest
import torch

from large_models.tensors import load_tensors, save_tensors
from large_models.training.loop import fit
from tests.training.test_loop import batches, loss, make, run


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"steps": 0}, "steps: expected at least 1, got 0"),
        ({"evaluate_every": 0}, "evaluate_every: expected at least 1"),
        ({"patience": 2}, "patience: needs evaluate"),
        ({"patience": 2, "evaluate": len}, "patience: needs evaluate and evaluate_every"),
        ({"clip_norm": -1.0}, "clip_norm: expected more than 0, got -1.0"),
        ({"clip_norm": float("nan")}, "clip_norm: expected more than 0, got nan"),
        ({"checkpoint_every": 2}, "checkpoint_every: needs checkpoint"),
    ],
)
def test_settings_that_make_no_sense(settings, says):
    with pytest.raises(ValueError, match=says):
        run(**({"steps": 3} | settings))


def test_no_batches_and_a_broken_loss_are_named():
    model, optimizer, _ = make()
    common = {"steps": 3, "generator": torch.Generator(), "progress_bar": False}
    with pytest.raises(ValueError, match="at least one batch"):
        fit(model, lambda generator: [], loss, optimizer, **common)
    with pytest.raises(ValueError, match="the loss at step 1 is nan"):
        fit(model, batches, lambda m, b: loss(m, b) * float("nan"), optimizer, **common)
    with pytest.raises(ValueError, match="the score at step 3 is nan"):
        fit(model, batches, loss, optimizer, evaluate=lambda m: float("nan"), **common)


def test_a_damaged_checkpoint_stops_it(tmp_path):
    path = tmp_path / "c.safetensors"
    save_tensors(path, {"a": torch.ones(1)})
    with pytest.raises(ValueError, match="not a training checkpoint"):
        run(3, checkpoint=path)


class Edge(torch.autograd.Function):
    """The identity, whose gradient is NaN from the third time on."""

    times = 0

    @staticmethod
    def forward(context, x):
        return x.clone()

    @staticmethod
    def backward(context, grad):
        Edge.times += 1
        return grad * (float("nan") if Edge.times > 2 else 1)


@pytest.mark.parametrize("clip_norm", [None, 1.0])
def test_a_gradient_that_is_not_finite_leaves_the_checkpoint_alone(tmp_path, clip_norm):
    """The loss is finite all along: only its gradient tells."""
    path, Edge.times = tmp_path / "c.safetensors", 0
    model, optimizer, _ = make()
    common = {"generator": torch.Generator(), "checkpoint": path, "checkpoint_every": 1}
    with pytest.raises(
        ValueError, match="the gradient at step 3 is not finite in 0.weight, 0.bias"
    ):
        fit(model, batches, lambda m, b: Edge.apply(loss(m, b)), optimizer, steps=5,
            clip_norm=clip_norm, progress_bar=False, **common)  # fmt: skip
    assert json.loads(load_tensors(path)[1]["progress"])["step"] == 2
    assert all(p.isfinite().all() for p in model.parameters())
    again, optimizer, _ = make()
    history = fit(again, batches, loss, optimizer, steps=4, progress_bar=False, **common)
    assert history[-1]["step"] == 4


def test_weights_that_are_not_finite_leave_the_checkpoint_alone(tmp_path):
    path = tmp_path / "c.safetensors"

    class Broken(torch.optim.SGD):
        def step(self):
            super().step()
            self.done = getattr(self, "done", 0) + 1
            if self.done == 3:
                self.param_groups[0]["params"][0].data[0, 0] = float("inf")

    model, _, _ = make()
    optimizer = Broken(model.parameters(), lr=0.01)
    with pytest.raises(ValueError, match="after step 3 0.weight holds NaN or infinity"):
        fit(model, batches, loss, optimizer, steps=5, generator=torch.Generator(),
            checkpoint=path, checkpoint_every=1, progress_bar=False)  # fmt: skip
    assert json.loads(load_tensors(path)[1]["progress"])["step"] == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
@pytest.mark.parametrize("where", ["loss", "evaluation"])
def test_an_interrupted_model_is_in_evaluation_mode(error, where):
    model, optimizer, _ = make()

    def stop(*args):
        raise error

    functions = {"loss": (stop, None), "evaluation": (loss, stop)}[where]
    with pytest.raises(error):
        fit(model, batches, functions[0], optimizer, steps=5, generator=torch.Generator(),
            evaluate=functions[1], evaluate_every=1 if functions[1] else None,
            progress_bar=False)  # fmt: skip
    assert not model.training and not any(m.training for m in model.modules())
