// What KernelExplorer shows, as plain data: the two pictures, what lies under the window, the products.
//
// A layer is what the settings make of a photograph; everything else follows from a layer and the
// place of its window. Rows and columns count from 0 here, and from 1 in what is said.
import { avgPool2d, conv2d, maxPool2d, tensor } from "../engine/nn.js";
import { paint } from "../kit/colors.js";
import { t } from "../kit/language.js";
import { number, probability } from "../kit/numbers.js";

/** The traits that a layer follows from. */
export const SETTINGS = [
  "kernel", "stride", "padding", "dilation", "clip", "tab", "pool", "pool_window", "pool_stride",
];
export const MARGIN = 8;  // CSS pixels around a picture where a window over the padding still shows
const SMALLEST_MARK = 9;  // CSS pixels a side of the box around a window
const BLOCKS = 128;       // pixels a side up to which a picture is drawn as blocks
const ROOMY = 210;        // CSS pixels a side of a lens that shows more than the window
const READABLE = 23;      // CSS pixels a side of a cell that has room for a number

const grayScale = () => ({ scale: "gray", max: 255, labels: [t("0 black", "0 黑"), t("255 white", "255 白")] });
const clamped = (n, least, most) => Math.max(least, Math.min(most, n));
const largestSize = (values) => Math.max(...values.map(Math.abs));

/** The layer that the settings (an object with `SETTINGS`) make of pixels (1, H, W), 0 to 255. */
export function layerOf(settings, pixels) {
  const { kernel, stride, padding, dilation, clip, pool, pool_window: window, pool_stride: hop } = settings;
  const K = kernel.length;
  const convolved = conv2d(pixels, tensor(kernel.flat(), [1, 1, K, K]), null, { stride, padding, dilation });
  const colors = scaleFor(convolved.data, clip);
  if (settings.tab !== "pooling") {
    return {
      how: "sum", K, gap: dilation, span: dilation * (K - 1) + 1, stride, padding, clip, weights: kernel.flat(),
      source: pixels, result: convolved, colors: { in: grayScale(), out: colors },
      most: 255 * largestSize(kernel.flat()), // full colour: the largest weight on a white pixel
    };
  }
  const options = { kernelSize: window, stride: hop };
  return {
    how: pool, K: window, gap: 1, span: window, stride: hop, padding: 0, clip, weights: null,
    source: convolved, result: (pool === "max" ? maxPool2d : avgPool2d)(convolved, options),
    colors: { in: colors, out: colors }, most: colors.max,
  };
}

/** How to colour values: {scale, max, labels}. As a photo editor would (cut to 0..255), on a gray
 *  scale where nothing is negative, else signed. One pixel in 100 may lie beyond the scale's end, so
 *  that one bright spot does not leave the rest pale; the labels say so. */
export function scaleFor(values, clipped) {
  if (clipped) {
    let beyond = 0;
    for (const v of values) if (v < -0.5 || v > 255.5) beyond += 1;
    const cut = probability(beyond / values.length);
    return { scale: "gray", max: 255, labels: ["≤ 0", t(`${cut} cut off`, `截去 ${cut}`), "≥ 255"] };
  }
  let [least, most] = [Infinity, -Infinity]; // a loop: this runs over a whole photograph
  for (const v of values) {
    if (v < least) least = v;
    if (v > most) most = v;
  }
  const largest = Math.max(-least, most);
  if (!(largest > 0)) return { scale: "diverging", max: 0, labels: ["", "0", ""] };
  const counts = new Uint32Array(1024);
  for (const v of values) counts[Math.floor((Math.abs(v) / largest) * 1023)] += 1;
  let bin = 1023;
  for (let beyond = 0; beyond + counts[bin] <= values.length / 100; bin--) beyond += counts[bin];
  const max = (largest * (bin + 1)) / 1024;
  const [under, over] = bin < 1023 ? ["≤ ", "≥ "] : ["", ""];
  return least >= 0
    ? { scale: "gray", max, labels: ["0", `${over}${number(max)}`] }
    : { scale: "diverging", max, labels: [`${under}${number(-max)}`, "0", `${over}${number(max)}`] };
}

