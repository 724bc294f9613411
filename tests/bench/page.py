"""What the built chapters weigh, and how fast their widgets start and answer."""

import os
import resource
import statistics
import tempfile
from pathlib import Path

from tests.bench.measuring import spread
from tests.chromium import BROWSER_ARGS, find
from tests.conftest import build_book
from tests.serving import serve_gzipped

ROOT = Path(__file__).parent.parent.parent
# Another build to measure, such as that of the commit before.
BOOK = Path(os.environ.get("BOOK", ROOT / "_build" / "html"))
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


def typed(selector: str, value: str, which: int = 0) -> str:
    """A script that types a value, an expression of i, into one of the inputs found."""
    return f"""
          const box = document.querySelectorAll({selector!r})[{which}];
          box.value = {value};
          box.dispatchEvent(new Event("input", {{bubbles: true}}));"""


# What a reader does on each page, again and again: the i-th time as a script.
ANSWERS = {
    "3_1_cnn": {
        "KernelExplorer, a weight edited, 256 x 256": typed(".ke-kernel input", "String(i / 100)"),
        "ConvLive, a stroke goes on, whole network": """
          const paper = document.querySelector(".lw-paper");
          const box = paper.getBoundingClientRect();
          const at = {clientX: box.left + 20 + 2 * (i % 60), clientY: box.top + 30 + (7 * i) % 100};
          const event = {...at, pointerId: 1, button: 0, buttons: 1, bubbles: true};
          paper.setPointerCapture = () => {};
          if (!i) paper.dispatchEvent(new PointerEvent("pointerdown", event));
          paper.dispatchEvent(new PointerEvent("pointermove", event));""",
        "ConvLive, a weight edited, whole network": typed(
            '[data-widget="conv-live"] input[type=text]', "String(i / 100)"
        ),
    },
    "3_2_rnn": {
        "GateExplorer, a number edited, two networks": typed(".ge-value", "String(i / 100)"),
        "GateExplorer, the last of 40 characters typed": typed(
            ".ge-typed", '"Return the indices of the elements that".slice(0, 39) + "ab"[i % 2]', 1
        ),
    },
    "3_3_self_attention": {
        "AttentionExplorer, a number edited": typed("input.ax-cell", "String(i / 100)"),
        "AttentionExplorer, a word of a model's maps": """
          const words = document.querySelectorAll("button.ax-word");
          words[i % words.length].click();""",
    },
    "3_4_transformer": {
        "GenerationView, a token written by the whole GPT": """
          document.querySelector(".gv-actions button").click();""",
        "GenerationView, the temperature moved": drag("generation-view"),
    },
    "2_concepts": {
        "LabelCurves, the number of labels dragged": drag("label-curves"),
    },
    "4_1_train_bert": {
        "CheckpointScrubber, dragged to another step": drag("checkpoint-scrubber"),
    },
    "4_2_infer_bert": {
        "BertLive, another token hidden, 15 tokens": """
          document.querySelectorAll(".bp-token")[1 + (i % 13)].click();""",
        "BertLive, the last of 32 tokens typed": typed(
            ".bp-input", '"the number of nodes ".repeat(7) + ["in", "of"][i % 2]'
        ),
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
        print(f"{first} alive after, milliseconds, {name}: {spread([a[first] for a in alive])}")
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
