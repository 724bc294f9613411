"""What the page's scripts compute without a page: in Deno."""

import json
import subprocess
from pathlib import Path

import pytest
from deno import find_deno_bin

RUN = Path(__file__).resolve().parents[2] / "book" / "run"


def js(module: str, expression: str):
    """An expression's value, with a module's names in `m`."""
    page = "globalThis.document = {querySelector: () => ({src: 'http://book.test/_static/run/'})};"
    load = f"const m = await import({json.dumps((RUN / module).as_uri())});"
    code = f"{page} globalThis.lwParts = {{}}; {load} console.log(JSON.stringify({expression}));"
    done = subprocess.run(
        [find_deno_bin(), "eval", "--no-config", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        (["a", "b\n", "c"], "ab\nc"),
        (["10 %\r", "20 %\r", "100 %\n", "end"], "100 %\nend"),
        (["long line\rab"], "abng line"),
        (["a\r\nb"], "a\nb"),
        (["first\nsecond\rS"], "first\nSecond"),
    ],
)
def test_text_is_shown_as_a_terminal_shows_it(texts, shown):
    made = f"""(() => {{
      const printed = new m.Printed({{data: ''}}, {{data: ''}});
      for (const text of {json.dumps(texts)}) printed.add(text);
      return printed.done.data + printed.last.data;
    }})()"""
    assert js("outputs.js", made) == shown


def test_buffers_leave_a_state_and_come_back_to_their_places():
    made = """(() => {
      const bytes = new Uint8Array([9, 1, 2, 3]);
      const state = {n: NaN, a: [1, new DataView(bytes.buffer, 1, 2)], b: {c: bytes}, d: 'x'};
      const {plain, paths, buffers} = m.takeBuffers(state);
      const sent = structuredClone({plain, paths, buffers});
      const back = m.putBuffers(sent.plain, sent.paths, sent.buffers);
      const read = (v) => [...new Uint8Array(v.buffer, v.byteOffset, v.byteLength)];
      return [paths, plain.d, Number.isNaN(back.n), back.a[0], read(back.a[1]), read(back.b.c)];
    })()"""
    assert js("live.js", made) == [[["a", 1], ["b", "c"]], "x", True, 1, [1, 2], [9, 1, 2, 3]]


def test_an_export_has_what_was_typed_and_no_outputs():
    notebook = {
        "cells": [
            {"id": "t", "cell_type": "markdown", "source": "# T"},
            {"id": "a", "cell_type": "code", "source": "1", "outputs": [{}]},
            {"id": "b", "cell_type": "code", "source": "2"},
        ],
        "nbformat": 4,
    }
    text = js("kept.js", f"m.exported({json.dumps(notebook)}, new Map([['a', 'mine']]))")
    cells = json.loads(text)["cells"]
    assert [cell["source"] for cell in cells] == ["# T", "mine", "2"]
    assert cells[1]["outputs"] == [] and "outputs" not in cells[0]
