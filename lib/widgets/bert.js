// BERT in the page: what transformers.BertForMaskedLM computes, with its weights' names and layout.
//
// Inside, numbers are double precision, results float32 (tests/js/test_bert.py: the whole model
// within 1e-3 of torch). The same to read: lib/formulas/bert.py.
import { tensor } from "./nn.js";

const BERT_BENT = { gelu: bertGelu, gelu_new: bertGeluTanh, gelu_pytorch_tanh: bertGeluTanh, relu: (x) => Math.max(0, x) };

/** A BERT reads a text. weights: {name: tensor} of a BertForMaskedLM, tied or not; config: its
 *  config.json; ids: T tokens. Options: at, the places to answer for (none by default).
 *  Returns {hidden (T, C), attentions (layers, h, T, T): where each token looks; logits
 *  (places, V): scores of the token that belongs at each of `at`}. */
export function bertForward(weights, config, ids, options = {}) {
  const { at = [], ...others } = options;
  if (Object.keys(others).length) bertFail(`no option "${Object.keys(others)[0]}", expected at`);
  const { num_hidden_layers: L, num_attention_heads: H, hidden_size: C, max_position_embeddings: N, vocab_size: V } = config;
  const bent = BERT_BENT[config.hidden_act] ?? bertFail(`no activation “${config.hidden_act}”`);
  if (C % H) bertFail(`${H} heads do not divide ${C} features`);
  if (!ids.length) bertFail("expected at least one id, got none");
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= V) bertFail(`expected whole numbers from 0 to ${V - 1}, got ${id}`);
  }
  const T = ids.length;
  if (T > N) bertFail(`expected at most ${N} tokens, got ${T}`);
  for (const place of at) {
    if (!Number.isInteger(place) || place < 0 || place >= T) bertFail(`expected places from 0 to ${T - 1}, got ${place}`);
  }
  const w = (name) => weights[name]?.data ?? bertFail(`no weights “${name}”`);
  const eps = config.layer_norm_eps ?? 1e-12;
  const norm = (x, name) => bertNorm(x, w(`${name}.weight`), w(`${name}.bias`), eps);
  const linear = (x, name, I) => bertLinear(x, w(`${name}.weight`), w(`${name}.bias`), I);

  const e = "bert.embeddings.";
  const [words, places, types] = ["word", "position", "token_type"].map((kind) => w(`${e}${kind}_embeddings.weight`));
  const x = new Float64Array(T * C);
  ids.forEach((id, t) => {
    for (let c = 0; c < C; c++) x[t * C + c] = words[id * C + c] + places[t * C + c] + types[c];
  });
  norm(x, `${e}LayerNorm`);
  const attentions = new Float32Array(L * H * T * T);
  for (let layer = 0; layer < L; layer++) {
    const of = `bert.encoder.layer.${layer}.`;
    const [q, k, v] = ["query", "key", "value"].map((part) => linear(x, `${of}attention.self.${part}`, C));
    const mixed = bertAttend(q, k, v, T, C, H, attentions.subarray(layer * H * T * T, (layer + 1) * H * T * T));
    bertAdd(x, linear(mixed, `${of}attention.output.dense`, C));
    norm(x, `${of}attention.output.LayerNorm`);
    const inner = linear(x, `${of}intermediate.dense`, C);
    for (let i = 0; i < inner.length; i++) inner[i] = bent(inner[i]);
    bertAdd(x, linear(inner, `${of}output.dense`, inner.length / T));
    norm(x, `${of}output.LayerNorm`);
  }
  const result = { hidden: tensor(x, [T, C]), attentions: tensor(attentions, [L, H, T, T]), logits: tensor(new Float32Array(0), [0, V]) };
  if (!at.length) return result;
  const head = "cls.predictions.";
  const asked = new Float64Array(at.length * C);
  at.forEach((place, i) => asked.set(x.subarray(place * C, (place + 1) * C), i * C));
  const turned = linear(asked, `${head}transform.dense`, C);
  for (let i = 0; i < turned.length; i++) turned[i] = bent(turned[i]);
  norm(turned, `${head}transform.LayerNorm`);
  const tied = config.tie_word_embeddings ?? true;
  const [decoder, bias] = tied ? [words, w(`${head}bias`)] : [w(`${head}decoder.weight`), w(`${head}decoder.bias`)];
  result.logits = tensor(bertLinear(turned, decoder, bias, C), [at.length, V]);
  return result;
}

