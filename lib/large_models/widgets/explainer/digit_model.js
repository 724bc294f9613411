// The Explainer's digit as data: four maps of pixels, and what the answer loses without the strongest.
import { countInk, normalizeDrawing, toInput } from "../engine/digits.js";
import { integratedGradients, occlusionMap, seededRandom, strongestFirst, without } from "../engine/explanation.js";
import { lenetGradient, lenetProbabilities, lenetScores } from "../engine/gradients.js";
import { lenetWeights } from "../engine/lenet.js";
import { tensor } from "../engine/nn.js";
import { t } from "../kit/language.js";
import { probability } from "../kit/numbers.js";
import { answerRows, fall, methodNames, shuffled, sumText } from "./words.js";

const PIXELS = 28;
export const MAPS = ["saliency", "times", "integrated", "occlusion"];
export const STEPS = [1, 2, 4, 8, 16, 32, 64]; // of integrated gradients
const STRIDE = 2; // pixels between windows of occlusion; 1 for windows of 1
const DRAWS = 5;  // of random pixels
const LEAST_BAR = 2; // percent
const rows8 = (flat) => Array.from({ length: 8 }, (_, r) => Array.from(flat.slice(8 * r, 8 * r + 8)));
const largestSize = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
const article = (digit) => `${digit === 8 ? "an" : "a"} ${digit}`;

/** The same network before any training: random weights, as large as the ones that it learned. */
export function untrainedLike(trained) {
  const random = seededRandom(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Object.fromEntries(Object.entries(trained).map(([name, { data, shape }]) => {
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const size = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / data.length);
    return [name, tensor(data.map(() => size * normal()), shape)];
  }));
}

/** The digit's state, what changes it, and what follows from it. get(key) gives a trait; weights and
 *  digits are the traits of bytes as arrays. What changes traits returns the changes. What takes long
 *  is a generator: it yields after each piece of work, true where there is something new to show.
 *  @param {(key: string) => any} get
 *  @param {{weights: Float32Array, digits: Uint8Array}} bytes */
