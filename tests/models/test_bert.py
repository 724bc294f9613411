"""BERT against Hugging Face's: files both ways, hidden states, attentions, scores, gradients."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from large_models.data import tokenizer
from large_models.models import bert
from large_models.models.bert import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
)

transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

SIZES = [
    dict(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16),
    dict(hidden_size=12, num_hidden_layers=1, num_attention_heads=3, hidden_act="relu",
         intermediate_size=20, layer_norm_eps=1e-3, tie_word_embeddings=False),
    dict(hidden_size=6, num_hidden_layers=3, num_attention_heads=1, hidden_act="gelu_new",
         intermediate_size=10, type_vocab_size=3),
]  # fmt: skip
TEXTS = ["Return the sum of x.", "A graph has nodes and edges.", "The mean of an array."]


def oracle(kind=transformers.BertForMaskedLM, seed=0, **sizes):
    """A model of transformers whose weights are all far from their start, biases included."""
    settings = dict(vocab_size=40, max_position_embeddings=16, hidden_dropout_prob=0.0)
    settings |= dict(attention_probs_dropout_prob=0.0) | sizes
    config = transformers.BertConfig(**settings)
    config._attn_implementation = "eager"
    model = kind(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3, generator=generator)
    return model


def batch(seed=0, B=3, T=9, types=2):
    """ids, mask, token types: texts of several lengths, the first one whole."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(40, (B, T), generator=generator)
    lengths = torch.tensor([T, *torch.randint(1, T, (B - 1,), generator=generator).tolist()])
    mask = torch.arange(T) < lengths[:, None]
    return ids, mask, torch.randint(types, (B, T), generator=generator)


def saved(model, tmp_path):
    model.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("sizes", SIZES)
def test_reads_what_transformers_writes_and_agrees(sizes, tmp_path):
    """In float32, so to 1e-5: scores, hidden states, attentions, where there is a token."""
    theirs = oracle(**sizes)
    ours = BertForMaskedLM.from_pretrained(saved(theirs, tmp_path))
    assert not ours.training
    ids, mask, types = batch(types=sizes.get("type_vocab_size", 2))
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask.long(), token_type_ids=types,
                          output_hidden_states=True, output_attentions=True)  # fmt: skip
        scores = ours(ids, mask, types)
    close = {"rtol": 1e-5, "atol": 1e-5}
    torch.testing.assert_close(scores[mask], expected.logits[mask], **close)
    states = ours.bert.hidden_states(ids, mask, types)
    torch.testing.assert_close(
        states[:, mask], torch.stack(expected.hidden_states)[:, mask], **close
    )
    rows = mask[None, :, None, :].expand(
        len(expected.attentions), -1, theirs.config.num_attention_heads, -1
    )
    torch.testing.assert_close(
        ours.bert.attentions(ids, mask, types)[rows],
        torch.stack(expected.attentions)[rows],
        **close,
    )
    at = torch.zeros_like(mask)
    at[0, 3] = at[1, 0] = at[0, 7] = True
    with torch.no_grad():
        torch.testing.assert_close(ours(ids, mask, types, at=at), scores[at])


@pytest.mark.parametrize("sizes", SIZES)
def test_gradients_agree(sizes, tmp_path):
    theirs = oracle(**sizes)
    ours = BertForMaskedLM.from_pretrained(saved(theirs, tmp_path)).double()
    theirs = theirs.double()
    ids, mask, _ = batch()
    ids = ids.clamp(min=1)  # theirs learns nothing about the padding token as input
    at = mask & (torch.arange(9) % 2 == 0)
    labels = torch.where(at, ids.roll(1, 1), -100)
    theirs(ids, attention_mask=mask.long(), labels=labels).loss.backward()
    scores = ours(ids, mask, at=at)
    torch.nn.functional.cross_entropy(scores, labels[at]).backward()
    gradients = bert.to_hub({n: p.grad for n, p in ours.named_parameters()})
    used = {n: p.grad for n, p in theirs.named_parameters() if p.grad is not None}
    # Of two biases they keep without tying, only the decoder's is used; ours is one.
    assert gradients.keys() - used.keys() <= {
        "cls.predictions.bias",
        "cls.predictions.decoder.bias",
    }
    for name, expected in used.items():
        torch.testing.assert_close(
            gradients[name].double(), expected, rtol=1e-6, atol=1e-9, msg=name
        )


@pytest.mark.parametrize("sizes", SIZES)
def test_transformers_reads_what_we_write(sizes, tmp_path):
    torch.manual_seed(0)
    ours = BertForMaskedLM(BertConfig(vocab_size=40, max_position_embeddings=16, **sizes)).eval()
    ours.save_pretrained(tmp_path)
    theirs, found = transformers.AutoModelForMaskedLM.from_pretrained(
        tmp_path, output_loading_info=True
    )
    assert not found["missing_keys"] and not found["unexpected_keys"]
    ids, mask, _ = batch()
    with torch.no_grad():
        expected = theirs.eval()(ids, attention_mask=mask.long()).logits
    torch.testing.assert_close(ours(ids, mask)[mask], expected[mask], rtol=1e-5, atol=1e-5)
    assert theirs.config.hidden_dropout_prob == 0.1


