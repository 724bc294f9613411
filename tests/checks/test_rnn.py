"""The checks of chapter 3_2_rnn: right answers pass, each usual mistake is named."""

import numpy as np
import pytest
import torch
from torch import nn

from large_models import checks
from large_models.checks import rnn


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def parts(x, h, w_ih, w_hh, b_ih, b_hh):
    return *np.split(x @ w_ih.T + b_ih, 3, axis=1), *np.split(h @ w_hh.T + b_hh, 3, axis=1)


def gru(x, h, *weights, order="rz", mix=None, candidate=None):
    x_r, x_z, x_n, h_r, h_z, h_n = parts(x, h, *weights)
    gates = {"r": sigmoid(x_r + h_r), "z": sigmoid(x_z + h_z)}
    r, z = (gates[letter] for letter in order)
    n = np.tanh(x_n + r * h_n) if candidate is None else candidate(x_n, h_n, r)
    return (1 - z) * n + z * h if mix is None else mix(n, z, h)


def with_torch(x, h, w_ih, w_hh, b_ih, b_hh):
    cell = nn.GRUCell(x.shape[1], h.shape[1])
    names = {"weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": b_ih, "bias_hh": b_hh}
    cell.load_state_dict({name: torch.from_numpy(w) for name, w in names.items()})
    return cell(torch.from_numpy(x).float(), torch.from_numpy(h).float()).detach()


@pytest.mark.parametrize("function", [gru, with_torch, lambda *a: gru(*a).tolist()])
def test_a_right_gru_passes(function, says):
    assert says(checks.rnn.gru_step, function) == (
        True,
        "Right in all 4 cases. The last: x 4 x 3, h 4 x 5.\n",
    )


def resets_before(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n, h_r, h_z, _ = parts(x, h, w_ih, w_hh, b_ih, b_hh)
    r, z, H = sigmoid(x_r + h_r), sigmoid(x_z + h_z), h.shape[1]
    n = np.tanh(x_n + (r * h) @ w_hh[2 * H :].T + b_hh[2 * H :])
    return (1 - z) * n + z * h


def bias_outside(x, h, w_ih, w_hh, b_ih, b_hh):
    b = b_hh[-h.shape[1] :]
    return gru(x, h, w_ih, w_hh, b_ih, b_hh, candidate=lambda a, c, r: np.tanh(a + r * (c - b) + b))


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (resets_before, "the reset gate is applied to h before the matrix"),
        (bias_outside, "the candidate's b_hh stands outside the reset gate"),
        (lambda *a: gru(*a, mix=lambda n, z, h: z * n + (1 - z) * h), "z and 1 - z are swapped"),
        (lambda x, h, wi, wh, bi, bh: gru(x, h, wi, wh, bi, 0 * bh), "b_hh is missing"),
        (lambda x, h, wi, wh, bi, bh: gru(x, h, wi, wh, 0 * bi, bh), "b_ih is missing"),
        (lambda *a: gru(*a, order="zr"), "the rows are read in the order z, r, n"),
        (
            lambda *a: gru(*a, candidate=lambda x, h, r: np.tanh(x + h)),
            "the reset gate is not used",
        ),
        (
            lambda *a: gru(*a, candidate=lambda x, h, r: np.tanh(r * (x + h))),
            "the reset gate scales the input too",
        ),
        (
            lambda *a: gru(*a, candidate=lambda x, h, r: sigmoid(x + r * h)),
            "the candidate n goes through a sigmoid",
        ),
        (lambda *a: gru(*a, candidate=lambda x, h, r: x + r * h), "the candidate n lacks its tanh"),
        (lambda *a: gru(*a, mix=lambda n, z, h: n), "this is the candidate n"),
    ],
)
def test_mistakes_in_a_gru_are_named(mistake, remark, says):
    result, said = says(checks.rnn.gru_step, mistake)
    assert result is False and said.startswith(f"x 1 x 1, h 1 x 2: {remark}")


@pytest.mark.parametrize(
    ("mistake", "remark"),
    [
        (lambda x, h, *w: gru(x, h, *w)[0], "should have shape (1, 2), but it has (2,)"),
        (lambda x, h, *w: gru(x, h, *w) + 1, "at row 0, column 0 expected"),
        (lambda x, h, *w: gru(x, h, *w)[:, :1], "Where the two overlap, its values are right"),
        (lambda x, h, *w: x @ h @ h, "raised ValueError: "),
        (lambda x, h, *w: x @ h @ h, "The result should have shape (1, 2) here."),
    ],
)
def test_other_mistakes_in_a_gru_are_described(mistake, remark, says):
    result, said = says(checks.rnn.gru_step, mistake)
    assert result is False and remark in said


# --- padding ------------------------------------------------------------------------------------


