"""The kit in a browser: what is drawn, assets, mounting."""

import numpy as np
import pytest

from tests.browser.harness import ORIGIN, serve


@pytest.fixture
def page(browser):
    page = browser.new_page()
    serve(page)
    yield page
    page.close()


def run(page, body, arg=None):
    """Run the body of a function with the kit at hand."""
    return page.evaluate(
        f"async (arg) => {{ const kit = await import('/kit/mod.js'); {body} }}",
        arg,
    )


def test_a_map_is_drawn_as_its_colours(page):
    values = [-1.0, -0.3, 0.0, 0.7, 1.0, float("inf")]
    body = """const canvas = document.createElement("canvas");
      kit.drawMap(canvas, [...arg.map(Number), NaN, 5], [2, 4], {scale: "diverging", max: 1});
      return [[canvas.width, canvas.height],
              [...canvas.getContext("2d").getImageData(0, 0, 4, 2).data],
              arg.map((v) => kit.colorOf("diverging", Number(v), 1))];"""
    size, data, colours = run(page, body, [str(v).replace("inf", "Infinity") for v in values])
    pixels = np.array(data).reshape(8, 4)
    assert size == [4, 2]
    np.testing.assert_array_equal(pixels[:6, :3], colours)
    assert pixels[6, 3] == 0, "no number: nothing is drawn"


def test_text_is_never_markup(page):
    body = """
      const node = kit.h("p", {title: arg}, arg, [1, [kit.h("b", {}, "x")], null, undefined]);
      return [node.children.length, node.textContent, node.title];"""
    text = "<img src=x onerror=alert(1)>"
    assert run(page, body, text) == [1, f"{text}1x", text]


def test_an_asset_is_loaded_once_and_by_a_script(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    body = """globalThis.lwAssetBase = arg;
      const first = await kit.loadAsset(null, "picture-digit");
      const second = await kit.loadAsset(null, "picture-digit");
      return [first.length, second.length, [...first.subarray(1, 4)]];"""
    first, second, magic = run(page, body, f"{ORIGIN}/assets")
    assert first == second > 100 and bytes(magic) == b"PNG"
    assert [url for url in asked if url.endswith("picture-digit.js")] == [
        f"{ORIGIN}/assets/picture-digit.js"
    ]
    body = "return kit.loadAsset(null, 'no-such').catch((error) => error.message);"
    assert "“no-such” could not be loaded" in run(page, body)


def test_an_error_shows_in_the_widget_and_the_rest_of_the_page_goes_on(page):
    body = """
      const host = (id) => {
        const el = document.createElement("div");
        el.id = id;
        document.body.append(el);
        return {el, model: {get: () => 1, on() {}, off() {}, set() {}, save_changes() {}}};
      };
      kit.mount(host("sync"), "a", () => { throw new Error("<b>no</b>"); });
      kit.mount(host("async"), "b", async () => { await null; throw new Error("later"); });
      kit.mount(host("fine"), "c", (ctx) => { ctx.root.append("here"); });
      kit.mount(host("frame"), "d", (ctx) => {
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


def test_a_widget_that_ends_while_it_starts_leaves_nothing(page):
    body = """
      const el = document.createElement("div");
      document.body.append(el);
      const log = [];
      let go;
      const end = kit.mount({el, model: {}}, "a", async () => {
        await new Promise((f) => { go = f; });
        return () => log.push("cleaned");
      });
      while (!go) await new Promise(requestAnimationFrame); // it starts once it is in its page
      end();
      go();
      await new Promise((f) => setTimeout(f, 20));
      return [log, el.childNodes.length];"""
    assert run(page, body) == [["cleaned"], 0]
