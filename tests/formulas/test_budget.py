"""The budget of a training run: against published examples, published runs, and torch's counts."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from large_models.data.training_runs import ASSUMED, ASSUMING, GPT3, RUNS, STATED
from large_models.files import weights
from large_models.formulas import budget
from large_models.models.bert import BertForMaskedLM
from large_models.models.gpt import GPT

PLAN = budget.Run(7.5e9, 1e9, 32, 4096, 32, 2048, count=64)


def test_states_are_those_of_the_zero_paper():
    """Its figure 1: 7.5 billion parameters on 64 GPUs take 120, 31.4, 16.6, 1.9 GB."""
    for stage, expected in enumerate((120, 31.4, 16.6, 1.9)):
        found = budget.memory(replace(PLAN, zero=stage))
        states = found.weights + found.gradients + found.optimiser
        assert states / 1e9 == pytest.approx(expected, abs=0.06), stage


def test_fp32_states_are_sixteen_bytes_too():
    assert budget.memory(replace(PLAN, precision="fp32")).total - budget.memory(
        replace(PLAN, precision="fp32")
    ).activations == pytest.approx(16 * 7.5e9)


@pytest.mark.parametrize("t", [1, 2, 8])
def test_activations_are_korthikanti_s(t):
    """s b h (10 + 24/t + 5 a s / (h t)) a layer; 2 s b h and a layer if all is recomputed."""
    run = replace(PLAN, tensor=t, micro_batch=3)
    s, b, h, a, L = run.seq_len, 3, run.hidden_size, run.heads, run.layers
    layer = s * b * h * (10 + 24 / t + 5 * a * s / (h * t))
    assert budget.memory(run).activations == pytest.approx(L * layer)
    selective = budget.memory(replace(run, recompute="attention")).activations
    assert selective == pytest.approx(L * s * b * h * (10 + 24 / t))
    all_again = budget.memory(replace(run, recompute="all")).activations
    assert all_again == pytest.approx(L * 2 * s * b * h + layer)


def test_a_pipeline_saves_states_but_no_activations():
    split = budget.memory(replace(PLAN, pipeline=8))
    assert split.weights == pytest.approx(budget.memory(PLAN).weights / 8)
    assert split.activations == pytest.approx(budget.memory(PLAN).activations)
    assert budget.memory(replace(PLAN, layers=33, pipeline=8)).activations == pytest.approx(
        budget.memory(PLAN).activations * 40 / 32
    )


@pytest.mark.parametrize(("s", "b", "h", "a"), [(96, 2, 64, 4), (32, 4, 128, 4), (256, 1, 64, 8)])
def test_activations_held_by_autograd(s, b, h, a):
    """What torch keeps of a layer in fp32 is the formula's, number by number.

    Without dropout, whose masks (2 s b h + a s^2 b bytes) and masked scores (4 a s^2 b) fall away.
    torch's plain attention keeps scaled copies of queries and keys beside the joint projection:
    8 s b h more. 1 % is for the two norms' means and deviations.
    """
    layer = torch.nn.TransformerEncoderLayer(
        h, a, 4 * h, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    own = {p.untyped_storage().data_ptr() for p in layer.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:  # and keep it alive, so that its address stays its own
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    x = torch.randn(b, s, h, requires_grad=True)
    with sdpa_kernel(SDPBackend.MATH), torch.autograd.graph.saved_tensors_hooks(keep, lambda v: v):
        layer(x).sum().backward()
    found = sum(size for size, _ in kept.values())
    formula = budget.memory(budget.Run(1, 1, 1, h, a, s, b, precision="fp32")).activations
    expected = formula - (2 * s * b * h + 5 * a * s * s * b) + 8 * s * b * h
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("cls", "name", "ids"),
    [(GPT, "gpt-docs", 128), (BertForMaskedLM, "bert-docs", 64)],
)
def test_operations_are_what_torch_counts(cls, name, ids):
    """On our own models: exactly, once the numbers that are only added are left out of N."""
    model = cls.from_pretrained(weights(name))
    batch = torch.ones(2, ids, dtype=torch.int64)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        out = model(batch)
        (out if isinstance(out, torch.Tensor) else out[0]).sum().backward()
    counted = counter.get_total_flops()
    config = model.config
    layers = getattr(config, "n_layer", None) or config.num_hidden_layers
    hidden = getattr(config, "n_embd", None) or config.hidden_size
    multiplied = sum(
        p.numel()
        for name, p in model.named_parameters()
        if p.ndim == 2 and "positions" not in name and "types" not in name
    )
    exact = budget.operations(multiplied, batch.numel(), layers, hidden, ids)
    assert counted == pytest.approx(exact, rel=1e-9)
    everything = sum(p.numel() for p in model.parameters())
    assert budget.operations(everything, batch.numel()) == pytest.approx(counted, rel=0.2)


def test_six_a_parameter_and_token():
    assert budget.operations(10, 7) == 420
    assert budget.operations(10, 7, layers=2, hidden_size=3, seq_len=5) == 7 * (60 + 360)


def test_recomputing_costs_a_forward_pass():
    once = budget.model_operations(PLAN)
    assert budget.hardware_operations(PLAN) == once
    assert budget.hardware_operations(replace(PLAN, recompute="all")) == pytest.approx(once * 4 / 3)
    again = budget.hardware_operations(replace(PLAN, recompute="attention")) - once
    assert again == pytest.approx(4 * 32 * 4096 * 2048 * 1e9)


# --- what saves memory costs time -----------------------------------------------------------------

ALONE = budget.Run(1e9, 1e9, 8, 1024, 8, 1024, batch=1024 * 64)  # one GPU, 64 micro-batches


def test_computing_a_forward_pass_again_takes_a_third_longer():
    plain, again = budget.hours(ALONE), budget.hours(replace(ALONE, recompute="all"))
    assert plain.total == plain.model and again.total == pytest.approx(4 / 3 * plain.total)
    some = budget.hours(replace(ALONE, recompute="attention"))
    assert plain.total < some.total < again.total


def test_a_pipeline_stands_idle_while_it_fills_and_empties():
    """(p - 1) / m of the computing, and m falls as copies share the batch."""
    two = replace(ALONE, count=4, pipeline=4)
    assert budget.micro_batches(two) == 64 and budget.bubble(two) == 3 / 64
    assert budget.hours(two).pipeline == pytest.approx(3 / 64 * budget.hours(two).model)
    shared = replace(two, count=32)
    assert budget.micro_batches(shared) == 8 and budget.bubble(shared) == 3 / 8
    assert budget.hours(shared).total > budget.hours(two).total


@pytest.mark.parametrize(("zero", "times"), [(0, 2), (1, 2), (2, 5), (3, 12)])
def test_what_copies_send_is_the_zero_paper_s(zero, times):
    """Section 7: 2 N numbers in all, 3 N at stage 3, for one micro-batch; here for m = 4."""
    plan = replace(ALONE, count=16, zero=zero, link=10.0)
    assert budget.micro_batches(plan) == 4
    seconds = times * 2 * 1e9 * 15 / 16 / (8 * 10e9)  # a server's eight links
    assert budget.copies_exchange(plan) == pytest.approx(seconds)
    one = replace(plan, batch=1024 * 16)
    assert budget.copies_exchange(one) == pytest.approx(seconds / times * (3 if zero == 3 else 2))


def test_copies_wait_only_for_what_takes_longer_than_computing():
    fast = replace(ALONE, count=16, zero=3)
    assert budget.hours(fast).exchange == 0
    slow = replace(fast, link=0.1)
    steps = slow.tokens / budget.step_tokens(slow)
    needed = budget.copies_exchange(slow) * steps * 16 / 3600
    assert budget.hours(slow).total == pytest.approx(needed)
    assert budget.hours(slow).exchange == pytest.approx(needed - budget.hours(slow).model)


def test_tensor_groups_wait_for_their_sums():
    split = replace(ALONE, count=4, tensor=4)
    message = 2 * 1024 * 1024
    seconds = 64 * 4 * 8 * message * 2 * 3 / 4 / 300e9
    assert budget.group_exchange(split) == pytest.approx(seconds)
    assert budget.group_exchange(replace(split, recompute="all")) == pytest.approx(1.5 * seconds)
    assert budget.group_exchange(ALONE) == 0


def test_every_saving_of_memory_that_computes_or_waits_costs_time():
    for cheaper, dearer in [
        ({}, {"recompute": "all"}),
        ({"count": 8}, {"count": 8, "pipeline": 8}),
        ({"count": 8}, {"count": 8, "tensor": 8}),
        ({"count": 8, "link": 1.0}, {"count": 8, "link": 1.0, "zero": 3}),
    ]:
        plain, saving = replace(ALONE, **cheaper), replace(ALONE, **dearer)
        assert budget.memory(saving).total < budget.memory(plain).total
        assert budget.gpu_hours(saving) > budget.gpu_hours(plain)


def test_a_stated_utilisation_comes_out():
    plan = replace(ALONE, count=8, tensor=2, pipeline=2, zero=1, recompute="all")
    for share in (0.1, 0.3):
        found = budget.with_model_utilisation(plan, share)
        assert budget.model_utilisation(found) == pytest.approx(share)
        assert found.utilisation > share * 4 / 3
    with pytest.raises(ValueError, match="utilisation: expected more than 0, at most 1"):
        budget.with_model_utilisation(plan, 0.9)
    with pytest.raises(ValueError, match="the exchange takes longer"):
        budget.with_model_utilisation(replace(plan, link=0.01), 0.3)


def test_days_and_cost_by_hand():
    run = budget.Run(1e9, 1e12, 1, 1, 1, 1, count=10, utilisation=0.5, price=3.0, link=1e6)
    hours = (6e21 + 12e12) / (312e12 * 0.5) / 3600
    assert budget.gpu_hours(run) == pytest.approx(hours)
    assert budget.days(run) == pytest.approx(hours / 240)
    assert budget.cost(run) == pytest.approx(3 * hours)
    slow = budget.gpu_hours(replace(run, precision="fp32"))
    assert slow == pytest.approx(hours * 312 / 19.5)


def test_what_fits():
    assert not budget.fits(PLAN)
    assert budget.fits(replace(PLAN, zero=3, recompute="all"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": 0}, "parameters: expected at least 1, got 0"),
        ({"tokens": "many"}, "tokens: expected a number, got 'many'"),
        ({"layers": 2.5}, "layers: expected a whole number of at least 1, got 2.5"),
        ({"count": 0}, "count: expected a whole number"),
        ({"machine": "abacus"}, "machine: expected one of V100 32 GB, .*, got 'abacus'"),
        ({"zero": 4}, "zero: expected one of 0, 1, 2, 3, got 4"),
        ({"zero": True}, "zero: expected one of"),
        ({"utilisation": 40}, "utilisation: expected more than 0, at most 1, got 40"),
        ({"price": -1}, "price: expected 0 or more"),
        ({"batch": 0.5}, "batch: expected at least 1, got 0.5"),
        ({"link": "fast"}, "link: expected a number, got 'fast'"),
        ({"machine": "TPU v4", "precision": "fp32"}, "no peak in fp32 is published for TPU v4"),
        ({"pipeline": 64}, "expected at most one stage per layer, 32, got 64"),
        ({"tensor": 3}, "count: expected a multiple of tensor x pipeline = 3, got 64"),
    ],
)
def test_bad_plans_are_told(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(PLAN, **changes)


# --- published runs -------------------------------------------------------------------------------


def test_hours_from_a_utilisation_measured_apart():
    """Five of six within 30 %. The other's hours include downtime and repeated steps."""
    assert len(STATED) == 6 and all(run.stated for run in STATED)
    far = {run.name for run in STATED if not 0.7 <= run.ratio <= 1.3}
    assert far == {"PaLM 540B"}
    assert RUNS["PaLM 540B"].ratio == pytest.approx(0.67, abs=0.01)


