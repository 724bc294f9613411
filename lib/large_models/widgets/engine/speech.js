// Sounds in noise (data/speech.py), their spectrogram (formulas/spectrogram.py), what a small CNN hears.
import { conv2d, linear, relu, softmax, tensor } from "./nn.js";

export const SPEECH_RATE = 10000; // samples a second
const SPEECH_LENGTH = 4000; // samples of a clip
const SPEECH_FRAME = 128;
const SPEECH_HOP = 80;
const SPEECH_DEPTH = 60; // decibels from black to white
const SPEECH_WIDTHS = [60, 90, 150]; // of the formants, Hz
const SPEECH_SOURCE_WIDTH = 100;

/** @typedef {Float64Array | Float32Array} Samples */

// --- the sound: data/speech.py, for one clip ------------------------------------------------------

/** A pulse whenever a turn is complete, shared between the two samples around that moment.
 * @param {Float64Array} pitch
 * @param {Uint8Array} inside
 */
function speechPulses(pitch, inside) {
  const pulses = new Float64Array(pitch.length);
  let turns = 0;
  for (let n = 0; n < pitch.length; n++) {
    const before = Math.floor(turns);
    turns += inside[n] ? pitch[n] / SPEECH_RATE : 0;
    const whole = Math.floor(turns);
    if (whole <= before) continue;
    const late = ((turns - whole) * SPEECH_RATE) / pitch[n];
    pulses[n] += 1 - late;
    if (n) pulses[n - 1] += late;
  }
  return pulses;
}

/** Klatt's resonator; frequencyAt(n) in Hz.
 * @param {Float64Array} x
 * @param {(n: number) => number} frequencyAt
 * @param {number} width
 */
function speechResonate(x, frequencyAt, width) {
  const C = -Math.exp((-2 * Math.PI * width) / SPEECH_RATE);
  const radius = 2 * Math.exp((-Math.PI * width) / SPEECH_RATE);
  const y = new Float64Array(x.length);
  let [before, twice] = [0, 0];
  for (let n = 0; n < x.length; n++) {
    const B = radius * Math.cos((2 * Math.PI * frequencyAt(n)) / SPEECH_RATE);
    y[n] = (1 - B - C) * x[n] + B * before + C * twice;
    [before, twice] = [y[n], before];
  }
  return y;
}

/** A sound in the middle of the clip. hertz: pitch, three formants at the start, three at the end.
 * @param {number[]} hertz
 * @param {number} seconds
 */
export function speechSynthesize([middle, ...formants], seconds) {
  const first = Math.round(((SPEECH_LENGTH / SPEECH_RATE - seconds) / 2) * SPEECH_RATE);
  const [pitch, along, swell] = [0, 1, 2].map(() => new Float64Array(SPEECH_LENGTH));
  const inside = new Uint8Array(SPEECH_LENGTH);
  for (let n = 0; n < SPEECH_LENGTH; n++) {
    let place = (n - first) / (seconds * SPEECH_RATE);
    inside[n] = place >= 0 && place < 1 ? 1 : 0;
    place = Math.min(1, Math.max(0, place));
    pitch[n] = middle * (1.08 + (0.88 - 1.08) * place);
    swell[n] = inside[n] * Math.min((Math.min(place, 1 - place) * seconds) / 0.02, 1);
    const glide = Math.min(1, Math.max(0, (place - 0.25) / 0.5));
    along[n] = glide * glide * (3 - 2 * glide);
  }
  let wave = speechResonate(
    speechPulses(pitch, inside).map((v, n) => v * swell[n]),
    () => 0,
    SPEECH_SOURCE_WIDTH,
  );
  wave = wave.map((v, n) => v - (n ? wave[n - 1] : 0)); // the lips let changes of the stream out
  SPEECH_WIDTHS.forEach((width, f) => {
    const [low, high] = [formants[f], formants[f + 3]];
    wave = speechResonate(wave, (n) => low + (high - low) * along[n], width);
  });
  return Float32Array.from(speechLoud(wave));
}

