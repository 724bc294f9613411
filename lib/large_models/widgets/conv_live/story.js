// How one number of the network comes about, as data: a title, a sentence, pictures, what is marked
// on the maps below, and the lines from what the number is made of.
import { channelOf } from "../engine/lenet.js";
import { t } from "../kit/language.js";
import { number, probability } from "../kit/numbers.js";

const LEAST_LINE = 0.02; // of the thickest: a thinner one is left out

/** "a 7", "an 8". */
export const article = (digit) => (digit === 8 ? "an 8" : `a ${digit}`);

export const largest = (values) => values.reduce((a, b) => Math.max(a, b), 0);
export const largestSize = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const sum = (values) => values.reduce((a, b) => a + b, 0);
const times = (a, b) => Float64Array.from(a, (v, i) => v * b[i]);

/** The size x size values of a (C, H, W) map from a place on, row by row. */
export function windowOf(map, channel, row, column, size) {
  const [, H, W] = map.shape;
  const at = (channel * H + row) * W + column;
  return Array.from({ length: size * size }, (_, i) => map.data[at + Math.floor(i / size) * W + (i % size)]);
}

/** Where a channel is largest, if the item names no place. */
export function placeOf(maps, item) {
  if (item.row !== undefined || maps[item.layer]?.shape.length !== 3) return item;
  const values = channelOf(maps[item.layer], item.channel);
  const at = values.indexOf(values.reduce((x, y) => Math.max(x, y), -Infinity));
  const W = maps[item.layer].shape[2];
  return { ...item, row: Math.floor(at / W), column: at % W };
}

/** A window to mark on a picture, in percent of it. The windows that a number is made of are larger
 *  than one value, and have the colour of what comes in. */
function mark(picture, channel, [H, W], row, column, size) {
  const [y, x] = [100 / H, 100 / W];
  return { picture, channel, source: size > 1, left: column * x, top: row * y, width: size * x, height: size * y };
}

/** Lines [from, to, share], each end a [place, number], as thick as their share of the largest. */
function linesOf(edges) {
  const max = largestSize(edges.map(([, , share]) => share));
  return edges.map(([from, to, share]) => ({ from, to, share, size: max ? Math.abs(share) / max : 0 }))
    .filter(({ size }) => size >= LEAST_LINE)
    .map(({ size, ...line }) => ({ ...line, width: 0.75 + 2.25 * size, alpha: 0.25 + 0.75 * size }));
}

const place = ({ row, column }) => (
  t(`row ${row + 1}, column ${column + 1}`, `第 ${row + 1} 行，第 ${column + 1} 列`));

/** A weighted sum as a sentence: [quantity or null, text], ... */
function sentence(incoming, learned, total, bias) {
  return [
    ["in", incoming], [null, t(" times ", " 乘以 ")], ["learned", learned],
    [null, t(` add up to ${number(total)}; bias ${number(bias)}: `, `，和为 ${number(total)}；偏置 ${number(bias)}：`)],
    ["out", number(total + bias)],
    ...(total + bias < 0 ? [[null, t("; ReLU makes it 0", "；ReLU 把它变成 0")]] : []),
  ];
}

function firstLayer({ w, maps, kernels, off, ink, K }, { channel, row, column }) {
  const [pixels, kernel] = [windowOf(maps.input, 0, row, column, K), kernels[channel].flat()];
  const [products, bias] = [times(pixels, kernel), w["conv1.bias"].data[channel]];
  const total = sum(products);
  const isOff = off.includes(channel);
  return {
    title: t(`Layer 1, channel ${channel + 1}, ${place({ row, column })}`, `第 1 层，通道 ${channel + 1}，${place({ row, column })}`),
    text: isOff
      ? [[null, t("This channel is switched off: all its values are 0.", "此通道已关闭：所有的值都是 0。")]]
      : sentence(t("25 pixels", "25 个像素"), t("25 weights", "25 个权重"), total, bias),
    three: [
      ink(pixels, [K, K]),
      { values: kernel, shape: [K, K], scale: "diverging", max: largestSize(kernels.flat(2)) },
      { values: products, shape: [K, K], scale: "diverging", max: largestSize(products) },
    ],
    marks: [
      mark("input", 0, maps.input.shape.slice(1), row, column, K),
      mark("conv1", channel, maps.conv1.shape.slice(1), row, column, 1),
    ],
    edges: isOff ? [] : [[["input", 0], ["left1", channel], total + bias]],
  };
}

