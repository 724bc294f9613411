"""GPT against Hugging Face's GPT2LMHeadModel: files both ways, logits, cache, generation."""

import json

import pytest
import torch
import transformers

from large_models.models.gpt import GPT, GPTConfig, filter_logits

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

SIZES = [
    dict(n_embd=8, n_layer=2, n_head=2),
    dict(n_embd=12, n_layer=1, n_head=3, n_inner=20, activation_function="gelu"),
    dict(n_embd=6, n_layer=3, n_head=1, activation_function="relu", layer_norm_epsilon=1e-3),
]


def oracle(seed=0, **sizes):
    """A GPT2LMHeadModel whose weights are all far from their start, biases and norms included."""
    config = transformers.GPT2Config(
        vocab_size=40, n_positions=16, bos_token_id=0, eos_token_id=0, **sizes
    )
    config._attn_implementation = "eager"
    model = transformers.GPT2LMHeadModel(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))
    return model


def ids_of(shape, seed=1, vocabulary=40):
    return torch.randint(vocabulary, shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    theirs = oracle(n_embd=8, n_layer=2, n_head=2)
    directory = tmp_path_factory.mktemp("gpt2")
    theirs.save_pretrained(directory)
    return GPT.from_pretrained(directory), theirs


@pytest.mark.parametrize("sizes", SIZES)
def test_reads_and_writes_the_files_of_transformers(sizes, tmp_path):
    theirs = oracle(**sizes)
    theirs.save_pretrained(tmp_path / "theirs")
    ours = GPT.from_pretrained(tmp_path / "theirs")
    assert not ours.training
    ours.save_pretrained(tmp_path / "ours")
    back = transformers.GPT2LMHeadModel.from_pretrained(tmp_path / "ours").eval()
    ids = ids_of((3, 16))
    with torch.no_grad():
        expected = theirs(ids).logits
        # float32 sums in another order, over logits of size 10
        torch.testing.assert_close(ours(ids), expected, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(back(ids).logits, expected, atol=1e-5, rtol=1e-5)
    again = GPT.from_pretrained(tmp_path / "ours")
    assert again.config == ours.config


def test_gradients_equal_those_of_transformers(pair):
    ours, theirs = pair
    ours, theirs = ours.double(), theirs.double()
    ids = ids_of((2, 9))
    ours(ids).square().mean().backward()
    theirs(ids).logits.square().mean().backward()
    block, layer = ours.blocks[1], theirs.transformer.h[1]
    for mine, other in [
        (ours.tokens.weight.grad, theirs.transformer.wte.weight.grad),
        (ours.positions.weight.grad, theirs.transformer.wpe.weight.grad),
        (block.self_attn.in_proj_weight.grad, layer.attn.c_attn.weight.grad.T),
        (block.linear2.weight.grad, layer.mlp.c_proj.weight.grad.T),
    ]:
        torch.testing.assert_close(mine, other, atol=1e-10, rtol=1e-8)
    ours.float(), theirs.float()


@torch.no_grad()
@pytest.mark.parametrize("pieces", [[16], [1] * 16, [5, 1, 7, 3]])
def test_the_cache_changes_nothing(pair, pieces):
    ours, theirs = pair
    ids = ids_of((2, 16))
    cache = ours.new_cache()
    parts = [ours(piece, cache) for piece in ids.split(pieces, dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), theirs(ids).logits, atol=1e-5, rtol=1e-5)
    assert len(cache[0]) == 16


@torch.no_grad()
def test_no_token_sees_a_later_one(pair):
    ours, _ = pair
    ids = ids_of((1, 10))
    other = ids.clone()
    other[0, 6] = (other[0, 6] + 1) % 40
    before, after = ours(ids), ours(other)
    assert torch.equal(before[:, :6], after[:, :6])
    assert not torch.allclose(before[:, 6:], after[:, 6:])


def test_attentions_are_those_of_transformers(pair):
    ours, theirs = pair
    ids = ids_of((2, 7))
    expected = torch.stack(theirs(ids, output_attentions=True).attentions)
    torch.testing.assert_close(ours.attentions(ids), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("use_cache", [True, False])
def test_greedy_generation_is_that_of_transformers(pair, use_cache):
    ours, theirs = pair
    ids = ids_of((1, 3))
    expected = theirs.generate(ids, max_new_tokens=13, do_sample=False, eos_token_id=None)
    assert torch.equal(ours.generate(ids, 13, temperature=0, use_cache=use_cache), expected)


@pytest.mark.heavy
def test_draws_repeat_with_a_seed_and_do_not_depend_on_the_cache(pair):
    ours, _ = pair

    def draw(seed, use_cache=True):
        generator = torch.Generator().manual_seed(seed)
        return ours.generate(ids_of((4, 2)), 14, generator=generator, use_cache=use_cache)

    assert torch.equal(draw(0), draw(0))
    assert torch.equal(draw(0), draw(0, use_cache=False))
    assert not torch.equal(draw(0), draw(1))


def test_draws_follow_the_probabilities(pair):
    ours, _ = pair
    ids = ids_of((1, 4)).expand(20_000, 4)
    generator = torch.Generator().manual_seed(0)
    new = ours.generate(ids, 1, temperature=2.0, top_k=5, generator=generator)[:, -1]
    with torch.no_grad():
        p = filter_logits(ours(ids[:1])[0, -1] / 2, top_k=5).softmax(-1)
    assert (p > 0).sum() == 5
    share = torch.bincount(new, minlength=40) / len(new)
    # five standard errors of a share: 5 * sqrt(0.25 / 20,000)
    torch.testing.assert_close(share, p, atol=0.018, rtol=0)


def test_stream_ends_where_the_positions_end(pair):
    ours, _ = pair
    assert len(list(ours.stream(ids_of((1, 10)), temperature=0))) == 6


def test_the_start_is_that_of_a_coin_with_v_sides():
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=300, n_positions=32))
    ids = ids_of((16, 32), vocabulary=300)
    loss = torch.nn.functional.cross_entropy(model(ids[:, :-1]).transpose(1, 2), ids[:, 1:])
    # scores at the start are near 0.02 * sqrt(128) = 0.2; half their variance adds to the loss
    assert abs(loss.item() - torch.tensor(300.0).log().item()) < 0.1
    # what a block adds is the smaller the more blocks there are
    assert model.blocks[0].linear2.weight.std().item() == pytest.approx(0.02 / 8**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(n_layer=0), "n_layer: expected a whole number of at least 1, got 0"),
        (dict(vocab_size=2.5), "vocab_size"),
        (dict(n_embd=10, n_head=4), "divisor of hidden_size 10, got 4"),
        (dict(activation_function="swish"), "activation_function: expected one of gelu_new"),
        (dict(dropout=2), "dropout"),
    ],
)
def test_impossible_settings(settings, words):
    with pytest.raises(ValueError, match=words):
        GPTConfig(**settings)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (torch.zeros(3, dtype=torch.int64), r"expected \(B, T\) of whole numbers, got \(3,\)"),
        (torch.zeros(1, 3), "float32"),
        (torch.zeros(1, 0, dtype=torch.int64), r"\(1, 0\)"),
        (torch.tensor([[40]]), "expected 0 to 39, got 40 to 40"),
        (torch.tensor([[-1]]), "got -1"),
        (torch.zeros(1, 17, dtype=torch.int64), "at most 16 tokens, got 17"),
    ],
)
def test_impossible_ids(pair, ids, words):
    with pytest.raises(ValueError, match=words):
        pair[0](ids)


