r"""What a training run needs: memory on each GPU, operations, days and money.

    operations    6 N D + 12 L h s D           a forward pass, and twice that for a backward pass
    computing     operations / (GPUs x peak x utilisation)      in seconds
    model states  16 bytes a parameter          2 weights, 2 gradients, 12 optimiser (mixed, Adam)
    activations   s b h (34 + 5 a s / h)        bytes per layer, if nothing is recomputed

N parameters, D tokens, L layers, h hidden size, a heads, s tokens in a sequence, b sequences at a
time on one GPU. Tensor parallelism by t splits weights and most activations t ways, pipeline
parallelism by p splits the layers; ZeRO splits the model states over the d copies that are left:
stage 1 the optimiser's, 2 the gradients too, 3 (FSDP) the weights too.

What saves memory costs time, by a simple model:

    computed again   4/3 of the operations if a forward pass is repeated, less if its attention is
    pipeline         (p - 1) / m of the computing   m micro-batches go through in a step, and the
                     stages stand idle while it fills and empties
    exchange         tensor parallel: 4 times per layer and micro-batch (6 if all is computed again)
                     the GPUs of a group add up s b h numbers, 2 (t - 1) / t of which each sends;
                     a pipeline hands them on, forwards and back
    copies           each sends (d - 1) / d of its part of the weights twice per step; ZeRO 2 sends
                     gradients after each micro-batch, m + 1 times; ZeRO 3 fetches the weights
                     twice for each, too: 3 m times

The copies' exchange goes on beside the computing, and costs what it takes longer; tensor groups and
pipelines wait for theirs. Up to 8 GPUs of a server are joined by fast links, FAST each way, and
each has one `link` to other servers. These speeds are examples, the same for all machines.

Left out, so that a plan should keep room: the embedding's and the last layer's activations, buffers
for sending, fragments; failures. A GB has 10^9 bytes.

Sources: Kaplan et al. 2020 (6 N D); Chowdhery et al. 2022, appendix B (attention, and utilisation
of the model's operations); Rajbhandari et al. 2020, sections 3 and 7 (model states, stages, what
they send); Korthikanti et al. 2022, section 4 (activations), and Narayanan et al. 2021 (pipelines,
tensor groups). The page's copy is lib/large_models/widgets/engine/budget.js. Chapter: 5_1_trends.
"""

import math
from dataclasses import dataclass, replace

HOUR, DAY = 3600, 86_400  # seconds
SERVER = 8  # GPUs that share fast links
FAST = 300e9  # bytes a second on one of these, each way


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
    utilisation: float = 0.4  # of the peak, while a GPU computes
    zero: int = 0  # stage: 0 copies everything, 3 is FSDP
    tensor: int = 1
    pipeline: int = 1
    recompute: str = "none"
    price: float = 1.0  # of a GPU for an hour, in whatever money
    batch: float = 2.0**22  # tokens in a step, at least
    link: float = 25.0  # GB a second from a GPU to other servers, each way

    def __post_init__(self) -> None:
        for name in ("parameters", "tokens", "batch", "link"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{name}: expected a number, got {value!r}")
            least = 1 if name != "link" else 0.001
            if not least <= value < math.inf:
                raise ValueError(f"{name}: expected at least {least}, got {value}")
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
                f"pipeline: expected at most one stage per layer, {self.layers}, "
                f"got {self.pipeline}"
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


def _peak(run: Run) -> float:
    machine = MACHINES[run.machine]
    peak = machine.peak_32 if run.precision == "fp32" else machine.peak_16
    assert peak is not None  # `Run` refuses the machines that have none
    return peak


def micro_batches(run: Run) -> int:
    """How many go through each copy in a step: as many as make at least `batch` tokens of it."""
    together = run.copies * run.micro_batch * run.seq_len
    return max(1, math.ceil(run.batch / together * (1 - 1e-12)))


def step_tokens(run: Run) -> int:
    """Tokens in a step."""
    return micro_batches(run) * run.copies * run.micro_batch * run.seq_len


def bubble(run: Run) -> float:
    """How long a pipeline's stages stand idle, as a share of the time they compute."""
    return (run.pipeline - 1) / micro_batches(run)


def group_exchange(run: Run) -> float:
    """Seconds of a step in which a copy's GPUs wait for what they send each other."""
    m, t = micro_batches(run), run.tensor
    size = 4 if run.precision == "fp32" else 2
    message = size * run.seq_len * run.micro_batch * run.hidden_size
    times = (6 if run.recompute == "all" else 4) * math.ceil(run.layers / run.pipeline)
    added_up = m * times * message * 2 * (t - 1) / t / FAST
    handed_on = 2 * m * message / (1e9 * run.link) if run.pipeline > 1 else 0.0
    return added_up + handed_on


def copies_exchange(run: Run) -> float:
    """Seconds of a step in which the copies send gradients and weights, beside the computing.

    A server's GPUs share its links: what comes in by one of them is passed on inside.
    """
    m, d = micro_batches(run), run.copies
    size = 4 if run.precision == "fp32" else 2
    part = size * run.parameters / (run.tensor * run.pipeline) * (d - 1) / d
    links = max(1.0, SERVER / run.tensor)
    return (2, 2, m + 1, 3 * m)[run.zero] * part / (1e9 * run.link * links)


@dataclass(frozen=True)
class Hours:
    """Where the GPU hours of a run go."""

    model: float  # the model's own operations
    again: float  # what is computed a second time
    pipeline: float  # stages that stand idle
    exchange: float  # waiting for each other

    @property
    def total(self) -> float:
        return self.model + self.again + self.pipeline + self.exchange


def hours(run: Run) -> Hours:
    """GPU hours of the whole run, all GPUs together."""
    speed = _peak(run) * run.utilisation * HOUR  # operations in an hour of computing
    model = model_operations(run) / speed
    again = hardware_operations(run) / speed - model
    waits = (model + again) * bubble(run)
    steps = run.tokens / step_tokens(run) * run.count / HOUR  # GPU hours a second of each step
    longer = steps * copies_exchange(run) - (model + again + waits)
    return Hours(model, again, waits, steps * group_exchange(run) + max(0.0, longer))


def gpu_hours(run: Run) -> float:
    """Hours that one GPU would need for all of it."""
    return hours(run).total


def model_utilisation(run: Run) -> float:
    """The share of the peak that the model's own operations make use of: what papers report."""
    return model_operations(run) / (gpu_hours(run) * HOUR * _peak(run))


def with_model_utilisation(run: Run, share: float) -> Run:
    """The plan with the utilisation at which `model_utilisation` is this share.

    Raises:
        ValueError: if no GPU is fast enough, since the plan loses too much by waiting.
    """
    steps = run.tokens / step_tokens(run) * run.count
    computing = model_operations(run) / (_peak(run) * share) - steps * group_exchange(run)
    if computing < steps * copies_exchange(run):
        raise ValueError(f"share: expected less than {share:.3g}: the exchange takes longer")
    needed = hardware_operations(run) * (1 + bubble(run)) / (computing * _peak(run))
    return replace(run, utilisation=needed)


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
