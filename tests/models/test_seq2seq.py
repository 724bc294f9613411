"""models.seq2seq: what is written does not depend on padding, nor on what comes after."""

import torch

from large_models.data.number_words import END, PAD, START
from large_models.models.seq2seq import Seq2Seq


def model(seed=0):
    torch.manual_seed(seed)
    return Seq2Seq(12, 9, hidden_size=16).eval()


def test_scores_of_the_next_symbol():
    source, target = torch.randint(3, 12, (4, 6)), torch.randint(3, 9, (4, 5))
    assert model()(source, target).shape == (4, 5, 9)


def test_padding_changes_nothing():
    source, target = torch.randint(3, 12, (4, 6)), torch.randint(3, 9, (4, 5))
    padded = torch.cat([source, torch.full((4, 3), PAD)], dim=1)
    m = model()
    torch.testing.assert_close(m(source, target), m(padded, target), atol=1e-5, rtol=1e-5)


def test_a_symbol_sees_those_before_it_only():
    source, target = torch.randint(3, 12, (2, 6)), torch.randint(3, 9, (2, 5))
    other = target.clone()
    other[:, 3] = (other[:, 3] - 3 + 1) % 6 + 3
    m = model()
    before, after = m(source, target), m(source, other)
    torch.testing.assert_close(before[:, :3], after[:, :3])
    assert (before[:, 3:] - after[:, 3:]).abs().max() > 1e-3


def test_the_order_of_the_words_matters():
    source, target = torch.arange(3, 9)[None], torch.tensor([[START, 4]])
    m = model()
    assert (m(source, target) - m(source.flip(1), target)).abs().max() > 1e-3


def test_translating_is_taking_the_likeliest_again_and_again():
    m, source = model(3), torch.randint(3, 12, (6, 5))
    wrote = m.translate(source, 7)
    for row, words in zip(wrote, source, strict=True):
        so_far = [START]
        while len(so_far) < 8 and END not in so_far:
            so_far.append(int(m(words[None], torch.tensor([so_far]))[0, -1].argmax()))
        expected = so_far[1:] + [PAD] * 7
        assert row.tolist() == expected[: len(row)]


def test_it_stops_when_all_have_ended():
    m = model()
    with torch.no_grad():
        m.output.bias[END] = 1000
    assert m.translate(torch.randint(3, 12, (3, 4)), 30).tolist() == [[END]] * 3