/** Both pictures: {in, out}, each {title, size, label, values, shape: [H, W], colors, blocks}. */
export function picturesOf({ how, source, result, colors }) {
  const picture = (title, { data, shape: [, H, W] }, scale) => ({
    title, size: `${H} × ${W}`, values: data, shape: [H, W], colors: scale, blocks: W <= BLOCKS,
    label: `${title} ${H} × ${W}. ${t("The arrow keys move the window.", "用方向键移动窗口。")}`,
  });
  return {
    in: picture(how === "sum" ? t("Input", "输入") : t("Features", "特征图"), source, colors.in),
    out: picture(how === "sum" ? t("Output", "输出") : t("Pooled", "池化结果"), result, colors.out),
  };
}

/** The size of the output in words and in numbers: {label, words, numbers, result}. A part is a text,
 *  or [text, colour] where the colour is "in" or "learned". */
export function formulaOf({ how, K, gap, stride, padding, source, result }) {
  const line = (size, pad, dilation, kernel, step) => {
    const parts = how === "sum"
      ? ["⌊(", size, " + 2·", pad, " − ", dilation, "·(", kernel, " − 1) − 1) / ", step, "⌋\u00a0+\u00a01"]
      : ["⌊(", size, " − ", kernel, ") / ", step, "⌋\u00a0+\u00a01"];
    return parts.map((part) => (Array.isArray(part) ? part : String(part)));
  };
  const learned = (text) => (how === "sum" ? [String(text), "learned"] : text);
  return {
    label: t("size of the output", "输出的大小"),
    words: line([t("input", "输入"), "in"], t("padding", "填充"), t("dilation", "膨胀"),
      learned(how === "sum" ? t("kernel", "核") : t("window", "窗口")), t("stride", "步幅")),
    numbers: line([String(source.shape[1]), "in"], padding, gap, learned(K), stride),
    result: String(result.shape[1]),
  };
}

// --- where the window is --------------------------------------------------------------------------

/** Where the window is: the place in the output, at most its last, and its first cell in the input. */
export function placeOf({ result, stride, padding }, [row, col]) {
  const [, H, W] = result.shape;
  const [r, c] = [Math.min(row, H - 1), Math.min(col, W - 1)];
  return { row: r, col: c, top: r * stride - padding, left: c * stride - padding };
}

/** A place that the output has, the nearest. */
export function within({ result: { shape: [, H, W] } }, [row, col]) {
  return [clamped(row, 0, H - 1), clamped(col, 0, W - 1)];
}

/** The place n pixels on, row by row; null beyond the ends. */
export function stepped({ result: { shape: [, H, W] } }, { row, col }, n) {
  const next = row * W + col + n;
  return next < 0 || next >= H * W ? null : [Math.floor(next / W), next % W];
}

/** The place under a point (0 to 1 from left and top) of a picture: of the output itself, of the
 *  input the one whose window has the point in its middle. */
export function placeUnder({ source, result, span, stride, padding }, side, u, v) {
  const [, H, W] = (side === "in" ? source : result).shape;
  if (side === "out") return [Math.floor(v * H), Math.floor(u * W)];
  return [v * H, u * W].map((x) => Math.max(0, Math.round((x + padding - span / 2) / stride)));
}

/** The place in the other tab over the same part of the picture. */
export function placeInTab(tab, place, hop) {
  return place.map((n) => (tab === "pooling" ? Math.floor(n / hop) : n * hop));
}

/** What is drawn over the pictures, `side` CSS pixels each: {in, out}, each {box, veil: [box, ...]},
 *  a box [x, y, width, height] in CSS pixels. While it plays, what the window has not reached yet is
 *  veiled. A box is never smaller than can be seen, around the window's middle. */
export function marksOf({ source, result, span }, { row, col, top, left }, side, playing) {
  const boxIn = ([, H, W], x, y, width, height) => (
    [(x * side) / W, (y * side) / H, (width * side) / W, (height * side) / H]);
  const seen = ([x, y, width, height]) => {
    const grow = Math.max(0, SMALLEST_MARK - width) / 2;
    return [x - grow, y - grow, width + 2 * grow, height + 2 * grow];
  };
  const [, H, W] = result.shape;
  const toCome = [[col + 1, row, W - col - 1, 1], [0, row + 1, W, H - row - 1]];
  return {
    in: { box: seen(boxIn(source.shape, left, top, span, span)), veil: [] },
    out: {
      box: seen(boxIn(result.shape, col, row, 1, 1)),
      veil: playing ? toCome.map((box) => boxIn(result.shape, ...box)) : [],
    },
  };
}

