// Attention on typed arrays: torch.nn.functional.scaled_dot_product_attention and
// nn.MultiheadAttention, in the page. Tensors and options as in nn.js; sums run in double
// precision and are stored as float32 (tests/js/test_attention.py: torch and NumPy within 1e-5).
// The same to read: formulas/attention.py.
import { linear, tensor } from "./nn.js";

/** @typedef {{ data: Uint8Array | Float32Array, shape: number[] }} Mask */

/** Attention. query (..., L, D), key (..., S, D), value (..., S, Dv): the axes before are the same
 *  in all three.
 *  Options: attnMask, which broadcasts to (..., L, S): {data: Uint8Array, shape}, where 1 means
 *  "may attend", or a tensor of numbers, added to the scores; isCausal: query t may attend to the
 *  keys 0..t; scale: factor of the scores, 1 / sqrt(D) if not given.
 *  Returns {output (..., L, Dv), weights (..., L, S), scores (..., L, S)}: scores are scaled and
 *  masked (-infinity where a query may not attend). A row that may attend nowhere gives zeros.
 * @param {import("./nn.js").Tensor} query
 * @param {import("./nn.js").Tensor} key
 * @param {import("./nn.js").Tensor} value
 * @param {{ attnMask?: Mask | null, isCausal?: boolean, scale?: number | null }} [options]
 */
export function scaledDotProductAttention(query, key, value, options = {}) {
  const { attnMask = null, isCausal = false, scale = null, ...others } = options;
  if (Object.keys(others).length) {
    attentionFail(`no option "${Object.keys(others)[0]}", expected attnMask, isCausal, scale`);
  }
  const [L, D] = query.shape.slice(-2);
  const [S, Dv] = value.shape.slice(-2);
  const batch = query.shape.slice(0, -2);
  /** @type {(x: import("./nn.js").Tensor, rows: number, columns: number) => boolean} */
  const fits = (x, rows, columns) => attentionSame(x.shape, [...batch, rows, columns]);
  if (query.shape.length < 2 || !D || !S || !fits(key, S, D) || !fits(value, S, Dv)) {
    attentionFail(
      "expected query (..., L, D), key (..., S, D) and value (..., S, Dv), D and S at least 1, got " +
        [query, key, value].map((x) => attentionShow(x.shape)).join(", "),
    );
  }
  if (scale !== null && typeof scale !== "number") {
    attentionFail(`scale must be a number, got ${scale}`);
  }
  if (attnMask && isCausal) attentionFail("a mask and isCausal exclude each other");
  const shape = [...batch, L, S];
  const maskAt = attnMask && attentionMask(attnMask, shape);
  const factor = scale ?? D ** -0.5;
  const N = batch.reduce((a, b) => a * b, 1);
  const scores = new Float32Array(N * L * S);
  const weights = new Float32Array(N * L * S);
  const output = new Float32Array(N * L * Dv);
  const row = new Float64Array(S);
  const sums = new Float64Array(Dv);
  for (let n = 0; n < N; n++) {
    for (let l = 0; l < L; l++) {
      const q = (n * L + l) * D;
      const at = (n * L + l) * S;
      for (let s = 0; s < S; s++) {
        const k = (n * S + s) * D;
        let sum = 0;
        for (let d = 0; d < D; d++) sum += query.data[q + d] * key.data[k + d];
        const added = isCausal && s > l ? -Infinity : maskAt ? maskAt(at + s) : 0;
        row[s] = added === -Infinity ? added : sum * factor + added; // a key that is NaN, too
      }
      scores.set(row, at);
      attentionSoftmaxRow(row);
      weights.set(row, at);
      sums.fill(0);
      for (let s = 0; s < S; s++) {
        if (row[s] === 0) continue; // so that NaN or infinity behind a mask stays there
        const v = (n * S + s) * Dv;
        for (let d = 0; d < Dv; d++) sums[d] += row[s] * value.data[v + d];
      }
      output.set(sums, (n * L + l) * Dv);
    }
  }
  return {
    output: tensor(output, [...batch, L, Dv]),
    weights: tensor(weights, shape),
    scores: tensor(scores, shape),
  };
}

/** Softmax over the last axis; a row of nothing but -infinity gives zeros, not NaN.
 * @param {import("./nn.js").Tensor} scores
 */
export function attentionSoftmax(scores) {
  const [S] = scores.shape.slice(-1);
  const out = Float64Array.from(scores.data);
  for (let at = 0; at < out.length; at += S) attentionSoftmaxRow(out.subarray(at, at + S));
  return tensor(out, scores.shape);
}

/** Attention by numHeads heads. query (B, L, E), key and value (B, S, E), or all without B;
 *  state: as nn.MultiheadAttention's state_dict names it: in_proj_weight (3E, E), in_proj_bias
 *  (3E) or absent, "out_proj.weight" (E, E), "out_proj.bias" (E) or absent.
 *  Options: attnMask and isCausal, for scores (B, h, L, S).
 *  Returns {output (B, L, E), weights (B, h, L, S)}.
 * @param {import("./nn.js").Tensor} query
 * @param {import("./nn.js").Tensor} key
 * @param {import("./nn.js").Tensor} value
 * @param {Record<string, import("./nn.js").Tensor>} state
 * @param {number} numHeads
 * @param {{ attnMask?: Mask | null, isCausal?: boolean }} [options]
 */
