"""AttentionExplorer's Python side: what it accepts, what it carries, what it says of attention."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from large_models.widgets.attention_explorer import EXAMPLES, AttentionExplorer


def maps(layers=2, heads=3, T=4, seed=0):
    """Random maps whose rows sum to 1."""
    made = np.random.default_rng(seed).random((layers, heads, T, T))
    return made / made.sum(-1, keepdims=True)


SENTENCES = [(list("abcd"), maps()), (list("abcdef"), maps(T=6))]


# --- by hand --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "looks_at", "output"),
    [
        # Each word of the first story finds a noun, and takes home what it is like.
        ("pronoun", [0, 1, 0, 1], [[0.92, 0.01], [0.01, 0.92], [0.92, 0.01], [0.01, 0.92]]),
        # "bank" started at (1, 1) and is now about water.
        ("meaning", [0, 1, 1, 1], [None, None, [1.54, 0.31], None]),
        ("previous", [0, 0, 1, 2], [[1, 0], None, None, None]),
    ],
)
def test_each_example_tells_its_story(example, looks_at, output):
    explorer = AttentionExplorer(**EXAMPLES[example])
    assert explorer.weights.argmax(-1).tolist() == looks_at
    for row, wanted in zip(explorer.output, output, strict=True):
        if wanted is not None:
            np.testing.assert_allclose(row, wanted, atol=0.005)


def test_the_first_example_is_what_is_shown_first():
    first = AttentionExplorer()
    for name, value in EXAMPLES["pronoun"].items():
        assert getattr(first, name) == value


def matrix(rows, columns):
    return arrays(float, (rows, columns), elements=st.floats(-4, 4))


@pytest.mark.heavy
@given(data=st.data(), causal=st.booleans(), scale=st.booleans(), tau=st.floats(0.1, 10))
def test_weights_and_output_are_torchs(data, causal, scale, tau):
    T, d, D, Dv = (data.draw(st.integers(low, 4)) for low in (2, 1, 1, 1))
    x, w_q, w_k, w_v = (data.draw(matrix(*shape)) for shape in ((T, d), (d, D), (d, D), (d, Dv)))
    explorer = AttentionExplorer(
        tokens=["a"] * T, vectors=x, w_q=w_q, w_k=w_k, w_v=w_v, causal=causal, scale=scale
    )
    explorer.temperature = tau
    q, k, v = (torch.from_numpy(x @ w) for w in (w_q, w_k, w_v))
    factor = (D**-0.5 if scale else 1) / tau
    options = {"is_causal": causal, "scale": factor}
    wanted = F.scaled_dot_product_attention(q, k, v, **options)
    # Double precision; scores reach 4^4 * 64 / 0.1, whose rounding the softmax passes on.
    np.testing.assert_allclose(explorer.output, wanted.numpy(), rtol=1e-7, atol=1e-7)
    weights = F.scaled_dot_product_attention(q, k, torch.eye(T, dtype=torch.double), **options)
    np.testing.assert_allclose(explorer.weights, weights.numpy(), rtol=1e-7, atol=1e-7)
    explorer.double_softmax = True
    twice = torch.softmax(weights, -1)
    np.testing.assert_allclose(explorer.weights, twice.numpy(), rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(explorer.output, (twice @ v).numpy(), rtol=1e-7, atol=1e-6)


def test_a_second_softmax_lets_a_word_look_behind_the_mask():
    explorer = AttentionExplorer(causal=True)
    assert explorer.weights[0, 1:].tolist() == [0, 0, 0]
    explorer.double_softmax = True
    assert (explorer.weights[0, 1:] > 0.1).all()


def test_numbers_in_anything_that_nests():
    explorer = AttentionExplorer(vectors=np.eye(4), w_q=((1, 0),) * 4)
    assert explorer.vectors[1] == [0, 1, 0, 0]
    assert explorer.w_q == [[1, 0]] * 4


def test_another_number_of_words_needs_all_that_depends_on_it():
    explorer = AttentionExplorer()
    with pytest.raises(ValueError, match="expected a vector for each token, got 4 for 3"):
        explorer.tokens = ["a", "b", "c"]
    assert explorer.tokens == EXAMPLES["pronoun"]["tokens"]
    with explorer.hold_trait_notifications():
        explorer.tokens = ["a", "b", "c"]
        explorer.vectors = np.ones((3, 4))
    assert explorer.weights.shape == (3, 3)
    with (
        pytest.raises(ValueError, match="expected a vector for each token"),
        explorer.hold_trait_notifications(),
    ):
        explorer.tokens = ["a", "b"]
    assert explorer.tokens == ["a", "b", "c"]


def test_changing_one_explorer_leaves_the_others_alone():
    first, second = AttentionExplorer(), AttentionExplorer()
    first.vectors[0][0] = 99
    first.tokens[0] = "x"
    assert second.vectors == AttentionExplorer().vectors == EXAMPLES["pronoun"]["vectors"]
    assert EXAMPLES["pronoun"]["tokens"][0] == "Lena"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vectors": 3}, "vectors: expected 2 to 5 rows of 1 to 4 numbers, got 3"),
        ({"vectors": [[1, 2], [3]]}, r"vectors: expected rows of one length, got .*\[2, 1\]"),
        ({"vectors": [[1]]}, r"vectors: expected 2 to 5 rows .* got rows of \[1\]"),
        ({"vectors": [[1] * 5] * 4}, "vectors: expected .* 1 to 4 numbers, got rows"),
        ({"vectors": []}, r"vectors: expected 2 to 5 rows .* got rows of \[\]"),
        ({"w_q": [[float("nan")]] * 4}, "w_q: expected numbers from -100 to 100, got nan in row 0"),
        ({"w_k": [[0], [101], [0], [0]]}, "w_k: .* got 101 in row 1, column 0"),
        ({"w_v": [["1"]] * 4}, "w_v: .* got '1' in row 0, column 0"),
        ({"w_v": [[True]] * 4}, "w_v: .* got True"),
        ({"w_q": [[1, 0]]}, "expected 4 rows in w_q, w_k and w_v, .* got 1, 4, 4"),
        ({"w_k": [[1]] * 4}, "expected as many columns in w_k as in w_q, 2, got 1"),
        ({"tokens": "abcd"}, "tokens: expected a list of 2 to 5 words, got 'abcd'"),
        ({"tokens": ["a", 2]}, "tokens: expected a list of 2 to 5 words"),
        ({"tokens": ["a"] * 6}, "tokens: expected 2 to 5 words, got 6"),
        ({"features": ["a"] * 5}, "features: expected 0 to 4 words, got 5"),
        ({"temperature": 0}, "temperature: expected a number from 0.1 to 10, got 0"),
        ({"temperature": float("nan")}, "temperature: expected .* got nan"),
        ({"scale": 1}, "scale: expected True or False, got 1"),
        ({"causal": "yes"}, "causal: expected True or False, got 'yes'"),
        ({"double_softmax": None}, "double_softmax: expected True or False, got None"),
        ({"query": -1}, "query: expected an integer of at least 0, got -1"),
        ({"layer": 0.5}, "layer: expected an integer, got 0.5"),
        ({"view": "heat"}, "view: expected one of 'matrix', 'lines', got 'heat'"),
        ({"compare": 3}, r"compare: expected None or \(layer, head\), got 3"),
        ({"compare": (0, -1)}, "compare: expected an integer of at least 0, got -1"),
        ({"mode": "big"}, "mode: expected one of 'small', 'model', got 'big'"),
        ({"mode": "model"}, 'expected sentences for mode "model", got none'),
        ({"heads": 3}, " has no setting heads"),
    ],
)
def test_what_is_no_setting_is_refused(settings, message):
    with pytest.raises(ValueError, match=f"AttentionExplorer.*{message}"):
        AttentionExplorer(**settings)


# --- a model's maps -------------------------------------------------------------------------------


def test_carries_the_maps_in_steps_of_one_255th():
    explorer = AttentionExplorer(mode="model", sentences=SENTENCES)
    assert explorer._tokens == [list("abcd"), list("abcdef")]
    assert explorer._heads == [2, 3]
    sent = np.frombuffer(explorer._maps, np.uint8)
    wanted = np.concatenate([m.ravel() for _, m in SENTENCES])
    np.testing.assert_allclose(sent / 255, wanted, atol=0.5 / 255 + 1e-9)


def test_weights_are_the_chosen_heads():
    explorer = AttentionExplorer(mode="model", sentences=SENTENCES, layer=1, head=2, sentence=1)
    np.testing.assert_array_equal(explorer.weights, SENTENCES[1][1][1, 2])
    explorer.set_trait("layer", 9)  # too large counts as the last
    explorer.sentence = 9
    np.testing.assert_array_equal(explorer.weights, SENTENCES[1][1][1, 2])
    with pytest.raises(ValueError, match='output: expected mode "small"'):
        _ = explorer.output
    explorer.mode = "small"
    assert explorer.weights.shape == (4, 4)


def test_rows_may_look_nowhere_and_torch_and_float16_are_welcome():
    made = maps(1, 1, 40).astype(np.float16)
    made[0, 0, 3] = 0
    explorer = AttentionExplorer(mode="model", sentences=[(["t"] * 40, torch.from_numpy(made))])
    assert explorer.weights[3].sum() == 0


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (3, r"expected a list of \(tokens, maps\), got 3"),
        ([(list("abc"),)], r"expected a list of \(tokens, maps\)"),
        ([(list("abc"), maps())], r"expected maps \(layers, heads, 3, 3\) of sentence 0, got"),
        ([(list("abcd"), maps()[0])], r"\(layers, heads, 4, 4\) of sentence 0, got \(3, 4, 4\)"),
        ([(list("abcd"), maps()), (list("abcd"), maps(1))], "of one model, .* of sentence 1"),
        ([([], np.zeros((1, 1, 0, 0)))], "expected words as the tokens of sentence 0"),
        ([([1, 2], maps(T=2))], "expected words as the tokens of sentence 0"),
        ([(list("abcd"), maps() * 0.9)], "sum to 1, .* got 0.9 in layer 0, head 0, row 0 of"),
        ([(list("abcd"), -maps())], "none below 0, of sentence 0"),
        ([(list("abcd"), maps() * np.nan)], "finite numbers, none below 0, of sentence 0"),
        ([(["t"] * 100, maps(3, 7, 100))], "at most 200000 weights in all the maps, got 210000"),
    ],
)
def test_what_are_no_maps_is_refused(sentences, message):
    with pytest.raises(ValueError, match=f"AttentionExplorer.sentences: .*{message}"):
        AttentionExplorer(mode="model", sentences=sentences)


def test_the_last_sentence_cannot_be_taken_from_a_model():
    explorer = AttentionExplorer(mode="model", sentences=SENTENCES)
    with pytest.raises(ValueError, match='expected sentences for mode "model"'):
        explorer.sentences = []
    assert explorer.weights.shape == (4, 4)


def test_state_is_small():
    state = AttentionExplorer().get_state()
    assert len(str({k: v for k, v in state.items() if k not in ("_esm", "_css")})) < 10_000
