"""data.loans: chances come true, letters are sent afterwards."""

import numpy as np
import pytest

from large_models.data.loans import COLUMNS, loans


def test_as_many_default_as_their_chances_say():
    made = loans(50_000, seed=0)
    assert made.known.shape == (50_000, len(COLUMNS))
    order = np.argsort(made.chance)
    for part in np.array_split(order, 10):
        expected = made.chance[part].mean()
        # 5,000 loans: four standard deviations.
        room = 4 * np.sqrt(expected * (1 - expected) / 5000)
        assert abs(made.default[part].mean() - expected) < room
    assert 0.06 < made.default.mean() < 0.09


def test_the_chance_is_the_formula():
    made = loans(1000, seed=1)
    income, debt, missed, years, age = made.known.T
    z = -4.3 + 0.9 * debt - 0.8 * np.log(income) + 0.7 * missed - 0.06 * years
    z += np.where((age < 30) & (debt > 1), 1.5, 0)
    np.testing.assert_allclose(np.log(made.chance / (1 - made.chance)), z, atol=1e-9)


def test_letters_tell_the_end_and_nothing_else():
    made = loans(50_000, seed=2)
    assert made.reminders[made.default].mean() > 10 * made.reminders[~made.default].mean()
    for default in (True, False):  # given the end, they do not depend on what was known
        of = made.default == default
        together = np.corrcoef(made.reminders[of], made.known[of].T)[0, 1:]
        assert np.abs(together).max() < 0.08


def test_a_seed_decides():
    assert (loans(10, 3).known == loans(10, 3).known).all()
    assert (loans(10, 3).known != loans(10, 4).known).any()


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="got 0"):
        loans(0, 0)
