"""The kit's ink and roving in a browser."""

import pytest

from tests.browser.harness import serve


@pytest.fixture
def page(browser):
    page = browser.new_page()
    serve(page)
    yield page
    page.close()


def test_ink_is_as_opaque_as_its_values(page):
    data = page.evaluate("""async () => {
      const {drawInk} = await import("/kit/ink.js");
      const canvas = document.createElement("canvas");
      drawInk(canvas, Uint8Array.of(0, 255, 128, 255, 7, 254), [2, 3], "#ff8000");
      const {width, height} = canvas;
      const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
      return [width, height, ...data];
    }""")
    assert data[:2] == [3, 2]
    pixels = [data[i : i + 4] for i in range(2, 26, 4)]
    assert [pixel[3] for pixel in pixels] == [0, 255, 128, 255, 7, 254]
    assert pixels[1] == pixels[3] == [255, 128, 0, 255]


GRID = """async ({rows, gap}) => {
  const {roving} = await import("/kit/roving.js");
  const node = document.createElement("div");
  window.buttons = [...Array(6).keys()].map((i) => {
    if (i === gap) return null;
    const button = document.createElement("button");
    button.textContent = i;
    node.append(button);
    return button;
  });
  document.body.append(node);
  window.at = 0;
  const ctx = {listen: (target, type, callback) => target.addEventListener(type, callback)};
  roving(ctx, node, {
    buttons: () => window.buttons, at: () => window.at, pick: (i) => { window.at = i; },
    ...(rows ? {across: () => 3} : {}),
  });
  window.buttons[0].focus();
}"""


@pytest.mark.parametrize(
    ("rows", "gap", "walk"),
    [
        (False, None, [("ArrowRight", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("ArrowLeft", 0),
                       ("ArrowLeft", 0), ("End", 5), ("ArrowRight", 5), ("Home", 0),
                       ("Control+End", 0), ("Alt+ArrowRight", 0)]),
        (True, None, [("ArrowDown", 3), ("ArrowDown", 3), ("ArrowRight", 4), ("ArrowUp", 1),
                      ("ArrowUp", 1), ("ArrowRight", 2), ("ArrowRight", 3)]),
        (True, 3, [("ArrowDown", 0), ("ArrowRight", 1), ("ArrowDown", 4), ("ArrowLeft", 4)]),
    ],
)  # fmt: skip
def test_arrows_walk_among_buttons(page, rows, gap, walk):
    page.evaluate(GRID, {"rows": rows, "gap": gap})
    for key, place in walk:
        page.keyboard.press(key)
        focused = page.evaluate("() => [window.at, Number(document.activeElement.textContent)]")
        assert focused == [place, place], key


def test_a_second_key_counts_before_the_first_is_drawn(page):
    page.evaluate(GRID, {"rows": False, "gap": None})
    at = page.evaluate("""() => {
      const key = (key) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
      const asked = [];
      Object.defineProperty(window, "at", {get: () => 0, set: (i) => asked.push(i)});
      key("End");
      key("ArrowLeft");
      return asked;
    }""")
    assert at == [5, 4]


def test_a_colour_is_that_of_the_theme_that_is_now(page):
    seen = page.evaluate("""async () => {
      const {mount} = await import("/kit/mod.js");
      const style = document.createElement("style");
      style.textContent = ".lw { --x: red } [data-theme=dark] .lw { --x: blue }";
      const el = document.createElement("div");
      document.body.append(style, el);
      const seen = [];
      const end = mount({model: {}, el}, "a-widget", (ctx) => {
        seen.push(ctx.color("--x"), ctx.color("--x"));
        ctx.onTheme(() => seen.push(ctx.color("--x")));
      });
      document.documentElement.dataset.theme = "dark";
      await new Promise(requestAnimationFrame);
      document.documentElement.dataset.theme = "light";
      await new Promise(requestAnimationFrame);
      end();
      return seen;
    }""")
    assert seen == ["#ff0000", "#ff0000", "#0000ff", "#ff0000"]
