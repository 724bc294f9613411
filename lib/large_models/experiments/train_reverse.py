"""Train three small networks to reverse a sequence: attention, a table, a bidirectional LSTM.

    python -m large_models.experiments.train_reverse  # three seeds, about a minute
    # an LSTM can, too
    python -m large_models.experiments.train_reverse --lstm-size 96 --lstm-steps 1500

24 random symbols come in, the same symbols come out in the opposite order. All three networks have
the same embedding, learned positions and last layer; they differ in what carries a symbol from one
place to another. Chapter: 3_3_self_attention.
"""

import argparse
import time
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.models.attention import MultiHeadAttention
from large_models.models.cnn import num_parameters
from large_models.models.rnn import LSTM
from large_models.models.transformer import LearnedPositions
from large_models.training.loop import fit

SEQ_LEN = 24
VOCAB_SIZE = 16
HIDDEN_SIZE = 32
BATCH = 64
# The LSTM's best of 3e-3, 1e-2 and 3e-2. With 3e-2 the two others would be faster still.
LEARNING_RATE = 1e-2
STEPS = {"attention": 150, "table": 150, "lstm": 600}


class Table(nn.Module):
    """A learned matrix (T, T) in place of attention weights: the same for every sequence."""

    def __init__(self, seq_len: int, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((seq_len, seq_len), 1 / seq_len))
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        return self.weight @ self.value(x)


class Reverser(nn.Module):
    """Embedding and positions, one layer that carries symbols about, and a linear layer.

    Args:
        kind: "attention" (one head), "table" or "lstm" (bidirectional).
        hidden_size: features of a symbol, and of the LSTM's state in each direction.

    Raises:
        ValueError: for another kind.
    """

    def __init__(self, kind: str, hidden_size: int = HIDDEN_SIZE) -> None:
        super().__init__()
        C = hidden_size
        self.kind = kind
        self.embedding = nn.Embedding(VOCAB_SIZE, C)
        self.positions = LearnedPositions(SEQ_LEN, C)
        if kind == "attention":
            self.layer = MultiHeadAttention(C, num_heads=1)
        elif kind == "table":
            self.layer = Table(SEQ_LEN, C)
        elif kind == "lstm":
            self.layer = LSTM(C, C, batch_first=True, bidirectional=True)
        else:
            raise ValueError(f"kind: expected attention, table or lstm, got {kind!r}")
        self.output = nn.Linear(2 * C if kind == "lstm" else C, VOCAB_SIZE)

    def forward(self, symbols: Tensor, places: Tensor | None = None) -> Tensor:
        """Scores of each symbol at each place.

        Args:
            symbols: (B, T) of 0 to VOCAB_SIZE - 1.
            places: (B, T), the position that each symbol is told; 0, 1, 2, ... if not given.

        Returns:
            (B, T, V).
        """
        out = self.layer(self._embed(symbols, places))
        return self.output(out if self.kind == "table" else out[0])

    def maps(self, symbols: Tensor, places: Tensor | None = None) -> Tensor:
        """Attention weights (B, h, T, T) with h = 1, for symbols and places as in `forward`.

        Raises:
            ValueError: if the network has none.
        """
        if self.kind != "attention":
            raise ValueError(f"expected a network of attention, this one is a {self.kind}")
        with torch.no_grad():
            return self.layer(self._embed(symbols, places), need_weights=True)[1]

    def _embed(self, symbols: Tensor, places: Tensor | None = None) -> Tensor:
        x = self.embedding(symbols)
        return self.positions(x) if places is None else x + self.positions.weight[places]


def batches(generator: torch.Generator) -> Iterable[tuple[Tensor, Tensor]]:
    """Random symbols (B, T) and the same reversed, for `fit`; without end."""
    while True:
        symbols = torch.randint(VOCAB_SIZE, (BATCH, SEQ_LEN), generator=generator)
        yield symbols, symbols.flip(1)


def loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy of a symbol, in nats."""
    symbols, target = batch
    return F.cross_entropy(model(symbols).flatten(0, 1), target.flatten())


def accuracy(model: nn.Module, shuffled: bool = False, sequences: int = 256) -> float:
    """Share of symbols at their right place, 0 to 1, in sequences that training never saw.

    Args:
        model: a `Reverser`.
        shuffled: the symbols arrive in any order, each with its place written on it, and leave in
            the order in which they came.
        sequences: how many.
    """
    generator = torch.Generator().manual_seed(20_000)
    shape = sequences, SEQ_LEN
    symbols = torch.randint(VOCAB_SIZE, shape, generator=generator)
    target, places = symbols.flip(1), None
    if shuffled:
        places = torch.rand(shape, generator=generator).argsort(dim=1)
        symbols, target = symbols.gather(1, places), target.gather(1, places)
    with torch.no_grad():
        return (model(symbols, places).argmax(dim=2) == target).float().mean().item()


def train(
    kind: str,
    seed: int = 0,
    steps: int | None = None,
    hidden_size: int = HIDDEN_SIZE,
    progress_bar: bool = False,
) -> tuple[Reverser, list[dict[str, float]], float]:
    """A network trained on random sequences, all randomness from `seed`.

    Args:
        kind: as `Reverser`.
        seed: of weights and sequences.
        steps: `STEPS` of that kind if not given.
        hidden_size: as `Reverser`.
        progress_bar: whether to show one.

    Returns:
        the network; the accuracy ("score") at every tenth step; seconds of processor time.
    """
    torch.manual_seed(seed)
    model = Reverser(kind, hidden_size)
    start = time.process_time()
    history = fit(
        model,
        batches,
        loss,
        torch.optim.Adam(model.parameters(), LEARNING_RATE),
        steps=steps or STEPS[kind],
        generator=torch.Generator().manual_seed(seed),
        clip_norm=1.0,
        evaluate=accuracy,
        evaluate_every=10,
        description=kind,
        progress_bar=progress_bar,
    )
    return model, history, time.process_time() - start


def main() -> None:
    """Train each network with each seed and print what it reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--lstm-steps", type=int, default=STEPS["lstm"])
    parser.add_argument("--lstm-size", type=int, default=HIDDEN_SIZE)
    arguments = parser.parse_args()
    for name, value in vars(arguments).items():
        if value < 1:
            parser.error(f"--{name.replace('_', '-')}: expected at least 1, got {value}")
    torch.set_num_threads(1)
    for kind, steps in (STEPS | {"lstm": arguments.lstm_steps}).items():
        size = arguments.lstm_size if kind == "lstm" else HIDDEN_SIZE
        for seed in range(arguments.seeds):
            model, history, seconds = train(kind, seed, steps, size)
            first = next((entry["step"] for entry in history if entry["score"] >= 0.99), None)
            reached = f"99 % at step {first}" if first else "99 % never"
            print(
                f"{kind:10} {num_parameters(model):7,} parameters, seed {seed}: "
                f"{history[-1]['score']:.4f} after {steps} steps and {seconds:.1f} s, {reached}; "
                f"shuffled {accuracy(model, shuffled=True):.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
