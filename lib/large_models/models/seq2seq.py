"""An encoder-decoder: a sequence of words comes in, another sequence goes out.

The encoder reads the whole source. The decoder writes one symbol after another; each may look at
what is written so far (causal mask) and at the whole source (cross-attention). In training the
right symbols so far are given to it, so all positions learn at once.

Source: Vaswani et al. 2017, section 3. Chapter: 1_2_areas.
"""

import torch
from torch import Tensor, nn

from large_models.data.number_words import END, PAD, START
from large_models.models.transformer import BlockConfig, Decoder, Encoder, LearnedPositions


class Seq2Seq(nn.Module):
    """Source words (B, S) and target symbols so far (B, T) to scores of the next ones (B, T, V).

    Args:
        source_size, target_size: sizes of the two vocabularies, PAD, START and END included.
        hidden_size, num_layers, num_heads: of encoder and decoder alike.
        seq_len: the longest sequence on either side.
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        hidden_size: int = 32,
        num_layers: int = 1,
        num_heads: int = 4,
        seq_len: int = 64,
    ) -> None:
        super().__init__()
        C = hidden_size
        config = BlockConfig(C, num_heads, 2 * C, dropout=0.0, norm_first=True)
        self.source = nn.Embedding(source_size, C)
        self.target = nn.Embedding(target_size, C)
        self.source_positions = LearnedPositions(seq_len, C)
        self.target_positions = LearnedPositions(seq_len, C)
        self.encoder = Encoder(config, num_layers, norm=True)
        self.decoder = Decoder(config, num_layers, norm=True)
        self.output = nn.Linear(C, target_size)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Scores (B, T, V) of the symbol after each of `target` (B, T). PAD in `source` (B, S) is
        not looked at."""
        return self._decode(self._encode(source), source != PAD, target)

    @torch.no_grad()
    def translate(self, source: Tensor, length: int) -> Tensor:
        """The likeliest symbol at each step, up to `length` of them: (B, T), PAD after END."""
        memory, mask = self._encode(source), source != PAD
        out = torch.full((len(source), 1), START)
        done = torch.zeros(len(source), dtype=torch.bool)
        for _ in range(length):
            best = self._decode(memory, mask, out)[:, -1].argmax(dim=-1).masked_fill(done, PAD)
            out = torch.cat([out, best[:, None]], dim=1)
            done |= best == END
            if done.all():
                break
        return out[:, 1:]

    def _encode(self, source: Tensor) -> Tensor:
        return self.encoder(self.source_positions(self.source(source)), mask=source != PAD)

    def _decode(self, memory: Tensor, mask: Tensor, target: Tensor) -> Tensor:
        x = self.target_positions(self.target(target))
        return self.output(self.decoder(x, memory, memory_mask=mask))
