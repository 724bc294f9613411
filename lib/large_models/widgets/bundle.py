"""Each widget's JavaScript and styles as the page gets them: bundles/NAME.js and bundles/NAME.css.

    python -m large_models.widgets.bundle             # `make widgets`: bundles anew what is stale
    python -m large_models.widgets.bundle timeline    # this widget's alone

A widget's source is NAME/view.js and whatever that imports. Deno (its wheel is among the tests'
requirements) makes one minified ES module of them, whose only export is the widget; likewise one
sheet of kit/core.css and of each PART.css beside an imported PART.js. The first line of both says
from which sources they were made, so that a reader needs no tool and a test knows a stale bundle
without one.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from anywidget._file_contents import VirtualFileContents

HERE = Path(__file__).parent
BUNDLES = HERE / "bundles"
KINDS = {"js": "// {}", "css": "/* {} */"}
_SAID = "Made by `make widgets` of sources with the SHA-256 {}. Do not edit."
# Over several lines, in either quotes. What a comment or a text holds may match too: harmless, as
# a file that is not imported only has the bundle made again too often.
_IMPORT = re.compile(r"""\b(?:from|import)\s*\(?\s*(["'])(\.{1,2}/[^"'\n]+)\1""")


def names() -> list[str]:
    """The widgets that have a source of their own."""
    views = sorted(HERE.glob("*/view.js"))
    widgets = [p for p in views if re.search(r"^export default\b", p.read_text("utf-8"), re.M)]
    return [path.parent.name for path in widgets]


def scripts(source: Path) -> list[Path]:
    """What a script imports, and what that imports, each before who imports it; then itself."""
    found: dict[Path, None] = {}
    met: set[Path] = set()

    def add(path: Path) -> None:
        met.add(path)
        for _, name in _IMPORT.findall(path.read_text("utf-8")):
            part = (path.parent / name).resolve()
            if part not in met and part.is_file():
                add(part)
        found[path] = None

    add(source.resolve())
    return list(found)


def sources(name: str, kind: str) -> list[Path]:
    """The files that a widget's bundle of one of `KINDS` is made from, in their order."""
    parts = scripts(HERE / name / "view.js")
    if kind == "js":
        return parts
    sheets = [HERE / "kit/core.css"] + [part.with_suffix(".css") for part in parts]
    return [path for path in sheets if path.is_file()]


def banner(name: str, kind: str) -> str:
    """The first line of an up-to-date bundle."""
    text = "".join(path.read_text("utf-8") for path in sources(name, kind))
    made = hashlib.sha256(text.encode()).hexdigest()
    return KINDS[kind].format(_SAID.format(made)) + "\n"


def stale(name: str, kind: str) -> bool:
    """Whether a bundle is missing or was made from other sources."""
    path = BUNDLES / f"{name}.{kind}"
    return not path.is_file() or not path.read_text("utf-8").startswith(banner(name, kind))


def bundle(name: str, kind: str) -> str:
    """The bundle's text, made anew.

    Raises:
        RuntimeError: with what Deno said, if it could not.
    """
    first = banner(name, kind)
    source = HERE / name / "view.js"
    if kind == "js":
        return first + joined(source)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{name}.css"
        source.write_text("".join(p.read_text("utf-8") for p in sources(name, kind)), "utf-8")
        return first + joined(source)


def joined(source: Path) -> str:
    """A script or a sheet and all that it imports, minified.

    Raises:
        RuntimeError: with what Deno said, if it could not.
    """
    from deno import find_deno_bin

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"out{source.suffix}"
        command = [find_deno_bin(), "bundle", "--quiet", "--no-config", "--no-lock", "--minify"]
        done = subprocess.run(
            [*command, "--platform", "browser", source, "--output", out],
            capture_output=True,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
        )
        if done.returncode or not out.is_file():
            raise RuntimeError(f"{source} could not be bundled: {done.stderr.strip()}")
        return _readable(out.read_text("utf-8")).strip() + "\n"


def _readable(text: str) -> str:
    """With letters instead of their escapes, which are twice as long."""
    return re.sub(
        r"(?<!\\)((?:\\\\)*)\\u([0-9A-Fa-f]{4})",
        lambda m: m[1] + chr(int(m[2], 16)) if chr(int(m[2], 16)).isprintable() else m[0],
        text,
    )


def refresh(name: str, kind: str) -> str:
    """The text of a bundle, made and written anew if it is stale."""
    path = BUNDLES / f"{name}.{kind}"
    if stale(name, kind):
        BUNDLES.mkdir(exist_ok=True)
        path.write_text(bundle(name, kind), "utf-8")
    return path.read_text("utf-8")


_watched: dict[tuple[str, str], VirtualFileContents] = {}


def watched(name: str, kind: str) -> VirtualFileContents:
    """The same as an object that anywidget sends again whenever a source changes (`make lab`)."""
    if not _watched:
        threading.Thread(target=_watch, daemon=True).start()
    return _watched.setdefault((name, kind), VirtualFileContents(refresh(name, kind)))


def _watch(seconds: float = 0.5) -> None:
    said = None
    while True:
        threading.Event().wait(seconds)
        error = look()
        if error and error != said:
            print(error)
        said = error


def look() -> str | None:
    """Bundle anew what is watched and stale. Half an edit waits for its rest: why, or None."""
    for (name, kind), contents in list(_watched.items()):
        try:
            text = refresh(name, kind)
        except (RuntimeError, OSError) as error:
            return str(error)
        if text != contents.contents:
            contents.contents = text
    return None


def main(only: list[str]) -> None:
    wanted = {f"{name}.{kind}": (name, kind) for name in names() for kind in KINDS}
    unknown = sorted(set(only) - set(names()))
    if unknown:
        raise SystemExit(f"No widget {', '.join(unknown)}: expected some of {', '.join(names())}")
    asked = {file: which for file, which in wanted.items() if not only or which[0] in only}
    made = [file for file, which in asked.items() if stale(*which)]
    for file in made:
        refresh(*wanted[file])
    gone = [path for path in BUNDLES.iterdir() if path.name not in wanted]
    for path in gone:
        path.unlink()
    print(f"Bundled: {', '.join(made) or 'nothing, all are up to date'}")


if __name__ == "__main__":
    main(sys.argv[1:])