def test_impossible_wishes_when_generating(pair):
    ours, ids = pair[0], ids_of((1, 10))
    for wish, words in [
        (dict(temperature=-1), "temperature"),
        (dict(top_k=0), "top_k: expected at least 1"),
        (dict(top_p=0), "top_p"),
        (dict(top_p=1.5), "top_p"),
    ]:
        with pytest.raises(ValueError, match=words):
            ours.generate(ids, 1, **wish)
    with pytest.raises(ValueError, match="16 in all, got 7 and 17"):
        ours.generate(ids, 7)
    with pytest.raises(ValueError, match="at least 1 new token"):
        ours.generate(ids, 0)
    cache = ours.new_cache()
    ours(ids, cache)
    with pytest.raises(ValueError, match="at most 16 tokens, got 20"):
        ours(ids, cache)


def test_files_that_are_something_else(tmp_path):
    oracle(n_embd=8, n_layer=1, n_head=2).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    good = json.loads(path.read_text())
    for change, words in [
        (dict(model_type="bert"), "expected a model_type of 'gpt2', got 'bert'"),
        (dict(scale_attn_by_inverse_layer_idx=True), "scale_attn_by_inverse_layer_idx"),
        (dict(tie_word_embeddings=False), "tie_word_embeddings: expected True, got False"),
        (dict(activation_function="silu"), "activation_function"),
        (dict(n_layer=2), "missing transformer.h.1"),
    ]:
        path.write_text(json.dumps(good | change))
        with pytest.raises(ValueError, match=words):
            GPT.from_pretrained(tmp_path)
    path.write_text("[")
    with pytest.raises(ValueError, match="expected JSON"):
        GPT.from_pretrained(tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        GPT.from_pretrained(tmp_path)


def test_reads_files_of_the_first_kind(tmp_path):
    """Names without "transformer.", with causal masks: the files of the hub's "gpt2"."""
    from large_models.tensors import load_tensors, save_tensors

    theirs = oracle(n_embd=8, n_layer=1, n_head=2)
    theirs.save_pretrained(tmp_path)
    tensors = load_tensors(tmp_path / "model.safetensors")[0]
    old = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    old["h.0.attn.bias"] = torch.ones(16, 16).tril()[None, None]
    save_tensors(tmp_path / "model.safetensors", old)
    ids = ids_of((1, 5))
    ours = GPT.from_pretrained(tmp_path)
    torch.testing.assert_close(ours(ids), theirs(ids).logits, atol=1e-5, rtol=1e-5)


# --- what a tokenizer gives ---------------------------------------------------------------------


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool])
def test_takes_masks_and_segments_as_transformers_does(pair, side, dtype):
    ours, theirs = pair
    ids, there = ids_of((3, 7)), torch.ones(3, 7, dtype=torch.int64)
    there[0, 4:] = 0
    there[1, 6:] = 0
    there = there.flip(1) if side == "left" else there
    given = {"input_ids": ids, "token_type_ids": ids_of((3, 7), 9)}
    with torch.no_grad():
        expected = theirs(attention_mask=there, **given).logits[there == 1]
        got = ours(attention_mask=there.to(dtype), **given)[there == 1]
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)
        other = ids.masked_fill(there == 0, 3)
        again = ours(**given | {"input_ids": other}, attention_mask=there)[there == 1]
        torch.testing.assert_close(again, got, rtol=1e-5, atol=1e-5)
        assert not torch.allclose(ours(**given)[there == 1], got) or side == "right"


