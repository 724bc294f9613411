// Recurrent cells and whole sequences: what formulas/rnn.py computes, in the page.
//
// Weights are {weightIh (G*H, C), weightHh (G*H, H), biasIh (G*H), biasHh (G*H)} as torch lays them
// out: the G blocks of rows belong to i, f, g, o for the LSTM and to r, z, n for the GRU; G = 1 for
// the RNN. A step takes x (C) with states (H), or x (B, C) with states (B, H); a sequence is x
// (T, C) or (B, T, C). Sums run in double precision and are stored as float32 after each step, so
// results agree with NumPy and torch to 1e-5 (tests/js/test_rnn.py).
import { tensor } from "./nn.js";

/** @typedef {{ weightIh: import("./nn.js").Tensor, weightHh: import("./nn.js").Tensor, biasIh: import("./nn.js").Tensor, biasHh: import("./nn.js").Tensor }} Weights */
/** A gate's units, or "all", and what each is held at. @typedef {Record<string, Record<string, number | null>>} Clamp */
/** @typedef {Record<string, Float32Array>} Values */
/**
 * @typedef {object} Cell
 * @property {string} name
 * @property {number} gates
 * @property {string[]} states
 * @property {string[]} results
 * @property {(settings: Record<string, any>, H: number) => any} prepare
 * @property {(a: Float64Array, b: Float64Array, before: Values, after: Values, at: number, H: number, prepared: any) => void} run
 */

/** h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu. Returns {h}.
 * @param {import("./nn.js").Tensor} x
 * @param {import("./nn.js").Tensor | null} h
 * @param {Weights} weights
 * @param {{ nonlinearity?: string }} [options]
 */
export function rnnStep(x, h, weights, { nonlinearity = "tanh" } = {}) {
  return recurrentStep(RNN_CELL, x, { h }, weights, { nonlinearity });
}

/** Returns {i, f, g, o, c, h}. `clamp` holds gates at a value instead of what they compute:
 *  {f: {all: 0, 3: 1, 5: null}} closes every unit's forget gate but opens unit 3's, and leaves
 *  unit 5 its own.
 * @param {import("./nn.js").Tensor} x
 * @param {import("./nn.js").Tensor | null} h
 * @param {import("./nn.js").Tensor | null} c
 * @param {Weights} weights
 * @param {Clamp | null} [clamp]
 */
export function lstmStep(x, h, c, weights, clamp = null) {
  return recurrentStep(LSTM_CELL, x, { h, c }, weights, { clamp });
}

/** Returns {r, z, n, h}.
 * @param {import("./nn.js").Tensor} x
 * @param {import("./nn.js").Tensor | null} h
 * @param {Weights} weights
 */
export function gruStep(x, h, weights) {
  return recurrentStep(GRU_CELL, x, { h }, weights, {});
}

/** A sequence; options: h (before the first step, else zeros), nonlinearity. Returns {h}, the
 *  states after each step, (T, H) or (B, T, H).
 * @param {import("./nn.js").Tensor} x
 * @param {Weights} weights
 * @param {{ h?: import("./nn.js").Tensor | null, nonlinearity?: string }} [options]
 */
export function rnn(x, weights, { h = null, nonlinearity = "tanh" } = {}) {
  return recurrentSequence(RNN_CELL, x, { h }, weights, { nonlinearity });
}

/** A sequence; options: h, c, clamp (as in `lstmStep`). Returns {i, f, g, o, c, h}, each (T, H) or
 *  (B, T, H).
 * @param {import("./nn.js").Tensor} x
 * @param {Weights} weights
 * @param {{ h?: import("./nn.js").Tensor | null, c?: import("./nn.js").Tensor | null, clamp?: Clamp | null }} [options]
 */
export function lstm(x, weights, { h = null, c = null, clamp = null } = {}) {
  return recurrentSequence(LSTM_CELL, x, { h, c }, weights, { clamp });
}

/** A sequence; option: h. Returns {r, z, n, h}.
 * @param {import("./nn.js").Tensor} x
 * @param {Weights} weights
 * @param {{ h?: import("./nn.js").Tensor | null }} [options]
 */
export function gru(x, weights, { h = null } = {}) {
  return recurrentSequence(GRU_CELL, x, { h }, weights, {});
}

// --- cells --------------------------------------------------------------------------------------
// `run(a, b, before, after, at, H, prepared)` makes a step: a is W_ih x + b_ih, b is W_hh h + b_hh,
// before[name] the states before it; results go to after[name], from `at` on.

/** @type {Cell} */
const RNN_CELL = {
  name: "rnn",
  gates: 1,
  states: ["h"],
  results: ["h"],
  prepare({ nonlinearity }) {
    if (nonlinearity !== "tanh" && nonlinearity !== "relu") {
      throw new Error(`rnn: nonlinearity must be "tanh" or "relu", got “${nonlinearity}”`);
    }
    return nonlinearity === "tanh" ? Math.tanh : (/** @type {number} */ v) => Math.max(0, v);
  },
  run(a, b, _before, after, at, H, activation) {
    for (let j = 0; j < H; j++) after.h[at + j] = activation(a[j] + b[j]);
  },
};

