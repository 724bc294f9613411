// GPT in the page: what transformers.GPT2LMHeadModel computes, with its weights' names and layout.
//
// Functions and options are torch's, in camelCase; tensors are nn.js's. Inside, numbers are double
// precision, results float32 (tests/js/test_transformer.py: torch within 1e-5, the whole model
// within 1e-4). The same to read: formulas/transformer.py.
import { tensor } from "./nn.js";

/** Keys and values of each layer. @typedef {{ length: number, keys: Float32Array[], values: Float32Array[] }} Cache */

/** Mean 0 and variance 1 over the last axis, then scale and shift. x (..., C); weight, bias (C).
 * @param {import("./nn.js").Tensor} x
 * @param {import("./nn.js").Tensor} weight
 * @param {import("./nn.js").Tensor} bias
 * @param {number} [eps]
 */
export function layerNorm(x, weight, bias, eps = 1e-5) {
  const [C] = x.shape.slice(-1);
  if (!C || weight.data.length !== C || bias.data.length !== C) {
    gptFail(
      `layerNorm: expected x (..., C) with weight and bias (C), got (${x.shape}), (${weight.shape}), (${bias.shape})`,
    );
  }
  const out = new Float64Array(x.data.length);
  gptNorm(x.data, weight.data, bias.data, eps, out);
  return tensor(out, x.shape);
}

/** x P(a standard normal number < x). Options: approximate, "none" or GPT-2's "tanh".
 * @param {import("./nn.js").Tensor} x
 * @param {{ approximate?: string }} [options]
 */
export function gelu(x, options = {}) {
  const { approximate = "none", ...others } = options;
  if (Object.keys(others).length) {
    gptFail(`gelu: no option "${Object.keys(others)[0]}", expected approximate`);
  }
  const f = { none: gptGelu, tanh: gptGeluTanh }[approximate];
  if (!f) gptFail(`gelu: approximate must be "none" or "tanh", got "${approximate}"`);
  return tensor(Float64Array.from(x.data, f), x.shape);
}

/** The rows of weight (V, C) at ids, T whole numbers: (T, C).
 * @param {number[]} ids
 * @param {import("./nn.js").Tensor} weight
 */
export function embedding(ids, weight) {
  const [V, C] = weight.shape;
  gptCheckIds("embedding", ids, V);
  const out = new Float32Array(ids.length * C);
  ids.forEach((id, t) => out.set(weight.data.subarray(id * C, (id + 1) * C), t * C));
  return tensor(out, [ids.length, C]);
}

/** An empty cache of keys and values, for `gptForward`. Set `length` to a smaller number to forget
 *  the tokens after it.
 * @param {Record<string, any>} config
 * @returns {Cache}
 */
export function gptCache(config) {
  const rows = () =>
    Array.from(
      { length: config.n_layer },
      () => new Float32Array(config.n_positions * config.n_embd),
    );
  return { length: 0, keys: rows(), values: rows() };
}

/** Scores of the next token. weights: {name: tensor} of a GPT2LMHeadModel, with "transformer." in
 *  front or not; config: its config.json; ids: T tokens, which follow those in the cache; the
 *  cache, from `gptCache`, takes them in. Options: allLogits, for every position instead of the
 *  last.
 *  Returns {logits (V), or (T, V) with allLogits; attentions (layers, h, T, S)}: where each of the
 *  T tokens looks, among all S of the cache.
 * @param {Record<string, import("./nn.js").Tensor>} weights
 * @param {Record<string, any>} config
 * @param {number[]} ids
 * @param {Cache | null} [cache]
 * @param {{ allLogits?: boolean }} [options]
 */
