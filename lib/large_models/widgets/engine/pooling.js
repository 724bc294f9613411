// Pooling, as torch.nn.functional's: the largest or the mean of each window. formulas/pooling.py to read.
import { batched, imageShape, pair, show, tensor, withDefaults } from "./tensors.js";

/** @typedef {import("./tensors.js").Tensor} Tensor */
/** Cells of a pooled axis. @typedef {{ from: number, to: number, by: number, padded: number }} Span */

const POOL = { kernelSize: undefined, stride: null, padding: 0, ceilMode: false };
export const MAX_POOL = { ...POOL, dilation: 1 };
export const AVG_POOL = { ...POOL, countIncludePad: true };

/** The largest value of each window. x (B, C, H, W) or (C, H, W); padding counts as -infinity.
 *  Options: kernelSize, stride (default: kernelSize), padding, dilation (int or pair), ceilMode.
 * @param {Tensor} x
 * @param {Record<string, any>} options
 */
export function maxPool2d(x, options) {
  const o = withDefaults("maxPool2d", options, MAX_POOL);
  return pool("maxPool2d", x, o, (plane, W, ys, xs) => {
    let best = -Infinity;
    for (let y = ys.from; y < ys.to; y += ys.by) {
      for (let col = xs.from; col < xs.to; col += xs.by) {
        const value = plane[y * W + col];
        if (value > best || Number.isNaN(value)) best = value;
      }
    }
    return best;
  });
}

/** The mean of each window. x (B, C, H, W) or (C, H, W); padding counts as 0, or, with
 *  countIncludePad: false, not at all. Options: kernelSize, stride, padding, ceilMode.
 * @param {Tensor} x
 * @param {Record<string, any>} options
 */
export function avgPool2d(x, options) {
  const o = withDefaults("avgPool2d", options, AVG_POOL);
  return pool("avgPool2d", x, { ...o, dilation: 1 }, (plane, W, ys, xs) => {
    let sum = 0;
    for (let y = ys.from; y < ys.to; y++) {
      for (let col = xs.from; col < xs.to; col++) sum += plane[y * W + col];
    }
    const inside = (ys.to - ys.from) * (xs.to - xs.from);
    return sum / (o.countIncludePad ? ys.padded * xs.padded : inside);
  });
}

/**
 * @param {string} name
 * @param {Tensor} x
 * @param {Record<string, any>} o
 * @param {(plane: Float32Array, W: number, ys: Span, xs: Span) => number} reduce
 */
function pool(name, x, o, reduce) {
  const { planes, H, W, ys, xs, shape } = pooledWindows(name, x, o);
  const out = new Float32Array(planes * ys.length * xs.length);
  let at = 0;
  for (let p = 0; p < planes; p++) {
    const plane = x.data.subarray(p * H * W, (p + 1) * H * W);
    for (const y of ys) for (const col of xs) out[at++] = reduce(plane, W, y, col);
  }
  return tensor(out, shape);
}

/** Where the windows lie, for the way there and the way back.
 * @param {string} name
 * @param {Tensor} x
 * @param {Record<string, any>} o
 */
export function pooledWindows(name, x, o) {
  const [B, C, H, W] = imageShape(name, x);
  const kernel = pair(name, "kernelSize", o.kernelSize, 1);
  const stride = o.stride === null ? kernel : pair(name, "stride", o.stride, 1);
  const padding = pair(name, "padding", o.padding, 0);
  const dilation = pair(name, "dilation", o.dilation, 1);
  if (padding.some((p, axis) => 2 * p > kernel[axis])) {
    throw new Error(
      `${name}: padding ${show(padding)} must be at most half of kernelSize ${show(kernel)}`,
    );
  }
  const [ys, xs] = [H, W].map((length, axis) => (
    windows(name, length, kernel[axis], stride[axis], padding[axis], dilation[axis], o.ceilMode)
  ));
  return { planes: B * C, H, W, ys, xs, shape: batched(x, [B, C, ys.length, xs.length]) };
}

/** Each window of a pooled axis: the cells {from, to, by} inside the image, and how many cells
 *  of the padded image it covers.
 * @param {string} name
 * @param {number} length
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @param {number} dilation
 * @param {boolean} ceilMode
 * @returns {Span[]}
 */
function windows(name, length, kernel, stride, padding, dilation, ceilMode) {
  const room = length + 2 * padding;
  const span = dilation * (kernel - 1) + 1;
  let count = (ceilMode ? Math.ceil : Math.floor)((room - span) / stride) + 1;
  // A window that ceilMode adds must start inside the image or its left padding.
  if (ceilMode && (count - 1) * stride >= length + padding) count -= 1;
  if (count < 1) {
    throw new Error(`${name}: a window of ${span} does not fit into ${room} (padding included)`);
  }
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - padding;
    const from = start < 0 ? start + Math.ceil(-start / dilation) * dilation : start;
    const to = Math.min(start + span, length);
    return { from, to, by: dilation, padded: Math.min(start + span, length + padding) - start };
  });
}