// --- under the window -----------------------------------------------------------------------------

const valueAt = ({ data, shape: [, H, W] }, y, x) => (y >= 0 && x >= 0 && y < H && x < W ? data[y * W + x] : null);

/** The K * K values under the window, zeros where the padding is. */
function tapsOf({ source, K, gap }, { top, left }) {
  return Array.from({ length: K * K }, (_, i) => (
    valueAt(source, top + gap * Math.floor(i / K), left + gap * (i % K)) ?? 0));
}

/** The lens, `width` CSS pixels wide: the window with some of what is around it, {n, from, span: shares
 *  of the side, spread, label, cells: [{kind, tap, text, background, ink}, ...]}. A cell's kind is
 *  "pixel", "padding" or "nothing". */
export function lensOf(layer, at, width) {
  const { source, K, gap, span, padding, colors } = layer;
  const wanted = width >= ROOMY ? 9 : Math.max(5, K + 2 * (K < 5));
  // Odd or even as the window is, so that it sits in the middle.
  const n = Math.max(span, wanted - ((wanted - span) % 2));
  const margin = (n - span) / 2;
  const [, H, W] = source.shape;
  const crowded = width / n < READABLE;
  const cells = Array.from({ length: n * n }, (_, i) => {
    const [dy, dx] = [Math.floor(i / n) - margin, (i % n) - margin];
    const [y, x] = [at.top + dy, at.left + dx];
    const tap = dy >= 0 && dx >= 0 && dy < span && dx < span && dy % gap === 0 && dx % gap === 0;
    const value = valueAt(source, y, x);
    const padded = y >= -padding && x >= -padding && y < H + padding && x < W + padding;
    const kind = value !== null ? "pixel" : padded ? "padding" : "nothing";
    const color = kind === "pixel" ? paint(colors.in.scale, value, colors.in.max) : { background: "", ink: "" };
    return { kind, tap, text: kind !== "nothing" && (tap || !crowded) ? number(value ?? 0) : "", ...color };
  });
  const told = tapsOf(layer, at).map((v) => number(v)).join(", ");
  return {
    n, from: margin / n, span: span / n, spread: gap > 1, cells,
    label: `${t("Values under the window, by rows:", "窗口下的值（按行）：")} ${told}`,
  };
}

/** How a cell is coloured by sign and size: {share: percent of full colour, below: whether negative}. */
export function tintOf(value, largest) {
  const share = largest > 0 ? Math.min(1, Math.abs(value) / largest) : 0;
  return { share: Math.round(60 * share), below: value < 0 };
}

/** The products and what they come to: {K, title, label, cells: [{text, tint, winner}, ...], sum: {label,
 *  value, note}, where, said}. */
export function productsOf(layer, at) {
  const { how, K, weights, result, most, clip } = layer;
  const taps = tapsOf(layer, at);
  const terms = weights ? taps.map((v, i) => v * weights[i]) : taps;
  const winner = how === "max" ? taps.indexOf(Math.max(...taps)) : -1;
  const value = result.data[at.row * result.shape[2] + at.col];
  const [label, title] = {
    sum: [t("sum", "和"), t("Products, cell by cell", "逐格乘积")],
    max: [t("largest", "最大值"), t("The largest of these", "其中的最大值")],
    average: [t("mean", "平均值"), t("The mean of these", "其平均值")],
  }[how];
  const shown = clamped(value, 0, 255);
  const texts = terms.map((v) => number(v));
  const [r, c] = [at.row + 1, at.col + 1];
  return {
    K, title, label: `${title}: ${texts.join(", ")}`,
    cells: terms.map((v, i) => ({ text: texts[i], tint: tintOf(v, most), winner: i === winner })),
    sum: {
      label, value: number(value, 4),
      note: clip && shown !== value ? t(`, shown as ${shown}`, `，显示为 ${shown}`) : "",
    },
    where: t(`the output at row ${r}, column ${c}`, `即输出的第 ${r} 行第 ${c} 列`),
    said: `${t("row", "行")} ${r}, ${t("column", "列")} ${c}: ${label} ${number(value, 4)}`,
  };
}
