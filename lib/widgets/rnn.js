// Recurrent layers in the page: one step, and whole sequences. The same to read: lib/formulas/rnn.py.
//
// Weights are {weightIh (G*H, C), weightHh (G*H, H), biasIh (G*H), biasHh (G*H)}, where the G blocks
// of rows belong to i, f, g, o (LSTM) or r, z, n (GRU), as in torch; all are tensors {data, shape}.
// There is no batch: a step's input is a tensor (C), a sequence's (T, C). A one-hot input may be
// given as the place of its 1: a number for a step, an array of numbers for a sequence. Results are
// tensors, (H) for a step and (T, H) for a sequence, equal to torch to 1e-5 (tests/js/test_rnn.py).
import { tensor } from "./nn.js";

/** One step: the state after it. -> {h} */
export function rnnStep(x, h, weights) {
  return rnnOne(rnn([].concat(x), weights, { h }, "rnnStep"));
}

/** One step: gates, candidate, cell, state. clamp: see `lstm`. -> {i, f, g, o, c, h} */
export function lstmStep(x, h, c, weights, clamp = {}) {
  return rnnOne(lstm([].concat(x), weights, { h, c, clamp }, "lstmStep"));
}

/** One step: reset gate, update gate, candidate, state. -> {r, z, n, h} */
export function gruStep(x, h, weights) {
  return rnnOne(gru([].concat(x), weights, { h }, "gruStep"));
}

/** A plain recurrent layer with tanh. Option: h (H), the state before the first step. -> {h} */
export function rnn(x, weights, { h = null } = {}, name = "rnn") {
  const { H, T, add, start } = rnnLayer(name, x, weights, 1);
  const out = rnnEmpty(["h"], T, H);
  const a = new Float64Array(H);
  let before = start("h", h);
  for (let step = 0; step < T; step++) {
    add(a, step, before);
    const now = out.h.data.subarray(step * H, (step + 1) * H);
    for (let j = 0; j < H; j++) now[j] = Math.tanh(a[j]);
    before = now;
  }
  return out;
}

/** An LSTM. Options: h, c (H) before the first step; clamp {i, f, o}: a number for all units, or an
 *  array of H numbers, NaN where the gate keeps its own value. -> {i, f, g, o, c, h} */
export function lstm(x, weights, { h = null, c = null, clamp = {} } = {}, name = "lstm") {
  const { H, T, add, start } = rnnLayer(name, x, weights, 4);
  const out = rnnEmpty(["i", "f", "g", "o", "c", "h"], T, H);
  const [forI, forF, forO] = ["i", "f", "o"].map((gate) => rnnClamp(name, gate, clamp[gate], H));
  const a = new Float64Array(4 * H);
  const own = (value, held) => (Number.isNaN(held) ? 1 / (1 + Math.exp(-value)) : held);
  let [hidden, cell] = [start("h", h), start("c", c)];
  for (let step = 0; step < T; step++) {
    add(a, step, hidden);
    const from = step * H;
    for (let j = 0; j < H; j++) {
      const i = own(a[j], forI[j]);
      const f = own(a[H + j], forF[j]);
      const g = Math.tanh(a[2 * H + j]);
      const o = own(a[3 * H + j], forO[j]);
      const kept = f * cell[j] + i * g;
      out.i.data[from + j] = i;
      out.f.data[from + j] = f;
      out.g.data[from + j] = g;
      out.o.data[from + j] = o;
      out.c.data[from + j] = kept;
      out.h.data[from + j] = o * Math.tanh(kept);
    }
    hidden = out.h.data.subarray(from, from + H);
    cell = out.c.data.subarray(from, from + H);
  }
  return out;
}

