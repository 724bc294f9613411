"""How fast something grows: a straight line through logarithms, and how sure it is.

    log2 y = a + b t + noise,    doubling time = 1 / b

Ordinary least squares; the interval of b and the band of the line are Student's, and hold if the
points scatter about the line independently and alike. widgets/engine/growth.js is the same in
JavaScript. Chapter: 1_background.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Growth:
    """A line through the logarithms of n values, times in years."""

    n: int
    slope: float  # doublings a year
    error: float  # standard error of the slope
    quantile: float  # Student's, n - 2 degrees of freedom
    scatter: float  # standard deviation of the points about the line, in doublings
    middle: tuple[float, float]  # mean of the times, and of log2 of the values
    spread: float  # sum of the squared distances of the times from their mean

    @property
    def doubling(self) -> float:
        """Years to double; negative if the line falls."""
        return 1 / self.slope

    @property
    def slopes(self) -> tuple[float, float]:
        """The interval of the slope."""
        reach = self.quantile * self.error
        return self.slope - reach, self.slope + reach

    @property
    def doublings(self) -> tuple[float, float] | None:
        """The interval of the doubling time, or None where no growth at all is within the slope's
        interval."""
        low, high = self.slopes
        return (1 / high, 1 / low) if low > 0 else None

    def line(self, times: ArrayLike) -> NDArray[np.float64]:
        """The values on the line, in the shape of `times`."""
        return 2 ** (self.middle[1] + self.slope * (np.asarray(times) - self.middle[0]))

    def band(self, times: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the line may lie: from, to, each in the shape of `times`."""
        away = np.asarray(times) - self.middle[0]
        reach = self.quantile * self.scatter * np.sqrt(1 / self.n + away**2 / self.spread)
        return self.line(times) / 2**reach, self.line(times) * 2**reach


def fit_growth(times: ArrayLike, values: ArrayLike) -> Growth:
    """Fit the line.

    Args:
        times: (N,) in years, N at least 3, not all the same.
        values: (N,) positive.

    Raises:
        ValueError: for anything else.
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    if times.ndim != 1 or times.shape != values.shape or len(times) < 3:
        raise ValueError(
            f"expected at least 3 times and as many values, got {times.shape} and {values.shape}"
        )
    if not (np.isfinite(times).all() and np.isfinite(values).all() and (values > 0).all()):
        raise ValueError("expected finite times and positive values")
    n, logs = len(times), np.log2(values)
    t_mean, y_mean = times.mean(), logs.mean()
    spread = ((times - t_mean) ** 2).sum()
    if spread == 0:
        raise ValueError(f"expected times that differ, got {times[0]} only")
    slope = ((times - t_mean) * (logs - y_mean)).sum() / spread
    rest = logs - y_mean - slope * (times - t_mean)
    scatter = np.sqrt((rest**2).sum() / (n - 2))
    from scipy.special import stdtrit  # here, so that widgets come without scipy

    return Growth(
        n=n,
        slope=float(slope),
        error=float(scatter / np.sqrt(spread)),
        quantile=float(stdtrit(n - 2, (1 + CONFIDENCE) / 2)),
        scatter=float(scatter),
        middle=(float(t_mean), float(y_mean)),
        spread=float(spread),
    )