/** @type {Cell} */
const LSTM_CELL = {
  name: "lstm",
  gates: 4,
  states: ["h", "c"],
  results: ["i", "f", "g", "o", "c", "h"],
  prepare: ({ clamp }, H) => clampedGates(clamp, H),
  run(a, b, before, after, at, H, held) {
    const gate = (
      /** @type {number} */ at,
      /** @type {number} */ own,
    ) => (Number.isNaN(own) ? logistic(a[at] + b[at]) : own);
    for (let j = 0; j < H; j++) {
      const i = gate(j, held.i[j]);
      const f = gate(H + j, held.f[j]);
      const g = Math.tanh(a[2 * H + j] + b[2 * H + j]);
      const o = gate(3 * H + j, held.o[j]);
      const c = f * before.c[j] + i * g;
      after.i[at + j] = i;
      after.f[at + j] = f;
      after.g[at + j] = g;
      after.o[at + j] = o;
      after.c[at + j] = c;
      after.h[at + j] = o * Math.tanh(c);
    }
  },
};

/** @type {Cell} */
const GRU_CELL = {
  name: "gru",
  gates: 3,
  states: ["h"],
  results: ["r", "z", "n", "h"],
  prepare: () => null,
  run(a, b, before, after, at, H) {
    for (let j = 0; j < H; j++) {
      const r = logistic(a[j] + b[j]);
      const z = logistic(a[H + j] + b[H + j]);
      const n = Math.tanh(a[2 * H + j] + r * b[2 * H + j]); // the reset gate stands between the two
      after.r[at + j] = r;
      after.z[at + j] = z;
      after.n[at + j] = n;
      after.h[at + j] = (1 - z) * n + z * before.h[j];
    }
  },
};

/** For each gate, what each of the H units is held at; NaN where it computes its own value.
 * @param {Clamp | null} clamp
 * @param {number} H
 */
function clampedGates(clamp, H) {
  const held = Object.fromEntries(
    ["i", "f", "o"].map((gate) => [gate, new Float64Array(H).fill(NaN)]),
  );
  for (const [gate, units] of Object.entries(clamp ?? {})) {
    if (!held[gate]) throw new Error(`lstm: a clamp is for the gates i, f and o, got “${gate}”`);
    const { all = null, ...single } = units;
    const each =
      /** @type {[string, number | null][]} */ ([["all", all], ...Object.entries(single)]);
    for (const [unit, value] of each) {
      if (value !== null && !(value >= 0 && value <= 1)) {
        throw new Error(`lstm: a gate is held at 0 to 1, or null for its own value, got ${value}`);
      }
      if (unit !== "all" && !(/^\d+$/.test(unit) && Number(unit) < H)) {
        throw new Error(
          `lstm: a clamp is for “all” or for a unit from 0 to ${H - 1}, got “${unit}”`,
        );
      }
      if (unit === "all") held[gate].fill(value ?? NaN);
      else held[gate][Number(unit)] = value ?? NaN;
    }
  }
  return held;
}

/**
 * @param {number} v
 */
function logistic(v) {
  return 1 / (1 + Math.exp(-v)); // exp may be infinite: 1 / infinity is 0, as it should be
}

// --- shared parts -------------------------------------------------------------------------------

/**
 * @param {Cell} cell
 * @param {import("./nn.js").Tensor} x
 * @param {Record<string, import("./nn.js").Tensor | null>} states
 * @param {Weights} weights
 * @param {Record<string, any>} settings
 */
function recurrentStep(cell, x, states, weights, settings) {
  const H = hiddenSize(cell, weights);
  if (x.shape.length !== 1 && x.shape.length !== 2) {
    throw new Error(`${cell.name}: x of a step must be (C) or (B, C), got (${x.shape.join(", ")})`);
  }
  const batch = x.shape.slice(0, -1);
  return recurrentRun(cell, x, states, weights, settings, { batch, T: 1, H, shape: [...batch, H] });
}

/**
 * @param {Cell} cell
 * @param {import("./nn.js").Tensor} x
 * @param {Record<string, import("./nn.js").Tensor | null>} states
 * @param {Weights} weights
 * @param {Record<string, any>} settings
 */
function recurrentSequence(cell, x, states, weights, settings) {
  const H = hiddenSize(cell, weights);
  if ((x.shape.length !== 2 && x.shape.length !== 3) || x.shape.at(-2) === 0) {
    throw new Error(
      `${cell.name}: x must be (T, C) or (B, T, C) with T of at least 1, got (${
        x.shape.join(", ")
      })`,
    );
  }
  const batch = x.shape.slice(0, -2);
  const [T] = x.shape.slice(-2);
  return recurrentRun(cell, x, states, weights, settings, { batch, T, H, shape: [...batch, T, H] });
}

