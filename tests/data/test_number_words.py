"""data.number_words: every sentence has one reading, and it is its formula."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from large_models.data import number_words
from large_models.data.number_words import (
    INFIX,
    NESTING,
    NUMBERS,
    PAD,
    decode,
    encode,
    phrase,
    shape,
)


def readings(words: tuple[str, ...], opens_with_the: bool = False) -> list[str]:
    """All formulas that a sentence can mean, by trying every wording at every place."""
    found = [str(NUMBERS.index(words[0]))] if len(words) == 1 and words[0] in NUMBERS else []
    for wordings in (NESTING,) if opens_with_the else (NESTING, INFIX):
        for text, formula in wordings.items():
            before, between, after = (part.split() for part in text.split("{}"))
            assert not after
            for cut in range(len(before) + 1, len(words) - len(between)):
                first, second = words[len(before) : cut], words[cut + len(between) :]
                fits = list(words[: len(before)]) == before
                fits = fits and list(words[cut : cut + len(between)]) == between
                if not fits or (wordings is INFIX and first[0] not in NUMBERS):
                    continue
                if wordings is INFIX and len(first) > 1:
                    continue
                for a in readings(first):
                    for b in readings(second, wordings is INFIX):
                        found.append(formula.format(a, b))
    return found


@given(seed=st.integers(0, 2**31), depth=st.integers(0, 3))
def test_a_sentence_has_one_reading(seed, depth):
    sentence, formula = phrase(np.random.default_rng(seed), depth)
    assert readings(tuple(sentence.split())) == [formula]


@given(seed=st.integers(0, 2**31), depth=st.integers(0, 4))
def test_operations_stand_in_each_other_as_deep_as_asked(seed, depth):
    _, formula = phrase(np.random.default_rng(seed), depth)
    level = np.cumsum([(c == "(") - (c == ")") for c in formula])
    assert level.max(initial=0) == depth and level[-1] == 0
    eval(formula)  # arithmetic that Python can do


def test_words_that_name_the_opposite_order():
    words = INFIX["{} subtracted from {}"]
    assert eval(words.format(5, 9)) == 4


@pytest.mark.heavy
def test_groups_keep_what_they_promise():
    groups = number_words.load(1)
    assert {name: len(group) for name, group in groups.items()} == {
        "train": 4000,
        "new numbers": 500,
        "new shapes": 500,
        "one deeper": 300,
    }
    everything = [sentence for group in groups.values() for sentence, _ in group]
    assert len(set(everything)) == len(everything)
    shapes = {name: {shape(s) for s, _ in group} for name, group in groups.items()}
    assert not shapes["train"] & (shapes["new shapes"] | shapes["one deeper"])
    # Each wording is known by itself.
    assert {text.replace("{}", "_") for text in NESTING | INFIX} <= shapes["train"]
    assert groups == number_words.load(1) != number_words.load(2)


@given(seed=st.integers(0, 2**31))
def test_numbers_and_back(seed):
    rng = np.random.default_rng(seed)
    pairs = [phrase(rng, depth) for depth in (1, 3, 2)]
    source, target = encode(pairs)
    assert [int((row != PAD).sum()) for row in source] == [len(s.split()) for s, _ in pairs]
    assert decode(target[:, 1:]) == [formula for _, formula in pairs]
    words = [number_words.WORDS[i - 3] for i in source[0] if i != PAD]
    assert " ".join(words) == pairs[0][0]
    assert set(re.findall(r"\d+|\D", pairs[1][1])) <= set(number_words.SYMBOLS)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="got -1"):
        phrase(np.random.default_rng(0), -1)
    with pytest.raises(ValueError, match="got 'hundred'"):
        encode([("a hundred".split()[1], "100")])
