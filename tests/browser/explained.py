"""The Explainer on a page: when it has finished, and a check that every picture is its model's."""

import re

from tests.browser.harness import settle

# The same models as the view has, asked for what they would show: which canvases, bars, cells and
# texts differ from that, by name.
DIFFERENT = """async (side) => {
  const {digitModel} = await import("/explainer/digit_model.js");
  const {sentenceModel} = await import("/explainer/sentence_model.js");
  const {bytesOf, float32Of, loadAsset, number, pixelsOf} = await import("/kit/mod.js");
  const get = (key) => model.get(key);
  const wrong = [];
  const compare = (what, found, wanted) => {
    const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (a !== b) wrong.push([what, a.slice(0, 200), b.slice(0, 200)]);
  };
  const root = document.querySelector(".xp-" + side);
  const all = (what) => [...root.querySelectorAll(what)];
  const texts = (what) => all(what).map((node) => node.textContent);
  const round = (list) => list.map((value) => Math.round(100 * parseFloat(value)));
  const drawn = (canvas) => {
    const {width, height} = canvas;
    const {data} = canvas.getContext("2d").getImageData(0, 0, width, height);
    return [height, width, ...new Uint32Array(data.buffer)];
  };
  const pictures = (what, wanted) => compare(what, all(what).map(drawn),
    wanted.map((picture) => [...picture.shape, ...pixelsOf(picture.values, picture)]));
  const end = (work) => [...work];
  const answers = (rows) => {
    compare("bars", round(all(".lw-bar-fill").map((node) => node.style.inlineSize)),
      round(rows.map(({share}) => 100 * (share ?? 0))));
    compare("shares", texts(".lw-bar-value"), rows.map(({text}) => text));
    compare("best", all(".xp-answer").map((node) => node.classList.contains("xp-best")),
      rows.map(({best}) => best));
    compare("chosen", all(".xp-answer input").map(({checked}) => checked),
      rows.map(({chosen}) => chosen));
  };
  if (side === "digit") {
    const bytes = {weights: float32Of(get("_weights")), digits: bytesOf(get("_digits"))};
    const m = digitModel(get, bytes);
    m.look.lightInk = document.documentElement.dataset.theme === "dark";
    m.answer();
    end(m.work());
    end(m.weighBlind());
    answers(m.rows());
    pictures(".xp-map canvas", m.tiles().map(({picture}) => picture));
    compare("faded", all(".xp-waits").length, m.tiles().filter(({waits}) => waits).length);
    compare("worth", texts(".xp-worth"), m.tiles().map(({worth}) => worth));
    compare("scales", all(".xp-tile .lw-legend-marks").map(({lastChild}) => lastChild.textContent),
      m.tiles().map(({scale, max}) => (scale === "diverging" ? "+" : "") + number(max)));
    pictures(".xp-example canvas", m.examples().map(({picture}) => picture));
    const {bars, text} = m.completeness();
    compare("gaps", round(all(".xp-gap i").map((node) => node.style.blockSize)),
      round(bars.map(({height}) => height)));
    compare("now", all(".xp-gap").map((node) => node.classList.contains("xp-now")),
      bars.map(({now}) => now));
    compare("gap", texts(".xp-gap-text"), [text]);
    compare("blind", texts(".xp-blind"), [m.blindText().flat().join("")]);
  } else {
    const m = sentenceModel(get);
    m.load(await Promise.all(get("_assets").map((name) => loadAsset(model, name))));
    m.read();
    end(m.work());
    const {rows, table, note} = m.view();
    answers(rows);
    const cells = table.rows.flatMap((row) => row.cells);
    const found = all(".xp-table tbody td");
    compare("cells", found.map((node) => node.textContent), cells.map(({text}) => text));
    compare("colours", found.map((node) => node.style.backgroundColor.replaceAll(",", "")),
      cells.map(({background}) => background));
    compare("tokens", texts(".xp-token"), table.rows.map(({token}) => token));
    compare("hidden", all(".xp-token").map((node) => node.ariaPressed === "true"),
      table.rows.map(({hidden}) => hidden));
    compare("left", texts(".xp-table tfoot td"), table.left);
    compare("head", texts(".xp-table tfoot th"), [table.head]);
    compare("note", texts(".xp-note"), [note]);
  }
  return wrong;
}"""


def finish(page):
    """Wait until no method is at work."""
    settle(page)
    page.wait_for_function(
        """() => {
          const side = document.querySelector(".xp-sides > :not(.xp-away)");
          const shown = (what) => [...side.querySelectorAll(what)];
          const loaded = shown("tfoot td").every((cell) => cell.textContent);
          const bars = side.querySelector(".xp-answer input:checked") ? shown(".xp-gap i") : [];
          const texts = shown(".xp-worth, td, .xp-note").map((node) => node.textContent);
          return loaded && !texts.some((text) => text.endsWith("…"))
            && !bars.some((bar) => bar.style.blockSize === "0px");
        }""",
        timeout=60_000,
    )
    settle(page)
    settle(page)


def different(page, side):
    finish(page)
    return page.evaluate(DIFFERENT, side)


def tile(page, name):
    return page.locator(".xp-tile", has_text=name)


def percents(text):
    return [float(n) / 100 for n in re.findall(r"([\d.]+)%", text)]


def shares(page, side):
    """The probabilities that the bars show."""
    return percents(" ".join(page.locator(f".xp-{side} .lw-bar-value").all_inner_texts()))