/** A GRU, the reset gate after the product as in torch. Option: h (H). -> {r, z, n, h} */
export function gru(x, weights, { h = null } = {}, name = "gru") {
  const { H, T, add, start } = rnnLayer(name, x, weights, 3);
  const out = rnnEmpty(["r", "z", "n", "h"], T, H);
  const [a, b] = [new Float64Array(3 * H), new Float64Array(3 * H)]; // the input's side, the state's
  const sigmoid = (value) => 1 / (1 + Math.exp(-value));
  let before = start("h", h);
  for (let step = 0; step < T; step++) {
    add(a, step, before, b);
    const from = step * H;
    for (let j = 0; j < H; j++) {
      const r = sigmoid(a[j] + b[j]);
      const z = sigmoid(a[H + j] + b[H + j]);
      const n = Math.tanh(a[2 * H + j] + r * b[2 * H + j]);
      out.r.data[from + j] = r;
      out.z.data[from + j] = z;
      out.n.data[from + j] = n;
      out.h.data[from + j] = (1 - z) * n + z * before[j];
    }
    before = out.h.data.subarray(from, from + H);
  }
  return out;
}

/** Checks a layer, and how it adds up: add(a, step, h) makes a = W_ih x + b_ih + W_hh h + b_hh;
 *  with b, the state's two terms go there instead. */
function rnnLayer(name, x, weights, G) {
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const H = weightHh.shape[1];
  const C = weightIh.shape[1];
  const shapes = [[G * H, C], [G * H, H], [G * H], [G * H]];
  const got = [weightIh, weightHh, biasIh, biasHh].map(({ shape }) => shape);
  if (!H || shapes.join(" ") !== got.join(" ")) {
    throw new Error(`${name}: weights must be (${G}*H, C), (${G}*H, H) and two (${G}*H), got ${got.map((s) => `(${s.join(", ")})`).join(", ")}`);
  }
  // A step's tensor comes in a list of one, a sequence's is (T, C), places are a list of numbers.
  let inputs = x;
  if (Array.isArray(x) && x.length === 1 && x[0]?.shape?.length === 1) inputs = tensor(x[0].data, [1, x[0].shape[0]]);
  const places = inputs.shape ? null : inputs;
  if (places ? !places.every((k) => Number.isInteger(k) && k >= 0 && k < C)
    : inputs.shape.length !== 2 || inputs.shape[1] !== C) {
    throw new Error(`${name}: x must be ${places ? `places from 0 to ${C - 1}, got ${places.join(", ")}` : `of ${C} numbers a step, got (${inputs.shape.join(", ")})`}`);
  }
  const add = (a, step, h, b = a) => {
    for (let row = 0; row < G * H; row++) {
      let own = biasIh.data[row];
      if (places) own += weightIh.data[row * C + places[step]]; // one column, instead of a product
      else for (let k = 0; k < C; k++) own += weightIh.data[row * C + k] * inputs.data[step * C + k];
      let recurrent = biasHh.data[row];
      for (let k = 0, from = row * H; k < H; k++) recurrent += weightHh.data[from + k] * h[k];
      if (b === a) a[row] = own + recurrent;
      else [a[row], b[row]] = [own, recurrent];
    }
  };
  const start = (which, state) => {
    if (state && (state.shape.length !== 1 || state.shape[0] !== H)) {
      throw new Error(`${name}: ${which} must be (${H}), got (${state.shape.join(", ")})`);
    }
    return state ? state.data : new Float32Array(H);
  };
  return { H, T: places ? places.length : inputs.shape[0], add, start };
}

function rnnClamp(name, gate, value, H) {
  if (value === undefined || value === null) return new Float32Array(H).fill(NaN);
  if (typeof value === "number") return new Float32Array(H).fill(value);
  if (value.length !== H) throw new Error(`${name}: clamp.${gate} must have ${H} numbers, got ${value.length}`);
  return Float32Array.from(value);
}

const rnnEmpty = (names, T, H) => Object.fromEntries(
  names.map((name) => [name, tensor(new Float32Array(T * H), [T, H])]));

const rnnOne = (steps) => Object.fromEntries(
  Object.entries(steps).map(([name, { data }]) => [name, tensor(data, [data.length])]));
