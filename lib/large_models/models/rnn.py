r"""Recurrent networks as torch's `nn.RNN`, `nn.LSTM` and `nn.GRU` have them, written out.

    RNN    h' = tanh(W_ih x + b_ih + W_hh h + b_hh)
    LSTM   i, f, o = sigmoid(...), g = tanh(...), c' = f * c + i * g, h' = o * tanh(c')
    GRU    r, z = sigmoid(...), n = tanh(W_ih x + b_ih + r * (W_hh h + b_hh)),
           h' = (1 - z) * n + z * h

`formulas.rnn` has the same in NumPy, with its gradients. Here autograd finds them, layers stand
on each other, and two things make it fast. The gates' matrices are one matrix (fused). And only
the state has to wait for the step before it: W_ih x is one product for all steps, outside the loop.

Sources: Elman 1990 (RNN), Hochreiter and Schmidhuber 1997 (LSTM), Gers et al. 2000 (its forget
gate), Cho et al. 2014 (GRU, here with torch's place for the reset gate), Schuster and Paliwal 1997
(both directions).

A `SequenceModel` is such a layer and what reads it, y = W h + b, at each step. Chapter: 3_2_rnn.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from large_models.models.masks import as_bool
from large_models.models.saved import Saved


class _Recurrent(nn.Module):
    """Layers and directions; what a step computes is said by the classes below."""

    _gates: int  # blocks of H rows in the weights
    _states = 1  # tensors that make up the state
    _biases_meet = True  # whether b_hh is only ever added to b_ih

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        for name, value in sizes.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: expected a whole number of at least 1, got {value!r}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout: expected a probability from 0 to 1, got {dropout!r}")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        rows, ends = self._gates * hidden_size, ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            C = input_size if layer == 0 else hidden_size * len(ends)
            for end in ends:
                shapes = {"weight_ih": (rows, C), "weight_hh": (rows, hidden_size)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                for name, shape in shapes.items():
                    self.register_parameter(
                        f"{name}_l{layer}{end}", nn.Parameter(torch.empty(shape))
                    )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, evenly from -1/sqrt(H) to 1/sqrt(H)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(
        self,
        x: Tensor | PackedSequence,
        state: Tensor | tuple[Tensor, Tensor] | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor | PackedSequence, Tensor | tuple[Tensor, Tensor]]:
        """Run over whole sequences.

        Args:
            x: (T, B, C), or (B, T, C) if `batch_first`; or sequences packed by torch.
            state: before the first step, (num_layers * directions, B, H), for the LSTM two of
                them, (h, c); zeros if not given.
            mask: (B, T), True or 1 where there is input. Where it is False the state stays as
                it was, and the output is zero.

        Returns:
            hidden states of the last layer, as x with directions * H for C; the state after the
            last step.

        Raises:
            ValueError: if shapes do not meet, or packed sequences come with a mask.
        """
        if isinstance(x, PackedSequence):
            return self._packed(x, state, mask)
        if x.ndim != 3 or x.shape[2] != self.input_size or 0 in x.shape:
            axes = "(B, T, C)" if self.batch_first else "(T, B, C)"
            raise ValueError(
                f"x: expected shape {axes} with C = {self.input_size} and none of them 0, "
                f"got {tuple(x.shape)}"
            )
        x = x.transpose(0, 1) if self.batch_first else x  # (T, B, C)
        keep = None if mask is None else self._keep(mask, x)
        states = self._first(state, x)
        if keep is not None:  # so that nothing in the padding, not even NaN, is ever multiplied
            x = x.masked_fill(~keep, 0)

        last, directions = [], 1 + self.bidirectional
        for layer in range(self.num_layers):
            if layer:
                x = F.dropout(x, self.dropout, self.training)
            outs = []
            for direction in range(directions):
                first = [s[layer * directions + direction] for s in states]
                out, end = self._run(x, first, keep, f"_l{layer}", direction == 1)
                outs.append(out)
                last.append(end)
            x = outs[0] if directions == 1 else torch.cat(outs, dim=2)  # (T, B, directions * H)
        h, *c = (torch.stack(part) for part in zip(*last, strict=True))
        return x.transpose(0, 1) if self.batch_first else x, (h, c[0]) if c else h

    def _run(
        self, x: Tensor, states: list[Tensor], keep: Tensor | None, name: str, backwards: bool
    ) -> tuple[Tensor, list[Tensor]]:
        """One layer in one direction: x (T, B, C) to (T, B, H), and the states after the last."""
        name += "_reverse" * backwards
        w_ih, w_hh = getattr(self, f"weight_ih{name}"), getattr(self, f"weight_hh{name}").t()
        b_ih = b_hh = None
        if self.bias:
            b_ih, b_hh = getattr(self, f"bias_ih{name}"), getattr(self, f"bias_hh{name}")
            if self._biases_meet:
                b_ih = b_ih + b_hh
        steps = F.linear(x, w_ih, b_ih).unbind(0)  # T of (B, G*H); indexing would cost more
        keeps = [None] * len(steps) if keep is None else keep.unbind(0)
        order = range(len(steps))
        outs = [x] * len(steps)
        for t in reversed(order) if backwards else order:
            after = self._step(steps[t], states, w_hh, b_hh)
            if (here := keeps[t]) is None:
                outs[t] = after[0]
            else:
                after = [torch.where(here, a, s) for a, s in zip(after, states, strict=True)]
                outs[t] = after[0] * here
            states = after
        return torch.stack(outs), states

    def _step(
        self, x: Tensor, states: list[Tensor], w_hh: Tensor, b_hh: Tensor | None
    ) -> list[Tensor]:
        """States (B, H) after a step, from x (B, G*H), which is projected already."""
        raise NotImplementedError

    def _packed(
        self, packed: PackedSequence, state: Any, mask: Tensor | None
    ) -> tuple[PackedSequence, Any]:
        if mask is not None:
            raise ValueError("mask: expected none with packed sequences, which have lengths")
        x, lengths = pad_packed_sequence(packed, batch_first=self.batch_first)
        T = x.shape[1] if self.batch_first else x.shape[0]
        mask = (torch.arange(T) < lengths[:, None]).to(x.device)  # (B, T)
        out, state = self(x, state, mask)
        ordered = packed.sorted_indices is None
        return pack_padded_sequence(out, lengths, self.batch_first, ordered), state

    def _keep(self, mask: Tensor, x: Tensor) -> Tensor:
        T, B, _ = x.shape
        return as_bool("mask", mask, (B, T)).t()[..., None]  # (T, B, 1)

    def _first(self, state: Any, x: Tensor) -> list[Tensor]:
        shape = (self.num_layers * (1 + self.bidirectional), x.shape[1], self.hidden_size)
        if state is None:
            return [x.new_zeros(shape)] * self._states
        states = list(state) if isinstance(state, (tuple, list)) else [state]
        got = [tuple(s.shape) for s in states]
        if got != [shape] * self._states:
            wanted = " twice" if self._states == 2 else ""
            raise ValueError(f"state: expected shape {shape}{wanted}, got {got}")
        return states


class RNN(_Recurrent):
    """Plain recurrent layers; loads the state dict of `torch.nn.RNN`.

    Args:
        input_size: C.
        hidden_size: H.
        num_layers: how many stand on each other.
        nonlinearity: "tanh" or "relu".
        bias: whether there are biases.
        batch_first: whether sequences are (B, T, C), and not (T, B, C) (torch's default).
        dropout: probability of zeroing an output between two layers, in training.
        bidirectional: whether each layer also reads backwards, with its own weights.

    Raises:
        ValueError: for a size less than 1, another word or a probability outside 0..1.
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **options: Any,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}')
        super().__init__(input_size, hidden_size, num_layers, *args, **options)
        self.nonlinearity = nonlinearity

    def _step(
        self,
        x: Tensor,
        states: list[Tensor],
        w_hh: Tensor,
        b_hh: Tensor | None,  # noqa: ARG002  a GRU needs it
    ) -> list[Tensor]:
        a = torch.addmm(x, states[0], w_hh)
        return [torch.tanh(a) if self.nonlinearity == "tanh" else torch.relu(a)]


