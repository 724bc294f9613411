// The network's arithmetic on typed arrays: what the widgets compute in the page.
//
// A tensor is {data: Float32Array, shape: [...]}, rows last ("C order"). Functions, arguments,
// defaults and shapes are torch.nn.functional's, in camelCase: images are (B, C, H, W) or
// (C, H, W), options come in an object, an int stands for a pair. Sums run in double precision and
// are stored as float32, so results agree with NumPy and torch to 1e-5 (tests/js/test_nn.py).
// The same operations to read: formulas/cnn.py.
import {
  batched,
  imageShape,
  outputLength,
  pair,
  show,
  tensor,
  whole,
  withDefaults,
} from "./tensors.js";

export { avgPool2d, maxPool2d } from "./pooling.js";
export { outputLength, reshape, tensor } from "./tensors.js";

/** @typedef {import("./tensors.js").Tensor} Tensor */

/** Cross-correlation. x (B, C, H, W) or (C, H, W); weight (O, C / groups, K, L); bias (O) or null.
 *  Options: stride, dilation (int or pair), padding (int, pair, "same" or "valid"), groups.
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {Tensor | null} [bias]
 * @param {Record<string, any>} [options]
 */
export function conv2d(x, weight, bias = null, options = {}) {
  const { B, C, H, W, O, Cg, K, L, groups, sy, sx, dy, dx, top, left, padH, padW, outH, outW } =
    readConv(x, weight, bias, options);

  // A tap is one weight and where its pixel lies, counted from the window's first corner.
  const T = Cg * K * L;
  const offsets = Int32Array.from({ length: T }, (_, tap) => {
    const [c, k, l] = [Math.floor(tap / (K * L)), Math.floor(tap / L) % K, tap % L];
    return (c * padH + k * dy) * padW + l * dx;
  });
  const padded = new Float64Array(C * padH * padW);
  const sums = new Float64Array(outW);
  const out = new Float32Array(B * O * outH * outW);
  for (let b = 0; b < B; b++) {
    for (let row = 0; row < C * H; row++) {
      const [c, y] = [Math.floor(row / H), row % H];
      const from = (b * C * H + row) * W;
      padded.set(x.data.subarray(from, from + W), (c * padH + top + y) * padW + left);
    }
    for (let o = 0; o < O; o++) {
      const weights = Float64Array.from(weight.data.subarray(o * T, (o + 1) * T));
      const group = Math.floor((o * groups) / O) * Cg * padH * padW;
      for (let i = 0; i < outH; i++) {
        sums.fill(bias ? bias.data[o] : 0);
        const corner = group + i * sy * padW;
        let tap = 0;
        for (; tap + 4 <= T; tap += 4) addFourTaps(sums, padded, corner, sx, offsets, weights, tap);
        for (; tap < T; tap++) addTap(sums, padded, corner + offsets[tap], sx, weights[tap]);
        out.set(sums, ((b * O + o) * outH + i) * outW);
      }
    }
  }
  return tensor(out, batched(x, [B, O, outH, outW]));
}

/** The sizes of a convolution, for the way there and the way back.
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {Tensor | null} bias
 * @param {Record<string, any>} options
 */
export function readConv(x, weight, bias, options) {
  const { stride, padding, dilation, groups } = withDefaults("conv2d", options, {
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
  });
  const [B, C, H, W] = imageShape("conv2d", x);
  if (weight.shape.length !== 4) {
    throw new Error(`conv2d: weight must be (O, C / groups, K, L), got ${show(weight.shape)}`);
  }
  const [O, Cg, K, L] = weight.shape;
  whole("conv2d", "groups", groups, 1);
  if (C % groups || O % groups) {
    throw new Error(
      `conv2d: ${C} input and ${O} output channels must both divide by groups=${groups}`,
    );
  }
  if (Cg * groups !== C) {
    throw new Error(
      `conv2d: weight ${show(weight.shape)} with groups=${groups} needs ` +
        `${Cg * groups} input channels, x has ${C}`,
    );
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== O)) {
    throw new Error(`conv2d: bias must be (${O}), got ${show(bias.shape)}`);
  }
  const [sy, sx] = pair("conv2d", "stride", stride, 1);
  const [dy, dx] = pair("conv2d", "dilation", dilation, 1);
  const [[top, bottom], [left, right]] = convPadding(padding, [sy, sx], [
    dy * (K - 1),
    dx * (L - 1),
  ]);
  const outH = outputLength("conv2d", H + top + bottom, K, sy, dy);
  const outW = outputLength("conv2d", W + left + right, L, sx, dx);
  const [padH, padW] = [H + top + bottom, W + left + right];
  return { B, C, H, W, O, Cg, K, L, groups, sy, sx, dy, dx, top, left, padH, padW, outH, outW };
}

