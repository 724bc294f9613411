// Explanations of one answer, in the page: the same numbers as formulas/explanation.py and
// models/explain.py (tests/js/test_explanation.py). Inputs and maps are flat arrays.

/** Where windows of a size begin on a side, `stride` apart; the last may reach over the edge.
 * @param {number} length
 * @param {number} size
 * @param {number} stride
 */
export function windowStarts(length, size, stride) {
  return Array.from({ length: Math.ceil((length - size) / stride) + 1 }, (_, i) => i * stride);
}

/** What the score loses under each window, as a generator that yields after each window and
 *  returns the map: a pixel gets the mean of its windows. score(pixels) gives one number.
 * @param {(pixels: Float32Array) => number} score
 * @param {Float32Array} pixels
 * @param {number} side
 * @param {number} size
 * @param {number} stride
 * @param {number} [fill]
 */
export function* occlusionMap(score, pixels, side, size, stride, fill = 0) {
  const [lost, covers] = [new Float64Array(pixels.length), new Float64Array(pixels.length)];
  const whole = score(pixels);
  const starts = windowStarts(side, size, stride);
  for (const top of starts) {
    for (const left of starts) {
      const hidden = Float32Array.from(pixels);
      const inside = [];
      for (let y = top; y < Math.min(top + size, side); y++) {
        for (let x = left; x < Math.min(left + size, side); x++) inside.push(y * side + x);
      }
      for (const at of inside) hidden[at] = fill;
      const loss = whole - score(hidden);
      for (const at of inside) {
        lost[at] += loss;
        covers[at] += 1;
      }
      yield;
    }
  }
  return lost.map((sum, at) => sum / covers[at]);
}

/** Integrated gradients, as a generator that yields after each step and returns the map.
 *  gradient(x) gives the gradient at x.
 * @param {(x: Float32Array) => ArrayLike<number> & { forEach: (f: (value: number, i: number) => void) => void }} gradient
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} baseline
 * @param {number} steps
 */
export function* integratedGradients(gradient, x, baseline, steps) {
  const total = new Float64Array(x.length);
  const point = new Float32Array(x.length);
  for (let step = 0; step < steps; step++) {
    const share = (step + 0.5) / steps;
    for (let i = 0; i < x.length; i++) point[i] = baseline[i] + share * (x[i] - baseline[i]);
    gradient(point).forEach((value, i) => {
      total[i] += value;
    });
    yield;
  }
  return total.map((value, i) => (x[i] - baseline[i]) * value / steps);
}

/** Attention rolled out over the layers: T * T, row i says what place i is made of.
 *  layers: each heads * T * T weights.
 * @param {ArrayLike<number>[]} layers
 * @param {number} heads
 * @param {number} T
 */
export function attentionRollout(layers, heads, T) {
  let flow = new Float64Array(T * T);
  for (let i = 0; i < T; i++) flow[i * T + i] = 1;
  for (const looks of layers) {
    const next = new Float64Array(T * T);
    for (let i = 0; i < T; i++) {
      for (let k = 0; k < T; k++) {
        let share = i === k ? 0.5 : 0;
        for (let head = 0; head < heads; head++) share += looks[(head * T + i) * T + k] / heads / 2;
        for (let j = 0; j < T; j++) next[i * T + j] += share * flow[k * T + j];
      }
    }
    flow = next;
  }
  return flow;
}

/** The places from the largest number on; equal ones in their own order.
 * @param {number[] | Float64Array} numbers
 */
export function strongestFirst(numbers) {
  return [...numbers.keys()].sort((a, b) => numbers[b] - numbers[a] || a - b);
}

/** A copy without the first n parts of an order.
 * @param {ArrayLike<number>} x
 * @param {number[]} order
 * @param {number} n
 * @param {number} [fill]
 */
export function without(x, order, n, fill = 0) {
  const out = Float32Array.from(x);
  for (const at of order.slice(0, n)) out[at] = fill;
  return out;
}

/** Numbers from 0 to 1 that look random, the same for the same seed.
 * @param {number} seed
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
