"""How fast it is: `make bench`, or `python -m tests.bench`.

Every figure is a median over interleaved repeats, so that what else the machine does falls on all
alike; the spread is the middle half of the repeats.
"""

import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from threadpoolctl import threadpool_limits

from large_models.data import docstrings, masking, tokenizer
from large_models.experiments import pretrain
from large_models.formulas.cnn import conv2d, conv2d_loops
from large_models.models import rnn as models
from large_models.models.bert import BertConfig, BertForMaskedLM
from large_models.models.gpt import GPT
from tests.chromium import BROWSER_ARGS, find
from tests.conftest import build_book
from tests.serving import serve_gzipped

ROOT = Path(__file__).parent.parent
BOOK = ROOT / "_build" / "html"
WEIGHTS = ROOT / "weights"
SLOW_LINE = {  # bytes a second, milliseconds
    "offline": False,
    "latency": 40,
    "downloadThroughput": 10_000_000 / 8,
    "uploadThroughput": 10_000_000 / 8,
}
# The first widget starts at once, the others when they are near: `lwPage.startAll()` starts them.
READY = """() => document.querySelector("[data-widget]")?.dataset.state === "ready" """
# Notes in window.alive when each widget became ready, since the page was asked for.
WATCH = """(() => {
  window.alive = {};
  new MutationObserver(() => {
    for (const w of document.querySelectorAll("[data-widget][data-state=ready]")) {
      window.alive[w.dataset.widget] ??= performance.now();
    }
  }).observe(document, {subtree: true, childList: true, attributes: true});
})();"""
# The time of an event's handlers and of the drawing that they ask for in the next frame.
ANSWER = """async (script) => {
  const act = new Function("i", script);
  const times = [];
  for (let i = 0; i < 60; i++) {
    // Callbacks of one frame run in the order in which they were asked for: the first here, then
    // the widget's drawing, then the last here.
    await new Promise(requestAnimationFrame);
    let drawing;
    requestAnimationFrame(() => { drawing = performance.now(); });
    const start = performance.now();
    act(i);
    const handled = performance.now() - start;
    times.push(handled + await new Promise((done) => {
      requestAnimationFrame(() => done(performance.now() - drawing));
    }));
  }
  return times;
}"""


def drag(widget: str, which: int = 0) -> str:
    """A script that moves one of a widget's sliders over its whole range."""
    return f"""
          const sliders = document.querySelectorAll('[data-widget="{widget}"] input[type=range]');
          const slider = sliders[{which}];
          const [low, high, step] = [slider.min, slider.max, slider.step || 1].map(Number);
          slider.value = String(low + step * ((7 * i) % (1 + Math.round((high - low) / step))));
          slider.dispatchEvent(new Event("input", {{bubbles: true}}));"""


