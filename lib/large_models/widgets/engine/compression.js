// Fewer bits, fewer weights, and what they cost to store: formulas/compression.py bit for bit.
// A tensor is {data: Float32Array, shape}; rows lie along the first axis.
import { conv2d, linear, maxPool2d, relu, reshape, tensor } from "./nn.js";

const PLAIN_BITS = 32;
const round32 = Math.fround;

/** Half to the even one, as NumPy rounds.
 * @param {number} x
 */
function roundEven(x) {
  const low = Math.floor(x);
  const over = x - low;
  if (over !== 0.5) return over < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

/**
 * @param {import("./nn.js").Tensor} w
 * @param {string} per
 */
function rowsOf({ shape }, per) {
  return per === "row" && shape.length > 1 ? shape[0] : 1;
}

/** What is left of the numbers at `bits` bits, with one scale a "tensor" or a "row".
 * @param {import("./nn.js").Tensor} w
 * @param {number} bits
 * @param {string} per
 */
export function quantized(w, bits, per) {
  const rows = rowsOf(w, per);
  const width = w.data.length / rows;
  const out = new Float32Array(w.data.length);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let i = row * width; i < (row + 1) * width; i++) {
      largest = Math.max(largest, Math.abs(w.data[i]));
    }
    const scale = round32(largest / (2 ** (bits - 1) - 1)) || 1;
    for (let i = row * width; i < (row + 1) * width; i++) {
      out[i] = roundEven(round32(w.data[i] / scale)) * scale;
    }
  }
  return tensor(out, w.shape);
}

/** Places of the numbers, the smallest magnitude first; of equal ones the first.
 * @param {import("./nn.js").Tensor} w
 */
export function smallestFirst(w) {
  const order = Uint32Array.from(w.data, (_, i) => i);
  return order.sort((a, b) => Math.abs(w.data[a]) - Math.abs(w.data[b]) || a - b);
}

/** Zero for the given share (0 to 1) of the smallest.
 * @param {import("./nn.js").Tensor} w
 * @param {number} share
 * @param {Uint32Array} [order]
 */
export function pruned(w, share, order = smallestFirst(w)) {
  const out = w.data.slice();
  const gone = Math.floor(share * out.length + 1e-9);
  for (let i = 0; i < gone; i++) out[order[i]] = 0;
  return tensor(out, w.shape);
}

/** Numbers beyond a share of the largest are set to it.
 * @param {import("./nn.js").Tensor} w
 * @param {number} limit
 */
export function clipped(w, limit) {
  const most = round32(limit * w.data.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  return tensor(w.data.map((v) => Math.min(most, Math.max(-most, v))), w.shape);
}

/** Prune, then clip, then quantise.
 * @param {import("./nn.js").Tensor} w
 * @param {{ bits: number, per: string, share: number, limit: number }} settings
 * @param {Uint32Array} order
 */
export function compressed(w, { bits, per, share, limit }, order) {
  const left = clipped(pruned(w, share, order), limit);
  return bits === PLAIN_BITS ? left : quantized(left, bits, per);
}

/** Bits to store a tensor: all numbers in their places, or a bit a place and what is not 0.
 * @param {import("./nn.js").Tensor} w
 * @param {number} bits
 * @param {string} per
 */
export function storedBits(w, bits, per) {
  const size = w.data.length;
  const dense = size * bits + (bits === PLAIN_BITS ? 0 : 32 * rowsOf(w, per));
  const kept = w.data.reduce((n, v) => n + (v === 0 ? 0 : 1), 0);
  return Math.min(dense, size + dense - (size - kept) * bits);
}

// --- the LeNet, from a layer on: what did not change is not computed again ------------------------

/** The two pooled maps and the scores of a digit (28 x 28). w: weights by name. `known` holds what an
 *  earlier call gave for this digit: {pool1, pool2}, null where the weights before it have changed.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {ArrayLike<number>} input
 * @param {{ pool1?: import("./nn.js").Tensor | null, pool2?: import("./nn.js").Tensor | null }} [known]
 */
export function scoresOf(w, input, known = {}) {
  const shape = [1, 28, 28];
  /** @type {(x: import("./nn.js").Tensor, name: string) => import("./nn.js").Tensor} */
  const convolve = (x, name) =>
    maxPool2d(relu(conv2d(x, w[`${name}.weight`], w[`${name}.bias`])), { kernelSize: 2 });
  const pool1 = known.pool1 ?? convolve(tensor(input, shape), "conv1");
  const pool2 = known.pool2 ?? convolve(pool1, "conv2");
  const flat = reshape(pool2, [pool2.data.length]);
  const hidden = relu(linear(flat, w["hidden.weight"], w["hidden.bias"]));
  return { pool1, pool2, scores: linear(hidden, w["output.weight"], w["output.bias"]).data };
}

/** The place of the largest; the first of equal ones.
 * @param {ArrayLike<number>} values
 */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