def test_hours_from_one_utilisation_for_all():
    for run in ASSUMING:
        assert budget.model_utilisation(run.plan) == pytest.approx(ASSUMED)
    assert not any(run.stated for run in ASSUMING)
    far = {run.name for run in ASSUMING if not 0.7 <= run.ratio <= 1.3}
    assert far == {"LLaMA 13B", "Pythia 12B"}
    assert all(0.65 < run.ratio < 1.4 for run in ASSUMING)


def test_operations_as_published():
    plan = GPT3.plan
    assert budget.operations(plan.parameters, plan.tokens) == pytest.approx(3.14e23, rel=0.01)
    palm = RUNS["PaLM 540B"]
    assert budget.operations(palm.plan.parameters, palm.plan.tokens) == pytest.approx(
        palm.operations, rel=0.01
    )
    bloomberg = RUNS["BloombergGPT 50B"]
    assert budget.hardware_operations(bloomberg.plan) == pytest.approx(
        bloomberg.operations, rel=0.05
    )
    with pytest.raises(ValueError, match="no hours are published"):
        _ = GPT3.ratio


def test_parameters_are_about_what_the_sizes_say():
    """N is published beside L and h: 12 L h^2 must not be far (gated layers, few keys, embeddings).

    A slip in a table of sizes would be."""
    for run in RUNS.values():
        plan = run.plan
        assert 0.7 < 12 * plan.layers * plan.hidden_size**2 / plan.parameters < 1.3, run.name


def test_every_preset_is_a_plan_that_fits():
    assert all(budget.fits(run.plan) for run in RUNS.values())


def test_every_source_is_in_the_bibliography():
    text = (Path(__file__).parents[2] / "references.bib").read_text("utf-8")
    keys = {key for run in RUNS.values() for key in run.sources}
    keys |= {machine.source for machine in budget.MACHINES.values()}
    assert {key for key in keys if f"{{{key}," not in text} == set()
