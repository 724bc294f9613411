"""sampling.js against large_models.models.gpt's `filter_logits`, and its
generator against the same arithmetic on Python's whole numbers."""

import numpy as np
import pytest
import torch

from large_models.models.gpt import filter_logits


def mulberry32(seed, n):
    """The n-th number of the generator mulberry32, in whole numbers modulo 2^32."""
    most = 2**32 - 1
    a = (seed + (n + 1) * 0x6D2B79F5) & most
    x = ((a ^ a >> 15) * (1 | a)) & most
    x = (x + ((x ^ x >> 7) * (61 | x))) & most ^ x
    return (x ^ x >> 14) / 2**32


@pytest.fixture(scope="module")
def run(engine):

    def call(script, arg=None):
        return engine.run(
            f"async (arg) => {{ const lib = await import('/engine/sampling.js'); {script} }}", arg
        )

    return call


NEXT = """return arg.map(({scores, options}) => {
  const {order, kept, said, drawn} = lib.nextTokens(Float32Array.from(scores), options);
  return {order, kept: [...kept], said: [...said], drawn: [...drawn]};
});"""


def test_what_may_be_drawn_is_what_torch_keeps(run):
    rng = np.random.default_rng(0)
    cases = []
    for _ in range(200):
        scores = rng.normal(scale=4, size=rng.integers(1, 40))
        if rng.random() < 0.3:
            scores = np.round(scores)  # equals
        temperature = float(rng.choice([0.1, 0.7, 1, 2, 5]))
        top_k = None if rng.random() < 0.4 else int(rng.integers(1, 45))
        top_p = None if rng.random() < 0.4 else float(rng.uniform(0.01, 1))
        cases.append((scores.astype(np.float32), temperature, top_k, top_p))
    sent = [
        {"scores": s.tolist(), "options": {"temperature": t, "topK": k, "topP": p}}
        for s, t, k, p in cases
    ]
    for (scores, temperature, top_k, top_p), got in zip(cases, run(NEXT, sent), strict=True):
        tensor = torch.from_numpy(scores).double()
        expected = filter_logits(tensor / temperature, top_k, top_p).softmax(-1).numpy()
        what = f"{len(scores)} scores, {temperature}, {top_k}, {top_p}"
        np.testing.assert_allclose(got["drawn"], expected, atol=1e-12, err_msg=what)
        np.testing.assert_allclose(got["said"], tensor.softmax(-1), atol=1e-12)
        assert sorted(got["kept"]) == np.flatnonzero(expected).tolist(), what
        assert got["order"] == np.argsort(-scores, kind="stable").tolist()


@pytest.mark.parametrize(
    "top_p, kept", [(0.25, 1), (0.2500001, 2), (0.5, 2), (0.75, 3), (0.7500001, 4), (1, 4)]
)
def test_top_p_stops_at_the_token_with_which_the_sum_is_reached(run, top_p, kept):
    """Four quarters, exact in binary; as tests/models/test_gpt.py has it for torch."""
    (got,) = run(NEXT, [{"scores": [0, 0, 0, 0], "options": {"topP": top_p}}])
    assert got["kept"] == list(range(kept))
    assert got["drawn"] == [1 / kept] * kept + [0] * (4 - kept)


@pytest.mark.parametrize("top_k, kept", [(1, [1, 2]), (2, [1, 2]), (3, [1, 2, 0, 3])])
def test_top_k_keeps_equals_of_the_last(run, top_k, kept):
    options = {"topK": top_k}
    (got,) = run(NEXT, [{"scores": [1, 2, 2, 1, 0], "options": options}])
    assert got["kept"] == kept


def test_greedy_leaves_the_most_probable(run):
    (got,) = run(NEXT, [{"scores": [1, 3, 3, 2], "options": {"greedy": True, "topK": 3}}])
    assert got["drawn"] == [0, 1, 0, 0] and got["kept"] == [1]


def test_probabilities_that_vanish_are_not_cut(run):
    (got,) = run(NEXT, [{"scores": [0, -50], "options": {"temperature": 0.01}}])
    assert got["drawn"] == [1, 0] and got["kept"] == [0, 1]


def test_the_generator(run):
    cases = [[s, n] for s in (0, 1, 12345, 2**31, 2**32 - 1) for n in (0, 1, 2, 127, 1000)]
    got = run("return arg.map(([seed, n]) => lib.drawAt(seed, n));", cases)
    assert got == [mulberry32(*case) for case in cases]
    many = run("return Array.from({length: 20000}, (_, n) => lib.drawAt(7, n));")
    # 10 boxes of 2000: 5 standard deviations are 212.
    assert np.abs(np.histogram(many, 10, (0, 1))[0] - 2000).max() < 212


def test_a_number_picks_the_token_that_it_falls_into(run):
    options = {"order": [2, 0, 1], "drawn": [0.3, 0, 0.7]}
    numbers = [0, 0.69, 0.71, 0.999, 1]
    got = run("return arg[1].map((u) => lib.pickToken(arg[0], u));", [options, numbers])
    assert got == [2, 2, 0, 0, 2], "the last: no number is 1, but a sum can be less"


def test_scores_of_any_size_can_be_drawn_from(run):
    """A low temperature makes them large: no power may overflow."""
    (got,) = run(NEXT, [{"scores": [9000, 8999, -9000], "options": {"temperature": 0.1}}])
    np.testing.assert_allclose(got["drawn"], [1, np.exp(-10), 0], rtol=1e-4)


def test_tokens_are_drawn_as_often_as_their_probability_says(run):
    """Of 20,000 draws the standard deviation of a share is below 0.0036: 5 of them are 0.018."""
    shares = run(
        """const options = lib.nextTokens([0, 1, 2, -1, 3], {topK: 4, temperature: 1.5});
        const counts = [0, 0, 0, 0, 0];
        for (let n = 0; n < 20000; n++) counts[lib.pickToken(options, lib.drawAt(7, n))] += 5e-5;
        return [counts, [...options.drawn]];"""
    )
    np.testing.assert_allclose(*shares, atol=0.018)
    assert shares[0][3] == 0
