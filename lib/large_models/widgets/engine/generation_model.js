// The GPT behind GenerationView: reads a text, remembers what it has read, names its tokens.
import { bpeTokenizer } from "./bpe.js";
import { unpack } from "./packed.js";
import { gptCache, gptForward } from "./transformer.js";

/** What the model says after a token. @typedef {{ scores: Float32Array, look: Float32Array }} Output */

/** From the bytes of the packed weights and of tokenizer.json, and the model's config.json:
 *  {tokenizer, read(ids)}.
 *
 *  read gives an output for each id: {scores (V) of what follows it, look (layers * h * seen),
 *  where it looks among the `seen` ids up to itself}. What it has read last time and stands at the
 *  start of ids again is not computed again.
 * @param {Uint8Array} weightBytes
 * @param {Uint8Array} tokenizerBytes
 * @param {Record<string, any>} config
 */
export function textReader(weightBytes, tokenizerBytes, config) {
  const weights = unpack(weightBytes);
  const tokenizer = bpeTokenizer(JSON.parse(new TextDecoder().decode(tokenizerBytes)));
  const cache = gptCache(config);
  const heads = config.n_layer * config.n_head;
  /** @type {number[]} */
  let known = [];
  /** @type {Output[]} */
  let outputs = [];

  /** @param {number[]} ids */
  function read(ids) {
    let past = 0;
    while (past < ids.length && known[past] === ids[past]) past += 1;
    cache.length = past;
    known = [...ids];
    outputs = outputs.slice(0, past);
    if (past === ids.length) return outputs;
    const { logits, attentions } = gptForward(weights, config, ids.slice(past), cache, {
      allLogits: true,
    });
    const [T, V] = logits.shape;
    for (let i = 0; i < T; i++) {
      const seen = past + i + 1;
      const look = new Float32Array(heads * seen);
      for (let head = 0; head < heads; head++) {
        const row = (head * T + i) * ids.length;
        look.set(attentions.data.subarray(row, row + seen), head * seen);
      }
      outputs.push({ scores: logits.data.subarray(i * V, (i + 1) * V), look });
    }
    return outputs;
  }
  return { tokenizer, read };
}

/** One head's row of an output's `look`, or the mean: of a layer's heads where head is null, of all
 *  layers where layer is null.
 * @param {{ look: Float32Array }} output
 * @param {number[]} sizes layers and heads
 * @param {number | null} layer
 * @param {number | null} head
 */
export function lookOf({ look }, [L, H], layer, head) {
  const seen = look.length / (L * H);
  const row = new Float64Array(seen);
  const layers = layer === null ? [...Array(L).keys()] : [layer];
  const heads = head === null ? [...Array(H).keys()] : [head];
  for (const l of layers) {
    for (const k of heads) {
      for (let s = 0; s < seen; s++) {
        row[s] += look[(l * H + k) * seen + s] / (layers.length * heads.length);
      }
    }
  }
  return row;
}

/** How to show a token's bytes: [[kind, text], ...]. "text" is what it says, "mark" stands for a
 *  space, an end of line or a tab, "code" for what cannot be seen: bytes that are a part of a
 *  character, control characters.
 * @param {Uint8Array} bytes
 * @returns {[kind: string, text: string][]}
 */
export function tokenParts(bytes) {
  /** @param {Iterable<number>} values */
  const hex = (values) =>
    Array.from(values, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return [["code", hex(bytes)]];
  }
  /** @type {Record<string, string>} */
  const marks = { " ": "␣", "\n": "⏎", "\t": "⇥" };
  /** @type {[kind: string, text: string][]} */
  const parts = [];
  for (const character of text) {
    /** @type {[kind: string, text: string]} */
    const part = character in marks
      ? ["mark", marks[character]]
      : /[\p{C}\p{Z}]/u.test(character)
      ? ["code", `U+${hex([character.codePointAt(0) ?? 0])}`]
      : ["text", parts.length || !/\p{M}/u.test(character) ? character : `◌${character}`];
    const last = parts.at(-1);
    if (last && part[0] === "text" && last[0] === "text") last[1] += part[1];
    else parts.push(part);
  }
  return parts;
}
