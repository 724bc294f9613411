"""The widgets' JavaScript without a browser: one Deno for all the tests of a session.

`engine.run("(x) => 2 * x", 3)` gives 6. In a script `import("/engine/nn.js")` finds what lies in
`large_models/widgets`; `window` is what a test module's scripts share. Arguments and answers are
JSON, where numbers that JSON lacks, bytes and NumPy's arrays pass too: an array as the flat typed
array of its type, a typed array as a flat NumPy array. Nothing is fetched.
"""

import base64
import itertools
import json
import math
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from deno import find_deno_bin

from large_models.widgets import base

KINDS = {
    "Float32Array": np.float32,
    "Float64Array": np.float64,
    "Int32Array": np.int32,
    "Uint8Array": np.uint8,
    "BigInt64Array": np.int64,
}
_NAMES = {np.dtype(kind): name for name, kind in KINDS.items()}


class ScriptError(Exception):
    """A script threw: the message is the error's, `stack` says where."""

    stack: str = ""


class Deno:
    """The process, until `close`."""

    def __init__(self) -> None:
        self.errors = tempfile.TemporaryFile("w+")
        kept = ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-prompt", "--quiet"]
        host = Path(__file__).with_name("host.js")
        self.process = subprocess.Popen(
            [find_deno_bin(), "run", *kept, f"--allow-read={base.HERE}", host, base.HERE.as_uri()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            encoding="utf-8",
        )
        self.scopes = itertools.count()

    def run(self, scope: int, script: str, arg: Any) -> Any:
        question = {"scope": scope, "script": script, "arg": _sent(arg)}
        print(json.dumps(question, allow_nan=False), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise RuntimeError(f"Deno ended: {self.errors.read()[-2000:]}")
        said = json.loads(line, object_hook=_received)
        if "error" in said:
            error = ScriptError(said["error"])
            error.stack = said.get("stack") or ""
            raise error
        return said.get("value")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


class Engine:
    """What a test module calls; its scripts' `window` is its own."""

    def __init__(self, deno: Deno) -> None:
        self._deno = deno
        self._scope = next(deno.scopes)

    def run(self, script: str, arg: Any = None) -> Any:
        """The value of an expression, or of the function that it is, called with `arg`.

        Raises:
            ScriptError: what the script threw.
        """
        return self._deno.run(self._scope, script, arg)


def _sent(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"__number__": str(value).replace("inf", "Infinity").replace("nan", "NaN")}
    if isinstance(value, bytes | bytearray | memoryview):
        return _sent(np.frombuffer(value, np.uint8))
    if isinstance(value, np.ndarray):
        value = value.astype(np.uint8) if value.dtype == bool else np.ascontiguousarray(value)
        data = base64.b64encode(value.tobytes()).decode()
        return {"__array__": _NAMES[value.dtype], "data": data}
    if isinstance(value, np.generic):
        return _sent(value.item())
    if isinstance(value, dict):
        return {key: _sent(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_sent(part) for part in value]
    return value


def _received(value: dict[str, Any]) -> Any:
    if "__number__" in value:
        return float(value["__number__"].replace("Infinity", "inf"))
    if "__array__" in value:
        return np.frombuffer(base64.b64decode(value["data"]), KINDS[value["__array__"]])
    return value
