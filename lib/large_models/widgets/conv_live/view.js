// Draw a digit; every layer of the LeNet answers. Python's side: __init__.py.
import { channelOf, lenetForward, lenetWeights } from "../engine/lenet.js";
import { bytesOf, drawMap, float32Of, h, legend, mount, number, paint, parseNumber, probability, t, toggle } from "../kit/mod.js";
import { countInk, normalizeDrawing, shrinkDrawing } from "../engine/digits.js";
import { PAPER, drawingPaper } from "../kit/paper.js";

const LARGEST = 100; // of an edited weight
const WIDE = 700;    // pixels: from this width on the layers stand side by side

/** The size x size values of a (C, H, W) map from a place on; a kernel's products with them. */
function windowOf(map, channel, row, column, size) {
  const [, H, W] = map.shape;
  const at = (channel * H + row) * W + column;
  return Array.from({ length: size * size }, (_, i) => map.data[at + Math.floor(i / size) * W + (i % size)]);
}

const times = (a, b) => Float64Array.from(a, (v, i) => v * b[i]);
const sum = (values) => values.reduce((a, b) => a + b, 0);
const largest = (values) => values.reduce((a, b) => Math.max(a, b), 0);
const largestSize = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const rows8 = (flat) => Array.from({ length: 8 }, (_, r) => Array.from(flat.slice(8 * r, 8 * r + 8)));

/** A small canvas on which one window can be marked. */
function frame(name) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const mark = h("span", { class: "cl-mark", hidden: true });
  const node = h("span", { class: `cl-frame ${name}` }, canvas, mark);
  let shape = [1, 1];
  return {
    node, canvas,
    draw(values, [H, W], options) {
      shape = [H, W];
      drawMap(canvas, values, shape, options);
    },
    mark(row, column, size) {
      mark.hidden = row === undefined;
      mark.classList.toggle("cl-source", size > 1);
      const [y, x] = shape.map((n) => 100 / n);
      Object.assign(mark.style, { left: `${column * x}%`, top: `${row * y}%`, width: `${size * x}%`, height: `${size * y}%` });
    },
    /** Row and column under a mouse or finger. */
    at(event) {
      const box = canvas.getBoundingClientRect();
      const cell = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
      return [cell((event.clientY - box.top) / box.height, shape[0]), cell((event.clientX - box.left) / box.width, shape[1])];
    },
  };
}

