"""Checks for the exercises of chapters 4_1_train_bert and 4_2_infer_bert: hiding tokens, the masked
loss, WordPiece, a bug in a training loop; answers, padding, calibration, a prediction.

Each check prints a sentence or two and returns True (right), False (wrong) or None (nothing filled
in yet). An answer that does what a usual mistake does is told which one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from large_models.checks.bert_answers import CALIBRATION, PADDED, TOP
from large_models.checks.bert_hiding import HIDE, LOSS
from large_models.checks.bert_pieces import CUT
from large_models.checks.choices import choose, predict


def hide(function: Callable) -> bool | None:
    """Check `function(ids, chance, what, random)`: BERT's masking, all arrays (B, T).

    It should return the new ids and where tokens were chosen, both (B, T).
    """
    return HIDE.check(function)


def masked_loss(function: Callable) -> bool | None:
    """Check `function(logits, targets, chosen)`: mean cross-entropy over the chosen places.

    logits (B, T, V), targets and chosen (B, T). It should return a number, in nats.
    """
    return LOSS.check(function)


def cut_word(function: Callable) -> bool | None:
    """Check `function(word, pieces)`: a word cut into the longest pieces first, a list of text."""
    return CUT.check(function)


def planted_bug(letter: Any) -> bool | None:
    """Check the letter of the line that makes a masked loss fall to nearly nothing."""
    return choose(letter, "b", BUGS)


def top_answers(function: Callable) -> bool | None:
    """Check `function(logits, k)`: logits (N, V).

    It should return the k most probable tokens of each row, the best first, and their
    probabilities, both (N, k).
    """
    return TOP.check(function)


def pad_batch(function: Callable) -> bool | None:
    """Check `function(texts)`: lists of ids, of different lengths.

    It should return ids, filled up with 0 at the end, and a mask, true where there is a token,
    both (B, T).
    """
    return PADDED.check(function)


def calibration_error(function: Callable) -> bool | None:
    """Check `function(confidence, right, bins)`: both (N,).

    It should return the expected calibration error over equally wide bins of the confidence.
    """
    return CALIBRATION.check(function)


def mean_confidence(percent: Any, confidence: np.ndarray, right: np.ndarray) -> bool | None:
    """Check a prediction, in per cent, of the mean confidence of answers about shuffled text.

    Args:
        percent: the reader's.
        confidence: of each answer, 0 to 1.
        right: whether it was right.
    """
    return predict(
        percent,
        float(100 * np.mean(confidence)),
        4.0,
        f"Of these answers {100 * np.mean(right):.1f} % are right. Compared with documentation, "
        "the confidence has fallen less than the share of right answers: it was learned on text of "
        "another kind.",
        " %",
    )


BUGS = {
    "a": "Choosing anew for each batch is part of the recipe.",
    "b": "The network reads `ids`, in which nothing is hidden, instead of `hidden`. It only has to "
    "copy, and the loss of a network that copies tends to zero.",
    "c": "The loss counts the chosen places alone, as it should.",
    "d": "These three lines are one training step, as in the chapter.",
}