/** @param {Float64Array} wave */
function speechLoud(wave) {
  const most = wave.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return wave.map((v) => v / most);
}

/** @param {Float64Array} values */
const speechSquare = (values) => values.reduce((a, v) => a + v * v, 0) / values.length;

/** The noise of widgets.speech_lab.noise, number for number. */
export function speechNoise() {
  let state = 0;
  const draw = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const sums = Float64Array.from(
    { length: SPEECH_LENGTH },
    () => draw() + draw() + draw() + draw() - 2,
  );
  const size = Math.sqrt(speechSquare(sums));
  return sums.map((v) => v / size);
}

/** The sound so many decibels above the noise, the loudest sample 1.
 * @param {Samples} wave
 * @param {Float64Array} noise
 * @param {number} decibels
 */
export function speechMix(wave, noise, decibels) {
  const share = Math.sqrt(speechSquare(Float64Array.from(wave)) / 10 ** (decibels / 10));
  return speechLoud(noise.map((v, n) => wave[n] + share * v));
}

// --- the picture: formulas/spectrogram.py ---------------------------------------------------------

/** The squared sizes of the Fourier transform of a real frame, from zero to half the rate. The
 *  frame's length is a power of two: even and odd samples are transformed first, and so on.
 * @param {Samples} frame
 */
export function speechPower(frame) {
  const N = frame.length;
  const bits = Math.log2(N);
  const [re, im] = [new Float64Array(N), new Float64Array(N)];
  for (let n = 0; n < N; n++) {
    let turned = 0;
    for (let bit = 0; bit < bits; bit++) turned |= ((n >> bit) & 1) << (bits - 1 - bit);
    re[turned] = frame[n];
  }
  for (let half = 1; half < N; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [c, s] = [Math.cos((-Math.PI * k) / half), Math.sin((-Math.PI * k) / half)];
      for (let at = k; at < N; at += 2 * half) {
        const to = at + half;
        const [x, y] = [re[to] * c - im[to] * s, re[to] * s + im[to] * c];
        [re[to], im[to]] = [re[at] - x, im[at] - y];
        re[at] += x;
        im[at] += y;
      }
    }
  }
  return re.subarray(0, N / 2 + 1).map((v, k) => v * v + im[k] * im[k]);
}

/** The spectrogram, a tensor (1, K, M): low frequencies first, 1 the loudest spot.
 * @param {Samples} samples
 */
export function speechPicture(samples) {
  const M = Math.floor((samples.length - SPEECH_FRAME) / SPEECH_HOP) + 1;
  const K = SPEECH_FRAME / 2 + 1;
  const power = new Float64Array(K * M);
  let most = 0;
  for (let m = 0; m < M; m++) {
    const frame = samples.slice(m * SPEECH_HOP, m * SPEECH_HOP + SPEECH_FRAME)
      .map((v, n) => v * Math.sin((Math.PI * n) / SPEECH_FRAME) ** 2);
    speechPower(frame).forEach((v, k) => {
      power[k * M + m] = v;
      most = Math.max(most, v);
    });
  }
  const least = 10 ** (-SPEECH_DEPTH / 10);
  return tensor(
    Float32Array.from(
      power,
      (v) => 1 + (10 * Math.log10(Math.max(v / most, least))) / SPEECH_DEPTH,
    ),
    [1, K, M],
  );
}

/** The network's ten probabilities. w: the weights by name.
 * @param {Record<string, import("./nn.js").Tensor>} w
 * @param {import("./nn.js").Tensor} picture
 */
export function speechForward(w, picture) {
  const first = relu(conv2d(picture, w["conv1.weight"], w["conv1.bias"], { stride: 2 }));
  const second = relu(conv2d(first, w["conv2.weight"], w["conv2.bias"], { stride: 2 }));
  const M = second.shape[2];
  const rows = second.data.length / M;
  const mean = Float32Array.from(
    { length: rows },
    (_, r) => second.data.subarray(r * M, (r + 1) * M).reduce((a, b) => a + b, 0) / M,
  );
  return softmax(linear(tensor(mean, [rows]), w["output.weight"], w["output.bias"])).data;
}
