"""What several test folders need: a real browser, the built book, and one Hypothesis profile."""

import functools
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import hypothesis
import pytest

from tests.chromium import BROWSER_ARGS, find
from tests.serving import Server

ROOT = Path(__file__).parent.parent

# No clock decides, the same cases at every run, and a failure prints how to repeat it.
hypothesis.settings.register_profile(
    "book", deadline=None, derandomize=True, database=None, print_blob=True
)
hypothesis.settings.register_profile(
    "fast", hypothesis.settings.get_profile("book"), max_examples=5
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "book"))


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A Chromium that starts. Having none is a failure, not a skip: `make browser` installs one."""
    path = find()
    assert path, "No Chromium found: run `make browser`, or set CHROMIUM to the path of one."
    return path


@pytest.fixture(scope="session")
def browser(chromium_path):
    """Playwright's synchronous browser, one for the whole session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=BROWSER_ARGS)
        yield started
        started.close()


@dataclass(frozen=True)
class Book:
    """A built book: its folder, and what building it said."""

    html: Path
    log: str


def build_book(source: Path, out: Path, builder: str = "html") -> Book:
    """Run `jupyter-book build` from nothing, every warning an error."""
    command = [Path(sys.executable).parent / "jupyter-book", "build", source, "--path-output", out]
    if builder != "html":
        command += ["--builder", "custom", "--custom-builder", builder]
    done = subprocess.run(
        [*command, "-W", "-n", "--keep-going"], capture_output=True, text=True, check=False
    )
    log = done.stdout + done.stderr
    assert done.returncode == 0, log[-4000:]
    return Book(out / "_build" / builder, log)


@pytest.fixture(scope="session")
def build(tmp_path_factory) -> Book:
    """The book, built from nothing; or the one in the folder that BOOK names."""
    if "BOOK" in os.environ:
        return Book(Path(os.environ["BOOK"]).resolve(), "")
    return build_book(ROOT, tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="session")
def book(build) -> Path:
    """The folder of the built book."""
    return build.html


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.fixture(scope="session")
def serve():
    """A function: the address at which a folder is served, on this machine only."""
    servers = []

    def start(folder: Path) -> str:
        handler = functools.partial(_Quiet, directory=str(folder))
        server = Server(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def book_url(book, serve) -> str:
    """Where the built book is served."""
    return serve(book)


@pytest.fixture(scope="session")
def small_book(tmp_path_factory):
    """A function that builds a small book with this one's settings from {file name: text}."""

    def make(files: dict[str, str]) -> Book:
        source = tmp_path_factory.mktemp("small")
        shutil.copy(ROOT / "_config.yml", source)
        (source / "book").symlink_to(ROOT / "book")
        (source / "references.bib").write_text("")
        for name, text in files.items():
            (source / name).parent.mkdir(exist_ok=True)
            (source / name).write_text(text, "utf-8")
        first, *others = [name.rsplit(".", 1)[0] for name in files]
        chapters = "".join(f"  - file: {name}\n" for name in others)
        (source / "_toc.yml").write_text(
            f"format: jb-book\nroot: {first}\n" + (f"chapters:\n{chapters}" if others else "")
        )
        return build_book(source, tmp_path_factory.mktemp("built"))

    return make


@dataclass
class Watched:
    """What went wrong while a page was open."""

    console: list[str]
    outside: list[str]
    failed: list[str]


def watch(context, url: str):
    """A new page in a context, not open yet: (page, Watched). Nothing outside `url` is reached."""
    page, seen = context.new_page(), Watched([], [], [])
    home = url.split("/_build/")[0] if url.startswith("file:") else "/".join(url.split("/")[:3])

    def answer(route, request):
        if request.url.startswith((home, "data:", "blob:")):
            route.continue_()
        else:
            seen.outside.append(request.url)
            route.abort()

    def said(message):
        if message.type in ("error", "warning"):
            seen.console.append(message.text)

    context.route("**/*", answer)
    page.on("console", said)
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("requestfailed", lambda request: seen.failed.append(request.url))
    page.on("response", lambda r: r.status >= 400 and seen.failed.append(r.url))
    return page, seen


@pytest.fixture
def open_page(browser):
    """A function that opens an address and watches: (page, Watched). Nothing outside is reached."""
    contexts = []

    def open_(url: str, **options):
        contexts.append(browser.new_context(**options))
        page, seen = watch(contexts[-1], url)
        page.goto(url)
        return page, seen

    yield open_
    for context in contexts:
        context.close()
