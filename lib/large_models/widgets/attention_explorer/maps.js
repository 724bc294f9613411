// The maps of a trained model's heads over whole sentences: AttentionExplorer's model mode, and a part
// of the widgets in which a BERT reads.
import { bytesOf, h, number, segmented, select, steer, t, toggle } from "../kit/mod.js";

const MAPS_FAINT = 0.03; // a lesser weight has no line
const MAPS_LISTED = 4;

/** ctx: as `mount` gives it. Its model has the traits layer, head, compare, view, query, sentence;
 *  _tokens, a list of words for each sentence; _heads [layers, heads]; _maps, bytes.
 *  embedded: someone else shows the sentence and has its words chosen. */
export function buildMaps(ctx, { embedded = false } = {}) {
  const { root, get } = ctx;
  let hover = null;  // {q, k} under the mouse; k null: where the query looks most
  let key = null;    // the key chosen beside the query
  let shown = "";    // what the thumbnails show
  let version = 0;   // of the maps
  let spoken = false;
  let picking = 0;   // which of the two compared heads a thumbnail sets

  // --- the maps -----------------------------------------------------------------------------------
  const clamp = (n, most) => Math.max(0, Math.min(n, most - 1));
  const sentence = () => clamp(get("sentence"), get("_tokens").length);
  const tokens = () => get("_tokens")[sentence()];
  const heads = () => get("_heads");
  const query = () => clamp(get("query"), tokens().length);
  const chosen = () => [clamp(get("layer"), heads()[0]), clamp(get("head"), heads()[1])];
  const second = () => (get("compare") ? get("compare").map((n, axis) => clamp(n, heads()[axis])) : null);

  /** A head's weights as bytes, T * T, rows are queries. */
  function mapOf([layer, head], of = sentence()) {
    const [L, H] = heads();
    const lengths = get("_tokens").map((list) => list.length);
    const before = lengths.slice(0, of).reduce((sum, T) => sum + L * H * T * T, 0);
    const size = lengths[of] ** 2;
    const start = before + (layer * H + head) * size;
    return bytesOf(get("_maps")).subarray(start, start + size);
  }

  const rowOf = (map, q) => map.subarray(q * tokens().length, (q + 1) * tokens().length);
  const place = () => ({ q: Math.min((hover ?? { q: query() }).q, tokens().length - 1), k: hover ? hover.k : key });
  const strongest = (row) => row.indexOf(Math.max(...row));
  const visible = (token) => token.replaceAll(" ", "␣").replaceAll("\n", "⏎").replaceAll("\t", "⇥") || "∅";
  const percent = (byte) => (byte === 0 ? "0" : (byte / 255).toFixed(2));

  // --- the sentence: which token is the query -----------------------------------------------------
  const strip = h("div", { class: "ax-words", role: "radiogroup", "aria-label": t("word that looks", "看的词") });
  let words = [];
  // The other sentences lie under it, unseen: the longest one keeps its place.
  const stack = h("div", { class: "ax-stack" }, strip);

  function reserve() {
    stack.replaceChildren(strip, ...get("_tokens").map((list) => h("div", { class: "ax-words ax-unseen", "aria-hidden": "true" },
      list.map((token) => h("span", { class: "ax-place" }, visible(token))))));
  }

  function ask(q) {
    key = null;
    spoken = true;
    if (q !== get("query")) ctx.sync({ query: q });
    draw();
  }

  function drawWords() {
    const list = tokens();
    if (strip.shown !== list.join("\n")) {
      strip.shown = list.join("\n");
      words = list.map((token, i) => h("button", {
        type: "button", role: "radio", class: "ax-word", onclick: ctx.guard(() => ask(i)),
        onmouseenter: () => { hover = { q: i, k: null }; draw(); }, onmouseleave: () => { hover = null; draw(); },
      }, visible(token), h("span", { "aria-hidden": "true" })));
      strip.replaceChildren(...words);
    }
    const row = rowOf(mapOf(chosen()), place().q);
    words.forEach((node, i) => {
      node.setAttribute("aria-checked", String(i === query()));
      node.tabIndex = i === query() ? 0 : -1;
      node.style.setProperty("--share", `${Math.round((60 * row[i]) / 255)}%`);
      node.lastChild.textContent = row[i] >= 3 ? percent(row[i]).replace(/^0/, "") : "";
    });
  }
  ctx.listen(strip, "keydown", (event) => roving(event, words, query(), words.length, ask));

  /** Arrow keys among buttons of which one can be reached by Tab; `across`: how many stand in a row. */
  function roving(event, buttons, at, across, pick) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across === buttons.length ? 1 : across, ArrowUp: across === buttons.length ? -1 : -across, Home: -at, End: buttons.length - 1 - at }[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (at + step < 0 || at + step >= buttons.length) return;
    hover = null;
    pick(at + step);
    buttons[at + step].focus();
  }

  // --- layers by heads ----------------------------------------------------------------------------
  const grid = h("div", { class: "ax-heads-grid", role: "radiogroup", "aria-label": t("heads: a row for each layer", "注意力头：每层一行") });
  let thumbs = [];

  function take(index) {
    const at = [Math.floor(index / heads()[1]), index % heads()[1]];
    spoken = true;
    if (picking && second()) ctx.sync({ compare: at });
    else ctx.sync({ layer: at[0], head: at[1] });
  }

  const current = () => (picking && second() ? second() : chosen());
  const indexOf = ([layer, head]) => layer * heads()[1] + head;

  function drawThumbs() {
    const [L, H] = heads();
    if (thumbs.length !== L * H) {
      thumbs = Array.from({ length: L * H }, (_, i) => h("button", {
        type: "button", role: "radio", class: "ax-thumb", onclick: ctx.guard(() => take(i)),
        "aria-label": headName([Math.floor(i / H), i % H]), title: headName([Math.floor(i / H), i % H]),
      }, h("canvas", { "aria-hidden": "true" })));
      grid.style.setProperty("--heads", H);
      grid.replaceChildren(h("span"), ...Array.from({ length: H }, (_, i) => h("span", { class: "lw-quiet", "aria-hidden": "true" }, i + 1)),
        ...thumbs.flatMap((thumb, i) => (i % H ? [thumb] : [h("span", { class: "lw-quiet", "aria-hidden": "true" }, i / H + 1), thumb])));
      shown = "";
    }
    const now = `${version} ${sentence()} ${ctx.color("--ax-weight")}`;
    if (shown !== now) {
      shown = now;
      thumbs.forEach((thumb, i) => paintMap(thumb.firstChild, mapOf([Math.floor(i / H), i % H])));
    }
    thumbs.forEach((thumb, i) => {
      thumb.classList.toggle("ax-first-head", i === indexOf(chosen()));
      thumb.classList.toggle("ax-second-head", Boolean(second()) && i === indexOf(second()));
      thumb.setAttribute("aria-checked", String(i === indexOf(current())));
      thumb.tabIndex = i === indexOf(current()) ? 0 : -1;
    });
  }
  ctx.listen(grid, "keydown", (event) => roving(event, thumbs, indexOf(current()), heads()[1], take));

  // A reader counts from 1, the traits from 0.
  const headName = ([layer, head]) => t(`layer ${layer + 1}, head ${head + 1}`, `第 ${layer + 1} 层，第 ${head + 1} 头`);

  /** The page's own colour at 0, the colour of weights at 1: the weight is how opaque a pixel is. */
  function paintMap(canvas, map) {
    const T = Math.sqrt(map.length);
    const hex = ctx.color("--ax-weight");
    const color = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    Object.assign(canvas, { width: T, height: T });
    const image = new ImageData(T, T);
    map.forEach((byte, i) => image.data.set([...color, byte], 4 * i));
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  // --- a head, large ------------------------------------------------------------------------------
  function panel(which) {
    const title = h("p", { class: "ax-panel-title" });
    const [rows, cols, left, right] = ["rows", "cols", "left", "right"].map((name) => h("div", { class: `ax-${name}`, "aria-hidden": "true" }));
    const canvas = h("canvas", { "aria-hidden": "true" });
    const map = h("div", { class: "ax-map" }, canvas, h("i"), h("i"));
    const faint = h("svg:g", {});
    const strong = h("svg:g", { class: "ax-chosen-lines" });
    const lines = h("svg:svg", { class: "ax-lines", "aria-hidden": "true" }, faint, strong);
    const stage = h("div", { class: "ax-stage", tabindex: "0", role: "application", "aria-roledescription": t("attention map", "注意力图") },
      h("div", { class: "ax-sides", "aria-hidden": "true" }, h("span", {}, t("looks", "看")), h("span", {}, t("is looked at", "被看"))),
      rows, cols, left, right, map, lines);
    const answer = h("p", { class: "ax-answer" });
    const node = h("div", { class: "ax-panel" }, title, stage, answer);
    let painted = "";

    /** The row and column under a point of the stage. In the lines, only which token is pressed. */
    const at = (u, v) => {
      const T = tokens().length;
      const box = stage.getBoundingClientRect();
      const area = (get("view") === "lines" ? lines : map).getBoundingClientRect();
      const y = (v * box.height + box.top - area.top) / area.height;
      const x = (u * box.width + box.left - area.left) / area.width;
      const q = clamp(Math.floor(y * T), T);
      if (y < 0) return { q: place().q, k: x < 0 ? null : clamp(Math.floor(x * T), T) };
      if (get("view") === "matrix") return { q, k: x < 0 ? null : clamp(Math.floor(x * T), T) };
      return x > 0.5 ? { q: query(), k: q } : { q, k: null };
    };
    steer(ctx, stage, {
      place: at,
      preview: (to) => { hover = to; draw(); },
      leave: () => { hover = null; draw(); },
      hold: (to) => {
        hover = null;
        key = to.k;
        if (to.q !== get("query")) ctx.sync({ query: to.q });
        draw();
      },
      step: (down, right) => {
        const T = tokens().length;
        hover = null;
        spoken = true;
        if (right) key = clamp((key ?? strongest(rowOf(mapOf(which()), query()))) + right, T);
        if (down) ctx.sync({ query: clamp(query() + down, T) });
        draw();
      },
    });

    function show() {
      stage.dataset.view = get("view");
      const list = tokens();
      const T = list.length;
      const one = which();
      const bytes = mapOf(one);
      const { q, k } = place();
      const row = rowOf(bytes, q);
      const target = k ?? strongest(row);
      // Lines in CSS pixels: a drawing that is stretched is a blurred one.
      const width = get("view") === "lines" ? Math.round(lines.getBoundingClientRect().width) : 0;
      const now = `${version} ${sentence()} ${one} ${ctx.color("--ax-weight")} ${width}`;
      if (painted !== now) {
        painted = now;
        paintMap(canvas, bytes);
        const names = (...extra) => list.map((token) => h("span", { title: visible(token) }, visible(token), ...extra.map((f) => f())));
        rows.replaceChildren(...names());
        cols.replaceChildren(...names());
        left.replaceChildren(...names());
        right.replaceChildren(...names(() => h("b")));
        stage.style.setProperty("--count", T);
        faint.replaceChildren(...(width ? list.flatMap((_, from) => curves(rowOf(bytes, from), from, 0.35, width)) : []));
      }
      title.replaceChildren(headName(one));
      const across = get("view") === "matrix" ? canvas.clientWidth : Infinity;
      stage.classList.toggle("ax-tight", across / T < 12);
      stage.style.setProperty("--q", q);
      stage.style.setProperty("--k", target);
      stage.setAttribute("aria-label", t(`${headName(one)}. Up and down choose the word that looks, left and right the word looked at.`,
        `${headName(one)}。上下键选择看的词，左右键选择被看的词。`));
      strong.replaceChildren(...(width ? curves(row, q, 1, width) : []));
      for (const side of [rows, left]) [...side.children].forEach((name, i) => name.classList.toggle("ax-asks", i === q));
      for (const side of [cols, right]) [...side.children].forEach((name, i) => name.classList.toggle("ax-answers", i === target));
      [...right.children].forEach((name, i) => { name.lastChild.textContent = row[i] >= 3 ? percent(row[i]) : ""; });
      const nowhere = row.every((byte) => byte === 0);
      const order = [...row.keys()].sort((a, b) => row[b] - row[a]).filter((i) => row[i] >= 3).slice(0, MAPS_LISTED);
      answer.replaceChildren(
        h("span", { class: "ax-query" }, visible(list[q])), t(" looks at ", " 看 "),
        ...(nowhere ? [t("nothing", "不到任何词")] : [h("span", { class: "ax-key" }, visible(list[target])), ": ", h("b", {}, percent(row[target]))]),
        h("span", { class: "ax-answer-list" }, nowhere ? "" : t("most: ", "最多："), order.map((i) => `${visible(list[i])} ${percent(row[i])}`).join(", ")));
      return answer.firstChild.textContent + answer.childNodes[1].textContent + (nowhere ? answer.childNodes[2].textContent : `${visible(list[target])}: ${percent(row[target])}`);
    }

    function curves(row, from, opacity, width) {
      const line = parseFloat(root.style.getPropertyValue("--line"));
      const [start, half] = [(from + 0.5) * line, width / 2];
      return [...row].flatMap((byte, to) => (byte / 255 < MAPS_FAINT ? [] : [h("svg:path", {
        d: `M0 ${start}C${half} ${start} ${half} ${(to + 0.5) * line} ${width} ${(to + 0.5) * line}`,
        "stroke-width": number(0.5 + (3.5 * byte) / 255), "stroke-opacity": number(opacity * (0.15 + (0.85 * byte) / 255)),
      })]));
    }
    return { node, show };
  }

  const panels = [panel(chosen), panel(() => second() ?? chosen())];

  // --- controls -----------------------------------------------------------------------------------
  const sentences = select(t("Sentence", "句子"), get("_tokens").map((list, i) => [i, mapsTitle(list)]), (value) => {
    key = null;
    ctx.sync({ sentence: Number(value), query: clamp(get("query"), get("_tokens")[value].length) });
  });
  const views = segmented(t("View", "视图"), [["matrix", t("matrix", "矩阵")], ["lines", t("lines", "连线")]], (view) => ctx.sync({ view }), { hideLabel: true });
  const comparing = toggle(t("compare two heads", "比较两个头"), (on) => {
    const [layer, head] = chosen();
    const next = (indexOf([layer, head]) + 1) % (heads()[0] * heads()[1]);
    picking = on ? 1 : 0;
    ctx.sync({ compare: on ? [Math.floor(next / heads()[1]), next % heads()[1]] : null });
  });
  const picks = segmented(t("a click sets", "点击设定"), [[0, t("left", "左")], [1, t("right", "右")]], (value) => { picking = value; draw(); });
  const headsTitle = h("div", { class: "ax-heads-title" });
  const hint = h("span");
  const alone = () => heads()[0] * heads()[1] < 2;
  const showHint = () => {
    hint.textContent = alone() ? t("choose another word and see where it looks.", "换一个词，看它在看哪里。")
      : t("choose a word and see where it looks, then another head.", "选一个词，看它在看哪里，再换一个注意力头。");
  };

  // --- everything together ------------------------------------------------------------------------
  root.append(...[
    embedded ? null : h("p", { class: "lw-try ax-try" }, h("b", {}, t("Try first: ", "先试试：")), hint),
    h("div", { class: "ax-bar" }, embedded ? null : sentences.node, views.node, comparing.node),
    embedded ? null : stack,
    h("div", { class: "ax-main" },
      h("div", { class: "ax-all" }, headsTitle, grid,
        h("div", { class: "ax-scale", "aria-hidden": "true" }, "0", h("i"), "1", h("span", {}, t("weight", "权重")))),
      h("div", { class: "ax-panels" }, panels.map((one) => one.node)))].filter(Boolean));

  const draw = ctx.redraw(() => {
    const most = Math.max(...get("_tokens").map((list) => list.length));
    root.style.setProperty("--tokens", most);
    root.style.setProperty("--line", most <= 12 ? "26px" : most <= 18 ? "22px" : most <= 26 ? "18px" : "14px");
    sentences.set(sentence());
    views.set(get("view"));
    comparing.set(Boolean(second()));
    picks.set(picking);
    if (headsTitle.kind !== Boolean(second())) {
      headsTitle.kind = Boolean(second());
      headsTitle.replaceChildren(second() ? picks.node : h("span", { class: "lw-quiet" }, t("heads across, layers down", "横向是头，纵向是层")));
    }
    drawWords();
    drawThumbs();
    comparing.node.hidden = alone();
    showHint();
    panels[1].node.hidden = !second();
    const sentencesSpoken = panels.slice(0, second() ? 2 : 1).map((one) => one.show());
    if (spoken) ctx.say(`${headName(current())}: ${sentencesSpoken.join("; ")}`);
    spoken = false;
  });
  ctx.watch(["sentence", "layer", "head", "compare", "view", "query"], draw);
  ctx.watch(["_tokens", "_maps", "_heads"], () => {
    version += 1;
    strip.shown = "";
    reserve();
    sentences.fill(get("_tokens").map((list, i) => [i, mapsTitle(list)]));
    draw();
  });
  ctx.onTheme(draw);
  ctx.onResize(root, draw);
  reserve();
  showHint();
  draw();
}

/** The beginning of a sentence, for the list of them. */
function mapsTitle(tokens) {
  const spaced = tokens.some((token) => token.startsWith(" ") || token.startsWith("Ġ"));
  const text = tokens.join(spaced ? "" : " ").replaceAll("Ġ", " ").trim();
  return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}
