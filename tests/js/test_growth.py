"""growth.js against scipy and large_models.formulas.growth; 1e-9 leaves room for sums in another
order."""

import numpy as np
import pytest
from scipy import stats

from large_models.formulas.growth import fit_growth

RUN = """async ({cases, at}) => {
  const js = await import("/engine/growth.js");
  return cases.map(([times, values]) => {
    const found = js.fitGrowth(times, values);
    return found && {...found, line: at.map(found.line), band: at.map(found.band)};
  });
}"""


def test_student_quantiles(engine):
    degrees = [1, 2, 3, 4, 5, 10, 33, 48, 200]
    shares = [0.6, 0.9, 0.975, 0.995]
    asked = [(p, d) for d in degrees for p in shares]
    found = engine.run(
        """async (asked) => {
          const js = await import("/engine/growth.js");
          return asked.map(([p, d]) => js.studentQuantile(p, d));
        }""",
        asked,
    )
    np.testing.assert_allclose(found, [stats.t.ppf(p, d) for p, d in asked], rtol=1e-9)


def test_lines_and_bands_are_pythons(engine):
    rng = np.random.default_rng(0)
    cases = []
    for n in (3, 4, 11, 50):
        times = np.sort(rng.uniform(1958, 2026, n))
        cases.append((times, 2 ** (0.5 * (times - 1958) + 3 * rng.normal(size=n))))
    cases.append((np.arange(2000.0, 2006), np.array([5.0, 7, 4, 6, 5, 6])))  # no growth to be seen
    at = [1958.0, 2000.0, 2027.5]
    sent = [[times.tolist(), values.tolist()] for times, values in cases]
    for found, (times, values) in zip(
        engine.run(RUN, {"cases": sent, "at": at}), cases, strict=True
    ):
        growth = fit_growth(times, values)
        for name in ("n", "slope", "error", "quantile", "scatter", "doubling"):
            assert found[name] == pytest.approx(getattr(growth, name), rel=1e-9), name
        assert found["slopes"] == pytest.approx(growth.slopes, rel=1e-8)
        if growth.doublings is None:
            assert found["doublings"] is None
        else:
            assert found["doublings"] == pytest.approx(growth.doublings, rel=1e-8)
        np.testing.assert_allclose(found["line"], growth.line(at), rtol=1e-8)
        np.testing.assert_allclose(np.transpose(found["band"]), growth.band(at), rtol=1e-8)
    assert fit_growth(*cases[-1]).doublings is None


def test_too_little_gives_nothing(engine):
    cases = [[[2000, 2001], [1, 2]], [[2000, 2000, 2000], [1, 2, 3]]]
    assert engine.run(RUN, {"cases": cases, "at": []}) == [None, None]