# What a reader does on each page, again and again: the i-th time as a script.
ANSWERS = {
    "3_1_cnn": {
        "KernelExplorer, a weight edited, 256 x 256": """
          const cell = document.querySelector(".ke-kernel input");
          cell.value = String(i / 100);
          cell.dispatchEvent(new Event("input", {bubbles: true}));""",
        "ConvLive, a stroke goes on, whole network": """
          const paper = document.querySelector(".lw-paper");
          const box = paper.getBoundingClientRect();
          const at = {clientX: box.left + 20 + 2 * (i % 60), clientY: box.top + 30 + (7 * i) % 100};
          const event = {...at, pointerId: 1, button: 0, buttons: 1, bubbles: true};
          paper.setPointerCapture = () => {};
          if (!i) paper.dispatchEvent(new PointerEvent("pointerdown", event));
          paper.dispatchEvent(new PointerEvent("pointermove", event));""",
        "ConvLive, a weight edited, whole network": """
          const cell = document.querySelector(".cl-cell");
          cell.value = String(i / 100);
          cell.dispatchEvent(new Event("input", {bubbles: true}));""",
    },
    "3_2_rnn": {
        "GateExplorer, a number edited, two networks": """
          const box = document.querySelector(".ge-value");
          box.value = String(i / 100);
          box.dispatchEvent(new Event("input", {bubbles: true}));""",
        "GateExplorer, the last of 40 characters typed": """
          const box = document.querySelectorAll(".ge-typed")[1];
          box.value = "Return the indices of the elements that".slice(0, 39) + "ab"[i % 2];
          box.dispatchEvent(new Event("input", {bubbles: true}));""",
    },
    "3_3_self_attention": {
        "AttentionExplorer, a number edited": """
          const cell = document.querySelector("input.ax-cell");
          cell.value = String(i / 100);
          cell.dispatchEvent(new Event("input", {bubbles: true}));""",
        "AttentionExplorer, a word of a model's maps": """
          const words = document.querySelectorAll("button.ax-word");
          words[i % words.length].click();""",
    },
    "3_4_transformer": {
        "GenerationView, a token written by the whole GPT": """
          document.querySelector(".gv-actions button").click();""",
        "GenerationView, the temperature moved": """
          const slider = document.querySelector(".gv-slider input");
          slider.value = String(i);
          slider.dispatchEvent(new Event("input", {bubbles: true}));""",
    },
    "2_concepts": {
        "LabelCurves, the number of labels dragged": """
          const slider = document.querySelector(".lc-slider input");
          slider.value = String(i % 6);
          slider.dispatchEvent(new Event("input", {bubbles: true}));""",
    },
    "4_1_train_bert": {
        "CheckpointScrubber, dragged to another step": """
          const slider = document.querySelector(".cs-slider input");
          slider.value = String(i % 5);
          slider.dispatchEvent(new Event("input", {bubbles: true}));""",
    },
    "4_2_infer_bert": {
        "BertLive, another token hidden, 15 tokens": """
          document.querySelectorAll(".bp-token")[1 + (i % 13)].click();""",
        "BertLive, the last of 32 tokens typed": """
          const box = document.querySelector(".bp-input");
          box.value = "the number of nodes ".repeat(7) + ["in", "of"][i % 2];
          box.dispatchEvent(new Event("input", {bubbles: true}));""",
    },
    "1_background": {"Timeline, the start of the fit dragged": drag("timeline")},
    "1_2_areas": {
        "SpeechLab, the noise dragged, whole network": drag("speech-lab"),
        "GameBoard, another amount of practice": drag("game-board"),
    },
    "5_1_trends": {"TrainingBudget, the parameters dragged": drag("training-budget")},
    "5_2_1_privacy": {
        "PrivacyDial, another noise": drag("privacy-dial"),
        "PrivacyDial, the threshold dragged": drag("privacy-dial", 1),
    },
    "5_2_2_compression": {"Compressor, the bits dragged, the first 100": drag("compressor")},
    "5_2_3_explanation": {
        "Explainer, the pixels to erase dragged": drag("explainer", 2),
        "Explainer, the steps dragged": drag("explainer"),
    },
}
REPEATS = 30
BERTS = [  # sizes, texts, tokens, repeats
    (dict(vocab_size=4096, hidden_size=128, num_hidden_layers=2, num_attention_heads=4,
          intermediate_size=512, max_position_embeddings=128), 16, 64, 15),
    (dict(vocab_size=30522, hidden_size=768, num_hidden_layers=12, num_attention_heads=12,
          intermediate_size=3072, max_position_embeddings=512), 8, 128, 3),
]  # fmt: skip
CASES = [  # x, weight
    ((32, 16, 32, 32), (32, 16, 3, 3)),
    ((64, 1, 28, 28), (8, 1, 5, 5)),
]


def bench_numpy() -> None:
    """Print the time of `conv2d` beside torch's, float32, one thread, and that of the loops."""
    print("Convolution on one thread, float32, milliseconds: median (middle half)")
    print(f"{'x':>18}  {'weight':>14}  {'torch':>20}  {'conv2d':>20}  {'ratio':>5}  conv2d_loops")
    with _one_thread():
        for shapes in CASES:
            _bench_convolution(*shapes)


