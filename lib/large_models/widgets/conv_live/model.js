// ConvLive as data: what the reader does, what the network gives, and what every part shows.
import { countInk, normalizeDrawing, shrinkDrawing } from "../engine/digits.js";
import { channelOf, lenetForward, lenetWeights } from "../engine/lenet.js";
import { paint } from "../kit/colors.js";
import { t } from "../kit/language.js";
import { number, probability } from "../kit/numbers.js";
import { article, largest, largestSize, placeOf, storyOf } from "./story.js";

export const MOST_WEIGHT = 100; // of an edited weight, either sign
const REST = { layer: "output", channel: null }; // looked at unless the reader looks elsewhere: the answer
const MAPS = ["conv1", "pool1", "conv2", "pool2"];
const SURE = 0.95; // from here on the second digit is not named
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const inside = (value, length) => Math.min(length - 1, Math.max(0, value));
const rows8 = (flat) => Array.from({ length: 8 }, (_, r) => Array.from(flat.slice(8 * r, 8 * r + 8)));
const same = (one, other) => one.flat(2).every((v, i) => Math.fround(v) === Math.fround(other.flat(2)[i]));

/** The widget's state, what changes it, and what follows from it.
 *
 *  get(key) gives a trait; weights and digits are the traits of bytes as arrays. What changes traits
 *  returns the changes, {key: value}, for the view to set. A picture is {values, shape, scale, max}.
 *  @param {(key: string) => any} get
 *  @param {{weights: Float32Array, digits: Uint8Array}} bytes */
