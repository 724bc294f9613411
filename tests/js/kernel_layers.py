"""What the tests of KernelExplorer's models share: its layers in Deno and in NumPy."""

import re

import numpy as np

from large_models.formulas.cnn import conv2d
from large_models.widgets.assets import picture

# What is shown has three digits that count, two of them after the point at most.
SHOWN = {"rtol": 5e-3, "atol": 5.1e-3}
SETTINGS = (
    *("kernel", "stride", "padding", "dilation", "clip", "tab", "pool", "pool_window"),
    "pool_stride",
)

CASES = [
    {},
    {"kernel": "gauss-5", "padding": 2, "photo": "flower", "row": 0, "col": 255},
    {"kernel": "emboss", "stride": 3, "dilation": 2, "padding": 0, "row": 83, "col": 10},
    {"kernel": [[0.5, -1.25, 0], [0, 2, 0], [-0.125, 0, 3]], "photo": "digit", "row": 9, "col": 13},
    {"kernel": "gauss-5", "dilation": 3, "padding": 6, "stride": 4, "photo": "digit"},
    {"kernel": "sharpen", "clip": True, "photo": "portrait", "row": 100, "col": 120},
    {"kernel": "blur-5", "padding": 0, "row": 5000, "col": 5000},
]
POOLED = {"tab": "pooling", "pool_window": 3, "pool_stride": 2, "row": 60, "col": 50}


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text.replace("−", "-"))]


def run(engine, body, explorer=None, lang="en", **arg):
    """Run the body of a function with the model at hand, and the explorer's layer and place."""
    if explorer is not None:
        arg |= {
            "settings": {name: getattr(explorer, name) for name in SETTINGS},
            "pixels": picture(explorer.photo).astype(np.float32).ravel(),
            "spot": [explorer.row, explorer.col],
        }
    return engine.run(
        f"""async (arg) => {{
          globalThis.document = {{ documentElement: {{ lang: {lang!r} }} }};
          try {{
            const m = await import("/kernel_explorer/model.js");
            const {{ tensor }} = await import("/engine/nn.js");
            const side = arg.pixels && Math.sqrt(arg.pixels.length);
            const layer = arg.pixels
              && m.layerOf(arg.settings, tensor(arg.pixels, [1, side, side]));
            const at = layer && m.placeOf(layer, arg.spot);
            {body}
          }} finally {{
            delete globalThis.document;
          }}
        }}""",
        arg,
    )


def output_of(explorer):
    pixels = picture(explorer.photo).astype(np.float64)[None]
    weight = np.array(explorer.kernel, dtype=np.float64)[None, None]
    return conv2d(pixels, weight, None, explorer.stride, explorer.padding, explorer.dilation)


def place_of(explorer):
    return tuple(
        min(n, size - 1)
        for n, size in zip((explorer.row, explorer.col), explorer.output_shape, strict=True)
    )


def window_of(explorer):
    """The pixels under the window, zeros around the picture."""
    padded = np.pad(picture(explorer.photo).astype(float), explorer.padding)
    (row, col), s, d = place_of(explorer), explorer.stride, explorer.dilation
    span = d * (len(explorer.kernel) - 1) + 1
    return padded[row * s : row * s + span : d, col * s : col * s + span : d]
