r"""What a training run needs: memory on each GPU, operations, days and money.

    operations    6 N D + 12 L h s D           a forward pass, and twice that for a backward pass
    days          operations / (GPUs x peak x utilisation x 86 400)
    model states  16 bytes a parameter          2 weights, 2 gradients, 12 optimiser (mixed, Adam)
    activations   s b h (34 + 5 a s / h)        bytes a layer, if nothing is recomputed

N parameters, D tokens, L layers, h hidden size, a heads, s tokens in a sequence, b sequences at a
time on one GPU. Tensor parallelism by t splits weights and most activations t ways, pipeline
parallelism by p splits the layers; ZeRO splits the model states over the d copies that are left:
stage 1 the optimiser's, 2 the gradients too, 3 (FSDP) the weights too.

Left out, so that a plan should keep room: the embedding's and the last layer's activations, buffers
for sending, fragments. A GB has 10^9 bytes.

Sources: Kaplan et al. 2020 (6 N D); Chowdhery et al. 2022, appendix B (attention, and utilisation
of the model's operations); Rajbhandari et al. 2020, section 3 (model states, stages); Korthikanti
et al. 2022, section 4 (activations), and Narayanan et al. 2021 (what a pipeline holds). The page's
copy is lib/widgets/budget.js. Chapter: 5_1_trends.
"""

import math
from dataclasses import dataclass

HOUR, DAY = 3600, 86_400  # seconds


@dataclass(frozen=True)
class Machine:
    """A GPU or TPU chip: dense peak operations a second, and its memory in bytes."""

    name: str
    peak_16: float  # 16-bit floats, sums in 32 bits
    peak_32: float | None  # 32-bit floats; None where the maker gives none
    memory: float
    source: str  # key in references.bib


MACHINES = {
    machine.name: machine
    for machine in (
        Machine("V100 32 GB", 125e12, 15.7e12, 32e9, "nvidiav100"),
        Machine("A100 40 GB", 312e12, 19.5e12, 40e9, "nvidia2021a100"),
        Machine("A100 80 GB", 312e12, 19.5e12, 80e9, "nvidia2021a100"),
        Machine("H100 80 GB", 989.4e12, 66.9e12, 80e9, "nvidia2023h100"),
        Machine("TPU v3", 123e12, None, 32 * 2**30, "googletpuv3"),
        Machine("TPU v4", 275e12, None, 32 * 2**30, "googletpuv4"),
    )
}
# Bytes a parameter: weights, gradients, what Adam keeps (beside 16-bit weights a 32-bit copy).
STATES = {"fp32": (4, 4, 8), "bf16": (2, 2, 12)}
RECOMPUTE = ("none", "attention", "all")


