"""What the tests of GateExplorer's models share: its networks and runs in Deno and in NumPy."""

import base64
import re

import numpy as np

from large_models.formulas import rnn
from large_models.widgets.assets import ASSETS
from large_models.widgets.gate_explorer import GateExplorer, held, network

TRAITS = ("job", "values", "markers", "text", "clamps", "compare", "order")
KEYS = "ifogch"

SETUP = """async (files) => {
  const {networkOf} = await import("/engine/gate_network.js");
  const {unpack} = await import("/engine/packed.js");
  const read = (text) => networkOf(unpack(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
  window.networks = {};
  for (const [name, text] of Object.entries(files)) {
    const [job, kind] = name.split("-");
    (window.networks[job] ??= {})[kind] = read(text);
  }
}"""


def load(engine):
    """Give the page's side the networks: `networks[job]` is what a model takes."""
    adding = GateExplorer()
    files = {
        "adding-lstm": adding._lstm,
        "adding-rnn": adding._rnn,
        "chars-lstm": ASSETS["chars-lstm"](),
        "chars-rnn": ASSETS["chars-rnn"](),
    }
    engine.run(SETUP, {name: base64.b64encode(file).decode() for name, file in files.items()})


def run(engine, body, explorer=None, lang="en", **arg):
    """Run the body of a function with the models at hand, and the explorer's traits and runs."""
    if explorer is not None:
        arg["traits"] = {name: getattr(explorer, name) for name in TRAITS}
    return engine.run(
        f"""async (arg) => {{
          globalThis.document = {{ documentElement: {{ lang: {lang!r} }} }};
          try {{
            const m = await import("/gate_explorer/model.js");
            const i = await import("/gate_explorer/input_model.js");
            const {{ traits }} = arg;
            const runs = traits && m.runsOf(traits, networks[traits.job]);
            {body}
          }} finally {{
            delete globalThis.document;
          }}
        }}""",
        arg,
    )


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def points(path):
    """The points of a path of M and L: (x, y), and where its pieces start."""
    parts = re.findall(r"([ML])(-?[\d.]+) (-?[\d.]+)", path)
    starts = [n for n, part in enumerate(parts) if part[0] == "M"]
    return np.array([[float(x), float(y)] for _, x, y in parts]), starts


def maps_of(explorer):
    """By NumPy, of the LSTM as its gates are held: {"i": (T, H), ...}."""
    layer, _, _ = network(explorer.job, "lstm")
    if explorer.job == "adding":
        marks = np.isin(np.arange(100), explorer.markers)
        x = np.stack([explorer.values, marks], axis=1)
    else:
        letters = ["\n", *map(chr, range(32, 127))]
        x = np.eye(96)[[letters.index(c) for c in explorer.text]]
    h, _, c, gates = rnn.lstm(x[None].astype(np.float32), held(layer, explorer.clamps))
    return {"h": h[0], "c": c[0]} | {key: gate[0] for key, gate in gates._asdict().items()}


def plain_of(explorer):
    """By NumPy, the states of the plain RNN that adds: (T, H)."""
    marks = np.isin(np.arange(100), explorer.markers)
    x = np.stack([explorer.values, marks], axis=1)[None].astype(np.float32)
    return rnn.rnn(x, network("adding", "rnn")[0])[0][0]
