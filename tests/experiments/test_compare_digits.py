"""The digits' readers compared: fair parts, a fair choice of the rate, a table that is whole."""

import json

import numpy as np
import pytest
import torch

from large_models.data import digits
from large_models.experiments import compare_digits
from large_models.files import weights
from large_models.models.cnn import num_parameters

RESULTS = json.loads((weights("digits-comparison") / "results.json").read_text("utf-8"))
ROWS = RESULTS["results"]


def test_no_picture_is_in_two_parts_and_none_is_held_out():
    learn, validate = compare_digits.parts(3)
    seen = torch.cat([learn[0], validate[0]]).flatten(1).numpy()
    train = digits.to_input(digits.load_digits().train_images).reshape(len(seen), -1)
    np.testing.assert_allclose(np.sort(seen.sum(1)), np.sort(train.sum(1)), rtol=1e-5)
    assert len(validate[1]) == len(seen) // 5 and len(learn[1]) + len(validate[1]) == len(seen)
    other = compare_digits.parts(4)[1]
    assert not torch.equal(validate[1], other[1])


def test_moved_pictures_lose_at_the_right_what_they_lose():
    pictures = torch.arange(12.0).reshape(1, 1, 3, 4)
    moved = compare_digits.moved(pictures, 2)
    assert moved[0, 0].tolist() == [[0, 0, 0, 1], [0, 0, 4, 5], [0, 0, 8, 9]]
    assert torch.equal(compare_digits.moved(pictures, 0), pictures)


def test_dense_and_convolutional_are_of_one_size_and_the_wide_one_is_not():
    sizes = {name: num_parameters(make()) for name, make in compare_digits.MODELS.items()}
    assert abs(sizes["dense network"] / sizes["CNN"] - 1) < 0.02
    assert 9 < sizes["wide dense network"] / sizes["CNN"] < 11


def test_the_rate_is_chosen_by_validation_alone():
    def row(rate, seed, validation, test):
        found = {"model": "CNN", "bent": True, "rate": rate, "seed": seed}
        return found | {"validation": validation, "test": [test]}

    rows = [row(3e-3, s, 0.9, 0.99) for s in range(2)] + [row(1e-3, s, 0.95, 0.5) for s in range(2)]
    rows.append(row(1e-2, 0, 1.0, 1.0))  # not with all seeds
    assert {r["rate"] for r in compare_digits.chosen(rows, "CNN", True)} == {1e-3}
    with pytest.raises(ValueError, match="no row of 'CNN', plain"):
        compare_digits.chosen(rows, "CNN", False)
    with pytest.raises(ValueError, match="expected one of logistic regression"):
        compare_digits.train("perceptron", False, 1e-3, 0)


def test_the_shipped_table_has_every_model_with_the_same_seeds():
    assert len({compare_digits.key(row) for row in ROWS}) == len(ROWS)
    for bent in (False, True):
        for name in compare_digits.MODELS:
            rows = compare_digits.chosen(ROWS, name, bent)
            seeds = sorted(row["seed"] for row in rows)
            assert seeds == list(range(len(seeds))) and len(seeds) >= 3
            for row in rows:
                assert len(row["test"]) == 4 and all(0 < value <= 1 for value in row["test"])


def test_a_shipped_row_can_be_made_again():
    wanted = {"model": "logistic regression", "bent": False, "rate": 3e-3, "seed": 0}
    (recorded,) = (r for r in ROWS if all(r[key] == value for key, value in wanted.items()))
    again = compare_digits.run("logistic regression", False, 3e-3, 0)
    assert again["epochs"] == pytest.approx(recorded["epochs"], abs=5)
    # Another processor may turn a few of the 449 digits round.
    np.testing.assert_allclose(again["test"], recorded["test"], atol=5 / 449)