function secondLayer({ w, maps, C1, K }, { channel, row, column }) {
  const [pixelMax, kernelMax] = [largest(maps.pool1.data), largestSize(w["conv2.weight"].data)];
  const shares = Array.from({ length: C1 }, (_, c) => {
    const at = (channel * C1 + c) * K * K;
    const pixels = windowOf(maps.pool1, c, row, column, K);
    const kernel = w["conv2.weight"].data.subarray(at, at + K * K);
    const share = sum(times(pixels, kernel));
    return {
      share, text: number(share, 2),
      above: { values: pixels, shape: [K, K], scale: "magnitude", max: pixelMax },
      below: { values: kernel, shape: [K, K], scale: "diverging", max: kernelMax },
    };
  });
  return {
    title: t(`Layer 2, map ${channel + 1}, ${place({ row, column })}`, `第 2 层，特征图 ${channel + 1}，${place({ row, column })}`),
    text: sentence(t("8 windows", "8 个窗口"), t("8 kernels", "8 个卷积核"), sum(shares.map(({ share }) => share)), w["conv2.bias"].data[channel]),
    shares,
    marks: [
      ...shares.map((_, c) => mark("pool1", c, maps.pool1.shape.slice(1), row, column, K)),
      mark("conv2", channel, maps.conv2.shape.slice(1), row, column, 1),
    ],
    edges: shares.map(({ share }, c) => [["right1", c], ["left2", channel], share]),
  };
}

function pooling({ maps }, { layer, channel, row, column }) {
  const [below, n] = [layer.replace("pool", "conv"), layer.at(-1)];
  const four = windowOf(maps[below], channel, 2 * row, 2 * column, 2);
  const [value] = windowOf(maps[layer], channel, row, column, 1);
  return {
    title: t(`Pooling ${n}, channel ${channel + 1}, ${place({ row, column })}`, `池化 ${n}，通道 ${channel + 1}，${place({ row, column })}`),
    text: [
      [null, t("The largest of ", "最大的一个：")], ["in", four.map((v) => number(v)).join(", ")],
      [null, t(", and at least 0 (ReLU): ", "，且至少为 0（ReLU）：")], ["out", number(value)],
    ],
    three: [{ values: four, shape: [2, 2], scale: "diverging", max: largestSize(maps[below].data) }],
    marks: [
      mark(below, channel, maps[below].shape.slice(1), 2 * row, 2 * column, 2),
      mark(layer, channel, maps[layer].shape.slice(1), row, column, 1),
    ],
    edges: [],
  };
}

function hiddenLayer({ w, maps, C2, unitPlace }, { channel }) {
  const size = maps.pool2.shape.slice(1);
  const area = size[0] * size[1];
  const products = times(maps.pool2.data, w["hidden.weight"].data.subarray(channel * C2 * area, (channel + 1) * C2 * area));
  const max = largestSize(products);
  const shares = Array.from({ length: C2 }, (_, c) => {
    const values = products.subarray(c * area, (c + 1) * area);
    const share = sum(values);
    return { share, text: number(share, 2), above: { values, shape: size, scale: "diverging", max }, below: null };
  });
  const { shape, row, column } = unitPlace(channel);
  return {
    title: t(`Hidden layer, number ${channel + 1}`, `隐藏层，第 ${channel + 1} 个数`),
    text: sentence(t("256 pooled values", "256 个池化值"), t("256 weights", "256 个权重"),
      sum(shares.map(({ share }) => share)), w["hidden.bias"].data[channel]),
    shares,
    marks: [mark("units", 0, shape, row, column, 1)],
    edges: shares.map(({ share }, c) => [["right2", c], ["units", channel], share]),
  };
}

function output({ w, maps, empty, HIDDEN }, { channel }) {
  if (empty) {
    return {
      title: t("No ink yet", "还没有笔迹"),
      text: [[null, t("What the maps show now comes from the biases alone.", "现在各图只来自偏置。")]],
      marks: [], edges: [],
    };
  }
  const products = times(maps.hidden.data, w["output.weight"].data.subarray(channel * HIDDEN, (channel + 1) * HIDDEN));
  const max = largestSize(products);
  return {
    title: t(`What speaks for ${article(channel)}, and what against`, `什么支持 ${channel}，什么反对`),
    text: [
      ["in", t("64 hidden numbers", "64 个隐藏层的数")], [null, t(" times ", " 乘以 ")], ["learned", t("64 weights", "64 个权重")],
      [null, t(" and a bias: score ", "，加偏置：得分 ")], ["out", number(maps.scores.data[channel])],
      [null, t("; softmax over all ten: ", "；十个得分经 softmax：")], ["out", probability(maps.probabilities.data[channel])],
    ],
    strip: { values: products, shape: [1, HIDDEN], scale: "diverging", max },
    ends: [`−${number(max)} ${t("against", "反对")}`, "0", `${t("for", "支持")} +${number(max)}`],
    marks: [],
    edges: Array.from(products, (share, u) => [["right3", u], ["digits", channel], share]),
  };
}

const TELLERS = {
  conv1: firstLayer, conv2: secondLayer, pool1: pooling, pool2: pooling, hidden: hiddenLayer, output,
};

/** How an item {layer, channel, row, column} comes about: {title, text, three, shares, strip, ends,
 *  marks, lines, said}. `text` is [[quantity or null, text], ...]; of `three` (one or three
 *  pictures), `shares` and `strip` at most one is there. net: what model.js knows. */
export function storyOf(net, item) {
  const { edges, ...story } = TELLERS[item.layer](net, item);
  return {
    three: [], shares: [], strip: null, ends: null, ...story, lines: linesOf(edges),
    said: `${story.title}. ${story.text.map(([, text]) => text).join("")}`,
  };
}
