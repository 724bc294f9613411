// The way back: gradients of the operations of nn.js, transformer.js and attention.js, for networks
// that learn in the page. Each takes the gradient of the loss with respect to what the operation
// gave, then what the operation took, and gives the gradients of those by name. Sums run in double
// precision and are stored as float32 (tests/engines: torch's by autograd, with fuzzed shapes).
// The same to read: formulas/cnn.py, training.py, transformer.py, attention.py.
import { scaledDotProductAttention } from "./attention.js";
import { sameShape } from "./backward_windows.js";
import { softmax } from "./nn.js";
import { show, tensor } from "./tensors.js";

export { avgPool2dBackward, conv2dBackward, maxPool2dBackward } from "./backward_windows.js";

/** @import { Tensor } from "./tensors.js" */

/** The gradient of `relu` with respect to x: at zero it is zero.
 * @param {Tensor} grad
 * @param {Tensor} x
 */
export function reluBackward(grad, x) {
  sameShape("reluBackward", grad, x.shape);
  return tensor(grad.data.map((g, i) => (x.data[i] <= 0 ? 0 : g)), x.shape);
}

/** Gradients of `linear`: {x, weight, bias}. grad (..., O), x (..., I), weight (O, I).
 * @param {Tensor} grad
 * @param {Tensor} x
 * @param {Tensor} weight
 */
export function linearBackward(grad, x, weight) {
  const [O, I] = weight.shape;
  sameShape("linearBackward", grad, [...x.shape.slice(0, -1), O]);
  const rows = I ? x.data.length / I : 0;
  const gradX = new Float64Array(x.data.length);
  const [gradWeight, gradBias] = [new Float64Array(O * I), new Float64Array(O)];
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < O; o++) {
      const g = grad.data[r * O + o];
      gradBias[o] += g;
      for (let i = 0; i < I; i++) {
        gradX[r * I + i] += g * weight.data[o * I + i];
        gradWeight[o * I + i] += g * x.data[r * I + i];
      }
    }
  }
  return {
    x: tensor(gradX, x.shape),
    weight: tensor(gradWeight, weight.shape),
    bias: tensor(gradBias, [O]),
  };
}

/** Mean cross-entropy of scores: {loss, grad}, a number and its gradient (B, K).
 *  logits (B, K); targets: B whole numbers, 0 to K - 1.
 * @param {Tensor} logits
 * @param {ArrayLike<number>} targets
 */
export function crossEntropy(logits, targets) {
  const [B, K] = logits.shape;
  const wrong = outside(targets, K);
  if (logits.shape.length !== 2 || targets.length !== B || wrong !== undefined) {
    throw new Error(
      `crossEntropy: expected logits (B, K) and B targets from 0 to K - 1, got ` +
        `${show(logits.shape)} and ${targets.length}${wrong === undefined ? "" : `: ${wrong}`}`,
    );
  }
  const grad = softmax(logits);
  let loss = 0;
  for (let b = 0; b < B; b++) {
    const row = logits.data.subarray(b * K, (b + 1) * K);
    const largest = row.reduce((a, c) => Math.max(a, c), -Infinity);
    const total = row.reduce((sum, v) => sum + Math.exp(v - largest), 0);
    loss += (Math.log(total) + largest - row[targets[b]]) / B;
    for (let k = 0; k < K; k++) {
      const at = b * K + k;
      grad.data[at] = (grad.data[at] - (k === targets[b] ? 1 : 0)) / B;
    }
  }
  return { loss, grad };
}

/** Gradients of `layerNorm`: {x, weight, bias}. grad and x (..., C), weight (C).
 * @param {Tensor} grad
 * @param {Tensor} x
 * @param {Tensor} weight
 * @param {number} [eps]
 */
