"""ConvLive on a page: ways to move it, and a check that every picture is its model's."""

import numpy as np

from large_models.widgets.conv_live import forward
from tests.browser.harness import settle as one_frame

SEVEN = [(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]

# The model that the view has, asked for what it would show: which canvases, bars, marks and texts
# differ from that, by name. `item`: what the pointer rests on; `before`: counts that were answered
# before, whose scales an empty page keeps.
DIFFERENT = """async ([item, before]) => {
  const {liveModel} = await import("/conv_live/model.js");
  const {bytesOf, float32Of, pixelsOf} = await import("/kit/mod.js");
  const {drawStrokes} = await import("/engine/pixels.js");
  const other = {};
  const get = (key) => other[key] ?? model.get(key);
  const bytes = {weights: float32Of(get("_weights")), digits: bytesOf(get("_digits"))};
  const m = liveModel(get, bytes);
  const root = document.querySelector(".lw");
  m.look.wide = root.clientWidth >= 700;
  m.look.lightInk = document.documentElement.dataset.theme === "dark";
  const drawing = get("drawing");
  if (drawing.length) m.write(drawStrokes(drawing, 128, 8, new Float32Array(128 * 128)));
  if (before) {
    other.counts = before;
    m.run();
    delete other.counts;
  }
  m.run();
  const all = (what) => [...root.querySelectorAll(what)].filter((node) => node.checkVisibility());
  const wrong = [];
  const compare = (what, found, wanted) => {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push([what, found, wanted]);
  };
  const drawn = (canvas) => {
    const {width, height} = canvas;
    const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
    return [height, width, ...new Uint32Array(data.buffer)];
  };
  const pictures = (what, wanted) => compare(what, all(what + " canvas").map(drawn),
    wanted.map((picture) => [...picture.shape, ...pixelsOf(picture.values, picture)]));
  const round = (list) => list.map((value) => Math.round(100 * parseFloat(value)));

  const layers = m.layers();
  for (const [kind, wanted] of Object.entries(layers.pictures)) {
    const tiles = all(".cl-tile:not(.cl-off) .cl-" + kind + " canvas");
    const on = wanted.filter((_, n) => kind.endsWith("2") || !layers.first[n].off);
    compare(kind, tiles.map(drawn), on.map((p) => [...p.shape, ...pixelsOf(p.values, p)]));
  }
  const seen = m.seen();
  pictures(".cl-counts", [seen.counts]);
  pictures(".cl-input", [seen.input]);
  pictures(".cl-bitmap", seen.bitmap ? [seen.bitmap] : []);
  pictures(".cl-units", [m.hidden().picture]);
  pictures(".cl-example", m.examples().map(({picture}) => picture));
  const answer = m.answer();
  compare("bars", round(all(".cl-bar .lw-bar-fill").map((node) => node.style.inlineSize)),
    round(answer.rows.map(({share}) => 100 * (share ?? 0))));
  compare("shares", all(".cl-bar .lw-bar-value").map((node) => node.textContent).filter(Boolean),
    answer.rows.map(({text}) => text).filter(Boolean));
  compare("cells", all(".cl-cell").map((node) => node.style.backgroundColor.replaceAll(",", "")),
    m.editor().cells.map(({background}) => background));

  if (item) m.hover(item);
  const story = m.story();
  compare("title", root.querySelector(".cl-how .cl-title").textContent, story.title);
  const told = root.querySelector(".cl-story").textContent;
  compare("text", told, story.text.map(([, text]) => text).join(""));
  pictures(".cl-large", story.three);
  pictures(".cl-part", story.shares.flatMap(({above, below}) => [above, below].filter(Boolean)));
  const parts = all(".cl-share").map((node) => node.textContent);
  compare("parts", parts, story.shares.map(({text}) => text));
  pictures(".cl-strips .cl-strip", story.strip ? [story.strip] : []);
  const order = ["cl-input", "cl-conv1", "cl-pool1", "cl-conv2", "cl-pool2", "cl-units"];
  const sides = ["left", "top", "width", "height"];
  compare("marks", all(".cl-flow .cl-mark").map((node) => [
    order.findIndex((name) => node.parentNode.classList.contains(name)),
    node.classList.contains("cl-source"), ...round(sides.map((side) => node.style[side]))]).sort(),
  story.marks.map((mark) => [order.indexOf("cl-" + mark.picture), mark.source,
    ...round(sides.map((side) => mark[side]))]).sort());
  return wrong.map(([what, found, wanted]) => (
    [what, JSON.stringify(found).slice(0, 200), JSON.stringify(wanted).slice(0, 200)]));
}"""


def different(page, before=None, **item):
    return page.evaluate(DIFFERENT, [item or None, before])


def settle(page):
    """Wait until the frames after the last change are drawn, and Python has heard of it."""
    one_frame(page)
    one_frame(page)


def of_model(page, key):
    return page.evaluate("(key) => model.get(key)", key)


def set_model(page, **changes):
    page.evaluate("(all) => Object.entries(all).forEach(([k, v]) => model.set(k, v))", changes)
    settle(page)
    page.evaluate("() => model.save_changes()")


def bars(page):
    """The ten probabilities that the page shows, 0 to 1; empty where there is no answer."""
    settle(page)
    texts = page.locator(".cl-bar .lw-bar-value").all_inner_texts()
    return [float(text.strip("<>%")) / 100 for text in texts if text]


def assert_shows(page, **changes):
    """What is shown is NumPy's answer to what Python has heard."""
    shown = bars(page)
    assert page.evaluate("() => [...dirty]") == []
    expected = forward(np.array([of_model(page, "counts")]), **changes)["probabilities"][0]
    np.testing.assert_allclose(shown, expected, atol=1.1e-3)  # a tenth of a percent, or ">99.9%"
    assert page.locator(".cl-winner").inner_text() == str(expected.argmax())
    return int(expected.argmax())


def paper_points(page, points):
    box = page.locator(".lw-paper").bounding_box()
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page, points=SEVEN):
    first, *others = paper_points(page, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()
    settle(page)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    settle(page)


def tile(page, layer, channel):
    return page.locator(f".cl-{layer} .cl-tile").nth(channel)


def story(page):
    settle(page)
    return page.locator(".cl-how .cl-title").inner_text(), page.locator(".cl-story").inner_text()
