"""Find a Chromium for the browser tests; as a script, install one if there is none.

    python tests/chromium.py     # prints its path

Looked for in this order: the environment variable CHROMIUM, the usual names on PATH, the one that
Playwright installed. If there is none: the system's package when run as root on Debian or Ubuntu,
else Playwright's own.
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
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """Path of a Chromium that starts, or None."""
    candidates = [os.environ.get("CHROMIUM"), *(shutil.which(name) for name in NAMES), _own()]
    return next((path for path in candidates if path and _starts(path)), None)


def install() -> None:
    """Install a Chromium, by the system's package manager if that is possible."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {
            "stdout": subprocess.DEVNULL,
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        }
        subprocess.run(["apt-get", "update", "-qq"], **quiet)
        subprocess.run(["apt-get", "install", "-qq", "-y", "chromium"], **quiet)
        if find():
            return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])


def _own() -> str | None:
    """Where Playwright puts its own browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _starts(path: str) -> bool:
    # Ubuntu's `chromium-browser` can be a stub that only says how to install the real one.
    try:
        found = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return found.returncode == 0 and "Chrom" in found.stdout


if __name__ == "__main__":
    if not find():
        install()
    sys.exit(
        print(find()) if find() else "No Chromium found: install one, or set CHROMIUM to its path"
    )