def bench_rnn(B: int = 64, T: int = 100, C: int = 64, hidden_size: int = 128) -> None:
    """Print the time of our recurrent modules beside torch's: forward and backward, one thread."""
    print(
        f"\nForward and backward on one thread, float32, B={B}, T={T}, C={C}, "
        f"hidden {hidden_size}, milliseconds: median (middle half)"
    )
    print(f"{'':>6}  {'torch':>22}  {'ours':>22}  ratio")
    with _one_thread():
        x = torch.randn(B, T, C, generator=torch.Generator().manual_seed(0), requires_grad=True)
        for kind in ("RNN", "LSTM", "GRU"):
            layers = [getattr(source, kind)(C, hidden_size, batch_first=True)
                      for source in (torch.nn, models)]  # fmt: skip
            layers[1].load_state_dict(layers[0].state_dict())
            calls = [lambda layer=layer: layer(x)[0].sum().backward() for layer in layers]
            theirs, ours = _milliseconds(*calls, repeats=REPEATS // 2)
            ratio = statistics.median(ours) / statistics.median(theirs)
            print(f"{kind:>6}  {_spread(theirs):>22}  {_spread(ours):>22}  {ratio:5.2f}")


def bench_gpt() -> None:
    """Print the time of 127 tokens with and without the cache, beside that of transformers."""
    from transformers import GPT2LMHeadModel

    ours = GPT.from_pretrained(WEIGHTS / "gpt-docs")
    theirs = GPT2LMHeadModel.from_pretrained(WEIGHTS / "gpt-docs").eval()
    start = torch.zeros(1, 1, dtype=torch.int64)
    wish = {"max_new_tokens": 127, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    with _one_thread():
        plain, cached, other = _milliseconds(
            lambda: ours.generate(start, 127, temperature=0, use_cache=False),
            lambda: ours.generate(start, 127, temperature=0),
            lambda: theirs.generate(start, attention_mask=torch.ones(1, 1), **wish),
            repeats=5,
        )
    print("\nThe shipped GPT writes 127 tokens on one thread, milliseconds: median (middle half)")
    for name, times in (("no cache", plain), ("cache", cached), ("transformers", other)):
        print(f"{name:>12}  {_spread(times):>22}")


def bench_bert() -> None:
    """Print the time of a training step and of pretraining beside transformers' BertForMaskedLM."""
    print("\nBERT on one thread, float32: a training step, milliseconds: median (middle half)")
    print(f"{'':>22}  {'eager':>24}  {'sdpa':>24}  {'ours':>24}  ratio to the faster")
    with _one_thread():
        for sizes, B, T, repeats in BERTS:
            *theirs, ours = _milliseconds(*_bert_steps(sizes, B, T), repeats=repeats)
            ratio = min(map(statistics.median, theirs)) / statistics.median(ours)
            name = f"{sizes['num_hidden_layers']} x {sizes['hidden_size']}, {B} x {T}"
            spreads = "  ".join(f"{_spread(times):>24}" for times in (*theirs, ours))
            print(f"{name:>22}  {spreads}  {ratio:.2f}")
        print("reading only, milliseconds")
        for sizes, B, T, repeats in [(BERTS[0][0], 1, 32, 60), *BERTS]:
            *theirs, ours = _milliseconds(*_bert_readings(sizes, B, T), repeats=repeats)
            ratio = min(map(statistics.median, theirs)) / statistics.median(ours)
            name = f"{sizes['num_hidden_layers']} x {sizes['hidden_size']}, {B} x {T}"
            spreads = "  ".join(f"{_spread(times):>24}" for times in (*theirs, ours))
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


def bench_browser() -> None:
    """Print what the built chapters weigh, and how fast their widgets start and answer.

    Measured in headless Chromium on the book in _build/html (`make book`), which is served gzipped
    and, where it says so, through a line of 10 Mbit/s and 40 ms.
    """
    from playwright.sync_api import sync_playwright

    for chapter in ANSWERS:
        if not (BOOK / "chapters" / f"{chapter}.html").is_file():
            raise SystemExit(f"{chapter}.html is not in {BOOK}: run `make book` first")
    chromium = find()
    with serve_gzipped(BOOK) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER_ARGS)
        for chapter, answers in ANSWERS.items():
            _bench_page(browser, f"{address}/chapters/{chapter}.html", chapter, answers)
        browser.close()


def _bench_page(browser, url: str, chapter: str, answers: dict[str, str]) -> None:
    print(f"\n{chapter}: {_page_weight(browser, url) / 1000:.0f} kB gzipped before interaction")
    for name, line in (("here", None), ("10 Mbit/s, 40 ms", SLOW_LINE)):
        alive = [_alive(browser, url, line) for _ in range(5)]
        first = next(iter(alive[0]))
        print(f"{first} alive after, milliseconds, {name}: {_spread([a[first] for a in alive])}")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(url)
    page.wait_for_function(READY)
    page.evaluate("lwPage.startAll()")
    # What is fetched on first use comes when a widget is seen or touched.
    for widget in page.locator("[data-widget]").all():
        widget.scroll_into_view_if_needed()
        widget.dispatch_event("pointerdown")
        page.wait_for_timeout(1000)
    page.wait_for_load_state("networkidle")
    for name, script in answers.items():
        times = page.evaluate(ANSWER, script)
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name}: {statistics.median(times):.1f} ms, 95th percentile {p95:.1f} ms")
    page.close()


