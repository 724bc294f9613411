"""Our BERT beside transformers': steps, readings, pretraining."""

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F

from large_models.data import docstrings, masking, tokenizer
from large_models.experiments import pretrain
from large_models.models.bert import BertConfig, BertForMaskedLM
from tests.bench.measuring import milliseconds, one_thread, spread

BERTS = [  # sizes, texts, tokens, repeats
    (dict(vocab_size=4096, hidden_size=128, num_hidden_layers=2, num_attention_heads=4,
          intermediate_size=512, max_position_embeddings=128), 16, 64, 15),
    (dict(vocab_size=30522, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
          intermediate_size=3072, max_position_embeddings=512), 8, 128, 3),
]  # fmt: skip


def bench_bert() -> None:
    """Print the time of a training step and of pretraining beside transformers' BertForMaskedLM."""
    print("\nBERT on one thread, float32: a training step, milliseconds: median (middle half)")
    print(f"{'':>22}  {'eager':>24}  {'sdpa':>24}  {'ours':>24}  ratio to the faster")
    with one_thread():
        for sizes, B, T, repeats in BERTS:
            *theirs, ours = milliseconds(*_bert_steps(sizes, B, T), repeats=repeats)
            ratio = min(map(statistics.median, theirs)) / statistics.median(ours)
            name = f"{sizes['num_hidden_layers']} x {sizes['hidden_size']}, {B} x {T}"
            spreads = "  ".join(f"{spread(times):>24}" for times in (*theirs, ours))
            print(f"{name:>22}  {spreads}  {ratio:.2f}")
        print("reading only, milliseconds")
        for sizes, B, T, repeats in [(BERTS[0][0], 1, 32, 60), *BERTS]:
            *theirs, ours = milliseconds(*_bert_readings(sizes, B, T), repeats=repeats)
            ratio = min(map(statistics.median, theirs)) / statistics.median(ours)
            name = f"{sizes['num_hidden_layers']} x {sizes['hidden_size']}, {B} x {T}"
            spreads = "  ".join(f"{spread(times):>24}" for times in (*theirs, ours))
            print(f"{name:>22}  {spreads}  {ratio:.2f}")
        _bench_pretraining()


def _bert_readings(sizes: dict[str, int], B: int, T: int) -> list[Callable[[], object]]:
    """All scores of a batch, without gradients: theirs with each kind of attention, and ours."""
    ids = torch.randint(5, sizes["vocab_size"], (B, T), generator=torch.Generator().manual_seed(0))
    there = torch.ones_like(ids).bool()

    def reading(model, *arguments: torch.Tensor) -> Callable[[], object]:
        model.eval()
        return torch.no_grad()(lambda: model(*arguments))

    ours = BertForMaskedLM(BertConfig(**sizes, dropout=0.0))
    theirs = [reading(_their_bert(sizes, kind), ids, there.long()) for kind in ("eager", "sdpa")]
    return [*theirs, reading(ours, ids, there)]


def _bert_steps(sizes: dict[str, int], B: int, T: int) -> list[Callable[[], object]]:
    """A step of theirs with each kind of attention, and of ours; all with the same optimizer."""
    ids = torch.randint(5, sizes["vocab_size"], (B, T), generator=torch.Generator().manual_seed(0))
    at = torch.rand(B, T, generator=torch.Generator().manual_seed(1)) < 0.15
    labels, there = torch.where(at, ids, -100), torch.ones_like(at)

    def theirs(kind: str) -> Callable[[], object]:
        model = _their_bert(sizes, kind)
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)

        def step() -> None:
            optimizer.zero_grad()
            model(ids, attention_mask=there.long(), labels=labels).loss.backward()
            optimizer.step()

        return step

    model = BertForMaskedLM(BertConfig(**sizes, dropout=0.0)).train()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)

    def ours() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(ids, there, at=at), ids[at]).backward()
        optimizer.step()

    return [theirs("eager"), theirs("sdpa"), ours]


def _their_bert(sizes: dict[str, int], kind: str):
    from transformers import BertConfig as Config
    from transformers import BertForMaskedLM as Model

    config = Config(**sizes, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    config._attn_implementation = kind
    return Model(config).train()


def _bench_pretraining(steps: int = 12) -> None:
    """Real tokens a second of whole steps, masking and batching included."""
    from transformers import DataCollatorForLanguageModeling, PreTrainedTokenizerFast

    tokens = tokenizer.train_wordpiece(docstrings.load("train").sentences, 4096)
    texts = masking.Texts("train", tokens)
    # Theirs gets the sentences as they are, as their Trainer would, and once our packed texts.
    alone, packed = (texts.texts(np.random.default_rng(0), alone=share) for share in (1.0, 0.3))
    sizes = {name: getattr(pretrain.SHIPPED, name) for name in BERTS[0][0]}
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokens, pad_token="[PAD]", mask_token="[MASK]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]",
    )  # fmt: skip
    collate = DataCollatorForLanguageModeling(wrapped)
    theirs = _their_bert(sizes, "sdpa")
    ours = BertForMaskedLM(pretrain.SHIPPED).train()
    optimizers = [
        torch.optim.AdamW(model.parameters(), 1e-4, fused=True) for model in (theirs, ours)
    ]
    rng = np.random.default_rng(1)
    batches = pretrain.batches(texts)(torch.Generator().manual_seed(0))
    stream = iter(batches)

    def their_step(made: list) -> int:
        batch_size = round(pretrain.BUDGET * len(made) / sum(map(len, made)))  # tokens as ours
        rows = rng.integers(0, len(made), batch_size)
        batch = collate([{"input_ids": made[row]} for row in rows])
        optimizers[0].zero_grad()
        theirs(**batch).loss.backward()
        optimizers[0].step()
        return sum(len(made[row]) for row in rows)

    def our_step() -> int:
        batch = next(stream)
        optimizers[1].zero_grad()
        pretrain.loss(ours, batch).backward()
        optimizers[1].step()
        return int((batch[3] != masking.PAD).sum())

    ways = {
        "transformers, sentences": lambda: their_step(alone),
        "transformers, our packed texts": lambda: their_step(packed),
        "ours": our_step,
    }
    rates = {way: [] for way in ways}
    for i in range(steps + 1):
        for way, step in ways.items():
            start = time.perf_counter()
            count = step()
            if i:
                rates[way].append(count / (time.perf_counter() - start))
    print("pretraining the shipped BERT, real tokens a second:")
    ours_rate = statistics.median(rates["ours"])
    for way, found in rates.items():
        rate = statistics.median(found)
        print(f"{way:>31}  {rate:8,.0f}  ratio {ours_rate / rate:.2f}")