/**
 * @param {Cell} cell
 * @param {import("./nn.js").Tensor} x
 * @param {Record<string, import("./nn.js").Tensor | null>} states
 * @param {Weights} weights
 * @param {Record<string, any>} settings
 * @param {{ batch: number[], T: number, H: number, shape: number[] }} sizes
 * @returns {Record<string, import("./nn.js").Tensor>}
 */
function recurrentRun(cell, x, states, weights, settings, { batch, T, H, shape }) {
  const { weightIh, weightHh, biasIh, biasHh } = weights;
  const [rows, C] = weightIh.shape;
  if (x.shape.at(-1) !== C) {
    throw new Error(
      `${cell.name}: x must have ${C} values per step for these weights, got ${x.shape.at(-1)}`,
    );
  }
  for (const name of cell.states) {
    const state = states[name];
    if (state && state.shape.join() !== [...batch, H].join()) {
      throw new Error(
        `${cell.name}: ${name} must be (${[...batch, H].join(", ")}), got (${
          state.shape.join(", ")
        })`,
      );
    }
  }
  const prepared = cell.prepare(settings, H);
  const B = batch[0] ?? 1;
  const after = Object.fromEntries(cell.results.map((name) => [name, new Float32Array(B * T * H)]));
  const zeros = new Float32Array(H);
  const [a, b] = [new Float64Array(rows), new Float64Array(rows)];
  for (let s = 0; s < B * T; s++) {
    const first = s % T === 0;
    // Where the state before this step lies: given, zero, or what the last step left.
    const state = (/** @type {string} */ name) => {
      if (!first) return after[name].subarray((s - 1) * H, s * H);
      return states[name] ? states[name].data.subarray((s / T) * H, (s / T + 1) * H) : zeros;
    };
    const before = Object.fromEntries(cell.states.map((name) => [name, state(name)]));
    addInputs(a, weightIh.data, biasIh.data, x.data.subarray(s * C, (s + 1) * C));
    addStates(b, weightHh.data, biasHh.data, before.h);
    cell.run(a, b, before, after, s * H, H, prepared);
  }
  return Object.fromEntries(cell.results.map((name) => [name, tensor(after[name], shape)]));
}

/** W x + bias. A character comes in as one 1 among zeros, so what is zero is passed over.
 * @param {Float64Array} sums
 * @param {Float32Array} weight
 * @param {Float32Array} bias
 * @param {Float32Array} x
 */
function addInputs(sums, weight, bias, x) {
  const C = x.length;
  for (let row = 0; row < sums.length; row++) sums[row] = bias[row];
  for (let c = 0; c < C; c++) {
    const value = x[c];
    if (value === 0) continue;
    for (let row = 0; row < sums.length; row++) sums[row] += weight[row * C + c] * value;
  }
}

/** W h + bias. Four rows at once: a sum alone would wait for each of its additions to end.
 * @param {Float64Array} sums
 * @param {Float32Array} weight
 * @param {Float32Array} bias
 * @param {Float32Array} h
 */
function addStates(sums, weight, bias, h) {
  const H = h.length;
  let row = 0;
  for (; row + 4 <= sums.length; row += 4) {
    const at = row * H;
    let p = bias[row];
    let q = bias[row + 1];
    let r = bias[row + 2];
    let s = bias[row + 3];
    for (let j = 0; j < H; j++) {
      const value = h[j];
      p += weight[at + j] * value;
      q += weight[at + H + j] * value;
      r += weight[at + 2 * H + j] * value;
      s += weight[at + 3 * H + j] * value;
    }
    sums[row] = p;
    sums[row + 1] = q;
    sums[row + 2] = r;
    sums[row + 3] = s;
  }
  for (; row < sums.length; row++) {
    sums[row] = bias[row];
    for (let j = 0; j < H; j++) sums[row] += weight[row * H + j] * h[j];
  }
}

/** Checks the shapes of a layer's weights; returns the hidden size.
 * @param {Cell} cell
 * @param {Weights} weights
 */
function hiddenSize(cell, weights) {
  const names = /** @type {(keyof Weights)[]} */ (["weightIh", "weightHh", "biasIh", "biasHh"]);
  const missing = names.find((name) => !weights?.[name]?.shape);
  if (missing) throw new Error(`${cell.name}: weights have no ${missing}`);
  const [ih, hh, bi, bh] = names.map((name) => weights[name].shape);
  const H = hh[1];
  const rows = cell.gates * H;
  if (
    !H || ih.length !== 2 ||
    [hh, bi, bh].some((shape, k) => shape.join() !== [[rows, H], [rows], [rows]][k].join()) ||
    ih[0] !== rows
  ) {
    throw new Error(
      `${cell.name}: weights must be (${cell.gates}*H, C), (${cell.gates}*H, H) and two biases ` +
        `(${cell.gates}*H), got ${
          [ih, hh, bi, bh].map((shape) => `(${shape.join(", ")})`).join(", ")
        }`,
    );
  }
  return H;
}