def test_a_mask_with_a_cache_speaks_of_all_tokens(pair):
    ours, _ = pair
    ids, there = ids_of((2, 6)), torch.tensor([[0, 0, 1, 1, 1, 1], [1] * 6])
    with torch.no_grad():
        whole = ours(ids, attention_mask=there)
        cache = ours.new_cache()
        first = ours(ids[:, :4], cache, there[:, :4])
        rest = ours(ids[:, 4:], cache, there)
    parts = torch.cat([first, rest], 1)
    torch.testing.assert_close(parts[there == 1], whole[there == 1], rtol=1e-5, atol=1e-5)


def test_masks_and_segments_that_do_not_fit(pair):
    ours, _ = pair
    ids = ids_of((2, 3))
    for wrong, message in (
        ({"attention_mask": torch.ones(2, 4)}, r"attention_mask: expected shape \(2, 3\)"),
        ({"attention_mask": torch.full((2, 3), 5)}, "numbers from 5 to 5"),
        ({"token_type_ids": ids[:, :2]}, r"token_type_ids: expected \(2, 3\), got \(2, 2\)"),
        ({"token_type_ids": ids + 40}, "token_type_ids: expected 0 to 39"),
    ):
        with pytest.raises(ValueError, match=message):
            ours(ids, **wrong)


@pytest.mark.parametrize(
    "ids, settings, message",
    [
        (ids_of((1, 17)), {}, "at most 16 tokens, got 17"),
        (ids_of((1, 3)) + 40, {}, "input_ids: expected 0 to 39"),
        (ids_of((3,)), {}, r"input_ids: expected \(B, T\)"),
        (ids_of((1, 3)), {"temperature": -1}, "temperature"),
        (ids_of((1, 3)), {"top_k": 0}, "top_k"),
        (ids_of((1, 3)), {"top_p": 0.0}, "top_p"),
    ],
)
def test_a_stream_says_at_once_what_does_not_fit(pair, ids, settings, message):
    """Before its first token is asked for: a text that is too long gave nothing, and no word."""
    with pytest.raises(ValueError, match=message):
        pair[0].stream(ids, **settings)


def test_a_full_text_has_no_next_token(pair):
    assert list(pair[0].stream(ids_of((1, 16)))) == []
    assert len(list(pair[0].stream(ids_of((1, 15))))) == 1
