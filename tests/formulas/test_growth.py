"""Growth: scipy's regression is the oracle for the line, its interval and its band."""

import numpy as np
import pytest
from scipy import stats

from large_models.formulas.growth import fit_growth


def data(seed, n=20, months=9.0, scatter=2.0):
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(1990, 2026, n))
    return times, 2 ** ((times - 1990) * 12 / months + scatter * rng.normal(size=n))


@pytest.mark.parametrize(("seed", "n"), [(0, 20), (1, 3), (2, 60)])
def test_line_and_interval_are_scipys(seed, n):
    times, values = data(seed, n)
    growth = fit_growth(times, values)
    line = stats.linregress(times, np.log2(values))
    assert growth.slope == pytest.approx(line.slope, rel=1e-9)
    assert growth.error == pytest.approx(line.stderr, rel=1e-9)
    np.testing.assert_allclose(
        np.log2(growth.line(times)), line.intercept + line.slope * times, atol=1e-7
    )
    reach = stats.t.ppf(0.975, n - 2) * line.stderr
    assert growth.slopes == pytest.approx((line.slope - reach, line.slope + reach), rel=1e-9)


def test_exact_growth_is_found():
    times = np.array([2000.0, 2001, 2003, 2010])
    growth = fit_growth(times, 3 * 2 ** ((times - 2000) / 1.5))
    assert growth.doubling == pytest.approx(1.5)
    assert growth.scatter == pytest.approx(0, abs=1e-9)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    # 400 draws: 95 % of them, give or take 3.3 standard deviations of 1.1 %
    covered = 0
    for seed in range(400):
        growth = fit_growth(*data(seed, months=9.0))
        covered += growth.slopes[0] < 12 / 9 < growth.slopes[1]
    assert 0.914 < covered / 400 < 0.986


def test_the_band_is_narrowest_in_the_middle_and_holds_the_line():
    times, values = data(3)
    growth = fit_growth(times, values)
    at = np.array([growth.middle[0] - 20, growth.middle[0], growth.middle[0] + 20])
    low, high = growth.band(at)
    assert np.all(low < growth.line(at)) and np.all(growth.line(at) < high)
    widths = np.log2(high / low)
    assert widths[1] < widths[0] == pytest.approx(widths[2])
    reach = growth.quantile * growth.scatter / np.sqrt(growth.n)
    assert widths[1] == pytest.approx(2 * reach)


def test_no_growth_has_no_interval_of_doubling_times():
    growth = fit_growth([2000, 2001, 2002, 2003], [5, 7, 4, 6])
    assert growth.slopes[0] < 0 < growth.slopes[1]
    assert growth.doublings is None


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        ([2000, 2001], [1, 2], "at least 3 times"),
        ([2000, 2001, 2002], [1, 2], "as many values"),
        ([2000, 2001, 2002], [1, 0, 2], "positive values"),
        ([2000, 2001, np.nan], [1, 2, 3], "finite times"),
        ([2000, 2000, 2000], [1, 2, 3], "times that differ, got 2000.0"),
    ],
)
def test_bad_values_are_told(times, values, message):
    with pytest.raises(ValueError, match=message):
        fit_growth(times, values)
