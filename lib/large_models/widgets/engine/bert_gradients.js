// A BERT with a classifier from its tokens' embeddings on, and back again: how the score of a label
// changes with each embedding. The model is bert.js's (tests/js/test_bert_gradients.py: scores and
// gradients are torch's within 1e-4). Chapter: 5_2_3_explanation.
import { tensor } from "./nn.js";
import { gelu } from "./transformer.js";

/** @typedef {Float64Array | Float32Array} Numbers */
/** @typedef {{ out: Float64Array, plain: Float64Array, inverse: Float64Array }} Normed */
/** @typedef {Record<string, import("./nn.js").Tensor>} Weights */
/** What a layer leaves for the way back.
 * @typedef {{ of: string, q: Numbers, k: Numbers, v: Numbers, looks: Float64Array,
 *   attended: Normed, wide: Numbers, bent: Numbers, after: Normed }} Layer
 */
/** @typedef {{ weights: Weights, head: Weights, config: Record<string, any>, T: number,
 *   first: Normed, layers: Layer[], pooled: Numbers }} Kept
 */

/** What a sentence goes through. weights: {name: tensor} of the body; head: of the classifier;
 *  config: its config.json; rows: T * C numbers, a token's embedding each.
 *  Returns {scores (K), kept: what `bertBackward` needs, attentions [layer]: (h * T * T)}.
 * @param {Weights} weights
 * @param {Weights} head
 * @param {Record<string, any>} config
 * @param {Numbers} rows
 */
export function bertFromEmbeddings(weights, head, config, rows) {
  const { num_hidden_layers: L, num_attention_heads: H, hidden_size: C } = config;
  if (!rows.length || rows.length % C) {
    throw new Error(`bertFromEmbeddings: expected rows of ${C} numbers, got ${rows.length}`);
  }
  if (config.hidden_act !== "gelu") {
    throw new Error(`bertFromEmbeddings: expected gelu, got ${config.hidden_act}`);
  }
  const T = rows.length / C;
  /** @param {string} name */
  const w = (name) => weights[name].data;
  const e = "bert.embeddings.";
  const [places, type] = [
    w(`${e}position_embeddings.weight`),
    w(`${e}token_type_embeddings.weight`),
  ];
  if (rows.length > places.length) {
    throw new Error(`bertFromEmbeddings: expected at most ${places.length / C} tokens, got ${T}`);
  }
  const eps = config.layer_norm_eps;
  const first = bertNormed(
    Float64Array.from(rows, (v, i) => v + places[i] + type[i % C]),
    w(`${e}LayerNorm.weight`),
    w(`${e}LayerNorm.bias`),
    eps,
  );
  /** @type {Layer[]} */
  const layers = [];
  let x = first.out;
  for (let layer = 0; layer < L; layer++) {
    const of = `bert.encoder.layer.${layer}.`;
    /** @type {(input: Numbers, name: string) => Float64Array} */
    const dense = (input, name) =>
      bertDense(input, w(`${of}${name}.weight`), w(`${of}${name}.bias`));
    const [q, k, v] = ["query", "key", "value"].map((part) => dense(x, `attention.self.${part}`));
    const { looks, mixed } = bertLook(q, k, v, T, H, C);
    const attended = bertNormed(
      bertPlus(x, dense(mixed, "attention.output.dense")),
      w(`${of}attention.output.LayerNorm.weight`),
      w(`${of}attention.output.LayerNorm.bias`),
      eps,
    );
    const wide = dense(attended.out, "intermediate.dense");
    const bent = gelu(tensor(wide, [wide.length])).data;
    const after = bertNormed(
      bertPlus(attended.out, dense(bent, "output.dense")),
      w(`${of}output.LayerNorm.weight`),
      w(`${of}output.LayerNorm.bias`),
      eps,
    );
    layers.push({ of, q, k, v, looks, attended, wide, bent, after });
    x = after.out;
  }
  const pooled = bertDense(
    x.subarray(0, C),
    head["bert.pooler.dense.weight"].data,
    head["bert.pooler.dense.bias"].data,
  ).map(Math.tanh);
  const scores = bertDense(pooled, head["classifier.weight"].data, head["classifier.bias"].data);
  return {
    scores,
    attentions: layers.map(({ looks }) => looks),
    kept: { weights, head, config, T, first, layers, pooled },
  };
}

