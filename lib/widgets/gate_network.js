// GateExplorer's networks: weights as they come, runs over an input, and what is read from a run.
import { tensor } from "./nn.js";
import { lstm, rnn } from "./rnn.js";

export const GATE_LETTERS = "\n" + Array.from({ length: 95 }, (_, k) => String.fromCharCode(32 + k)).join("");

/** A network {layer, weight, bias, H, O} from the float32 numbers that Python sent in this order:
 *  W_ih, W_hh, b_ih, b_hh, the output's weight and bias. */
export function gateFromNumbers(numbers, { gates, inputs, hidden, outputs }) {
  let from = 0;
  const take = (...shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    from += size;
    return tensor(numbers.slice(from - size, from), shape);
  };
  const layer = {
    weightIh: take(gates * hidden, inputs), weightHh: take(gates * hidden, hidden),
    biasIh: take(gates * hidden), biasHh: take(gates * hidden),
  };
  return { layer, weight: take(outputs, hidden), bias: take(outputs), H: hidden, O: outputs };
}

/** The same from named tensors (packed.js). */
export function gateFromTensors(tensors) {
  const of = (name) => {
    if (!tensors[name]) throw new Error(`the weights have no “${name}”`);
    return tensors[name];
  };
  const weight = of("output.weight");
  return {
    layer: {
      weightIh: of("rnn.weight_ih_l0"), weightHh: of("rnn.weight_hh_l0"),
      biasIh: of("rnn.bias_ih_l0"), biasHh: of("rnn.bias_hh_l0"),
    },
    weight, bias: of("output.bias"), H: weight.shape[1], O: weight.shape[0],
  };
}

/** Runs an LSTM, its gates held as `clamps` says ({"f": 0, "f7": null}), or a plain RNN (no clamps):
 *  the layer's values (T, H) by name, and `answers` (T, O). */
export function gateRun(net, x, clamps) {
  const { H } = net;
  const made = clamps ? lstm(x, net.layer, { clamp: gateClamp(clamps, H) }) : rnn(x, net.layer);
  const T = made.h.shape[0];
  const answers = new Float64Array(T * net.O);
  for (let s = 0; s < T; s++) {
    for (let o = 0; o < net.O; o++) {
      let sum = net.bias.data[o];
      for (let k = 0; k < H; k++) sum += net.weight.data[o * H + k] * made.h.data[s * H + k];
      answers[s * net.O + o] = sum;
    }
  }
  return { ...made, answers, T, H, O: net.O };
}

/** {"f": 0, "f7": null} as rnn.js takes it: {f: {all: 0, 7: null}}, without units that are not there. */
function gateClamp(clamps, H) {
  const clamp = {};
  for (const [key, value] of Object.entries(clamps)) {
    const unit = key.slice(1);
    if (Number(unit) < H) (clamp[key[0]] ??= {})[unit || "all"] = value;
  }
  return clamp;
}

/** Probabilities (O) after a step. */
export function gateChances(run, step) {
  const scores = run.answers.subarray(step * run.O, (step + 1) * run.O);
  const most = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp(score - most));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

/** Characters as one 1 among zeros: (T, 96). */
export function gateOneHot(text) {
  const O = GATE_LETTERS.length;
  const x = tensor(new Float32Array(text.length * O), [text.length, O]);
  Array.from(text, (c, s) => { x.data[s * O + GATE_LETTERS.indexOf(c)] = 1; });
  return x;
}

/** One unit's values along time. */
export function gateUnit({ data }, unit, H) {
  return Array.from({ length: data.length / H }, (_, s) => data[s * H + unit]);
}

/** (T, H) turned into rows of units. */
export function gateRows({ data, shape: [T, H] }) {
  const rows = new Float32Array(T * H);
  for (let s = 0; s < T; s++) for (let k = 0; k < H; k++) rows[k * T + s] = data[s * H + k];
  return rows;
}

/** The sequence of a seed: lib.widgets.gate_explorer.sequence, number for number. */
export function gateSequence(seed, length = 100) {
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
