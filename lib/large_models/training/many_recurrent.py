"""Several recurrent networks of one kind and size in one loop: `adding_starts` trains with it.

A step of one small network is over before it has been asked for. Networks of one kind and size
take it together, stacked along a first axis; each has its own data, gradient norm and update. The
gradients are written out, since autograd would do most of its work between the steps.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from large_models.models.rnn import SequenceModel

_tanh_back = torch.ops.aten.tanh_backward.grad_input
_sigmoid_back = torch.ops.aten.sigmoid_backward.grad_input


# From the gradient of the states to those of the products with h and with x.
Pull = Callable[[Tensor], tuple[Tensor, Tensor]]


class Stack:
    """S networks of one kind and size, their weights as one: rows for h, for x and for 1.

    A GRU's candidate has two rows of weights and biases of its own for what the reset gate scales.
    """

    def __init__(self, models: Sequence[SequenceModel]) -> None:
        self.kind, self.H = models[0].config.kind, models[0].config.hidden_size
        self.relu = self.kind == "rnn" and models[0].rnn.nonlinearity == "relu"
        states = [model.state_dict() for model in models]
        self.names = list(states[0])
        self.weights = {
            name: nn.Parameter(torch.stack([state[name] for state in states]), requires_grad=False)
            for name in self.names
        }

    def unstack(self, models: Sequence[SequenceModel]) -> None:
        """Give the networks their weights back."""
        for n, model in enumerate(models):
            model.load_state_dict({name: p[n] for name, p in self.weights.items()})

    def gradients(self, x: Tensor, y: Tensor) -> None:
        """Set each weight's `grad` to that of its network's mean squared error.

        Args:
            x: (S, B, T, C).
            y: (S, B).
        """
        w_ih, w_hh, b_ih, b_hh, w_out, b_out = (self.weights[name] for name in self.names)
        S, B, T, C = x.shape
        H = self.H
        seen = x.new_ones(S, T + 1, B, H + C + 1)  # before each step: h, x, 1
        seen[:, 0, :, :H] = 0
        seen[:, :T, :, H : H + C] = x.transpose(1, 2)
        pull = {"rnn": self._rnn, "lstm": self._lstm, "gru": self._gru}[self.kind](seen)
        last = seen[:, T, :, :H]
        wrong = (last @ w_out.mT)[..., 0] + b_out - y  # (S, B)
        d_out = 2 / B * wrong[:, :, None]  # (S, B, 1)
        w_out.grad, b_out.grad = d_out.mT @ last, d_out.sum(dim=1)
        with_h, with_x = pull(d_out * w_out)  # (S, T, B, G * H): of the products with h and with x
        before = seen[:, :T].flatten(1, 2).mT  # (S, H + C + 1, T * B)
        if with_h is with_x:
            grad = (before @ with_x.flatten(1, 2)).mT  # (S, G * H, H + C + 1)
            w_hh.grad, w_ih.grad = grad[..., :H].contiguous(), grad[..., H : H + C].contiguous()
            b_ih.grad, b_hh.grad = grad[..., -1].clone(), grad[..., -1].clone()
        else:
            of_x, of_h = ((before @ part.flatten(1, 2)).mT for part in (with_x, with_h))
            w_hh.grad, w_ih.grad = of_h[..., :H].contiguous(), of_x[..., H : H + C].contiguous()
            b_ih.grad, b_hh.grad = of_x[..., -1].clone(), of_h[..., -1].clone()

    def _all_rows(self) -> Tensor:
        """(S, H + C + 1, G * H): what `seen` is multiplied by, the two biases added."""
        w_ih, w_hh, b_ih, b_hh = (self.weights[name] for name in self.names[:4])
        return torch.cat([w_hh, w_ih, (b_ih + b_hh)[..., None]], dim=2).mT.contiguous()

    def _rnn(self, seen: Tensor) -> Pull:
        (S, steps, B, _), H, w = seen.shape, self.H, self._all_rows()
        a = seen.new_empty(S, B, H)
        for t in range(steps - 1):
            torch.bmm(seen[:, t], w, out=a)
            h = seen[:, t + 1, :, :H]
            torch.clamp(a, min=0, out=h) if self.relu else torch.tanh(a, out=h)

        def pull(dh: Tensor) -> tuple[Tensor, Tensor]:
            da = seen.new_empty(S, steps - 1, B, H)
            w_hh = self.weights[self.names[1]]
            dh = dh.contiguous()
            for t in reversed(range(steps - 1)):
                h = seen[:, t + 1, :, :H]
                if self.relu:
                    torch.mul(dh, h > 0, out=da[:, t])
                else:
                    _tanh_back(dh, h, grad_input=da[:, t])
                torch.bmm(da[:, t], w_hh, out=dh)
            return da, da

        return pull

    def _lstm(self, seen: Tensor) -> Pull:
        (S, steps, B, _), H, w = seen.shape, self.H, self._all_rows()
        a, gates = seen.new_empty(S, B, 4 * H), seen.new_empty(S, steps - 1, B, 4 * H)
        cell, bent = seen.new_zeros(S, steps, B, H), seen.new_empty(S, steps - 1, B, H)
        for t in range(steps - 1):
            torch.bmm(seen[:, t], w, out=a)
            at = gates[:, t]
            torch.sigmoid(a[..., : 2 * H], out=at[..., : 2 * H])
            torch.tanh(a[..., 2 * H : 3 * H], out=at[..., 2 * H : 3 * H])
            torch.sigmoid(a[..., 3 * H :], out=at[..., 3 * H :])
            i, f, g, o = at.chunk(4, dim=2)
            c = torch.mul(f, cell[:, t], out=cell[:, t + 1])
            c.addcmul_(i, g)
            torch.mul(o, torch.tanh(c, out=bent[:, t]), out=seen[:, t + 1, :, :H])

        def pull(dh: Tensor) -> tuple[Tensor, Tensor]:
            da = seen.new_empty(gates.shape)
            w_hh = self.weights[self.names[1]]
            dh, dc = dh.contiguous(), torch.zeros_like(dh)
            some = torch.empty_like(dh)
            for t in reversed(range(steps - 1)):
                i, f, g, o = gates[:, t].chunk(4, dim=2)
                di, df, dg, do = da[:, t].chunk(4, dim=2)
                _sigmoid_back(torch.mul(dh, bent[:, t], out=some), o, grad_input=do)
                dc += _tanh_back(torch.mul(dh, o, out=some), bent[:, t], grad_input=some)
                _sigmoid_back(torch.mul(dc, g, out=some), i, grad_input=di)
                _sigmoid_back(torch.mul(dc, cell[:, t], out=some), f, grad_input=df)
                _tanh_back(torch.mul(dc, i, out=some), g, grad_input=dg)
                dc *= f
                torch.bmm(da[:, t], w_hh, out=dh)
            return da, da

        return pull

    def _gru(self, seen: Tensor) -> Pull:
        (S, steps, B, _), H = seen.shape, self.H
        w_ih, w_hh, b_ih, b_hh = (self.weights[name] for name in self.names[:4])
        none = torch.zeros_like(w_hh[:, 2 * H :])  # of h in the candidate's part from x
        rows_x = torch.cat([torch.cat([w_hh[:, : 2 * H], none], 1), w_ih], dim=2)
        both = torch.cat([b_ih[:, : 2 * H] + b_hh[:, : 2 * H], b_ih[:, 2 * H :]], dim=1)
        w = torch.cat([rows_x, both[..., None]], dim=2).mT.contiguous()  # (S, H + C + 1, 3H)
        w_n, b_n = w_hh[:, 2 * H :].mT.contiguous(), b_hh[:, None, 2 * H :]
        gates, part = seen.new_empty(S, steps - 1, B, 3 * H), seen.new_empty(S, steps - 1, B, H)
        for t in range(steps - 1):
            a, at, h = torch.bmm(seen[:, t], w), gates[:, t], seen[:, t, :, :H]
            torch.sigmoid(a[..., : 2 * H], out=at[..., : 2 * H])
            part[:, t] = torch.baddbmm(b_n, h, w_n)  # what the reset gate scales
            r, z, n = at.chunk(3, dim=2)
            torch.tanh(torch.addcmul(a[..., 2 * H :], r, part[:, t]), out=n)
            torch.lerp(n, h, z, out=seen[:, t + 1, :, :H])

        def pull(dh: Tensor) -> tuple[Tensor, Tensor]:
            with_x, with_h = seen.new_empty(gates.shape), seen.new_empty(gates.shape)
            dh, some = dh.contiguous(), torch.empty_like(dh)
            for t in reversed(range(steps - 1)):
                r, z, n = gates[:, t].chunk(3, dim=2)
                dr, dz, dn = with_x[:, t].chunk(3, dim=2)
                h = seen[:, t, :, :H]
                _sigmoid_back(torch.mul(dh, h - n, out=some), z, grad_input=dz)
                torch.mul(dh, z, out=some)  # what goes straight to the old state
                _tanh_back(dh - some, n, grad_input=dn)
                _sigmoid_back(dn * part[:, t], r, grad_input=dr)
                of_h = with_h[:, t]
                of_h[..., : 2 * H] = with_x[:, t, :, : 2 * H]
                torch.mul(dn, r, out=of_h[..., 2 * H :])
                torch.baddbmm(some, of_h, w_hh, out=dh)
            return with_h, with_x

        return pull


def clip(parameters: Iterable[nn.Parameter], max_norm: float) -> None:
    """Shorten each network's gradient to a norm, by itself."""
    parameters = list(parameters)
    squares = torch.stack(
        [p.grad.flatten(1).square().sum(dim=1) for p in parameters if p.grad is not None]
    )
    factor = (max_norm / (squares.sum(dim=0).sqrt() + 1e-6)).clamp(max=1)  # (S,)
    for p in parameters:
        if p.grad is not None:
            p.grad *= factor.view(-1, *[1] * (p.ndim - 1))
