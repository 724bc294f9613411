"""The checks of chapter 5_2_3_explanation: right answers pass, each usual mistake is named."""

import numpy as np
import pytest

from large_models.checks import explanation as checks
from large_models.formulas import explanation


def path_mean(gradient, x, baseline, steps):
    points = explanation.path(x, baseline, steps)
    return explanation.integrate([gradient(point) for point in points], x, baseline)


def occlude(score, x, size):
    covers = explanation.windows(x.shape, size)
    lost = [score(x) - score(np.where(cover, 0, x)) for cover in covers]
    return np.reshape(lost, [side - size + 1 for side in x.shape])


def roll(first, second):
    return explanation.rollout(np.stack([first, second])[:, None])


RIGHT = {"integrated_gradients": path_mean, "occlusion": occlude, "rollout": roll}


@pytest.mark.parametrize("check", RIGHT)
def test_right_answers_pass(says, check):
    found, line = says(getattr(checks, check), RIGHT[check])
    assert found is True and line.startswith("Right in all ")


def spoils(score, x, size):
    whole, out = score(x), np.zeros([side - size + 1 for side in x.shape])
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            x[i : i + size, j : j + size] = 0
            out[i, j] = whole - score(x)
    return out


@pytest.mark.parametrize(
    ("check", "mistake", "remark"),
    [
        ("integrated_gradients", lambda g, x, b, n: (x - b) * g(x), "the gradient at x alone"),
        ("integrated_gradients", lambda g, x, b, n: path_mean(g, x, b, n).sum(), "the sum over"),
        ("integrated_gradients", lambda g, x, b, n: n * path_mean(g, x, b, n), "summed"),
        (
            "integrated_gradients",
            lambda g, x, b, n: (x - b) * path_mean(g, x, 0 * b, n) / x,
            "the line starts at zero",
        ),
        ("occlusion", lambda s, x, n: -occlude(s, x, n), "the sign is reversed"),
        ("occlusion", spoils, "changed its input"),
        ("rollout", lambda a, b: roll(b, a), "the order is reversed"),
        ("rollout", lambda a, b: b @ a, "nothing is kept"),
        ("rollout", lambda a, b: a[:1], "it has"),
    ],
)
def test_mistakes_are_named(says, check, mistake, remark):
    found, line = says(getattr(checks, check), mistake)
    assert found is False and remark in line


@pytest.mark.parametrize("check", RIGHT)
def test_a_stub_is_not_yet(says, check):
    found, line = says(getattr(checks, check), lambda *arguments: None)
    assert found is None and "Not yet" in line


@pytest.mark.parametrize("check", RIGHT)
def test_nonsense_is_told(says, nonsense, check):
    answer, remark = nonsense
    found, line = says(getattr(checks, check), answer)
    assert found is False and remark in line


def test_the_experiment_that_tells_apart(says):
    assert says(checks.tells_apart, "c")[0] is True
    for letter in "abd":
        found, line = says(checks.tells_apart, letter)
        assert found is False and line.startswith(f"Not {letter}. ")
    assert says(checks.tells_apart, ...)[0] is None


def test_the_small_functions_have_the_gradients_that_they_say():
    x, step = np.array([1.7, -0.6]), 1e-6
    for gradient, value in [
        (checks.product, lambda z: z[0] * z[1]),
        (checks.bend, lambda z: max(0, z[0] - 1)),
        (checks.cubes, lambda z: np.sum(z**3)),
    ]:
        slopes = [(value(x + step * e) - value(x - step * e)) / (2 * step) for e in np.eye(2)]
        np.testing.assert_allclose(gradient(x), slopes, atol=1e-6)
