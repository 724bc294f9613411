r"""LoRA: a trained network stays as it is, and beside each of its matrices a thin product learns.

    W' = W + (alpha / r) B A,    W (O, I) frozen,  B (O, r) starts at zero,  A (r, I) at random

At the start B A is zero, so W' is W. Only A and B are trained: r (O + I) numbers for O I. In the
end the product is added to W, and the network is as large and as fast as it was (`merge`).

The product is added to the matrix, not computed beside it, so any module will do: whoever reads the
matrix gets W'. Source: Hu et al. 2021, section 4.1. Chapter: 5_2_2_compression.
"""

import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize


class LowRank(nn.Module):
    """W (O, I) to W + (alpha / r) B A.

    Args:
        shape: (O, I).
        rank: r, from 1 to the smaller of the two.
        alpha: how much the product counts; 2 r if not given.

    Raises:
        ValueError: for another shape or rank.
    """

    def __init__(self, shape: tuple[int, ...], rank: int, alpha: float | None = None) -> None:
        super().__init__()
        if len(shape) != 2:
            raise ValueError(f"shape: expected a matrix (O, I), got {tuple(shape)}")
        if not 1 <= rank <= min(shape):
            raise ValueError(f"rank: expected 1 to {min(shape)} for {tuple(shape)}, got {rank}")
        rows, columns = shape
        self.scale = 2.0 if alpha is None else alpha / rank
        self.A = nn.Parameter(torch.empty(rank, columns))
        self.B = nn.Parameter(torch.zeros(rows, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))  # as the weights of nn.Linear start

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.scale * (self.B @ self.A)


def add(
    model: nn.Module, rank: int, where: Callable[[str], bool], alpha: float | None = None
) -> list[nn.Parameter]:
    """Freeze a model, and give each of the chosen matrices a product that learns.

    Args:
        where: says by a matrix's name (as in `named_parameters`) whether it gets one.

    Returns:
        what is trained: all A and B.

    Raises:
        ValueError: if no matrix is chosen, or the rank does not suit one.
    """
    chosen = [n for n, p in model.named_parameters() if p.ndim == 2 and where(n)]
    if not chosen:
        raise ValueError("where: expected to choose at least one matrix, it chose none")
    model.requires_grad_(False)
    learned: list[nn.Parameter] = []
    for name in chosen:
        owner, _, leaf = name.rpartition(".")
        module = model.get_submodule(owner)
        product = LowRank(tuple(getattr(module, leaf).shape), rank, alpha)
        parametrize.register_parametrization(module, leaf, product)
        learned += [product.A, product.B]
    return learned


def merge(model: nn.Module) -> None:
    """Add the products to the matrices; the model is as it was before `add`, but for their values,
    and learns again."""
    for module in list(model.modules()):
        if parametrize.is_parametrized(module):
            for leaf in list(cast(nn.ModuleDict, module.parametrizations)):
                parametrize.remove_parametrizations(module, leaf, leave_parametrized=True)
    model.requires_grad_(True)


def state(model: nn.Module) -> dict[str, Tensor]:
    """All A and B by the name of their matrix: NAME.A, NAME.B."""
    found = {}
    for path, module in model.named_modules():
        if isinstance(module, LowRank):
            owner, _, leaf = path.rpartition("parametrizations.")
            name = owner + leaf.rpartition(".")[0]  # "weight.0": the first of its parametrizations
            found |= {f"{name}.A": module.A, f"{name}.B": module.B}
    return found


def apply(model: nn.Module, tensors: dict[str, Tensor], scale: float = 2.0) -> None:
    """Add the products NAME.A, NAME.B of a file to the matrices NAME; other tensors replace theirs.

    Raises:
        ValueError: if a tensor does not fit, or the model has none of that name.
    """
    mine = dict(model.named_parameters())
    news = {n: t for n, t in tensors.items() if not n.endswith((".A", ".B"))}
    for name in sorted({n[:-2] for n in tensors.keys() - news.keys()}):
        if name in mine:
            product = tensors[f"{name}.B"] @ tensors[f"{name}.A"]
            news[name] = product * scale + (mine[name] if product.shape == mine[name].shape else 0)
        else:
            news[name] = tensors[f"{name}.B"]
    for name, tensor in news.items():
        if name not in mine:
            raise ValueError(f"expected a name of {type(model).__name__}'s parameters, got {name}")
        if tensor.shape != mine[name].shape:
            shapes = f"{tuple(mine[name].shape)}, got {tuple(tensor.shape)}"
            raise ValueError(f"{name}: expected shape {shapes}")
    with torch.no_grad():
        for name, tensor in news.items():
            mine[name].copy_(tensor)
