"""A real JupyterLab on a copy of the chapters, with the settings of `make lab`."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent.parent
# What the copy needs to be built as a book.
PARTS = ("_config.yml", "_toc.yml", "references.bib", "chapters")


@pytest.fixture(scope="session")
def copy(tmp_path_factory) -> Path:
    """A copy of the book's text: what a reader saves there stays there."""
    folder = tmp_path_factory.mktemp("lab") / "book-copy"
    folder.mkdir()
    for name in PARTS:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    (folder / "book").symlink_to(ROOT / "book")
    return folder


@pytest.fixture(scope="session")
def lab(copy, tmp_path_factory):
    """The address of a JupyterLab, for as long as the session lasts."""
    own = tmp_path_factory.mktemp("jupyter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = os.environ | {
        "JUPYTER_CONFIG_PATH": str(ROOT / "book" / "lab"),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    command = [Path(sys.executable).parent / "jupyter-lab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.root_dir={copy}", f"--ServerApp.port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += ["--LabApp.expose_app_in_browser=True", "--log-level=ERROR"]
    log = own / "log"
    with log.open("w") as file:
        server = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    url = f"http://127.0.0.1:{port}"
    while True:
        assert server.poll() is None, log.read_text()
        try:
            urlopen(f"{url}/api/status").close()
            break
        except OSError:
            time.sleep(0.5)
    yield url
    server.terminate()
    server.wait()