def test_classifier_both_ways(tmp_path):
    names = dict(id2label={0: "a", 1: "b", 2: "c"}, label2id={"a": 0, "b": 1, "c": 2})
    theirs = oracle(transformers.BertForSequenceClassification, **SIZES[0], **names)
    ours = BertForSequenceClassification.from_pretrained(saved(theirs, tmp_path / "theirs"))
    assert ours.labels == ("a", "b", "c")
    ids, mask, types = batch()
    with torch.no_grad():
        expected = theirs(ids, attention_mask=mask.long(), token_type_ids=types).logits
        torch.testing.assert_close(ours(ids, mask, types), expected, rtol=1e-5, atol=1e-5)
    again = transformers.AutoModelForSequenceClassification.from_pretrained(
        saved(ours, tmp_path / "ours")
    ).eval()
    assert again.config.id2label == {0: "a", 1: "b", 2: "c"}
    with torch.no_grad():
        found = again(ids, attention_mask=mask.long(), token_type_ids=types).logits
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_a_pretrained_body_under_a_fresh_head(tmp_path):
    body = BertForMaskedLM.from_pretrained(saved(oracle(**SIZES[0]), tmp_path))
    torch.manual_seed(1)
    model = BertForSequenceClassification.from_pretrained(tmp_path, labels=("x", "y"))
    ids, mask, _ = batch()
    torch.testing.assert_close(model.bert(ids, mask), body.bert(ids, mask))
    assert model(ids, mask).shape == (3, 2)
    with pytest.raises(ValueError, match="expected a head for labels"):
        BertForSequenceClassification.from_pretrained(tmp_path)


def test_padding_changes_no_answer():
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(vocab_size=40, **SIZES[0])).eval()
    ids, mask, _ = batch()
    together = model(ids, mask)
    for row, (text, there) in enumerate(zip(ids, mask, strict=True)):
        alone = model(text[there][None])[0]
        torch.testing.assert_close(together[row][there], alone)
    changed = torch.where(mask, ids, (ids + 1) % 40)
    torch.testing.assert_close(model(changed, mask)[mask], together[mask])


def test_dropout_acts_in_training_only():
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(vocab_size=40, **SIZES[0]))
    ids = batch()[0]
    assert not torch.equal(model(ids), model(ids))
    model.eval()
    assert torch.equal(model(ids), model(ids))


def test_old_names_and_other_heads_are_read(tmp_path):
    """As in the first published files: gamma and beta, a pooler, next sentences, position_ids."""
    theirs = oracle(transformers.BertForPreTraining, **SIZES[0])
    path = saved(theirs, tmp_path) / "model.safetensors"
    expected = BertForMaskedLM.from_pretrained(tmp_path)
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): t
        for name, t in load_file(path).items()
    }
    old["bert.embeddings.position_ids"] = torch.arange(16)[None]
    old["cls.predictions.decoder.weight"] = old["bert.embeddings.word_embeddings.weight"].clone()
    old["cls.predictions.decoder.bias"] = old["cls.predictions.bias"].clone()
    assert "cls.seq_relationship.weight" in old and "bert.pooler.dense.weight" in old
    save_file(old, path)
    again = BertForMaskedLM.from_pretrained(tmp_path)
    ids, mask, _ = batch()
    assert torch.equal(again(ids, mask), expected(ids, mask))


def test_tokenizer_goes_along(tmp_path):
    wordpiece = tokenizer.train_wordpiece(TEXTS, 60)
    size = wordpiece.get_vocab_size()
    model = BertForMaskedLM(BertConfig(vocab_size=size, **SIZES[0]))
    model.save_pretrained(tmp_path, wordpiece)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for text in [*TEXTS, "Sum, graph; NODES éa"]:
        assert theirs(text)["input_ids"] == wordpiece.encode(text).ids
    assert theirs.mask_token_id == 4 and theirs.pad_token_id == 0
    assert theirs.model_max_length == 128
    small = BertForMaskedLM(BertConfig(vocab_size=size - 1, **SIZES[0]))
    with pytest.raises(ValueError, match=f"at most the model's {size - 1} tokens, got {size}"):
        small.save_pretrained(tmp_path, wordpiece)


def test_takes_what_a_tokenizer_gives(tmp_path):
    """`model(**tokenizer(...))`, as transformers' model: names, and masks of whole numbers."""
    wordpiece = tokenizer.train_wordpiece(TEXTS, 60)
    sizes = SIZES[0] | {"vocab_size": wordpiece.get_vocab_size()}
    BertForMaskedLM(BertConfig(**sizes)).save_pretrained(tmp_path, wordpiece)
    encode = transformers.AutoTokenizer.from_pretrained(tmp_path)
    pairs = encode(TEXTS[:2], TEXTS[1:3], padding=True, return_tensors="pt")
    assert {"input_ids", "attention_mask", "token_type_ids"} == set(pairs)
    assert not pairs["attention_mask"].all() and pairs["token_type_ids"].any()
    ours = BertForMaskedLM.from_pretrained(tmp_path)
    theirs = transformers.BertForMaskedLM.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        there = pairs["attention_mask"].bool()
        got, expected = ours(**pairs), theirs(**pairs).logits
        torch.testing.assert_close(got[there], expected[there], rtol=1e-4, atol=1e-5)
        plain = [pairs["input_ids"], there, pairs["token_type_ids"]]
        assert torch.equal(got, ours(*plain))
        labels = BertForSequenceClassification(ours.config, ["a", "b"]).eval()
        assert torch.equal(labels(**pairs), labels(*plain))
        assert torch.equal(ours.bert.attentions(**pairs), ours.bert.attentions(*plain))
        assert torch.equal(ours.bert.hidden_states(**pairs), ours.bert.hidden_states(*plain))


