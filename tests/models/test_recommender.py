"""models.recommender: a position sees the past, and its order."""

import torch

from large_models.models.recommender import NextItem


def test_scores_of_the_next_item_after_each():
    torch.manual_seed(0)
    model = NextItem(items=20, seq_len=8).eval()
    items = torch.randint(20, (3, 8))
    scores = model(items)
    assert scores.shape == (3, 8, 20)
    # A later item changes nothing before it.
    other = items.clone()
    other[:, 5] = (other[:, 5] + 1) % 20
    changed = (scores - model(other)).abs().amax(dim=(0, 2))
    assert changed[:5].max() < 1e-5 and changed[5:].min() > 1e-3
    # A shorter history is a history.
    torch.testing.assert_close(model(items[:, :4]), scores[:, :4])


def test_the_order_counts():
    torch.manual_seed(0)
    model = NextItem(items=20, seq_len=8).eval()
    items = torch.arange(8)[None]
    turned = items.clone()
    turned[:, :7] = items[:, :7].flip(1)
    assert (model(items)[:, -1] - model(turned)[:, -1]).abs().max() > 1e-3
