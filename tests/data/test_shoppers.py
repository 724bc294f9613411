"""data.shoppers: they shop as the docstring says."""

import numpy as np
import pytest

from large_models.data.shoppers import ITEMS, LIKED, PER_SHELF, visits


def shelves(taken):
    return taken // PER_SHELF


def test_a_shopper_takes_items_of_three_shelves():
    taken = visits(400, 30, seed=0, stray=0)
    assert taken.shape == (400, 30) and taken.min() >= 0 and taken.max() < ITEMS
    assert max(len(set(row)) for row in shelves(taken).tolist()) == LIKED


def test_they_stay_at_a_shelf():
    taken = shelves(visits(3000, 20, seed=0, stray=0, leave=0.15))
    moved = (taken[:, 1:] != taken[:, :-1]).mean()
    # 0.15 leave, and a third of those draw the same shelf again; 57,000 steps.
    assert abs(moved - 0.15 * 2 / 3) < 0.005


def test_second_volumes_follow():
    def next_places(**settings):
        taken = visits(3000, 20, seed=1, stray=0, leave=0, **settings)
        place = taken % PER_SHELF
        return ((place[:, :-1] + 1) % PER_SHELF == place[:, 1:]).mean()

    assert next_places(sequel=1) == 1
    assert next_places(sequel=0) + 0.25 < next_places(sequel=0.3) < 0.5


def test_strays_go_anywhere_and_come_back():
    taken = visits(2000, 20, seed=2, stray=1)
    assert len(np.unique(shelves(taken))) == 20
    some = shelves(visits(3000, 20, seed=2, stray=0.3, leave=0))
    home = np.array([np.bincount(row).argmax() for row in some])
    at_home = (some == home[:, None]).mean()
    # 0.7 by plan, and some strays land on the home shelf by chance.
    assert 0.7 < at_home < 0.8


def test_some_items_are_popular():
    counts = np.bincount(visits(3000, 20, seed=3).ravel(), minlength=ITEMS)
    assert counts.reshape(-1, PER_SHELF).sum(axis=0).argmax() == 0
    assert np.sort(counts)[-30:].sum() > 0.3 * counts.sum()


def test_a_seed_decides():
    assert (visits(5, 9, 7) == visits(5, 9, 7)).all()
    assert (visits(5, 9, 7) != visits(5, 9, 8)).any()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: visits(0, 5, 0), "got 0 shoppers"),
        (lambda: visits(5, 0, 0), "0 visits"),
        (lambda: visits(5, 5, 0, stray=1.2), "stray: .* got 1.2"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
