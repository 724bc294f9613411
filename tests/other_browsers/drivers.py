"""Firefox and WebKitGTK, driven by what they speak themselves: WebDriver BiDi and WebDriver.

Debian's packages: firefox-esr; webkit2gtk-driver and xvfb. Playwright's own builds of both would do
as well where they can be had.
"""

import contextlib
import itertools
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
import websocket
from requests.adapters import HTTPAdapter
from urllib3 import Retry

START_LIMIT = 120  # seconds, on a busy machine
# Nothing but the page is asked for.
PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.newtabpage.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "captivedetect.canonicalURL": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """Speaks WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over a websocket."""

    packages = "firefox-esr"

    def __init__(self, ends: contextlib.ExitStack) -> None:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (folder / "user.js").write_text("\n".join(lines))
        binary = self.find()
        assert binary
        command = [binary, "--headless", "--remote-debugging-port=0", "--profile", str(folder)]
        process = subprocess.Popen(
            [*command, "--no-remote", "about:blank"],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "HOME": str(folder)},
        )
        ends.callback(stop, process)
        assert process.stderr
        said = (re.search(r"BiDi listening on (ws://\S+)", line) for line in process.stderr)
        address = next(match[1] for match in said if match)
        self._socket = websocket.create_connection(
            f"{address}/session", timeout=START_LIMIT, suppress_origin=True
        )
        ends.callback(self._socket.close)
        self._ids = itertools.count()
        self._send("session.new", capabilities={})
        self._page = self._send("browsingContext.getTree")["contexts"][0]["context"]

    @staticmethod
    def find() -> str | None:
        return shutil.which("firefox-esr") or shutil.which("firefox")

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, url: str) -> None:
        self._send("browsingContext.navigate", context=self._page, url=url, wait="complete")

    def ask(self, script: str) -> Any:
        """What an expression is (or will be, if it is a promise), through JSON."""
        said = self._send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({script})))()",
            target={"context": self._page},
            awaitPromise=True,
        )
        assert said["type"] == "success", said
        return json.loads(said["result"]["value"])


class WebKit:
    """Speaks WebDriver (https://www.w3.org/TR/webdriver2/) over HTTP; needs a screen, so Xvfb."""

    packages = "webkit2gtk-driver xvfb"

    def __init__(self, ends: contextlib.ExitStack) -> None:
        driver = self.find()
        assert driver
        read, write = os.pipe()
        screen = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        ends.callback(stop, screen)
        with os.fdopen(read) as number:
            display = f":{number.readline().strip()}"
        folder = ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        port = free_port()
        process = subprocess.Popen(
            [driver, f"--port={port}"],
            env={**os.environ, "DISPLAY": display, "GDK_BACKEND": "x11", "HOME": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends.callback(stop, process)
        self._asked = requests.Session()
        patience = Retry(total=None, connect=10, backoff_factor=0.1)  # up to 100 seconds
        self._asked.mount("http://", HTTPAdapter(max_retries=patience))
        self._url = f"http://127.0.0.1:{port}/session"
        started = self._post("", capabilities={})
        self._url += f"/{started['sessionId']}"
        ends.callback(self._asked.delete, self._url, timeout=START_LIMIT)
        self._post("/timeouts", script=1000 * START_LIMIT)

    @staticmethod
    def find() -> str | None:
        return shutil.which("WebKitWebDriver") if shutil.which("Xvfb") else None

    def _post(self, command: str, **params: Any) -> Any:
        answer = self._asked.post(self._url + command, json=params, timeout=2 * START_LIMIT).json()
        value = answer["value"]
        assert not (isinstance(value, dict) and "error" in value), value
        return value

    def open(self, url: str) -> None:
        self._post("/url", url=url)

    def ask(self, script: str) -> Any:
        """What an expression is (or will be, if it is a promise), through JSON."""
        said = self._post("/execute/sync", script=f"return ({script})", args=[])
        return said


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    process.wait(30)


def free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


@contextlib.contextmanager
def started(kind: type[Firefox] | type[WebKit]) -> Iterator[Firefox | WebKit]:
    """A browser with one page, ended with all that it started."""
    with contextlib.ExitStack() as ends:
        yield kind(ends)