export function digitModel(get, { weights, digits }) {
  const trained = lenetWeights(weights, JSON.parse(get("_shapes")));
  const untrained = untrainedLike(trained);
  const blank = new Float32Array(PIXELS * PIXELS);
  const look = { lightInk: false }; // the page's text is light on dark
  let w = trained;
  let x = blank;         // what the network sees
  let p = null;          // its answer; null without ink
  let target = 0;        // whose score is explained
  let maps = {};         // by method, as they come
  let gaps = {};         // of completeness, by the number of steps
  let span = 0;          // the score, less that of blank paper
  let blind = null;      // what is left without the darkest, and without random pixels
  let written = false;   // whether the paper shows what the reader wrote
  let pointed = null;    // the method whose pixels are gone on the paper

  const ink = (values, shape, max) => ({
    values: look.lightInk ? values : Float32Array.from(values, (v) => max - v), shape, scale: "gray", max,
  });
  const chance = (pixels) => lenetProbabilities(w, pixels)[target];
  const erased = (order) => without(x, order, get("erased"));

  // --- what the reader does -----------------------------------------------------------------------
  /** Something was written; drawn: side x side values of ink. */
  function write(drawn) {
    [written, pointed] = [true, null];
    const side = Math.sqrt(drawn.length);
    return { counts: rows8(countInk(normalizeDrawing(drawn, side, side))), digit_index: null };
  }
  /** The paper shows no drawing, but what the counts say. */
  function showGiven() {
    [written, pointed] = [false, null];
  }
  function pickExample(n) {
    showGiven();
    return { counts: rows8(digits.subarray(64 * n, 64 * n + 64)), digit_index: get("_indices")[n] };
  }
  /** A method's strongest pixels are gone on the paper while the reader looks at its map; or null. */
  function point(name) {
    pointed = name;
  }

  // --- what is computed ---------------------------------------------------------------------------
  /** A new picture, another network, or another digit to explain: all anew, the quick maps at once.
   *  The rest is `work`'s. */
  function answer() {
    w = get("untrained") ? untrained : trained;
    x = toInput(Float32Array.from(get("counts").flat()));
    p = x.some((v) => v > 0) ? [...lenetProbabilities(w, x)] : null;
    target = get("target") ?? (p ? p.indexOf(Math.max(...p)) : 0);
    [maps, gaps] = [{}, {}];
    if (!p) return;
    const { scores, gradient } = lenetGradient(w, x, target);
    span = scores.data[target] - lenetScores(w, blank).data[target];
    maps.saliency = gradient.map(Math.abs);
    maps.times = gradient.map((v, i) => v * x[i]);
  }
  /** A setting of one method has changed: its map is to be made again. */
  function forget(name) {
    delete maps[name];
  }
  /** Makes the maps that are missing, then the gaps of the other numbers of steps. */
  function* work() {
    if (!p) return;
    if (!maps.integrated) yield* integrate(get("steps"));
    if (!maps.occlusion) yield* occlude();
    for (const steps of STEPS) if (gaps[steps] === undefined) yield* integrate(steps);
  }
  function* integrate(steps) {
    const gradient = (pixels) => lenetGradient(w, pixels, target).gradient;
    const map = yield* integratedGradients(gradient, x, blank, steps);
    gaps[steps] = Math.abs(map.reduce((a, b) => a + b, 0) - span);
    if (steps === get("steps")) maps.integrated = map;
    yield true;
  }
  function* occlude() {
    const [size, score] = [get("window"), (pixels) => lenetScores(w, pixels).data[target]];
    maps.occlusion = yield* occlusionMap(score, x, PIXELS, size, Math.min(size, STRIDE));
    yield true;
  }
  /** What orders that know nothing of the network are worth. */
  function* weighBlind() {
    blind = null;
    if (!p) return;
    const darkest = chance(erased(strongestFirst(x)));
    const drawn = [...x.keys()].filter((i) => x[i] > 0);
    const random = seededRandom(1);
    let mean = 0;
    for (let draw = 0; draw < DRAWS; draw++) {
      mean += chance(erased(shuffled(drawn, random))) / DRAWS;
      yield;
    }
    blind = { darkest, random: mean };
    yield true;
  }

  // --- what is shown ------------------------------------------------------------------------------
  /** The paper: a picture {values, side} that is no drawing, or null for what is written on it. */
  function paper() {
    if (p && maps[pointed]) return { values: erased(strongestFirst(maps[pointed])), side: PIXELS };
    return written || !p ? null : { values: x, side: PIXELS };
  }

  /** A method's map: without a picture the one before stays, faded (`waits`). */
  function tile(name) {
    const map = maps[name];
    const scale = name === "saliency" ? "magnitude" : "diverging";
    const max = map ? largestSize(map) || 1 : 1;
    const shown = map ?? (p ? null : blank);
    let worth = p ? "…" : "";
    if (map) worth = fall(p[target], chance(erased(strongestFirst(map))));
    return {
      name: methodNames()[name], waits: !map, worth, scale, max,
      picture: shown && { values: shown, shape: [PIXELS, PIXELS], scale, max },
    };
  }

  /** The bars of completeness, in percent of the worst, and what the chosen number of steps leaves. */
  function completeness() {
    const most = Math.max(...Object.values(gaps), 1e-9);
    const gap = gaps[get("steps")];
    return {
      bars: STEPS.map((steps) => ({
        steps, now: steps === get("steps"),
        height: gaps[steps] === undefined ? 0 : Math.max(LEAST_BAR, (100 * gaps[steps]) / most),
      })),
      text: gap === undefined || !p ? "" : `${t("its parts ", "各部分")}${sumText(span, gap)}`,
    };
  }

  /** The sentence about orders that know nothing: a text, then [name, worth, end] for each order; null
   *  while they are weighed. */
  function blindText() {
    if (!p) return [t("No ink, nothing to explain.", "没有笔迹，没有可解释的。")];
    return blind && [
      t("Without looking at the network: ", "不看网络："),
      [t("most ink first ", "最浓的先擦 "), fall(p[target], blind.darkest), ", "],
      [t("ink at random ", "随机擦墨迹 "), fall(p[target], blind.random), "."],
    ];
  }

  /** The held-out digits: their names, their pictures, which one is shown. */
  function examples() {
    return get("_indices").map((index, n) => {
      const [label, read] = [get("_digit_labels")[n], get("_answers")[n]];
      return {
        shown: index === get("digit_index"),
        name: label === read ? t(article(label), `数字 ${label}`)
          : t(`${article(label)} that the network reads as ${article(read)}`, `写的是 ${label}，网络读成 ${read}`),
        picture: ink(digits.subarray(64 * n, 64 * n + 64), [8, 8], 16),
      };
    });
  }

  return {
    look, write, showGiven, pickExample, point, answer, forget, work, weighBlind,
    paper, tiles: () => MAPS.map(tile), completeness, blindText, examples,
    rows: () => answerRows(p, target, 10),
    said: () => (p ? t(`explaining the ${target}: ${probability(p[target])}`, `解释 ${target}：${probability(p[target])}`) : ""),
  };
}

/** How the sliders say their values. */
export const told = {
  steps: String,
  window: (side) => `${side} × ${side}`,
  erased: (pixels) => t(`${pixels} pixels`, `${pixels} 个像素`),
};