/**
 * @param {Tensor} x
 */
export function relu(x) {
  return tensor(x.data.map((v) => (v < 0 ? 0 : v)), x.shape);
}

/** x (..., I) times weight (O, I) transposed, plus bias (O) or null: (..., O).
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {Tensor | null} [bias]
 */
export function linear(x, weight, bias = null) {
  const I = x.shape.at(-1);
  if (weight.shape.length !== 2 || weight.shape[1] !== I) {
    throw new Error(
      `linear: weight must be (O, ${I}) for x ${show(x.shape)}, got ${show(weight.shape)}`,
    );
  }
  const O = weight.shape[0];
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== O)) {
    throw new Error(`linear: bias must be (${O}), got ${show(bias.shape)}`);
  }
  const rows = I ? x.data.length / I : 0;
  const out = new Float32Array(rows * O);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < O; o++) {
      let sum = bias ? bias.data[o] : 0;
      for (let i = 0; i < I; i++) sum += x.data[r * I + i] * weight.data[o * I + i];
      out[r * O + o] = sum;
    }
  }
  return tensor(out, [...x.shape.slice(0, -1), O]);
}

/** Probabilities along the last axis; the largest logit is subtracted first, so nothing overflows.
 * @param {Tensor} x
 */
export function softmax(x) {
  const [K] = x.shape.slice(-1);
  const out = new Float32Array(x.data.length);
  for (let start = 0; start < out.length; start += K) {
    const logits = x.data.subarray(start, start + K);
    const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = Float64Array.from(logits, (v) => Math.exp(v - largest));
    const total = powers.reduce((a, b) => a + b, 0);
    for (let k = 0; k < K; k++) out[start + k] = powers[k] / total;
  }
  return tensor(out, x.shape);
}

/** Adds one tap's products to a row of sums, one per window.
 * @param {Float64Array} sums
 * @param {Float64Array} data
 * @param {number} at
 * @param {number} stride
 * @param {number} weight
 */
function addTap(sums, data, at, stride, weight) {
  for (let j = 0; j < sums.length; j++, at += stride) sums[j] += weight * data[at];
}

/** Four taps at once: a third of the time, since each sum is loaded and stored once for all.
 * @param {Float64Array} sums
 * @param {Float64Array} data
 * @param {number} corner
 * @param {number} stride
 * @param {Int32Array} offsets
 * @param {Float64Array} weights
 * @param {number} tap
 */
function addFourTaps(sums, data, corner, stride, offsets, weights, tap) {
  const w0 = weights[tap], w1 = weights[tap + 1], w2 = weights[tap + 2], w3 = weights[tap + 3];
  let a0 = corner + offsets[tap], a1 = corner + offsets[tap + 1];
  let a2 = corner + offsets[tap + 2], a3 = corner + offsets[tap + 3];
  for (let j = 0; j < sums.length; j++) {
    sums[j] += w0 * data[a0] + w1 * data[a1] + w2 * data[a2] + w3 * data[a3];
    a0 += stride;
    a1 += stride;
    a2 += stride;
    a3 += stride;
  }
}

/**
 * @param {any} padding
 * @param {number[]} strides
 * @param {number[]} spans
 * @returns {number[][]}
 */
function convPadding(padding, [sy, sx], spans) {
  if (padding === "valid") return [[0, 0], [0, 0]];
  if (padding === "same") {
    if (sy !== 1 || sx !== 1) {
      throw new Error(`conv2d: padding "same" needs stride 1, got (${sy}, ${sx})`);
    }
    return spans.map((span) => [Math.floor(span / 2), span - Math.floor(span / 2)]);
  }
  return pair("conv2d", "padding", padding, 0).map((p) => [p, p]);
}