class LSTM(_Recurrent):
    """LSTM layers; loads the state dict of `torch.nn.LSTM`. Arguments as `RNN`'s, without a
    nonlinearity. The rows of the weights belong to i, f, g, o. The state is (h, c)."""

    _gates = 4
    _states = 2

    def _step(
        self,
        x: Tensor,
        states: list[Tensor],
        w_hh: Tensor,
        b_hh: Tensor | None,  # noqa: ARG002  a GRU needs it
    ) -> list[Tensor]:
        h, c = states
        i, f, g, o = torch.addmm(x, h, w_hh).chunk(4, dim=1)  # (B, H) each
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return [torch.sigmoid(o) * torch.tanh(c), c]


class GRU(_Recurrent):
    """GRU layers; loads the state dict of `torch.nn.GRU`. Arguments as `RNN`'s, without a
    nonlinearity. The rows of the weights belong to r, z, n."""

    _gates = 3
    _biases_meet = False  # the reset gate stands between the two

    def _step(
        self, x: Tensor, states: list[Tensor], w_hh: Tensor, b_hh: Tensor | None
    ) -> list[Tensor]:
        (h,) = states
        sizes = [2 * self.hidden_size, self.hidden_size]
        x_rz, x_n = x.split(sizes, dim=1)
        h_rz, h_n = F.linear(h, w_hh.t(), b_hh).split(sizes, dim=1)
        r, z = torch.sigmoid(x_rz + h_rz).chunk(2, dim=1)  # (B, H) each
        n = torch.tanh(x_n + r * h_n)
        return [torch.lerp(n, h, z)]  # (1 - z) * n + z * h


LAYERS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


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

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, object]:
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
