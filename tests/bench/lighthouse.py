"""Lighthouse on every chapter, as a phone sees it. Deno fetches it from the npm registry."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from deno import find_deno_bin

from tests.bench.page import BOOK
from tests.chromium import BROWSER_ARGS, find
from tests.serving import serve_gzipped

LIGHTHOUSE = "npm:lighthouse@12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


def bench_lighthouse() -> None:
    """Print each chapter's scores, 0 to 1, on a simulated phone: the median of three runs."""
    print("\nLighthouse 12, mobile: " + ", ".join(CATEGORIES))
    with serve_gzipped(BOOK) as address:
        for page in sorted((BOOK / "chapters").glob("[0-9]*.html")):
            runs = [_scores(f"{address}/chapters/{page.name}") for _ in range(3)]
            middle = [sorted(values)[1] for values in zip(*runs, strict=True)]
            print(f"{page.stem:>22}  " + "  ".join(f"{score:.2f}" for score in middle), flush=True)


def _scores(url: str) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        options = ["--output=json", f"--output-path={out}", "--quiet"]
        flags = f"--chrome-flags=--headless=new {' '.join(BROWSER_ARGS)}"
        command = [find_deno_bin(), "run", "-A", "--no-config", "--no-lock", LIGHTHOUSE]
        done = subprocess.run(
            [*command, url, *options, flags],
            env=os.environ | {"CHROME_PATH": find()},
            capture_output=True,
            text=True,
            check=False,
        )
        if not out.is_file():
            raise SystemExit(f"Lighthouse did not run: {done.stderr.strip()[-500:]}")
        found = json.loads(out.read_text("utf-8"))["categories"]
    return [found[name]["score"] for name in CATEGORIES]
