// GateExplorer's networks: weights as they come, runs over an input, and what is read from a run.
import { linear, softmax, tensor } from "./nn.js";
import { lstm, rnn } from "./rnn.js";

/** @typedef {import("./nn.js").Tensor} Tensor */
/** @typedef {import("./rnn.js").Clamp} Clamp */
/**
 * A recurrent layer of H units and a linear layer of O answers.
 * @typedef {{ layer: import("./rnn.js").Weights, weight: Tensor, bias: Tensor, H: number, O: number }} Network
 */
/**
 * What a network made of T steps: the layer's values (T, H) by name, the answers (T, O).
 * @typedef {{ T: number, H: number, O: number, maps: Record<string, Tensor>, answers: Float32Array }} Run
 */

export const STEPS = 100; // of a sequence to add up
export const LETTERS = "\n" +
  Array.from({ length: 95 }, (_, k) => String.fromCharCode(32 + k)).join("");

/** A network from its tensors by name.
 * @param {Record<string, Tensor>} tensors
 * @returns {Network}
 */
export function networkOf(tensors) {
  /** @param {string} name */
  const of = (name) => {
    if (!tensors[name]) throw new Error(`the weights have no “${name}”`);
    return tensors[name];
  };
  const weight = of("output.weight");
  return {
    layer: {
      weightIh: of("rnn.weight_ih_l0"),
      weightHh: of("rnn.weight_hh_l0"),
      biasIh: of("rnn.bias_ih_l0"),
      biasHh: of("rnn.bias_hh_l0"),
    },
    weight,
    bias: of("output.bias"),
    H: weight.shape[1],
    O: weight.shape[0],
  };
}

/** Runs an LSTM, its gates held as `clamps` says, or a plain RNN (no clamps) over x (T, C). The
 *  first `from` steps may be those of an earlier run.
 * @param {Network} net
 * @param {Tensor} x
 * @param {Clamp | null} clamps
 * @param {Run | null} [past]
 * @param {number} [from]
 * @returns {Run}
 */
export function runOver(net, x, clamps, past = null, from = 0) {
  const { H, O } = net;
  const [T, C] = x.shape;
  const known = from ? past : null;
  const rest = tensor(x.data.subarray(from * C), [T - from, C]);
  /** @param {string} name */
  const state = (name) => (
    known ? tensor(known.maps[name].data.slice((from - 1) * H, from * H), [H]) : null
  );
  const made = clamps
    ? lstm(rest, net.layer, { h: state("h"), c: state("c"), clamp: clampsOf(clamps, H) })
    : rnn(rest, net.layer, { h: state("h") });
  /** @type {Record<string, Tensor>} */
  const maps = {};
  for (const [name, { data }] of Object.entries(made)) {
    maps[name] = tensor(joined(known?.maps[name].data, data, from * H), [T, H]);
  }
  const answers = linear(made.h, net.weight, net.bias).data;
  return { T, H, O, maps, answers: joined(known?.answers, answers, from * O) };
}

/** The first `count` values of `past`, then `rest`.
 * @param {Float32Array | undefined} past
 * @param {Float32Array} rest
 * @param {number} count
 */
function joined(past, rest, count) {
  const all = new Float32Array(count + rest.length);
  if (past) all.set(past.subarray(0, count));
  all.set(rest, count);
  return all;
}

/** The clamps of the units that this network has.
 * @param {Clamp} clamps
 * @param {number} H
 * @returns {Clamp}
 */
function clampsOf(clamps, H) {
  return Object.fromEntries(
    Object.entries(clamps).map(([gate, units]) => [
      gate,
      Object.fromEntries(
        Object.entries(units).filter(([unit]) => unit === "all" || Number(unit) < H),
      ),
    ]),
  );
}

/** Probabilities (O) after a step.
 * @param {Run} run
 * @param {number} step
 */
export function chancesAt({ O, answers }, step) {
  return softmax(tensor(answers.slice(step * O, (step + 1) * O), [O])).data;
}

/** Characters as one 1 among zeros: (T, 96).
 * @param {string} text
 */
export function oneHot(text) {
  const O = LETTERS.length;
  const x = tensor(new Float32Array(text.length * O), [text.length, O]);
  Array.from(text, (c, s) => {
    x.data[s * O + LETTERS.indexOf(c)] = 1;
  });
  return x;
}

/** One unit's values along time, of a map (T, H).
 * @param {Tensor} map
 * @param {number} unit
 */
export function unitOf({ data, shape: [T, H] }, unit) {
  return Array.from({ length: T }, (_, s) => data[s * H + unit]);
}

/** A map (T, H) turned into rows of units, in the order given.
 * @param {Tensor} map
 * @param {number[]} order
 */
export function rowsOf({ data, shape: [T, H] }, order) {
  const rows = new Float32Array(T * H);
  order.forEach((unit, row) => {
    for (let s = 0; s < T; s++) rows[row * T + s] = data[s * H + unit];
  });
  return rows;
}

/** The units by number, or by their mean forget gate, the longest memory first.
 * @param {Run} run
 * @param {string} by
 */
export function orderOf({ maps, H }, by) {
  const units = Array.from({ length: H }, (_, unit) => unit);
  if (by === "number") return units;
  const means = units.map((unit) => unitOf(maps.f, unit).reduce((a, b) => a + b, 0));
  return units.sort((a, b) => means[b] - means[a]);
}

/** The sequence of a seed: widgets.gate_explorer.sequence, number for number.
 * @param {number} seed
 * @param {number} [length]
 */
export function sequenceOf(seed, length = STEPS) {
  let state = seed;
  const draw = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const values = Array.from({ length }, () => Math.floor(101 * draw()) / 100);
  const half = length / 2;
  return { values, markers: [Math.floor(half * draw()), half + Math.floor(half * draw())] };
}
