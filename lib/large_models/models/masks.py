"""Which tokens there are: masks as tokenizers and as torch have them.

A tokenizer's `attention_mask` is whole numbers, 1 where there is a token and 0 for padding; torch's
own functions take True and False. The models here take both.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def as_bool(name: str, mask: Tensor, shape: Sequence[int]) -> Tensor:
    """A mask of True and False, or of 1 and 0, as bool.

    Raises:
        ValueError: naming it by `name`, if it has another shape, other numbers, or is of floats (in
            torch those are added to scores, which is something else).
    """
    whole = not (mask.is_floating_point() or mask.is_complex())
    if tuple(mask.shape) != tuple(shape) or not whole:
        got = f"{tuple(mask.shape)} of {mask.dtype}"
        raise ValueError(
            f"{name}: expected shape {tuple(shape)} of bool, or of ones and zeros, got {got}"
        )
    if mask.dtype == torch.bool:
        return mask
    if ((mask != 0) & (mask != 1)).any():
        least, most = mask.min().item(), mask.max().item()
        raise ValueError(f"{name}: expected ones and zeros, got numbers from {least} to {most}")
    return mask == 1
