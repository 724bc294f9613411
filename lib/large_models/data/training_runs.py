"""Published training runs: sizes, machines, hours, and how busy the machines were.

Every figure is from the works named in `sources` (keys in references.bib). A utilisation is given
here only where it was measured apart from the run's total time: as a speed while the run went on,
or in a benchmark. Where it could only be worked out from the hours it is None: put back into the
calculation it would return them, right or wrong. How a run split its memory need not be
published: the plans' stages, splits, batches and links are examples. The hours do not depend on
them, since a plan's speed while computing is set so that the stated utilisation comes out.
Chapter: 5_1_trends.
"""

from dataclasses import dataclass

from large_models.formulas.budget import (
    MACHINES,
    Run,
    gpu_hours,
    hardware_operations,
    model_operations,
    with_model_utilisation,
)

ASSUMED = 0.4  # for every run that states no utilisation: a round number amid those stated


@dataclass(frozen=True)
class Published:
    """A run as published: `hours` of all its GPUs together, None if only operations are given."""

    name: str
    plan: Run
    hours: float | None
    sources: tuple[str, ...]
    stated: str = ""  # how the utilisation was measured; empty if it is assumed
    operations: float | None = None  # as published
    count_known: bool = True  # else the plan's number of GPUs is an example
    remark: str = ""

    @property
    def ratio(self) -> float:
        """Predicted by published hours.

        Raises:
            ValueError: if no hours are published.
        """
        if self.hours is None:
            raise ValueError(f"{self.name}: no hours are published")
        return gpu_hours(self.plan) / self.hours


def _from_hardware(plan: Run, operations_a_second: float) -> Run:
    """The plan at a speed that counts what is computed twice, and all waiting."""
    peak = MACHINES[plan.machine].peak_16
    share = model_operations(plan) / hardware_operations(plan)
    return with_model_utilisation(plan, operations_a_second / peak * share)


_LLAMA = {  # parameters, layers, hidden size, heads
    "7B": (6.7e9, 32, 4096, 32),
    "13B": (13.0e9, 40, 5120, 40),
    "33B": (32.5e9, 60, 6656, 52),
    "65B": (65.2e9, 80, 8192, 64),
}
_PYTHIA = {
    "1B": (1_011_781_632, 16, 2048, 8, 64, 4_830),
    "1.4B": (1_414_647_808, 24, 2048, 16, 64, 7_120),
    "2.8B": (2_775_208_960, 32, 2560, 32, 64, 14_240),
    "6.9B": (6_857_302_016, 32, 4096, 32, 128, 33_500),
    "12B": (11_846_072_320, 36, 5120, 40, 256, 72_300),
}


def _llama(size: str, tokens: float, hours: float) -> Published:
    plan = Run(
        *(_LLAMA[size][0], tokens, *_LLAMA[size][1:], 2048),
        count=2048,
        zero=3,
        recompute="attention",
    )
    plan = with_model_utilisation(plan, ASSUMED)
    known = size == "65B"
    return Published(f"LLaMA {size}", plan, hours, ("touvron2023llama",), count_known=known)


def _pythia(size: str) -> Published:
    N, layers, hidden, heads, count, hours = _PYTHIA[size]
    plan = Run(
        *(N, 299_892_736_000, layers, hidden, heads, 2048),
        machine="A100 40 GB",
        count=count,
        zero=3,
        recompute="attention",
    )
    plan = with_model_utilisation(plan, ASSUMED)
    return Published(f"Pythia {size}", plan, hours, ("biderman2023pythia",))


STATED = (
    Published(
        "Gopher 280B",
        with_model_utilisation(
            Run(
                *(280e9, 300e9, 80, 16_384, 128, 2048),
                machine="TPU v3",
                link=100.0,
                count=4096,
                zero=3,
                recompute="all",
            ),
            0.325,
        ),
        4096 * 920,
        ("rae2021gopher", "hoffmann2022chinchilla", "chowdhery2022palm"),
        stated="32.5 %, by others, from the seconds of a step",
    ),
    Published(
        "PaLM 540B",
        with_model_utilisation(
            Run(
                *(540.35e9, 780e9, 118, 18_432, 48, 2048),
                machine="TPU v4",
                link=100.0,
                count=6144,
                zero=3,
                tensor=12,
                recompute="all",
            ),
            0.462,
        ),
        6144 * 1200 + 3072 * 336,
        ("chowdhery2022palm",),
        stated="46.2 %, at the last batch size",
        operations=2.5272e24,
        remark="the hours include downtime, repeated steps, and smaller batches before",
    ),
    Published(
        "BLOOM 176B",
        _from_hardware(
            Run(
                *(176.247e9, 366e9, 70, 14_336, 112, 2048),
                micro_batch=2,
                count=384,
                zero=1,
                tensor=4,
                pipeline=12,
                recompute="all",
            ),
            150e12,
        ),
        1_082_990,
        ("bigscience2022bloom", "bigscience2022chronicles"),
        stated="150 TFLOP/s per GPU while it ran, a second forward pass included",
    ),
    Published(
        "BloombergGPT 50B",
        _from_hardware(
            Run(
                *(50.6e9, 569e9, 70, 7680, 40, 2048),
                machine="A100 40 GB",
                count=512,
                zero=3,
                recompute="all",
            ),
            102e12,
        ),
        512 * 53 * 24,
        ("wu2023bloomberggpt",),
        stated="102 TFLOP/s per GPU, a second forward pass included",
        operations=2.36e23,
    ),
    Published(
        "MPT 7B",
        with_model_utilisation(
            Run(
                *(6.7e9, 1e12, 32, 4096, 32, 2048),
                machine="A100 40 GB",
                count=440,
                zero=3,
                recompute="all",
            ),
            0.5014,
        ),
        440 * 9.5 * 24,
        ("mosaicml2023mpt", "mosaicml2023benchmarks"),
        stated="50.1 %, in a benchmark of the same code on 128 GPUs",
    ),
    Published(
        "Llama 3.1 405B",
        with_model_utilisation(
            Run(
                *(405e9, 15.6e12, 126, 16_384, 128, 8192),
                machine="H100 80 GB",
                count=16_384,
                zero=3,
                tensor=8,
                recompute="all",
                batch=2.0**24,
                link=100.0,
            ),
            0.41,
        ),
        30.84e6,
        ("dubey2024llama3", "meta2024llama31"),
        stated="41 %, the middle of three stages (38 to 43 %)",
        remark="up to 16,384 GPUs",
    ),
)
ASSUMING = (
    _llama("7B", 1.0e12, 82_432),
    _llama("13B", 1.0e12, 135_168),
    _llama("33B", 1.4e12, 530_432),
    _llama("65B", 1.4e12, 1_022_362),
    *(_pythia(size) for size in _PYTHIA),
)
# Published operations only, and by the same formula 6 N D: they check our arithmetic, no more.
GPT3 = Published(
    "GPT-3 175B",
    with_model_utilisation(
        Run(
            *(174.6e9, 300e9, 96, 12_288, 96, 2048),
            machine="V100 32 GB",
            count=1024,
            zero=3,
            tensor=8,
            recompute="all",
        ),
        ASSUMED,
    ),
    None,
    ("brown2020gpt3",),
    operations=3.14e23,
    count_known=False,
    remark="neither hours nor the number of GPUs are in its paper",
)
RUNS = {run.name: run for run in (GPT3, *STATED, *ASSUMING)}
