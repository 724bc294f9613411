"""Which tokens a draw may take, top-k and top-p: against transformers, and by hand."""

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from large_models.models.gpt import filter_logits


@given(
    # A thousandth apart: of two equally probable tokens at the limit either may go.
    logits=st.lists(st.integers(-5000, 5000), min_size=1, max_size=30, unique=True),
    top_k=st.none() | st.integers(1, 40),
    top_p=st.none() | st.floats(0.01, 1),
)
def test_filters_are_those_of_transformers(logits, top_k, top_p):
    scores = torch.tensor([logits]) / 1000
    expected = scores
    if top_k is not None:
        expected = transformers.TopKLogitsWarper(min(top_k, len(logits)))(None, expected)
    if top_p is not None and top_p < 1:
        # Theirs sums from the small end. Where a sum is within rounding of top_p, either is right.
        ordered = expected.softmax(-1).double().sort(descending=True).values.cumsum(-1)
        if (ordered - top_p).abs().min() < 1e-5:
            return
        expected = transformers.TopPLogitsWarper(top_p)(None, expected)
    assert torch.equal(filter_logits(scores, top_k, top_p), expected)


@pytest.mark.parametrize(
    "top_p, kept",
    [(0.25, 1), (0.2500001, 2), (0.5, 2), (0.75, 3), (0.7500001, 4), (1.0, 4)],
)
def test_top_p_stops_at_the_token_with_which_the_sum_is_reached(top_p, kept):
    """Four quarters, exact in binary: the sum before the second is 0.25, not less than 0.25."""
    logits = torch.zeros(4, dtype=torch.float64)
    assert filter_logits(logits, top_p=top_p).isfinite().tolist() == [True] * kept + [False] * (
        4 - kept
    )


@pytest.mark.parametrize(
    "top_k, kept", [(1, [1, 2]), (2, [1, 2]), (3, [0, 1, 2, 3]), (4, [0, 1, 2, 3])]
)
def test_top_k_keeps_equals_of_the_last(top_k, kept):
    logits = torch.tensor([1.0, 2.0, 2.0, 1.0, 0.0])
    assert filter_logits(logits, top_k=top_k).isfinite().nonzero()[:, 0].tolist() == kept
