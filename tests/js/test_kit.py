"""What the kit computes: colours against matplotlib, numbers shown and read."""

import numpy as np
import pytest
from matplotlib import colormaps


def run(engine, body, arg=None):
    """Run the body of a function with the kit at hand."""
    return engine.run(
        f"async (arg) => {{ const kit = await import('/kit/mod.js'); {body} }}",
        arg,
    )


@pytest.mark.parametrize(
    ("scale", "name"), [("diverging", "RdBu_r"), ("magnitude", "cividis"), ("gray", "gray")]
)
def test_colours_are_matplotlibs(engine, scale, name):
    """Within 3 of 255 levels: few anchors stand for tables of 256 colours."""
    low = -2 if scale == "diverging" else 0
    values = np.linspace(low, 2, 1001)
    got = run(
        engine, "return arg[1].map((v) => kit.colorOf(arg[0], v, 2));", [scale, values.tolist()]
    )
    want = colormaps[name]((values - low) / (2 - low), bytes=True)[:, :3].astype(int)
    np.testing.assert_allclose(got, want, atol=3)


def test_colours_end_where_the_scale_ends(engine):
    body = "return arg.map((v) => kit.colorOf('diverging', v, 1));"
    beyond, end, zero = run(engine, body, [9, 1, 0])
    assert beyond == end
    assert min(zero) >= 0xF0, "zero is nearly white"
    assert run(engine, "return kit.colorOf('gray', 3, 0);") == run(
        engine, "return kit.colorOf('gray', 0.5);"
    )


def test_ink_reads_well_on_every_colour(engine):
    def luminance(rgb):
        rgb = np.array(rgb) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    body = """return ["diverging", "magnitude", "gray"].flatMap((scale) => arg.map((v) => {
      const {background, ink} = kit.paint(scale, v, 1);
      return [background.match(/\\d+/g).map(Number), ink === "#ffffff" ? 1 : 0];
    }));"""
    for background, ink in run(engine, body, np.linspace(-1, 1, 201).tolist()):
        a, b = sorted([luminance(background), ink])
        assert (b + 0.05) / (a + 0.05) >= 4.5, background


def test_numbers_are_short(engine):
    values = [0, -0.0, 1, -1020, 1234567, 0.123456, -0.004, 12.345, 99.96, 255, 0.1, 1e-9]
    assert run(engine, "return arg.map((v) => kit.number(v));", values) == [
        *["0", "0", "1", "−1020", "1234567", "0.12", "0", "12.3", "100", "255", "0.1", "0"]
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1", 1), ("-1", -1), ("−1.5", -1.5), ("+2", 2), ("0,25", 0.25), (".5", 0.5), ("3.", 3)],
        *[("1/4", 0.25), (" -1 / 9 ", -1 / 9), ("", None), ("-", None), ("1/0", None)],
        *[("1e3", None), ("Infinity", None), ("NaN", None), ("0x10", None), ("1,2,3", None)],
    ],
)
def test_reads_numbers_as_people_write_them(engine, text, value):
    got = run(engine, "const v = kit.parseNumber(arg); return Number.isNaN(v) ? null : v;", text)
    assert got == (None if value is None else pytest.approx(value))
