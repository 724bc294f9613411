"""What a model is judged by."""

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn


def accuracy(predicted: ArrayLike, labels: ArrayLike) -> float:
    """Share of predictions that are right, 0 to 1.

    Args:
        predicted, labels: (N,) classes.

    Raises:
        ValueError: if the shapes differ, or there is nothing to judge.
    """
    predicted, labels = _pair(predicted, labels)
    return float(np.mean(predicted == labels))


def confusion(predicted: ArrayLike, labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    """How often class i (row) was taken for class j (column).

    Args:
        predicted, labels: (N,) classes, 0 to `classes` - 1.

    Returns:
        (classes, classes) counts.

    Raises:
        ValueError: if the shapes differ, there is nothing to judge, or a class is out of range.
    """
    predicted, labels = _pair(predicted, labels)
    for name, values in (("predicted", predicted), ("labels", labels)):
        outside = values[(values < 0) | (values >= classes)]
        if outside.size:
            raise ValueError(f"{name}: expected classes 0 to {classes - 1}, got {outside[0]}")
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (labels, predicted), 1)
    return table


@torch.no_grad()
def predict(model: nn.Module, inputs: Tensor, batch_size: int = 256) -> Tensor:
    """A model's outputs for many inputs, in evaluation mode, a batch at a time.

    Args:
        model: left in the mode in which it was.
        inputs: (N, ...).

    Returns:
        (N, ...) outputs, on the CPU.
    """
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        return torch.cat([model(batch.to(device)).cpu() for batch in inputs.split(batch_size)])
    finally:
        model.train(training)


def _pair(predicted: ArrayLike, labels: ArrayLike) -> tuple[NDArray, NDArray]:
    predicted, labels = np.asarray(predicted), np.asarray(labels)
    if predicted.shape != labels.shape or predicted.ndim != 1 or not predicted.size:
        raise ValueError(
            f"expected two arrays of one shape (N,), got {predicted.shape} and {labels.shape}"
        )
    return predicted, labels