function build(ctx) {
  const { root, get } = ctx;
  let wide = root.clientWidth >= WIDE;
  const w = lenetWeights(float32Of(get("_weights")), JSON.parse(get("_shapes")));
  const [C1, , K] = w["conv1.weight"].shape;
  const [C2] = w["conv2.weight"].shape;
  const [HIDDEN] = w["hidden.bias"].shape;
  const trained = Array.from({ length: C1 }, (_, c) => Array.from({ length: K }, (_, r) => (
    Array.from(w["conv1.weight"].data.subarray((c * K + r) * K, (c * K + r + 1) * K)))));
  let maps;            // what `forward` gave last
  let written = false; // whether the paper shows what the reader wrote, rather than a held-out digit
  let bitmap = null;   // 32 x 32, of what is written
  // Ink has the colour of the page's text: dark on light, light on dark.
  let colors;
  function restyle() {
    const [text, above, below] = ["--lw-text", "--cl-above", "--cl-below"].map(ctx.color);
    colors = { lightInk: parseInt(text.slice(1, 3), 16) > 127, above, below };
  }
  const inkOf = (values, max = 1) => (colors.lightInk ? values : Float32Array.from(values, (v) => max - v));
  const empty = () => !get("counts").flat().some((count) => count > 0);

  // --- settings: the page's own changes are told from Python's ----------------------------------
  let own = false;
  function put(changes, andTell = true) {
    own = true;
    for (const [key, value] of Object.entries(changes)) ctx.model.set(key, value);
    own = false;
    if (andTell) ctx.model.save_changes();
  }

  // --- the drawing ------------------------------------------------------------------------------
  const paper = drawingPaper(ctx, {
    onChange() {
      written = true;
      put({ counts: readPaper(), digit_index: null, _truth: null }, false); // Python hears in onRest
      answer();
    },
    onRest: () => put({ drawing: paper.strokes().map((stroke) => [...stroke]) }),
  });
  function readPaper() {
    bitmap = (get("normalize") ? normalizeDrawing : shrinkDrawing)(paper.ink(), PAPER, PAPER);
    return rows8(countInk(bitmap));
  }
  /** Shows the strokes that Python has set, or that another view of this widget has drawn. */
  function readStrokes() {
    paper.set(get("drawing"));
    const counts = readPaper();
    written = true;
    return counts;
  }
  const asData = toggle(t("cut out, straighten, rescale", "裁出、摆正、缩放"), ctx.guard((on) => {
    put({ normalize: on });
    redo();
  }));
  asData.set(get("normalize"));
  /** Reads what is drawn once more, along the road that is chosen now. */
  function redo() {
    nameRoad();
    if (!written) return;
    put({ counts: readPaper() });
    answer();
  }
  function nameRoad() {
    cutTitle.textContent = get("normalize") ? t("cut out", "裁出") : t("shrunk", "缩小");
  }
  const cutTitle = h("span", {});
  function showGiven() {
    written = false;
    bitmap = null;
    paper.set([]);
  }

  const seen = { bitmap: frame("cl-bitmap"), counts: frame("cl-counts"), input: frame("cl-input") };
  const noBitmap = h("span", { class: "cl-none lw-quiet" }, t("not in the data", "数据中没有"));
  seen.bitmap.node.append(noBitmap);

  function drawSeen() {
    paper.show(written || empty() ? null : { values: maps.input.data, side: 28 });
    noBitmap.hidden = written || empty();
    seen.bitmap.canvas.hidden = !noBitmap.hidden;
    seen.bitmap.draw(inkOf(bitmap ?? new Uint8Array(1024)), [32, 32]);
    seen.counts.draw(inkOf(get("counts").flat(), 16), [8, 8], { max: 16 });
    seen.input.draw(inkOf(maps.input.data), [28, 28]);
  }

  // --- held-out digits --------------------------------------------------------------------------
  const given = bytesOf(get("_digits"));
  const [indices, labels, answers] = [get("_indices"), get("_labels"), get("_answers")];
  const examples = labels.map((label, n) => {
    const counts = given.subarray(64 * n, 64 * n + 64);
    const wrong = answers[n] !== label;
    return h("button", {
      type: "button", class: "cl-example",
      "aria-label": wrong
        ? t(`a ${label} that the trained network reads as a ${answers[n]}`, `写的是 ${label}，训练好的网络读成 ${answers[n]}`)
        : t(`a ${label}`, `数字 ${label}`),
      onclick: ctx.guard(() => {
        showGiven();
        put({ counts: rows8(counts), drawing: [], digit_index: indices[n], _truth: label });
        answer();
      }),
    }, h("canvas", { "aria-hidden": "true" }), wrong ? h("span", {}, `${label} → ${answers[n]}`) : null);
  });
  function drawExamples() {
    examples.forEach((button, n) => drawMap(button.firstChild,
      inkOf(given.subarray(64 * n, 64 * n + 64), 16), [8, 8], { max: 16 }));
  }
  const isWrong = (_, n) => answers[n] !== labels[n];

  // --- the layers: tiles, each a button with its pictures ---------------------------------------
  // What is looked at: {layer, channel, row, column}; without a place, the channel's largest value.
  const REST = { layer: "output", channel: null }; // the digit that wins
  let pinned = REST;
  let hovered = null;
  const look = ctx.redraw(() => explain());
  function pin(item, aloud = false) {
    [pinned, hovered] = [item, null];
    look();
    if (aloud) requestAnimationFrame(() => ctx.say(`${storyTitle.textContent}. ${story.textContent}`));
  }
  const hover = (item) => { hovered = item; look(); };

  /** A group of things of which one takes the focus; arrow keys go to the others, `columns` a row
   *  where the layers stand side by side, twice as many on a phone. */
  function arrows(nodes, columns, onKey = () => false) {
    nodes.forEach((node, n) => {
      node.tabIndex = n ? -1 : 0;
      ctx.listen(node, "focus", () => nodes.forEach((other) => { other.tabIndex = other === node ? 0 : -1; }));
      ctx.listen(node, "keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.target !== node) return;
        const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
        if (!move) return;
        event.preventDefault();
        if (onKey(event, n, move)) return;
        const across = wide ? columns : 2 * columns;
        nodes[n + (across > 1 ? move[0] * across + move[1] : move[0] + move[1])]?.focus();
      });
    });
  }

  /** The tiles of a layer: names of its frames, the first of them the map. */
  function makeTiles(channels, columns, { map, pooled, kernel }, title) {
    const names = [kernel, map, pooled].filter(Boolean);
    const tiles = Array.from({ length: channels }, (_, channel) => {
      const frames = Object.fromEntries(names.map((name) => [name, frame(`cl-${name}`)]));
      const node = h("button", { type: "button", class: "cl-tile" }, names.map((name) => frames[name].node));
      const place = (event) => {
        const name = names.find((each) => frames[each].node.contains(event.target)) ?? map;
        if (name === kernel) return { layer: map, channel };
        const [row, column] = frames[name].at(event);
        return { layer: name, channel, row, column };
      };
      ctx.listen(node, "pointermove", (event) => { if (event.pointerType !== "touch") hover(place(event)); });
      ctx.listen(node, "pointerleave", () => hover(null));
      ctx.listen(node, "focus", () => { if (node.matches(":focus-visible")) pin({ layer: map, channel }, true); });
      ctx.listen(node, "click", (event) => {
        const byKey = event.detail === 0;
        pin(byKey ? { layer: map, channel } : place(event));
        if (!kernel) return;
        put({ channel });
        showKernel(true);
        drawLayers();
        if (byKey) cells[0].focus();
      });
      return { node, frames };
    });
    arrows(tiles.map(({ node }) => node), columns, (event, channel, [down, right]) => {
      if (!event.shiftKey) return false; // Shift moves the place in the map
      const { row, column } = placeOf({ ...pinned, layer: map, channel });
      const [, H, W] = maps[map].shape;
      const inside = (v, n) => Math.min(n - 1, Math.max(0, v));
      pin({ layer: map, channel, row: inside(row + down, H), column: inside(column + right, W) }, true);
      return true;
    });
    return { tiles, title };
  }
  const layer1 = makeTiles(C1, 1, { kernel: "kernel1", map: "conv1", pooled: "pool1" });
  const layer2 = makeTiles(C2, 2, { map: "conv2", pooled: "pool2" });
  const framesOf = (name) => (name.endsWith("1") ? layer1 : layer2).tiles.map(({ frames }) => frames[name]);
  const switches = layer1.tiles.map((_, channel) => {
    const box = h("input", { type: "checkbox", "aria-label": t(`channel ${channel + 1} on`, `启用通道 ${channel + 1}`) });
    ctx.listen(box, "change", () => switchChannel(channel, box.checked));
    return box;
  });
  const scales = Object.fromEntries(["conv1", "pool1", "conv2", "pool2"].map((name) => [name, legend()]));
  const ends = { conv1: 2, pool1: 2, conv2: 8, pool2: 8, hidden: 16 }; // of the scales; an empty page keeps the last

  let drawnKernels = null;
  function drawLayers() {
    const off = get("off");
    const kernels = get("kernels");
    const kernelMax = largestSize(kernels.flat(2));
    for (const name of ["conv1", "pool1", "conv2", "pool2"]) {
      const signed = name.startsWith("conv");
      if (!empty()) ends[name] = (signed ? largestSize : largest)(maps[name].data);
      const max = ends[name];
      const scale = signed ? "diverging" : "magnitude";
      const size = maps[name].shape.slice(1);
      framesOf(name).forEach((each, channel) => each.draw(channelOf(maps[name], channel), size, { scale, max }));
      const end = number(max, 2);
      scales[name].update({ scale, max, labels: signed ? [`−${end}`, `+${end}`] : ["0", end] });
    }
    layer1.tiles.forEach(({ node, frames }, channel) => {
      const isOff = off.includes(channel);
      if (kernels !== drawnKernels) frames.kernel1.draw(kernels[channel].flat(), [K, K], { scale: "diverging", max: kernelMax });
      node.classList.toggle("cl-off", isOff);
      node.setAttribute("aria-current", String(channel === get("channel")));
      name(node, isOff ? t(`channel ${channel + 1}, switched off`, `通道 ${channel + 1}，已关闭`)
        : t(`channel ${channel + 1}, up to ${number(largest(channelOf(maps.conv1, channel)))}`, `通道 ${channel + 1}，最大 ${number(largest(channelOf(maps.conv1, channel)))}`));
      switches[channel].checked = !isOff;
    });
    drawnKernels = kernels;
    layer2.tiles.forEach(({ node }, channel) => {
      const most = number(largest(channelOf(maps.conv2, channel)));
      name(node, t(`map ${channel + 1}, up to ${most}`, `特征图 ${channel + 1}，最大 ${most}`));
    });
  }
  function name(node, text) {
    if (node.getAttribute("aria-label") !== text) node.setAttribute("aria-label", text);
  }

  // --- hidden layer -----------------------------------------------------------------------------
  const hiddenFrame = frame("cl-units");
  const hiddenNode = h("div", {
    class: "cl-hidden", tabindex: "0", role: "slider", "aria-label": t("number of the hidden layer", "隐藏层中的数"),
    "aria-valuemin": "1", "aria-valuemax": String(HIDDEN), "aria-valuenow": "1",
  }, hiddenFrame.node);
  const hiddenSpan = h("span", { class: "cl-sub lw-quiet" });
  let unit = 0;
  const unitAt = (event) => {
    const [row, column] = hiddenFrame.at(event);
    return wide ? row : row * (HIDDEN / 2) + column;
  };
  function chooseUnit(next) {
    unit = next;
    pin({ layer: "hidden", channel: unit });
    nameUnit();
  }
  function nameUnit() {
    hiddenNode.setAttribute("aria-valuenow", String(unit + 1));
    hiddenNode.setAttribute("aria-valuetext", `${unit + 1}: ${number(maps.hidden.data[unit])}`);
  }
  ctx.listen(hiddenNode, "pointermove", (event) => { if (event.pointerType !== "touch") hover({ layer: "hidden", channel: unitAt(event) }); });
  ctx.listen(hiddenNode, "pointerleave", () => hover(null));
  ctx.listen(hiddenNode, "click", (event) => chooseUnit(unitAt(event)));
  ctx.listen(hiddenNode, "focus", () => { if (hiddenNode.matches(":focus-visible")) chooseUnit(unit); });
  ctx.listen(hiddenNode, "keydown", (event) => {
    const to = {
      ArrowUp: unit - 1, ArrowLeft: unit - 1, ArrowDown: unit + 1, ArrowRight: unit + 1,
      PageUp: unit - 8, PageDown: unit + 8, Home: 0, End: HIDDEN - 1,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    chooseUnit(Math.min(HIDDEN - 1, Math.max(0, to)));
  });
  function drawHidden() {
    if (!empty()) ends.hidden = largest(maps.hidden.data);
    hiddenFrame.draw(maps.hidden.data, wide ? [HIDDEN, 1] : [2, HIDDEN / 2], { scale: "magnitude", max: ends.hidden });
    hiddenSpan.textContent = `0–${number(ends.hidden, 2)}`;
    nameUnit();
  }

  // --- the answer -------------------------------------------------------------------------------
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const fill = h("span", { class: "cl-fill" });
    const value = h("span", { class: "cl-value" });
    const node = h("button", { type: "button", class: "cl-bar" },
      h("span", { class: "cl-digit" }, digit), h("span", { class: "cl-track" }, fill), value);
    const item = { layer: "output", channel: digit };
    ctx.listen(node, "pointermove", (event) => { if (event.pointerType !== "touch") hover(item); });
    ctx.listen(node, "pointerleave", () => hover(null));
    ctx.listen(node, "focus", () => { if (node.matches(":focus-visible")) pin(item, true); });
    ctx.listen(node, "click", () => pin(item));
    return { node, fill, value };
  });
  arrows(bars.map(({ node }) => node), 0.5);
  const winner = h("span", { class: "cl-winner" });
  const sure = h("b", {});
  const remark = h("span", { class: "cl-remark" });
  const verdict = h("div", { class: "cl-verdict" }, winner, h("span", { class: "cl-words" }, sure, remark));
  const best = () => maps.probabilities.data.indexOf(largest(maps.probabilities.data));
  const a = (digit) => (digit === 8 ? "an 8" : `a ${digit}`);

  function drawAnswer() {
    const p = maps.probabilities.data;
    const none = empty();
    const first = best();
    bars.forEach(({ node, fill, value }, digit) => {
      fill.style.inlineSize = none ? "0" : `${100 * p[digit]}%`;
      value.textContent = none ? "" : probability(p[digit]);
      node.classList.toggle("cl-best", !none && digit === first);
    });
    const truth = get("_truth");
    const second = p.indexOf(largest(p.filter((_, digit) => digit !== first)));
    verdict.classList.toggle("cl-wrong", !none && truth !== null && truth !== first);
    winner.textContent = none ? "?" : first;
    sure.textContent = none ? t("draw a digit", "写一个数字") : probability(p[first]);
    if (none) remark.textContent = t("no ink, no answer", "没有笔迹，没有答案");
    else if (truth !== null) {
      remark.textContent = truth === first ? t("right", "正确") : t(`wrong: it is ${a(truth)}`, `错了：其实是 ${truth}`);
    } else remark.textContent = p[first] < 0.95 ? t(`or ${a(second)}: ${probability(p[second])}`, `或者 ${second}：${probability(p[second])}`) : "";
    ctx.say(none ? remark.textContent : `${t(a(first), `${first}`)}, ${sure.textContent} ${remark.textContent}`);
    examples.forEach((button, n) => button.setAttribute("aria-pressed", String(indices[n] === get("digit_index"))));
  }

  // --- how one number comes about ---------------------------------------------------------------
  const storyTitle = h("div", { class: "cl-title" });
  const story = h("p", { class: "cl-story" });
  const three = [frame("cl-large"), frame("cl-large"), frame("cl-large")];
  const threeNode = h("div", { class: "cl-three" }, three[0].node, h("span", {}, "×"), three[1].node, h("span", {}, "="), three[2].node);
  const parts = Array.from({ length: C2 }, () => {
    const [above, below, text] = [frame("cl-part"), frame("cl-part"), h("span", {})];
    return { above, below, text, node: h("div", { class: "cl-share" }, above.node, below.node, text) };
  });
  const partsNode = h("div", { class: "cl-shares" }, parts.map(({ node }) => node));
  const strip = frame("cl-strip");
  const stripScale = legend();
  const stripNode = h("div", { class: "cl-strips" }, strip.node, stripScale.node);
  const panels = h("div", { class: "cl-panels", "aria-hidden": "true" }, threeNode, partsNode, stripNode);

  /** The item with its place: where the channel is largest, if none is given. */
  function placeOf(item) {
    if (item.row !== undefined || maps[item.layer]?.shape.length !== 3) return item;
    const values = channelOf(maps[item.layer], item.channel);
    const at = values.indexOf(values.reduce((x, y) => Math.max(x, y), -Infinity));
    const W = maps[item.layer].shape[2];
    return { ...item, row: Math.floor(at / W), column: at % W };
  }
  const shown = {
    in: (text) => h("b", { class: "lw-in" }, text),
    learned: (text) => h("b", { class: "lw-learned" }, text),
    out: (text) => h("b", { class: "lw-out" }, text),
  };
  const marked = [];
  function markIn(where, ...place) {
    where.mark(...place);
    marked.push(where);
  }

  function explain() {
    for (const each of marked.splice(0)) each.mark();
    const item = placeOf(hovered ?? pinned);
    const { layer, row, column } = item;
    const channel = item.channel ?? best();
    const place = t(`row ${row + 1}, column ${column + 1}`, `第 ${row + 1} 行，第 ${column + 1} 列`);
    let edges = [];
    let kind = "three";
    if (layer === "conv1") {
      const [pixels, kernel] = [windowOf(maps.input, 0, row, column, K), get("kernels")[channel].flat()];
      const [products, bias] = [times(pixels, kernel), w["conv1.bias"].data[channel]];
      const total = sum(products) + bias;
      storyTitle.textContent = t(`Layer 1, channel ${channel + 1}, ${place}`, `第 1 层，通道 ${channel + 1}，${place}`);
      const isOff = get("off").includes(channel);
      story.replaceChildren(...(isOff
        ? [t("This channel is switched off: all its values are 0.", "此通道已关闭：所有的值都是 0。")]
        : [shown.in(t("25 pixels", "25 个像素")), t(" times ", " 乘以 "), shown.learned(t("25 weights", "25 个权重")),
          t(` add up to ${number(sum(products))}; bias ${number(bias)}: `, `，和为 ${number(sum(products))}；偏置 ${number(bias)}：`),
          shown.out(number(total)), total < 0 ? t("; ReLU makes it 0", "；ReLU 把它变成 0") : ""]));
      three[0].draw(inkOf(pixels), [K, K]);
      three[1].draw(kernel, [K, K], { scale: "diverging", max: largestSize(get("kernels").flat(2)) });
      three[2].draw(products, [K, K], { scale: "diverging", max: largestSize(products) });
      markIn(seen.input, row, column, K);
      markIn(framesOf("conv1")[channel], row, column, 1);
      if (!isOff) edges = [[ports.input, ports.left1[channel], total]];
    } else if (layer === "conv2") {
      kind = "shares";
      const shares = Array.from({ length: C1 }, (_, c) => {
        const pixels = windowOf(maps.pool1, c, row, column, K);
        const kernel = w["conv2.weight"].data.subarray((channel * C1 + c) * K * K, (channel * C1 + c + 1) * K * K);
        parts[c].above.draw(pixels, [K, K], { scale: "magnitude", max: largest(maps.pool1.data) });
        parts[c].below.draw(kernel, [K, K], { scale: "diverging", max: largestSize(w["conv2.weight"].data) });
        markIn(framesOf("pool1")[c], row, column, K);
        return sum(times(pixels, kernel));
      });
      const bias = w["conv2.bias"].data[channel];
      const total = sum(shares) + bias;
      storyTitle.textContent = t(`Layer 2, map ${channel + 1}, ${place}`, `第 2 层，特征图 ${channel + 1}，${place}`);
      story.replaceChildren(shown.in(t("8 windows", "8 个窗口")), t(" times ", " 乘以 "), shown.learned(t("8 kernels", "8 个卷积核")),
        t(` add up to ${number(sum(shares))}; bias ${number(bias)}: `, `，和为 ${number(sum(shares))}；偏置 ${number(bias)}：`),
        shown.out(number(total)), total < 0 ? t("; ReLU makes it 0", "；ReLU 把它变成 0") : "");
      showShares(shares);
      markIn(framesOf("conv2")[channel], row, column, 1);
      edges = shares.map((share, c) => [ports.right1[c], ports.left2[channel], share]);
    } else if (layer === "pool1" || layer === "pool2") {
      const [below, n] = [layer.replace("pool", "conv"), layer.at(-1)];
      const four = windowOf(maps[below], channel, 2 * row, 2 * column, 2);
      storyTitle.textContent = t(`Pooling ${n}, channel ${channel + 1}, ${place}`, `池化 ${n}，通道 ${channel + 1}，${place}`);
      story.replaceChildren(t("The largest of ", "最大的一个："), shown.in(four.map((v) => number(v)).join(", ")),
        t(", and at least 0 (ReLU): ", "，且至少为 0（ReLU）："), shown.out(number(maps[layer].data[(channel * maps[layer].shape[1] + row) * maps[layer].shape[2] + column])));
      kind = "one";
      three[0].draw(four, [2, 2], { scale: "diverging", max: largestSize(maps[below].data) });
      markIn(framesOf(below)[channel], 2 * row, 2 * column, 2);
      markIn(framesOf(layer)[channel], row, column, 1);
    } else if (layer === "hidden") {
      kind = "shares";
      const area = maps.pool2.shape[1] * maps.pool2.shape[2];
      const weights = w["hidden.weight"].data.subarray(channel * C2 * area, (channel + 1) * C2 * area);
      const products = times(maps.pool2.data, weights);
      const shares = Array.from({ length: C2 }, (_, c) => {
        const own16 = products.subarray(c * area, (c + 1) * area);
        parts[c].above.draw(own16, maps.pool2.shape.slice(1), { scale: "diverging", max: largestSize(products) });
        return sum(own16);
      });
      const bias = w["hidden.bias"].data[channel];
      const total = sum(shares) + bias;
      storyTitle.textContent = t(`Hidden layer, number ${channel + 1}`, `隐藏层，第 ${channel + 1} 个数`);
      story.replaceChildren(shown.in(t("256 pooled values", "256 个池化值")), t(" times ", " 乘以 "), shown.learned(t("256 weights", "256 个权重")),
        t(` add up to ${number(sum(shares))}; bias ${number(bias)}: `, `，和为 ${number(sum(shares))}；偏置 ${number(bias)}：`),
        shown.out(number(total)), total < 0 ? t("; ReLU makes it 0", "；ReLU 把它变成 0") : "");
      showShares(shares);
      hiddenFrame.mark(...(wide ? [channel, 0, 1] : [Math.floor(channel / (HIDDEN / 2)), channel % (HIDDEN / 2), 1]));
      marked.push(hiddenFrame);
      edges = shares.map((share, c) => [ports.right2[c], ports.units[channel], share]);
    } else if (empty()) {
      kind = "none";
      storyTitle.textContent = t("No ink yet", "还没有笔迹");
      story.replaceChildren(t("What the maps show now comes from the biases alone.", "现在各图只来自偏置。"));
    } else {
      kind = "strip";
      const products = times(maps.hidden.data, w["output.weight"].data.subarray(channel * HIDDEN, (channel + 1) * HIDDEN));
      const [score, p] = [maps.scores.data[channel], maps.probabilities.data[channel]];
      storyTitle.textContent = t(`What speaks for ${a(channel)}, and what against`, `什么支持 ${channel}，什么反对`);
      story.replaceChildren(
        shown.in(t("64 hidden numbers", "64 个隐藏层的数")), t(" times ", " 乘以 "), shown.learned(t("64 weights", "64 个权重")),
        t(" and a bias: score ", "，加偏置：得分 "), shown.out(number(score)),
        t("; softmax over all ten: ", "；十个得分经 softmax："), shown.out(probability(p)));
      const max = largestSize(products);
      strip.draw(products, [1, HIDDEN], { scale: "diverging", max });
      stripScale.update({ scale: "diverging", max, labels: [`−${number(max)} ${t("against", "反对")}`, "0", `${t("for", "支持")} +${number(max)}`] });
      edges = Array.from(products, (share, u) => [ports.right3[u], ports.digits[channel], share]);
    }
    threeNode.hidden = kind !== "three" && kind !== "one";
    threeNode.classList.toggle("cl-one", kind === "one");
    partsNode.hidden = kind !== "shares";
    stripNode.hidden = kind !== "strip";
    drawEdges(edges);
  }
  function showShares(shares) {
    partsNode.classList.toggle("cl-halves", shares.length > C1);
    parts.forEach(({ node, text, below }, c) => {
      node.hidden = c >= shares.length;
      below.node.hidden = shares.length > C1;
      text.textContent = number(shares[c] ?? 0, 2);
    });
  }

  // --- lines from what a number is made of, as thick as their share -----------------------------
  const lines = h("canvas", { class: "cl-lines", "aria-hidden": "true" });
  let ports = { left1: [], right1: [], left2: [], right2: [], units: [], right3: [], digits: [] };
  function findPorts() {
    const box = flow.getBoundingClientRect();
    const scale = devicePixelRatio;
    Object.assign(lines, { width: Math.round(box.width * scale), height: Math.round(box.height * scale) });
    const left = (node) => { const b = node.getBoundingClientRect(); return [b.left - box.left - 1, (b.top + b.bottom) / 2 - box.top]; };
    const right = (node) => { const b = node.getBoundingClientRect(); return [b.right - box.left + 1, (b.top + b.bottom) / 2 - box.top]; };
    const column = hiddenFrame.canvas.getBoundingClientRect();
    const middle = (u) => column.top - box.top + ((u + 0.5) / HIDDEN) * column.height;
    const each = (length, make) => Array.from({ length }, (_, n) => make(n));
    ports = {
      input: right(seen.input.node),
      left1: layer1.tiles.map(({ node }) => left(node.parentNode)), right1: layer1.tiles.map(({ node }) => right(node)),
      left2: layer2.tiles.map(({ node }) => left(node)), right2: layer2.tiles.map(({ node }) => right(node)),
      units: each(HIDDEN, (u) => [column.left - box.left - 1, middle(u)]),
      right3: each(HIDDEN, (u) => [column.right - box.left + 1, middle(u)]),
      digits: bars.map(({ node }) => left(node)),
    };
  }
  function drawEdges(edges) {
    const pen = lines.getContext("2d");
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, lines.width, lines.height);
    if (!wide) return;
    const max = largestSize(edges.map(([, , share]) => share));
    for (const [[x0, y0], [x1, y1], share] of edges) {
      const size = max ? Math.abs(share) / max : 0;
      if (size < 0.02) continue;
      const bend = Math.min(40, (x1 - x0) / 2);
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
      pen.strokeStyle = share < 0 ? colors.below : colors.above;
      pen.globalAlpha = 0.25 + 0.75 * size;
      pen.lineWidth = 0.75 + 2.25 * size;
      pen.stroke();
    }
  }

  // --- the kernel editor ------------------------------------------------------------------------
  const cells = Array.from({ length: K * K }, (_, i) => h("input", {
    class: "cl-cell", type: "text", autocomplete: "off", spellcheck: "false",
    "aria-label": t(`weight in row ${Math.floor(i / K) + 1}, column ${(i % K) + 1}`, `第 ${Math.floor(i / K) + 1} 行第 ${(i % K) + 1} 列的权重`),
  }));
  const problem = h("p", { class: "cl-problem", role: "alert" });
  const editorTitle = h("div", { class: "cl-title lw-learned" });
  const active = toggle(t("on", "启用"), ctx.guard((on) => switchChannel(get("channel"), on)));
  const same = (one, other) => one.flat().every((v, i) => Math.fround(v) === Math.fround(other.flat()[i]));
  const button = (text, act) => h("button", {
    type: "button", class: "lw-button", onclick: ctx.guard((event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") act();
    }),
  }, text);
  const resetOne = button(t("reset", "重置"), () => setKernel(trained[get("channel")]));
  const restore = button(t("restore the trained kernels", "恢复训练好的卷积核"), () => {
    put({ kernels: trained, off: [] });
    showKernel(true);
    answer();
  });

  function switchChannel(channel, on) {
    const others = get("off").filter((c) => c !== channel);
    put({ off: on ? others : [...others, channel].sort((x, y) => x - y) });
    showKernel();
    answer();
  }
  function setKernel(kernel, all = true) {
    put({ kernels: get("kernels").map((old, c) => (c === get("channel") ? kernel : old)) });
    showKernel(all);
    answerSoon();
  }
  function setWeight(i, value, all) {
    setKernel(get("kernels")[get("channel")].map((row, r) => (
      row.map((old, c) => (r * K + c === i ? value : old)))), all);
  }
  cells.forEach((cell, i) => {
    ctx.listen(cell, "input", () => {
      const value = parseNumber(cell.value);
      const bad = !(Math.abs(value) <= LARGEST);
      cell.setAttribute("aria-invalid", String(bad));
      problem.textContent = bad ? t(`A weight is a number from −${LARGEST} to ${LARGEST}; the last good one stays.`, `权重是 −${LARGEST} 到 ${LARGEST} 之间的数；保留上一个有效值。`) : "";
      if (!bad) setWeight(i, value, false);
    });
    ctx.listen(cell, "focus", () => {
      cell.select();
      if (cell.matches(":focus-visible")) pin({ layer: "conv1", channel: get("channel") });
    });
    ctx.listen(cell, "blur", () => { problem.textContent = ""; showKernel(true); });
    ctx.listen(cell, "keydown", (event) => {
      if (event.key === "Escape") layer1.tiles[get("channel")].node.focus();
      if (event.key === "Enter") { problem.textContent = ""; showKernel(true); }
      const step = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const value = get("kernels")[get("channel")].flat()[i] + step;
      if (Math.abs(value) <= LARGEST) setWeight(i, Math.round(value * 1000) / 1000, true);
    });
  });

  /** Writes the open channel's weights into the cells; the one being typed into only if `all`. */
  function showKernel(all = false) {
    const channel = get("channel");
    const kernels = get("kernels");
    const kernel = kernels[channel].flat();
    const max = largestSize(kernels.flat(2));
    editorTitle.textContent = t(`Kernel of channel ${channel + 1}`, `通道 ${channel + 1} 的卷积核`);
    active.set(!get("off").includes(channel));
    cells.forEach((cell, i) => {
      const { background, ink } = paint("diverging", kernel[i], max);
      Object.assign(cell.style, { background, color: ink });
      if (all || cell !== root.ownerDocument.activeElement) {
        cell.value = number(kernel[i]);
        cell.setAttribute("aria-invalid", "false");
      }
    });
    if (all) problem.textContent = "";
    resetOne.setAttribute("aria-disabled", String(same(kernels[channel], trained[channel])));
    restore.setAttribute("aria-disabled", String(!get("off").length && same(kernels.flat(), trained.flat())));
  }

  // --- all of it --------------------------------------------------------------------------------
  function answer() {
    maps = lenetForward(w, get("counts").flat(), get("kernels"), get("off"));
    drawSeen();
    drawLayers();
    drawHidden();
    drawAnswer();
    explain();
  }
  const answerSoon = ctx.redraw(answer);

  const figure = (each, title, size) => h("figure", {}, each.node,
    h("figcaption", { class: "lw-quiet" }, title instanceof Node ? title : h("span", {}, title), " ", h("span", {}, size)));
  const head = (quantity, title, ...sub) => h("div", { class: "cl-head" },
    h("div", { class: `cl-title lw-${quantity}` }, title), sub);
  const captions = (...texts) => h("div", { class: "cl-captions lw-quiet" }, texts.map((text) => h("span", {}, text)));
  const flow = h("div", { class: "cl-flow" }, lines,
    h("div", { class: "cl-see" },
      head("in", t("Drawing", "手写")), paper.node, h("div", { class: "cl-buttons" }, paper.undo, paper.clear),
      h("div", { class: "cl-road" }, asData.node),
      h("div", { class: "cl-seen" },
        figure(seen.bitmap, cutTitle, "32 × 32"),
        figure(seen.counts, t("ink", "墨量"), "8 × 8"),
        figure(seen.input, t("input", "输入"), "28 × 28"))),
    h("div", { class: "cl-layer cl-1" },
      head("learned", t("Layer 1", "第 1 层"), captions(t("kernel", "卷积核"), t("map", "特征图"), t("pool", "池化"))),
      h("div", { class: "cl-tiles", role: "group", "aria-label": t("first layer", "第一层") },
        layer1.tiles.map(({ node }, channel) => h("div", { class: "cl-row" }, h("label", { class: "cl-switch" }, switches[channel]), node))),
      h("div", { class: "cl-scales" }, scales.conv1.node, scales.pool1.node)),
    h("div", { class: "cl-layer cl-2" },
      head("learned", t("Layer 2", "第 2 层"), captions(t("map", "特征图"), t("pool", "池化"), t("map", "特征图"), t("pool", "池化"))),
      h("div", { class: "cl-tiles", role: "group", "aria-label": t("second layer", "第二层") }, layer2.tiles.map(({ node }) => node)),
      h("div", { class: "cl-scales" }, scales.conv2.node, scales.pool2.node)),
    h("div", { class: "cl-third" }, head("learned", t("Hidden", "隐藏层"), hiddenSpan), hiddenNode),
    h("div", { class: "cl-answer" },
      head("out", t("Answer", "答案")), verdict,
      h("div", { class: "cl-bars", role: "group", "aria-label": t("ten probabilities", "十个概率") }, bars.map(({ node }) => node)),
      h("p", { class: "cl-note lw-quiet" }, t("It must choose one of ten: a scribble gets an answer too.", "它只能在十个数字里选：乱涂也会得到答案。"))));

  root.append(
    h("p", { class: "lw-try" }, h("b", {}, t("Try first: ", "先试试：")),
      t("switch channels of layer 1 off, one at a time, until the answer changes. Then draw a digit yourself.", "逐个关闭第 1 层的通道，直到答案改变。再自己写一个数字。")),
    h("div", { class: "cl-given", role: "group", "aria-label": t("held-out digits", "测试集数字") },
      h("span", { class: "lw-label" }, t("digits it has never seen", "它没见过的数字")),
      h("div", { class: "cl-strip" }, examples.filter((_, n) => !isWrong(_, n))),
      h("span", { class: "lw-label" }, t("misread", "认错的")),
      h("div", { class: "cl-strip" }, examples.filter(isWrong))),
    flow,
    h("div", { class: "cl-detail" },
      h("div", { class: "cl-editor" },
        h("div", { class: "cl-editor-head" }, editorTitle, active.node), h("div", { class: "cl-cells" }, cells),
        h("div", { class: "cl-buttons" }, resetOne, restore), problem),
      h("div", { class: "cl-how" }, storyTitle, story, panels)),
  );

  ctx.watch(["counts", "_truth", "digit_index"], () => {
    if (own) return;
    showGiven();
    answerSoon();
  });
  ctx.watch("drawing", () => {
    if (own || !get("drawing").length) return;
    put({ counts: readStrokes(), digit_index: null, _truth: null });
    answerSoon();
  });
  ctx.watch("normalize", () => {
    asData.set(get("normalize"));
    if (!own) redo();
  });
  ctx.watch(["kernels", "off", "channel"], () => {
    if (own) return;
    showKernel(true);
    answerSoon();
  });
  ctx.onTheme(() => {
    restyle();
    drawExamples();
    answer();
  });
  ctx.onResize(flow, () => {
    wide = root.clientWidth >= WIDE;
    findPorts();
    drawHidden();
    explain();
  });

  if (get("drawing").length) {
    const counts = readStrokes();
    if (empty()) put({ counts });
    else if (JSON.stringify(counts) !== JSON.stringify(get("counts"))) showGiven();
  }
  restyle();
  nameRoad();
  findPorts();
  drawExamples();
  showKernel(true);
  answer();

  // A browser compiles what has run a few times: the first stroke shall be as quick as the tenth.
  let runs = 10;
  const warmUp = ctx.guard(() => {
    countInk(normalizeDrawing(paper.ink().map((_, i) => (i * i) % 3), PAPER, PAPER));
    lenetForward(w, get("counts").flat(), get("kernels"));
    if (--runs) idle = later(warmUp);
  });
  // Safari has no requestIdleCallback.
  const [later, never] = globalThis.requestIdleCallback
    ? [requestIdleCallback, cancelIdleCallback] : [(callback) => setTimeout(callback, 50), clearTimeout];
  let idle = later(warmUp);
  ctx.onCleanup(() => never(idle));
}

export default { render: (host) => mount(host, "conv-live", build) };
