"""Kneser-Ney: written out with dictionaries, probabilities that sum to one, known cases."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from large_models.formulas.ngram import KneserNey, TwoSided


def by_hand(text, order, V):
    """p(word | context), one word at a time, from dictionaries: Chen and Goodman's formulas."""
    counts = {order: Counter(tuple(text[i : i + order]) for i in range(len(text) - order + 1))}
    for n in range(order - 1, 0, -1):
        counts[n] = Counter(gram[1:] for gram in counts[n + 1])
    discounts = {}
    for n, table in counts.items():
        of = Counter(table.values())
        n1, n2, n3, n4 = (max(of[k], 1) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        d = [1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        discounts[n] = [min(max(x, 0), k) for k, x in enumerate(d, start=1)]

    def p(word, context):
        n = len(context) + 1
        lower = p(word, context[1:]) if context else 1 / V
        followers = {g: c for g, c in counts[n].items() if g[:-1] == context}
        total = sum(followers.values())
        if not total:
            return lower
        freed = sum(discounts[n][min(c, 3) - 1] for c in followers.values())
        count = followers.get((*context, word), 0)
        kept = count - discounts[n][min(count, 3) - 1] if count else 0
        return kept / total + freed / total * lower

    return p


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_equals_the_formula_one_word_at_a_time(order):
    rng = np.random.default_rng(order)
    V = 6
    text = (rng.random(300) ** 2 * V).astype(np.int64)
    model, p = KneserNey(text, order, V), by_hand(text.tolist(), order, V)
    unseen = rng.integers(0, V, 60)
    expected = [
        p(int(unseen[i]), tuple(unseen[max(0, i - order + 1) : i].tolist())) for i in range(60)
    ]
    np.testing.assert_allclose(model.probabilities(unseen), expected, rtol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_probabilities_sum_to_one(order):
    rng = np.random.default_rng(0)
    V = 7
    model = KneserNey(rng.integers(0, V - 1, 200), order, V)  # V - 1 never came
    for context in rng.integers(0, V, (20, order - 1)):
        texts = [np.append(context, word) for word in range(V)]
        total = sum(model.probabilities(text)[-1] for text in texts)
        assert total == pytest.approx(1, abs=1e-12)


def test_short_contexts_count_kinds_and_not_times():
    """Token 1 comes often, but only after 0; token 2 comes less, after many."""
    text = np.array([0, 1] * 30 + [3, 2, 4, 2, 5, 2, 6, 2] * 3)
    model = KneserNey(text, 2, 9)
    after_new = [model.probabilities(np.array([8, word]))[-1] for word in (1, 2)]
    assert after_new[0] < after_new[1]


def test_longer_contexts_help_where_there_is_something_to_know():
    text = np.array([0, 1, 2, 0, 2, 1] * 200)  # the token two back decides
    surprise = [
        -np.log(KneserNey(text[:900], n, 3).probabilities(text[900:])).mean() for n in (1, 3)
    ]
    assert surprise[1] < 0.05 < 1 < surprise[0]


@pytest.mark.parametrize(
    ("tokens", "order", "V", "words"),
    [
        (np.zeros(5, int), 0, 3, "got 0 and 3"),
        (np.zeros(5, int), 7, 1024, r"2\*\*62, got 7 and 1024"),
        (np.zeros(2, int), 3, 3, r"N at least 3, got \(2,\)"),
        (np.zeros(5), 2, 3, "float64"),
        (np.zeros((5, 1), int), 2, 3, r"got \(5, 1\)"),
        (np.array([0, 3]), 1, 3, "expected 0 to 2, got 0 to 3"),
        (np.array([0, -1]), 1, 3, "got -1 to 0"),
    ],
)
def test_bad_input(tokens, order, V, words):
    with pytest.raises(ValueError, match=words):
        KneserNey(tokens, order, V)


def test_bad_text_to_judge():
    model = KneserNey(np.array([0, 1, 0, 1]), 2, 2)
    with pytest.raises(ValueError, match="expected 0 to 1, got 0 to 2"):
        model.probabilities(np.array([0, 2]))


# --- both sides ---------------------------------------------------------------------------------

HIDDEN = 9


def test_fills_a_gap_by_what_stood_there_most_often():
    texts = [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 6, 4, 5], [7, 2, 6, 4, 8], [2, 6, 4], [6]]
    counts = TwoSided([np.array(text) for text in texts], 10)

    def fill(*text):
        ids = np.array([text])
        return counts.fill(ids, ids == HIDDEN).tolist()

    assert fill(1, 2, HIDDEN, 4, 5) == [3]  # twice 3, once 6
    assert fill(7, 2, HIDDEN, 4, 8) == [6]  # only once, but all four neighbors agree
    assert fill(8, 2, HIDDEN, 4, 1) == [6]  # the nearest neighbors only: 6 three times, 3 twice
    assert fill(0, 0, HIDDEN, 4, 0) == [6]  # the right one only
    assert fill(0, 0, HIDDEN, 0, 0) == [2]  # nothing known: 2, 4 and 6 four or five times
    assert fill(HIDDEN, 2) == [1]  # at a text's end; (1, 2) three times, (7, 2) once


def test_contexts_do_not_reach_into_other_texts():
    counts = TwoSided([np.array([1, 2]), np.array([3, 4]), np.array([5, 3]), np.array([5, 3])], 10)
    ids = np.array([[2, HIDDEN], [HIDDEN, 4]])
    # After 2 nothing ever stood: the most frequent token. Before 4 stood 3.
    assert counts.fill(ids, ids == HIDDEN).tolist() == [3, 3]
    ids = np.array([[HIDDEN, 1, 2]])
    assert counts.fill(ids, ids == HIDDEN).tolist() == [3]


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=8), min_size=1, max_size=6))
def test_two_sides_equal_counting_by_hand(texts):
    counts = TwoSided([np.array(text) for text in texts], 10)
    text = np.array(texts[0])
    for place in range(len(text)):
        ids = text[None].copy()
        ids[0, place] = HIDDEN
        (found,) = counts.fill(ids, ids == HIDDEN)
        for offsets in TwoSided.CONTEXTS:
            if not all(0 <= place + o < len(text) for o in offsets):
                continue
            wanted = [text[place + o] for o in offsets]
            seen = [
                other[i]
                for other in texts
                for i in range(len(other))
                if all(0 <= i + o < len(other) for o in offsets)
                and [other[i + o] for o in offsets] == wanted
            ]
            if seen:
                best = min(seen, key=lambda token: (-seen.count(token), token))
                assert found == best
                break


@pytest.mark.parametrize(
    "texts, size", [([], 10), ([[]], 10), ([[10]], 10), ([[1]], 0), ([[1]], 6000)]
)
def test_two_sides_refuse(texts, size):
    with pytest.raises(ValueError, match="expected"):
        TwoSided([np.array(text, dtype=np.int64) for text in texts], size)
