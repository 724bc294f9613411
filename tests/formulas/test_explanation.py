"""Explanations in NumPy: against scipy, closed forms, and what must hold for any input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from large_models.formulas import explanation


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_path_goes_from_middle_to_middle(steps):
    x, baseline = np.array([[1.0, 5.0]]), np.array([[-1.0, 2.0]])
    points = explanation.path(x, baseline, steps)
    assert points.shape == (steps, 1, 2)
    shares = (points - baseline) / (x - baseline)
    np.testing.assert_allclose(shares[:, 0, 0], (np.arange(steps) + 0.5) / steps)
    np.testing.assert_allclose(shares[..., 0], shares[..., 1])


def test_integrated_gradients_of_a_polynomial_are_its_closed_form():
    """F = x0^2 x1 from 0: on the way (s x0, s x1), so a = (2, 1) / 3 of F; middles are exact to
    the square of a step."""
    x, baseline = np.array([1.5, -2.0]), np.zeros(2)
    points = explanation.path(x, baseline, 200)
    gradients = np.stack([2 * points[:, 0] * points[:, 1], points[:, 0] ** 2], axis=1)
    found = explanation.integrate(gradients, x, baseline)
    value = x[0] ** 2 * x[1]
    np.testing.assert_allclose(found, [2 * value / 3, value / 3], rtol=1e-4)
    assert explanation.completeness_gap(found, value, 0) < 1e-3
    assert explanation.completeness_gap(found, value + 1, 0) == pytest.approx(1, abs=1e-3)


def test_occlusion_of_a_sum_gives_each_window_its_own():
    """For a linear score the loss of a window is its own part of the sum."""
    rng = np.random.default_rng(0)
    weight, x = rng.normal(size=(7, 6)), rng.normal(size=(7, 6))

    def score(pictures):
        return (weight * pictures).sum(axis=(1, 2))

    np.testing.assert_allclose(explanation.occlusion(score, x, 1), weight * x)
    parts = explanation.occlusion(score, x, 3, 3)  # the last window reaches over the edge
    np.testing.assert_allclose(parts[:3, :3], (weight * x)[:3, :3].sum())
    np.testing.assert_allclose(parts[6, 3:], (weight * x)[6, 3:].sum())
    other = explanation.occlusion(score, x, 2, 1, fill=1.0)
    loss = (weight * (x - 1))[:2, :2].sum()
    assert other[0, 0] == pytest.approx(loss)


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_windows_cover_every_pixel(height, width, data):
    size = data.draw(st.integers(1, min(height, width)))
    stride = data.draw(st.integers(1, size))
    covers = explanation.windows((height, width), size, stride)
    assert covers.any(axis=0).all()
    assert covers[0, :size, :size].all() and covers[0].sum() == size * size


def test_rollout_of_two_layers_is_their_product():
    rng = np.random.default_rng(1)
    weights = rng.dirichlet(np.ones(4), (2, 3, 4))  # 2 layers, 3 heads
    first, second = ((layer.mean(axis=0) + np.eye(4)) / 2 for layer in weights)
    found = explanation.rollout(weights)
    np.testing.assert_allclose(found, second @ first)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert not np.allclose(found, first @ second)
    still = np.broadcast_to(np.eye(4), (5, 2, 4, 4))  # heads that look at themselves
    np.testing.assert_allclose(explanation.rollout(still), np.eye(4))


def test_deletion_fills_in_the_order_given():
    x = np.arange(1.0, 7).reshape(2, 3)
    found = explanation.deletion(
        lambda z: z.sum(axis=(1, 2)), x, np.array([5, 0, 2]), [0, 1, 3], 0.0
    )
    np.testing.assert_allclose(found, [21, 15, 11])
    instead = np.full((2, 3), 10.0)
    found = explanation.deletion(lambda z: z.sum(axis=(1, 2)), x, np.array([5, 0]), [2], instead)
    np.testing.assert_allclose(found, [21 - 7 + 20])
    assert x[1, 2] == 6  # untouched


@given(st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), min_size=3, max_size=30))
def test_rank_correlation_is_scipys(pairs):
    a, b = np.array(pairs).T
    found = explanation.rank_correlation(a, b)
    if len(set(a)) == 1 or len(set(b)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-9)


def plain(pictures):
    return pictures.sum(axis=(1, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: explanation.path(np.ones(2), np.ones(3), 1), r"baseline: expected the shape"),
        (lambda: explanation.path(np.ones(2), np.ones(2), 0), "steps: .* at least 1, got 0"),
        (lambda: explanation.path(np.ones(2), np.ones(2), True), "steps: .* got True"),
        (lambda: explanation.integrate(np.ones((2, 3)), np.ones(2), np.ones(2)), "gradients: "),
        (lambda: explanation.integrate(np.ones((0, 2)), np.ones(2), np.ones(2)), "gradients: "),
        (lambda: explanation.occlusion(plain, np.ones(3), 1), r"x: expected \(H, W\)"),
        (lambda: explanation.occlusion(plain, np.ones((3, 4)), 4), "size: expected at most 3"),
        (lambda: explanation.occlusion(plain, np.ones((3, 4)), 2, 3), "stride: expected at most 2"),
        (lambda: explanation.rollout(np.ones((2, 3, 3))), r"weights: expected \(layers, h, T, T\)"),
        (lambda: explanation.rollout(np.ones((1, 1, 2, 2))), "rows that sum to 1"),
        (lambda: explanation.deletion(plain, np.ones((2, 2)), [0, 0], [1], 0), "order: "),
        (lambda: explanation.deletion(plain, np.ones((2, 2)), [4], [1], 0), "order: .* 0 to 3"),
        (lambda: explanation.deletion(plain, np.ones((2, 2)), [1], [2], 0), "counts: .* 0 to 1"),
        (lambda: explanation.rank_correlation(np.ones(2), np.ones(3)), "b: expected the shape"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
