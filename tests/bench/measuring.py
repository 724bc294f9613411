"""How times are taken: medians over interleaved repeats, with the middle half of them as spread.

What else the machine does then falls on all alike.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

REPEATS = 30


@contextmanager
def one_thread() -> Iterator[None]:
    """NumPy and torch on one thread each."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def milliseconds(*calls: Callable[[], object], repeats: int = REPEATS) -> list[list[float]]:
    """Times of each call, the calls taking turns; one round more to warm up if there are many."""
    times = [[] for _ in calls]
    for round_ in range(-1 if repeats > 1 else 0, repeats):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if round_ >= 0:
                taken.append((time.perf_counter() - start) * 1000)
    return times


def spread(times: list[float]) -> str:
    low, median, high = statistics.quantiles(times, n=4)
    return f"{median:.2f} ({low:.2f}-{high:.2f})"
