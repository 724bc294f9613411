"""How every model starts: each parameter's distribution is the one that is stated.

A start is asserted by its kind (zeros, ones, even, normal) and its size, to five standard errors of
what so many draws show. Where a model says that it starts as torch's or transformers' does, theirs
are drawn too, and the two have to look alike.
"""

import math
import re

import pytest
import torch
import transformers
from torch import nn

from large_models.models import bert, cnn, gpt, lora, recommender, rnn, seq2seq, speech
from large_models.models import transformer as blocks
from large_models.models.attention import MultiHeadAttention

transformers.logging.set_verbosity_error()

ZERO, ONE = ("constant", 0.0), ("constant", 1.0)


def normal(std: float):
    return "normal", std


def even(bound: float):
    return "even", bound


def check(name: str, values: torch.Tensor, kind: str, size: float) -> None:
    """That values were drawn so. `size` is the number, the standard deviation or the bound."""
    x = values.detach().double().flatten()
    n = len(x)
    if kind == "constant":
        assert (x == size).all(), f"{name}: expected {size} everywhere"
        return
    std = size if kind == "normal" else size / math.sqrt(3)
    fourth = 3.0 if kind == "normal" else 1.8  # E[x^4] / std^4
    assert abs(x.mean()) < 5 * std / math.sqrt(n), f"{name}: mean {x.mean()}"
    spread = (x.square().mean().sqrt() / std).item()
    assert abs(spread - 1) < 5 * math.sqrt((fourth - 1) / n) / 2, f"{name}: {spread} of {std}"
    if kind == "even":
        assert x.abs().max() <= size * (1 + 1e-6), f"{name}: beyond {size}"
    if n >= 2000:  # even and normal differ: 1.8 and 3
        shape = (x.pow(4).mean() / x.square().mean().square()).item()
        assert abs(shape - fourth) < 0.5, f"{name}: not {kind}, {shape}"


def every_parameter(model: nn.Module, expected: dict) -> None:
    """Each parameter fits one pattern, the first that does, and each pattern a parameter."""
    used = set()
    for name, parameter in model.named_parameters():
        pattern = next((p for p in expected if re.fullmatch(p, name)), None)
        assert pattern is not None, f"{name} is not stated"
        used.add(pattern)
        check(name, parameter, *expected[pattern])
    assert used == expected.keys()