export function liveModel(get, { weights, digits }) {
  const w = lenetWeights(weights, JSON.parse(get("_shapes")));
  const [C1, , K] = w["conv1.weight"].shape;
  const [C2] = w["conv2.weight"].shape;
  const [HIDDEN] = w["hidden.bias"].shape;
  const trained = Array.from({ length: C1 }, (_, c) => Array.from({ length: K }, (_, r) => (
    Array.from(w["conv1.weight"].data.subarray((c * K + r) * K, (c * K + r + 1) * K)))));
  const look = { wide: true, lightInk: false }; // the layers side by side; the page's text is light on dark
  const ends = { conv1: 2, pool1: 2, conv2: 8, pool2: 8, hidden: 16 }; // of the scales; an empty page keeps the last
  let written = false; // whether the paper shows what the reader wrote, rather than a held-out digit
  let bitmap = null;   // 32 x 32, of what is written
  let maps = null;     // what every layer gave last
  let pinned = REST;   // what is explained, and what is while the pointer rests on something
  let hovered = null;
  let unit = 0;        // of the hidden layer: where its keys stand

  const empty = () => !get("counts").flat().some((count) => count > 0);
  const best = () => maps.probabilities.data.indexOf(largest(maps.probabilities.data));
  const kernelMax = () => largestSize(get("kernels").flat(2));
  /** Ink has the colour of the page's text: dark on light, light on dark. */
  const ink = (values, shape, max = 1) => ({
    values: look.lightInk ? values : Float32Array.from(values, (v) => max - v), shape, scale: "gray", max,
  });

  // --- what the reader and Python do --------------------------------------------------------------
  function countsOf(drawn) {
    const side = Math.sqrt(drawn.length);
    bitmap = (get("normalize") ? normalizeDrawing : shrinkDrawing)(drawn, side, side);
    return rows8(countInk(bitmap));
  }
  /** Something was written; drawn: side x side values of ink. */
  function write(drawn) {
    written = true;
    return { counts: countsOf(drawn), digit_index: null, _truth: null };
  }
  /** The paper shows no drawing, but what the counts say. */
  function showGiven() {
    [written, bitmap] = [false, null];
  }
  /** Strokes that were there when the widget began. Counts that are not theirs win: null. */
  function begin(drawn) {
    const { counts } = write(drawn);
    if (empty()) return { counts };
    if (JSON.stringify(counts) === JSON.stringify(get("counts"))) return {};
    showGiven();
    return null;
  }
  /** The other road was chosen: what is written is read once more, if anything is. */
  const readAgain = (drawn) => (written ? { counts: countsOf(drawn) } : null);
  function pickExample(n) {
    showGiven();
    const counts = rows8(digits.subarray(64 * n, 64 * n + 64));
    return { counts, drawing: [], digit_index: get("_indices")[n], _truth: get("_labels")[n] };
  }
  function switchChannel(channel, on) {
    const others = get("off").filter((c) => c !== channel);
    return { off: on ? others : [...others, channel].sort((a, b) => a - b) };
  }
  const setKernel = (kernel) => ({ kernels: get("kernels").map((old, c) => (c === get("channel") ? kernel : old)) });
  const setWeight = (i, value) => setKernel(get("kernels")[get("channel")].map((row, r) => (
    row.map((old, c) => (r * K + c === i ? value : old)))));
  const resetKernel = () => setKernel(trained[get("channel")]);
  const restore = () => ({ kernels: trained, off: [] });

  // --- what is looked at: {layer, channel, row, column}; no place means where the channel is largest
  function pin(item) {
    [pinned, hovered] = [item, null];
    if (item.layer === "hidden") unit = item.channel;
  }
  function hover(item) {
    hovered = item;
  }
  /** Where an arrow key leads: from one of a group (first, second, bars) to another, by its number. */
  function neighbour(group, n, key) {
    const across = { first: look.wide ? 1 : 2, second: look.wide ? 2 : 4, bars: 1 }[group];
    const [down, right] = MOVES[key];
    return across > 1 ? n + down * across + right : n + down + right;
  }
  /** The item one step further in its map, as Shift and an arrow key ask for it. */
  function stepInMap(layer, channel, key) {
    const [down, right] = MOVES[key];
    const from = placeOf(maps, pinned.layer === layer && pinned.channel === channel ? pinned : { layer, channel });
    const [, H, W] = maps[layer].shape;
    return { layer, channel, row: inside(from.row + down, H), column: inside(from.column + right, W) };
  }
  const unitShape = () => (look.wide ? [HIDDEN, 1] : [2, HIDDEN / 2]);
  /** The hidden number at a point of their picture, 0 to 1 from the left and the top. */
  function unitAt(u, v) {
    const [rows, columns] = unitShape();
    return inside(Math.floor(v * rows), rows) * columns + inside(Math.floor(u * columns), columns);
  }
  const unitAfter = (steps) => inside(unit + steps, HIDDEN);
  function unitPlace(u) {
    const shape = unitShape();
    return { shape, row: Math.floor(u / shape[1]), column: u % shape[1] };
  }

  // --- what the network gives, and what every part shows ------------------------------------------
  /** Runs the network on what the traits say now. */
  function run() {
    maps = lenetForward(w, get("counts").flat(), get("kernels"), get("off"));
    if (empty()) return;
    for (const name of MAPS) ends[name] = (name.startsWith("conv") ? largestSize : largest)(maps[name].data);
    ends.hidden = largest(maps.hidden.data);
  }

  /** Does once all that a stroke asks for, and forgets it; drawn: as many values as the paper has. */
  function rehearse(drawn) {
    const side = Math.sqrt(drawn.length);
    countInk(normalizeDrawing(drawn.map((_, i) => (i * i) % 3), side, side));
    lenetForward(w, get("counts").flat(), get("kernels"));
  }

  /** The paper, and the drawing on its road: `paper` is a picture where it is no drawing. */
  function seen() {
    const given = !written && !empty();
    return {
      asData: get("normalize"),
      paper: given ? { values: maps.input.data, side: 28 } : null,
      road: get("normalize") ? t("cut out", "裁出") : t("shrunk", "缩小"),
      bitmap: given ? null : ink(bitmap ?? new Uint8Array(32 * 32), [32, 32]),
      counts: ink(get("counts").flat(), [8, 8], 16),
      input: ink(maps.input.data, [28, 28]),
    };
  }

  function scaleOf(name) {
    const [max, end] = [ends[name], number(ends[name], 2)];
    return name.startsWith("conv")
      ? { scale: "diverging", max, labels: [`−${end}`, `+${end}`] }
      : { scale: "magnitude", max, labels: ["0", end] };
  }
  function picturesOf(name) {
    const { scale, max } = scaleOf(name);
    const [channels, ...shape] = maps[name].shape;
    return Array.from({ length: channels }, (_, c) => ({ values: channelOf(maps[name], c), shape, scale, max }));
  }
  /** Both layers: their pictures and scales by name, and each tile's name. */
  function layers() {
    const upTo = (name, channel) => number(largest(channelOf(maps[name], channel)));
    const max = kernelMax();
    return {
      pictures: {
        kernel1: get("kernels").map((kernel) => ({ values: kernel.flat(), shape: [K, K], scale: "diverging", max })),
        ...Object.fromEntries(MAPS.map((name) => [name, picturesOf(name)])),
      },
      scales: Object.fromEntries(MAPS.map((name) => [name, scaleOf(name)])),
      first: trained.map((_, channel) => {
        const off = get("off").includes(channel);
        const most = upTo("conv1", channel);
        return {
          off, open: channel === get("channel"),
          name: off ? t(`channel ${channel + 1}, switched off`, `通道 ${channel + 1}，已关闭`)
            : t(`channel ${channel + 1}, up to ${most}`, `通道 ${channel + 1}，最大 ${most}`),
        };
      }),
      second: Array.from({ length: C2 }, (_, channel) => {
        const most = upTo("conv2", channel);
        return { name: t(`map ${channel + 1}, up to ${most}`, `特征图 ${channel + 1}，最大 ${most}`) };
      }),
    };
  }

  function hidden() {
    return {
      picture: { values: maps.hidden.data, shape: unitShape(), scale: "magnitude", max: ends.hidden },
      range: `0–${number(ends.hidden, 2)}`,
      now: unit + 1,
      told: `${unit + 1}: ${number(maps.hidden.data[unit])}`,
    };
  }

  /** The ten rows, the verdict, and what is said aloud; no answer without ink. */
  function answer() {
    const p = Array.from(maps.probabilities.data);
    if (empty()) {
      const remark = t("no ink, no answer", "没有笔迹，没有答案");
      return {
        rows: p.map(() => ({ share: null, text: "", best: false })), winner: "?", wrong: false,
        sure: t("draw a digit", "写一个数字"), remark, said: remark,
      };
    }
    const [first, truth] = [best(), get("_truth")];
    const second = p.indexOf(largest(p.filter((_, digit) => digit !== first)));
    let remark = "";
    if (truth === first) remark = t("right", "正确");
    else if (truth !== null) remark = t(`wrong: it is ${article(truth)}`, `错了：其实是 ${truth}`);
    else if (p[first] < SURE) remark = t(`or ${article(second)}: ${probability(p[second])}`, `或者 ${second}：${probability(p[second])}`);
    const sure = probability(p[first]);
    return {
      rows: p.map((share, digit) => ({ share, text: probability(share), best: digit === first })),
      winner: String(first), wrong: truth !== null && truth !== first, sure, remark,
      said: `${t(article(first), `${first}`)}, ${sure} ${remark}`,
    };
  }

  /** The held-out digits: what they are, what the trained network made of them, which one is shown. */
  function examples() {
    return get("_labels").map((label, n) => {
      const read = get("_answers")[n];
      return {
        wrong: read !== label, shown: get("_indices")[n] === get("digit_index"),
        name: read === label ? t(`a ${label}`, `数字 ${label}`)
          : t(`a ${label} that the trained network reads as a ${read}`, `写的是 ${label}，训练好的网络读成 ${read}`),
        note: read === label ? "" : `${label} → ${read}`,
        picture: ink(digits.subarray(64 * n, 64 * n + 64), [8, 8], 16),
      };
    });
  }

  /** The open kernel: its cells, and which buttons have something to do. */
  function editor() {
    const [channel, kernels, off] = [get("channel"), get("kernels"), get("off")];
    const max = kernelMax();
    return {
      title: t(`Kernel of channel ${channel + 1}`, `通道 ${channel + 1} 的卷积核`),
      on: !off.includes(channel),
      cells: kernels[channel].flat().map((value) => ({ value, ...paint("diverging", value, max) })),
      canReset: !same(kernels[channel], trained[channel]),
      canRestore: off.length > 0 || !same(kernels, trained),
    };
  }

  function story() {
    const item = placeOf(maps, hovered ?? pinned);
    const net = { w, maps, C1, C2, K, HIDDEN, kernels: get("kernels"), off: get("off"), empty: empty(), ink, unitPlace };
    return storyOf(net, { ...item, channel: item.channel ?? best() });
  }

  return {
    C1, C2, K, HIDDEN, look, run, rehearse,
    write, begin, readAgain, showGiven, pickExample, switchChannel, setWeight, resetKernel, restore,
    pin, hover, neighbour, stepInMap, unitAt, unitAfter, unit: () => unit,
    seen, layers, hidden, answer, examples, editor, story,
  };
}
