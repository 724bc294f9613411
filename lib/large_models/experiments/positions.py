"""What a model knows of positions that nobody told it, and how far what it was told reaches.

    python -m large_models.experiments.positions  # weights/positions, some minutes on one core

Two experiments on random symbols, several seeds each. *Recall*: say which symbol stood three places
before, with no positions given; with and without a causal mask. *First*: say which symbol stood
first, in sequences of the length of training and in longer ones. Chapter: 3_4_transformer.
"""

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from large_models.experiments import outputs
from large_models.files import WEIGHTS, write_whole
from large_models.models.transformer import BlockConfig, Encoder, Rotary, SinusoidalPositions
from large_models.training.loop import fit

SYMBOLS = 16
BACK = 3  # places
RECALL_STEPS = (200, 400)
LENGTHS = (24, 48, 96)  # the first is that of training
STEPS, BATCH, LEARNING_RATE = 400, 32, 3e-3

Draw = Callable[[int, int, torch.Generator], tuple[Tensor, Tensor]]


class Recall(nn.Module):
    """Tokens, blocks, and a score for each token that could be the answer.

    Args:
        positions: a module that adds positions to (B, T, C), a `Rotary`, or None.
        num_layers: blocks.
        is_causal: whether a token sees itself and those before it only.
        hidden_size, num_heads: of the blocks.
    """

    def __init__(
        self,
        positions: nn.Module | None,
        num_layers: int = 1,
        is_causal: bool = False,
        hidden_size: int = 64,
        num_heads: int = 2,
    ) -> None:
        super().__init__()
        C = hidden_size
        rotate = positions if isinstance(positions, Rotary) else None
        settings = BlockConfig(C, num_heads, 4 * C, dropout=0.0, norm_first=True)
        self.is_causal = is_causal
        self.tokens = nn.Embedding(SYMBOLS, C)
        self.positions = nn.Identity() if rotate or positions is None else positions
        self.encoder = Encoder(settings, num_layers, norm=True, rotate=rotate)
        self.output = nn.Linear(C, SYMBOLS)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T) to scores (B, T, V)."""
        x = self.positions(self.tokens(tokens))
        return self.output(self.encoder(x, is_causal=self.is_causal))


def draw(size: int, T: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random symbols (B, T), and what stood three places before each; the first three have none."""
    x = torch.randint(SYMBOLS, (size, T), generator=generator)
    return x, x.roll(BACK, dims=1)


def draw_first(size: int, T: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random symbols (B, T), and at each place the one that stands first."""
    x = torch.randint(SYMBOLS, (size, T), generator=generator)
    return x, x[:, :1].expand(-1, T)


def recall_loss(model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
    """Mean cross-entropy after the third place, in nats."""
    return F.cross_entropy(model(batch[0])[:, BACK:].mT, batch[1][:, BACK:])


@torch.no_grad()
def recall_accuracy(model: nn.Module, T: int, draw: Draw = draw) -> float:
    """Share of right answers after the third place, 0 to 1, on 256 sequences of T symbols that
    training never saw."""
    x, y = draw(256, T, torch.Generator().manual_seed(20_000))
    return (model(x).argmax(-1) == y)[:, BACK:].float().mean().item()


def train_recall(
    positions: nn.Module | None,
    seed: int = 0,
    steps: int = STEPS,
    evaluate_every: int = 200,
    draw: Draw = draw,
    **model_settings: Any,
) -> tuple[Recall, list[dict[str, float]]]:
    """A model that recalls, all randomness from `seed`.

    Args:
        positions: as `Recall`.
        seed: of weights and sequences.
        steps: how many batches to learn from.
        evaluate_every: so many steps.
        draw: the task, `draw` or `draw_first`.
        model_settings: `Recall`'s.

    Returns:
        the model; its history, with the accuracy at the length of training as "score".
    """
    torch.manual_seed(seed)
    model = Recall(positions, **model_settings)
    history = fit(
        model,
        lambda generator: [draw(BATCH, LENGTHS[0], generator)],
        recall_loss,
        torch.optim.Adam(model.parameters(), LEARNING_RATE),
        steps=steps,
        generator=torch.Generator().manual_seed(seed),
        evaluate=lambda model: recall_accuracy(model, LENGTHS[0], draw),
        evaluate_every=min(evaluate_every, steps),
        progress_bar=False,
    )
    return model, history


def run_recall(seed: int) -> list[dict]:
    """No positions, two blocks: accuracy with and without a causal mask, after RECALL_STEPS."""
    rows = []
    for is_causal in (True, False):
        _, history = train_recall(None, seed, RECALL_STEPS[-1], num_layers=2, is_causal=is_causal)
        scores = {entry["step"]: entry["score"] for entry in history}
        steps = {str(step): round(scores[step], 4) for step in RECALL_STEPS}
        rows.append({"causal": is_causal, "seed": seed, "steps": steps})
    return rows


def run_first(seed: int) -> list[dict]:
    """Two ways to tell positions: accuracy on the first symbol, by the length of the sequence."""
    rows = []
    for way, positions in (("rotary", Rotary()), ("sinusoidal", SinusoidalPositions())):
        model, _ = train_recall(positions, seed, draw=draw_first)
        accuracy = [round(recall_accuracy(model, T, draw_first), 4) for T in LENGTHS]
        rows.append({"way": way, "seed": seed, "accuracy": accuracy})
    return rows


def main() -> None:
    """Run the experiments and write metrics.json, after each seed."""
    parser = outputs.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds: expected at least 1, got {arguments.seeds}")
    arguments.output = outputs.folder(parser, arguments, "positions", WEIGHTS / "positions")
    torch.set_num_threads(1)
    arguments.output.mkdir(parents=True, exist_ok=True)
    summary = {
        "command": f"python -m large_models.experiments.positions --seeds {arguments.seeds}",
        "torch": torch.__version__.split("+")[0],
        "recall_steps": RECALL_STEPS,
        "first_steps": STEPS,
        "lengths": LENGTHS,
        "first": [],
        "recall": [],
    }
    for name, run in (("first", run_first), ("recall", run_recall)):
        for seed in range(arguments.seeds):
            summary[name] += run(seed)
            print(name, summary[name][-2:], flush=True)
            write_whole(arguments.output / "metrics.json", json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