export function gptForward(weights, config, ids, cache = null, options = {}) {
  const { allLogits = false, ...others } = options;
  if (Object.keys(others).length) {
    gptFail(`gptForward: no option "${Object.keys(others)[0]}", expected allLogits`);
  }
  const { n_layer: L, n_head: H, n_embd: C, n_positions: N, vocab_size: V } = config;
  /** @type {Record<string, (x: number) => number>} */
  const activations = {
    gelu_new: gptGeluTanh,
    gelu_pytorch_tanh: gptGeluTanh,
    gelu: gptGelu,
  };
  const activation = activations[config.activation_function];
  if (!activation) gptFail(`gptForward: no activation “${config.activation_function}”`);
  if (C % H) gptFail(`gptForward: ${H} heads do not divide ${C} features`);
  gptCheckIds("gptForward", ids, V);
  const [past, T] = [cache ? cache.length : 0, ids.length];
  const S = past + T;
  if (S > N) gptFail(`gptForward: expected at most ${N} tokens, got ${S}`);
  const eps = config.layer_norm_epsilon ?? 1e-5;
  const w = (/** @type {string} */ name) =>
    (weights[`transformer.${name}`] ?? weights[name])?.data ??
      gptFail(`gptForward: no weights “${name}”`);
  const store = cache ?? gptCache({ ...config, n_positions: S });
  const D = C / H;

  const x = new Float64Array(T * C);
  const [wte, wpe] = [w("wte.weight"), w("wpe.weight")];
  ids.forEach((id, t) => {
    for (let c = 0; c < C; c++) x[t * C + c] = wte[id * C + c] + wpe[(past + t) * C + c];
  });
  const normed = new Float64Array(T * C);
  const mixed = new Float64Array(T * C);
  const qkv = new Float64Array(T * 3 * C);
  const added = new Float64Array(T * C);
  const F = w("h.0.mlp.c_fc.bias").length;
  const inner = new Float64Array(T * F);
  const attentions = new Float32Array(L * H * T * S);
  for (let layer = 0; layer < L; layer++) {
    const of = (/** @type {string} */ name) => w(`h.${layer}.${name}`);
    const [keys, values] = [store.keys[layer], store.values[layer]];
    gptNorm(x, of("ln_1.weight"), of("ln_1.bias"), eps, normed);
    gptAffine(normed, of("attn.c_attn.weight"), of("attn.c_attn.bias"), C, 3 * C, qkv);
    for (let t = 0; t < T; t++) {
      keys.set(qkv.subarray((3 * t + 1) * C, (3 * t + 2) * C), (past + t) * C);
      values.set(qkv.subarray((3 * t + 2) * C, (3 * t + 3) * C), (past + t) * C);
    }
    mixed.fill(0);
    for (let head = 0; head < H; head++) {
      for (let t = 0; t < T; t++) {
        const row = attentions.subarray(
          ((layer * H + head) * T + t) * S,
          ((layer * H + head) * T + t + 1) * S,
        );
        const seen = past + t + 1;
        gptAttend(
          qkv,
          3 * t * C + head * D,
          keys,
          values,
          head * D,
          C,
          D,
          seen,
          row,
          mixed,
          t * C + head * D,
        );
      }
    }
    gptAffine(mixed, of("attn.c_proj.weight"), of("attn.c_proj.bias"), C, C, added);
    for (let i = 0; i < x.length; i++) x[i] += added[i];
    gptNorm(x, of("ln_2.weight"), of("ln_2.bias"), eps, normed);
    gptAffine(normed, of("mlp.c_fc.weight"), of("mlp.c_fc.bias"), C, F, inner);
    for (let i = 0; i < inner.length; i++) inner[i] = activation(inner[i]);
    gptAffine(inner, of("mlp.c_proj.weight"), of("mlp.c_proj.bias"), F, C, added);
    for (let i = 0; i < x.length; i++) x[i] += added[i];
  }
  if (cache) cache.length = S;
  gptNorm(x, w("ln_f.weight"), w("ln_f.bias"), eps, normed);
  const scored = allLogits ? normed : normed.subarray((T - 1) * C);
  const logits = gptScores(scored, wte, C, V);
  return {
    logits: tensor(logits, allLogits ? [T, V] : [V]),
    attentions: tensor(attentions, [L, H, T, S]),
  };
}

/**
 * @param {string} message
 * @returns {never}
 */
function gptFail(message) {
  throw new Error(message);
}

/**
 * @param {string} name
 * @param {number[]} ids
 * @param {number} V
 */
function gptCheckIds(name, ids, V) {
  if (!ids.length) gptFail(`${name}: expected at least one id, got none`);
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= V) {
      gptFail(`${name}: expected whole numbers from 0 to ${V - 1}, got ${id}`);
    }
  }
}

/**
 * @param {Float32Array | Float64Array} x
 * @param {Float32Array | Float64Array} weight
 * @param {Float32Array | Float64Array} bias
 * @param {number} eps
 * @param {Float64Array} out
 */
function gptNorm(x, weight, bias, eps, out) {
  const C = weight.length;
  for (let at = 0; at < x.length; at += C) {
    let [mean, variance] = [0, 0];
    for (let c = at; c < at + C; c++) mean += x[c] / C;
    for (let c = at; c < at + C; c++) variance += ((x[c] - mean) ** 2) / C;
    const scale = 1 / Math.sqrt(variance + eps);
    for (let c = 0; c < C; c++) out[at + c] = (x[at + c] - mean) * scale * weight[c] + bias[c];
  }
}

