"""A recurrent layer and what reads it: the models of chapter 3_2_rnn and of its GateExplorer.

y = W h + b        at the last step (one answer per sequence) or at all steps (one per step)
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from large_models.models import rnn
from large_models.models.saved import Saved

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


class SequenceModel(Saved):
    """Sequences (B, T, C) to answers at every step (B, T, output_size)."""

    sizes = SequenceConfig

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