/** How one label's score changes with each number of the embeddings: T * C numbers.
 * @param {{ kept: Kept }} read
 * @param {number} label
 */
export function bertBackward({ kept: { weights, head, config, T, first, layers, pooled } }, label) {
  const { num_attention_heads: H, hidden_size: C } = config;
  /** @param {string} name */
  const w = (name) => weights[name].data;
  const classifier = head["classifier.weight"].data;
  if (!Number.isInteger(label) || label < 0 || label * C >= classifier.length) {
    throw new Error(
      `bertBackward: expected a label from 0 to ${classifier.length / C - 1}, got ${label}`,
    );
  }
  const bent = pooled.map((v, i) => classifier[label * C + i] * (1 - v * v)); // through tanh
  let at = new Float64Array(T * C); // the gradient at the layer's output: only [CLS] is looked at
  at.set(bertUndense(bent, head["bert.pooler.dense.weight"].data, C));
  for (const { of, q, k, v, looks, attended, wide, bent: phi, after } of [...layers].reverse()) {
    /** @type {(given: Numbers, name: string, size: number) => Float64Array} */
    const before = (given, name, size) => bertUndense(given, w(`${of}${name}.weight`), size);
    const atSum = bertUnnormed(at, after, w(`${of}output.LayerNorm.weight`));
    const atWide = before(atSum, "output.dense", phi.length / T);
    for (let i = 0; i < atWide.length; i++) {
      if (atWide[i]) atWide[i] *= bertGeluSlope(wide[i], phi[i]);
    }
    const atAttended = bertPlus(atSum, before(atWide, "intermediate.dense", C));
    const atAdded = bertUnnormed(atAttended, attended, w(`${of}attention.output.LayerNorm.weight`));
    const parts = bertUnlook(before(atAdded, "attention.output.dense", C), q, k, v, looks, T, H, C);
    at = ["query", "key", "value"].reduce(
      (sum, name, i) => bertPlus(sum, before(parts[i], `attention.self.${name}`, C)),
      atAdded,
    );
  }
  return bertUnnormed(at, first, w("bert.embeddings.LayerNorm.weight"));
}

/**
 * @param {Numbers} a
 * @param {Numbers} b
 */
function bertPlus(a, b) {
  return Float64Array.from(a, (v, i) => v + b[i]);
}

/** x (T, I) times weight (O, I) transposed, plus bias.
 * @param {Numbers} x
 * @param {Numbers} weight
 * @param {Numbers} bias
 */
function bertDense(x, weight, bias) {
  const O = bias.length;
  const I = weight.length / O;
  const T = x.length / I;
  const out = new Float64Array(T * O);
  let t = 0;
  for (; t + 4 <= T; t += 4) { // four tokens at once: each weight is loaded once for all
    const [a0, a1, a2, a3] = [t * I, (t + 1) * I, (t + 2) * I, (t + 3) * I];
    for (let o = 0, b = 0; o < O; o++, b += I) {
      let s0 = bias[o], s1 = s0, s2 = s0, s3 = s0;
      for (let i = 0; i < I; i++) {
        const v = weight[b + i];
        s0 += x[a0 + i] * v;
        s1 += x[a1 + i] * v;
        s2 += x[a2 + i] * v;
        s3 += x[a3 + i] * v;
      }
      out[t * O + o] = s0;
      out[(t + 1) * O + o] = s1;
      out[(t + 2) * O + o] = s2;
      out[(t + 3) * O + o] = s3;
    }
  }
  for (; t < T; t++) {
    for (let o = 0, b = 0; o < O; o++, b += I) {
      let sum = bias[o];
      for (let i = 0; i < I; i++) sum += x[t * I + i] * weight[b + i];
      out[t * O + o] = sum;
    }
  }
  return out;
}

/** Back through it: given (T, O) to (T, I).
 * @param {Numbers} given
 * @param {Numbers} weight
 * @param {number} I
 */
function bertUndense(given, weight, I) {
  const O = weight.length / I;
  const T = given.length / O;
  const out = new Float64Array(T * I);
  for (let t = 0; t < T; t++) {
    for (let o = 0; o < O; o++) {
      const value = given[t * O + o];
      if (value === 0) continue;
      for (let i = 0, [a, b] = [t * I, o * I]; i < I; i++) out[a + i] += value * weight[b + i];
    }
  }
  return out;
}