@dataclass(frozen=True)
class Run:
    """A planned run.

    Raises:
        ValueError: for a value that makes no plan, saying what was expected.
    """

    parameters: float
    tokens: float
    layers: int
    hidden_size: int
    heads: int
    seq_len: int
    micro_batch: int = 1  # sequences at a time on a GPU
    machine: str = "A100 80 GB"
    count: int = 1  # GPUs
    precision: str = "bf16"
    utilisation: float = 0.4  # of the peak, by the model's operations
    zero: int = 0  # stage: 0 copies everything, 3 is FSDP
    tensor: int = 1
    pipeline: int = 1
    recompute: str = "none"
    price: float = 1.0  # of a GPU for an hour, in whatever money

    def __post_init__(self) -> None:
        for name in ("parameters", "tokens"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name}: expected a number, got {value!r}")
            if not 1 <= value < math.inf:
                raise ValueError(f"{name}: expected at least 1, got {value}")
        for name in (
            *("layers", "hidden_size", "heads", "seq_len"),
            *("micro_batch", "count", "tensor", "pipeline"),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        for name, choices in (
            ("machine", MACHINES),
            ("precision", STATES),
            ("recompute", RECOMPUTE),
            ("zero", (0, 1, 2, 3)),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or value not in choices:
                words = ", ".join(map(str, choices))
                raise ValueError(f"{name}: expected one of {words}, got {value!r}")
        if not 0 < self.utilisation <= 1:
            raise ValueError(
                f"utilisation: expected more than 0, at most 1, got {self.utilisation}"
            )
        if not 0 <= self.price < math.inf:
            raise ValueError(f"price: expected 0 or more, got {self.price}")
        if self.precision == "fp32" and MACHINES[self.machine].peak_32 is None:
            raise ValueError(f"precision: no peak in fp32 is published for {self.machine}")
        if self.pipeline > self.layers:
            raise ValueError(
                f"pipeline: expected at most one stage a layer, {self.layers}, got {self.pipeline}"
            )
        if self.count % (self.tensor * self.pipeline):
            raise ValueError(
                f"count: expected a multiple of tensor x pipeline = {self.tensor * self.pipeline}, "
                f"got {self.count}"
            )

    @property
    def copies(self) -> int:
        """How many copies of the model, each on tensor x pipeline GPUs, share the data."""
        return self.count // (self.tensor * self.pipeline)


@dataclass(frozen=True)
class Memory:
    """Bytes on the GPU that holds most."""

    weights: float
    gradients: float
    optimiser: float
    activations: float

    @property
    def total(self) -> float:
        return self.weights + self.gradients + self.optimiser + self.activations


def operations(
    parameters: float, tokens: float, layers: int = 0, hidden_size: int = 0, seq_len: int = 0
) -> float:
    """What the model itself needs: 6 N D, and 12 L h s D for attention scores and what they mix.

    Counts a causal mask's upper half, as published figures do; without the last three: 6 N D.
    """
    return (6 * parameters + 12 * layers * hidden_size * seq_len) * tokens


def model_operations(run: Run) -> float:
    """`operations` of a plan."""
    return operations(run.parameters, run.tokens, run.layers, run.hidden_size, run.seq_len)


def hardware_operations(run: Run) -> float:
    """The same with what is computed twice: one more forward pass, or the attention part of it."""
    if run.recompute == "all":
        return model_operations(run) * 4 / 3
    if run.recompute == "attention":
        again = 4 * run.layers * run.hidden_size * run.seq_len * run.tokens
        return model_operations(run) + again
    return model_operations(run)


def gpu_hours(run: Run) -> float:
    """Hours that one GPU would need for all of it; utilisation counts the model's operations."""
    machine = MACHINES[run.machine]
    peak = machine.peak_32 if run.precision == "fp32" else machine.peak_16
    return model_operations(run) / (peak * run.utilisation * HOUR)


def days(run: Run) -> float:
    """How long the run takes on all its GPUs."""
    return gpu_hours(run) * HOUR / (run.count * DAY)


def cost(run: Run) -> float:
    """GPU hours times the price that the reader gave."""
    return gpu_hours(run) * run.price


def memory(run: Run) -> Memory:
    """What lies on the GPU that holds most: a pipeline's first."""
    shard = run.parameters / (run.tensor * run.pipeline)
    weights, gradients, optimiser = (shard * size for size in STATES[run.precision])
    return Memory(
        weights / (run.copies if run.zero >= 3 else 1),
        gradients / (run.copies if run.zero >= 2 else 1),
        optimiser / (run.copies if run.zero >= 1 else 1),
        _activations(run),
    )


def _activations(run: Run) -> float:
    """Korthikanti et al., section 4. Masks of the dropout take a byte a number.

    A pipeline's first stage holds as many micro-batches as there are stages, so splitting the
    layers saves it nothing.
    """
    size = 4 if run.precision == "fp32" else 2
    s, b, h, a = run.seq_len, run.micro_batch, run.hidden_size, run.heads
    whole = s * b * h * (4 * size + 2)  # what tensor parallelism leaves whole
    split = s * b * h * 12 * size / run.tensor
    scores = a * s * s * b * (2 * size + 1) / run.tensor
    held = math.ceil(run.layers / run.pipeline) * run.pipeline  # layers x micro-batches
    if run.recompute == "none":
        return held * (whole + split + scores)
    if run.recompute == "attention":
        return held * (whole + split)
    # The layers' inputs, and one layer that is being computed again.
    return held * s * b * h * size + whole + split + scores


def fits(run: Run) -> bool:
    """Whether the memory is enough, with nothing kept free."""
    return memory(run).total <= MACHINES[run.machine].memory
