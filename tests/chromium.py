"""Find a Chromium for the browser tests, and what runs it; as a script, install what is missing.

    python tests/chromium.py     # prints its path

Looked for in this order: the environment variable CHROMIUM, the usual names on PATH, the one that
Playwright installed. The shell without windows comes first: it opens a page in half the processor
time of a whole browser. Playwright drives it by a Node of its own, which needs libatomic. Where
something is missing: the system's packages when run as root on Debian or Ubuntu, else Playwright's
own browser, else one sentence that names the packages.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The flags keep a browser that tests start from calling home.
BROWSER_ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SHELL = "chromium-headless-shell"
NAMES = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """Path of a Chromium that starts, or None."""
    named = [os.environ.get("CHROMIUM"), *(shutil.which(name) for name in NAMES)]
    found = next((path for path in named if path and _starts(path)), None)
    return found or next((path for path in _own() if _starts(path)), None)


def missing() -> list[str]:
    """Debian's names of the packages without which the browser tests cannot run."""
    packages = [] if _starts(str(_driver()), "v") else ["libatomic1"]
    return packages if find() else ["chromium", *packages]


def _packaged() -> bool:
    """Whether this process may install Debian's packages."""
    return bool(shutil.which("apt-get")) and os.geteuid() == 0


def _apt(*arguments: str, stderr: int | None = None) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", "-y", *arguments]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=stderr, env=env, check=False)


def _get_shell() -> None:
    """Not needed, and not known everywhere."""
    if _packaged() and not shutil.which(SHELL) and "CHROMIUM" not in os.environ:
        _apt("install", SHELL, stderr=subprocess.DEVNULL)


def install() -> None:
    """Install what is missing, by the system's package manager if that is possible."""
    if _packaged():
        _apt("update")
        _get_shell()
        for package in missing():  # one by one: the first may be unknown where the second is not
            _apt("install", package)
    if not find() and _starts(str(_driver()), "v"):
        system = ["--with-deps"] if os.geteuid() == 0 else []
        command = [sys.executable, "-m", "playwright", "install", *system, "chromium"]
        subprocess.run(command, stdout=sys.stderr, check=False)


def _driver() -> Path:
    """The Node that Playwright brings along."""
    import playwright

    return Path(playwright.__file__).parent / "driver" / ("node.exe" if os.name == "nt" else "node")


def _own() -> list[str]:
    """Where Playwright puts its own browser; looked up without starting Playwright."""
    homes = [
        os.environ.get("PLAYWRIGHT_BROWSERS_PATH"),
        Path.home() / ".cache/ms-playwright",
        Path.home() / "Library/Caches/ms-playwright",
        Path.home() / "AppData/Local/ms-playwright",
    ]
    patterns = (
        "chromium_headless_shell-*/chrome*/*headless*shell",
        "chromium-*/chrome-linux*/chrome",
        "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
        "chromium-*/chrome-win*/chrome.exe",
    )
    found = (sorted(Path(home).glob(p), reverse=True) for p in patterns for home in homes if home)
    return [str(path) for some in found for path in some]


def _starts(path: str, says: str = "Chrom") -> bool:
    # Ubuntu's `chromium-browser` can be a stub that only says how to install the real one.
    try:
        found = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and says in found.stdout


def main() -> None:
    if missing():
        install()
    else:
        _get_shell()
    left = missing()
    if left:
        sys.exit(
            f"The browser tests need {' and '.join(left)}: have them installed (on Debian and "
            f"Ubuntu: sudo apt-get install {' '.join(left)}), or set CHROMIUM to a browser's path."
        )
    print(find())


if __name__ == "__main__":
    main()