def last(states, mask, shift=-1):
    places = np.clip(mask.sum(axis=1) + shift, 0, mask.shape[1] - 1)
    return states[np.arange(len(states)), places]


def mean(losses, mask):
    return losses[mask].mean()


def mean_torch(losses, mask):
    losses, mask = torch.from_numpy(losses).float(), torch.from_numpy(mask)
    return (losses * mask).sum() / mask.sum()


@pytest.mark.parametrize("mean_loss", [mean, mean_torch, lambda *a: float(mean(*a))])
def test_right_answers_about_padding_pass(mean_loss, says):
    assert says(checks.rnn.padding, last, mean_loss) == (
        True,
        "Right: last_state and mean_loss.\n",
    )


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda s, m: s[:, -1], "[3, 2], T = 4", "the last column is taken, padding or not"),
        (lambda s, m: last(s, m, 0), "[3, 2], T = 4", "one place too late"),
        (lambda s, m: last(s, m, -2), "[3, 2], T = 4", "one place too early"),
        (lambda s, m: s[:, 0], "[3, 2], T = 4", "the first column is taken"),
        (lambda s, m: s[:, m[0].sum() - 1], "[3, 2], T = 4", "all are taken at the first"),
        (
            lambda s, m: (s * m[..., None]).sum(1) / m.sum(1)[:, None],
            "[3, 2], T = 4",
            "this is the mean over the inputs",
        ),
        (
            lambda s, m: last(s, m)[0],
            "[3, 2], T = 4",
            "the result should have shape (2, 1), but it has (1,)",
        ),
        (lambda s, m: s, "[3, 2], T = 4", "should have shape (2, 1), but it has (2, 4, 1)"),
        (lambda s, m: s[m.sum() * 9], "[3, 2], T = 4", "raised IndexError: "),
        (lambda s, m: last(s, m) + 1, "[3, 2], T = 4", "at row 0, column 0 expected"),
    ],
)
def test_mistakes_in_the_last_state_are_named(mistake, case, remark, says):
    result, said = says(checks.rnn.padding, mistake, mean)
    assert result is False and said.startswith(f"last_state: lengths {case}: ") and remark in said


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (lambda v, m: (v * m).mean(), "[3, 2], T = 4", "the sum is divided by B * T = 8"),
        (lambda v, m: v.mean(), "[3, 2], T = 4", "the padding is counted as if it were input"),
        (lambda v, m: v.sum() / m.sum(), "[3, 2], T = 4", "the padding is in the sum"),
        (lambda v, m: (v * m).sum(), "[3, 2], T = 4", "this is the sum"),
        (lambda v, m: v[~m].mean(), "[3, 2], T = 4", "the mask is the wrong way round"),
        (
            lambda v, m: (v * m).sum(1) / m.sum(1),
            "[3, 2], T = 4",
            "this is one mean for each sequence",
        ),
        (lambda v, m: (v * m).sum() / len(v), "[3, 2], T = 4", "divided by the 2 sequences"),
        (lambda v, m: (v * m).sum(0).mean(), "[3, 2], T = 4", "divided by the 4 steps"),
        (
            lambda v, m: ((v * m).sum(1) / m.sum(1)).mean(),
            "[3, 2], T = 4",
            "this is the mean of the sequences' means",
        ),
        (lambda v, m: mean(v, m) + 1, "[3, 2], T = 4", "expected"),
        (lambda v, m: v[m] * np.nan, "[3, 2], T = 4", "returned nan"),
    ],
)
def test_mistakes_in_the_mean_are_named(mistake, case, remark, says):
    result, said = says(checks.rnn.padding, last, mistake)
    assert result is False and remark in said
    assert said.startswith(f"last_state is right. mean_loss: lengths {case}: ")


def test_the_second_function_may_come_later(says):
    result, said = says(checks.rnn.padding, last, None)
    assert result is None and said.startswith("last_state is right. mean_loss is still missing")


# --- clipping -----------------------------------------------------------------------------------


def norm(gradients):
    return np.sqrt(sum((g**2).sum() for g in gradients))


def clip(gradients, max_norm, length=norm):
    long = length(gradients)
    return [g * min(1, max_norm / long) for g in gradients] if long else gradients


def clip_torch(gradients, max_norm):
    parameters = [nn.Parameter(torch.from_numpy(g)) for g in gradients]
    for parameter, g in zip(parameters, gradients, strict=True):
        parameter.grad = torch.from_numpy(g.copy())
    nn.utils.clip_grad_norm_(parameters, max_norm)  # divides by norm + 1e-6
    return [parameter.grad for parameter in parameters]


@pytest.mark.parametrize("function", [clip, clip_torch, lambda g, m: tuple(clip(g, m))])
def test_right_clipping_passes(function, says):
    result, said = says(checks.rnn.clip_gradients, function)
    assert result is True and said.startswith("Right in all 5 cases")