# --- what does not fit --------------------------------------------------------------------------

WRONG_INPUT = [
    (dict(input_ids=torch.zeros(3, dtype=torch.int64)), r"input_ids: expected \(B, T\)"),
    (dict(input_ids=torch.zeros(2, 3)), "ids: .* of torch.float32"),
    (dict(input_ids=torch.zeros(2, 0, dtype=torch.int64)), r"ids: .*\(2, 0\)"),
    (dict(input_ids=torch.full((1, 2), 40)), "ids: expected 0 to 39, got 40 to 40"),
    (dict(input_ids=torch.full((1, 2), -1)), "got -1 to -1"),
    (dict(input_ids=torch.zeros(1, 17, dtype=torch.int64)), "at most 16 tokens, got 17"),
    (dict(attention_mask=torch.ones(2, 4)), r"attention_mask: expected shape \(2, 3\) of bool"),
    (dict(attention_mask=torch.ones(2, 3)), "attention_mask: .* of torch.float32"),
    (dict(attention_mask=torch.full((2, 3), 2)), "ones and zeros, got numbers from 2 to 2"),
    (dict(token_type_ids=torch.full((2, 3), 2)), "token_type_ids: expected 0 to 1"),
    (dict(token_type_ids=torch.zeros(2, 4).long()), r"token_type_ids: expected \(2, 3\)"),
    (dict(at=torch.ones(2, 4, dtype=torch.bool)), r"at: expected shape \(2, 3\) of bool"),
]


@pytest.mark.parametrize("wrong, message", WRONG_INPUT)
def test_input_that_does_not_fit(wrong, message):
    config = BertConfig(vocab_size=40, max_position_embeddings=16, **SIZES[0])
    model = BertForMaskedLM(config)
    with pytest.raises(ValueError, match=message):
        model(**{"input_ids": torch.zeros(2, 3, dtype=torch.int64)} | wrong)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (dict(vocab_size=0), "vocab_size: .* got 0"),
        (dict(num_hidden_layers=1.5), "num_hidden_layers: .* got 1.5"),
        (dict(num_attention_heads=3), "num_heads: expected a divisor of hidden_size 128"),
        (dict(hidden_act="swish"), "hidden_act: expected one of gelu"),
        (dict(dropout=2), "dropout: .* got 2"),
    ],
)
def test_settings_that_make_no_sense(wrong, message):
    with pytest.raises(ValueError, match=message):
        BertConfig(**wrong)


@pytest.mark.parametrize("labels", ["ab", ["a"], ["a", "a"]])
def test_labels_that_make_no_sense(labels):
    with pytest.raises(ValueError, match="labels: expected at least two different"):
        BertForSequenceClassification(BertConfig(vocab_size=40, **SIZES[0]), labels)


def test_damaged_files(tmp_path):
    path = saved(oracle(**SIZES[0]), tmp_path) / "model.safetensors"
    tensors = load_file(path)
    name = "bert.encoder.layer.1.attention.self.key.weight"

    save_file({n: t for n, t in tensors.items() if n != name}, path)
    with pytest.raises(ValueError, match="missing bert.encoder.layer.1.attention.self.key.weight"):
        BertForMaskedLM.from_pretrained(tmp_path)

    bad = tensors[name].clone()
    bad[0, 0] = torch.nan
    save_file(tensors | {name: bad}, path)
    with pytest.raises(ValueError, match="attention.self.query.weight"):
        BertForMaskedLM.from_pretrained(tmp_path)

    save_file(tensors, path)
    raw = json.loads((tmp_path / "config.json").read_text())
    for wrong, message in [
        ({"vocab_size": 41}, "word_embeddings.weight: expected shape"),
        ({"is_decoder": True}, "is_decoder: expected False, got True"),
        ({"position_embedding_type": "relative_key"}, "position_embedding_type"),
        ({"model_type": "gpt2"}, "expected a model_type of 'bert', got 'gpt2'"),
        ({"hidden_act": "silu"}, "hidden_act"),
    ]:
        (tmp_path / "config.json").write_text(json.dumps(raw | wrong))
        with pytest.raises(ValueError, match=message):
            BertForMaskedLM.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="expected JSON"):
        BertForMaskedLM.from_pretrained(tmp_path)


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        BertForMaskedLM.from_pretrained(tmp_path)
    with pytest.raises(FileNotFoundError, match="expected a directory"):
        BertForMaskedLM.from_pretrained(tmp_path / "not there" / "at all")