export function multiHeadAttention(query, key, value, state, numHeads, options = {}) {
  const inWeight = state.in_proj_weight;
  const outWeight = state["out_proj.weight"];
  const [E] = query.shape.slice(-1);
  if (
    !inWeight || !outWeight || !attentionSame(inWeight.shape, [3 * E, E]) ||
    !attentionSame(outWeight.shape, [E, E])
  ) {
    const got = [inWeight, outWeight].map((w) => (w ? attentionShow(w.shape) : "none")).join(
      " and ",
    );
    attentionFail(
      `expected in_proj_weight (${3 * E}, ${E}) and out_proj.weight (${E}, ${E}), got ${got}`,
    );
  }
  if (!Number.isInteger(numHeads) || numHeads < 1 || E % numHeads) {
    attentionFail(`numHeads must divide E = ${E}, got ${numHeads}`);
  }
  const bias = state.in_proj_bias ?? null;
  const [q, k, v] = [query, key, value].map((x, i) => {
    if (x.shape.length < 2 || x.shape.length > 3) {
      attentionFail(`expected shape (B, T, ${E}) or (T, ${E}), got ${attentionShow(x.shape)}`);
    }
    const rows = tensor(inWeight.data.subarray(i * E * E, (i + 1) * E * E), [E, E]);
    const offsets = bias && tensor(bias.data.subarray(i * E, (i + 1) * E), [E]);
    return attentionSplit(linear(x, rows, offsets), numHeads);
  });
  const { output, weights } = scaledDotProductAttention(q, k, v, options);
  return {
    output: linear(attentionJoin(output), outWeight, state["out_proj.bias"] ?? null),
    weights,
  };
}

// --- parts ---------------------------------------------------------------------------------------

/** In place; zeros for a row of nothing but -infinity.
 * @param {Float64Array} row
 */
export function attentionSoftmaxRow(row) {
  let largest = -Infinity;
  for (const score of row) if (score > largest || Number.isNaN(score)) largest = score;
  if (largest === -Infinity) return row.fill(0);
  let total = 0;
  for (let s = 0; s < row.length; s++) {
    row[s] = Math.exp(row[s] - largest);
    total += row[s];
  }
  for (let s = 0; s < row.length; s++) row[s] /= total;
  return row;
}

/** What is added to the score at an index of (..., L, S): a function of the index.
 * @param {Mask} mask
 * @param {number[]} shape
 * @returns {(index: number) => number}
 */
function attentionMask(mask, shape) {
  const { data } = mask;
  const lead = shape.length - mask.shape.length;
  const fits = lead >= 0 && mask.shape.every((n, axis) => n === 1 || n === shape[axis + lead]);
  if (!fits || data.length !== mask.shape.reduce((a, b) => a * b, 1)) {
    attentionFail(
      `attnMask ${attentionShow(mask.shape)} does not broadcast to ${attentionShow(shape)}`,
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Float32Array)) {
    attentionFail("attnMask must be a Uint8Array of 0 and 1 or a Float32Array of numbers to add");
  }
  /** @type {(i: number) => number} */
  const added = data instanceof Uint8Array ? (i) => (data[i] ? 0 : -Infinity) : (i) => data[i];
  if (attentionSame(mask.shape, shape)) return added;
  const strides = shape.map((
    _,
    axis,
  ) => (axis < lead || mask.shape[axis - lead] === 1
    ? 0
    : mask.shape.slice(axis - lead + 1).reduce((a, b) => a * b, 1))
  );
  return (index) => {
    let at = 0;
    for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
      at += (rest % shape[axis]) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return added(at);
  };
}

/** (B, T, E) to (B, h, T, D).
 * @param {import("./nn.js").Tensor} x
 * @param {number} heads
 */
function attentionSplit(x, heads) {
  const [T, E] = x.shape.slice(-2);
  const D = E / heads;
  const out = new Float32Array(x.data.length);
  for (let i = 0; i < out.length; i++) {
    const [b, t, e] = [Math.floor(i / (T * E)), Math.floor(i / E) % T, i % E];
    out[((b * heads + Math.floor(e / D)) * T + t) * D + (e % D)] = x.data[i];
  }
  return tensor(out, [...x.shape.slice(0, -2), heads, T, D]);
}

/** (B, h, T, D) back to (B, T, E).
 * @param {import("./nn.js").Tensor} x
 */
function attentionJoin(x) {
  const [heads, T, D] = x.shape.slice(-3);
  const out = new Float32Array(x.data.length);
  for (let i = 0; i < out.length; i++) {
    const [b, head, t] = [
      Math.floor(i / (heads * T * D)),
      Math.floor(i / (T * D)) % heads,
      Math.floor(i / D) % T,
    ];
    out[((b * T + t) * heads + head) * D + (i % D)] = x.data[i];
  }
  return tensor(out, [...x.shape.slice(0, -3), T, heads * D]);
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function attentionSame(a, b) {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/**
 * @param {number[]} shape
 */
function attentionShow(shape) {
  return `(${shape.join(", ")})`;
}

/**
 * @param {string} sentence
 * @returns {never}
 */
function attentionFail(sentence) {
  throw new Error(`attention: ${sentence}`);
}