def in_place(gradients, max_norm):
    for g, clipped in zip(gradients, clip(gradients, max_norm), strict=True):
        g[:] = clipped


@pytest.mark.parametrize(
    ("mistake", "case", "remark"),
    [
        (
            lambda g, m: [clip([a], m)[0] for a in g],
            "2 arrays of norm 10, max_norm 5",
            "each array is clipped by its own norm",
        ),
        (
            lambda g, m: [a.clip(-m, m) for a in g],
            "1 array of norm 5, max_norm 1",
            "each number is clipped",
        ),
        (lambda g, m: g, "1 array of norm 5, max_norm 1", "nothing is shortened"),
        (
            lambda g, m: [a * m / norm(g) for a in g],
            "1 array of norm 5, max_norm 10",
            "a short gradient is made longer",
        ),
        (
            lambda g, m: clip(g, m, lambda g: norm(g) ** 2),
            "1 array of norm 5, max_norm 1",
            "the root is missing",
        ),
        (
            lambda g, m: clip(g, m, lambda g: sum(map(np.linalg.norm, g))),
            "2 arrays of norm 10, max_norm 5",
            "the norms of the arrays are added up",
        ),
        (
            lambda g, m: clip(g, m, lambda g: sum(np.abs(a).sum() for a in g)),
            "1 array of norm 5, max_norm 1",
            "the norm is the sum of absolute values",
        ),
        (
            lambda g, m: [a / norm(g) for a in g],
            "1 array of norm 5, max_norm 10",
            "the norm of the result is 1, it should be 5",
        ),
        (
            lambda g, m: [a / norm(g) * min(m, norm(g)) for a in g],
            "2 arrays of norm 0, max_norm 1",
            "array 0 of the list has nan in it. The norm of nothing but zeros",
        ),
        (in_place, "1 array", "changed its input and returned None. Return the result"),
        (lambda g, m: clip(g, m)[0], "1 array", "returned an array of float64, expected a list"),
        (
            lambda g, m: clip(g, m) * 2,
            "1 array",
            "the list has 2 arrays, expected as many as went in: 1",
        ),
        (
            lambda g, m: [a.ravel() for a in clip(g, m)],
            "2 arrays",
            "array 1 of the list has shape (2,), expected (1, 2)",
        ),
        (lambda g, m: ["a"], "1 array", "returned, in its list at 0, a str, expected an array"),
        (norm, "1 array", "raised TypeError: "),
        (
            lambda g, m: [a / 4 for a in g],
            "1 array",
            "in the array in the list, at place 0 expected",
        ),
        (
            lambda g, m: clip(g, m, lambda g: max(map(np.linalg.norm, g))),
            "2 arrays of norm 10, max_norm 5",
            "the norm of the longest array is taken",
        ),
    ],
)
def test_mistakes_in_clipping_are_named(mistake, case, remark, says):
    result, said = says(checks.rnn.clip_gradients, mistake)
    assert result is False and said.startswith(case) and remark in said


# --- all three ----------------------------------------------------------------------------------

CHECKS = [rnn.gru_step, lambda f: rnn.padding(f, mean), rnn.clip_gradients]


@pytest.mark.parametrize("check", CHECKS)
def test_a_stub_is_not_yet_an_answer(check, stub, says):
    result, said = says(check, stub)
    assert result is None and said.startswith("Not yet")


@pytest.mark.parametrize("check", CHECKS)
def test_nonsense_gets_a_sentence(check, nonsense, says):
    answer, remark = nonsense
    result, said = says(check, answer)
    assert result is False and remark in said


def test_a_right_gru_that_needs_a_gradient_passes(says):
    def with_graph(x, h, w_ih, w_hh, b_ih, b_hh):
        cell = nn.GRUCell(x.shape[1], h.shape[1]).double()
        names = {"weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": b_ih, "bias_hh": b_hh}
        cell.load_state_dict({name: torch.from_numpy(w) for name, w in names.items()})
        return cell(torch.from_numpy(x), torch.from_numpy(h))

    result, said = says(checks.rnn.gru_step, with_graph)
    assert result is True and said.startswith("Right")


def test_every_choice_of_an_experiment_has_its_sentence(says):
    said = {letter: says(checks.rnn.control, letter) for letter in "abcd"}
    assert [result for result, _ in said.values()] == [False, True, False, False]
    assert len({sentence for _, sentence in said.values()}) == 4


@pytest.mark.parametrize(
    ("answer", "result"), [(0.0078, True), ("0.95 ** 100", False), (0.95, False), (None, None)]
)
def test_the_kept_share_is_said_either_way(answer, result, says):
    got, said = says(checks.rnn.kept_share, answer)
    assert got is result
    assert (answer is None or isinstance(answer, str)) or "0.007" in said
