// GateExplorer's networks: weights as they come, runs over an input, and what is read from a run.
import { tensor } from "./nn.js";
import { lstm, rnn } from "./rnn.js";

export const GATE_STEPS = 100; // of a sequence to add up
export const GATE_LETTERS = "\n" +
  Array.from({ length: 95 }, (_, k) => String.fromCharCode(32 + k)).join("");

/** A network {layer, weight, bias, H, O} from its tensors by name. */
export function gateFromTensors(tensors) {
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

/** Runs an LSTM, its gates held as `clamps` says, or a plain RNN (no clamps): the layer's values
 *  (T, H) by name, and `answers` (T, O). Its first `from` steps may be an earlier run's. */
export function gateRun(net, x, clamps, past = null, from = 0) {
  const { H, O } = net;
  const [T, C] = x.shape;
  const rest = tensor(x.data.subarray(from * C), [T - from, C]);
  const state = (
    name,
  ) => (from ? tensor(past[name].data.slice((from - 1) * H, from * H), [H]) : null);
  const made = clamps
    ? lstm(rest, net.layer, { h: state("h"), c: state("c"), clamp: gateClamp(clamps, H) })
    : rnn(rest, net.layer, { h: state("h") });
  const run = { T, H, O, answers: new Float64Array(T * O) };
  for (const [name, { data }] of Object.entries(made)) {
    run[name] = tensor(new Float32Array(T * H), [T, H]);
    if (from) run[name].data.set(past[name].data.subarray(0, from * H));
    run[name].data.set(data, from * H);
  }
  if (from) run.answers.set(past.answers.subarray(0, from * O));
  const { h } = run;
  for (let s = from; s < T; s++) {
    for (let o = 0; o < O; o++) {
      let sum = net.bias.data[o];
      for (let k = 0; k < H; k++) sum += net.weight.data[o * H + k] * h.data[s * H + k];
      run.answers[s * O + o] = sum;
    }
  }
  return run;
}

/** The clamps of the units that this network has. */
function gateClamp(clamps, H) {
  const there = ([unit]) => unit === "all" || Number(unit) < H;
  return Object.fromEntries(
    Object.entries(clamps).map((
      [gate, units],
    ) => [gate, Object.fromEntries(Object.entries(units).filter(there))]),
  );
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
  Array.from(text, (c, s) => {
    x.data[s * O + GATE_LETTERS.indexOf(c)] = 1;
  });
  return x;
}

/** One unit's values along time. */
export function gateUnit({ data }, unit, H) {
  return Array.from({ length: data.length / H }, (_, s) => data[s * H + unit]);
}

/** (T, H) turned into rows of units, in the order given. */
export function gateRows({ data, shape: [T, H] }, order) {
  const rows = new Float32Array(T * H);
  order.forEach((unit, row) => {
    for (let s = 0; s < T; s++) rows[row * T + s] = data[s * H + unit];
  });
  return rows;
}

/** The units by number, or by their mean forget gate, the longest memory first. */
export function gateOrder({ f, H }, by) {
  const units = Array.from({ length: H }, (_, unit) => unit);
  if (by === "number") return units;
  const means = units.map((unit) => gateUnit(f, unit, H).reduce((a, b) => a + b, 0));
  return units.sort((a, b) => means[b] - means[a]);
}

/** The sequence of a seed: widgets.gate_explorer.sequence, number for number. */
export function gateSequence(seed, length = GATE_STEPS) {
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