def alike(mine: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    """Two models' parameters, by the same names, start in the same way."""
    assert mine.keys() == theirs.keys()
    for name, a in mine.items():
        a, b = (t.detach().double().flatten() for t in (a, theirs[name]))
        if len(b.unique()) == 1:
            assert torch.equal(a, b), name
            continue
        error = 6 / math.sqrt(min(len(a), len(b)))
        assert abs(a.std() / b.std() - 1) < error, f"{name}: {a.std()}, theirs {b.std()}"
        assert abs(a.mean() - b.mean()) < error * b.std(), name
        if len(a) >= 2000:
            shapes = [(t.pow(4).mean() / t.square().mean().square()).item() for t in (a, b)]
            assert abs(shapes[0] - shapes[1]) < 0.5, f"{name}: {shapes}"


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(1)


def linear(inputs: int):
    """As torch's linear and convolutional layers start: weights and biases alike."""
    return even(1 / math.sqrt(inputs))


def block(C: int, F: int, where: str = r".*") -> dict:
    """A block's parameters in torch's own start."""
    return {
        where + r"attn\.in_proj_weight": even(math.sqrt(6 / (C + 3 * C))),
        where + r"attn\.(in_proj_bias|out_proj\.bias)": ZERO,
        where + r"attn\.out_proj\.weight": linear(C),
        where + r"linear1\.(weight|bias)": linear(C),
        where + r"linear2\.(weight|bias)": linear(F),
        where + r"norm\d?\.weight": ONE,
        where + r"norm\d?\.bias": ZERO,
    }


# --- each model by what it states -----------------------------------------------------------------


def test_learned_positions():
    every_parameter(blocks.LearnedPositions(200, 64), {"weight": normal(0.02)})


def test_layer_norm():
    every_parameter(blocks.LayerNorm(64), {"weight": ONE, "bias": ZERO})


def test_attention_with_other_sizes_for_keys():
    """Each matrix by its own sizes (Glorot and Bengio): sqrt(6 / (in + out))."""
    model = MultiHeadAttention(64, 4, kdim=40, vdim=100)
    expected = {
        "q_proj_weight": even(math.sqrt(6 / 128)),
        "k_proj_weight": even(math.sqrt(6 / 104)),
        "v_proj_weight": even(math.sqrt(6 / 164)),
        r"in_proj_bias|out_proj\.bias": ZERO,
        r"out_proj\.weight": linear(64),
    }
    every_parameter(model, expected)


@pytest.mark.parametrize("norm_first", [False, True])
def test_blocks(norm_first):
    config = blocks.BlockConfig(64, 4, 160, norm_first=norm_first)
    every_parameter(blocks.Encoder(config, 2, norm=True), block(64, 160))
    every_parameter(blocks.Decoder(config, 2), block(64, 160))


BERT = bert.BertConfig(
    vocab_size=500, hidden_size=64, intermediate_size=160, type_vocab_size=40,
    max_position_embeddings=100, tie_word_embeddings=False,
)  # fmt: skip
BERT_STARTS = {
    r"(bert\.)?(tokens|types|positions)\.weight|decoder": normal(0.02),
    r".*(in_proj_weight|out_proj\.weight|linear\d\.weight)": normal(0.02),
    r".*norm\d?\.weight": ONE,
    r".*(in_proj_bias|bias)": ZERO,
}


def test_bert():
    expected = BERT_STARTS | {"transform.weight": normal(0.02)}
    every_parameter(bert.BertForMaskedLM(BERT), expected)


def test_bert_for_labels():
    expected = BERT_STARTS | {r"(pooler|classifier)\.weight": normal(0.02)}
    model = bert.BertForSequenceClassification(BERT, [str(i) for i in range(50)])
    every_parameter(model, expected)


@pytest.mark.parametrize("layers", [2, 8])
def test_gpt(layers):
    """What a block adds to the residual starts smaller, by the root of how often it is added to."""
    model = gpt.GPT(gpt.GPTConfig(vocab_size=500, n_positions=100, n_embd=64, n_layer=layers))
    expected = {
        r"(tokens|positions)\.weight": normal(0.02),
        r".*(out_proj|linear2)\.weight": normal(0.02 / math.sqrt(2 * layers)),
        r".*(in_proj_weight|linear1\.weight)": normal(0.02),
        r".*norm\d?\.weight": ONE,
        r".*(in_proj_bias|bias)": ZERO,
    }
    every_parameter(model, expected)


@pytest.mark.parametrize("shape", [(50, 900), (900, 50)])
def test_lora(shape):
    """A as the weights of torch's linear layers start, so by its columns; B at zero."""
    product = lora.LowRank(shape, 8)
    every_parameter(product, {"A": linear(shape[1]), "B": ZERO})
    layer = nn.Linear(shape[1], 8, bias=False)
    alike({"A": product.A}, {"A": layer.weight})


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_recurrent_layers(kind):
    layer = getattr(rnn, kind)(20, 50, num_layers=2, bidirectional=True)
    every_parameter(layer, {".*": even(1 / math.sqrt(50))})
    theirs = getattr(nn, kind)(20, 50, num_layers=2, bidirectional=True)
    alike(dict(layer.named_parameters()), dict(theirs.named_parameters()))


def test_a_sequence_model_and_its_open_gates():
    model = rnn.SequenceModel(rnn.SequenceConfig("lstm", 20, 50, 9))
    every_parameter(model, {r"rnn\..*": even(1 / math.sqrt(50)), r"output\..*": linear(50)})
    before = {name: p.clone() for name, p in model.named_parameters()}
    model.remember_by_default(3.0)
    for name, parameter in model.named_parameters():
        changed = (parameter != before[name]).nonzero()[:, 0]
        if name in ("rnn.bias_ih_l0", "rnn.bias_hh_l0"):
            assert changed.tolist() == list(range(50, 100)), "the forget gate's rows, and no others"
            assert (parameter[50:100] == (3.0 if "ih" in name else 0.0)).all()
        else:
            assert not len(changed)


def test_lenet():
    model = cnn.LeNet(cnn.LeNetConfig(channels_1=40, channels_2=60, hidden_size=200))
    inputs = model.hidden.in_features
    expected = {
        r"conv1\..*": linear(25),
        r"conv2\..*": linear(40 * 25),
        r"hidden\..*": linear(inputs),
        r"output\..*": linear(200),
    }
    every_parameter(model, expected)


def test_speech():
    model = speech.SpeechCNN(speech.SpeechCNNConfig(channels_1=40, channels_2=60))
    expected = {
        r"conv1\..*": linear(25),
        r"conv2\..*": linear(40 * 25),
        r"output\..*": linear(model.output.in_features),
    }
    every_parameter(model, expected)


def test_translation_and_recommendation():
    expected = block(64, 128) | {
        r"(source|target|embedding)\.weight": normal(1.0),
        r".*positions\.weight": normal(0.02),
        r"output\..*": linear(64),
    }
    every_parameter(seq2seq.Seq2Seq(80, 90, hidden_size=64, num_layers=2), expected)
    every_parameter(recommender.NextItem(80, 60, hidden_size=64), expected)


# --- beside the originals -------------------------------------------------------------------------


def test_attention_starts_as_torchs():
    for sizes in ({}, {"kdim": 40, "vdim": 100}):
        mine, theirs = MultiHeadAttention(64, 4, **sizes), nn.MultiheadAttention(64, 4, **sizes)
        alike(mine.state_dict(), theirs.state_dict())


@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_blocks_start_as_torchs(kind):
    config = blocks.BlockConfig(64, 4, 160)
    layer = getattr(nn, f"Transformer{kind}Layer")(64, 4, 160)
    theirs = getattr(nn, f"Transformer{kind}")(layer, 2)
    alike(getattr(blocks, kind)(config, 2).state_dict(), theirs.state_dict())


def test_bert_starts_as_transformers():
    config = transformers.BertConfig(
        vocab_size=500, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=160, type_vocab_size=40, max_position_embeddings=100,
        tie_word_embeddings=False, pad_token_id=None,
    )  # fmt: skip
    theirs = dict(transformers.BertForMaskedLM(config).named_parameters())
    alike(bert.to_hub(dict(bert.BertForMaskedLM(BERT).named_parameters())), theirs)


def test_gpt_starts_as_transformers(tmp_path):
    from large_models.tensors import load_tensors

    config = transformers.GPT2Config(
        vocab_size=500, n_positions=100, n_embd=64, n_layer=4, n_head=4
    )
    theirs = dict(transformers.GPT2LMHeadModel(config).named_parameters())
    mine = gpt.GPT(gpt.GPTConfig(vocab_size=500, n_positions=100, n_embd=64, n_layer=4))
    mine.save_pretrained(tmp_path)
    alike(load_tensors(tmp_path / "model.safetensors")[0], theirs)