/** Mean 0 and variance 1 of each token, scaled and shifted; what the way back needs is kept.
 * @param {Float64Array} x
 * @param {Numbers} weight
 * @param {Numbers} bias
 * @param {number} eps
 * @returns {Normed}
 */
function bertNormed(x, weight, bias, eps) {
  const C = weight.length;
  const [out, plain] = [new Float64Array(x.length), new Float64Array(x.length)];
  const inverse = new Float64Array(x.length / C);
  for (let t = 0; t < inverse.length; t++) {
    const row = x.subarray(t * C, (t + 1) * C);
    const mean = row.reduce((a, b) => a + b, 0) / C;
    inverse[t] = 1 / Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / C + eps);
    for (let c = 0; c < C; c++) {
      plain[t * C + c] = (row[c] - mean) * inverse[t];
      out[t * C + c] = plain[t * C + c] * weight[c] + bias[c];
    }
  }
  return { out, plain, inverse };
}

/** Back through a norm: mean and variance depend on every feature, so their share comes off.
 * @param {Numbers} given
 * @param {Normed} normed
 * @param {Numbers} weight
 */
function bertUnnormed(given, { plain, inverse }, weight) {
  const C = weight.length;
  const out = new Float64Array(given.length);
  for (let t = 0; t < inverse.length; t++) {
    let [sum, along] = [0, 0];
    for (let c = 0; c < C; c++) {
      const value = given[t * C + c] * weight[c];
      sum += value;
      along += value * plain[t * C + c];
    }
    for (let c = 0; c < C; c++) {
      out[t * C + c] = inverse[t] *
        (given[t * C + c] * weight[c] - (sum + plain[t * C + c] * along) / C);
    }
  }
  return out;
}

/**
 * @param {number} x
 * @param {number} bent
 */
function bertGeluSlope(x, bent) {
  const share = x ? bent / x : 0.5; // the probability that a normal number is less than x
  return share + x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

/** Attention by H heads: looks (H * T * T), mixed (T, C).
 * @param {Numbers} q
 * @param {Numbers} k
 * @param {Numbers} v
 * @param {number} T
 * @param {number} H
 * @param {number} C
 */
function bertLook(q, k, v, T, H, C) {
  const D = C / H;
  const [looks, mixed] = [new Float64Array(H * T * T), new Float64Array(T * C)];
  for (let head = 0; head < H; head++) {
    for (let i = 0; i < T; i++) {
      const row = looks.subarray((head * T + i) * T, (head * T + i + 1) * T);
      for (let j = 0; j < T; j++) {
        for (let d = head * D; d < (head + 1) * D; d++) row[j] += q[i * C + d] * k[j * C + d];
        row[j] /= Math.sqrt(D);
      }
      const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
      const total = row.reduce((sum, score, j) => sum + (row[j] = Math.exp(score - most)), 0);
      for (let j = 0; j < T; j++) {
        row[j] /= total;
        for (let d = head * D; d < (head + 1) * D; d++) mixed[i * C + d] += row[j] * v[j * C + d];
      }
    }
  }
  return { looks, mixed };
}

/** Back through it: given (T, C) to the gradients at q, k and v.
 * @param {Numbers} given
 * @param {Numbers} q
 * @param {Numbers} k
 * @param {Numbers} v
 * @param {Float64Array} looks
 * @param {number} T
 * @param {number} H
 * @param {number} C
 */
function bertUnlook(given, q, k, v, looks, T, H, C) {
  const D = C / H;
  const [atQ, atK, atV] = [0, 1, 2].map(() => new Float64Array(T * C));
  const atLook = new Float64Array(T);
  for (let head = 0; head < H; head++) {
    for (let i = 0; i < T; i++) {
      const row = looks.subarray((head * T + i) * T, (head * T + i + 1) * T);
      let mean = 0;
      for (let j = 0; j < T; j++) {
        atLook[j] = 0;
        for (let d = head * D; d < (head + 1) * D; d++) {
          atLook[j] += given[i * C + d] * v[j * C + d];
          atV[j * C + d] += given[i * C + d] * row[j];
        }
        mean += atLook[j] * row[j];
      }
      for (let j = 0; j < T; j++) {
        const score = row[j] * (atLook[j] - mean) / Math.sqrt(D);
        for (let d = head * D; d < (head + 1) * D; d++) {
          atQ[i * C + d] += score * k[j * C + d];
          atK[j * C + d] += score * q[i * C + d];
        }
      }
    }
  }
  return [atQ, atK, atV];
}