/** out (T, O) = x (T, I) times weight (I, O), plus bias: GPT-2's Conv1D. Four rows of the weight
 *  and two tokens at once, so that a number that was loaded is used more than once.
 * @param {Float64Array} x
 * @param {Float32Array} weight
 * @param {Float32Array} bias
 * @param {number} I
 * @param {number} O
 * @param {Float64Array} out
 */
function gptAffine(x, weight, bias, I, O, out) {
  const T = x.length / I;
  for (let t = 0; t < T; t++) out.set(bias, t * O);
  let i = 0;
  for (; i + 4 <= I; i += 4) {
    const rows = weight.subarray(i * O, (i + 4) * O);
    let t = 0;
    for (; t + 2 <= T; t += 2) gptAddRows(out, t * O, O, x, t * I + i, I, rows);
    if (t < T) gptAddFour(out, t * O, O, x, t * I + i, rows);
  }
  for (; i < I; i++) {
    for (let t = 0; t < T; t++) {
      for (let o = 0; o < O; o++) out[t * O + o] += x[t * I + i] * weight[i * O + o];
    }
  }
}

/**
 * @param {Float64Array} out
 * @param {number} at
 * @param {number} O
 * @param {Float64Array} x
 * @param {number} i
 * @param {number} I
 * @param {Float32Array} rows
 */
function gptAddRows(out, at, O, x, i, I, rows) {
  const a0 = x[i], a1 = x[i + 1], a2 = x[i + 2], a3 = x[i + 3];
  const b0 = x[i + I], b1 = x[i + I + 1], b2 = x[i + I + 2], b3 = x[i + I + 3];
  for (let o = 0; o < O; o++) {
    const w0 = rows[o], w1 = rows[o + O], w2 = rows[o + 2 * O], w3 = rows[o + 3 * O];
    out[at + o] += a0 * w0 + a1 * w1 + a2 * w2 + a3 * w3;
    out[at + O + o] += b0 * w0 + b1 * w1 + b2 * w2 + b3 * w3;
  }
}

/**
 * @param {Float64Array} out
 * @param {number} at
 * @param {number} O
 * @param {Float64Array} x
 * @param {number} i
 * @param {Float32Array} rows
 */
function gptAddFour(out, at, O, x, i, rows) {
  const a0 = x[i], a1 = x[i + 1], a2 = x[i + 2], a3 = x[i + 3];
  for (let o = 0; o < O; o++) {
    out[at + o] += a0 * rows[o] + a1 * rows[o + O] + a2 * rows[o + 2 * O] + a3 * rows[o + 3 * O];
  }
}

/** Products of each row of x (T, C) with each row of weight (V, C).
 * @param {Float64Array} x
 * @param {Float32Array} weight
 * @param {number} C
 * @param {number} V
 */
function gptScores(x, weight, C, V) {
  const T = x.length / C;
  const out = new Float32Array(T * V);
  for (let t = 0; t < T; t++) {
    for (let v = 0; v < V; v++) {
      let sum = 0;
      for (let c = 0; c < C; c++) sum += x[t * C + c] * weight[v * C + c];
      out[t * V + v] = sum;
    }
  }
  return out;
}

/** One head's look: its query at qkv[q] asks `seen` keys; fills row with the weights and adds the
 *  values to out[to].
 * @param {Float64Array} qkv
 * @param {number} q
 * @param {Float32Array} keys
 * @param {Float32Array} values
 * @param {number} head
 * @param {number} C
 * @param {number} D
 * @param {number} seen
 * @param {Float32Array} row
 * @param {Float64Array} out
 * @param {number} to
 */
function gptAttend(qkv, q, keys, values, head, C, D, seen, row, out, to) {
  const scale = 1 / Math.sqrt(D);
  let largest = -Infinity;
  const powers = new Float64Array(seen);
  for (let s = 0; s < seen; s++) {
    let score = 0;
    for (let d = 0; d < D; d++) score += qkv[q + d] * keys[s * C + head + d];
    powers[s] = score * scale;
    if (powers[s] > largest) largest = powers[s];
  }
  let total = 0;
  for (let s = 0; s < seen; s++) {
    powers[s] = Math.exp(powers[s] - largest);
    total += powers[s];
  }
  for (let s = 0; s < seen; s++) {
    const weight = powers[s] / total;
    row[s] = weight;
    for (let d = 0; d < D; d++) out[to + d] += weight * values[s * C + head + d];
  }
}

/**
 * @param {number} x
 */
function gptGeluTanh(x) {
  return (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
}

/**
 * @param {number} x
 */
function gptGelu(x) {
  return (x * (1 + gptErf(x / Math.SQRT2))) / 2;
}

/** The error function within 1.5e-7: Abramowitz and Stegun 1964, formula 7.1.26.
 * @param {number} x
 */
function gptErf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}
