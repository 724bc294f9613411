// BERT in the page: what transformers.BertForMaskedLM computes, with its weights' names and layout,
// put together from nn.js, attention.js and transformer.js (tests/js/test_bert.py: the whole model
// within 1e-4 of torch). The same to read: formulas/bert.py.
import { multiHeadAttention } from "./attention.js";
import { linear, relu, tensor } from "./nn.js";
import { embedding, gelu, layerNorm } from "./transformer.js";

/** @import { Tensor } from "./nn.js" */

/** @type {(x: Tensor) => Tensor} */
const BERT_TANH = (x) => gelu(x, { approximate: "tanh" });
/** @type {Record<string, (x: Tensor) => Tensor>} */
const BERT_BENT = { gelu, gelu_new: BERT_TANH, gelu_pytorch_tanh: BERT_TANH, relu };

/** A BERT reads a text. weights: {name: tensor} of a BertForMaskedLM, tied or not; config: its
 *  config.json; ids: T tokens. Options: at, the places to answer for (none by default).
 *  Returns {hidden (T, C), attentions (layers, h, T, T): where each token looks; logits
 *  (places, V): scores of the token that belongs at each of `at`}.
 * @param {Record<string, Tensor>} weights
 * @param {Record<string, any>} config
 * @param {number[]} ids
 * @param {{ at?: number[] }} [options]
 */
export function bertForward(weights, config, ids, options = {}) {
  const { at = [], ...others } = options;
  if (Object.keys(others).length) bertFail(`no option "${Object.keys(others)[0]}", expected at`);
  const {
    num_hidden_layers: L,
    num_attention_heads: H,
    hidden_size: C,
    max_position_embeddings: N,
    vocab_size: V,
  } = config;
  const bent = BERT_BENT[config.hidden_act] ?? bertFail(`no activation “${config.hidden_act}”`);
  if (C % H) bertFail(`${H} heads do not divide ${C} features`);
  const T = ids.length;
  if (!T) bertFail("expected at least one id, got none");
  const id = ids.find((value) => !Number.isInteger(value) || value < 0 || value >= V);
  if (id !== undefined) bertFail(`expected whole numbers from 0 to ${V - 1}, got ${id}`);
  if (T > N) bertFail(`expected at most ${N} tokens, got ${T}`);
  const place = at.find((value) => !Number.isInteger(value) || value < 0 || value >= T);
  if (place !== undefined) bertFail(`expected places from 0 to ${T - 1}, got ${place}`);

  /** @param {string} name */
  const w = (name) => weights[name] ?? bertFail(`no weights “${name}”`);
  /** @type {(x: Tensor, name: string) => Tensor} */
  const norm = (x, name) =>
    layerNorm(x, w(`${name}.weight`), w(`${name}.bias`), config.layer_norm_eps ?? 1e-12);
  /** @type {(x: Tensor, name: string) => Tensor} */
  const dense = (x, name) => linear(x, w(`${name}.weight`), w(`${name}.bias`));
  const e = "bert.embeddings.";
  const words = w(`${e}word_embeddings.weight`);
  const places = embedding([...ids.keys()], w(`${e}position_embeddings.weight`));
  const types = embedding(ids.map(() => 0), w(`${e}token_type_embeddings.weight`));
  let x = norm(bertSum(bertSum(embedding(ids, words), places), types), `${e}LayerNorm`);
  const attentions = new Float32Array(L * H * T * T);
  for (let layer = 0; layer < L; layer++) {
    const of = `bert.encoder.layer.${layer}.`;
    /** @param {string} kind */
    const parts = (kind) =>
      ["query", "key", "value"].map((part) => w(`${of}attention.self.${part}.${kind}`));
    const { output, weights: looks } = multiHeadAttention(x, x, x, {
      in_proj_weight: bertStack(parts("weight"), [3 * C, C]),
      in_proj_bias: bertStack(parts("bias"), [3 * C]),
      "out_proj.weight": w(`${of}attention.output.dense.weight`),
      "out_proj.bias": w(`${of}attention.output.dense.bias`),
    }, H);
    attentions.set(looks.data, layer * H * T * T);
    x = norm(bertSum(x, output), `${of}attention.output.LayerNorm`);
    x = norm(
      bertSum(x, dense(bent(dense(x, `${of}intermediate.dense`)), `${of}output.dense`)),
      `${of}output.LayerNorm`,
    );
  }

  let logits = tensor([], [0, V]);
  if (at.length) {
    const head = "cls.predictions.";
    const asked = norm(
      bent(dense(embedding(at, x), `${head}transform.dense`)),
      `${head}transform.LayerNorm`,
    );
    const tied = config.tie_word_embeddings ?? true;
    logits = tied ? linear(asked, words, w(`${head}bias`)) : dense(asked, `${head}decoder`);
  }
  return { hidden: x, attentions: tensor(attentions, [L, H, T, T]), logits };
}

/**
 * @param {string} message
 * @returns {never}
 */
function bertFail(message) {
  throw new Error(`bertForward: ${message}`);
}

/**
 * @param {Tensor} x
 * @param {Tensor} y
 */
function bertSum(x, y) {
  return tensor(x.data.map((value, i) => value + y.data[i]), x.shape);
}

/** Tensors on top of each other.
 * @param {Tensor[]} parts
 * @param {number[]} shape
 */
function bertStack(parts, shape) {
  return tensor(parts.flatMap(({ data }) => [...data]), shape);
}
