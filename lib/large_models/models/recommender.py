"""Recommending by self-attention: a shopper's items so far are a sentence, the next is its word.

Each position attends to itself and to those before it (causal mask), so one pass learns from every
prefix at once, as a GPT does.

Source: Kang and McAuley 2018. Chapter: 1_2_areas.
"""

from torch import Tensor, nn

from large_models.models.transformer import BlockConfig, Encoder, LearnedPositions


class NextItem(nn.Module):
    """Items so far (B, T) to scores of the next item after each of them (B, T, items).

    Args:
        items: how many there are.
        seq_len: the longest history.
        hidden_size: features of an item.
    """

    def __init__(self, items: int, seq_len: int, hidden_size: int = 32) -> None:
        super().__init__()
        C = hidden_size
        config = BlockConfig(C, 2, 2 * C, dropout=0.1, norm_first=True)
        self.embedding = nn.Embedding(items, C)
        self.positions = LearnedPositions(seq_len, C)
        self.encoder = Encoder(config, num_layers=1, norm=True)
        self.output = nn.Linear(C, items)

    def forward(self, items: Tensor) -> Tensor:
        """Scores before the softmax, (B, T, V), for items (B, T)."""
        x = self.positions(self.embedding(items))
        return self.output(self.encoder(x, is_causal=True))
