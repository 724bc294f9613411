"""How fast it is: `make bench`, or `python -m tests.bench`.

Every figure is a median over interleaved repeats, so that what else the machine does falls on all
alike; the spread is the middle half of the repeats.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from threadpoolctl import threadpool_limits

from lib.formulas.cnn import conv2d, conv2d_loops

REPEATS = 30
CASES = [  # x, weight
    ((32, 16, 32, 32), (32, 16, 3, 3)),
    ((64, 1, 28, 28), (8, 1, 5, 5)),
]


def bench_numpy() -> None:
    """Print the time of `conv2d` beside torch's, float32, one thread, and that of the loops."""
    print("Convolution on one thread, float32, milliseconds: median (middle half)")
    print(f"{'x':>18}  {'weight':>14}  {'torch':>20}  {'conv2d':>20}  {'ratio':>5}  conv2d_loops")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            for shapes in CASES:
                _bench_convolution(*shapes)
    finally:
        torch.set_num_threads(threads)


def bench_browser() -> None:
    """Print what the built page weighs, and how fast its widgets start and answer."""


def _bench_convolution(x_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal(x_shape, dtype=np.float32)
    weight = random.standard_normal(weight_shape, dtype=np.float32)
    bias = random.standard_normal(weight_shape[0], dtype=np.float32)
    tensors = [torch.from_numpy(array) for array in (x, weight, bias)]
    theirs, ours = _milliseconds(lambda: F.conv2d(*tensors), lambda: conv2d(x, weight, bias))
    # The loops take as long for each image: one is measured, all are reported.
    (loops,) = _milliseconds(lambda: conv2d_loops(x[:1], weight, bias), repeats=1)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"{str(x_shape):>18}  {str(weight_shape):>14}  {_spread(theirs):>20}  {_spread(ours):>20}  "
        f"{ratio:5.2f}  {loops[0] * len(x) / 1000:.0f} s"
    )


def _milliseconds(*calls: Callable[[], object], repeats: int = REPEATS) -> list[list[float]]:
    """Times of each call, the calls taking turns; one round more to warm up if there are many."""
    times = [[] for _ in calls]
    for round_ in range(-1 if repeats > 1 else 0, repeats):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if round_ >= 0:
                taken.append((time.perf_counter() - start) * 1000)
    return times


def _spread(times: list[float]) -> str:
    low, median, high = statistics.quantiles(times, n=4)
    return f"{median:.2f} ({low:.2f}-{high:.2f})"


if __name__ == "__main__":
    bench_numpy()
    bench_browser()
