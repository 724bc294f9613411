"""Accuracy and confusion against scikit-learn; predicting leaves the model as it was."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, confusion_matrix
from torch import nn

from large_models.training import metrics


def test_scikit_learn_agrees():
    rng = np.random.default_rng(0)
    predicted, labels = rng.integers(0, 5, (2, 200))
    assert metrics.accuracy(predicted, labels) == accuracy_score(labels, predicted)
    table = metrics.confusion(predicted, labels, 5)
    np.testing.assert_array_equal(table, confusion_matrix(labels, predicted))
    assert metrics.confusion([0], [2], 4)[2, 0] == 1


@pytest.mark.parametrize("training", [True, False])
def test_predicting_is_in_evaluation_mode_and_leaves_no_trace(training):
    model = nn.Sequential(nn.Dropout(0.9), nn.Linear(3, 2)).train(training)
    inputs = torch.randn(10, 3)
    outputs = metrics.predict(model, inputs, batch_size=4)
    torch.testing.assert_close(outputs, model[1](inputs))
    assert model.training == training and not outputs.requires_grad


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: metrics.accuracy([1, 2], [1]), r"one shape .* \(2,\) and \(1,\)"),
        (lambda: metrics.accuracy([], []), "one shape"),
        (lambda: metrics.confusion([3], [0], 3), "predicted: expected classes 0 to 2, got 3"),
        (lambda: metrics.confusion([0, 1], [-1, 2], 3), "labels: expected .* 2, got -1"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()
