"""Reversing a sequence: attention and a table learn it at once, a bidirectional LSTM does not."""

import sys

import pytest
import torch

from large_models.experiments import train_reverse
from large_models.experiments.train_reverse import SEQ_LEN, VOCAB_SIZE, Reverser, accuracy, train
from large_models.models.cnn import num_parameters


@pytest.fixture(scope="module")
def trained():
    return {kind: train(kind) for kind in ("attention", "table")}


def test_a_batch_is_symbols_and_the_same_reversed():
    symbols, target = next(train_reverse.batches(torch.Generator().manual_seed(0)))
    assert symbols.shape == target.shape == (train_reverse.BATCH, SEQ_LEN)
    assert set(symbols.unique().tolist()) == set(range(VOCAB_SIZE))
    for t in range(SEQ_LEN):
        assert torch.equal(target[:, t], symbols[:, SEQ_LEN - 1 - t])


class Oracle(torch.nn.Module):
    """Answers by the places that it is told, or by the order of arrival."""

    def __init__(self, reads_places):
        super().__init__()
        self.reads_places = reads_places

    def forward(self, symbols, places):
        if places is None or not self.reads_places:
            places = torch.arange(SEQ_LEN).expand_as(symbols)
        sorted_ = symbols.gather(1, places.argsort(dim=1))
        answers = sorted_.gather(1, SEQ_LEN - 1 - places)
        return torch.nn.functional.one_hot(answers, VOCAB_SIZE).float()


def test_accuracy_is_1_for_the_right_answers_only():
    assert accuracy(Oracle(True)) == accuracy(Oracle(True), shuffled=True) == 1
    assert accuracy(Oracle(False)) == 1
    # Of 24 places, one in 24 holds the right symbol by chance, and of the rest one in 16.
    assert accuracy(Oracle(False), shuffled=True) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("kind", ["attention", "table"])
def test_the_right_answer_is_found_within_the_steps(trained, kind):
    model, history, _ = trained[kind]
    assert history[-1]["step"] == train_reverse.STEPS[kind] and history[-1]["score"] > 0.99
    assert history[0]["score"] < 0.9
    assert accuracy(model, sequences=64) > 0.99


def test_only_attention_follows_symbols_that_change_places(trained):
    assert accuracy(trained["attention"][0], shuffled=True) > 0.99
    assert accuracy(trained["table"][0], shuffled=True) < 0.2


def test_attention_has_learned_the_anti_diagonal(trained):
    symbols, _ = next(train_reverse.batches(torch.Generator().manual_seed(1)))
    maps = trained["attention"][0].maps(symbols)
    assert maps.shape == (train_reverse.BATCH, 1, SEQ_LEN, SEQ_LEN)
    torch.testing.assert_close(maps.sum(-1), torch.ones(maps.shape[:3]))
    mass = maps.flip(3).diagonal(dim1=2, dim2=3).mean()
    assert mass > 0.8  # three seeds had 0.87 to 0.91; looking everywhere would be 1/24
    untrained = Reverser("attention").maps(symbols).flip(3).diagonal(dim1=2, dim2=3).mean()
    assert untrained < 0.1
    order = torch.randperm(SEQ_LEN, generator=torch.Generator().manual_seed(2))
    moved = trained["attention"][0].maps(symbols[:, order], order.expand_as(symbols))
    torch.testing.assert_close(moved, maps[:, :, order][..., order], rtol=1e-4, atol=1e-5)


def test_the_lstm_learns_too_but_slowly(trained):
    _, history, _ = train("lstm", steps=150)
    assert trained["attention"][1][14]["step"] == 150
    # 1/16 is chance. Three seeds had 0.22 to 0.23 here, and 0.46 to 0.52 after 600 steps.
    assert 0.15 < history[-1]["score"] < 0.35


def test_the_lstm_has_more_to_learn_with():
    sizes = {kind: num_parameters(Reverser(kind)) for kind in train_reverse.STEPS}
    assert sizes["lstm"] > 3 * sizes["attention"] > 3 * sizes["table"]


def test_a_run_can_be_repeated():
    first, second, other = (train("table", seed, steps=10)[0] for seed in (0, 0, 1))
    assert torch.equal(first.layer.weight, second.layer.weight)
    assert not torch.equal(first.layer.weight, other.layer.weight)


def test_other_kinds_are_refused():
    with pytest.raises(ValueError, match="attention, table or lstm, got 'gru'"):
        Reverser("gru")
    with pytest.raises(ValueError, match="this one is a lstm"):
        Reverser("lstm").maps(torch.zeros(1, SEQ_LEN, dtype=torch.long))


def test_the_command_prints_a_line_a_run(monkeypatch, capsys):
    monkeypatch.setattr(train_reverse, "STEPS", {"attention": 10, "table": 20, "lstm": 10})
    monkeypatch.setattr(sys, "argv", ["train_reverse", "--seeds", "1", "--lstm-size", "4"])
    train_reverse.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["attention", "table", "lstm"]
    assert "99 % at step 20" in lines[1] and "99 % never" in lines[2]


@pytest.mark.parametrize("name", ["seeds", "lstm-steps", "lstm-size"])
def test_a_command_that_makes_no_sense(monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "argv", ["train_reverse", f"--{name}", "0"])
    with pytest.raises(SystemExit):
        train_reverse.main()
    assert f"--{name}: expected at least 1, got 0" in capsys.readouterr().err
