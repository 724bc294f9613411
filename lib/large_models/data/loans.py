"""Made-up loans: what is known on the day one is asked for, and who pays back.

The chance of default is a logistic function of

    z = -4.3 + 0.9 debt - 0.8 log(income) + 0.7 missed - 0.06 years + 1.5 [age < 30 and debt > 1]

debt is a multiple of the yearly income, income a multiple of the median's, missed counts missed
payments of the past, years are those with the same employer. About 7 in 100 default.

`reminders` are the letters sent in the year after the decision. They are in the table that a lender
keeps, and they nearly tell the end of the story; on the day of the decision there are none.
All of it is generated. Chapter: 1_2_areas.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COLUMNS = ("income", "debt", "missed", "years", "age")


@dataclass(frozen=True)
class Loans:
    """N loans."""

    known: NDArray[np.float64]  # (N, 5), COLUMNS
    reminders: NDArray[np.int64]  # (N,) sent after the decision
    default: NDArray[np.bool_]  # (N,)
    chance: NDArray[np.float64]  # (N,) of default, which nobody but the generator knows


def loans(number: int, seed: int) -> Loans:
    """Random loans.

    Raises:
        ValueError: for less than 1.
    """
    if number < 1:
        raise ValueError(f"number: expected at least 1 loan, got {number}")
    rng = np.random.default_rng(seed)
    income = np.exp(rng.normal(0, 0.5, number))
    debt = rng.gamma(2, 0.5, number) / np.sqrt(income)
    missed = rng.poisson(0.4 * debt)
    years = rng.gamma(2, 4, number)
    age = rng.uniform(18, 70, number)
    z = -4.3 + 0.9 * debt - 0.8 * np.log(income) + 0.7 * missed - 0.06 * years
    chance = 1 / (1 + np.exp(-(z + 1.5 * ((age < 30) & (debt > 1)))))
    default = rng.random(number) < chance
    reminders = rng.poisson(np.where(default, 4, 0.3))
    known = np.stack([income, debt, missed, years, age], axis=1).astype(np.float64)
    return Loans(known, reminders, default, chance)
