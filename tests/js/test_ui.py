"""ui.js, run in a browser: colours against matplotlib, numbers, assets, mounting."""

import numpy as np
import pytest
from matplotlib import colormaps

from tests.browser.harness import ORIGIN, serve


def run(page, body, arg=None):
    """Run the body of a function with ui.js at hand."""
    return page.evaluate(
        f"async (arg) => {{ const ui = await import('/ui.js'); {body} }}",
        arg,
    )


@pytest.mark.parametrize(
    ("scale", "name"), [("diverging", "RdBu_r"), ("magnitude", "cividis"), ("gray", "gray")]
)
def test_colours_are_matplotlibs(page, scale, name):
    """Within 3 of 255 levels: few anchors stand for tables of 256 colours."""
    low = -2 if scale == "diverging" else 0
    values = np.linspace(low, 2, 1001)
    got = run(page, "return arg[1].map((v) => ui.colorOf(arg[0], v, 2));", [scale, values.tolist()])
    want = colormaps[name]((values - low) / (2 - low), bytes=True)[:, :3].astype(int)
    np.testing.assert_allclose(got, want, atol=3)


def test_colours_end_where_the_scale_ends(page):
    body = "return arg.map((v) => ui.colorOf('diverging', v, 1));"
    beyond, end, zero = run(page, body, [9, 1, 0])
    assert beyond == end
    assert min(zero) >= 0xF0, "zero is nearly white"
    assert run(page, "return ui.colorOf('gray', 3, 0);") == run(
        page, "return ui.colorOf('gray', 0.5);"
    )


def test_ink_reads_well_on_every_colour(page):
    def luminance(rgb):
        rgb = np.array(rgb) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    body = """return ["diverging", "magnitude", "gray"].flatMap((scale) => arg.map((v) => {
      const {background, ink} = ui.paint(scale, v, 1);
      return [background.match(/\\d+/g).map(Number), ink === "#ffffff" ? 1 : 0];
    }));"""
    for background, ink in run(page, body, np.linspace(-1, 1, 201).tolist()):
        a, b = sorted([luminance(background), ink])
        assert (b + 0.05) / (a + 0.05) >= 4.5, background


def test_a_map_is_drawn_as_its_colours(page):
    values = [-1.0, -0.3, 0.0, 0.7, 1.0, float("inf")]
    body = """const canvas = document.createElement("canvas");
      ui.drawMap(canvas, [...arg.map(Number), NaN, 5], [2, 4], {scale: "diverging", max: 1});
      return [[canvas.width, canvas.height],
              [...canvas.getContext("2d").getImageData(0, 0, 4, 2).data],
              arg.map((v) => ui.colorOf("diverging", Number(v), 1))];"""
    size, data, colours = run(page, body, [str(v).replace("inf", "Infinity") for v in values])
    pixels = np.array(data).reshape(8, 4)
    assert size == [4, 2]
    np.testing.assert_array_equal(pixels[:6, :3], colours)
    assert pixels[6, 3] == 0, "no number: nothing is drawn"


def test_numbers_are_short(page):
    values = [0, -0.0, 1, -1020, 1234567, 0.123456, -0.004, 12.345, 99.96, 255, 0.1, 1e-9]
    assert run(page, "return arg.map((v) => ui.number(v));", values) == [
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
def test_reads_numbers_as_people_write_them(page, text, value):
    got = run(page, "const v = ui.parseNumber(arg); return Number.isNaN(v) ? null : v;", text)
    assert got == (None if value is None else pytest.approx(value))


def test_text_is_never_markup(page):
    body = """const node = ui.h("p", {title: arg}, arg, [1, [ui.h("b", {}, "x")], null, undefined]);
      return [node.children.length, node.textContent, node.title];"""
    text = "<img src=x onerror=alert(1)>"
    assert run(page, body, text) == [1, f"{text}1x", text]


def test_an_asset_is_loaded_once_and_by_a_script(browser):
    page = browser.new_page()
    serve(page)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    body = """globalThis.lwAssetBase = arg;
      const first = await ui.loadAsset(null, "picture-digit");
      const second = await ui.loadAsset(null, "picture-digit");
      return [first.length, second.length, [...first.subarray(1, 4)]];"""
    first, second, magic = run(page, body, f"{ORIGIN}/assets")
    assert first == second > 100 and bytes(magic) == b"PNG"
    assert [url for url in asked if url.endswith("picture-digit.js")] == [
        f"{ORIGIN}/assets/picture-digit.js"
    ]
    body = "return ui.loadAsset(null, 'no-such').catch((error) => error.message);"
    assert "“no-such” could not be loaded" in run(page, body)
    page.close()


def test_an_error_shows_in_the_widget_and_the_rest_of_the_page_goes_on(browser):
    page = browser.new_page()
    serve(page)
    body = """
      const host = (id) => {
        const el = document.createElement("div");
        el.id = id;
        document.body.append(el);
        return {el, model: {get: () => 1, on() {}, off() {}, set() {}, save_changes() {}}};
      };
      ui.mount(host("sync"), "a", () => { throw new Error("<b>no</b>"); });
      ui.mount(host("async"), "b", async () => { await null; throw new Error("later"); });
      ui.mount(host("fine"), "c", (ctx) => { ctx.root.append("here"); });
      ui.mount(host("frame"), "d", (ctx) => {
        ctx.redraw(() => { throw new Error("drawing"); })();
      });
      await new Promise((f) => setTimeout(f, 100));
      return Object.fromEntries(["sync", "async", "fine", "frame"].map((id) => {
        const root = document.querySelector(`#${id} .lw`);
        return [id, [root.dataset.state, root.textContent]];
      }));"""
    assert run(page, body) == {
        "sync": ["error", "This widget stopped: <b>no</b>"],
        "async": ["error", "This widget stopped: later"],
        "fine": ["ready", "here"],
        "frame": ["error", "This widget stopped: drawing"],
    }
    page.close()


def test_a_widget_that_ends_while_it_starts_leaves_nothing(browser):
    page = browser.new_page()
    serve(page)
    body = """
      const el = document.createElement("div");
      document.body.append(el);
      const log = [];
      let go;
      const end = ui.mount({el, model: {}}, "a", async () => {
        await new Promise((f) => { go = f; });
        return () => log.push("cleaned");
      });
      while (!go) await new Promise(requestAnimationFrame); // it starts once it is in its page
      end();
      go();
      await new Promise((f) => setTimeout(f, 20));
      return [log, el.childNodes.length];"""
    assert run(page, body) == [["cleaned"], 0]
    page.close()
