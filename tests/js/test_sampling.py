"""sampling.js, run in a browser, against torch (lib.models.gpt.filter_logits) on random scores."""

import numpy as np
import pytest
import torch

from lib.models.gpt import filter_logits
from tests.browser.harness import serve

RUN = """async (cases) => {
  const {nextTokens} = await import("/sampling.js");
  return cases.map(([scores, options]) => {
    const {order, said, drawn} = nextTokens(Float32Array.from(scores), options);
    return [order, [...said], [...drawn]];
  });
}"""


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()
    serve(page)
    yield page
    page.close()


def cases(count=200):
    rng = np.random.default_rng(0)
    for _ in range(count):
        scores = (3 * rng.normal(size=rng.integers(1, 40))).astype(np.float32)
        if rng.random() < 0.3:
            scores = np.round(scores)  # equals
        options = {"temperature": float(rng.choice([0.1, 0.7, 1, 2, 5]))}
        if rng.random() < 0.7:
            options["topK"] = int(rng.integers(1, 60))
        if rng.random() < 0.7:
            # Never a sum that can be met exactly: there rounding decides.
            options["topP"] = float(rng.choice([rng.uniform(0.01, 1), 1]))
        yield scores, options


def test_what_may_be_drawn_is_what_torch_keeps(page):
    made = list(cases())
    answers = page.evaluate(RUN, [[scores.tolist(), options] for scores, options in made])
    for (scores, options), (order, said, drawn) in zip(made, answers, strict=True):
        scaled = torch.tensor(scores, dtype=torch.float64)
        kept = filter_logits(
            scaled / options["temperature"], options.get("topK"), options.get("topP")
        )
        # 1e-12: both count in double precision.
        np.testing.assert_allclose(drawn, kept.softmax(-1), atol=1e-12, err_msg=str(options))
        np.testing.assert_array_equal(np.array(drawn) > 0, kept.isfinite(), err_msg=str(options))
        np.testing.assert_allclose(said, scaled.softmax(-1), atol=1e-12)
        assert order == np.argsort(-scores, kind="stable").tolist()


def test_greedy_takes_the_first_of_the_most_probable(page):
    ((order, said, drawn),) = page.evaluate(
        RUN, [[[1, 3, 3, 2], {"greedy": True, "topK": 3, "temperature": 0.5}]]
    )
    assert order[0] == 1 and drawn == [0, 1, 0, 0]
    assert said[1] == said[2] > said[3] > said[0] > 0


def test_scores_of_any_size_are_drawn_from(page):
    """A low temperature makes them large: no power may overflow."""
    ((_, _, drawn),) = page.evaluate(RUN, [[[9000, 8999, -9000], {"temperature": 0.1}]])
    np.testing.assert_allclose(drawn, [1, np.exp(-10), 0], rtol=1e-4)


def mulberry32(seed):
    """The generator again, with Python's whole numbers."""
    mask = 2**32 - 1
    state = seed
    while True:
        state = (state + 0x6D2B79F5) & mask
        x = ((state ^ (state >> 15)) * (1 | state)) & mask
        x = (x ^ (x + (x ^ (x >> 7)) * (61 | x))) & mask
        yield (x ^ (x >> 14)) / 2**32


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**31, 2**32 - 1])
def test_the_generator_is_mulberry32(page, seed):
    got = page.evaluate(
        """async (seed) => {
          const {drawAt} = await import("/sampling.js");
          return Array.from({length: 200}, (_, n) => drawAt(seed, n));
        }""",
        seed,
    )
    expected = mulberry32(seed)
    assert got == [next(expected) for _ in got]


def test_tokens_are_drawn_as_often_as_their_probability_says(page):
    """Over 20,000 draws of one seed the standard deviation of a share is below 0.0036: 5 of them
    are 0.018."""
    shares = page.evaluate(
        """async () => {
          const {drawAt, nextTokens, pickToken} = await import("/sampling.js");
          const options = nextTokens([0, 1, 2, -1, 3], {topK: 4, temperature: 1.5});
          const counts = [0, 0, 0, 0, 0];
          for (let n = 0; n < 20000; n++) counts[pickToken(options, drawAt(7, n))] += 1 / 20000;
          return [counts, [...options.drawn]];
        }"""
    )
    np.testing.assert_allclose(*shares, atol=0.018)
    assert shares[0][3] == 0


def test_a_draw_at_the_very_end_is_still_one_that_may_be_drawn(page):
    drawn = page.evaluate(
        """async () => {
          const {nextTokens, pickToken} = await import("/sampling.js");
          const options = nextTokens([0, 0.3, 0.1, 5], {topK: 3});
          return [pickToken(options, 0), pickToken(options, 1 - 2 ** -32), pickToken(options, 1)];
        }"""
    )
    assert drawn == [3, 2, 3]
