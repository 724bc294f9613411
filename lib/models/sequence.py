"""A recurrent layer and what reads it: the models of chapter 3_2_rnn and of its GateExplorer.

y = W h + b        at the last step (one answer a sequence) or at all steps (one a step)
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lib.models import rnn
from lib.training.checkpoint import load_into, load_tensors, save_tensors, write_whole

LAYERS = {"rnn": rnn.RNN, "lstm": rnn.LSTM, "gru": rnn.GRU}


@dataclass(frozen=True)
class SequenceConfig:
    """Kind and sizes of a `SequenceModel`.

    Raises:
        ValueError: for another kind or a size less than 1.
    """

    kind: str = "lstm"  # "rnn", "lstm" or "gru"
    input_size: int = 2
    hidden_size: int = 32
    output_size: int = 1

    def __post_init__(self) -> None:
        if self.kind not in LAYERS:
            raise ValueError(f"kind: expected one of {', '.join(LAYERS)}, got {self.kind!r}")
        for name in ("input_size", "hidden_size", "output_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")


class SequenceModel(nn.Module):
    """Sequences (B, T, C) to answers at every step (B, T, output_size)."""

    def __init__(self, config: SequenceConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or SequenceConfig()
        self.rnn = LAYERS[c.kind](c.input_size, c.hidden_size, batch_first=True)
        self.output = nn.Linear(c.hidden_size, c.output_size)

    def forward(self, x: Tensor, state=None) -> tuple[Tensor, object]:
        """Answers at all steps, and the state after the last.

        Args:
            x: (B, T, C).
            state: of the steps before, as `rnn` gives it.
        """
        hidden, state = self.rnn(x, state)
        return self.output(hidden), state  # (B, T, output_size)

    def remember_by_default(self, bias: float = 1.0) -> "SequenceModel":
        """Let an LSTM start with forget gates near 1, by their bias. (Gers et al. 2000.)

        Args:
            bias: the gates then are about sigmoid(bias): 0.73 for 1, 0.95 for 3.

        Raises:
            ValueError: if the layer has no forget gate.
        """
        if self.config.kind != "lstm":
            raise ValueError(
                f'kind: expected "lstm", which has a forget gate, got {self.config.kind!r}'
            )
        H = self.config.hidden_size
        with torch.no_grad():
            self.rnn.bias_ih_l0[H : 2 * H] = bias
            self.rnn.bias_hh_l0[H : 2 * H] = 0
        return self

    @classmethod
    def from_pretrained(cls, directory: str | Path) -> "SequenceModel":
        """Read config.json and model.safetensors; in evaluation mode.

        Raises:
            FileNotFoundError: if a file is missing.
            ValueError: if a file is damaged, or the two do not fit each other.
        """
        path = Path(directory) / "config.json"
        try:
            config = SequenceConfig(**json.loads(path.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError) as error:
            raise ValueError(f"{path}: expected the sizes of a SequenceModel: {error}") from None
        model = cls(config)
        weights = Path(directory) / "model.safetensors"
        load_into(model, load_tensors(weights)[0], weights)
        return model.eval()

    def save_pretrained(self, directory: str | Path) -> None:
        """Write config.json and model.safetensors, each whole or not at all."""
        directory = Path(directory)
        write_whole(directory / "config.json", json.dumps(asdict(self.config), indent=2) + "\n")
        save_tensors(directory / "model.safetensors", self.state_dict())