function bertFail(message) {
  throw new Error(`bertForward: ${message}`);
}

function bertAdd(x, more) {
  for (let i = 0; i < x.length; i++) x[i] += more[i];
}

/** In place, over rows as long as the weight. */
function bertNorm(x, weight, bias, eps) {
  const C = weight.length;
  for (let at = 0; at < x.length; at += C) {
    let [mean, variance] = [0, 0];
    for (let c = at; c < at + C; c++) mean += x[c] / C;
    for (let c = at; c < at + C; c++) variance += ((x[c] - mean) ** 2) / C;
    const scale = 1 / Math.sqrt(variance + eps);
    for (let c = 0; c < C; c++) x[at + c] = (x[at + c] - mean) * scale * weight[c] + bias[c];
  }
  return x;
}

/** x (T, I) times weight (O, I) transposed, plus bias: (T, O). Each row of the weight is read once
 *  for four tokens. */
function bertLinear(x, weight, bias, I) {
  const [T, O] = [x.length / I, bias.length];
  const out = new Float64Array(T * O);
  let t = 0;
  for (; t + 4 <= T; t += 4) {
    for (let o = 0; o < O; o++) {
      let a = bias[o], b = a, c = a, d = a;
      for (let i = 0, row = o * I, at = t * I; i < I; i++, row++, at++) {
        const number = weight[row];
        a += x[at] * number;
        b += x[at + I] * number;
        c += x[at + 2 * I] * number;
        d += x[at + 3 * I] * number;
      }
      out[t * O + o] = a;
      out[(t + 1) * O + o] = b;
      out[(t + 2) * O + o] = c;
      out[(t + 3) * O + o] = d;
    }
  }
  for (; t < T; t++) {
    for (let o = 0; o < O; o++) {
      let sum = bias[o];
      for (let i = 0; i < I; i++) sum += x[t * I + i] * weight[o * I + i];
      out[t * O + o] = sum;
    }
  }
  return out;
}

/** All heads: their weights into maps (H, T, T), their mixed values side by side (T, C). */
function bertAttend(q, k, v, T, C, H, maps) {
  const D = C / H;
  const out = new Float64Array(T * C);
  const powers = new Float64Array(T);
  for (let head = 0; head < H; head++) {
    for (let t = 0; t < T; t++) {
      let largest = -Infinity;
      for (let s = 0; s < T; s++) {
        let score = 0;
        for (let d = head * D; d < (head + 1) * D; d++) score += q[t * C + d] * k[s * C + d];
        powers[s] = score / Math.sqrt(D);
        largest = Math.max(largest, powers[s]);
      }
      let total = 0;
      for (let s = 0; s < T; s++) {
        powers[s] = Math.exp(powers[s] - largest);
        total += powers[s];
      }
      for (let s = 0; s < T; s++) {
        const share = powers[s] / total;
        maps[(head * T + t) * T + s] = share;
        for (let d = head * D; d < (head + 1) * D; d++) out[t * C + d] += share * v[s * C + d];
      }
    }
  }
  return out;
}

function bertGeluTanh(x) {
  return (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2;
}

function bertGelu(x) {
  return (x * (1 + bertErf(x / Math.SQRT2))) / 2;
}

/** The error function within 1.5e-7: Abramowitz and Stegun 1964, formula 7.1.26. */
function bertErf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - poly * Math.exp(-x * x));
}
