"""Packed weights: what is lost is a 254th of the largest of 32 numbers, and nothing else."""

import numpy as np
import pytest
from safetensors.numpy import load, save

from large_models.widgets.packed import pack, unpack


def tensors():
    rng = np.random.default_rng(0)
    sizes = np.repeat([1e-6, 1e-2, 1, 3, 100, 1e5], 3).reshape(6, 3)
    sizes[:, 1] *= 1000  # neighbours on one row, of other sizes
    matrix = rng.normal(size=(6, 70)) * np.repeat(sizes, 32, axis=1)[:, :70]
    return {
        "matrix": matrix.astype(np.float32),
        "kernels": rng.normal(size=(3, 2, 5, 5)).astype(np.float32),
        "vector": rng.normal(size=7).astype(np.float32),
        "scalar": np.float32(2.5),
    }


def test_each_number_is_within_a_254th_of_the_largest_of_its_32():
    given = tensors()
    got = unpack(pack(given))
    assert set(got) == set(given)
    for name in ("matrix", "kernels"):
        assert got[name].dtype == np.float32 and got[name].shape == given[name].shape
        rows, exact = (x.reshape(len(x), -1) for x in (got[name], given[name]))
        for start in range(0, rows.shape[1], 32):
            part = slice(start, start + 32)
            bound = np.abs(exact[:, part]).max(axis=1, keepdims=True) / 254
            # 1e-5 more: the product of byte and scale is a float32.
            assert (np.abs(rows - exact)[:, part] <= bound * (1 + 1e-5)).all()
            assert (np.abs(rows - exact)[:, part] > bound / 2).any(), "the bound is not loose"
    np.testing.assert_array_equal(got["vector"], given["vector"])
    np.testing.assert_array_equal(got["scalar"], given["scalar"])


def test_the_file_is_safetensors_with_a_byte_a_number():
    file = load(pack(tensors()))
    assert file["matrix"].dtype == np.int8 and file["matrix"].shape == (6, 70)
    assert file["matrix.scale"].shape == (6, 3)
    for part in np.split(np.abs(file["matrix"]), [32, 64], axis=1):
        assert part.max(axis=1).tolist() == [127] * 6
    assert len(pack({"w": np.ones((1000, 128))})) < 1.13 * 128_000


def test_rows_of_zeros_and_of_tiny_numbers_stay_finite():
    given = np.array([[0, 0], [1e-45, 0], [1e-38, 3e-38], [3, -3]], dtype=np.float32)
    got = unpack(pack({"w": given}))["w"]
    np.testing.assert_allclose(got, given, atol=1.2e-38, rtol=1 / 254)
    assert got[0].tolist() == [0, 0]


def test_empty_matrices_and_names_that_end_in_scale():
    given = {"w": np.zeros((0, 4)), "v": np.zeros((2, 0)), "layer.scale": np.ones(3)}
    got = unpack(pack(given))
    assert {name: array.shape for name, array in got.items()} == {
        "w": (0, 4),
        "v": (2, 0),
        "layer.scale": (3,),
    }


def test_does_not_change_what_it_gets_and_takes_views():
    given = np.arange(12.0).reshape(3, 4).T
    before = given.copy()
    np.testing.assert_allclose(unpack(pack({"w": given}))["w"], given, atol=11 / 254)
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"w": np.array([[1.0, np.nan]])}, "'w' to hold finite numbers only"),
        ({"w": np.array([[1e300, 1]])}, "'w' to hold finite numbers only"),
        ({"w": np.array([["a"]])}, "'w' to hold real numbers"),
        ({"w": np.ones((2, 2)), "w.scale": np.ones(2)}, "'w.scale' to be free"),
    ],
)
def test_bad_tensors(given, message):
    with pytest.raises(ValueError, match=message):
        pack(given)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no file", "expected the bytes of `pack`"),
        (pack({"w": np.ones((2, 2))})[:-3], "expected the bytes of `pack`"),
        (save({"w": np.ones((2, 2), np.int8)}), r"expected 'w.scale' of shape \(2, 1\)"),
        (
            save({"w": np.ones((2, 33), np.int8), "w.scale": np.ones(2, np.float32)}),
            r"expected 'w.scale' of shape \(2, 2\)",
        ),
        (save({"w": np.ones(2)}), "'w' to be int8, float16 or float32, got float64"),
    ],
)
def test_bytes_that_are_not_packed_weights(data, message):
    with pytest.raises(ValueError, match=message):
        unpack(data)