export function layerNormBackward(grad, x, weight, eps = 1e-5) {
  sameShape("layerNormBackward", grad, x.shape);
  const C = weight.data.length;
  const gradX = new Float64Array(x.data.length);
  const [gradWeight, gradBias] = [new Float64Array(C), new Float64Array(C)];
  const plain = new Float64Array(C);
  for (let at = 0; at < x.data.length; at += C) {
    const row = x.data.subarray(at, at + C);
    const mean = row.reduce((sum, v) => sum + v, 0) / C;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / C;
    const inverse = 1 / Math.sqrt(variance + eps);
    // Neither a constant nor a stretch of the row reaches the output: both are taken out.
    let [constant, stretch] = [0, 0];
    for (let c = 0; c < C; c++) {
      const g = grad.data[at + c];
      plain[c] = (row[c] - mean) * inverse;
      gradWeight[c] += g * plain[c];
      gradBias[c] += g;
      constant += (g * weight.data[c]) / C;
      stretch += (g * weight.data[c] * plain[c]) / C;
    }
    for (let c = 0; c < C; c++) {
      gradX[at + c] = inverse *
        (grad.data[at + c] * weight.data[c] - constant - plain[c] * stretch);
    }
  }
  return {
    x: tensor(gradX, x.shape),
    weight: tensor(gradWeight, [C]),
    bias: tensor(gradBias, [C]),
  };
}

/** Gradients of `scaledDotProductAttention`: {query, key, value}. grad (..., L, Dv); the rest as
 *  given there.
 * @param {Tensor} grad
 * @param {Tensor} query
 * @param {Tensor} key
 * @param {Tensor} value
 * @param {Parameters<typeof scaledDotProductAttention>[3]} [options]
 */
export function scaledDotProductAttentionBackward(grad, query, key, value, options = {}) {
  const { output, weights } = scaledDotProductAttention(query, key, value, options);
  sameShape("scaledDotProductAttentionBackward", grad, output.shape);
  const [L, D] = query.shape.slice(-2);
  const [S, Dv] = value.shape.slice(-2);
  const factor = options.scale ?? D ** -0.5;
  const [gradQuery, gradKey, gradValue] = [query, key, value].map((x) => (
    new Float64Array(x.data.length)
  ));
  const gradWeights = new Float64Array(S);
  for (let row = 0; row * S < weights.data.length; row++) {
    const [q, first] = [row * D, Math.floor(row / L) * S];
    const [looks, g] = [weights.data.subarray(row * S, (row + 1) * S), row * Dv];
    // A softmax only moves weight from one key to another: what all share has no effect.
    let shared = 0;
    for (let s = 0; s < S; s++) {
      if (looks[s] === 0) continue; // so that NaN behind a mask stays there
      const v = (first + s) * Dv;
      let sum = 0;
      for (let d = 0; d < Dv; d++) {
        sum += grad.data[g + d] * value.data[v + d];
        gradValue[v + d] += looks[s] * grad.data[g + d];
      }
      gradWeights[s] = sum;
      shared += sum * looks[s];
    }
    for (let s = 0; s < S; s++) {
      if (looks[s] === 0) continue;
      const k = (first + s) * D;
      const score = looks[s] * (gradWeights[s] - shared) * factor;
      for (let d = 0; d < D; d++) {
        gradQuery[q + d] += score * key.data[k + d];
        gradKey[k + d] += score * query.data[q + d];
      }
    }
  }
  return {
    query: tensor(gradQuery, query.shape),
    key: tensor(gradKey, key.shape),
    value: tensor(gradValue, value.shape),
  };
}

/** The gradient of `embedding` with respect to its weight (V, C). grad (T, C); ids: T numbers.
 * @param {Tensor} grad
 * @param {ArrayLike<number>} ids
 * @param {Tensor} weight
 */
export function embeddingBackward(grad, ids, weight) {
  const C = weight.shape[1];
  sameShape("embeddingBackward", grad, [ids.length, C]);
  const wrong = outside(ids, weight.shape[0]);
  if (wrong !== undefined) {
    throw new Error(`embeddingBackward: expected ids below ${weight.shape[0]}, got ${wrong}`);
  }
  const out = new Float64Array(weight.data.length);
  for (let t = 0; t < ids.length; t++) {
    for (let c = 0; c < C; c++) out[ids[t] * C + c] += grad.data[t * C + c];
  }
  return tensor(out, weight.shape);
}

/** The first number that is not a whole one from 0 to size - 1, or undefined.
 * @param {ArrayLike<number>} numbers
 * @param {number} size
 */
function outside(numbers, size) {
  return Array.from(numbers).find((n) => !Number.isInteger(n) || n < 0 || n >= size);
}
