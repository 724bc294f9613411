"""The digits, their fixed split, and the road that drawings take to the network."""

import hashlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d
from sklearn import datasets

from large_models.data import digits, strokes


def test_the_split_is_fixed_and_complete():
    data = digits.load_digits()
    assert (len(data.train_labels), len(data.test_labels)) == (1348, 449)
    images = np.concatenate([data.train_images, data.test_images]).astype(int).tolist()
    assert sorted(images) == sorted(datasets.load_digits().images.astype(int).tolist())
    assert set(data.test_labels) == set(data.train_labels) == set(range(10))
    assert data.test_images.dtype == np.float32 and data.test_labels.dtype == np.int64
    digest = hashlib.sha256(data.test_images.tobytes() + data.test_labels.tobytes())
    assert digest.hexdigest()[:16] == "8642f74f43216637"


def test_nobody_can_change_the_shared_digits():
    for array in vars(digits.load_digits()).values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_count_ink_counts():
    bitmap = np.random.default_rng(0).random((3, 32, 32)) < 0.4
    counts = digits.count_ink(bitmap)
    for n, i, j in np.ndindex(3, 8, 8):
        assert counts[n, i, j] == bitmap[n, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4].sum()


def test_to_input_is_torchs_linear_interpolation():
    counts = digits.load_digits().test_images[:20]
    expected = F.interpolate(
        torch.tensor(counts)[:, None] / 16, size=(28, 28), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(digits.to_input(counts), expected, atol=1e-6)
    np.testing.assert_array_equal(digits.to_input(counts[0]), digits.to_input(counts)[0])


def drawing(seed=5):
    pictures, _ = strokes.draw_digits(1, seed)
    return np.pad(pictures[0], 40)


@settings(max_examples=20)
@given(down=st.integers(-40, 40), right=st.integers(-40, 40))
def test_where_on_the_page_does_not_matter(down, right):
    moved = np.roll(drawing(), (down, right), axis=(0, 1))
    np.testing.assert_array_equal(
        digits.normalize_drawing(moved), digits.normalize_drawing(drawing())
    )


def test_how_large_hardly_matters():
    once = digits.normalize_drawing(drawing())
    twice = digits.normalize_drawing(drawing().repeat(2, 0).repeat(2, 1))
    assert (once != twice).sum() <= 12  # of 1,024 pixels: the edges fall between pixels


def test_thin_and_thick_pens_leave_the_same_ink():
    for width in (2, 6, 14):
        page = np.zeros((100, 100))
        page[20:80, 50 - width // 2 : 50 + width // 2] = 1
        page[20 : 20 + width, 30:70] = 1
        ink = digits.normalize_drawing(page).sum()
        assert digits.INK <= ink <= digits.INK + 40  # ties with the last pixel are kept


def test_the_darkest_pixels_after_a_blur_are_kept():
    image = np.random.default_rng(0).integers(0, 17, (32, 32)).astype(float)
    blurred = image
    for _ in range(3):
        blurred = convolve2d(blurred, np.ones((3, 3)), mode="same")
    kept = digits._darkest(image)
    assert blurred[kept].min() > blurred[~kept].max()
    faintest = blurred == blurred[kept].min()
    assert kept.sum() >= digits.INK > (kept & ~faintest).sum()  # only ties go beyond INK


def test_drawings_of_few_pixels_get_no_ink_from_nowhere():
    image = np.zeros((32, 32))
    image[10, 10] = 16
    assert digits._darkest(image).sum() == 49  # as far as three blurs reach, and no further


def test_a_slanted_stroke_is_straightened():
    page = np.zeros((100, 100))
    for row in range(20, 80):
        column = 70 - row // 2
        page[row, column : column + 6] = 1
    bitmap = digits.normalize_drawing(page)
    columns = np.arange(32)
    middle = [columns[line].mean() for line in bitmap if line.any()]
    assert np.ptp(middle) <= 2


def test_a_scan_with_much_ink_is_straightened_too():
    """Six million pixels of ink: the products of their sums do not fit into 64 bits."""
    right = np.arange(4000) - np.arange(2000)[:, None] // 2
    bitmap = digits.normalize_drawing((right >= 0) & (right < 3000))
    columns = np.arange(32)
    middle = [columns[line].mean() for line in bitmap if line.any()]
    assert np.ptp(middle) <= 2


def test_a_stroke_that_lies_is_not_stood_upright():
    page = np.zeros((100, 100))
    for row in range(40, 60):
        page[row, 4 * row - 150 : 4 * row - 140] = 1  # four to the right for each row down
    columns = np.arange(32)
    middle = [columns[line].mean() for line in digits.normalize_drawing(page) if line.any()]
    assert np.ptp(middle) > 8


def test_a_plain_one_stays_narrow_and_in_the_middle():
    page = np.zeros((100, 100))
    page[20:80, 10:16] = 1
    columns = np.nonzero(digits.normalize_drawing(page).any(axis=0))[0]
    assert len(columns) <= 14 and columns.mean() == 15.5  # a 0 would be 24 wide


def test_faint_marks_are_paper():
    page = drawing()
    marked = page.copy()
    marked[:9, :9] = 0.49
    np.testing.assert_array_equal(digits.normalize_drawing(marked), digits.normalize_drawing(page))


def test_no_ink_stays_no_ink():
    assert not digits.normalize_drawing(np.zeros((20, 30))).any()
    assert digits.count_ink(digits.normalize_drawing(np.full((9, 9), 0.49))).sum() == 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: digits.to_input(np.zeros((2, 7, 8))), r"shape \(N, 8, 8\), got \(2, 7, 8\)"),
        (lambda: digits.to_input(np.full((8, 8), 17)), "from 0 to 16"),
        (lambda: digits.to_input(np.full((8, 8), np.nan)), "from 0 to 16"),
        (lambda: digits.count_ink(np.zeros((31, 32))), r"\(\.\.\., 32, 32\), got \(31, 32\)"),
        (lambda: digits.normalize_drawing(np.zeros(9)), r"shape \(H, W\), got \(9,\)"),
        (lambda: digits.normalize_drawing(np.zeros((0, 3))), r"shape \(H, W\), got \(0, 3\)"),
        (lambda: digits.normalize_drawing(np.full((3, 3), 2.0)), "from 0 .* to 1"),
        (lambda: digits.normalize_drawing(np.full((3, 3), np.nan)), "from 0 .* to 1"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