def _page_weight(browser, url: str) -> int:
    """Bytes of the bodies that a first visit receives."""
    page = browser.new_page()
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(url)
    page.wait_for_function(READY)
    page.wait_for_load_state("networkidle")
    page.close()
    return sum(sizes)


def _alive(browser, url: str, line: dict | None) -> dict[str, float]:
    """Milliseconds from asking for the page until widgets are ready, with nothing cached."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    if line:
        context.new_cdp_session(page).send("Network.emulateNetworkConditions", line)
    page.add_init_script(WATCH)
    page.goto(url, wait_until="commit")
    page.wait_for_function(READY)
    times = page.evaluate("window.alive")
    context.close()
    return times


@contextmanager
def _one_thread() -> Iterator[None]:
    """NumPy and torch on one thread each."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)


def _bench_convolution(x_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal(x_shape, dtype=np.float32)
    weight = random.standard_normal(weight_shape, dtype=np.float32)
    bias = random.standard_normal(weight_shape[0], dtype=np.float32)
    tensors = [torch.from_numpy(array) for array in (x, weight, bias)]
    theirs, ours = _milliseconds(lambda: F.conv2d(*tensors), lambda: conv2d(x, weight, bias))
    # The loops take as long for each image: one is measured, all are reported.
    (loops,) = _milliseconds(lambda: conv2d_loops(x[:1], weight, bias), repeats=1)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(
        f"{str(x_shape):>18}  {str(weight_shape):>14}  {_spread(theirs):>20}  {_spread(ours):>20}  "
        f"{ratio:5.2f}  {loops[0] * len(x) / 1000:.0f} s"
    )


def _milliseconds(*calls: Callable[[], object], repeats: int = REPEATS) -> list[list[float]]:
    """Times of each call, the calls taking turns; one round more to warm up if there are many."""
    times = [[] for _ in calls]
    for round_ in range(-1 if repeats > 1 else 0, repeats):
        for call, taken in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            if round_ >= 0:
                taken.append((time.perf_counter() - start) * 1000)
    return times


def _spread(times: list[float]) -> str:
    low, median, high = statistics.quantiles(times, n=4)
    return f"{median:.2f} ({low:.2f}-{high:.2f})"


def bench_build() -> None:
    """Processor time of building the book from nothing, and per page."""
    pages = len(list((ROOT / "chapters").glob("*.*")))
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        build_book(ROOT, Path(folder))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"\nbuilding {pages} pages: {used:.1f} s of processor time, {used / pages:.2f} s per page"
    )


if __name__ == "__main__":
    bench_build()
    bench_numpy()
    bench_rnn()
    bench_gpt()
    bench_bert()
    bench_browser()
