"""LeNet in NumPy: two convolutions, each with ReLU and max pooling, and two layers on top.

    x -> conv 5x5 -> ReLU -> pool 2 -> conv 5x5 -> ReLU -> pool 2 -> W x + b -> ReLU -> W x + b

The weights are an argument, by the names that `models.cnn.LeNet` gives them in its file; that is
the same network in torch, to train. Source: LeCun et al. 1998. Chapters: 3_1_cnn,
5_2_2_compression, 5_2_3_explanation.
"""

from collections.abc import Mapping, Sequence

from numpy.typing import NDArray

from large_models.formulas import cnn, training


def forward(
    weights: Mapping[str, NDArray], x: NDArray, off: Sequence[int] = ()
) -> dict[str, NDArray]:
    """Every layer's output.

    Args:
        weights: "conv1.weight" (O, 1, K, K), "conv1.bias" (O,), and so on for conv2, hidden and
            output.
        x: (N, 1, H, W).
        off: channels of the first layer that give zero.

    Returns:
        "input", "conv1", "pool1", "conv2", "pool2", "hidden", "scores" and "probabilities", each
        (N, ...), in this order.
    """
    w, out = weights, {"input": x}
    out["conv1"] = cnn.conv2d(x, w["conv1.weight"], w["conv1.bias"])
    out["conv1"][:, list(off)] = 0
    out["pool1"] = cnn.max_pool2d(cnn.relu(out["conv1"]), 2)
    out["conv2"] = cnn.conv2d(out["pool1"], w["conv2.weight"], w["conv2.bias"])
    out["pool2"] = cnn.max_pool2d(cnn.relu(out["conv2"]), 2)
    flat = out["pool2"].reshape(len(x), -1)
    out["hidden"] = cnn.relu(training.linear(flat, w["hidden.weight"], w["hidden.bias"]))
    out["scores"] = training.linear(out["hidden"], w["output.weight"], w["output.bias"])
    out["probabilities"] = training.softmax(out["scores"])
    return out
